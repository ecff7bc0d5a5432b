// Where in an application the plugin can do what it promises, what it needs there, and what is said of those beside it.
import type { FastifyInstance } from 'fastify'
import { ContextError } from './errors.ts'

/**
 * Checks the context of a registration. At the root every request passes the plugin's hook. A child's hooks see a
 * request for a path without a route, which most preflights are, only if its prefix has a not-found handler of its own.
 */
export function prepareContext (instance: FastifyInstance): void {
  if (instance.hasDecorator('corsGateway')) {
    throw new ContextError('already registered here or in a context around this one; register it once for each part of the application')
  }
  const parent = Object.getPrototypeOf(instance) as Partial<FastifyInstance>
  if (parent.register === undefined) return
  if (instance.prefix === parent.prefix) {
    throw new ContextError('registered in a context without a prefix of its own, where preflights of its routes would never arrive; ' +
      'register it at the root, or give the context a prefix')
  }
  takeNotFound(instance)
}

/** Fastify tells only by throwing whether a context has its not-found handler already; then that one serves as well. */
function takeNotFound (instance: FastifyInstance): void {
  try {
    instance.setNotFoundHandler((request, reply) => {
      const { method, url } = request.raw
      reply.code(404).send({ message: `Route ${method!}:${url!} not found`, error: 'Not Found', statusCode: 404 })
    })
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('Not found handler already set'))) throw error
  }
}

/** What was there before the plugin, and so sees each request first. */
export interface Earlier {
  /** The names of the other `onRequest` hooks. */
  readonly hooks: readonly string[]
  /** Whether @fastify/cors has one. Its option `hook` may have moved it to where the gateway comes first in any order. */
  readonly isCors: boolean
}

/** What runs before the plugin's hook, as far as Fastify shows it. */
export function earlierIn (instance: FastifyInstance): Earlier {
  const key = Object.getOwnPropertySymbols(instance).find(symbol => symbol.description === 'fastify.hooks')
  const found = key === undefined ? undefined : (instance as unknown as Record<symbol, { onRequest?: unknown }>)[key]?.onRequest
  const names = Array.isArray(found) ? found.map(nameOf) : []
  const isCors = instance.hasPlugin('@fastify/cors') && names.includes(corsHook)
  return { hooks: isCors ? names.filter(name => name !== corsHook) : names, isCors }
}

/** What @fastify/cors names its hook. */
const corsHook = 'handleCors'

function nameOf (hook: unknown): string {
  return typeof hook === 'function' && hook.name !== '' ? hook.name : 'anonymous'
}

/** Logs what those beside the plugin keep from it, once the application is ready. A hook that answers a request ends it there. */
export function reportNeighbours (instance: FastifyInstance, { hooks, isCors }: Earlier, mode: 'enforce' | 'observe'): void {
  const { log } = instance
  const isObserving = mode === 'observe'
  if (hooks.length > 0) {
    log.warn({ hooks }, `onRequest hooks were added before fastify-cors-gateway and run before it: ${hooks.join(', ')}; ` +
      `what such a hook answers itself, a preflight for one, is ${isObserving ? 'not observed' : 'answered without any policy'}; ` +
      'register fastify-cors-gateway first')
  }
  if (isCors) {
    log.warn('@fastify/cors was registered before fastify-cors-gateway: preflights that it answers ' + (isObserving
      ? 'are not observed; nothing is removed (mode: observe); to observe them, '
      : 'never reach a policy; from other answers on managed paths its headers are removed; take it out, or ') +
      'register fastify-cors-gateway first')
    return
  }
  if (!instance.hasPlugin('@fastify/cors')) return
  if (isObserving) log.info('@fastify/cors is registered too: it answers as before, and nothing is removed (mode: observe)')
  else {
    log.warn('@fastify/cors is registered too: on managed paths its headers are removed; ' +
      'take it out, or let it have its paths by `unmatched: passthrough`')
  }
}
