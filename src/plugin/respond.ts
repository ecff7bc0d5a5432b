// The answers that the gateway makes itself: preflights, denials, and a header block that cannot be trusted.
import type { OutgoingHttpHeader, ServerResponse } from 'node:http'
import type { FastifyReply } from 'fastify'
import { requestKinds, type RequestKind } from '../fetch/request.ts'
import { reasons, type Decision, type Reason } from '../snapshot/decision.ts'
import type { ResponseHeaders } from '../snapshot/headers.ts'
import { isOwned, isVary, mergeVary } from './ownership.ts'
import { tableOf } from './table.ts'

/** Answers a decided request by its status: 204 for a preflight, 403 for whatever is refused. */
export function answerDecided (reply: FastifyReply, decision: Decision, headers: ResponseHeaders, debug: boolean): void {
  if (decision.status === 204) send(reply, 204, headers, null)
  else send(reply, 403, headers, debug ? debugBody(decision) : bodies[decision.kind][decision.reason], decision.kind === 'upgrade')
}

function debugBody ({ kind, reason, rule }: Decision): Body {
  return rule === null ? bodies[kind][reason] : forbidden(kind, { reason, rule: rule.name })
}

const details: Record<RequestKind, string> = {
  preflight: 'The cross-origin policy does not allow this preflight.',
  actual: 'The cross-origin policy does not allow this request.',
  upgrade: 'The cross-origin policy does not allow this WebSocket.',
  none: 'The cross-origin policy does not allow this request.'
}

/** What is sent, and how long it is in bytes. */
interface Body {
  readonly text: string
  readonly length: number
}

/** One for each kind and reason: both are fixed lists. */
const bodies = tableOf(requestKinds, kind => tableOf(reasons, reason => forbidden(kind, { reason })))

function forbidden (kind: RequestKind, more: { readonly reason: Reason, readonly rule?: string }): Body {
  return problem(403, 'Forbidden', details[kind], more)
}

const unread: ResponseHeaders = { set: [], vary: [] }
const truncated = problem(431, 'Request Header Fields Too Large', 'The request has more header lines than this server reads.')

/** Answers a request of which Node dropped header lines: an `Origin` could be among them (RFC 6585, section 5). */
export function answerTruncated (reply: FastifyReply): void {
  send(reply, 431, unread, truncated)
}

/** A problem as of RFC 9457. */
function problem (status: number, title: string, detail: string, more: object = {}): Body {
  const text = JSON.stringify({ type: 'about:blank', title, status, detail, ...more })
  return { text, length: Buffer.byteLength(text) }
}

/**
 * Ends the response here: no later hook, handler or `onSend` runs, while request logging and `onResponse` hooks do.
 * Headers that hooks before the gateway have set are kept, where Node takes them.
 */
function send (reply: FastifyReply, status: number, { set, vary }: ResponseHeaders, body: Body | null, closes: boolean = false): void {
  const { raw } = reply
  if (raw.headersSent) {
    // Who has begun an answer ends it.
    reply.hijack()
    return
  }
  const list: OutgoingHttpHeader[] = []
  const theirVary = takeEarlier(reply, list)
  const earlier = list.length
  reply.hijack()
  for (const [name, value] of set) list.push(name, value)
  if (theirVary.length > 0 || vary.length > 0) list.push('vary', mergeVary(theirVary, vary))
  if (body !== null) list.push('content-type', 'application/problem+json; charset=utf-8', 'content-length', body.length)
  // A server that listens for upgrades is handed the socket of whatever asks for one, preflights included.
  if (closes || (reply.request.raw as { upgrade?: boolean }).upgrade === true) {
    list.push('connection', 'close')
    closeAfter(raw)
  }
  if (!writeHead(raw, status, list) && !writeHead(raw, status, list.slice(earlier))) {
    raw.destroy()
    return
  }
  raw.end(body === null || reply.request.raw.method === 'HEAD' ? null : body.text)
}

/** Whether there is a head now. Where Node refuses what an earlier hook has set, nothing of it stays. */
function writeHead (raw: ServerResponse, status: number, list: OutgoingHttpHeader[]): boolean {
  try {
    raw.writeHead(status, list)
  } catch {
    if (raw.headersSent) return true
    for (const name of raw.getHeaderNames()) raw.removeHeader(name)
    // HTTP/2 has no message, and warns of one.
    if (raw.req.httpVersionMajor === 1) raw.statusMessage = ''
    return false
  }
  return true
}

const none: readonly unknown[] = []

/** Headers about a body that is not sent, or how it would be. */
const ofBody = new Set([
  'content-disposition', 'content-encoding', 'content-language', 'content-length', 'content-location', 'content-range', 'content-type', 'etag',
  'last-modified', 'trailer', 'transfer-encoding'
])

/** Takes over what earlier hooks have set, CORS headers and those of a body excepted; gives their `Vary` back. */
function takeEarlier (reply: FastifyReply, list: OutgoingHttpHeader[]): readonly unknown[] {
  const { raw } = reply
  const earlier = reply.getHeaders()
  const names = Object.keys(earlier)
  if (names.length === 0) return none
  const theirVary: unknown[] = []
  for (const name of names) {
    const value = earlier[name]
    if (isVary(name)) {
      // Of one that was set on either side Fastify tells its own only.
      const rawVary = raw.getHeader(name)
      if (rawVary !== undefined && rawVary !== value) theirVary.push(rawVary)
      theirVary.push(value)
    } else if (value !== undefined && !isOwned(name) && !ofBody.has(name)) {
      list.push(name, value)
    }
    if (raw.hasHeader(name)) raw.removeHeader(name)
  }
  return theirVary
}

/** A socket that was handed over for an upgrade is no server's to close, so whoever answers does it. */
function closeAfter (raw: ServerResponse): void {
  const socket = raw.socket as Partial<NonNullable<ServerResponse['socket']>> | null
  raw.once('finish', () => { socket?.destroySoon?.() })
}
