// The admin listener: health, readiness, status and metrics, for operators and their tools only.
import { timingSafeEqual } from 'node:crypto'
import Fastify, { type FastifyInstance } from 'fastify'
import type { CorsGateway } from '../plugin/plugin.ts'
import { isLoopback, type ListenAddress } from './address.ts'

/** What the admin listener is told. */
export interface AdminOptions {
  readonly address: ListenAddress
  /** Required by every request where it is given; a listener that other machines reach must have one. */
  readonly token?: string
  /** The plugin's face, or null until the first good set is served. */
  readonly gateway: () => CorsGateway | null
}

/**
 * Builds the admin listener. On loopback it answers only requests that name it so, so that no page can reach it through a
 * name of its own (DNS rebinding); elsewhere, where it may have any name, the token keeps pages out. It speaks no CORS.
 */
export function createAdmin ({ address, token, gateway }: AdminOptions): FastifyInstance {
  const app = Fastify({ logger: false })
  app.addHook('onRequest', async (request, reply) => {
    reply.header('cache-control', 'no-store').header('x-content-type-options', 'nosniff')
    const isKnownByOtherNames = token !== undefined && !isLoopback(address.host)
    if (!isKnownByOtherNames && !isOwnName(request.hostname, address.host)) return reply.code(421).send({ error: 'this listener does not answer for that host' })
    if (token !== undefined && !hasToken(request.headers.authorization, token)) {
      return reply.code(401).header('www-authenticate', 'Bearer').send({ error: 'send the admin token: Authorization: Bearer …' })
    }
  })
  app.get('/healthz', async () => ({ ok: true }))
  app.get('/readyz', async (_request, reply) => {
    const ready = gateway() !== null
    return reply.code(ready ? 200 : 503).send({ ready })
  })
  app.get('/api/status', async (_request, reply) => gateway()?.status() ?? reply.code(503).send({ error: 'no policy set is loaded yet' }))
  app.get('/metrics', async (_request, reply) => {
    const face = gateway()
    if (face === null) return reply.code(503).send()
    return reply.header('content-type', 'text/plain; version=0.0.4; charset=utf-8').send(face.metrics())
  })
  app.post<{ Querystring: { accept?: unknown } }>('/api/reload', async (request, reply) => {
    const face = gateway()
    if (face === null) return reply.code(503).send({ error: 'no policy set is loaded yet' })
    const { accept } = request.query
    const result = await face.reload(typeof accept === 'string' ? { accept } : {})
    return reply.code(result.ok ? 200 : 422).send(result)
  })
  return app
}

function isOwnName (hostname: string, listensOn: string): boolean {
  const name = hostname.replace(/^\[|\]$/g, '')
  return isLoopback(name) || name === listensOn
}

function hasToken (authorization: string | undefined, token: string): boolean {
  const given = Buffer.from(authorization?.replace(/^Bearer /i, '') ?? '')
  const wanted = Buffer.from(token)
  return given.length === wanted.length && timingSafeEqual(given, wanted)
}
