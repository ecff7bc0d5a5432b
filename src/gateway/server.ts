// The server of the gateway: Fastify with its protocols, limits and timeouts.
import type { Server as HttpServer } from 'node:http'
import { constants, type ServerHttp2Stream } from 'node:http2'
import Fastify, { LogController, type FastifyInstance, type FastifyServerOptions } from 'fastify'
import type { RouterOptions } from '../route/path.ts'
import { endConnections } from './drain.ts'
import { answerClientError, answerError, answerNotFound, answerUnroutable } from './problem.ts'
import type { KeyPair } from './tls.ts'
import type { Trust } from './trust.ts'

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
  /** Bytes that the header lines of a request may have; Node's limit where it is null. */
  readonly headerLimit: number | null
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
  app.setErrorHandler(answerError)
  app.setNotFoundHandler(answerNotFound)
  endConnections(app, timeouts.drain)
  if (options.http2 && timeouts.request > 0) limitStreams(app, timeouts.request)
  return app
}

function protocolOptions ({ keyPair, http2, headerLimit, timeouts }: ServerOptions): object {
  if (keyPair === null) return {}
  if (!http2) return { https: { ...keyPair } }
  const settings = { maxConcurrentStreams: maxStreams, ...headerLimit !== null && { maxHeaderListSize: headerLimit } }
  return { http2: true, http2SessionTimeout: timeouts.keepAlive, https: { ...keyPair, allowHTTP1: true, settings } }
}

/** A server of HTTP/2 takes these only where it speaks HTTP/1.1, and from nobody but whoever sets them there. */
function settleServer (server: HttpServer & { maxHeaderSize?: number, requireHostHeader?: boolean }, { timeouts, headerLimit }: ServerOptions): void {
  server.keepAliveTimeout = timeouts.keepAlive
  server.requestTimeout = timeouts.request
  server.requireHostHeader = true
  if (headerLimit !== null) server.maxHeaderSize = headerLimit
}

/** Node bounds the time for a request to arrive on HTTP/1.1 only. */
function limitStreams (app: FastifyInstance, limit: number): void {
  app.addHook('onRequest', (request, _reply, done) => {
    const { stream } = request.raw as { stream?: ServerHttp2Stream }
    if (stream !== undefined && !stream.endAfterHeaders) {
      const timer = setTimeout(() => { stream.close(constants.NGHTTP2_CANCEL) }, limit)
      const stop = (): void => { clearTimeout(timer) }
      stream.once('end', stop).once('close', stop)
    }
    done()
  })
}
