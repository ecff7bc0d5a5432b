// A decision to response headers, and to what the response's `Vary` must name.
import { parseHeaderNames } from '../fetch/header.ts'
import type { RequestFacts } from '../fetch/request.ts'
import { grantsAnyone, grantsRequestedMethod } from './decide.ts'
import type { Decision } from './decision.ts'
import type { CompiledRule } from './snapshot.ts'

/** A header's name in lower case, and its value. */
export type Header = readonly [name: string, value: string]

/** What the gateway puts on a response. */
export interface ResponseHeaders {
  readonly set: readonly Header[]
  /** Names to be added to `Vary`: the request headers on which the answer depends, no more (RFC 9110, section 12.5.5). */
  readonly vary: readonly string[]
}

const nothing: readonly never[] = []
const onOrigin: readonly string[] = ['origin']

/** The headers that a decision puts on the response to its request. */
export function headersFor (decision: Decision, request: RequestFacts): ResponseHeaders {
  if (!decision.managed) return { set: nothing, vary: nothing }
  return decision.kind === 'preflight'
    ? { set: preflightHeaders(decision, request), vary: preflightVary(decision) }
    : { set: actualHeaders(decision, request), vary: actualVary(decision, request) }
}

/** The rule that answers everyone alike on this path, or null. */
function aloneOf ({ bucket, isAmbiguous }: Decision): CompiledRule | null {
  return bucket === null || isAmbiguous ? null : bucket.group.alone
}

function actualHeaders (decision: Decision, request: RequestFacts): readonly Header[] {
  if (decision.kind === 'upgrade') return nothing
  const alone = aloneOf(decision)
  if (alone !== null) return grantsAnyone(alone, request) ? grantHeaders(alone, '*') : nothing
  if (decision.outcome !== 'allowed') return nothing
  const rule = decision.rule!
  return grantHeaders(rule, rule.anyOrigin ? '*' : request.origin!)
}

function grantHeaders (rule: CompiledRule, allowOrigin: string): readonly Header[] {
  const headers: Header[] = [['access-control-allow-origin', allowOrigin]]
  if (rule.credentials) headers.push(['access-control-allow-credentials', 'true'])
  if (rule.exposeHeaders !== '') headers.push(['access-control-expose-headers', rule.exposeHeaders])
  if (rule.timing) headers.push(['timing-allow-origin', allowOrigin])
  return headers
}

function actualVary (decision: Decision, request: RequestFacts): readonly string[] {
  const alone = aloneOf(decision)
  // Everyone gets the same answer, unless a refused method is answered by the gateway where an origin is named.
  if (alone !== null) return alone.rejects && !grantsAnyone(alone, request) ? onOrigin : nothing
  return decision.bucket !== null || decision.isAmbiguous ? onOrigin : nothing
}

function preflightHeaders (decision: Decision, request: RequestFacts): readonly Header[] {
  if (decision.status !== 204) return nothing
  const rule = decision.rule!
  const headers: Header[] = [['access-control-allow-origin', rule.anyOrigin ? '*' : request.origin!]]
  if (rule.credentials) headers.push(['access-control-allow-credentials', 'true'])
  const methods = rule.allowMethods ?? echoedMethod(rule, request.requestedMethod!)
  if (methods !== '') headers.push(['access-control-allow-methods', methods])
  const names = allowedHeaderNames(rule, request.requestedHeaders, decision.outcome === 'allowed')
  if (names !== '') headers.push(['access-control-allow-headers', names])
  if (rule.maxAge !== null) headers.push(['access-control-max-age', rule.maxAge])
  if (request.requestsPrivateNetwork && decision.outcome === 'allowed') headers.push(['access-control-allow-private-network', 'true'])
  if (rule.preflightCacheControl !== null) headers.push(['cache-control', rule.preflightCacheControl])
  return headers
}

/** With credentials browsers take `*` literally, so the method asked for stands in its place. */
function echoedMethod (rule: CompiledRule, method: string): string {
  return grantsRequestedMethod(rule, method) ? method : ''
}

/** What was allowed has been read already, so it need not be read again where the answer is the same for all. */
function allowedHeaderNames (rule: CompiledRule, requested: string | undefined, isAllowed: boolean): string {
  if (isAllowed && rule.allowHeaders !== null) return rule.allowHeaders
  const names = parseHeaderNames(requested)
  if (names === null) return ''
  if (rule.allowHeaders !== null) return rule.allowHeaders
  if (rule.credentials) return names.join(', ')
  // Browsers let `*` cover `authorization`, against the standard: where it is asked for and not listed, the others are named.
  return names.includes('authorization') ? names.filter(name => name !== 'authorization').join(', ') : '*'
}

function preflightVary (decision: Decision): readonly string[] {
  const { rule, bucket, isAmbiguous } = decision
  if (bucket === null && !isAmbiguous) return nothing
  const depends = aloneOf(decision) === null ? onOrigin : nothing
  return rule === null || rule.preflightVary.length === 0 ? depends : [...depends, ...rule.preflightVary]
}
