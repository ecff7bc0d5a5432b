// The reverse proxy: what the gateway passes on, both ways.
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'
import httpProxy, { type FastifyHttpProxyOptions } from '@fastify/http-proxy'
import type { FastifyInstance } from 'fastify'

/** Requests whose path begins with a prefix go to an upstream; the path is passed on as it came, prefix included. */
export interface Upstream {
  /** `/` for every path. */
  readonly prefix: string
  /** Scheme, host and port. */
  readonly url: string
}

/** What a request, of HTTP/1 or HTTP/2, tells of who asks. */
interface Asker {
  readonly ip: string
  readonly host: string
  readonly protocol: string
  readonly headers: IncomingHttpHeaders
}

/** Headers that concern one connection only (RFC 9110, section 7.6.1). */
const hopByHop = new Set([
  'connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'
])

/** Headers that a client must not be able to have dropped by naming them in `Connection`. */
const endToEnd = ['origin', 'authorization', 'cookie', 'forwarded', 'vary']

/** Registers one upstream. Streams bodies both ways, passes WebSockets on, and never repeats a request. */
export async function registerUpstream (app: FastifyInstance, { prefix, url }: Upstream): Promise<void> {
  await app.register(httpProxy, {
    upstream: url,
    prefix,
    // The path that the policy judged is the path that the upstream gets.
    rewritePrefix: prefix,
    internalRewriteLocationHeader: false,
    websocket: true,
    disableRequestLogging: true,
    // The option is documented, but missing from the package's types.
    wsClientOptions: { rewriteRequestHeaders: websocketHeaders } as NonNullable<FastifyHttpProxyOptions['wsClientOptions']>,
    replyOptions: {
      rewriteRequestHeaders: requestHeaders,
      rewriteHeaders: responseHeaders,
      // A request that may have had an effect is not sent again, least of all ten times.
      retryDelay: () => null,
      onError: (reply, { error }) => {
        const status = isTimeout(error) ? 504 : 502
        reply.code(status).header('content-type', 'application/problem+json').send(JSON.stringify({
          type: 'about:blank', status, title: status === 504 ? 'Gateway Timeout' : 'Bad Gateway', detail: 'the upstream did not answer'
        }))
      }
    }
  })
}

function isTimeout (error: Error): boolean {
  const codes = [error, error.cause].map(each => (each as { code?: unknown } | undefined)?.code)
  return codes.some(code => typeof code === 'string' && /TIMEOUT|TIMEDOUT/.test(code)) || (error as { statusCode?: unknown }).statusCode === 504
}

/** Who asked, for which host, by which scheme: as the gateway saw it, never as the client says (RFC 7239). */
function requestHeaders (request: Asker, headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const passed: IncomingHttpHeaders = {}
  for (const [name, value] of Object.entries(headers)) if (!hopByHop.has(name)) passed[name] = value
  for (const name of endToEnd) if (request.headers[name] !== undefined) passed[name] = request.headers[name]
  delete passed['forwarded']
  passed['x-forwarded-for'] = request.ip
  passed['x-forwarded-host'] = request.host
  passed['x-forwarded-proto'] = request.protocol
  return passed
}

function responseHeaders (headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const passed: IncomingHttpHeaders = {}
  const named = (headers.connection ?? '').toLowerCase().split(',').map(name => name.trim())
  for (const [name, value] of Object.entries(headers)) {
    if (!hopByHop.has(name) && (!named.includes(name) || name === 'vary')) passed[name] = value
  }
  return passed
}

/** The handshake headers that an upstream needs to know who is there. */
function websocketHeaders (headers: OutgoingHttpHeaders, request: Asker): OutgoingHttpHeaders {
  const passed: OutgoingHttpHeaders = { ...headers }
  for (const name of ['origin', 'cookie', 'authorization', 'user-agent']) {
    if (request.headers[name] !== undefined) passed[name] = request.headers[name]
  }
  passed['x-forwarded-for'] = request.ip
  passed['x-forwarded-host'] = request.host
  passed['x-forwarded-proto'] = request.protocol
  return passed
}
