// The stamp of a published set: which of two is the later one, whatever a store says of them.

/** A place in the order of what was published: later sets have a higher generation, or a later epoch. */
export interface SourceStamp {
  /** When the line of generations began: milliseconds since 1970. */
  readonly epoch: number
  /** From 1. */
  readonly generation: number
}

/** What a bundle says of its place. */
export interface Stamp extends SourceStamp {
  /** RFC 3339, UTC. For people to see: nothing is ordered by it. */
  readonly publishedAt: string
}

/** Above zero where the first comes after the second. */
export function compareStamps (a: SourceStamp, b: SourceStamp): number {
  return a.epoch - b.epoch || a.generation - b.generation
}
