// A verdict to response headers, the plain way: case by case, as the contract's table has them.
import { parseHeaderNames } from '../fetch/header.ts'
import { isForbiddenMethod } from '../fetch/method.ts'
import type { RequestFacts } from '../fetch/request.ts'
import type { Rule } from '../policy/policy.ts'
import { answersMethod, canBeEchoed, isInForce } from './grants.ts'
import type { PathFinding } from './place.ts'
import type { Verdict } from './verdict.ts'

/** The response headers of a verdict, names lower case. */
export interface Answer {
  readonly headers: Readonly<Record<string, string>>
  readonly vary: readonly string[]
}

/** What the gateway puts on the response to a request that was judged so. */
export function answerTo (verdict: Verdict, finding: PathFinding, at: number, facts: RequestFacts): Answer {
  if (!verdict.managed) return { headers: {}, vary: [] }
  const alone = anyoneAlone(finding, at)
  const headers = verdict.kind === 'upgrade' ? {} : verdict.kind === 'preflight' ? preflightHeaders(verdict, facts) : actualHeaders(verdict, alone, facts)
  return { headers, vary: variesOn(verdict, finding, alone, facts) }
}

/** The rule that answers everyone alike, since it allows `*` and is the only one of its host and route. */
function anyoneAlone ({ place, ambiguity }: PathFinding, at: number): Rule | null {
  const rule = place?.rules.length === 1 && ambiguity === null ? place.rules[0]! : null
  return rule !== null && allowsAnyone(rule) && isInForce(rule, at) ? rule : null
}

function allowsAnyone (rule: Rule): boolean {
  return rule.allowOrigins.some(({ pattern }) => pattern.kind === 'any')
}

/** `*` for whoever matched it, never the request's value; else the origin's own bytes. */
function grantee ({ entry }: Verdict, facts: RequestFacts): string {
  return entry?.pattern.kind === 'any' ? '*' : facts.origin!
}

function preflightHeaders (verdict: Verdict, facts: RequestFacts): Record<string, string> {
  const { rule, status } = verdict
  if (rule === null || status !== 204) return {}
  const headers: Record<string, string> = { 'access-control-allow-origin': grantee(verdict, facts) }
  if (rule.allowCredentials) headers['access-control-allow-credentials'] = 'true'
  const methods = listMethods(rule, facts.requestedMethod!)
  if (methods !== '') headers['access-control-allow-methods'] = methods
  const names = listHeaders(rule, facts.requestedHeaders)
  if (names !== '') headers['access-control-allow-headers'] = names
  if (rule.maxAge !== null) headers['access-control-max-age'] = String(rule.maxAge)
  if (verdict.outcome === 'allowed' && facts.requestsPrivateNetwork) headers['access-control-allow-private-network'] = 'true'
  if (rule.preflightCacheControl !== null) headers['cache-control'] = rule.preflightCacheControl
  return headers
}

function listMethods (rule: Rule, requested: string): string {
  if (!rule.allowMethods.includes('*')) return rule.allowMethods.join(', ')
  if (!rule.allowCredentials) return '*'
  // With credentials a browser takes `*` literally, so what it asked for is named.
  return canBeEchoed(requested) && !isForbiddenMethod(requested) ? requested : ''
}

function listHeaders (rule: Rule, requested: string | undefined): string {
  const names = parseHeaderNames(requested)
  if (names === null) return ''
  if (!rule.allowHeaders.includes('*')) return rule.allowHeaders.join(', ')
  if (rule.allowCredentials) return names.join(', ')
  if (rule.allowHeaders.includes('authorization')) return '*, authorization'
  // Today's browsers let `*` cover authorization, so it cannot be sent where that is asked for and not listed.
  return names.includes('authorization') ? names.filter(name => name !== 'authorization').join(', ') : '*'
}

function actualHeaders (verdict: Verdict, alone: Rule | null, facts: RequestFacts): Record<string, string> {
  const rule = alone ?? verdict.rule
  const granted = alone === null ? verdict.outcome === 'allowed' : answersMethod(alone, facts.method)
  if (rule === null || !granted) return {}
  const to = alone === null ? grantee(verdict, facts) : '*'
  const headers: Record<string, string> = { 'access-control-allow-origin': to }
  if (rule.allowCredentials) headers['access-control-allow-credentials'] = 'true'
  if (rule.exposeHeaders.length > 0) headers['access-control-expose-headers'] = rule.exposeHeaders.join(', ')
  if (rule.timingAllowOrigin) headers['timing-allow-origin'] = to
  return headers
}

/** The request headers on which the answer depends, and no more. */
function variesOn ({ kind, rule }: Verdict, finding: PathFinding, alone: Rule | null, facts: RequestFacts): string[] {
  const { place, ambiguity, reachable } = finding
  // A cache may itself read an ambiguous path otherwise, and store its answer beside one that depends on the origin.
  if (ambiguity !== null) return ['origin']
  if (place === null) return []
  const rejects = reachable.some(({ deniedRequests }) => deniedRequests === 'reject')
  const names: string[] = []
  if (alone === null || (kind !== 'preflight' && rejects && !answersMethod(alone, facts.method))) names.push('origin')
  if (kind === 'preflight' && rule !== null) names.push(...preflightDependsOn(rule))
  return names
}

function preflightDependsOn (rule: Rule): string[] {
  const names: string[] = []
  if (rule.enforceMethods || (rule.allowMethods.includes('*') && rule.allowCredentials)) names.push('access-control-request-method')
  if (rule.allowHeaders.includes('*') && (rule.allowCredentials || !rule.allowHeaders.includes('authorization'))) {
    names.push('access-control-request-headers')
  }
  if (rule.allowPrivateNetwork) names.push('access-control-request-private-network')
  return names
}
