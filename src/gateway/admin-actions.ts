// What the admin listener does when it is asked to: reloads, and switches the debug header on for a while.
import type { FastifyInstance } from 'fastify'
import { internalsOf } from '../plugin/internals.ts'
import type { CorsGateway } from '../plugin/plugin.ts'
import { BadQuery, oneOf, queryOf, whenLoaded } from './admin-query.ts'

/** The debug header names rules: it never stays on longer than this, in seconds. */
const longestDebug = 3600

/** Registers everything that changes something. */
export function registerActions (api: FastifyInstance, gateway: () => CorsGateway | null): void {
  api.post('/api/reload', whenLoaded(gateway, async (face, request, reply) => {
    const accept = oneOf(queryOf(request, ['accept']), 'accept')
    const result = await face.reload(accept === undefined ? {} : { accept })
    return reply.code(result.ok ? 200 : 422).send(result)
  }))
  api.post('/api/debug', whenLoaded(gateway, (face, request, reply) => {
    const seconds = secondsOf(oneOf(queryOf(request, ['seconds']), 'seconds'))
    if (face.status().settings['mode'] === 'observe') {
      return reply.code(409).send({ error: 'the gateway only observes (mode: observe), so it sets no header on any response' })
    }
    internalsOf(face).debug.setFor(seconds)
    return { until: seconds === 0 ? null : new Date(Date.now() + seconds * 1000).toISOString() }
  }))
}

function secondsOf (text: string | undefined): number {
  const seconds = /^\d{1,5}$/.test(text ?? '') ? Number(text) : NaN
  if (seconds <= longestDebug) return seconds
  throw new BadQuery(`\`seconds\` is a whole number from 0, which ends it, to ${longestDebug}${text === undefined ? '' : `, not \`${text}\``}`)
}
