// Which rules and origin patterns of a set the decisions of its policy tests went through.
import { placeOf } from '../diagnostic/span.ts'
import type { OriginEntry, Rule } from '../policy/policy.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import { planRequest } from './browser.ts'
import { actualFacts } from './facts.ts'
import { findPath } from './place.ts'
import type { TestRun } from './policy-tests.ts'

/** An origin pattern of a rule; or a rule that has none, since it grants nobody or leaves all to the upstream. */
export interface Coverable {
  readonly rule: Rule
  readonly entry: OriginEntry | null
}

/** Something that no test's decision went through, and where it is written. */
export interface UncoveredPlace {
  readonly rule: string
  readonly file: string
  readonly line: number
  /** Left out for a rule without patterns. */
  readonly pattern?: string
}

/** How much of a set its tests went through. */
export interface Coverage {
  /** Rounded down to two decimals: 100 only where nothing is uncovered. */
  readonly percent: number
  readonly covered: number
  readonly total: number
  /** At most 10,000 of them, rule by rule. */
  readonly uncovered: readonly UncoveredPlace[]
}

const maxListed = 10_000

/** Measures the coverage of a set by the runs of its tests. */
export function coverageOf (snapshot: Snapshot, runs: readonly TestRun[]): Coverage {
  const { covered, total, uncovered } = findUncovered(snapshot, runs)
  return { percent: total === 0 ? 100 : Math.floor(covered / total * 10_000) / 100, covered, total, uncovered: uncovered.map(describe) }
}

/** The same, with the rules and entries themselves. */
export function findUncovered (snapshot: Snapshot, runs: readonly TestRun[]): { covered: number, total: number, uncovered: Coverable[] } {
  const { rules } = snapshot.set
  const passed = passedThrough(snapshot, runs)
  const distinct = distinctEntries()
  let [covered, total] = [0, 0]
  const uncovered: Coverable[] = []
  for (const rule of rules) {
    const texts = passed.get(rule.name)
    const entries = rule.passthrough || rule.allowOrigins.length === 0 ? [null] : distinct(rule.allowOrigins)
    total += entries.length
    covered += texts?.size ?? 0
    if (texts?.size === entries.length) continue
    for (const entry of entries) {
      if (uncovered.length === maxListed) break
      if (texts?.has(entry?.pattern.text ?? null) !== true) uncovered.push({ rule, entry })
    }
  }
  return { covered, total, uncovered }
}

/** The patterns that decisions went through, by rule; null stands for a rule that has none. */
function passedThrough ({ set, settings }: Snapshot, runs: readonly TestRun[]): Map<string, Set<string | null>> {
  const passed = new Map<string, Set<string | null>>()
  const pass = (rule: string, pattern: string | null): void => {
    const patterns = passed.get(rule)
    if (patterns === undefined) passed.set(rule, new Set([pattern]))
    else patterns.add(pattern)
  }
  const anyWithhold = set.rules.some(grantsNobody)
  for (const { test, explanation: { rule, originPattern, reason } } of runs) {
    if (rule !== null) pass(rule.name, originPattern)
    else if (anyWithhold && reason === 'origin-not-allowed') {
      const { place } = findPath(set, settings, actualFacts(planRequest(test.request)))
      for (const here of place?.rules.filter(grantsNobody) ?? []) pass(here.name, null)
    }
  }
  return passed
}

/** A rule that carves its routes out of broader ones: no decision names it, but those on its routes are its own. */
function grantsNobody ({ allowOrigins, passthrough }: Rule): boolean {
  return allowOrigins.length === 0 && !passthrough
}

/** A pattern that two sets bring to one rule is one pattern. Rules share lists, so each list is looked through once. */
function distinctEntries (): (entries: readonly OriginEntry[]) => readonly OriginEntry[] {
  const known = new Map<readonly OriginEntry[], readonly OriginEntry[]>()
  return entries => {
    let distinct = known.get(entries)
    if (distinct === undefined) {
      const byText = new Map<string, OriginEntry>()
      for (const entry of entries) if (!byText.has(entry.pattern.text)) byText.set(entry.pattern.text, entry)
      known.set(entries, distinct = byText.size === entries.length ? entries : [...byText.values()])
    }
    return distinct
  }
}

function describe ({ rule, entry }: Coverable): UncoveredPlace {
  const { file, line } = placeOf(entry?.span ?? rule.span)
  return { rule: rule.name, file, line, ...entry !== null && { pattern: entry.pattern.text } }
}
