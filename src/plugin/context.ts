// Where in an application the plugin can do what it promises, and what it needs there.
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

/** The names of `onRequest` hooks that run before the plugin's, as far as Fastify shows them. */
export function earlierHooks (instance: FastifyInstance): readonly string[] {
  const key = Object.getOwnPropertySymbols(instance).find(symbol => symbol.description === 'fastify.hooks')
  const hooks = key === undefined ? undefined : (instance as unknown as Record<symbol, { onRequest?: unknown }>)[key]?.onRequest
  return Array.isArray(hooks) ? hooks.map((hook: unknown) => (typeof hook === 'function' && hook.name !== '' ? hook.name : 'anonymous')) : []
}
