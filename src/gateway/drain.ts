// Ends connections that nobody else ends: those of a closing gateway, and refused upgrades.
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'

/**
 * Lets a closing gateway end each connection as soon as what was asked on it is answered, also what came behind the
 * request in flight. Node would wait until the client goes, or until it has been silent for long.
 */
export function endConnections (app: FastifyInstance): void {
  let closing = false
  app.addHook('preClose', async () => { closing = true })
  app.addHook('onResponse', (request, _reply, done) => {
    if ((closing || isUpgrade(request.raw)) && request.raw.httpVersionMajor === 1) setImmediate(endIdle, request.raw.socket)
    done()
  })
}

/** A socket that was handed over for an upgrade is no server's to close, so a refusal leaves it open. */
function isUpgrade (raw: IncomingMessage & { upgrade?: boolean }): boolean {
  return raw.upgrade === true
}

function endIdle (socket: Socket & { _httpMessage?: unknown }): void {
  if (socket._httpMessage === null || socket._httpMessage === undefined) socket.destroySoon()
}
