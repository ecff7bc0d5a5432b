// A Fastify request in, the facts of a decision out.
import type { IncomingMessage } from 'node:http'
import type { FastifyRequest } from 'fastify'
import type { RequestFacts } from '../fetch/request.ts'
import { isAuthority } from '../route/host.ts'

/** Node keeps this many entries of names and values unless the server's `maxHeadersCount` says otherwise. */
const defaultHeaderEntries = 2000

/**
 * The facts of a request. Host and scheme come from Fastify, so that `trustProxy` decides whose word counts; the
 * target is the one that Fastify's router reads.
 */
export function factsOf (request: FastifyRequest): RequestFacts {
  const { host, raw } = request
  const { headers } = raw
  return {
    method: raw.method!,
    target: raw.url!,
    host,
    scheme: schemeOf(request.protocol),
    origin: headers.origin,
    requestedMethod: requestedMethodOf(raw),
    requestedHeaders: headers['access-control-request-headers'],
    requestsPrivateNetwork: headers['access-control-request-private-network'] === 'true',
    fetchSite: headers['sec-fetch-site'],
    upgrade: headers.upgrade !== undefined && isWebSocket(raw),
    carriesCredentials: headers.cookie !== undefined || headers.authorization !== undefined,
    hostIsAmbiguous: (host !== '' && !isAuthority(host)) || hasTwoHosts(raw.rawHeaders)
  }
}

/** Of several lines Node keeps the first on HTTP/2, where it joins them on HTTP/1; and a list is no method. */
function requestedMethodOf ({ headers, rawHeaders, httpVersionMajor }: IncomingMessage): string | undefined {
  const name = 'access-control-request-method'
  if (httpVersionMajor !== 2 || headers[name] === undefined) return headers[name]
  return rawHeaders.filter((_value, i) => rawHeaders[i - 1] === name && i % 2 === 1).join(', ')
}

/** What a trusted proxy says may be any text; a page's scheme is one of two, and a WebSocket's counts as its page's. */
function schemeOf (protocol: string | undefined): 'http' | 'https' {
  if (protocol === 'http' || protocol === undefined) return 'http'
  const lower = protocol.toLowerCase()
  return lower === 'https' || lower === 'wss' ? 'https' : 'http'
}

/** A server that listens for upgrades hands every one of them on; without a listener the header alone tells. */
function isWebSocket (raw: IncomingMessage & { upgrade?: boolean }): boolean {
  return raw.upgrade === true || /(?:^|[\s,])websocket(?:$|[\s,/])/i.test(raw.headers.upgrade!)
}

/** Two `Host` lines, or an HTTP/2 `:authority` that differs from `Host`. */
function hasTwoHosts (rawHeaders: readonly string[] | undefined): boolean {
  if (rawHeaders === undefined) return false
  let host: string | null = null
  let authority: string | null = null
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!
    if (name.length === 4 && name.toLowerCase() === 'host') {
      if (host !== null) return true
      host = rawHeaders[i + 1]!
    } else if (name === ':authority') {
      authority = rawHeaders[i + 1]!
    }
  }
  return host !== null && authority !== null && host.toLowerCase() !== authority.toLowerCase()
}

/**
 * Whether Node dropped header lines of an HTTP/1 request, or may have: it stops to collect at its limit and says
 * nothing. HTTP/2 refuses such a request itself.
 */
export function isTruncated (raw: IncomingMessage): boolean {
  if (raw.rawHeaders === undefined || raw.httpVersionMajor !== 1) return false
  const server = (raw.socket as { server?: { maxHeadersCount?: number | null } } | undefined)?.server
  // No server has read an injected request, so none has cut it.
  if (server === undefined) return false
  const limit = typeof server.maxHeadersCount === 'number' ? server.maxHeadersCount * 2 : defaultHeaderEntries
  return limit > 0 && raw.rawHeaders.length >= limit
}
