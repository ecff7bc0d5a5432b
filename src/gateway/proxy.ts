// The reverse proxy: passes requests on to the upstreams, and their answers back.
import type { ClientRequest } from 'node:http'
import type { ServerHttp2Stream } from 'node:http2'
import type { Readable } from 'node:stream'
import httpProxy, { type FastifyHttpProxyOptions } from '@fastify/http-proxy'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { declaresMoreThan, limitBody } from './body-limit.ts'
import { paceSockets, type PacedSocket } from './pace.ts'
import { sendProblem } from './problem.ts'
import { headerWriters, responseHeaders } from './proxy-headers.ts'
import type { Upstream, UpstreamFinder } from './routing.ts'
import type { Trust } from './trust.ts'
import { targetHeader, type UpstreamClient } from './upstream.ts'

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
}

type FailedReply = Parameters<NonNullable<NonNullable<FastifyHttpProxyOptions['replyOptions']>['onError']>>[0]

const upstreamKey = Symbol('cors-gateway.upstream')

interface Routed { [upstreamKey]?: Upstream }

/**
 * Registers the proxy for every path: which upstream a request goes to is looked up once, after it was decided. Streams
 * bodies both ways, passes WebSockets on, and never repeats a request.
 */
export async function registerProxy (app: FastifyInstance, { find, client, trust, timeout, bodyLimit }: ProxyOptions): Promise<void> {
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
    wsServerOptions: { autoPong: false },
    // In part documented only, and missing from the package's types.
    wsClientOptions: {
      rewriteRequestHeaders (given: Parameters<typeof headers.handshake>[0], request: FastifyRequest) {
        // Until the upstream has accepted, nothing is read that would have to be kept.
        request.raw.socket.pause()
        return headers.handshake(given, request)
      },
      finishRequest: finishHandshake,
      handshakeTimeout: timeout,
      // A ping is answered by the other end, and nothing is agreed with an upstream that the client did not ask for.
      autoPong: false,
      perMessageDeflate: false
    } as NonNullable<FastifyHttpProxyOptions['wsClientOptions']>,
    wsHooks: {
      onConnect: (_context, source, target) => { startSockets(source, target) },
      onDisconnect: (_context, source) => { source.resume() }
    },
    preHandler: (request, reply, done) => {
      takeBody(request, () => {
        const refusal = route(request, reply)
        if (refusal === null) done()
        else sendProblem(reply, ...refusal)
      })
    },
    // The path given here is a stand-in: the client sends the target as it came.
    handler: (_request, reply, _destination, options) => reply.from('/', options),
    replyOptions: {
      getUpstream: request => (request as Routed)[upstreamKey]!.url,
      rewriteRequestHeaders: headers.request,
      rewriteHeaders: responseHeaders,
      // A request that may have had an effect is not sent again, least of all ten times.
      retryDelay: () => null,
      onError: answerFailure
    }
  })

  /** Finds the upstream of a request, or tells why it goes nowhere. */
  function route (request: FastifyRequest, reply: FastifyReply): [status: number, detail: string] | null {
    const refusal = refusalOf(request)
    if (refusal !== null) return [400, refusal]
    const upstream = find(request.host, request.url)
    if (upstream === null) return [404, 'No upstream serves this host and path.']
    ;(request as Routed)[upstreamKey] = upstream
    if (declaresMoreThan(bodyLimit, request.headers['content-length'])) {
      closeAfter(reply)
      return [413, tooLarge]
    }
    // A body of a declared length has that length.
    if (bodyLimit !== Infinity && request.body && request.headers['content-length'] === undefined) request.body = limitBody(request.body as Readable, bodyLimit)
    return null
  }
}

const tooLarge = 'The body is larger than this gateway passes on.'

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

/** Fastify reads no body of these. */
function isBodiless ({ method }: Pick<FastifyRequest, 'method'>): boolean {
  return method === 'GET' || method === 'HEAD'
}

/** Why a request cannot be passed on as it is, or null. */
function refusalOf (request: Pick<FastifyRequest, 'method' | 'url' | 'body' | 'headers'>): string | null {
  const { method, url, body, headers } = request
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
function closeAfter (reply: Pick<FailedReply, 'header' | 'request'>): void {
  const { raw } = reply.request
  if (!raw.complete && raw.httpVersionMajor === 1) reply.header('connection', 'close')
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
  socket.prependOnceListener('error', error => { error.message = 'the upstream did not answer' })
  request.end()
}
