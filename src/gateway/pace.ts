// Holds a WebSocket back while the one that its messages go to does not keep up.

/** What is needed of a WebSocket of the package `ws`. */
export interface PacedSocket {
  readonly bufferedAmount: number
  readonly isPaused: boolean
  readonly readyState: number
  readonly OPEN: number
  pause (): void
  resume (): void
  send (data: unknown, options: object, sent: () => void): void
  ping (data: unknown, mask: undefined, sent: () => void): void
  pong (data: unknown, mask: undefined, sent: () => void): void
  once (event: 'close', listener: () => void): unknown
}

/** With more bytes than this waiting for a socket, no more are read for it. */
const bound = 1024 * 1024

/** Lets two sockets read no faster than the other one takes what it is sent. */
export function paceSockets (one: PacedSocket, other: PacedSocket): void {
  pace(one, other)
  pace(other, one)
}

function pace (from: PacedSocket, to: PacedSocket): void {
  const settle = (): void => {
    // What is sent to a socket that has closed counts as waiting, for ever.
    if (to.readyState === to.OPEN && to.bufferedAmount > bound) from.pause()
    else if (from.isPaused) from.resume()
  }
  const send = to.send.bind(to)
  const ping = to.ping.bind(to)
  const pong = to.pong.bind(to)
  to.send = (data, options) => {
    send(data, options, settle)
    settle()
  }
  to.ping = data => {
    ping(data, undefined, settle)
    settle()
  }
  to.pong = data => {
    pong(data, undefined, settle)
    settle()
  }
  // A socket that is not read never hears that it is closed.
  to.once('close', () => { from.resume() })
}
