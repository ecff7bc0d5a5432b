// The answers that Fastify makes before any hook runs, with the headers that they are due all the same.
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify'

const hooks = new WeakMap<object, { readonly instance: FastifyInstance, readonly hook: onRequestHookHandler }>()

/** Remembers by which hook a gateway decides, under its handle. */
export function rememberHook (instance: FastifyInstance, hook: onRequestHookHandler): void {
  hooks.set(instance.corsGateway, { instance, hook })
}

/**
 * To be given to Fastify as `frameworkErrors`: a malformed URL (400) or an over-long parameter (414) is then decided like
 * any request before Fastify's own error is sent. It finds a gateway that is registered at the root.
 */
export function frameworkErrors (error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const gateway = (request.server as Partial<FastifyInstance> | undefined)?.corsGateway
  const known = gateway === undefined ? undefined : hooks.get(gateway)
  const send = (): void => { reply.send(error) }
  if (known === undefined) send()
  else known.hook.call(known.instance, request, reply, send)
}
