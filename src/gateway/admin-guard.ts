// Who may ask the admin listener, and in which form it refuses.
import { timingSafeEqual } from 'node:crypto'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { isLoopback, type ListenAddress } from './address.ts'

/**
 * Keeps the pages of others out. On loopback only requests that name it so are answered, so that no page can reach it
 * through a name of its own (DNS rebinding); elsewhere, where it may have any name, the token does that. What a browser
 * says is asked by another page is refused wherever it listens.
 */
export function guardListener (app: FastifyInstance, { host }: ListenAddress, hasToken: boolean): void {
  const hasAnyName = hasToken && !isLoopback(host)
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(always)
    if (!hasAnyName && !isOwnName(request.hostname, host)) return reply.code(421).send({ error: 'this listener does not answer for that host' })
    if (isForeign(request)) return reply.code(403).send({ error: 'this listener answers no page of another origin' })
  })
}

const always = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' }

function isOwnName (hostname: string, listensOn: string): boolean {
  const name = hostname.replace(/^\[|\]$/g, '')
  return isLoopback(name) || name === listensOn
}

/** A link that somebody follows to here is no other page's request: nobody but the reader sees the answer, and reading changes nothing. */
function isForeign ({ method, headers, host }: FastifyRequest): boolean {
  const { origin } = headers
  if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`) return true
  const site = headers['sec-fetch-site']
  if (site === undefined || site === 'same-origin' || site === 'none') return false
  return !(method === 'GET' && headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document')
}

/** Requires the token for all routes of a context. */
export function requireToken (context: FastifyInstance, token: string): void {
  context.addHook('onRequest', async (request, reply) => {
    if (isToken(request.headers.authorization, token)) return
    return reply.code(401).header('www-authenticate', 'Bearer').send({ error: 'send the admin token: Authorization: Bearer …' })
  })
}

function isToken (authorization: string | undefined, token: string): boolean {
  const given = Buffer.from(authorization?.replace(/^Bearer /i, '') ?? '')
  const wanted = Buffer.from(token)
  return given.length === wanted.length && timingSafeEqual(given, wanted)
}

/** Refuses in JSON, and takes no body: nothing here is told by one. */
export function answerInJson (app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, payload, done) => {
    payload.resume()
    done(null)
  })
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0]!
    const methods = ['GET', 'HEAD', 'POST'].filter(method => app.hasRoute({ method, url: path }))
    if (methods.length === 0) return reply.code(404).send({ error: `there is no ${path} here` })
    return reply.code(405).header('allow', methods.join(', ')).send({ error: `${path} takes ${methods.join(', ')}` })
  })
  app.setErrorHandler<FastifyError>((error, _request, reply) => {
    reply.code(error.statusCode ?? 500).send({ error: error.message })
  })
}

/** Refuses a URL that Fastify's router cannot read, before any hook. */
export function answerUnroutable (error: FastifyError, _request: FastifyRequest, reply: FastifyReply): void {
  reply.code(error.statusCode ?? 400).headers(always).send({ error: error.message })
}
