// Which entries of `blockedOrigins` can matter to a group of rules: those that meet an origin it names.
import type { OriginIndex } from '../../origin/lookup.ts'
import type { OriginPattern } from '../../origin/pattern.ts'
import { coversPattern, patternsOverlap } from '../../origin/relation.ts'
import { CoverIndex } from '../../policy/cover.ts'
import type { OriginEntry } from '../../policy/policy.ts'
import { indexOf } from '../../snapshot/groups.ts'
import type { RuleGroup, Snapshot } from '../../snapshot/snapshot.ts'

/** Entries, and the same for look-ups; null for none. */
export interface Blocks {
  readonly entries: readonly OriginEntry[]
  readonly index: OriginIndex | null
}

const noBlocks: Blocks = { entries: [], index: null }

/** The blocked origins of one set, by what they are blocked from. */
export class BlockedOrigins {
  readonly #all: Blocks
  readonly #cover: CoverIndex
  readonly #byList = new Map<readonly OriginEntry[], ReadonlySet<OriginEntry>>()
  readonly #byGroup = new Map<RuleGroup, Blocks>()

  constructor ({ set, blocked }: Snapshot) {
    this.#all = { entries: set.blockedOrigins, index: blocked }
    this.#cover = new CoverIndex(set.blockedOrigins)
  }

  /** The entries without which some origin would be granted more, or answered otherwise, by a group. */
  of (group: RuleGroup): Blocks {
    if (this.#all.entries.length === 0) return noBlocks
    let found = this.#byGroup.get(group)
    if (found === undefined) this.#byGroup.set(group, found = this.#find(group))
    return found
  }

  #find ({ rules, passthrough }: RuleGroup): Blocks {
    // Beside a rule that leaves all to the upstream at another time, every origin meets some rule, which may reject as the others do not.
    if (passthrough !== null && rules.length > 1) return this.#all
    const lists = rules.map(({ source }) => this.#meeting(source.allowOrigins)).filter(({ size }) => size > 0)
    if (lists.length === 0) return noBlocks
    const entries = this.#all.entries.filter(entry => lists.some(list => list.has(entry)))
    return entries.length === this.#all.entries.length ? this.#all : { entries, index: indexOf(entries) }
  }

  /** Rules share lists, so that each is held against the blocked origins once. */
  #meeting (list: readonly OriginEntry[]): ReadonlySet<OriginEntry> {
    let meeting = this.#byList.get(list)
    if (meeting === undefined) {
      const texts = new Set(list.flatMap(({ pattern }) => [...this.#met(pattern)]))
      this.#byList.set(list, meeting = new Set(texts.size === 0 ? [] : this.#all.entries.filter(({ pattern }) => texts.has(pattern.text))))
    }
    return meeting
  }

  /** The texts of the entries that share an origin with a pattern. What `*` allows cannot be blocked. */
  * #met (pattern: OriginPattern): Generator<string> {
    if (pattern.kind === 'any') return
    const isOne = pattern.kind === 'exact' && pattern.port !== '*'
    // A single origin is met by what covers it, which is found without trying all.
    for (const { pattern: other } of isOne ? this.#cover.candidates(pattern) : this.#all.entries) {
      if (isOne ? coversPattern(other, pattern) : patternsOverlap(other, pattern)) yield other.text
    }
  }
}
