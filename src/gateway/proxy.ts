// The reverse proxy: passes requests on to the upstreams, and their answers back.
import type { ClientRequest } from 'node:http'
import type { ServerHttp2Stream } from 'node:http2'
import type { Readable } from 'node:stream'
import httpProxy, { type FastifyHttpProxyOptions } from '@fastify/http-proxy'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { isAuthority } from '../route/host.ts'
import { declaresMoreThan, limitBody } from './body-limit.ts'
import { endAfter } from './drain.ts'
import { paceSockets, type PacedSocket } from './pace.ts'
import { sendProblem } from './problem.ts'
import { headerWriters, responseHeaders } from './proxy-headers.ts'
import type { Upstream, UpstreamFinder } from './routing.ts'
import type { Trust } from './trust.ts'
import { waitForTurn } from './turns.ts'
import { Passage, passageKey, targetHeader, type UpstreamClient } from './upstream.ts'

export type { Upstream } from './routing.ts'

/** How the upstreams are found and reached. */
export interface ProxyOptions {
  readonly find: UpstreamFinder
  readonly client: UpstreamClient
  /** Whom to believe about who asks. */
  readonly trust: Trust | null
  /** Milliseconds that a WebSocket's handshake may take. */
  readonly timeout: number
  /** Bytes that a request's body may have. */
  readonly bodyLimit: number
  /** Bytes that a message of a WebSocket may have, either way. */
  readonly messageLimit: number
}

type FailedReply = Parameters<NonNullable<NonNullable<FastifyHttpProxyOptions['replyOptions']>['onError']>>[0]

const upstreamKey = Symbol('cors-gateway.upstream')

interface Routed { [upstreamKey]?: Upstream, [passageKey]?: Passage }

type Refusal = [status: number, detail: string]

/**
 * Registers the proxy for every path: which upstream a request goes to is looked up once, after it was decided. Streams
 * bodies both ways, passes WebSockets on, and never repeats a request.
 */
export async function registerProxy (app: FastifyInstance, options: ProxyOptions): Promise<void> {
  const { find, client, trust, timeout, bodyLimit, messageLimit } = options
  const headers = headerWriters(trust)
  // Fastify's own would keep a text in memory, up to a megabyte and no further.
  app.removeAllContentTypeParsers()
  await app.register(httpProxy, {
    upstream: '',
    prefix: '/',
    rewritePrefix: '/',
    internalRewriteLocationHeader: false,
    websocket: true,
    disableRequestLogging: true,
    undici: { request: client.request },
    wsServerOptions: { autoPong: false, maxPayload: messageLimit },
    // In part documented only, and missing from the package's types.
    wsClientOptions: {
      rewriteRequestHeaders (given: Parameters<typeof headers.handshake>[0], request: FastifyRequest) {
        // Until the upstream has accepted, nothing is read that would have to be kept.
        request.raw.socket.pause()
        return headers.handshake(given, request)
      },
      finishRequest: finishHandshake,
      handshakeTimeout: timeout,
      maxPayload: messageLimit,
      // A ping is answered by the other end, and nothing is agreed with an upstream that the client did not ask for.
      autoPong: false,
      perMessageDeflate: false
    } as NonNullable<FastifyHttpProxyOptions['wsClientOptions']>,
    wsHooks: {
      onConnect: (_context, source, target) => { startSockets(source, target) },
      onDisconnect: (_context, source) => { source.resume() }
    },
    preHandler: (request, reply, done) => {
      // A socket that was handed over for an upgrade is no server's to close, so a refusal leaves it open.
      if (isUpgrade(request.raw)) endAfter(reply.raw)
      waitForTurn(request.raw, reply.raw, isCrowded => {
        takeBody(request, () => {
          if (hasLeft(request.raw)) return
          const refusal = isCrowded ? crowded : route(request) ?? takeConnection(request, reply)
          if (refusal === null) {
            done()
            return
          }
          if (refusal[0] === 413 || refusal[0] === 503) closeAfter(reply, refusal === crowded)
          sendProblem(reply, ...refusal)
        })
      })
    },
    // The path given here is a stand-in: the client sends the target as it came.
    handler: (_request, reply, _destination, options) => reply.from('/', options),
    replyOptions: {
      getUpstream: request => (request as Routed)[upstreamKey]!.url,
      rewriteRequestHeaders: (request, given) =>
        Object.assign(headers.request(request, given), { [passageKey]: (request as Routed)[passageKey] }),
      rewriteHeaders: responseHeaders,
      // A request that may have had an effect is not sent again, least of all ten times.
      retryDelay: () => null,
      onError: answerFailure
    }
  })

  /** Finds the upstream of a request, or tells why it goes nowhere. */
  function route (request: FastifyRequest): Refusal | null {
    const refusal = hostRefusalOf(request) ?? refusalOf(request)
    if (refusal !== null) return [400, refusal]
    const upstream = find(request.host, request.url)
    if (upstream === null) return [404, 'No upstream serves this host and path.']
    ;(request as Routed)[upstreamKey] = upstream
    if (declaresMoreThan(bodyLimit, request.headers['content-length'])) return [413, tooLarge]
    // A body of a declared length has that length.
    if (bodyLimit !== Infinity && request.body && request.headers['content-length'] === undefined) request.body = limitBody(request.body as Readable, bodyLimit)
    return null
  }

  /** Takes a connection to the upstream until the client has its answer, or has left. */
  function takeConnection (request: FastifyRequest, reply: FastifyReply): Refusal | null {
    const release = client.take((request as Routed)[upstreamKey]!.url)
    if (release === null) return [503, 'As many requests to this upstream are under way as this gateway allows.']
    const { raw } = request
    if (isUpgrade(raw)) {
      raw.socket.once('close', release)
      return null
    }
    const passage = new Passage(raw.url!)
    ;(request as Routed)[passageKey] = passage
    reply.raw.once('close', () => {
      release()
      passage.end()
    })
    return null
  }
}

const tooLarge = 'The body is larger than this gateway passes on.'

/** To a client that sends more without waiting for its answers. */
const crowded: Refusal = [503, 'Too many requests wait on this connection.']

/**
 * Takes the body of HTTP/2 as it is. Fastify believes in none where no header tells of it; and where a client leaves in
 * its midst, Node ends it as if it were whole.
 */
function takeBody (request: FastifyRequest, taken: () => void): void {
  const { raw } = request
  const { stream } = raw as { stream?: ServerHttp2Stream }
  if (stream === undefined || stream.endAfterHeaders) {
    taken()
    return
  }
  const leave = (): void => { raw.destroy(new Error('the client has left')) }
  raw.on('error', () => {})
  if (stream.aborted) leave()
  else raw.once('aborted', leave)
  if (!isBodiless(request)) {
    request.body ??= raw
    taken()
    return
  }
  // Only its end tells that there is none.
  raw.once('end', taken)
  raw.once('data', () => {
    raw.off('end', taken)
    request.body = raw
    taken()
  })
}

/** Whether nobody waits for the answer any more. */
function hasLeft (raw: FastifyRequest['raw']): boolean {
  const { stream } = raw as { stream?: ServerHttp2Stream }
  return stream === undefined ? raw.socket.destroyed : stream.closed || stream.destroyed
}

function isUpgrade (raw: FastifyRequest['raw'] & { upgrade?: boolean }): boolean {
  return raw.upgrade === true
}

/** Fastify reads no body of these. */
function isBodiless ({ method }: Pick<FastifyRequest, 'method'>): boolean {
  return method === 'GET' || method === 'HEAD'
}

/** Why the host of a request is none, or null (RFC 9112, section 3.2): the one that it names, and the one that a proxy in front names. */
function hostRefusalOf ({ host, headers, raw: { rawHeaders } }: Pick<FastifyRequest, 'host' | 'headers' | 'raw'>): string | null {
  let lines = 0
  for (let i = 0; i < rawHeaders.length; i += 2) if (rawHeaders[i]!.length === 4 && rawHeaders[i]!.toLowerCase() === 'host') lines++
  if (lines > 1) return 'The request has two Host lines.'
  const said = [host, headers.host, headers[':authority'] as string | undefined]
  return said.every(text => text === undefined || text === '' || isAuthority(text)) ? null : 'The host of the request is none.'
}

/** Why a request cannot be passed on as it is, or null. */
function refusalOf (request: Pick<FastifyRequest, 'method' | 'url' | 'body' | 'headers' | 'raw'>): string | null {
  const { method, url, body, headers, raw } = request
  // No target holds other bytes than these (RFC 9112, section 3.2); HTTP/2 would let them through.
  if (/[^!-~]/.test(url)) return 'The request target has characters that it cannot have.'
  // It was decided as a WebSocket's, and cannot become one.
  const isLeft = headers.upgrade !== undefined && (raw as { upgrade?: boolean }).upgrade !== true
  if (isLeft && /(?:^|[\s,])websocket(?:$|[\s,/])/i.test(headers.upgrade!)) {
    return 'A WebSocket begins with a GET that asks for nothing else, when all requests before it are answered.'
  }
  // No target holds one; what follows it, one server takes for a part of the path and another does not.
  if (url.includes('#')) return 'The request target has a fragment.'
  const isTaken = body !== undefined && body !== null
  const isDeclared = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0
  // Without its body the upstream would be asked something else.
  return (isTaken ? isBodiless(request) : isDeclared) ? `A ${method} with a body is not passed on.` : null
}

function answerFailure (reply: FailedReply, { error }: { error: Error }): void {
  closeAfter(reply)
  const codes = [error, error.cause].map(each => String((each as { code?: unknown } | undefined)?.code))
  if (codes.includes('BODY_TOO_LARGE')) sendProblem(reply, 413, tooLarge)
  else if (codes.some(code => /TIMEOUT|TIMEDOUT/.test(code))) sendProblem(reply, 504, 'The upstream did not answer in time.')
  else sendProblem(reply, 502, 'The upstream did not answer.')
}

/** What is left of the request's body would be taken for the next request. */
function closeAfter (reply: Pick<FailedReply, 'header' | 'request'>, always: boolean = false): void {
  const { raw } = reply.request
  if ((always || !raw.complete) && raw.httpVersionMajor === 1) reply.header('connection', 'close')
}

function startSockets (source: PacedSocket, target: PacedSocket): void {
  paceSockets(source, target)
  source.resume()
}

interface FailingSocket {
  prependOnceListener (event: 'error', listener: (error: Error) => void): unknown
}

/** Sends a handshake to the target that was judged. What fails is told to nobody outside in its own words. */
function finishHandshake (request: ClientRequest, socket: FailingSocket): void {
  const target = request.getHeader(targetHeader)
  request.removeHeader(targetHeader)
  if (typeof target === 'string') request.path = target
  // The message becomes the close frame's reason, which may hold 123 bytes.
  socket.prependOnceListener('error', (error: NodeJS.ErrnoException) => {
    error.message = error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH' ? 'a message of the upstream is too large' : 'the upstream did not answer'
  })
  request.end()
}
