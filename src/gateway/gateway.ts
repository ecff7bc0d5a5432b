// The gateway: the plugin in front of one or more upstreams, with an admin listener beside it.
import type { AddressInfo } from 'node:net'
import Fastify, { LogController, type FastifyInstance, type FastifyServerOptions } from 'fastify'
import type { CorsGatewayOptions } from '../plugin/options.ts'
import corsGateway, { type CorsGateway } from '../plugin/plugin.ts'
import { createAdmin } from './admin.ts'
import { printAddress, type ListenAddress } from './address.ts'
import { endConnections } from './drain.ts'
import { startEchoUpstream } from './echo.ts'
import { answerClientError, answerError, answerUnroutable } from './problem.ts'
import { registerUpstream, type Upstream } from './proxy.ts'
import { createUpstreamClient } from './upstream.ts'

/** What `serve` runs. */
export interface GatewayOptions {
  readonly plugin: CorsGatewayOptions
  readonly listen: ListenAddress
  readonly admin: ListenAddress | null
  readonly adminToken?: string
  /** None: a built-in echo upstream stands in. */
  readonly upstreams: readonly Upstream[]
  /** Milliseconds that an upstream may take to accept a connection, and then to begin its answer: a minute. */
  readonly upstreamTimeout?: number
  readonly logger: FastifyServerOptions['logger']
}

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
  const started: (() => Promise<unknown>)[] = []
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
      adminUrl = await listen(admin, options.admin)
    }
    let { upstreams } = options
    if (upstreams.length === 0) {
      const echo = await startEchoUpstream()
      started.push(() => echo.close())
      upstreams = [{ prefix: '/', url: echo.url }]
    }
    const app = createApp(options.logger)
    started.push(() => app.close())
    await app.register(corsGateway, options.plugin)
    const timeout = options.upstreamTimeout ?? 60_000
    const client = createUpstreamClient(timeout)
    app.addHook('onClose', () => client.close())
    for (const upstream of upstreams) await registerUpstream(app, upstream, { client, timeout })
    await app.ready()
    face = app.corsGateway
    return { url: await listen(app, options.listen), adminUrl, echoes: options.upstreams.length === 0, face, close }
  } catch (error) {
    await close()
    throw error
  }
}

function createApp (logger: FastifyServerOptions['logger']): FastifyInstance {
  const app = Fastify({
    logger: logger ?? false,
    logController: new LogController({ disableRequestLogging: true }),
    // A malformed URL is refused before any hook.
    frameworkErrors: answerUnroutable,
    // While closing, requests in flight on open connections still get their real answer, headers included.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    clientErrorHandler: answerClientError
  })
  app.setErrorHandler(answerError)
  endConnections(app)
  return app
}

async function listen (app: FastifyInstance, address: ListenAddress): Promise<string> {
  await app.listen({ host: address.host, port: address.port })
  const { port } = app.server.address() as AddressInfo
  return `http://${printAddress({ host: address.host, port })}`
}
