// Whether the fast evaluator and the plain one say the same of a request.
import type { RequestFacts } from '../fetch/request.ts'
import { decide } from '../snapshot/decide.ts'
import { headersFor } from '../snapshot/headers.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import { judge, type Judgement } from './judge.ts'

/** What both evaluators are compared by. */
export interface Comparable {
  readonly kind: string
  readonly outcome: string
  readonly reason: string
  readonly rule: string | null
  readonly host: string | null
  readonly route: string | null
  readonly status: number
  readonly managed: boolean
  readonly headers: Readonly<Record<string, string>>
  readonly vary: readonly string[]
}

/** The fast decision, in the terms in which the two are compared. */
export function fastDecision (snapshot: Snapshot, facts: RequestFacts): Comparable {
  const decision = decide(snapshot, facts)
  const { set, vary } = headersFor(decision, facts)
  const { kind, outcome, reason, rule, bucket, status, managed } = decision
  return comparable({
    kind, outcome, reason, rule: rule?.name ?? null, host: bucket?.host ?? null, route: bucket?.route ?? null, status, managed,
    headers: Object.fromEntries(set.map(([name, value]) => [name.toLowerCase(), value])), vary
  })
}

/** A judgement, in the same terms. */
export function plainDecision (judgement: Judgement): Comparable {
  const { kind, outcome, reason, rule, place, status, managed, headers, vary } = judgement
  return comparable({
    kind, outcome, reason, rule: rule?.name ?? null, host: place?.host ?? null, route: place?.route ?? null, status, managed, headers, vary
  })
}

/** Neither the order of headers nor that of names in `Vary` means anything. */
function comparable (decision: Comparable): Comparable {
  const headers = Object.entries(decision.headers).sort(([a], [b]) => a < b ? -1 : 1)
  return { ...decision, headers: Object.fromEntries(headers), vary: decision.vary.map(name => name.toLowerCase()).sort() }
}

/**
 * Judges a request by a snapshot's own policy set, having made sure that the gateway decides the same.
 * @throws {Error} where the two differ: an explanation of something that doesn't happen must never be shown.
 */
export function judgeAgreed (snapshot: Snapshot, facts: RequestFacts): Judgement {
  const judgement = judge(snapshot.set, snapshot.settings, snapshot.at, facts)
  const [plain, fast] = [plainDecision(judgement), fastDecision(snapshot, facts)].map(decision => JSON.stringify(decision))
  if (plain !== fast) {
    throw new Error(`The decision and its explanation differ; please report this.\nrequest: ${JSON.stringify(facts)}\ndecided: ${fast}\nexplained: ${plain}`)
  }
  return judgement
}
