// The stamp of a published set: which of two is the later one, whatever the store says of them.

/** Where a published set stands in its line: later ones have a higher generation, and a new line has a later epoch. */
export interface Stamp {
  /** When the line of generations began: milliseconds since 1970. */
  readonly epoch: number
  /** From 1. */
  readonly generation: number
  /** RFC 3339, UTC. For people to see: nothing is ordered by it. */
  readonly publishedAt: string
}
