// Pipelined requests of an HTTP/1 connection: each goes to its upstream when the one before it has been answered.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** How many requests of one connection may wait. Browsers send the next one when they have the answer. */
const maxWaiting = 32

interface Queue {
  waiting: number
  /** Once a request was sent away, none is let in behind it: its answer closes the connection. */
  isFull: boolean
}

/** Of the connections on which a request had to wait. */
const queues = new WeakMap<Socket, Queue>()

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
  // Node hands the socket to a response when all before it are written.
  if (response.socket !== null) {
    turn(false)
    return
  }
  const queue = queueOf(socket)
  queue.isFull ||= queue.waiting >= maxWaiting
  if (queue.isFull) {
    turn(true)
    return
  }
  queue.waiting++
  response.once('socket', () => {
    queue.waiting--
    // Node is still about the answer before.
    process.nextTick(() => { if (socket.writable) turn(false) })
  })
}

function queueOf (socket: Socket): Queue {
  let queue = queues.get(socket)
  if (queue === undefined) queues.set(socket, queue = { waiting: 0, isFull: false })
  return queue
}
