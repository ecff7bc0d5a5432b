// Bodies, server-sent events and WebSockets of any size, both ways, by a gateway whose memory stays as it is.
import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { WebSocket, WebSocketServer } from 'ws'
import { startGatewayProcess, type GatewayProcess } from './gateway-process.ts'
import { corsHeaders } from '../plugin/wire.ts'
import { granted, makeCertificate, openSession, shop, startTestGateway, startUpstream } from './lab.ts'

const chunk = Buffer.alloc(64 * 1024, 'x')
const total = 200 * 1024 * 1024
/** Megabytes: far below what a body takes that is kept, far above what pieces on their way do. */
const bound = 64

type Sink = NodeJS.WritableStream & NodeJS.EventEmitter

async function pour (target: Sink, bytes: number): Promise<void> {
  for (let sent = 0; sent < bytes; sent += chunk.length) if (!target.write(chunk)) await once(target, 'drain')
  target.end()
}

async function count (source: AsyncIterable<unknown>): Promise<number> {
  let received = 0
  for await (const data of source) received += (data as Buffer).length
  return received
}

/** An upstream that sends as many bytes as its path says, or tells how many it was sent. */
async function bigUpstream (t: Test): Promise<string> {
  const { url } = await startUpstream(t, (request, response) => {
    if (request.method === 'GET') pour(response, Number(request.url!.slice(1))).catch(() => {})
    else count(request).then(received => { response.end(String(received)) }, () => {})
  })
  return url
}

type Ask = (method: 'GET' | 'POST', path: string, headers: Record<string, string | number>) => Promise<{ body: Sink, answer: Promise<AsyncIterable<unknown>> }>

async function transfer (t: Test, gateway: GatewayProcess, ask: Ask, uploads: readonly Record<string, string | number>[]): Promise<void> {
  const down = async (bytes: number): Promise<number> => {
    const { body, answer } = await ask('GET', `/${bytes}`, {})
    body.end()
    return count(await answer)
  }
  const up = async (bytes: number, headers: Record<string, string | number>): Promise<number> => {
    const { body, answer } = await ask('POST', '/', headers)
    await pour(body, bytes)
    let text = ''
    for await (const data of await answer) text += String(data)
    return Number(text)
  }
  // What the first bytes set up once is no growth.
  await down(32 * 1024 * 1024)
  await up(32 * 1024 * 1024, {})
  await gateway.growth()
  const rows = [
    ['down', () => down(total)] as const,
    ...uploads.map(headers => [`up, with ${JSON.stringify(headers)}`, () => up(total, headers)] as const)
  ]
  for (const [what, run] of rows) {
    t.equal(await run(), total, what)
    const grown = await gateway.growth()
    t.comment(`${what}: the gateway's memory grew by ${grown} MB`)
    t.ok(grown < bound, `${what}: memory grew by ${grown} MB`)
  }
}

t.test('200 MB in flat memory', async t => {
  const url = await bigUpstream(t)
  await t.test('HTTP/1.1', async t => {
    const gateway = await startGatewayProcess(t, { upstreams: [{ prefix: '/', url }], limits: { body: total } })
    await transfer(t, gateway, async (method, path, headers) => {
      const request = httpRequest({ port: gateway.port, method, path, headers: { origin: shop, ...headers }, agent: false })
      const answer = (once(request, 'response') as Promise<[IncomingMessage]>).then(([response]) => response)
      return { body: request, answer }
    }, [{}, { 'content-length': total }, { 'content-type': 'application/json' }, { 'content-type': 'text/plain; charset=utf-8' }])
  })
  await t.test('HTTP/2', async t => {
    const gateway = await startGatewayProcess(t, { upstreams: [{ prefix: '/', url }], tls: await makeCertificate(t.testdir()) })
    const session = await openSession(t, gateway.port)
    await transfer(t, gateway, async (method, path, headers) => {
      const stream = session.request({ ':method': method, ':path': path, ':authority': 'api.example.com', origin: shop, ...headers }, { endStream: false })
      return { body: stream, answer: once(stream, 'response').then(() => stream) }
    }, [{}, { 'content-length': total, 'content-type': 'text/plain' }])
  })
})

t.test('a body may be limited', async t => {
  const { url, heard } = await startUpstream(t, (request, response) => {
    count(request).then(received => { response.end(String(received)) }, () => {})
  })
  const { port } = await startTestGateway(t, { upstreams: [{ prefix: '/', url }], limits: { body: 100_000 } })
  const rows: readonly [bytes: number, headers: Record<string, string | number>, status: number, heard: number][] = [
    [100_000, {}, 200, 1], [100_000, { 'content-length': 100_000 }, 200, 1], [100_001, { 'content-length': 100_001 }, 413, 0], [100_001, {}, 413, 1]
  ]
  for (const [bytes, headers, status, hits] of rows) {
    heard.length = 0
    const request = httpRequest({ port, method: 'POST', headers: { origin: shop, ...headers }, agent: false }).on('error', () => {})
    request.end(Buffer.alloc(bytes, 'x'))
    const [response] = await once(request, 'response') as [IncomingMessage]
    let text = ''
    for await (const data of response) text += String(data)
    const said = `${bytes} bytes with ${JSON.stringify(headers)}`
    t.strictSame([response.statusCode, corsHeaders(response.headers)], [status, granted], said)
    if (status === 200) t.equal(text, String(bytes))
    else t.match(JSON.parse(text), { status: 413 })
    t.ok(heard.length <= hits, said)
    if (status === 413) t.equal(response.headers.connection, 'close', 'what is left of the body is nobody\'s')
  }
})

t.test('server-sent events, by a process', async t => {
  let next = (): void => {}
  const { url } = await startUpstream(t, (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    let i = 0
    next = () => { response.write(`data: ${i++}\n\n`) }
    next()
  })
  const { port } = await startGatewayProcess(t, { upstreams: [{ prefix: '/', url }] })
  const [response] = await once(httpRequest({ port, path: '/events', headers: { origin: shop }, agent: false }).end(), 'response') as [IncomingMessage]
  t.strictSame(corsHeaders(response.headers), granted)
  response.setEncoding('utf8')
  for (let i = 0; i < 5; i++) {
    t.equal((await once(response, 'data') as [string])[0], `data: ${i}\n\n`, 'before the next is sent')
    next()
  }
  response.destroy()
})

/** An upstream whose WebSockets the test holds, as they come. */
async function socketUpstream (t: Test): Promise<{ url: string, next: () => Promise<WebSocket> }> {
  const { server, url } = await startUpstream(t, 'ok')
  const sockets = new WebSocketServer({ server })
  const arrived: WebSocket[] = []
  sockets.on('connection', socket => { arrived.push(socket) })
  t.teardown(() => {
    for (const socket of sockets.clients) socket.terminate()
    sockets.close()
  })
  const next = async (): Promise<WebSocket> => {
    while (arrived.length === 0) await sleep(10)
    return arrived.shift()!
  }
  return { url, next }
}

/** Sends messages of a megabyte, each when the one before has been taken. */
async function send (writer: WebSocket, messages: number, taken: () => void): Promise<void> {
  for (let i = 0; i < messages; i++) {
    await new Promise<void>(resolve => {
      writer.send(Buffer.alloc(1024 * 1024, i), () => { resolve() })
    })
    taken()
  }
}

/** Waits until nothing moves any more: all buffers on the way are full. */
async function untilStill (progress: () => number): Promise<void> {
  let before = -1
  for (let still = 0; still < 20; still = progress() === before ? still + 1 : 0) {
    before = progress()
    await sleep(50)
  }
}

t.test('WebSockets', async t => {
  const { url, next } = await socketUpstream(t)
  const gateway = await startGatewayProcess(t, { upstreams: [{ prefix: '/', url }], limits: { message: 32 * 1024 * 1024 } })
  const open = async (): Promise<[WebSocket, WebSocket]> => {
    const client = new WebSocket(`ws://127.0.0.1:${gateway.port}/chat`, { headers: { origin: shop } })
    t.teardown(() => { client.terminate() })
    await once(client, 'open')
    return [client, await next()]
  }

  await t.test('large messages both ways', async t => {
    const [client, upstream] = await open()
    upstream.on('message', (data, binary) => { upstream.send(data, { binary }) })
    for (const bytes of [0, 1, 125, 126, 65_535, 65_536, 1024 * 1024, 32 * 1024 * 1024]) {
      const message = Buffer.alloc(bytes, 'ab')
      client.send(message)
      const [data, isBinary] = await once(client, 'message') as [Buffer, boolean]
      t.ok(isBinary && data.equals(message), `${bytes} bytes`)
    }
    client.send('ä'.repeat(1024 * 1024))
    const [text, isBinary] = await once(client, 'message') as [Buffer, boolean]
    t.ok(!isBinary && String(text) === 'ä'.repeat(1024 * 1024), 'a text')
    for (let i = 0; i < 50; i++) client.send(chunk.subarray(0, 1000 + i), { fin: i === 49 })
    const [joined] = await once(client, 'message') as [Buffer]
    t.equal(joined.length, 50 * 1000 + 49 * 25, 'in fragments')
  })

  await t.test('pings are answered by the other end', async t => {
    const [client, upstream] = await open()
    const pongs: string[] = []
    client.on('pong', data => { pongs.push(String(data)) })
    client.ping('one')
    const [heard] = await once(upstream, 'ping') as [Buffer]
    t.equal(String(heard), 'one')
    client.send('after')
    await once(upstream, 'message')
    upstream.send('after')
    await once(client, 'message')
    t.strictSame(pongs, ['one'], 'once')
    const pong = once(upstream, 'pong')
    upstream.ping('two')
    t.equal(String((await pong)[0]), 'two')
  })

  for (const name of ['the upstream', 'the client'] as const) {
    await t.test(`${name} does not read`, async t => {
      const [client, upstream] = await open()
      const [reader, writer] = name === 'the client' ? [client, upstream] : [upstream, client]
      await gateway.growth()
      reader.pause()
      const messages = 200
      let sent = 0
      const sending = send(writer, messages, () => { sent++ })
      await untilStill(() => sent)
      const grown = await gateway.growth()
      t.comment(`the gateway's memory grew by ${grown} MB while ${messages - sent} MB wait at the writer`)
      t.ok(grown < bound, `memory grew by ${grown} MB`)
      t.ok(sent < messages / 2, `${sent} of ${messages} messages were taken`)
      let received = 0
      const all = new Promise<void>(resolve => {
        reader.on('message', (data: Buffer) => {
          if (data.length !== 1024 * 1024 || data[0] !== received % 256) t.fail('out of order')
          if (++received === messages) resolve()
        })
      })
      reader.resume()
      await all
      await sending
      t.equal(received, messages, 'all arrive once it reads')
      const left = once(reader, 'close')
      writer.close(4001, 'done')
      t.strictSame((await left).map(String), ['4001', 'done'])
    })
  }

  await t.test('a side that leaves while the other does not read', async t => {
    const [client, upstream] = await open()
    upstream.pause()
    let sent = 0
    send(client, 32, () => { sent++ }).catch(() => {})
    await untilStill(() => sent)
    const left = once(client, 'close')
    upstream.terminate()
    t.equal((await left)[0], 4006, 'is told')
  })
})

t.test('WebSockets to an upstream that does not accept', async t => {
  let accept = (): void => {}
  const { server, url } = await startUpstream(t, 'ok')
  const sockets = new WebSocketServer({ noServer: true })
  let received = 0
  server.on('upgrade', (request, socket, head) => {
    accept = () => {
      sockets.handleUpgrade(request, socket, head, each => {
        each.on('message', () => { received++ })
      })
    }
  })
  const gateway = await startGatewayProcess(t, { upstreams: [{ prefix: '/', url }, { prefix: '/refuses', url: 'http://127.0.0.1:1' }] })
  const client = new WebSocket(`ws://127.0.0.1:${gateway.port}/`, { headers: { origin: shop } })
  await once(client, 'open')
  await gateway.growth()
  let sent = 0
  const sending = send(client, 200, () => { sent++ })
  await untilStill(() => sent)
  t.ok(sent < 100, `${sent} messages were taken`)
  const grown = await gateway.growth()
  t.ok(grown < bound, `nothing is kept for it: memory grew by ${grown} MB`)
  accept()
  await sending
  while (received < 200) await sleep(20)
  t.pass('all arrive once it accepts')
  client.terminate()

  const refused = new WebSocket(`ws://127.0.0.1:${gateway.port}/refuses`, { headers: { origin: shop } })
  t.equal((await once(refused, 'close'))[0], 1011, 'a client is told at once')
})
