// The server of the gateway: Fastify with its protocols, limits and timeouts.
import { METHODS, type RequestListener, type Server as HttpServer } from 'node:http'
import { constants, type ServerHttp2Stream } from 'node:http2'
import Fastify, { LogController, type FastifyInstance, type FastifyServerOptions } from 'fastify'
import type { RouterOptions } from '../route/path.ts'
import { endConnections } from './drain.ts'
import { answerClientError, answerError, answerNotFound, answerUnknownMethod, answerUnroutable, sendProblem } from './problem.ts'
import type { KeyPair } from './tls.ts'
import type { Trust } from './trust.ts'
import { GatewayRequest } from './upgrade.ts'

/** How the gateway answers its clients. */
export interface ServerOptions {
  readonly logger: FastifyServerOptions['logger']
  /** Null: no TLS. */
  readonly keyPair: KeyPair | null
  /** HTTP/2, over TLS only; HTTP/1.1 stays for clients that choose it. */
  readonly http2: boolean
  readonly trust: Trust | null
  readonly router: RouterOptions
  readonly timeouts: ServerTimeouts
  /** Bytes that the header lines of a request may have. */
  readonly headerLimit: number
}

/** In milliseconds. */
export interface ServerTimeouts {
  /** For a whole request to arrive, body included; 0: as long as it takes. */
  readonly request: number
  /** For a connection without requests. */
  readonly keepAlive: number
  /** For the requests in flight, once the gateway closes. */
  readonly drain: number
}

/** How many requests of one HTTP/2 connection may be under way at a time; Node's own default is no limit. */
const maxStreams = 128

/** Makes the server. The plugin and the proxy are the caller's to add. */
export function createServer (options: ServerOptions): FastifyInstance {
  const { logger, trust, router, timeouts } = options
  const shared: FastifyServerOptions = {
    logger: logger ?? false,
    logController: new LogController({ disableRequestLogging: true }),
    ...trust !== null && { trustProxy: trust },
    routerOptions: router,
    keepAliveTimeout: timeouts.keepAlive,
    requestTimeout: timeouts.request,
    // A malformed URL is refused before any hook.
    frameworkErrors: answerUnroutable,
    // While closing, requests in flight on open connections still get their real answer, headers included.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    clientErrorHandler: answerClientError
  }
  const app = Fastify({ ...shared, ...protocolOptions(options) })
  settleServer(app.server, options)
  settleRequests(app)
  app.setErrorHandler(answerError)
  app.setNotFoundHandler(answerNotFound)
  endConnections(app, timeouts.drain)
  return app
}

function protocolOptions ({ keyPair, http2, headerLimit, timeouts }: ServerOptions): object {
  if (keyPair === null) return { http: { IncomingMessage: GatewayRequest } }
  if (!http2) return { https: { ...keyPair, IncomingMessage: GatewayRequest } }
  const settings = { maxConcurrentStreams: maxStreams, maxHeaderListSize: headerLimit }
  const https = { ...keyPair, allowHTTP1: true, Http1IncomingMessage: GatewayRequest, noDelay: true, settings }
  return { http2: true, http2SessionTimeout: timeouts.keepAlive, https }
}

type Http1Server = HttpServer & { maxHeaderSize?: number, requireHostHeader?: boolean, connectionsCheckingInterval?: number }

/** What Node sets for itself, in milliseconds. */
const headersTimeout = 60_000
const checkingInterval = 30_000

/** A server of HTTP/2 takes these only where it speaks HTTP/1.1, and from nobody but whoever sets them there. */
function settleServer (server: Http1Server, { timeouts, headerLimit }: ServerOptions): void {
  server.keepAliveTimeout = timeouts.keepAlive
  server.requestTimeout = timeouts.request
  if (timeouts.request > 0) {
    server.headersTimeout = Math.min(headersTimeout, timeouts.request)
    // No request is cut off but when Node looks for those that are late.
    server.connectionsCheckingInterval = Math.min(checkingInterval, Math.ceil(timeouts.request / 4))
  }
  server.requireHostHeader = true
  server.maxHeaderSize = headerLimit
}

/**
 * Answers methods that Node does not know, which only HTTP/2 lets through. Fastify would take them for a fault of its
 * own, run no hook, and write its whole routing table to the log. After an upgrade that is ignored Node loses what came
 * with it, so the connection ends there.
 */
function settleRequests ({ server }: FastifyInstance): void {
  const known = new Set(METHODS)
  const listeners = server.listeners('request') as RequestListener[]
  server.removeAllListeners('request')
  server.on('request', (request, response) => {
    if (request.headers.upgrade !== undefined && request.httpVersionMajor === 1) response.shouldKeepAlive = false
    if (!known.has(request.method!)) answerUnknownMethod(response)
    else for (const listener of listeners) listener.call(server, request, response)
  })
}

/** Holds HTTP/2 to what Node bounds on HTTP/1.1 only. To be called after the plugin was added, which decides before. */
export function limitStreams (app: FastifyInstance, { timeouts, headerLimit }: Pick<ServerOptions, 'timeouts' | 'headerLimit'>): void {
  app.addHook('onRequest', (request, reply, done) => {
    const { stream } = request.raw as { stream?: ServerHttp2Stream }
    if (stream === undefined) {
      done()
      return
    }
    if (timeouts.request > 0 && !stream.endAfterHeaders) cutOff(stream, timeouts.request)
    // A client need not know the limit yet when it asks first.
    const bytes = request.raw.rawHeaders.reduce((sum, text) => sum + text.length, 0)
    if (bytes > headerLimit) sendProblem(reply, 431, 'The request has larger header lines than this gateway reads.')
    else done()
  })
}

/** Ends a stream whose request does not arrive in time. */
function cutOff (stream: ServerHttp2Stream, limit: number): void {
  const timer = setTimeout(() => { stream.close(constants.NGHTTP2_CANCEL) }, limit)
  const stop = (): void => { clearTimeout(timer) }
  stream.once('end', stop).once('close', stop)
}
