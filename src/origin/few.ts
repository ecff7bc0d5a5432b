// A map for keys of which there mostly are few: very many rules each have some, and a `Map` takes several times the memory.

/** Up to this many entries are chained; beyond it a `Map` holds them all. */
const maxChain = 4

/** Finds values by text, as `Map` does. */
export class Few<T> {
  #key: string | null = null
  #value: T | undefined
  /** The rest of the chain, or the map of all entries, once they are many. */
  #others: Few<T> | Map<string, T> | null = null

  get (key: string): T | undefined {
    return key === this.#key ? this.#value : this.#others?.get(key)
  }

  set (key: string, value: T): void {
    if (this.#others instanceof Map) {
      this.#others.set(key, value)
      return
    }
    const entries = this.#chain()
    const known = entries.find(entry => entry.#key === key || entry.#key === null)
    if (known !== undefined) {
      known.#key = key
      known.#value = value
    } else if (entries.length < maxChain) {
      const last = entries.at(-1)!
      last.#others = new Few<T>()
      last.#others.set(key, value)
    } else {
      this.#others = new Map(entries.map(entry => [entry.#key!, entry.#value as T])).set(key, value)
      this.#key = null
      this.#value = undefined
    }
  }

  /** This entry and the others, while they are few. */
  #chain (): Few<T>[] {
    return this.#others instanceof Few ? [this, ...this.#others.#chain()] : [this]
  }
}

/** Sets the value of a key unless it has a lower one. */
export function setLowest (map: Few<number>, key: string, slot: number): void {
  const known = map.get(key)
  if (known === undefined || slot < known) map.set(key, slot)
}
