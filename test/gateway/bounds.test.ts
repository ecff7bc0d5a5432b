// What one client can take: connections to upstreams, places in a line, memory and time; and what is refused before it gets there.
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { constants } from 'node:http2'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import t, { type Test } from 'tap'
import { WebSocket, WebSocketServer } from 'ws'
import { corsHeaders, fetchFrom, parseResponse, request as requestBytes } from '../plugin/wire.ts'
import { askHttp2, evil, granted, makeCertificate, openSession, shop, startTestGateway, startUpstream } from './lab.ts'

const host = 'api.example.com'

function head (method: string, target: string, ...lines: string[]): string {
  return [`${method} ${target} HTTP/1.1`, `Host: ${host}`, `Origin: ${shop}`, ...lines, '', ''].join('\r\n')
}

/** Sends bytes and gives what comes back, as it comes. */
async function open (t: Test, port: number, bytes: string): Promise<{ socket: Socket, received: () => string }> {
  const socket = connect(port, '127.0.0.1')
  let received = ''
  socket.setEncoding('latin1').on('data', data => { received += String(data) }).on('error', () => {})
  t.teardown(() => { socket.destroy() })
  await once(socket, 'connect')
  socket.write(bytes, 'latin1')
  return { socket, received: () => received }
}

async function until (done: () => boolean): Promise<void> {
  while (!done()) await sleep(10)
}

/** An upstream that answers nothing, and the connections to it that are open. */
async function silentUpstream (t: Test): Promise<{ url: string, sockets: Set<Socket> }> {
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => { sockets.delete(socket) }).resume()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, sockets }
}

t.test('a client that leaves ends its request to the upstream', async t => {
  const { url, sockets } = await silentUpstream(t)
  const tls = await makeCertificate(t.testdir())
  const plain = await startTestGateway(t, { upstreams: [{ prefix: '/', url }] })
  for (const [what, bytes] of [['GET', head('GET', '/')], ['a body', head('POST', '/', 'Content-Length: 3') + 'abc'], ['half a body', head('POST', '/', 'Content-Length: 9') + 'abc']] as const) {
    const { socket } = await open(t, plain.port, bytes)
    await until(() => sockets.size === 1)
    socket.destroy()
    await until(() => sockets.size === 0)
    t.pass(`HTTP/1, ${what}`)
  }
  const { port } = await startTestGateway(t, { upstreams: [{ prefix: '/', url }], tls })
  const session = await openSession(t, port)
  for (const [method, body] of [['GET', null], ['POST', 'abc'], ['POST', '']] as const) {
    const stream = session.request({ ':path': '/', ':authority': host, ':method': method }, { endStream: method === 'GET' })
    stream.on('error', () => {})
    if (body !== null) stream.write(body === '' ? 'half' : body)
    if (body === 'abc') stream.end()
    await until(() => sockets.size === 1)
    stream.close(constants.NGHTTP2_CANCEL)
    await until(() => sockets.size === 0)
    t.pass(`HTTP/2, ${method}`)
  }
})

t.test('connections to an upstream are limited', async t => {
  const held: (() => void)[] = []
  const { server, url } = await startUpstream(t, (request, response) => {
    if (request.url === '/held') held.push(() => { response.end() })
    else response.end('ok')
  })
  const sockets = new WebSocketServer({ server })
  t.teardown(() => { sockets.close() })
  const tls = await makeCertificate(t.testdir())
  const other = await startUpstream(t, 'other')
  const { port } = await startTestGateway(t, { upstreams: [{ prefix: '/', url }, { prefix: '/other', url: other.url }], tls, limits: { connections: 2 } })
  const session = await openSession(t, port)
  const ask = (path: string, more: Record<string, string> = {}): ReturnType<typeof askHttp2> =>
    askHttp2(session, { ':path': path, ':authority': host, origin: shop, ...more })
  const both = [ask('/held'), ask('/held')]
  await until(() => held.length === 2)
  for (const [origin, due] of [[shop, granted], [evil, {}]] as const) {
    const refused = await ask('/', { origin })
    t.strictSame([refused.status, corsHeaders(refused.headers), refused.headers.vary], [503, due, 'Origin'], `for ${origin}`)
    t.match(JSON.parse(refused.body), { status: 503 })
  }
  t.equal((await ask('/', { ':method': 'OPTIONS', 'access-control-request-method': 'PUT' })).status, 204, 'a preflight needs none')
  t.equal((await ask('/other')).body, 'other', 'another upstream has its own')
  for (const answer of held.splice(0)) answer()
  for (const { status } of await Promise.all(both)) t.equal(status, 200)
  for (let i = 0; i < 200; i++) {
    const stream = session.request({ ':path': '/held', ':authority': host })
    stream.on('error', () => {}).close(constants.NGHTTP2_CANCEL)
    if (i % 20 === 0) await once(stream, 'close')
  }
  let status = 503
  while (status === 503) ({ status } = await ask('/'))
  t.equal(status, 200, 'those of streams that were reset are free again')

  const plain = await startTestGateway(t, { upstreams: [{ prefix: '/', url }], limits: { connections: 1 } })
  const client = new WebSocket(`ws://127.0.0.1:${plain.port}/`, { headers: { origin: shop } })
  await once(client, 'open')
  const refused = await fetchFrom(plain.port, 'GET', '/', { origin: shop })
  t.strictSame([refused.status, corsHeaders(refused.headers)], [503, granted], 'a WebSocket has one')
  const second = new WebSocket(`ws://127.0.0.1:${plain.port}/`, { headers: { origin: shop } })
  const [, response] = await once(second, 'unexpected-response') as [unknown, IncomingMessage]
  t.equal(response.statusCode, 503)
  second.on('error', () => {}).terminate()
  client.terminate()
  let again = 503
  while (again === 503) ({ status: again } = await fetchFrom(plain.port, 'GET', '/', { origin: shop }))
  t.equal(again, 200)
})

t.test('pipelined requests go one after the other', async t => {
  const held: (() => void)[] = []
  const { url, heard } = await startUpstream(t, (request, response) => {
    held.push(() => { response.end(`<${request.url!}>`) })
  })
  const { port } = await startTestGateway(t, { upstreams: [{ prefix: '/', url }], limits: { body: 10 } })
  const few = await open(t, port, ['/1', '/2', '/3'].map(target => head('GET', target)).join(''))
  for (const target of ['/1', '/2', '/3']) {
    await until(() => held.length > 0)
    await sleep(20)
    t.strictSame([heard.length, heard.at(-1)!.url], [Number(target.slice(1)), target], `${target} alone`)
    held.shift()!()
  }
  await until(() => few.received().includes('</3>'))
  t.strictSame(few.received().match(/<.*?>/g), ['</1>', '</2>', '</3>'])

  heard.length = 0
  const many = await open(t, port, head('GET', '/').repeat(1000))
  const answering = setInterval(() => { for (const answer of held.splice(0)) answer() }, 5)
  t.teardown(() => { clearInterval(answering) })
  await once(many.socket, 'close')
  const answers = many.received().split('HTTP/1.1 ').slice(1)
  t.ok(heard.length > 1 && heard.length < 100, `the upstream has heard of ${heard.length}`)
  t.strictSame(answers.map(answer => answer.slice(0, 3)), [...heard.map(() => '200'), '503'], 'the next is told, and none behind it')
  t.match(parseResponse(`HTTP/1.1 ${answers.at(-1)!}`).headers, { ...granted, connection: 'close' })

  heard.length = 0
  for (let i = 0; i < 5; i++) {
    const closed = await open(t, port, `${head('POST', '/a', 'Content-Length: 2000')}${'x'.repeat(2000)}${head('GET', '/behind')}`)
    await once(closed.socket, 'close')
    t.match(closed.received(), /^HTTP\/1\.1 413/)
  }
  await sleep(50)
  t.strictSame(heard.map(({ url: target }) => target), [], 'what stands behind an answer that closes is not passed on')
})

t.test('messages of WebSockets are limited, both ways', async t => {
  const { server, url } = await startUpstream(t, 'ok')
  const sockets = new WebSocketServer({ server })
  sockets.on('connection', (socket, request) => {
    socket.on('message', data => { socket.send(data, { binary: true }) })
    if (request.url !== '/') socket.send(Buffer.alloc(Number(request.url!.slice(1))))
  })
  t.teardown(() => { sockets.close() })
  for (const [limits, most] of [[{}, 1024 * 1024], [{ message: 1000 }, 1000]] as const) {
    const { port } = await startTestGateway(t, { upstreams: [{ prefix: '/', url }], limits })
    const client = new WebSocket(`ws://127.0.0.1:${port}/`, { headers: { origin: shop } })
    await once(client, 'open')
    client.send(Buffer.alloc(most))
    t.equal((await once(client, 'message') as [Buffer])[0].length, most, `${most} bytes pass`)
    client.send(Buffer.alloc(most + 1))
    t.equal((await once(client, 'close'))[0], 1009, 'no more from the client')
    const reader = new WebSocket(`ws://127.0.0.1:${port}/${most + 1}`, { headers: { origin: shop } })
    t.strictSame((await once(reader, 'close')).map(String), ['1011', 'a message of the upstream is too large'])
  }
})

t.test('a host that is none', async t => {
  const { url, heard } = await startUpstream(t, 'ok')
  const { port } = await startTestGateway(t, { upstreams: [{ prefix: '/', url }], trustProxy: true })
  const bad = ['evil.example, a.example.com', 'evil.example,a.example.com', 'evil.example/.example.com', 'evil.example#.example.com', 'evil.example?.example.com',
    'evil.example\\.example.com', 'me:x@a.example.com', 'evil.example @a.example.com', '<x>.example.com', '"a".example.com', '%00.example.com', '\xe9.example.com',
    'a.example.com:99999', 'a.example.com:80:90', '[::1].example.com', '[::1', 'a.example.com:x']
  for (const name of bad) {
    const answer = await requestBytes(port, 'GET', '/', [['Origin', shop]], name)
    t.equal(answer.status, 400, name)
    t.match(answer.headers['content-type'], 'application/problem+json')
  }
  const forwarded = await requestBytes(port, 'GET', '/', [['X-Forwarded-Host', 'evil.example/.example.com']])
  t.equal(forwarded.status, 400, 'by word of a proxy in front')
  for (const second of [host, 'evil.example']) t.equal((await requestBytes(port, 'GET', '/', [['Host', second]])).status, 400, `twice: ${second}`)
  t.strictSame(heard, [])
  for (const name of [host, 'a.example.com:8080', 'A.example.com.', '[::1]:80', '127.0.0.1', 'a_b']) t.equal((await requestBytes(port, 'GET', '/', [], name)).status, 200, name)
})

t.test('upgrades that are none', async t => {
  const { url, heard } = await startUpstream(t, (request, response) => {
    request.resume().on('end', () => setTimeout(() => response.end(request.url), 20))
  })
  const { port } = await startTestGateway(t, { upstreams: [{ prefix: '/', url }] })
  for (const [method, protocol, body] of [['GET', 'h2c', ''], ['POST', 'h2c', 'abc'], ['POST', 'TLS/1.0', 'abc']] as const) {
    const { socket, received } = await open(t, port, head(method, '/x', `Upgrade: ${protocol}`, 'Connection: Upgrade', `Content-Length: ${body.length}`) + body)
    await once(socket, 'close')
    const answer = parseResponse(received())
    t.strictSame([answer.status, corsHeaders(answer.headers), answer.body], [200, granted, '/x'], `${method} ${protocol}`)
    t.equal(heard.at(-1)!.headers.upgrade, undefined)
  }
  heard.length = 0
  const handshake = ['Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==']
  const { socket, received } = await open(t, port, head('GET', '/first') + head('GET', '/behind', ...handshake))
  await once(socket, 'close')
  t.strictSame(received().match(/HTTP\/1\.1 \d+/g), ['HTTP/1.1 200', 'HTTP/1.1 400'], 'a handshake behind a request')
  t.strictSame(heard.map(({ url: target }) => target), ['/first'])
  t.equal((await requestBytes(port, 'GET', '/', [])).status, 200, 'the gateway lives')
})

t.test('a request that does not arrive, on HTTP/1', async t => {
  const { url } = await startUpstream(t, (request, response) => {
    request.on('error', () => {}).resume().on('end', () => response.end())
  })
  const tls = await makeCertificate(t.testdir())
  for (const options of [{}, { tls, http2: false }, { tls }]) {
    const { port } = await startTestGateway(t, { upstreams: [{ prefix: '/', url }], timeouts: { request: 300 }, ...options })
    for (const bytes of [`GET / HTTP/1.1\r\nHost: ${host}\r\n`, head('POST', '/', 'Content-Length: 9') + 'abc']) {
      const socket = 'tls' in options ? connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] }) : connect(port, '127.0.0.1')
      t.teardown(() => { socket.destroy() })
      let received = ''
      socket.setEncoding('latin1').on('data', data => { received += String(data) }).on('error', () => {})
      socket.write(bytes)
      await once(socket, 'close')
      t.match(received, /^HTTP\/1\.1 408/, `${JSON.stringify(Object.keys(options))}: ${bytes.slice(0, 4)}`)
    }
  }
})

t.test('what only HTTP/2 lets through', async t => {
  const { url, heard } = await startUpstream(t, 'ok')
  const lines: string[] = []
  const logger = { level: 'info', stream: { write: (line: string) => { lines.push(line) } } }
  const { port } = await startTestGateway(t, { upstreams: [{ prefix: '/', url }], tls: await makeCertificate(t.testdir()), logger })
  const session = await openSession(t, port)
  lines.length = 0
  const unknown = await askHttp2(session, { ':method': 'FOO', ':path': '/', ':authority': host, origin: shop })
  t.strictSame([unknown.status, unknown.headers.vary, corsHeaders(unknown.headers)], [501, 'Origin', {}], 'a method that nobody knows')
  t.match([unknown.headers['content-type'], JSON.parse(unknown.body)], ['application/problem+json; charset=utf-8', { status: 501 }])
  t.strictSame(lines, [], 'is not worth a line')
  t.equal((await askHttp2(session, { ':method': 'PROPFIND', ':path': '/', ':authority': host, origin: shop })).status, 404, 'one that no route takes')
  for (const path of ['/\u00e9', '/\u20ac', '/a?\u00e9']) {
    const answer = await askHttp2(session, { ':path': path, ':authority': host, origin: shop })
    t.strictSame([answer.status, corsHeaders(answer.headers)], [400, granted], path)
  }
  t.strictSame(heard, [])
})
