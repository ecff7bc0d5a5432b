// What stands behind the gateway: answers as every kind of request needs it, and grants everybody everything.
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { WebSocketServer } from 'ws'

/** The response headers beside the safelisted ones that a page might read. */
export const ownHeaders = ['etag', 'link', 'x-request-id', 'x-secret', 'x-total']

const page = '<!doctype html><meta charset="utf-8"><title>page</title><body><script src="/page.js"></script>'
const bodies: Readonly<Record<string, readonly [type: string, body: string | Buffer]>> = {
  font: ['font/ttf', readFileSync(new URL('dot.ttf', import.meta.url))],
  // One red pixel.
  image: ['image/png', Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==', 'base64')],
  module: ['text/javascript', 'export const word = "read"'],
  script: ['text/javascript', 'var word = "read"'],
  style: ['text/css', 'b { color: red }'],
  eventsource: ['text/event-stream', 'data: read\n\n'],
  page: ['text/html', page],
  'page.js': ['text/javascript', readFileSync(new URL('page.js', import.meta.url))]
}

/** Answers with the page or its script. */
export function servePage (request: IncomingMessage, response: ServerResponse): void {
  const [type, body] = bodies[request.url === '/page.js' ? 'page.js' : 'page']!
  response.writeHead(200, { 'content-type': type }).end(body)
}

/** Grants whatever is asked for: none of it may ever reach a page. */
function everything (request: IncomingMessage): Record<string, string> {
  return {
    'access-control-allow-origin': request.headers.origin ?? '*',
    'access-control-allow-credentials': 'true',
    'access-control-allow-methods': '*, PUT, DELETE, PATCH',
    'access-control-allow-headers': request.headers['access-control-request-headers'] ?? '*',
    'access-control-expose-headers': `*, ${ownHeaders.join(', ')}`,
    'access-control-max-age': '86400'
  }
}

function answer (request: IncomingMessage, response: ServerResponse): void {
  const { searchParams, pathname } = new URL(request.url!, 'http://upstream')
  request.resume()
  if (pathname === '/page.js' || pathname === '/page') return servePage(request, response)
  const to = searchParams.get('to')
  const [type, body] = bodies[searchParams.get('kind') ?? ''] ?? ['text/plain', 'read']
  response.writeHead(Number(searchParams.get('status') ?? 200), {
    ...everything(request),
    'content-type': type,
    'cache-control': 'no-store',
    'content-language': 'en',
    ...Object.fromEntries(ownHeaders.map(name => [name, name === 'link' ? '</a>; rel=next' : '"1"'])),
    ...searchParams.has('login') && { 'set-cookie': 'session=1; Path=/' },
    ...to !== null && { location: to }
  })
  response.end(response.statusCode === 204 || response.statusCode === 304 ? undefined : body)
}

/** Makes the upstream. */
export function createUpstream (): Server {
  const server = createServer(answer)
  const sockets = new WebSocketServer({ noServer: true })
  server.on('upgrade', (request, socket, head) => {
    sockets.handleUpgrade(request, socket, head, peer => { peer.send('read') })
  })
  return server
}
