// The reverse proxy: passes requests on to the upstreams, and their answers back.
import type { ClientRequest } from 'node:http'
import httpProxy, { type FastifyHttpProxyOptions } from '@fastify/http-proxy'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { sendProblem } from './problem.ts'
import { handshakeHeaders, requestHeaders, responseHeaders } from './proxy-headers.ts'
import { targetHeader, type UpstreamClient } from './upstream.ts'

/** Requests whose path begins with a prefix go to an upstream; the path is passed on as it came, prefix included. */
export interface Upstream {
  /** `/` for every path. */
  readonly prefix: string
  /** Scheme, host and port. */
  readonly url: string
}

/** How the upstreams are reached. */
export interface ProxyOptions {
  readonly client: UpstreamClient
  /** Milliseconds that a WebSocket's handshake may take. */
  readonly timeout: number
}

type FailedReply = Parameters<NonNullable<NonNullable<FastifyHttpProxyOptions['replyOptions']>['onError']>>[0]

type WebSocketOptions = NonNullable<FastifyHttpProxyOptions['wsClientOptions']>

/** Registers one upstream. Streams bodies both ways, passes WebSockets on, and never repeats a request. */
export async function registerUpstream (app: FastifyInstance, upstream: Upstream, { client, timeout }: ProxyOptions): Promise<void> {
  const { prefix, url } = upstream
  await app.register(httpProxy, {
    upstream: url,
    prefix,
    rewritePrefix: prefix,
    internalRewriteLocationHeader: false,
    websocket: true,
    disableRequestLogging: true,
    undici: { request: client.request },
    // Documented, but missing from the package's types.
    wsClientOptions: {
      rewriteRequestHeaders: handshakeHeaders, finishRequest: finishHandshake, handshakeTimeout: timeout
    } as WebSocketOptions,
    preHandler: (request, reply, done) => {
      const refusal = refusalOf(request)
      if (refusal === null) done()
      else sendProblem(reply, 400, refusal)
    },
    // The path given here is a stand-in: the client sends the target as it came.
    handler: (_request, reply, _destination, options) => reply.from('/', options),
    replyOptions: {
      rewriteRequestHeaders: requestHeaders,
      rewriteHeaders: responseHeaders,
      // A request that may have had an effect is not sent again, least of all ten times.
      retryDelay: () => null,
      onError: answerFailure
    }
  })
}

/** Why a request cannot be passed on as it is, or null. */
function refusalOf ({ method, url, body, headers }: Pick<FastifyRequest, 'method' | 'url' | 'body' | 'headers'>): string | null {
  // No target holds one; what follows it, one server takes for a part of the path and another does not.
  if (url.includes('#')) return 'The request target has a fragment.'
  if (body !== undefined && body !== null) return null
  // Fastify reads no body of a GET or HEAD; without it the upstream would be asked something else.
  const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0
  return hasBody ? `A ${method} with a body is not passed on.` : null
}

function answerFailure (reply: FailedReply, { error }: { error: Error }): void {
  // What is left of the request's body would be taken for the next request.
  if (!reply.request.raw.complete && reply.request.raw.httpVersionMajor === 1) reply.header('connection', 'close')
  if (isTimeout(error)) sendProblem(reply, 504, 'The upstream did not answer in time.')
  else sendProblem(reply, 502, 'The upstream did not answer.')
}

function isTimeout (error: Error): boolean {
  const codes = [error, error.cause].map(each => (each as { code?: unknown } | undefined)?.code)
  return codes.some(code => typeof code === 'string' && /TIMEOUT|TIMEDOUT/.test(code))
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
