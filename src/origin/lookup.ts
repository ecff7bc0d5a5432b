// Many origin patterns, compiled into one lookup.
import { BroadIndex } from './broad-index.ts'
import { Few, setLowest } from './few.ts'
import { isOrigin, opaqueOrigin } from './origin.ts'
import type { OriginPattern } from './pattern.ts'

/** No pattern matches. */
export const noMatch = -1
/** No pattern matches, and the value is no well-formed serialized origin. */
export const malformed = -2

/** A pattern and the slot that a lookup gives for it: a small number that means something to the caller. */
export interface IndexedPattern {
  readonly pattern: OriginPattern
  readonly slot: number
}

/**
 * Finds the most specific of many origin patterns that matches an `Origin` value, in a time that depends on the
 * value alone. Where patterns are equally specific, the lowest slot wins.
 */
export class OriginIndex {
  /** Exact patterns with an exact port, and `null`, keyed by the very bytes of the header. */
  readonly #exact = new Few<number>()
  /** Null where there are exact ones only. */
  readonly #broad: BroadIndex | null = null
  /** The slot of `*`, which matches malformed values too. */
  readonly #any: number = noMatch

  constructor (patterns: readonly IndexedPattern[]) {
    for (const { pattern, slot } of patterns) {
      if (pattern.kind === 'any') {
        if (this.#any === noMatch || slot < this.#any) this.#any = slot
      } else if (pattern.kind === 'opaque' || (pattern.kind === 'exact' && pattern.port !== '*')) {
        setLowest(this.#exact, pattern.text, slot)
      } else {
        this.#broad ??= new BroadIndex()
        this.#broad.add(pattern, slot)
      }
    }
  }

  /** The slot of the most specific pattern that matches, {@link noMatch}, or {@link malformed}. */
  find (value: string): number {
    const exact = this.#exact.get(value)
    if (exact !== undefined) return exact
    if (!isOrigin(value)) return this.#any !== noMatch ? this.#any : value === opaqueOrigin ? noMatch : malformed
    return this.#broad?.find(value) ?? this.#any
  }
}
