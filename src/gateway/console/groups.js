// Denials grouped by route, origin and reason.

/** The groups that were seen longest ago are forgotten beyond this. */
export const maxGroups = 500

/** The groups of denials: bounded, as whoever sends requests could make up any number of origins. */
export class Groups {
  #groups = new Map()
  forgotten = 0

  add (denial) {
    const key = JSON.stringify([denial.route, denial.origin, denial.reason])
    const group = this.#groups.get(key) ?? { count: 0, row: null, drawn: null, text: textOf(denial) }
    group.count++
    group.last = denial
    // Moved to the end: a map keeps the order of insertion.
    this.#groups.delete(key)
    this.#groups.set(key, group)
    if (this.#groups.size <= maxGroups) return
    this.#groups.delete(this.#groups.keys().next().value)
    this.forgotten++
  }

  get size () {
    return this.#groups.size
  }

  clear () {
    this.#groups.clear()
    this.forgotten = 0
  }

  /** Latest first, or most frequent first. */
  sorted (order) {
    const groups = [...this.#groups.values()].reverse()
    return order === 'count' ? groups.sort((a, b) => b.count - a.count) : groups
  }
}

function textOf ({ route, origin, reason, rule, host, path }) {
  return [route, origin, reason, rule, host, path].filter(each => each !== null).join(' ').toLowerCase()
}
