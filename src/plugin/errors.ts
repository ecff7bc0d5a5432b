// Why a registration fails: every error has a code that starts with `FST_CORS_GATEWAY_`.
import createError from '@fastify/error'
import type { FastifyErrorConstructor } from '@fastify/error'
import type { Diagnostic } from '../diagnostic/diagnostic.ts'

type Constructor<C extends string> = FastifyErrorConstructor<{ code: C }, [string]>

/** An option that this version does not know: it would be ignored silently, so it is refused. */
export const UnknownOptionError: Constructor<'FST_CORS_GATEWAY_UNKNOWN_OPTION'> =
  createError('FST_CORS_GATEWAY_UNKNOWN_OPTION', 'fastify-cors-gateway: %s')

/** An option with a value that means nothing. */
export const InvalidOptionError: Constructor<'FST_CORS_GATEWAY_INVALID_OPTION'> =
  createError('FST_CORS_GATEWAY_INVALID_OPTION', 'fastify-cors-gateway: %s')

/** The place in the application where the plugin cannot do what it promises. */
export const ContextError: Constructor<'FST_CORS_GATEWAY_CONTEXT'> =
  createError('FST_CORS_GATEWAY_CONTEXT', 'fastify-cors-gateway: %s')

const PolicyError = createError<'FST_CORS_GATEWAY_POLICIES', [string]>('FST_CORS_GATEWAY_POLICIES', 'fastify-cors-gateway: %s')

/** The policies cannot be used: registration fails with every finding. */
export function policyError (
  message: string, diagnostics: readonly Diagnostic[], cause?: unknown
): Error & { diagnostics: readonly Diagnostic[] } {
  return Object.assign(new PolicyError(message), { diagnostics, ...cause !== undefined && { cause } })
}
