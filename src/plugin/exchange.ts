// One request between its decision and its response.
import type { FastifyRequest } from 'fastify'
import type { RequestFacts, RequestKind } from '../fetch/request.ts'
import type { Decision, Outcome, Reason } from '../snapshot/decision.ts'

/** What handlers and logs may know of the decision: `request.cors`. */
export interface RequestCors {
  readonly kind: RequestKind
  readonly outcome: Outcome
  readonly reason: Reason
  /** The name of the rule that decided, or null. */
  readonly rule: string | null
  /** The route of the policy set that the path leads to, or null. */
  readonly route: string | null
  /** The generation of the snapshot that decided. */
  readonly generation: number
}

/** A decided request. */
export interface Exchange {
  readonly facts: RequestFacts
  readonly decision: Decision
  readonly generation: number
  /** Made when somebody asks for it first. */
  view: RequestCors | null
}

const exchangeKey = Symbol('cors-gateway.exchange')

interface Bearer { [exchangeKey]?: Exchange }

/** Keeps a request's decision with it. */
export function attachExchange (request: FastifyRequest, exchange: Exchange): void {
  (request as Bearer)[exchangeKey] = exchange
}

/** The decision of a request, or undefined before it was made. */
export function exchangeOf (request: FastifyRequest): Exchange | undefined {
  return (request as Bearer)[exchangeKey]
}

/** The decision in the words of `request.cors`. */
export function viewOf (exchange: Exchange): RequestCors {
  const { decision: { kind, outcome, reason, rule, bucket }, generation } = exchange
  return exchange.view ??= Object.freeze({ kind, outcome, reason, rule: rule?.name ?? null, route: bucket?.route ?? null, generation })
}
