// The decision once more, the slow and plain way, in the order in which the reasons are tried: the specification that runs.
import { parseHeaderNames } from '../fetch/header.ts'
import { isSafelistedMethod } from '../fetch/method.ts'
import { classify, type RequestFacts, type RequestKind } from '../fetch/request.ts'
import { opaqueOrigin, originOf, parseOrigin } from '../origin/origin.ts'
import { matchesOrigin } from '../origin/pattern.ts'
import { compareSpecificity } from '../origin/relation.ts'
import type { OriginEntry, PolicySet, Rule } from '../policy/policy.ts'
import type { Reason } from '../snapshot/decision.ts'
import type { Settings } from '../snapshot/snapshot.ts'
import { answerTo } from './answer.ts'
import { answersMethod, grantsHeader, grantsRequestedMethod, isInForce } from './grants.ts'
import { findPath, type Ambiguity, type PathFinding, type Place } from './place.ts'
import type { Verdict } from './verdict.ts'

/** Everything that can be said of one request. */
export interface Judgement extends Verdict {
  /** By Fastify's own reading of the path; null where no rule is. */
  readonly place: Place | null
  readonly ambiguity: Ambiguity | null
  /** The response headers that the gateway sets, by lower-case name. */
  readonly headers: Readonly<Record<string, string>>
  /** What is added to `Vary`: lower-case names. */
  readonly vary: readonly string[]
}

/** Judges one request by a policy set at a moment (epoch milliseconds). */
export function judge (set: PolicySet, settings: Settings, at: number, facts: RequestFacts): Judgement {
  const finding = findPath(set, settings, facts)
  const verdict = decidePlainly(set, settings, at, facts, finding)
  return { ...verdict, place: finding.place, ambiguity: finding.ambiguity, ...answerTo(verdict, finding, at, facts) }
}

/** Decides a request whose target is followed already. */
export function decidePlainly (set: PolicySet, settings: Settings, at: number, facts: RequestFacts, finding: PathFinding): Verdict {
  const { place, ambiguity, reachable } = finding
  const kind = classify(facts)
  const upstreamDecides = ambiguity === null &&
    (place === null ? settings.unmatched === 'passthrough' : place.rules.some(rule => rule.passthrough && isInForce(rule, at)))
  const base = { kind, rule: null, entry: null, status: 0, managed: !upstreamDecides } as const

  if (kind === 'none' || facts.origin === undefined) return { ...base, outcome: 'none', reason: 'not-cors' }
  if (kind !== 'preflight' && isSameOrigin(facts)) return { ...base, outcome: 'none', reason: 'same-origin' }
  if (ambiguity !== null) return deny(kind, 'path-ambiguous', reachable)
  if (place === null) {
    return upstreamDecides ? { ...base, outcome: 'passthrough', reason: 'no-policy' } : deny(kind, 'no-policy', [])
  }
  if (upstreamDecides) {
    return { ...base, outcome: 'passthrough', reason: 'allowed', rule: place.rules.find(rule => rule.passthrough && isInForce(rule, at))! }
  }
  const match = findMatch(place.rules, at, facts.origin)
  const anyone = match?.entry?.pattern.kind === 'any'
  if (match === null && !isWellFormed(facts.origin)) return deny(kind, 'origin-malformed', place.rules)
  if (!anyone && matchesSome(set.blockedOrigins, facts.origin)) return deny(kind, 'origin-blocked', place.rules)
  if (match === null) return deny(kind, 'origin-not-allowed', place.rules)

  const { rule, entry } = match
  const refusal = refuse(rule, at, facts, kind)
  if (refusal === null) {
    return { ...base, outcome: 'allowed', reason: 'allowed', rule, entry, status: kind === 'preflight' ? 204 : 0 }
  }
  return { ...deny(kind, refusal, [rule]), rule, entry, ...refusesOpenly(refusal, rule, facts, kind) && { status: 204 } }
}

/** What a rule holds against a request whose origin it names; null: nothing. */
function refuse (rule: Rule, at: number, facts: RequestFacts, kind: RequestKind): Reason | null {
  if (!isInForce(rule, at)) return 'outside-validity'
  if (matchesSome(rule.exceptOrigins, facts.origin!)) return 'origin-excepted'
  if (kind === 'upgrade') return facts.carriesCredentials && !rule.allowCredentials ? 'credentials-not-allowed' : null
  if (kind === 'actual') return answersMethod(rule, facts.method) ? null : 'method-not-allowed'
  if (!grantsRequestedMethod(rule, facts.requestedMethod!)) return 'method-not-allowed'
  const names = parseHeaderNames(facts.requestedHeaders)
  if (names === null || !names.every(name => grantsHeader(rule, name))) return 'header-not-allowed'
  if (facts.requestsPrivateNetwork && !rule.allowPrivateNetwork) return 'private-network-not-allowed'
  return null
}

/** Whether a refused preflight is answered with the true lists, so that the browser can name what is missing. */
function refusesOpenly (reason: Reason, rule: Rule, facts: RequestFacts, kind: RequestKind): boolean {
  if (kind !== 'preflight') return false
  if (reason === 'method-not-allowed') return !(rule.enforceMethods && isSafelistedMethod(facts.requestedMethod!))
  return reason === 'header-not-allowed' || reason === 'private-network-not-allowed'
}

function deny (kind: RequestKind, reason: Reason, deciding: readonly Rule[]): Verdict {
  const rejected = kind !== 'actual' || deciding.some(rule => rule.deniedRequests === 'reject')
  return { kind, outcome: 'denied', reason, rule: null, entry: null, status: rejected ? 403 : 0, managed: true }
}

/**
 * The rule whose origin pattern matches most specifically; of equally specific ones, one inside its validity window.
 * A rule that passes everything through names no origin, and so counts as the least specific of all.
 */
function findMatch (rules: readonly Rule[], at: number, origin: string): { rule: Rule, entry: OriginEntry | null } | null {
  let best: { rule: Rule, entry: OriginEntry | null } | null = null
  for (const rule of rules) {
    for (const entry of rule.allowOrigins) {
      if (!matchesOrigin(entry.pattern, origin, parseOrigin(origin))) continue
      const order: number = best === null || best.entry === null ? -1 : compareSpecificity(entry.pattern, best.entry.pattern)
      if (order < 0 || (order === 0 && isInForce(rule, at) && !isInForce(best!.rule, at))) best = { rule, entry }
    }
    if (rule.passthrough) best ??= { rule, entry: null }
  }
  return best
}

function matchesSome (entries: readonly OriginEntry[], origin: string): boolean {
  return entries.some(({ pattern }) => matchesOrigin(pattern, origin, parseOrigin(origin)))
}

function isWellFormed (origin: string): boolean {
  return origin === opaqueOrigin || parseOrigin(origin) !== null
}

/** The page's origin is the request's own, TLS perhaps ended in front; or the browser itself says so. */
function isSameOrigin ({ origin, scheme, host, fetchSite }: RequestFacts): boolean {
  return fetchSite === 'same-origin' || (host !== '' && (origin === originOf(scheme, host) || origin === originOf('https', host)))
}
