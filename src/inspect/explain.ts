// What a browser would do with a page's request to the gateway, step by step, and which line decided.
import { placeOf } from '../diagnostic/span.ts'
import type { RequestKind } from '../fetch/request.ts'
import type { Rule } from '../policy/policy.ts'
import type { RouterOptions } from '../route/path.ts'
import type { Outcome, Reason } from '../snapshot/decision.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import type { PageRequest } from './browser.ts'
import { exposedNames } from './cors-check.ts'
import { playCourse, type Course } from './course.ts'
import type { Judgement } from './judge.ts'
import { nearestMisses, type NearMiss } from './nearest.ts'
import type { Ambiguity } from './place.ts'
import { tell, type Step } from './story.ts'

/** One decision of the gateway, in a few words. */
export interface DecisionSummary {
  readonly kind: RequestKind
  readonly outcome: Outcome
  readonly reason: Reason
  readonly rule: string | null
  /** 0: the handler or upstream answers. */
  readonly status: number
}

/** What a browser would do, and why: the JSON of `explain`. Header names are lower case. */
export interface Explanation {
  readonly outcome: 'readable' | 'blocked'
  readonly reason: Reason
  /** The rule that decided and where its name is written; lines count from 1. */
  readonly rule: { readonly name: string, readonly file: string, readonly line: number } | null
  readonly route: string | null
  /** The host pattern of the deciding rules, or null where they hold for every host. */
  readonly host: string | null
  readonly originPattern: string | null
  readonly preflight: {
    readonly because: readonly string[]
    readonly request: { readonly method: string, readonly headers: readonly string[] }
    /** Status 0: the upstream answers, the gateway doesn't know how. */
    readonly response: { readonly status: number, readonly headers: Readonly<Record<string, string>> }
    readonly passed: boolean
  } | null
  /** Null where the browser never sends the request. `headers` are the CORS headers that the gateway would set on the response. */
  readonly actual: { readonly allowed: boolean, readonly headers: Readonly<Record<string, string>> } | null
  /** What the page may read beside the safelisted response headers; `*` for all. */
  readonly exposedHeaders: readonly string[]
  readonly steps: readonly Step[]
  readonly decision: { readonly preflight: DecisionSummary | null, readonly actual: DecisionSummary | null }
  readonly nearest: readonly NearMiss[]
  readonly ambiguity: Ambiguity | null
  readonly settings: {
    readonly unmatched: 'deny' | 'passthrough'
    readonly pathReadings: readonly string[]
    readonly router: RouterOptions
    /** The moment at which validity windows were judged (RFC 3339). */
    readonly at: string
  }
  readonly revision: string
}

/**
 * Plays the browser against the gateway: is a preflight needed, what does it ask, does the answer pass the CORS check,
 * what may the page read (Fetch standard, "CORS protocol" and "Fetching"). `origin` may be any text, also one that no browser sends.
 * @throws {TypeError} where the URL is not an absolute http, https, ws or wss URL.
 * @throws {Error} where the two evaluators differ: an explanation of what doesn't happen is never given.
 */
export function explain (snapshot: Snapshot, question: PageRequest): Explanation {
  const course = playCourse(snapshot, question)
  const { plan, preflight, actual, actualCheck } = course
  const isReadable = plan.refused === null && actualCheck !== null && actualCheck.refusal === null
  const deciding = actual ?? preflight
  const reason = reasonOf(course)
  const ends = plan.refused === null ? deciding : null
  return {
    outcome: isReadable ? 'readable' : 'blocked',
    reason,
    rule: ends?.rule ? placeOfRule(ends.rule) : null,
    route: deciding?.place?.route ?? null,
    host: deciding?.place?.host ?? null,
    originPattern: ends?.entry?.pattern.text ?? null,
    preflight: preflight === null || plan.preflight === null ? null : {
      because: plan.preflight.because,
      request: { method: plan.preflight.method, headers: plan.preflight.headers },
      response: { status: preflight.status, headers: withVary(preflight) },
      passed: course.preflightCheck?.refusal === null
    },
    actual: actual === null || plan.refused !== null ? null : { allowed: isReadable, headers: actual.headers },
    exposedHeaders: !isReadable || plan.isWebSocket ? [] : plan.isSameOrigin ? ['*'] : exposedNames(plan, { status: 200, headers: actual?.headers ?? {} }),
    steps: tell(snapshot, course),
    decision: { preflight: summarize(preflight), actual: plan.refused === null ? summarize(actual) : null },
    nearest: isReadable ? [] : nearestMisses(snapshot, course, reason),
    ambiguity: deciding?.ambiguity ?? null,
    settings: {
      unmatched: snapshot.settings.unmatched,
      pathReadings: [...snapshot.settings.pathReadings],
      router: snapshot.settings.router,
      at: new Date(snapshot.at).toISOString()
    },
    revision: snapshot.revision
  }
}

/** The gateway's reason; or the browser's own, where the gateway grants and the browser still refuses. */
function reasonOf ({ plan, preflight, actual, actualCheck, preflightCheck }: Course): Reason {
  if (plan.refused !== null) return plan.refused.reason
  if (plan.isSameOrigin) return 'same-origin'
  const deciding = actual ?? preflight
  if (deciding === null) return 'not-cors'
  const isRefused = (actualCheck ?? preflightCheck)?.refusal !== null
  return deciding.outcome === 'allowed' && isRefused ? 'credentials-not-allowed' : deciding.reason
}

function placeOfRule (rule: Rule): Explanation['rule'] {
  const { file, line } = placeOf(rule.span)
  return { name: rule.name, file, line }
}

/** A preflight is answered by the gateway alone, so all that it answers can be shown. */
function withVary ({ headers, vary }: Judgement): Readonly<Record<string, string>> {
  return vary.length === 0 ? headers : { ...headers, vary: vary.join(', ') }
}

function summarize (judgement: Judgement | null): DecisionSummary | null {
  if (judgement === null) return null
  const { kind, outcome, reason, rule, status } = judgement
  return { kind, outcome, reason, rule: rule?.name ?? null, status }
}
