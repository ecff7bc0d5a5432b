// A request that arrived, as the question that a page would have asked with it.
import type { FastifyRequest } from 'fastify'
import type { PageRequest } from '../inspect/browser.ts'
import type { PageHeader } from '../inspect/safelist.ts'
import { isAuthority } from '../route/host.ts'
import { showValue } from './log.ts'
import { factsOf } from './translate.ts'

/**
 * The page's request behind a request: for a preflight the one that it asks for. Without `Origin`, a page of this very server.
 * @throws {TypeError} where the host is none: a URL made of it would lead elsewhere.
 */
export function questionOf (request: FastifyRequest): PageRequest & { readonly headers: readonly PageHeader[] } {
  const { method, target, host, scheme, origin, requestedMethod, requestedHeaders, upgrade, carriesCredentials } = factsOf(request)
  if (!isAuthority(host)) throw new TypeError(`no page asks for the host \`${showValue(host)}\``)
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

function askedHeaders (names: string | undefined): PageHeader[] {
  return (names ?? '').split(',').map(name => name.trim()).filter(name => name !== '').map(name => [name, ''] as const)
}

/** What only browsers set is dropped by whoever plays the browser. */
function sentHeaders ({ raw }: FastifyRequest): PageHeader[] {
  return Object.entries(raw.headers)
    .filter(([name]) => !browserOwn.has(name) && !name.startsWith(':') && !name.startsWith('access-control-'))
    .map(([name, value]) => [name, String(value)] as const)
}

/** Headers that browsers add by themselves and that pages can set as well: a request doesn't tell who did. */
const browserOwn = new Set(['user-agent', 'cache-control', 'pragma', 'upgrade-insecure-requests', 'priority'])
