// The reverse proxy on real sockets: what an upstream receives, and what a client sees of a hostile one.
import { once } from 'node:events'
import { createServer as createHttpServer, request as httpRequest, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { WebSocket, WebSocketServer } from 'ws'
import { startGateway } from '../../src/gateway/gateway.ts'
import type { Upstream } from '../../src/gateway/proxy.ts'
import { memorySource } from '../../src/index.ts'
import { parseResponse, type WireResponse } from '../plugin/wire.ts'

const shop = 'https://shop.example.com'
const evil = 'https://evil.example'

const policies = memorySource([{ name: 'a.yaml', text: `
version: 1
rules:
  - name: app
    routes: [/**]
    allowOrigins: [${shop}]
    allowCredentials: true
    allowMethods: [GET, HEAD, POST, PUT]
    exposeHeaders: [x-request-id]
  - name: timed
    routes: [/timed]
    allowOrigins: [${shop}]
    timingAllowOrigin: true
  - name: admin
    routes: [/admin/**]
    allowOrigins: []
` }])

/** The headers of the policy on an answer that the shop may read; any other origin gets none. */
const granted = ['access-control-allow-credentials: true', `access-control-allow-origin: ${shop}`, 'access-control-expose-headers: x-request-id']

type Lines = readonly (readonly [string, string])[]

interface Listening extends NodeJS.EventEmitter {
  listen (port: number, host: string): unknown
  address (): unknown
}

async function listenOn (server: Listening): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** An upstream that Node's parser reads. */
async function upstream (t: Test, listener: RequestListener): Promise<{ server: Server, url: string }> {
  const server = createHttpServer({ requestTimeout: 0 }, listener)
  const port = await listenOn(server)
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return { server, url: `http://127.0.0.1:${port}` }
}

/** An upstream of bytes: what it hears up to the end of a request's head, and what it says then. */
async function rawUpstream (t: Test, answer: (socket: Socket, head: string) => void): Promise<{ url: string, heads: string[] }> {
  const heads: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    let received = ''
    socket.setEncoding('latin1')
    socket.on('error', () => {})
    socket.on('data', chunk => {
      received += String(chunk)
      const end = received.indexOf('\r\n\r\n')
      if (end === -1) return
      const head = received.slice(0, end)
      received = ''
      heads.push(head)
      answer(socket, head)
    })
  })
  const port = await listenOn(server)
  t.teardown(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return { url: `http://127.0.0.1:${port}`, heads }
}

interface Running { readonly port: number, readonly close: () => Promise<void> }

async function gatewayTo (t: Test, upstreams: string | readonly Upstream[], upstreamTimeout?: number): Promise<Running> {
  const gateway = await startGateway({
    plugin: { policies, watch: false },
    listen: { host: '127.0.0.1', port: 0 },
    admin: null,
    upstreams: typeof upstreams === 'string' ? [{ prefix: '/', url: upstreams }] : upstreams,
    ...upstreamTimeout !== undefined && { timeouts: { upstream: upstreamTimeout } },
    logger: false
  })
  const close = (): Promise<void> => gateway.close()
  t.teardown(close)
  return { port: Number(new URL(gateway.url).port), close }
}

/** Sends bytes and reads until the gateway closes. */
function exchange (port: number, bytes: string): Promise<string> {
  return new Promise(resolve => {
    let received = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes, 'latin1'))
    socket.setEncoding('latin1')
    socket.on('data', chunk => { received += String(chunk) })
    socket.on('error', () => {})
    socket.on('close', () => { resolve(received) })
  })
}

function headOf (method: string, target: string, lines: Lines): string {
  const all = [['Host', 'api.example.com'], ...lines]
  return `${method} ${target} HTTP/1.1\r\n${all.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
}

async function ask (port: number, method: string, target: string, lines: Lines = [], body: string = ''): Promise<WireResponse> {
  const closes = lines.some(([name]) => name === 'Connection') ? [] : [['Connection', 'close'] as const]
  return parseResponse(await exchange(port, headOf(method, target, [...lines, ...closes]) + body))
}

/** Every line on which the gateway has a word, sorted. */
function ownLines ({ lines }: WireResponse): string[] {
  return lines.filter(([name]) => name.startsWith('access-control-') || name === 'timing-allow-origin').map(line => line.join(': ')).sort()
}

function lineValues ({ lines }: WireResponse, wanted: string): string[] {
  return lines.filter(([name]) => name === wanted).map(([, value]) => value)
}

const chunk = Buffer.alloc(64 * 1024, 'x')
const chunks = 200 * 16
const total = chunks * chunk.length
/** Far below what any buffering of a body would take, far above what streaming does; client and upstream are in here too. */
const growthBound = 120 * 1024 * 1024

async function pour (target: NodeJS.WritableStream & NodeJS.EventEmitter, watch: () => void): Promise<void> {
  for (let i = 0; i < chunks; i++) {
    if (!target.write(chunk)) await once(target, 'drain')
    if (i % 64 === 0) watch()
  }
  target.end()
}

t.test('a body of 200 MB streams both ways', async t => {
  const { url } = await upstream(t, (request, response) => {
    if (request.method === 'GET') {
      response.writeHead(200, { 'content-length': total })
      pour(response, watch).catch(() => {})
      return
    }
    let received = 0
    request.on('data', (data: Buffer) => { received += data.length })
    request.on('end', () => response.end(String(received)))
  })
  const { port } = await gatewayTo(t, url)
  // What a first request sets up once is no growth.
  await ask(port, 'POST', '/big', [['Content-Length', String(chunk.length)]], chunk.toString())
  let start = process.memoryUsage().rss
  let peak = 0
  const watch = (): void => { peak = Math.max(peak, process.memoryUsage().rss - start) }

  await t.test('down', async t => {
    const [response] = await once(httpRequest({ port, path: '/big', headers: { origin: shop }, agent: false }).end(), 'response') as [IncomingMessage]
    let received = 0
    for await (const data of response) received += (data as Buffer).length
    t.equal(received, total)
    t.equal(response.headers['access-control-allow-origin'], shop)
    t.ok(peak < growthBound, `memory grew by ${Math.round(peak / 1024 / 1024)} MB`)
  })
  for (const headers of [{ 'content-length': total }, {}, { 'content-length': total, expect: '100-continue', 'content-type': 'application/json' }]) {
    await t.test(`up, ${JSON.stringify(headers)}`, async t => {
      start = process.memoryUsage().rss
      peak = 0
      const request = httpRequest({ port, path: '/big', method: 'POST', headers: { origin: shop, ...headers }, agent: false })
      const answered = once(request, 'response') as Promise<[IncomingMessage]>
      await pour(request, watch)
      const [response] = await answered
      let text = ''
      for await (const data of response) text += String(data)
      t.equal(text, String(total))
      t.ok(peak < growthBound, `memory grew by ${Math.round(peak / 1024 / 1024)} MB`)
    })
  }
})

t.test('a slow reader holds the upstream back', async t => {
  let sent = 0
  const { url } = await upstream(t, (_request, response) => {
    const more = (): void => {
      while (sent++ < chunks && response.write(chunk)) { /* until a buffer is full */ }
    }
    response.on('drain', more)
    more()
  })
  const { port } = await gatewayTo(t, url)
  const [response] = await once(httpRequest({ port, path: '/big', agent: false }).end(), 'response') as [IncomingMessage]
  response.pause()
  let before = -1
  // Until nothing moves any more: all buffers on the way are full.
  for (let still = 0; still < 5; still = sent === before ? still + 1 : 0) {
    before = sent
    await sleep(50)
  }
  t.ok(sent < chunks / 2, `${sent} of ${chunks} chunks were taken`)
  response.destroy()
})

t.test('server-sent events arrive one by one', async t => {
  let next: (() => void) | undefined
  const { url } = await upstream(t, (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    let i = 0
    next = () => { response.write(`data: ${i++}\n\n`) }
    next()
  })
  const { port } = await gatewayTo(t, url, 300)
  const [response] = await once(httpRequest({ port, path: '/events', headers: { origin: shop }, agent: false }).end(), 'response') as [IncomingMessage]
  t.equal(response.headers['access-control-allow-origin'], shop)
  response.setEncoding('utf8')
  for (let i = 0; i < 4; i++) {
    const [data] = await once(response, 'data') as [string]
    t.equal(data, `data: ${i}\n\n`, 'before the next is sent')
    // The last pause is longer than the upstream's timeout: an open stream may be silent.
    if (i === 2) await sleep(1500)
    next!()
  }
  response.destroy()
})

t.test('WebSockets', async t => {
  const { server, url } = await upstream(t, (_request, response) => { response.end() })
  const heard: IncomingMessage[] = []
  const sockets = new WebSocketServer({ server })
  sockets.on('connection', (socket, request) => {
    heard.push(request)
    socket.on('message', (data, isBinary) => { socket.send(data, { binary: isBinary }) })
  })
  t.teardown(() => { sockets.close() })
  const { port } = await gatewayTo(t, [{ prefix: '/', url }, { prefix: '/gone', url: 'http://127.0.0.1:1' }])

  const target = '/ch|at/a%2Fb;c?x=%zz&y={1}'
  const client = new WebSocket(`ws://127.0.0.1:${port}/`, {
    headers: { origin: shop, cookie: 'a=b', authorization: 'Basic eA==', forwarded: 'for=9.9.9.9', 'x-forwarded-for': '9.9.9.9', 'x-cors-gateway-target': '/admin/x' },
    finishRequest: request => {
      (request as { path: string }).path = target
      request.end()
    }
  })
  await once(client, 'open')
  client.send('to and fro')
  t.equal(String((await once(client, 'message'))[0]), 'to and fro')
  client.send(chunk)
  t.ok((await once(client, 'message') as [Buffer])[0].equals(chunk), 'binary')
  client.close(4001, 'done')
  await once(client, 'close')
  t.equal(heard[0]!.url, target, 'byte for byte')
  t.match(heard[0]!.headers, { origin: shop, cookie: 'a=b', authorization: 'Basic eA==', 'x-forwarded-for': '127.0.0.1', 'x-forwarded-host': `127.0.0.1:${port}` })
  t.equal(heard[0]!.headers['x-cors-gateway-target'], undefined)
  t.notMatch(heard[0]!.headers.forwarded, /9\.9\.9\.9/)

  for (const origin of [evil, 'null', `${shop}, ${shop}`]) {
    const refused = await ask(port, 'GET', '/chat', [['Connection', 'Upgrade'], ['Upgrade', 'websocket'], ['Origin', origin],
      ['Sec-WebSocket-Version', '13'], ['Sec-WebSocket-Key', 'AAAAAAAAAAAAAAAAAAAAAA==']])
    t.equal(refused.status, 403, origin)
    t.same(ownLines(refused), [])
  }
  t.equal(heard.length, 1, 'the upstream has heard of no other')

  const lost = new WebSocket(`ws://127.0.0.1:${port}/gone/1`, { headers: { origin: shop } })
  const [code, reason] = await once(lost, 'close') as [number, Buffer]
  t.equal(code, 1011)
  t.notMatch(String(reason), /127\.0\.0\.1|ECONN/, 'nothing of what is inside')
})

t.test('security 14: request headers', async t => {
  const { url, heads } = await rawUpstream(t, socket => { socket.end('HTTP/1.1 204 No Content\r\n\r\n') })
  const { port } = await gatewayTo(t, url)
  const lines: Lines = [
    ['Connection', 'close, origin, Authorization, cookie, forwarded, vary, access-control-request-method, x-forwarded-for, x-mine, sec-fetch-site'],
    ['Origin', shop], ['Authorization', 'Basic eA=='], ['Cookie', 'a=b'], ['Vary', 'x'], ['Access-Control-Request-Method', 'PUT'],
    ['Sec-Fetch-Site', 'cross-site'], ['X-Mine', '1'], ['Accept', 'text/html'],
    ['Forwarded', 'for=9.9.9.9;host=evil.example'], ['X-Forwarded-For', '9.9.9.9'], ['X-Forwarded-Host', 'evil.example'],
    ['X-Forwarded-Proto', 'https'], ['X-Forwarded-Port', '1'], ['X-Forwarded-Prefix', '/admin'], ['X-Real-IP', '9.9.9.9'],
    ['X-Original-Host', 'evil.example'], ['X-Host', 'evil.example'], ['X-Forwarded', 'for=9.9.9.9'], ['X-Client-IP', '9.9.9.9'], ['True-Client-IP', '9.9.9.9'],
    ['X_Forwarded_For', '9.9.9.9'], ['X-Forwarded_Host', 'evil.example'], ['x_real_ip', '9.9.9.9'],
    ['X-Original-URL', '/admin/x'], ['X-Rewrite-URL', '/admin/x'], ['X-Cors-Gateway-Target', '/admin/x'],
    ['Keep-Alive', 'timeout=5'], ['Proxy-Authorization', 'Basic eA=='], ['Proxy-Connection', 'close'], ['TE', 'trailers'], ['Trailer', 'x']
  ]
  t.equal((await ask(port, 'GET', '/a', lines)).status, 204)
  const { host, ...headers } = parseResponse(`${heads[0]!}\r\n\r\n`).headers
  t.equal(host, new URL(url).host, 'the upstream is asked by its own name')
  t.strictSame(headers, {
    connection: 'keep-alive',
    origin: shop,
    authorization: 'Basic eA==',
    cookie: 'a=b',
    vary: 'x',
    'access-control-request-method': 'PUT',
    'sec-fetch-site': 'cross-site',
    accept: 'text/html',
    'x-forwarded-for': '127.0.0.1',
    'x-forwarded-host': 'api.example.com',
    'x-forwarded-proto': 'http',
    forwarded: 'for=127.0.0.1;host="api.example.com";proto=http'
  })
  t.equal((await ask(port, 'GET', '/a', [['Transfer-Encoding', 'chunked']], '3\r\nabc\r\n0\r\n\r\n')).status, 400, 'a body that would be lost')
  t.equal(heads.length, 1)
  t.equal((await ask(port, 'GET', '/a', [['Content-Length', '0']])).status, 204)
})

t.test('what is forwarded is what was judged', async t => {
  const { url, heads } = await rawUpstream(t, socket => { socket.end('HTTP/1.1 204 No Content\r\n\r\n') })
  const { port } = await gatewayTo(t, [{ prefix: '/', url }, { prefix: '/admin', url }])
  const targets = [
    '/files/a%2Fb', '/files/a%2fb', '/files/A%20b', '/%7e', '/%7E/%41', '/a?x=%zz', '/a?x=%', '/a;b', '/a;b=c/d', '/a?', '/a?b?c', '/a?b=c d'.replace(' ', '+'),
    '/a|b', '/a{b}', '/a^b', '/a"b', '/a<b>', '/a`b', "/a'b", '/a\\b', '/a[b]', '/a!$&()*+,=:@', '/a/./b', '/a/%2e/b', '/a//b', '/a/', '/%C3%A4',
    '/a%5Cb', '/a%25b', '/a%2525', '/a?x=/../y', '/a?x="<>`{}|^', '/%61dmin/x', '/admin/%78?y', '/', `/${'a'.repeat(5000)}`, '/a?x=http://b/', '/ä'.replace('ä', '\xe4')
  ]
  for (const target of targets) {
    heads.length = 0
    const { status } = await ask(port, 'GET', target)
    const seen = heads.map(head => head.split('\r\n')[0])
    // Beyond these the router refuses; whatever reaches the upstream is the same.
    if (target === '/\xe4') t.ok(heads.length === 0 || seen[0] === `GET ${target} HTTP/1.1`, `${target}: ${status}`)
    else t.strictSame([status, ...seen], [204, `GET ${target} HTTP/1.1`], target)
  }
  heads.length = 0
  for (const target of ['/a/../admin/x', '/a/%2e%2e/admin/x', '/a/..%2fadmin/x', '/a\\..\\admin/x', '/a/..%5cadmin', '/a/%zz', '/a#b', '/a#/../admin/x', '/a?b#c', 'http://evil.example/a', '//evil.example/a']) {
    const answer = await ask(port, 'GET', target, [['Origin', shop]])
    t.ok(answer.status === 400 || answer.status === 404, `${target}: ${answer.status}`)
    t.match(answer.headers['content-type'], 'application/problem+json')
    t.same(heads, [], target)
  }
})

t.test('upstreams that fail', async t => {
  const hits: Record<string, number> = {}
  const { url } = await rawUpstream(t, (socket, head) => {
    const path = head.split(' ')[1]!
    hits[path] = (hits[path] ?? 0) + 1
    const answers: Record<string, string> = {
      '/unavailable': 'HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n',
      '/mid-head': 'HTTP/1.1 200 OK\r\ncontent-le',
      '/nothing': '',
      '/garbage': 'SSH-2.0-OpenSSH\r\n\r\n',
      '/mid-length': 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf',
      '/mid-chunk': 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n',
      '/status-099': 'HTTP/1.1 099 Odd\r\ncontent-length: 0\r\n\r\n',
      '/status-600': 'HTTP/1.1 600 Odd\r\ncontent-encoding: gzip\r\ncontent-length: 7\r\n\r\nhostile',
      '/status-999': 'HTTP/1.1 999 Odd\r\ncontent-length: 0\r\n\r\n',
      '/status-101': 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n',
      '/two-lengths': 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxx',
      '/huge-head': `HTTP/1.1 200 OK\r\nx: ${'x'.repeat(100_000)}\r\n\r\n`,
      '/bad-value': 'HTTP/1.1 200 OK\r\nx-a: \x01\x7f\r\ncontent-length: 0\r\n\r\n'
    }
    if (path === '/silent') return
    socket.end(answers[path] ?? 'HTTP/1.1 500 Unknown\r\ncontent-length: 0\r\n\r\n', 'latin1')
  })
  const { port } = await gatewayTo(t, [{ prefix: '/', url }, { prefix: '/gone', url: 'http://127.0.0.1:1' }], 400)
  const cases: [path: string, status: number][] = [
    ['/unavailable', 503], ['/gone/1', 502], ['/silent', 504], ['/mid-head', 502], ['/nothing', 502], ['/garbage', 502],
    ['/status-099', 502], ['/status-600', 502], ['/status-999', 502], ['/status-101', 502], ['/two-lengths', 502], ['/huge-head', 502]
  ]
  for (const [path, status] of cases) {
    for (const [origin, own] of [[shop, granted], [evil, []]] as const) {
      const answer = await ask(port, 'GET', path, [['Origin', origin]])
      t.strictSame([answer.status, ownLines(answer), answer.headers['vary']], [status, own, 'Origin'], `${path} for ${origin}`)
      if (status === 503) continue
      t.match(answer.headers['content-type'], 'application/problem+json', path)
      t.match(JSON.parse(answer.body), { status }, path)
      t.notMatch(answer.body, /127\.0\.0\.1|UND_|ECONN|HPE/, 'nothing of what is inside')
    }
    if (!path.startsWith('/gone')) t.equal(hits[path], 2, `${path}: one hit a request`)
  }
  t.equal((await ask(port, 'GET', '/bad-value', [['Origin', shop]])).headers['access-control-allow-origin'], shop)
  for (const method of ['POST', 'PUT']) {
    const answer = await ask(port, method, '/gone/1', [['Origin', shop], ['Content-Length', '3']], 'abc')
    t.strictSame([answer.status, ownLines(answer)], [502, granted], method)
  }
  for (const path of ['/mid-length', '/mid-chunk']) {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      httpRequest({ port, path, headers: { origin: shop }, agent: false }, resolve).on('error', reject).end()
    })
    t.equal(response.headers['access-control-allow-origin'], shop, path)
    let body = ''
    response.on('data', data => { body += String(data) })
    const [error] = await once(response, 'error') as [NodeJS.ErrnoException]
    t.strictSame([body, error.code, response.complete], ['half', 'ECONNRESET', false], `${path}: an aborted body`)
  }
})

const reflected = 'access-control-allow-origin: https://evil.example\r\naccess-control-allow-credentials: true\r\n'

/** What a hostile upstream says, and what of it a client may see beside the policy's own headers. */
interface Hostile {
  readonly name: string
  readonly method?: string
  readonly answer: string
  readonly status: number
  readonly seen?: Readonly<Record<string, string[]>>
  readonly body?: string
}

const hostile: readonly Hostile[] = [
  { name: 'reflects', answer: `HTTP/1.1 200 OK\r\n${reflected}content-length: 2\r\n\r\nok`, status: 200, body: 'ok' },
  {
    name: 'two of everything',
    answer: `HTTP/1.1 200 OK\r\n${reflected}${reflected}Access-Control-Allow-Origin: *\r\nACCESS-CONTROL-EXPOSE-HEADERS: *\r\n` +
      'access-control-made-up: 1\r\nvary: A\r\nvary: b, Origin\r\nset-cookie: a=1\r\nset-cookie: b=2\r\nconnection: x-a\r\nconnection: x-b\r\nx-a: 1\r\nx-b: 1\r\ncontent-length: 2\r\n\r\nok',
    status: 200, seen: { vary: ['A, b, Origin'], 'set-cookie': ['a=1', 'b=2'], 'x-a': [], 'x-b': [] }, body: 'ok'
  },
  { name: 'Vary: *', answer: 'HTTP/1.1 200 OK\r\nvary: *\r\ncontent-length: 0\r\n\r\n', status: 200, seen: { vary: ['*'] } },
  { name: 'Vary merged', answer: 'HTTP/1.1 200 OK\r\nvary: Accept-Encoding, origin\r\ncontent-length: 0\r\n\r\n', status: 200, seen: { vary: ['Accept-Encoding, Origin'] } },
  { name: 'Vary named in Connection', answer: 'HTTP/1.1 200 OK\r\nconnection: vary\r\nvary: Accept\r\ncontent-length: 0\r\n\r\n', status: 200, seen: { vary: ['Accept, Origin'] } },
  { name: 'hop by hop', answer: 'HTTP/1.1 200 OK\r\nkeep-alive: timeout=5\r\nproxy-authenticate: Basic\r\ntrailer: x\r\nupgrade: h2c\r\ncontent-length: 0\r\n\r\n', status: 200,
    seen: { 'keep-alive': [], 'proxy-authenticate': [], trailer: [], upgrade: [], connection: ['close'] } },
  { name: 'redirects', answer: `HTTP/1.1 302 Found\r\n${reflected}location: /next?a=%2F\r\ncontent-length: 0\r\n\r\n`, status: 302, seen: { location: ['/next?a=%2F'] } },
  { name: 'redirects elsewhere', answer: `HTTP/1.1 307 Found\r\n${reflected}location: https://evil.example/x\r\ncontent-length: 0\r\n\r\n`, status: 307, seen: { location: ['https://evil.example/x'] } },
  { name: '304', answer: `HTTP/1.1 304 Not Modified\r\n${reflected}etag: "a"\r\ncontent-length: 99\r\n\r\n`, status: 304, seen: { etag: ['"a"'] }, body: '' },
  { name: 'HEAD', method: 'HEAD', answer: `HTTP/1.1 200 OK\r\n${reflected}content-length: 99\r\n\r\n`, status: 200, seen: { 'content-length': ['99'] }, body: '' },
  { name: '206', answer: `HTTP/1.1 206 Partial Content\r\n${reflected}content-range: bytes 0-1/9\r\ncontent-length: 2\r\n\r\nok`, status: 206, seen: { 'content-range': ['bytes 0-1/9'] }, body: 'ok' },
  { name: '416', answer: `HTTP/1.1 416 Range Not Satisfiable\r\n${reflected}content-length: 0\r\n\r\n`, status: 416 },
  {
    name: '102 and 103 before',
    answer: `HTTP/1.1 102 Processing\r\n${reflected}\r\nHTTP/1.1 103 Early Hints\r\n${reflected}link: </a>; rel=preload\r\n\r\n` +
      'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok',
    status: 200, body: 'ok'
  },
  { name: 'trailers', answer: `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: access-control-allow-origin\r\n\r\n2\r\nok\r\n0\r\n${reflected}\r\n`, status: 200, body: '2\r\nok\r\n0\r\n\r\n' },
  { name: 'Timing-Allow-Origin', answer: 'HTTP/1.1 200 OK\r\ntiming-allow-origin: *\r\nx-cors-gateway: allowed\r\ncontent-length: 0\r\n\r\n', status: 200, seen: { 'x-cors-gateway': [] } },
  { name: '401', answer: `HTTP/1.1 401 Unauthorized\r\n${reflected}www-authenticate: Basic\r\ncontent-length: 0\r\n\r\n`, status: 401, seen: { 'www-authenticate': ['Basic'] } },
  { name: '500', answer: `HTTP/1.1 500 Oops\r\n${reflected}content-length: 0\r\n\r\n`, status: 500 },
  { name: 'until it closes', answer: `HTTP/1.1 200 OK\r\n${reflected}connection: close\r\n\r\nok`, status: 200, body: '2\r\nok\r\n0\r\n\r\n' },
  { name: '100 that nobody asked for', answer: `HTTP/1.1 100 Continue\r\n${reflected}\r\nHTTP/1.1 200 OK\r\n${reflected}content-length: 0\r\n\r\n`, status: 502 },
  { name: 'a first chunk that is none', answer: 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n', status: 502 },
  { name: 'prototypes', answer: 'HTTP/1.1 200 OK\r\n__proto__: a\r\n__proto__: b\r\ncontent-length: 2\r\n\r\nok', status: 200, seen: { 0: [], 1: [] }, body: 'ok' },
  { name: 'injects', answer: 'HTTP/1.1 200 OK\r\nx-a: a\rAccess-Control-Allow-Origin: *\r\ncontent-length: 0\r\n\r\n', status: 502 }
]

t.test('hostile upstreams', async t => {
  let answer = ''
  const { url } = await rawUpstream(t, socket => { socket.end(answer, 'latin1') })
  const { port } = await gatewayTo(t, url)
  for (const each of hostile) {
    ({ answer } = each)
    for (const [origin, own] of [[shop, granted], [evil, []], ['null', []], [null, []]] as const) {
      const seen = await ask(port, each.method ?? 'GET', '/x', origin === null ? [] : [['Origin', origin], ['Range', 'bytes=0-1']])
      const said = `${each.name}, for ${origin ?? 'no origin'}`
      t.strictSame([seen.status, ownLines(seen)], [each.status, own], said)
      const vary = each.seen?.['vary'] ?? ['Origin']
      t.strictSame(lineValues(seen, 'vary'), vary, `${said}: Vary`)
      for (const [name, values] of Object.entries(each.seen ?? {})) t.strictSame(lineValues(seen, name), values, `${said}: ${name}`)
      if (each.body !== undefined) t.equal(seen.body, each.body, `${said}: body`)
    }
  }
  answer = 'HTTP/1.1 200 OK\r\ntiming-allow-origin: *\r\ncontent-length: 0\r\n\r\n'
  t.strictSame(lineValues(await ask(port, 'GET', '/timed', [['Origin', shop]]), 'timing-allow-origin'), [shop])
  t.strictSame(lineValues(await ask(port, 'GET', '/timed', [['Origin', evil]]), 'timing-allow-origin'), [])
})

t.test('clients that leave', async t => {
  const waiting: (() => void)[] = []
  const { url } = await upstream(t, (request, response) => {
    request.on('error', () => {})
    if (request.url === '/late') waiting.push(() => { response.end(chunk) })
    else if (request.url === '/long') response.write(chunk)
    else if (request.url === '/upload') request.once('data', () => { waiting.push(() => {}) })
    else response.end('still here')
    response.on('close', () => { gone++ })
  })
  let gone = 0
  const { port } = await gatewayTo(t, url)
  for (const [method, path] of [['GET', '/late'], ['GET', '/long'], ['POST', '/upload']] as const) {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    socket.write(headOf(method, path, [['Origin', shop], ...method === 'POST' ? [['Content-Length', '999999'] as const] : []]) + (method === 'POST' ? 'abc' : ''))
    if (path === '/long') await once(socket, 'data')
    else while (waiting.length === 0) await sleep(5)
    socket.destroy()
    await sleep(30)
    for (const answer of waiting.splice(0)) answer()
  }
  for (let i = 0; i < 100 && gone < 3; i++) await sleep(20)
  t.equal(gone, 3, 'the upstream is left as well')
  t.equal((await ask(port, 'GET', '/')).status, 200, 'the gateway lives')
})

t.test('upgrades that cannot be passed on are closed', async t => {
  const { url, heads } = await rawUpstream(t, socket => { socket.end('HTTP/1.1 204 No Content\r\n\r\n') })
  const { port } = await gatewayTo(t, url)
  const handshake: Lines = [['Connection', 'Upgrade'], ['Upgrade', 'websocket'], ['Sec-WebSocket-Version', '13'],
    ['Sec-WebSocket-Key', 'AAAAAAAAAAAAAAAAAAAAAA==']]
  for (const target of ['/a#b', '/a/../admin', '/a%zz']) t.equal((await ask(port, 'GET', target, handshake)).status, 400, target)
  const other = await ask(port, 'GET', '/a', [['Connection', 'Upgrade, HTTP2-Settings, close'], ['Upgrade', 'h2c'], ['HTTP2-Settings', 'AA'], ['Origin', shop]])
  t.strictSame([other.status, ownLines(other)], [204, granted], 'an upgrade to something else is ignored')
  t.equal(heads.length, 1)
  t.notMatch(heads[0], /upgrade|settings/i)
})

t.test('requests that are none', async t => {
  const { url, heads } = await rawUpstream(t, socket => { socket.end('HTTP/1.1 204 No Content\r\n\r\n') })
  const { port } = await gatewayTo(t, url)
  const cases: [name: string, bytes: string, status: number][] = [
    ['a malformed escape', headOf('GET', '/a%zz', [['Origin', shop], ['Connection', 'close']]), 400],
    ['not UTF-8', headOf('GET', '/a%ff', [['Origin', shop], ['Connection', 'close']]), 400],
    ['no HTTP', 'hello\r\n\r\n', 400],
    ['no Host', `GET / HTTP/1.1\r\nOrigin: ${shop}\r\n\r\n`, 400],
    ['both lengths', headOf('POST', '/', [['Origin', shop], ['Content-Length', '3'], ['Transfer-Encoding', 'chunked']]), 400],
    ['a head too large', headOf('GET', '/', [['Origin', shop], ['X', 'x'.repeat(20_000)]]), 431]
  ]
  for (const [name, bytes, status] of cases) {
    const answer = parseResponse(await exchange(port, bytes))
    t.strictSame([answer.status, ownLines(answer)], [status, []], name)
    if (name !== 'no Host') t.match(answer.headers['content-type'], 'application/problem+json', name)
  }
  t.same(heads, [])
})

t.test('closing lets requests end', async t => {
  let release: (() => void)[] = []
  const { url } = await upstream(t, (request, response) => {
    const answer = (): void => { response.end(`done ${request.url!}`) }
    if (request.url === '/fast') answer()
    else release.push(answer)
  })
  const { port, close } = await gatewayTo(t, url)
  // A client that would keep its connection open for long.
  const slow = ask(port, 'GET', '/slow', [['Origin', shop], ['Connection', 'keep-alive']])
  while (release.length === 0) await sleep(5)
  // The second request stands behind the first on one connection, and is read only while the gateway closes.
  const piped = exchange(port, headOf('GET', '/first', [['Origin', shop]]) + headOf('GET', '/second', [['Origin', shop]]))
  while (release.length < 2) await sleep(5)
  let closed = false
  const closing = close().then(() => { closed = true })
  await sleep(50)
  t.notOk(closed, 'it waits')
  await t.rejects(once(connect(port, '127.0.0.1'), 'connect'), { code: 'ECONNREFUSED' }, 'no new connection')
  for (const answer of release.splice(0)) answer()
  const answer = await slow
  t.strictSame([answer.status, ownLines(answer), answer.body], [200, granted, 'done /slow'])
  const finisher = setInterval(() => { for (const each of release.splice(0)) each() }, 10)
  const both = await piped
  clearInterval(finisher)
  t.match(both, /done \/first/)
  const second = parseResponse(both.slice(both.indexOf('HTTP/1.1', 10)))
  t.strictSame([second.status, ownLines(second)], [200, granted], 'the second')
  await closing
  release = []
})
