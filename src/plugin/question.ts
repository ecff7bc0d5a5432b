// A request that arrived, as the question that a page would have asked with it.
import type { FastifyRequest } from 'fastify'
import type { PageRequest } from '../inspect/browser.ts'
import { factsOf } from './translate.ts'

/** The page's request behind a request: for a preflight the one that it asks for. Without `Origin`, a page of this very server. */
export function questionOf (request: FastifyRequest): PageRequest {
  const { method, target, host, scheme, origin, requestedMethod, requestedHeaders, upgrade, carriesCredentials } = factsOf(request)
  const isPreflight = method === 'OPTIONS' && requestedMethod !== undefined && requestedMethod !== ''
  const base = `${scheme}://${host}`
  const url = target.startsWith('/') ? base + target : target
  return {
    origin: origin ?? base,
    url: upgrade ? url.replace(/^http/, 'ws') : url,
    method: isPreflight ? requestedMethod : method,
    headers: isPreflight ? askedHeaders(requestedHeaders) : sentHeaders(request),
    credentials: carriesCredentials ? 'include' : 'same-origin'
  }
}

function askedHeaders (names: string | undefined): [string, string][] {
  return (names ?? '').split(',').map(name => name.trim()).filter(name => name !== '').map(name => [name, ''])
}

/** What only browsers set is dropped by whoever plays the browser. */
function sentHeaders ({ raw }: FastifyRequest): [string, string][] {
  return Object.entries(raw.headers)
    .filter(([name]) => !browserOwn.has(name) && !name.startsWith(':') && !name.startsWith('access-control-'))
    .map(([name, value]) => [name, String(value)])
}

/** Headers that browsers add by themselves and that pages can set as well: a request doesn't tell who did. */
const browserOwn = new Set(['user-agent', 'cache-control', 'pragma', 'upgrade-insecure-requests', 'priority'])
