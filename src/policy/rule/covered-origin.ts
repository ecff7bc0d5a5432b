// Entries that another entry of their rule covers, unless they are needed to win over another rule.
import { compareSpecificity, coversPattern, patternsOverlap } from '../../origin/relation.ts'
import type { CheckContext } from '../context.ts'
import type { Check } from '../check-finding.ts'
import type { OriginEntry, Rule } from '../policy.ts'

/** How many patterns of other rules are looked at; beyond that a covered entry is taken to be needed by nobody. */
const maxComparisons = 1_000_000
/** Up to this length all entries are held against each other before an index is made: most lists are short, and cover nothing. */
const shortList = 8

export const coveredOrigin: Check = function* (context) {
  const budget = { left: maxComparisons }
  for (const [list, rules] of context.lists) {
    if (list.length < 2 || (list.length <= shortList && !holdsCovered(list))) continue
    const index = context.coverIn(list)
    for (const entry of list) {
      const cover = index.coverOf(entry.pattern, entry)
      if (cover === null || isPlainRepetition(entry, cover)) continue
      const needless = rules.filter(rule => !isNeeded(context, rule, entry, cover, budget))
      if (needless.length === 0) continue
      yield {
        code: 'covered-origin',
        span: entry.span,
        rules: needless.length === rules.length ? rules : needless,
        origin: entry,
        say: who => `\`${entry.pattern.text}\` is covered by \`${cover.pattern.text}\`, in ${who}`,
        related: [{ span: cover.span, message: `\`${cover.pattern.text}\`` }],
        isElsewhere: entry.set !== null,
        key: cover.pattern.text
      }
    }
  }
}

function holdsCovered (list: readonly OriginEntry[]): boolean {
  return list.some(entry => list.some(other => other !== entry && coversPattern(other.pattern, entry.pattern)))
}

/** The same text twice in one list is told where lists are read. */
function isPlainRepetition (entry: OriginEntry, cover: OriginEntry): boolean {
  return entry.pattern.text === cover.pattern.text && entry.set === cover.set
}

/** Whether a pattern of another rule would win where the entry is left out: less specific than it, and no less than its cover. */
function isNeeded (context: CheckContext, rule: Rule, { pattern }: OriginEntry, cover: OriginEntry, budget: { left: number }): boolean {
  for (const { bucket } of context.bucketsOf.get(rule) ?? []) {
    for (const other of bucket.rules) {
      if (other === rule || other.passthrough || other.allowOrigins === rule.allowOrigins) continue
      for (const { pattern: rival } of other.allowOrigins) {
        if (--budget.left < 0) return false
        const isBetween = compareSpecificity(pattern, rival) < 0 && compareSpecificity(rival, cover.pattern) <= 0
        if (isBetween && patternsOverlap(rival, pattern)) return true
      }
    }
  }
  return false
}
