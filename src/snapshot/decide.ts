// One request against one snapshot: the hot path. It tells one word why; `explain` tells the story.
import { maxRequestedLength, parseHeaderNames } from '../fetch/header.ts'
import { isForbiddenMethod, isSafelistedMethod, isToken } from '../fetch/method.ts'
import { classify, type RequestFacts, type RequestKind } from '../fetch/request.ts'
import { malformed } from '../origin/lookup.ts'
import { originOf } from '../origin/origin.ts'
import type { Decision, Reason } from './decision.ts'
import { lookUpPath, type PathLookup } from './lookup.ts'
import type { CompiledRule, Snapshot } from './snapshot.ts'

/** Decides one request. Pure: no clock, no I/O, nothing kept. */
export function decide (snapshot: Snapshot, request: RequestFacts): Decision {
  const path = lookUpPath(snapshot, request.host, request.target, request.hostIsAmbiguous)
  const { bucket, isAmbiguous, rejects } = path
  const kind = classify(request)
  const upstream = bucket === null ? null : bucket.group.passthrough
  const isPassthrough = !isAmbiguous && (bucket === null ? snapshot.settings.unmatched === 'passthrough' : upstream !== null && upstream.isInForce)
  const managed = !isPassthrough
  if (kind === 'none' || (kind !== 'preflight' && isSameOrigin(request))) {
    return {
      kind, outcome: 'none', reason: kind === 'none' ? 'not-cors' : 'same-origin', rule: null, bucket, isAmbiguous, status: 0, managed
    }
  }

  if (isAmbiguous) return denied(kind, 'path-ambiguous', null, path, rejects)
  if (isPassthrough) {
    const reason = bucket === null ? 'no-policy' : 'allowed'
    return { kind, outcome: 'passthrough', reason, rule: upstream, bucket, isAmbiguous, status: 0, managed: false }
  }
  if (bucket === null) return denied(kind, 'no-policy', null, path, false)

  const { group } = bucket
  const slot = group.origins.find(request.origin!)
  const match = slot < 0 ? upstream : group.rules[slot]!
  if (match === null && slot === malformed) return denied(kind, 'origin-malformed', null, path, group.rejects)
  if (match === null || !match.anyOrigin) {
    const isBlocked = snapshot.blocked !== null && snapshot.blocked.find(request.origin!) >= 0
    if (isBlocked) return denied(kind, 'origin-blocked', null, path, group.rejects)
  }
  if (match === null) return denied(kind, 'origin-not-allowed', null, path, group.rejects)
  if (!match.isInForce) return denied(kind, 'outside-validity', match, path, match.rejects)
  if (match.exceptions !== null && match.exceptions.find(request.origin!) >= 0) return denied(kind, 'origin-excepted', match, path, match.rejects)

  const refusal = refusalOf(match, request, kind)
  if (refusal === null) {
    return { kind, outcome: 'allowed', reason: 'allowed', rule: match, bucket, isAmbiguous, status: kind === 'preflight' ? 204 : 0, managed }
  }
  if (kind !== 'preflight') return denied(kind, refusal, match, path, match.rejects)
  // The origin is trusted: a true answer lets the browser's console name what is missing. For the safelisted methods
  // browsers ignore the list of methods, so that only a failed preflight keeps what `enforceMethods` refuses from passing.
  const isUnenforceable = refusal === 'method-not-allowed' && isSafelistedMethod(request.requestedMethod!)
  return { kind, outcome: 'denied', reason: refusal, rule: match, bucket, isAmbiguous, status: isUnenforceable ? 403 : 204, managed }
}

/** A denial; the gateway answers it itself where it is no actual request, or where the rules reject. */
function denied (
  kind: RequestKind, reason: Reason, rule: CompiledRule | null, { bucket, isAmbiguous }: PathLookup, isRejected: boolean
): Decision {
  return { kind, outcome: 'denied', reason, rule, bucket, isAmbiguous, status: kind !== 'actual' || isRejected ? 403 : 0, managed: true }
}

/** Why a rule that allows the origin still refuses the request, or null. */
function refusalOf (rule: CompiledRule, request: RequestFacts, kind: RequestKind): Reason | null {
  if (kind === 'upgrade') return request.carriesCredentials && !rule.credentials ? 'credentials-not-allowed' : null
  if (kind === 'actual') return grantsMethod(rule, request.method) || isPlainOptions(rule, request) ? null : 'method-not-allowed'
  if (!grantsRequestedMethod(rule, request.requestedMethod!)) return 'method-not-allowed'
  if (!grantsHeaders(rule, request.requestedHeaders)) return 'header-not-allowed'
  return request.requestsPrivateNetwork && !rule.privateNetwork ? 'private-network-not-allowed' : null
}

/** Whether a rule grants the method that a preflight asks for. A listed one is a token; any other has to be one, of bounded length. */
export function grantsRequestedMethod (rule: CompiledRule, method: string): boolean {
  return rule.methods.has(method) || (method.length <= maxRequestedLength && isToken(method) && grantsMethod(rule, method))
}

/** Whether a rule grants a method. The safelisted ones cannot be withheld by CORS, so they count as granted unless enforced. */
export function grantsMethod (rule: CompiledRule, method: string): boolean {
  if (rule.methods.has(method)) return true
  if (rule.anyMethod) return !isForbiddenMethod(method)
  return !rule.enforcesMethods && isSafelistedMethod(method)
}

/** An `OPTIONS` that asks for nothing is answered by the handler like a `GET`. */
function isPlainOptions (rule: CompiledRule, request: RequestFacts): boolean {
  return request.method === 'OPTIONS' && !rule.enforcesMethods
}

function grantsHeaders (rule: CompiledRule, requested: string | undefined): boolean {
  const names = parseHeaderNames(requested)
  return names !== null && names.every(name => grantsHeader(rule, name))
}

/** Whether a rule grants a header name. `*` covers `authorization` only where credentials are allowed. */
export function grantsHeader (rule: CompiledRule, name: string): boolean {
  return rule.headers.has(name) || (rule.anyHeader && (rule.credentials || name !== 'authorization'))
}

/** Whether the any-origin rule of a path grants this answer, whoever asks. */
export function grantsAnyone (rule: CompiledRule, request: RequestFacts): boolean {
  return grantsMethod(rule, request.method) || isPlainOptions(rule, request)
}

/**
 * Whether a request comes from a page of its own origin: it equals the request's own scheme, host and port, or is
 * https where TLS ended in front; or the browser says so itself (Fetch Metadata, `Sec-Fetch-Site`).
 */
function isSameOrigin ({ origin, fetchSite, scheme, host }: RequestFacts): boolean {
  if (fetchSite === 'same-origin') return true
  // Most origins are of another length than this host's would be: longer by `http://` or `https://`, less `:80` or `:443`.
  const difference = origin!.length - host.length
  if (host === '' || (difference !== 7 && difference !== 8 && difference !== 4)) return false
  return origin === originOf(scheme, host) || (scheme === 'http' && origin === originOf('https', host))
}
