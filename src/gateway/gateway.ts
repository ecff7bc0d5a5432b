// The gateway: the plugin in front of one or more upstreams, with an admin listener beside it.
import { maxHeaderSize } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Server as TlsServer } from 'node:tls'
import type { FastifyInstance, FastifyServerOptions } from 'fastify'
import type { CorsGatewayOptions } from '../plugin/options.ts'
import corsGateway, { type CorsGateway } from '../plugin/plugin.ts'
import { defaultRouterOptions, type RouterOptions } from '../route/path.ts'
import { createAdmin } from './admin.ts'
import { printAddress, type ListenAddress } from './address.ts'
import { startEchoUpstream } from './echo.ts'
import { registerProxy } from './proxy.ts'
import { upstreamFinder, type Upstream } from './routing.ts'
import { createServer, limitStreams } from './server.ts'
import { followKeyPair, readKeyPair, type CertificateFiles } from './tls.ts'
import { trustOf, type TrustProxy } from './trust.ts'
import { createUpstreamClient } from './upstream.ts'

/** What `serve` runs. */
export interface GatewayOptions {
  readonly plugin: CorsGatewayOptions
  readonly listen: ListenAddress
  readonly admin: ListenAddress | null
  readonly adminToken?: string
  /** None: a built-in echo upstream stands in. */
  readonly upstreams: readonly Upstream[]
  /** Files of the certificate and its key, read again when they change. */
  readonly tls?: CertificateFiles
  /** HTTP/2 beside HTTP/1.1, over TLS only: true unless given. */
  readonly http2?: boolean
  /** Which proxies in front may say who asks, for which host, by which scheme: none unless given. */
  readonly trustProxy?: TrustProxy
  /** How paths are read, by policies and upstreams alike. */
  readonly router?: Partial<RouterOptions>
  readonly timeouts?: Partial<GatewayTimeouts>
  readonly limits?: Partial<GatewayLimits>
  readonly metrics?: { readonly maxRules?: number }
  readonly logger: FastifyServerOptions['logger']
}

/** In milliseconds. */
export interface GatewayTimeouts {
  /** For an upstream to accept a connection, and then to begin its answer: a minute. */
  readonly upstream: number
  /** For a whole request to arrive, body included: 0, as long as it takes. */
  readonly request: number
  /** For a connection without requests: 72 seconds. */
  readonly keepAlive: number
  /** For the requests in flight, once the gateway closes: 9 seconds. */
  readonly drain: number
}

/** In bytes, but for the connections. */
export interface GatewayLimits {
  /** Of a request's body: none. */
  readonly body: number
  /** Of a request's header lines: Node's, 16 KiB. */
  readonly header: number
  /** Of a message of a WebSocket, either way: 1 MiB. */
  readonly message: number
  /** To one upstream at a time, WebSockets included: 1024. */
  readonly connections: number
}

const defaultTimeouts: GatewayTimeouts = { upstream: 60_000, request: 0, keepAlive: 72_000, drain: 9_000 }

const defaultLimits: GatewayLimits = { body: Infinity, header: maxHeaderSize, message: 1024 * 1024, connections: 1024 }

/** A gateway that serves. */
export interface Gateway {
  readonly url: string
  readonly adminUrl: string | null
  /** Whether the built-in echo upstream answers. */
  readonly echoes: boolean
  readonly face: CorsGateway
  /** Lets requests in flight end, then closes everything; the process ends by itself. */
  close (): Promise<void>
}

/**
 * Starts a gateway. Rejects with the plugin's error for an invalid policy set and with the system's for an address
 * that cannot be had; whatever was started by then is closed again.
 */
export async function startGateway (options: GatewayOptions): Promise<Gateway> {
  const started: (() => unknown)[] = []
  const close = async (): Promise<void> => {
    for (const stop of started.splice(0).reverse()) await stop()
  }
  try {
    let face: CorsGateway | null = null
    let adminUrl: string | null = null
    if (options.admin !== null) {
      const { adminToken: token } = options
      const admin = createAdmin({ address: options.admin, gateway: () => face, ...token !== undefined && { token } })
      started.push(() => admin.close())
      adminUrl = await listen(admin, options.admin, 'http')
    }
    let { upstreams } = options
    if (upstreams.length === 0) {
      const echo = await startEchoUpstream()
      started.push(() => echo.close())
      upstreams = [{ prefix: '/', url: echo.url }]
    }
    const app = await createApp(options, upstreams, started)
    face = app.corsGateway
    const url = await listen(app, options.listen, options.tls === undefined ? 'http' : 'https')
    return { url, adminUrl, echoes: options.upstreams.length === 0, face, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Makes the application, ready to listen; what it started is noted at once. */
async function createApp (options: GatewayOptions, upstreams: readonly Upstream[], started: (() => unknown)[]): Promise<FastifyInstance> {
  const { tls } = options
  if (tls === undefined && options.http2 === true) throw new TypeError('`http2` needs `tls`: browsers speak HTTP/2 over TLS only')
  const router = { ...defaultRouterOptions, ...options.router }
  const timeouts = { ...defaultTimeouts, ...options.timeouts }
  const limits = { ...defaultLimits, ...options.limits }
  const trust = trustOf(options.trustProxy)
  const find = upstreamFinder(upstreams, router)
  const keyPair = tls === undefined ? null : await readKeyPair(tls)
  const http2 = keyPair !== null && options.http2 !== false
  const headerLimit = limits.header
  const app = createServer({ logger: options.logger, keyPair, http2, trust, router, timeouts, headerLimit })
  started.push(() => app.close())
  const maxRuleLabels = options.metrics?.maxRules
  await app.register(corsGateway, { ...options.plugin, ...maxRuleLabels !== undefined && { maxRuleLabels } })
  if (http2) limitStreams(app, { timeouts, headerLimit })
  const client = createUpstreamClient(timeouts.upstream, limits.connections)
  app.addHook('onClose', () => client.close())
  await registerProxy(app, { find, client, trust, timeout: timeouts.upstream, bodyLimit: limits.body, messageLimit: limits.message })
  await app.ready()
  if (tls !== undefined && keyPair !== null) started.push(followKeyPair(app.server as unknown as TlsServer, tls, keyPair, app.log))
  return app
}

async function listen (app: FastifyInstance, { host, port }: ListenAddress, scheme: string): Promise<string> {
  // For this name Fastify would open a second server, of which nobody here knows.
  await app.listen({ host: host === 'localhost' ? '127.0.0.1' : host, port })
  const { port: taken } = app.server.address() as AddressInfo
  return `${scheme}://${printAddress({ host, port: taken })}`
}
