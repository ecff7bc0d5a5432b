// Runs policy tests: each is explained as `explain` does it, and held against what it expects.
import { placeOf } from '../diagnostic/span.ts'
import { compile } from '../snapshot/compile.ts'
import type { Reason } from '../snapshot/decision.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import { explain, type Explanation } from './explain.ts'
import type { Step } from './story.ts'
import type { PolicyTest } from './test-file.ts'

/** One thing that a test expects and did not get. */
export interface Difference {
  readonly what: 'outcome' | 'reason' | 'rule'
  readonly expected: string
  readonly got: string
}

/** What became of a test: an entry of `test --format json`. Lines count from 1. */
export interface TestResult {
  readonly name: string
  readonly file: string
  readonly line: number
  readonly ok: boolean
  readonly expected: 'readable' | 'blocked'
  readonly got: 'readable' | 'blocked'
  readonly reason: Reason
  /** The rule that decided, and where its name is written. */
  readonly rule: Explanation['rule']
  /** Empty for a test that is met. */
  readonly differs: readonly Difference[]
}

/** A test after its run. */
export interface TestRun {
  readonly test: PolicyTest
  readonly result: TestResult
  readonly explanation: Explanation
}

/** Compiled sets for other moments are kept up to this number, the last ones made: each is as big as the set. */
const maxMoments = 16

/** Gives the set of a snapshot as it holds at another moment; null: at its own. Between the same windows it is compiled once. */
export function momentsOf (snapshot: Snapshot): (at: number | null) => Snapshot {
  const { set, settings, generation, revision } = snapshot
  const boundaries = new Set(set.rules.flatMap(({ notBefore, expires }) => [notBefore, expires]).filter(time => time !== null))
  const passedAt = (at: number): number => [...boundaries].filter(time => time <= at).length
  const known = new Map<number, Snapshot>([[passedAt(snapshot.at), snapshot]])
  return at => {
    if (at === null) return snapshot
    const passed = passedAt(at)
    let then = known.get(passed)
    if (then === undefined) {
      if (known.size > maxMoments) known.delete([...known.keys()][1]!)
      known.set(passed, then = compile(set, { settings, at, generation, revision }))
    }
    return then.at === at ? then : { ...then, at }
  }
}

/** Runs tests against a snapshot. A test that pins its time is run against the same set as of then. */
export function runPolicyTests (snapshot: Snapshot, tests: readonly PolicyTest[]): TestRun[] {
  const inTime = momentsOf(snapshot)
  return tests.map(test => {
    const explanation = explain(inTime(test.at), test.request)
    return { test, explanation, result: compare(test, explanation) }
  })
}

/**
 * The step that settled how a request ended: the first that failed, since what the browser says later follows from it;
 * where none did, the match of its origin.
 */
export function decidingStep ({ steps }: Explanation): Step | undefined {
  const failed = steps.filter(({ ok }) => !ok)
  // Of an origin that no browser sends the gateway is asked all the same, and decides.
  return failed.find(({ step }) => step !== 'browser') ?? failed[0] ?? steps.find(({ step }) => step === 'origin') ?? steps.at(-1)
}

function compare (test: PolicyTest, { outcome, reason, rule }: Explanation): TestResult {
  const differs: Difference[] = []
  const expect = (what: Difference['what'], expected: string | null, got: string): void => {
    if (expected !== null && expected !== got) differs.push({ what, expected, got })
  }
  expect('outcome', test.expect, outcome)
  expect('reason', test.because, reason)
  expect('rule', test.rule, rule?.name ?? 'none')
  const { file, line } = placeOf(test.span)
  return { name: test.name, file, line, ok: differs.length === 0, expected: test.expect, got: outcome, reason, rule, differs }
}
