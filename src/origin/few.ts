// A map for keys of which there mostly is one: very many rules each have some, and a `Map` takes four times the memory.

/** Finds values by text, as `Map` does. */
export class Few<T> {
  #key: string | null = null
  #value: T | undefined
  /** All entries, once there is more than one. */
  #all: Map<string, T> | null = null

  get (key: string): T | undefined {
    if (this.#all !== null) return this.#all.get(key)
    return key === this.#key ? this.#value : undefined
  }

  set (key: string, value: T): void {
    if (this.#all !== null) {
      this.#all.set(key, value)
    } else if (this.#key === null || this.#key === key) {
      this.#key = key
      this.#value = value
    } else {
      this.#all = new Map([[this.#key, this.#value!], [key, value]])
      this.#key = null
      this.#value = undefined
    }
  }
}
