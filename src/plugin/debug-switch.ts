// Whether managed answers say in a header what was decided: as the options have it, and on for a while on request.

/** The debug header's switch: one field for each request to look at. */
export class DebugSwitch {
  isOn: boolean
  readonly #always: boolean
  #timer: NodeJS.Timeout | undefined

  /** `always`: as the options have it. */
  constructor (always: boolean) {
    this.#always = always
    this.isOn = always
  }

  /** Switches it on for so many seconds from now; 0 ends that at once. What the options have switched on stays on. */
  setFor (seconds: number): void {
    this.stop()
    if (seconds === 0) return
    this.isOn = true
    this.#timer = setTimeout(() => { this.stop() }, seconds * 1000).unref()
  }

  /** Back to what the options say; ends the timer. */
  stop (): void {
    clearTimeout(this.#timer)
    this.isOn = this.#always
  }
}
