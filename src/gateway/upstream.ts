// The connections to the upstreams: they send the target that was judged, and wait no longer than they are told.
import { Readable } from 'node:stream'
import { Agent, type Dispatcher } from 'undici'

/**
 * Carries a request's target, as it came, to where it is sent. It never leaves the gateway: the proxy would hand on
 * what a URL parser makes of the target, and so might ask for another path than the one that was judged.
 */
export const targetHeader = 'x-cors-gateway-target'

/** What the proxy needs to reach its upstreams. */
export interface UpstreamClient {
  readonly request: Dispatcher['request']
  /** Ends every connection at once. */
  close (): Promise<void>
}

type Answered = (error: Error | null, answer: Dispatcher.ResponseData) => void

/**
 * Makes the client for all upstreams. It waits `timeout` milliseconds for a connection, and as long again for a
 * response's head; a body may take its time, as that of server-sent events does.
 */
export function createUpstreamClient (timeout: number): UpstreamClient {
  const agent = new Agent({ headersTimeout: timeout, bodyTimeout: 0, connect: { timeout } })
  const request = (options: Dispatcher.RequestOptions, answered: Answered): void => {
    const { [targetHeader]: target, ...headers } = options.headers as Record<string, string | string[] | undefined>
    agent.request({ ...options, headers, path: typeof target === 'string' ? target : options.path }, (error, answer) => {
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
  return { request: request as Dispatcher['request'], close: () => agent.destroy() }
}

/** Whether a status ends an exchange (RFC 9110, section 15). */
function isFinal (status: number): boolean {
  return status >= 200 && status <= 599
}
