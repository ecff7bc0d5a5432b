// The headers that the proxy passes on, both ways.
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'
import { targetHeader } from './upstream.ts'

/** What a request, of HTTP/1 or HTTP/2, tells of who asks. */
export interface Asker {
  readonly ip: string
  readonly host: string
  readonly protocol: string
  readonly headers: IncomingHttpHeaders
  readonly raw: { readonly url?: string | undefined }
}

/** Headers that concern one connection only (RFC 9110, section 7.6.1); `expect` was answered by the gateway. */
const hopByHop = new Set([
  'connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade',
  'http2-settings', 'expect'
])

/** By these a client could tell an upstream of another client, host or target than the gateway has judged. */
const claims = /^(?:forwarded|x-forwarded-.*|x-real-ip|x-original-ur[il]|x-rewrite-url)$/

/** Headers that a client must not be able to have dropped by naming them in `Connection`. */
const endToEnd = /^(?:origin|authorization|cookie|vary|access-control-.*|sec-.*)$/

/** The headers of a request: who asked, for which host, by which scheme, as the gateway saw it, never as the client says. */
export function requestHeaders (request: Asker, headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const passed: IncomingHttpHeaders = {}
  for (const [name, value] of Object.entries(headers)) if (!hopByHop.has(name) && !claims.test(name)) passed[name] = value
  for (const [name, value] of Object.entries(request.headers)) if (endToEnd.test(name)) passed[name] = value
  return Object.assign(passed, forwardedHeaders(request), { [targetHeader]: request.raw.url })
}

/** The headers of a WebSocket's handshake that tell an upstream who is there. */
export function handshakeHeaders (headers: OutgoingHttpHeaders, request: Asker): OutgoingHttpHeaders {
  const passed: OutgoingHttpHeaders = { ...headers }
  for (const name of ['origin', 'cookie', 'authorization', 'user-agent', 'accept-language']) {
    if (request.headers[name] !== undefined) passed[name] = request.headers[name]
  }
  return Object.assign(passed, forwardedHeaders(request), { [targetHeader]: request.raw.url })
}

function forwardedHeaders ({ ip, host, protocol }: Asker): Record<string, string> {
  return {
    'x-forwarded-for': ip,
    'x-forwarded-host': host,
    'x-forwarded-proto': protocol,
    forwarded: `for=${ip.includes(':') ? `"[${ip}]"` : ip};host=${quoted(host)};proto=${protocol}`
  }
}

/** A quoted string (RFC 9110, section 5.6.4). */
function quoted (text: string): string {
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`
}

/** The headers of a response. An upstream that names end-to-end headers in `Connection` loses them, `Vary` excepted. */
export function responseHeaders (headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const passed: IncomingHttpHeaders = {}
  const named = [headers.connection ?? []].flat().join().toLowerCase().split(',').map(name => name.trim())
  for (const [name, value] of Object.entries(headers)) {
    if (!hopByHop.has(name) && (!named.includes(name) || name === 'vary')) passed[name] = value
  }
  return passed
}
