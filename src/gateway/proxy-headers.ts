// The headers that the proxy passes on, both ways.
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'
import type { Trust } from './trust.ts'
import { targetHeader } from './upstream.ts'

/** What a request, of HTTP/1 or HTTP/2, tells of who asks. Host and scheme are the ones that Fastify trusts. */
export interface Asker {
  readonly host: string
  readonly protocol: string
  readonly headers: IncomingHttpHeaders
  readonly raw: { readonly url?: string | undefined, readonly socket: { readonly remoteAddress?: string | undefined } }
}

/** Headers that concern one connection only (RFC 9110, section 7.6.1); `expect` was answered by the gateway, and the last is its own. */
const hopByHop = new Set([
  'connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade',
  'http2-settings', 'expect', targetHeader
])

/** By these a client could tell an upstream of another client, host or target than the gateway has judged. */
const claims = new RegExp('^(?:(?:x-)?forwarded|x-forwarded-.*|x-(?:original-)?host|x-(?:original|rewrite)-ur[il]|x-(?:real|originating|remote)-(?:ip|addr)|' +
  '(?:x-|true-|x-cluster-|fastly-)?client-ip|cf-connecting-ip)$')

/** Headers that a client must not be able to have dropped by naming them in `Connection`. */
const endToEnd = /^(?:origin|authorization|cookie|vary|access-control-.*|sec-.*)$/

/** Servers that make variables of headers, as those of CGI do, read an underscore as the hyphen. */
function isClaim (name: string): boolean {
  const initial = name.charCodeAt(0)
  // Most names are told apart at once.
  if (initial !== 120 && initial !== 102 && initial !== 99 && initial !== 116) return false
  return claims.test(name.includes('_') ? name.replaceAll('_', '-') : name)
}

/** Makes the headers that an upstream gets. */
export interface HeaderWriters {
  /** The headers of a request: who asked, for which host, by which scheme, as the gateway saw it, never as the client says. */
  readonly request: (request: Asker, headers: IncomingHttpHeaders) => IncomingHttpHeaders
  /** The headers of a WebSocket's handshake, likewise. */
  readonly handshake: (headers: OutgoingHttpHeaders, request: Asker) => OutgoingHttpHeaders
}

/** Prepares the headers for the upstreams. Without trust, nobody in front is believed. */
export function headerWriters (trust: Trust | null): HeaderWriters {
  return {
    request (request, headers) {
      const passed: IncomingHttpHeaders = {}
      for (const name of Object.keys(headers)) if (!hopByHop.has(name) && !isClaim(name)) passed[name] = headers[name]
      if (namesHeaders(request.headers.connection)) {
        for (const name of Object.keys(request.headers)) if (endToEnd.test(name)) passed[name] = request.headers[name]
      }
      return Object.assign(passed, forwardedHeaders(request, trust))
    },
    handshake (headers, request) {
      const passed: OutgoingHttpHeaders = { ...headers }
      for (const name of ['origin', 'cookie', 'authorization', 'user-agent', 'accept-language']) {
        if (request.headers[name] !== undefined) passed[name] = request.headers[name]
      }
      return Object.assign(passed, forwardedHeaders(request, trust), { [targetHeader]: request.raw.url })
    }
  }
}

/** Whether a `Connection` says more than how long the connection lasts. */
function namesHeaders (connection: string | undefined): boolean {
  return connection !== undefined && connection !== 'keep-alive' && connection !== 'close'
}

/**
 * Adds this hop to what a trusted proxy says of the hops before it, and replaces what anybody else says. The host and
 * the scheme are those that were judged: of several in one header, the one that the nearest proxy has added.
 */
function forwardedHeaders ({ host, protocol, headers, raw }: Asker, trust: Trust | null): Record<string, string> {
  const peer = raw.socket.remoteAddress
  const before = trust !== null && trust(peer, 0) ? headers : {}
  // After a quotation mark that nobody closes, this hop would be a part of a text.
  const chain = before.forwarded !== undefined && isBalanced(before.forwarded) ? before.forwarded : undefined
  const node = peer === undefined ? 'unknown' : peer.includes(':') ? `"[${peer}]"` : peer
  const proto = /^[a-z]+$/i.test(protocol) ? protocol : quoted(protocol)
  return {
    'x-forwarded-for': joined(before['x-forwarded-for'], peer ?? 'unknown'),
    'x-forwarded-host': host,
    'x-forwarded-proto': protocol,
    forwarded: joined(chain, `for=${node};host=${quoted(host)};proto=${proto}`)
  }
}

function joined (before: string | string[] | undefined, last: string): string {
  if (before === undefined) return last
  const chain = String(before).trim()
  return chain === '' ? last : `${chain}, ${last}`
}

function isBalanced (text: string): boolean {
  return /^(?:[^"\\]|"(?:[^"\\]|\\.)*")*$/.test(text)
}

/** A quoted string (RFC 9110, section 5.6.4). */
function quoted (text: string): string {
  return /["\\]/.test(text) ? `"${text.replaceAll(/["\\]/g, '\\$&')}"` : `"${text}"`
}

const none: readonly string[] = []

/** The headers of a response. An upstream that names end-to-end headers in `Connection` loses them, `Vary` excepted. */
export function responseHeaders (headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const passed: IncomingHttpHeaders = {}
  const { connection } = headers
  const named = namesHeaders(connection) ? [connection].flat().join().toLowerCase().split(',').map(name => name.trim()) : none
  for (const name of Object.keys(headers)) {
    // Set on any map on the way, this name would bring others with it.
    if (name !== '__proto__' && !hopByHop.has(name) && (!named.includes(name) || name === 'vary')) passed[name] = headers[name]
  }
  return passed
}
