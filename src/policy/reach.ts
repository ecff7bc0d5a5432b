// Which origins of a rule some other lists of origins decide, and which they leave out.
import { noMatch, OriginIndex } from '../origin/lookup.ts'
import type { OriginPattern } from '../origin/pattern.ts'
import { patternsOverlap } from '../origin/relation.ts'
import { CoverIndex } from './cover.ts'
import type { OriginEntry, Rule } from './policy.ts'

/** What was found out; of each kind no more than a few examples. */
export interface Reach {
  /** Entries that nothing of the lists can match. */
  readonly withheld: readonly OriginEntry[]
  readonly withheldCount: number
  /** For each list, by its place, the first single origin that an entry of it decides. */
  readonly decided: ReadonlyMap<number, OriginEntry>
  /** The number of steps that it took. */
  readonly work: number
}

const maxExamples = 3

/** Compares the origins of a rule with lists. Only what is certain is told; patterns beyond `maxWork` steps are passed over. */
export function compareReach (
  lists: readonly (readonly OriginEntry[])[], rule: Rule, blocked: readonly OriginEntry[], maxWork: number
): Reach {
  const all = lists.flatMap((list, slot) => list.map(({ pattern }) => ({ pattern, slot })))
  let work = all.length + rule.allowOrigins.length
  if (work > maxWork) return { withheld: [], withheldCount: 0, decided: new Map(), work }
  const index = new OriginIndex(all)
  const [excepted, stopped] = [new CoverIndex(rule.exceptOrigins), new CoverIndex(blocked)]
  const withheld: OriginEntry[] = []
  const decided = new Map<number, OriginEntry>()
  let withheldCount = 0
  for (const entry of rule.allowOrigins) {
    const { pattern } = entry
    if (excepted.coverOf(pattern) !== null || (pattern.kind !== 'any' && stopped.coverOf(pattern) !== null)) continue
    let isWithheld: boolean
    if (isSingle(pattern)) {
      const slot = index.find(pattern.text)
      isWithheld = slot < 0
      if (slot > noMatch && !decided.has(slot)) decided.set(slot, entry)
    } else if (pattern.kind === 'any') {
      isWithheld = all.every(other => other.pattern.kind !== 'any')
    } else {
      work += all.length
      isWithheld = work <= maxWork && !all.some(other => patternsOverlap(other.pattern, pattern))
    }
    if (isWithheld && ++withheldCount <= maxExamples) withheld.push(entry)
  }
  return { withheld, withheldCount, decided, work }
}

/** Whether a pattern is one origin. */
function isSingle (pattern: OriginPattern): boolean {
  return pattern.kind === 'opaque' || (pattern.kind === 'exact' && pattern.port !== '*')
}
