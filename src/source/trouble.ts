// What goes wrong beside the policies: told once for each cause, and once when it is over.

/** So many causes are told; a server that finds a new word each time must not fill the log. */
const maxCauses = 20

export class Trouble {
  /** What is wrong now; null while all is well. */
  fault: string | null = null
  readonly #warn: (message: string) => void
  readonly #over: string
  readonly #told = new Set<string>()

  /** `over` is what is said when it is over. */
  constructor (warn: (message: string) => void, over: string) {
    this.#warn = warn
    this.#over = over
  }

  met (fault: string): void {
    this.fault = fault
    if (this.#told.has(fault) || this.#told.size >= maxCauses) return
    this.#told.add(fault)
    this.#warn(fault)
  }

  end (): void {
    if (this.fault === null) return
    this.fault = null
    this.#told.clear()
    this.#warn(this.#over)
  }
}
