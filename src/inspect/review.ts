// The access review: each rule with its sets, defaults and shorthands written out, for people and for other programs.
import { placeOf, type Span } from '../diagnostic/span.ts'
import type { OriginEntry, Rule } from '../policy/policy.ts'
import { answersMethod, isInForce } from './grants.ts'

/** One origin pattern of a rule, and where it is written. */
export interface OriginReview {
  readonly pattern: string
  readonly file: string
  readonly line: number
  /** The set that the rule names and that brings the pattern, or null where the rule lists it itself. */
  readonly set: string | null
}

/** One rule, with nothing left to look up. Moments are ISO 8601, UTC. */
export interface RuleReview {
  readonly name: string
  readonly description: string | null
  readonly file: string
  readonly line: number
  /** Empty: every host. */
  readonly hosts: readonly string[]
  /** `/x/**` is two routes. */
  readonly routes: readonly string[]
  /** Empty: nobody, or whoever the upstream allows where `passthrough` is set. */
  readonly origins: readonly OriginReview[]
  readonly exceptOrigins: readonly OriginReview[]
  /** The methods whose answers a page may read, also those that CORS cannot withhold; `*` for all. */
  readonly methods: readonly string[]
  /** What a page may set beside the safelisted request headers; `*` for all. */
  readonly headers: readonly string[]
  readonly exposeHeaders: readonly string[]
  readonly allowCredentials: boolean
  /** Seconds, or null where the header is left out. */
  readonly maxAge: number | null
  readonly allowPrivateNetwork: boolean
  readonly timingAllowOrigin: boolean
  readonly enforceMethods: boolean
  readonly deniedRequests: 'forward' | 'reject'
  readonly passthrough: boolean
  readonly window: { readonly notBefore: string | null, readonly expires: string | null, readonly inForce: boolean }
  readonly acceptedRisks: readonly RiskReview[]
}

/** A risk that a rule takes on purpose. */
export interface RiskReview {
  readonly risk: string
  readonly reason: string
  readonly until: string | null
  /** The patterns for which it holds, or null for all. */
  readonly origins: readonly string[] | null
}

/** One rule, seen at a moment in epoch milliseconds. */
export function reviewRule (rule: Rule, at: number): RuleReview {
  const { file, line } = placeOf(rule.span)
  return {
    name: rule.name,
    description: rule.description,
    file,
    line,
    hosts: rule.hosts.map(({ pattern }) => pattern.text),
    routes: rule.routes.map(({ pattern }) => pattern.text),
    origins: rule.allowOrigins.map(reviewOrigin),
    exceptOrigins: rule.exceptOrigins.map(reviewOrigin),
    methods: grantedMethods(rule),
    headers: rule.allowHeaders,
    exposeHeaders: rule.exposeHeaders,
    allowCredentials: rule.allowCredentials,
    maxAge: rule.maxAge,
    allowPrivateNetwork: rule.allowPrivateNetwork,
    timingAllowOrigin: rule.timingAllowOrigin,
    enforceMethods: rule.enforceMethods,
    deniedRequests: rule.deniedRequests,
    passthrough: rule.passthrough,
    window: { notBefore: timeText(rule.notBefore), expires: timeText(rule.expires), inForce: isInForce(rule, at) },
    acceptedRisks: rule.acceptRisks.map(({ risk, reason, until, origins }) => ({ risk, reason, until: timeText(until), origins }))
  }
}

/** An entry of a list of origins. */
export function reviewOrigin ({ pattern, span, set }: OriginEntry): OriginReview {
  return { pattern: pattern.text, ...fileAndLine(span), set }
}

/** Where something is written. */
function fileAndLine (span: Span): { file: string, line: number } {
  const { file, line } = placeOf(span)
  return { file, line }
}

function grantedMethods (rule: Rule): readonly string[] {
  if (rule.passthrough) return []
  if (rule.allowMethods.includes('*')) return ['*']
  const methods = new Set([...rule.allowMethods, 'GET', 'HEAD', 'POST'])
  return [...methods].filter(method => answersMethod(rule, method))
}

function timeText (time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString()
}
