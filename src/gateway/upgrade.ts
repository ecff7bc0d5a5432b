// Which requests of HTTP/1 leave it: the handshakes of WebSockets. Any other `Upgrade` is ignored (RFC 9110, section 7.8).
import { IncomingMessage } from 'node:http'

interface Asked {
  readonly method?: string | undefined
  readonly headers: IncomingMessage['headers']
}

/** Whether a request asks for a WebSocket, and for nothing else. */
function isHandshake ({ method, headers }: Asked): boolean {
  return method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket'
}

/** Whether the connection owes an answer to an earlier request. */
function isBusy (socket: IncomingMessage['socket'] & { _httpMessage?: unknown }): boolean {
  return socket._httpMessage !== null && socket._httpMessage !== undefined
}

const value: unique symbol = Symbol('cors-gateway.upgrade')
const isSettled: unique symbol = Symbol('cors-gateway.upgrade-settled')

/**
 * The requests of the server. By `upgrade` Node decides whether to hand a connection over: by itself it would for any
 * protocol, and in the midst of the answer to an earlier request.
 */
export const GatewayRequest: typeof IncomingMessage = class extends IncomingMessage {
  declare [value]: boolean
  declare [isSettled]: boolean | undefined

  get upgrade (): boolean {
    if (this[isSettled] !== true) {
      this[isSettled] = true
      this[value] &&= this.method === 'CONNECT' || (isHandshake(this) && !isBusy(this.socket))
    }
    return this[value]
  }

  set upgrade (asked: boolean | null) {
    this[value] = asked === true
  }
}

// By its constructor undici knows a body whose end is not to be its connection's: an answer may still be sent there.
Object.defineProperty(GatewayRequest.prototype, 'constructor', { value: IncomingMessage })
