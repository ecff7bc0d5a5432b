// The connections to the upstreams: they send the target that was judged, and wait no longer than they are told.
import { Readable } from 'node:stream'
import { Agent, type Dispatcher } from 'undici'

/**
 * Carries the target of a WebSocket's handshake, as it came, to where it is sent. It never leaves the gateway: the proxy
 * would hand on what a URL parser makes of the target, and so might ask for another path than the one that was judged.
 */
export const targetHeader = 'x-cors-gateway-target'

/** Carries the passage of a request in its headers. It is no header's name. */
export const passageKey: unique symbol = Symbol('cors-gateway.passage')

/** What the proxy needs to reach its upstreams. */
export interface UpstreamClient {
  readonly request: Dispatcher['request']
  /** Takes one of an upstream's connections. Gives what sets it free again, or null if all are in use. */
  take (origin: string): (() => void) | null
  /** Ends every connection at once. */
  close (): Promise<void>
}

type Answered = (error: Error | null, answer: Dispatcher.ResponseData) => void

/**
 * A request on its way, and the signal by which undici learns that nobody waits for it any more: of an emitter it needs
 * no more than this, and an `AbortSignal` for each request, or an emitter, is dear.
 */
export class Passage {
  /** The target as it came: the proxy would hand on what a URL parser makes of it. */
  readonly target: string
  aborted = false
  #isAnswered = false
  #listener: (() => void) | null = null

  constructor (target: string) {
    this.target = target
  }

  /** To be called when the client has its answer, or has left. */
  end (): void {
    if (this.#isAnswered || this.aborted) return
    this.aborted = true
    this.#listener?.()
  }

  /** From now on the body of the answer hears by itself that the client leaves. */
  answered (): void {
    this.#isAnswered = true
  }

  on (event: string, listener: () => void): this {
    return this.once(event, listener)
  }

  once (_event: string, listener: () => void): this {
    this.#listener = listener
    return this
  }

  removeListener (): this {
    this.#listener = null
    return this
  }
}

interface CarriedHeaders extends Record<string, string | string[] | undefined> { [passageKey]: Passage }

/**
 * Makes the client for all upstreams. It waits `timeout` milliseconds for a connection, and as long again for a
 * response's head; a body may take its time, as that of server-sent events does. To each upstream it keeps no more than
 * `connections`. Who has left is told no answer.
 */
export function createUpstreamClient (timeout: number, connections: number): UpstreamClient {
  const agent = new Agent({ headersTimeout: timeout, bodyTimeout: 0, connect: { timeout }, connections })
  const request = (options: Dispatcher.RequestOptions, answered: Answered): void => {
    const { [passageKey]: passage } = options.headers as CarriedHeaders
    // The options are made for this one call.
    options.path = passage.target
    options.signal = passage
    agent.request(options, (error, answer) => {
      passage.answered()
      if (passage.aborted) {
        if (error === null) answer.body.on('error', () => {}).destroy()
        return
      }
      if (error === null) answer.body.once('error', blame)
      if (error === null && !isFinal(answer.statusCode)) {
        answer.body.on('error', () => {}).destroy()
        answered(new Error(`the upstream answered with the status ${answer.statusCode}`), answer)
      } else if (error === null && answer.statusCode === 304) {
        // It may tell the length that a body would have (RFC 9110, section 15.4.5); the client misses that body then.
        answer.body.on('error', () => {}).resume()
        answered(null, { ...answer, body: Readable.from([]) as Dispatcher.ResponseData['body'] })
      } else {
        answered(error, answer)
      }
    })
  }
  return { request: request as Dispatcher['request'], take: seats(connections), close: () => agent.destroy() }
}

/** Counts what is under way to each upstream, so that nothing waits where nobody counts. */
function seats (limit: number): UpstreamClient['take'] {
  const taken = new Map<string, number>()
  return origin => {
    const before = taken.get(origin) ?? 0
    if (before >= limit) return null
    taken.set(origin, before + 1)
    return () => { taken.set(origin, taken.get(origin)! - 1) }
  }
}

/** A body that breaks off before its first byte is answered for: it is the upstream that failed. */
function blame (error: Error): void {
  Object.assign(error, { statusCode: 502 })
}

/** Whether a status ends an exchange (RFC 9110, section 15). */
function isFinal (status: number): boolean {
  return status >= 200 && status <= 599
}
