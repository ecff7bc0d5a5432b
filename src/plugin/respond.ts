// The answers that the gateway makes itself: preflights, denials, and a header block that cannot be trusted.
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { FastifyReply } from 'fastify'
import type { Decision } from '../snapshot/decision.ts'

/** Answers a decided request by its status: 204 for a preflight, 403 for whatever is refused. */
export function answerDecided (reply: FastifyReply, decision: Decision, debug: boolean): void {
  if (decision.status === 204) {
    send(reply, 204, null)
    return
  }
  const { reason, rule } = decision
  const isUpgrade = decision.kind === 'upgrade'
  send(reply, 403, { ...problem(403, 'Forbidden', details[decision.kind]), reason, ...debug && rule && { rule: rule.name } }, isUpgrade)
}

const details: Record<Decision['kind'], string> = {
  preflight: 'The cross-origin policy does not allow this preflight.',
  actual: 'The cross-origin policy does not allow this request.',
  upgrade: 'The cross-origin policy does not allow this WebSocket.',
  none: 'The cross-origin policy does not allow this request.'
}

/** Answers a request of which Node dropped header lines: an `Origin` could be among them (RFC 6585, section 5). */
export function answerTruncated (reply: FastifyReply): void {
  send(reply, 431, problem(431, 'Request Header Fields Too Large', 'The request has more header lines than this server reads.'))
}

/** A problem as of RFC 9457. */
function problem (status: number, title: string, detail: string): Record<string, string | number> {
  return { type: 'about:blank', title, status, detail }
}

/**
 * Ends the response here: no later hook, handler or `onSend` runs, while request logging and `onResponse` hooks do.
 * Headers that hooks before the gateway have set are kept.
 */
function send (reply: FastifyReply, status: number, body: Record<string, string | number> | null, closes: boolean = false): void {
  const headers = reply.getHeaders() as OutgoingHttpHeaders
  const { raw } = reply
  reply.hijack()
  let text: string | null = null
  if (body === null) {
    delete headers['content-type']
    delete headers['content-length']
  } else {
    text = JSON.stringify(body)
    headers['content-type'] = 'application/problem+json; charset=utf-8'
    headers['content-length'] = Buffer.byteLength(text)
  }
  // A server that listens for upgrades is handed the socket of whatever asks for one, preflights included.
  if (closes || (reply.request.raw as { upgrade?: boolean }).upgrade === true) {
    headers['connection'] = 'close'
    closeAfter(raw)
  }
  raw.writeHead(status, headers)
  raw.end(reply.request.raw.method === 'HEAD' ? null : text)
}

/** A socket that was handed over for an upgrade is no server's to close, so whoever answers does it. */
function closeAfter (raw: ServerResponse): void {
  const socket = raw.socket as Partial<NonNullable<ServerResponse['socket']>> | null
  raw.once('finish', () => { socket?.destroySoon?.() })
}
