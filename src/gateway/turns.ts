// Pipelined requests of an HTTP/1 connection: each goes to its upstream when the one before it has been answered.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** How many requests of one connection may wait. Browsers send the next one when they have the answer. */
const maxWaiting = 32

interface Line {
  last: ServerResponse
  length: number
  /** Once a request was sent away, none is let in behind it: its answer closes the connection. */
  isFull: boolean
}

const lines = new WeakMap<Socket, Line>()

/**
 * Calls `turn` when a request may go on: never, if an answer before it has closed the connection, which ends what comes
 * behind it (RFC 9112, section 9.6). `crowded` stands for too many that wait.
 */
export function waitForTurn (request: IncomingMessage, response: ServerResponse, turn: (crowded: boolean) => void): void {
  if (request.httpVersionMajor !== 1) {
    turn(false)
    return
  }
  const { socket } = request
  if (!socket.writable) return
  const line = lines.get(socket)
  if (line === undefined) {
    lines.set(socket, { last: response, length: 1, isFull: false })
    response.once('close', () => { leaveLine(socket, response) })
    turn(false)
    return
  }
  line.isFull ||= line.length > maxWaiting
  if (line.isFull) {
    turn(true)
    return
  }
  line.last.once('close', () => { if (socket.writable) turn(false) })
  line.last = response
  line.length++
  response.once('close', () => { leaveLine(socket, response) })
}

function leaveLine (socket: Socket, response: ServerResponse): void {
  const line = lines.get(socket)!
  line.length--
  if (line.last === response && !line.isFull) lines.delete(socket)
}
