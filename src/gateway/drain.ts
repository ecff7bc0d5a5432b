// Ends what nobody else ends: connections of a closing gateway, and streams that a client has left.
import type { ServerResponse } from 'node:http'
import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'

/** Node keeps there the answer that is under way. */
interface HttpSocket extends Socket { readonly _httpMessage?: ServerResponse | null }

/**
 * Lets a closing gateway end each connection as soon as what was asked on it is answered, also what came behind the
 * request in flight. Node would wait until the client goes, or until it has been silent for long. What is not answered
 * after `patience` milliseconds, such as an endless stream, is cut off.
 */
export function endConnections (app: FastifyInstance, patience: number): void {
  let closing = false
  let timer: NodeJS.Timeout | undefined
  const sockets = membersOf<HttpSocket>(app, 'connection')
  const secured = membersOf<HttpSocket>(app, 'secureConnection')
  const sessions = membersOf<ServerHttp2Session>(app, 'session')
  app.addHook('preClose', async () => {
    closing = true
    for (const { _httpMessage: answer } of [...sockets, ...secured]) if (answer) endAfter(answer)
    for (const session of sessions) session.close()
    timer = setTimeout(() => {
      for (const socket of sockets) socket.destroy()
    }, patience)
  })
  app.addHook('onClose', async () => { clearTimeout(timer) })
  app.server.on('request', (request, response) => {
    if (closing && request.httpVersionMajor === 1) endAfter(response)
  })
  // Node keeps a stream that was reset without an error until all is written, which is then never; so would an upstream be kept.
  app.server.on('stream', (stream: ServerHttp2Stream) => {
    stream.once('aborted', () => setImmediate(() => stream.destroy()))
  })
}

/** What a server tells of by an event, until it closes. */
function membersOf<Member extends NodeJS.EventEmitter> ({ server }: FastifyInstance, event: string): ReadonlySet<Member> {
  const members = new Set<Member>()
  server.on(event, (member: Member) => {
    members.add(member)
    member.once('close', () => { members.delete(member) })
  })
  return members
}

/** Ends the connection of an answer of HTTP/1, when that and all that came behind it is answered. */
export function endAfter (answer: ServerResponse): void {
  const { socket } = answer.req as { socket: HttpSocket }
  answer.once('close', () => {
    setImmediate(() => {
      const { _httpMessage: next } = socket
      if (next) endAfter(next)
      else socket.destroySoon()
    })
  })
}
