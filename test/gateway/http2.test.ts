// HTTP/2 to the client: the decision table over a real socket, every way round the response, and streams.
import { openSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { connect as connectHttp2, constants, sensitiveHeaders, type ClientHttp2Session, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify'
import t, { type Test } from 'tap'
import corsGateway, { memorySource } from '../../src/index.ts'
import { cases, host, policies, type DecisionCase } from '../plugin/cases.ts'
import { corsHeaders, listen } from '../plugin/wire.ts'
import { askHttp2, evil, frame, granted, headersFrame, makeCertificate, openSession, preface, shop, startTestGateway, startUpstream, type Http2Response } from './lab.ts'

const foreign = {
  'access-control-allow-origin': 'https://foreign.example', 'access-control-allow-credentials': 'true', 'timing-allow-origin': '*', vary: 'Accept-Encoding'
}

/** Header lines as a client of HTTP/2 gives them: each name once, several values as a list. */
function headersOf (lines: DecisionCase['lines']): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {}
  for (const [name, value] of lines) {
    const lower = name.toLowerCase()
    headers[lower] = lower in headers ? [headers[lower]!, value].flat() : value
  }
  return headers
}

/** Why a row of the table has no meaning here, or null. */
function unfit ({ target, lines }: DecisionCase): string | null {
  const names = lines.map(([name]) => name.toLowerCase())
  if (names.includes('upgrade')) return 'HTTP/2 has no upgrades'
  if (names.includes('host')) return 'one authority and one Host are no two hosts'
  if (target.startsWith('http:')) return 'a path is no absolute form'
  return null
}

t.test('the decision table', async t => {
  const tls = await makeCertificate(t.testdir())
  const { url } = await startUpstream(t, (_request, response) => { response.writeHead(200, foreign).end('handled') })
  const sessions = new Map<string, ClientHttp2Session>()
  for (const unmatched of ['deny', 'passthrough'] as const) {
    const plugin = { policies: memorySource([{ name: 'table.yaml', text: policies }]), watch: false, debug: true, unmatched }
    const { port } = await startTestGateway(t, { upstreams: [{ prefix: '/', url }], tls, plugin })
    sessions.set(unmatched, await openSession(t, port))
  }
  const own = Object.fromEntries(Object.entries(foreign).filter(([name]) => name !== 'vary'))
  let run = 0
  for (const each of cases) {
    if (unfit(each) !== null) continue
    run++
    const { outcome, reason, rule, status, managed, headers, vary } = each
    // The request arrives by TLS, so that is the scheme of its own origin.
    const lines = each.lines.map(([name, value]) => [name, value.replace(`http://${host}`, `https://${host}`)] as const)
    const answer = await askHttp2(sessions.get(each.unmatched)!, { ...headersOf(lines), ':authority': host, ':method': each.method, ':path': each.target })
    const { 'x-cors-gateway': said, ...seen } = corsHeaders(answer.headers)
    // The gateway passes on no target that servers read differently, but answers with the headers that it is due.
    const isRefused = status === 0 && [400, 404].includes(answer.status)
    if (isRefused) t.match(each.target, /\.\.|[#*]/, `${each.name}: refused`)
    else t.equal(answer.status, status === 0 ? 200 : status, `${each.name}: status`)
    t.strictSame(seen, managed || isRefused ? headers : own, `${each.name}: CORS headers`)
    t.equal(said, managed ? `${outcome}; reason=${reason}${rule === null ? '' : `; rule=${rule}`}` : undefined, `${each.name}: the decision`)
    const wanted = [...status === 0 && !isRefused ? ['Accept-Encoding'] : [], ...vary].join(', ')
    t.equal(answer.headers.vary, wanted === '' ? undefined : wanted, `${each.name}: Vary`)
    if (status === 403) t.match(JSON.parse(answer.body), { title: 'Forbidden', status: 403, reason }, `${each.name}: problem`)
    if (status === 204) t.equal(answer.body, '', `${each.name}: no body`)
  }
  t.ok(run > 90, `${run} rows`)
})

t.test('what an upstream hears and a client sees', async t => {
  const tls = await makeCertificate(t.testdir())
  const { url, heard } = await startUpstream(t, (request, response) => {
    if (request.url === '/silent') return
    response.writeHead(200, { connection: 'keep-alive, x-named', 'keep-alive': 'timeout=5', 'x-named': '1', upgrade: 'h2c', 'proxy-authenticate': 'Basic', 'x-kept': '1', ...foreign })
    request.pipe(response)
  })
  const { port } = await startTestGateway(t, {
    upstreams: [{ prefix: '/', url, hosts: [host] }, { prefix: '/gone', url: 'http://127.0.0.1:1' }], tls, timeouts: { upstream: 300 }
  })
  const session = await openSession(t, port)
  const ask = (path: string, more: Record<string, string> = {}, body?: string): Promise<Http2Response> =>
    askHttp2(session, { ':authority': host, ':path': path, ':method': body === undefined ? 'GET' : 'POST', origin: shop, ...more }, body)

  const echoed = await ask('/echo', { te: 'trailers', cookie: 'a=b', 'x-forwarded-for': '9.9.9.9', forwarded: 'for=9.9.9.9' }, 'to and fro')
  t.match(echoed, { status: 200, body: 'to and fro', headers: { 'x-kept': '1', vary: 'Accept-Encoding, Origin' } })
  t.strictSame(corsHeaders(echoed.headers), granted)
  for (const name of ['connection', 'keep-alive', 'upgrade', 'proxy-authenticate', 'transfer-encoding', 'x-named']) t.equal(echoed.headers[name], undefined, `no ${name}`)
  const { headers } = heard[0]!
  t.match(headers, { origin: shop, cookie: 'a=b', 'x-forwarded-for': '127.0.0.1', 'x-forwarded-host': host, 'x-forwarded-proto': 'https',
    forwarded: `for=127.0.0.1;host="${host}";proto=https` })
  t.strictSame(Object.keys(headers).filter(name => name.startsWith(':') || name === 'te'), [])

  const rows: readonly [path: string, more: Record<string, string>, status: number][] = [
    ['/x', { ':authority': 'other.example' }, 404], ['/gone/1', { ':authority': 'other.example' }, 502], ['/silent', {}, 504], ['/a/../b', {}, 400], ['/a%zz', {}, 400]
  ]
  for (const [path, more, status] of rows) {
    for (const [origin, due] of [[shop, path === '/a%zz' ? {} : granted], [evil, {}]] as const) {
      const answer = await ask(path, { ...more, origin })
      t.strictSame([answer.status, corsHeaders(answer.headers), answer.headers.vary], [status, due, path === '/a%zz' ? answer.headers.vary : 'Origin'], `${path} for ${origin}`)
      t.match(answer.headers['content-type'], 'application/problem+json', path)
      t.match(JSON.parse(answer.body), { status }, path)
      t.equal(answer.headers.connection, undefined)
    }
  }
  const before = heard.length
  for (const [authority, other] of [[host, 'other.example'], ['other.example', host], [host, `${host}:8443`]] as const) {
    const split = await ask('/echo', { ':authority': authority, host: other })
    t.strictSame(corsHeaders(split.headers), {}, `${authority} and ${other}: no grant`)
    const preflight = await ask('/echo', { ':authority': authority, host: other, ':method': 'OPTIONS', 'access-control-request-method': 'GET' })
    t.equal(preflight.status, 403)
  }
  t.equal(heard.length, before + 2, 'the upstream of a host hears of that Host only')
  const same = await ask('/echo', { host })
  t.strictSame(corsHeaders(same.headers), granted, 'the same authority and Host')

  for (const method of ['GET', 'HEAD']) t.equal((await ask('/echo', { ':method': method }, 'a body')).status, 400, `a ${method} with a body`)
  for (const method of ['GET', 'HEAD']) t.equal((await ask('/echo', { ':method': method }, '')).status, 200, `a ${method} whose end comes by itself`)
  for (const method of ['PUT', 'DELETE', 'OPTIONS']) t.equal((await ask('/echo', { ':method': method }, 'a body')).body, 'a body', method)
  t.equal((await ask('/echo', { 'content-type': 'application/json', 'content-length': '2' }, '{}')).body, '{}')

  const many = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`x-${i}`, '1']))
  await t.rejects(ask('/echo', many), 'more header lines than Node keeps')
  t.equal((await askHttp2(await openSession(t, port), { ':authority': host, ':path': '/echo' })).status, 200, 'the gateway lives')
})

/** A connection of HTTP/2 whose frames the test writes. */
async function openSocket (t: Test, port: number): Promise<TLSSocket> {
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['h2'] })
  t.teardown(() => { socket.destroy() })
  await once(socket, 'secureConnect')
  return socket.on('error', () => {}).resume()
}

t.test('repeated lines are no other request than on HTTP/1', async t => {
  const tls = await makeCertificate(t.testdir())
  const plugin = { policies: memorySource([{ name: 'table.yaml', text: policies }]), watch: false }
  const rows: readonly [lines: [string, string][], reason: string][] = [
    [[['origin', shop], ['access-control-request-method', 'PUT'], ['access-control-request-method', 'PUT']], 'method-not-allowed'],
    [[['origin', shop], ['origin', shop], ['access-control-request-method', 'PUT']], 'origin-malformed'],
    [[['origin', shop], ['host', 'other.example'], ['access-control-request-method', 'PUT']], 'path-ambiguous'],
    [[['origin', shop], ['access-control-request-method', 'PUT']], 'allowed']
  ]
  for (const [lines, reason] of rows) {
    const gateway = await startTestGateway(t, { upstreams: [], tls, plugin })
    const decided = new Promise<string>(resolve => {
      const look = (): void => {
        const [, found] = /^cors_gateway_decisions_total\{[^}]*reason="([^"]*)"[^}]*\} 1$/m.exec(gateway.face.metrics()) ?? []
        if (found === undefined) setTimeout(look, 10)
        else resolve(found)
      }
      look()
    })
    const socket = await openSocket(t, gateway.port)
    const head: [string, string][] = [[':method', 'OPTIONS'], [':scheme', 'https'], [':path', '/cart'], [':authority', host]]
    socket.write(Buffer.concat([preface, headersFrame(1, [...head, ...lines], true)]))
    t.equal(await decided, reason, JSON.stringify(lines))
    socket.destroy()
  }
})

/** Ways by which a handler answers without the response. */
const ways: Record<string, (stream: ServerHttp2Stream, file: string) => void> = {
  respond: stream => {
    stream.respond({ ':status': 200, ...foreign, 'Access-Control-Expose-Headers': '*', 'x-kept': '1' })
    stream.end('x')
  },
  'respond-without-headers': stream => {
    stream.respond()
    stream.end('x')
  },
  'respond-and-nothing-else': stream => { stream.respond({ ':status': 204, ...foreign }, { endStream: true }) },
  'a-secret-header': stream => {
    stream.respond({ ':status': 200, ...foreign, 'set-cookie': 'a=b', [sensitiveHeaders]: ['set-cookie'] })
    stream.end('x')
  },
  'a-file': (stream, file) => { stream.respondWithFile(file, { ':status': 200, ...foreign }) },
  'a-file-that-is-looked-at': (stream, file) => {
    stream.respondWithFile(file, { ':status': 200, vary: 'Accept-Encoding' }, {
      statCheck: (stat, headers) => { Object.assign(headers, foreign, { vary: 'Accept', 'content-length': stat.size }) }
    })
  },
  'a-descriptor': (stream, file) => { stream.respondWithFD(openSync(file, 'r'), { ':status': 200, ...foreign }) },
  hints: stream => {
    stream.additionalHeaders({ ':status': 103, link: '</a>; rel=preload', ...foreign })
    stream.respond({ ':status': 200 })
    stream.end('x')
  },
  trailers: stream => {
    // The response would send its own first.
    stream.removeAllListeners('wantTrailers')
    stream.respond({ ':status': 200, ...foreign }, { waitForTrailers: true })
    stream.on('wantTrailers', () => { stream.sendTrailers({ ...foreign, 'x-sum': '1' }) })
    stream.end('x')
  },
  'another-status': stream => {
    stream.respond({ ':status': 418, vary: 'A, b' })
    stream.end('x')
  }
}

t.test('a handler that goes round the response', async t => {
  const file = join(t.testdir(), 'file')
  writeFileSync(file, 'x')
  const app = Fastify({ http2: true }) as unknown as FastifyInstance
  await app.register(corsGateway, { policies: memorySource([{ name: 'a.yaml', text: `
version: 1
rules:
  - { name: a, routes: [/**], allowOrigins: [${shop}], allowCredentials: true }` }]), watch: false })
  for (const [name, answer] of Object.entries(ways)) {
    app.get(`/${name}`, (_request, reply: FastifyReply) => {
      reply.hijack()
      answer((reply.raw as ServerResponse & { stream: ServerHttp2Stream }).stream, file)
    })
  }
  t.teardown(() => app.close())
  const session = connectHttp2(`http://127.0.0.1:${await listen(app)}`)
  t.teardown(() => { session.destroy() })
  for (const name of Object.keys(ways)) {
    for (const [origin, due] of [[shop, granted], [evil, {}]] as const) {
      const stream = session.request({ ':path': `/${name}`, ':authority': host, origin })
      const blocks: IncomingHttpHeaders[] = []
      for (const event of ['headers', 'trailers'] as const) stream.on(event, (block: IncomingHttpHeaders) => { blocks.push(block) })
      const [answer] = await once(stream.resume(), 'response') as [IncomingHttpHeaders]
      await once(stream, 'close')
      t.strictSame(corsHeaders(answer), due, `${name} for ${origin}`)
      t.match(answer.vary, /(?:^|, )Origin$/, `${name}: Vary`)
      for (const block of blocks) t.strictSame(corsHeaders(block), {}, `${name}: none in hints and trailers`)
      if (name === 'trailers') t.equal(blocks[0]!['x-sum'], '1', 'other trailers stay')
      if (name === 'hints') t.equal(blocks[0]!['link'], '</a>; rel=preload', 'other hints stay')
      if (name === 'respond') t.equal(answer['x-kept'], '1')
      if (name === 'a-file-that-is-looked-at') t.strictSame([answer.vary, answer['content-length']], ['Accept, Origin', '1'])
      if (name === 'a-secret-header') t.strictSame([answer['set-cookie'], Reflect.get(answer, sensitiveHeaders)], [['a=b'], ['set-cookie']])
    }
  }
})

/** Opens a stream and reads what the upstream sends, piece by piece. */
async function readPieces (t: Test, session: ClientHttp2Session, next: () => void): Promise<void> {
  const stream = session.request({ ':path': '/events', ':authority': host, origin: shop })
  const [headers] = await once(stream, 'response') as [IncomingHttpHeaders]
  t.strictSame(corsHeaders(headers), granted)
  stream.setEncoding('utf8')
  for (let i = 0; i < 3; i++) {
    const [data] = await once(stream, 'data') as [string]
    t.equal(data, `data: ${i}\n\n`, 'before the next is sent')
    next()
  }
  stream.close()
}

t.test('clients that leave', async t => {
  const tls = await makeCertificate(t.testdir())
  const ends: string[] = []
  const { url, heard } = await startUpstream(t, (request, response) => {
    request.on('error', () => {})
    request.on('end', () => { ends.push('whole') })
    response.on('close', () => { ends.push('gone') })
    if (request.method === 'POST') request.resume()
    else response.write('a')
    next = () => { response.write('b') }
  })
  let next = (): void => {}
  const { port } = await startTestGateway(t, { upstreams: [{ prefix: '/', url }], tls, limits: { body: 1000 } })
  const session = await openSession(t, port)
  for (const code of [constants.NGHTTP2_NO_ERROR, constants.NGHTTP2_CANCEL, constants.NGHTTP2_INTERNAL_ERROR]) {
    for (const more of [{}, { 'content-type': 'text/plain' }, { 'content-length': '10' }]) {
      ends.length = 0
      const socket = await openSocket(t, port)
      const lines = [[':method', 'POST'], [':scheme', 'https'], [':path', '/'], [':authority', host], ...Object.entries(more)] as [string, string][]
      socket.write(Buffer.concat([preface, headersFrame(1, lines, false), frame(0, 0, 1, Buffer.from('half'))]))
      while (!heard.at(-1)?.readableFlowing) await sleep(10)
      socket.write(frame(3, 0, 1, Buffer.from([0, 0, 0, code])))
      while (ends.length === 0) await sleep(10)
      t.strictSame(ends, ['gone'], `an upload of ${JSON.stringify(more)} that ends by ${code} is not taken for whole`)
      heard.length = 0
    }
    ends.length = 0
    const download = session.request({ ':path': '/', ':authority': host })
    download.on('error', () => {})
    await once(download, 'data')
    next()
    download.close(code)
    while (!ends.includes('gone')) await sleep(10)
    t.pass(`a download that ends by ${code}`)
  }
  t.equal((await askHttp2(session, { ':path': '/', ':authority': host, ':method': 'PUT' }, 'x'.repeat(1001))).status, 413)
})

t.test('streams', async t => {
  const tls = await makeCertificate(t.testdir())
  let next = (): void => {}
  let gone = 0
  const { url } = await startUpstream(t, (request, response) => {
    response.on('close', () => { if (!response.writableFinished) gone++ })
    if (request.url === '/events') {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      let i = 0
      next = () => { response.write(`data: ${i++}\n\n`) }
      next()
    } else if (request.url === '/echo') {
      request.on('data', data => { response.write(data) })
      request.on('end', () => { response.end() })
    }
  })
  const gateway = await startTestGateway(t, { upstreams: [{ prefix: '/', url }], tls, timeouts: { drain: 500 } })
  const session = await openSession(t, gateway.port)
  await readPieces(t, session, () => { next() })
  while (gone < 1) await sleep(10)
  t.pass('a client that leaves is told to the upstream')

  const both = session.request({ ':path': '/echo', ':method': 'POST', ':authority': host, origin: shop }, { endStream: false })
  both.setEncoding('utf8')
  for (const word of ['one', 'two']) {
    both.write(word)
    t.equal((await once(both, 'data'))[0], word, 'both ways at once')
  }
  const closing = gateway.close()
  both.end('three')
  t.equal((await once(both, 'data'))[0], 'three', 'a stream in flight ends while the gateway closes')
  await closing
  t.ok(session.closed)

  const second = await startTestGateway(t, { upstreams: [{ prefix: '/', url }], tls, timeouts: { drain: 300 } })
  const endless = (await openSession(t, second.port)).request({ ':path': '/events', ':authority': host })
  endless.on('error', () => {})
  await once(endless, 'response')
  await second.close()
  t.pass('a stream without end does not keep the gateway')
})

t.test('a head that is too large', async t => {
  const tls = await makeCertificate(t.testdir())
  const { url, heard } = await startUpstream(t, 'ok')
  const { port } = await startTestGateway(t, { upstreams: [{ prefix: '/', url }], tls, limits: { header: 4096 } })
  const session = await openSession(t, port)
  const large = { ':path': '/', ':authority': host, origin: shop, x: 'x'.repeat(5000) }
  const first = await askHttp2(session, large)
  t.strictSame([first.status, corsHeaders(first.headers)], [431, granted], 'before the client knows the limit')
  await t.rejects(askHttp2(session, large), 'and after')
  t.equal((await askHttp2(await openSession(t, port), { ':path': '/', ':authority': host, x: 'x'.repeat(3000) })).status, 200)
  t.equal(heard.length, 1)
})

t.test('a request that does not arrive', async t => {
  const tls = await makeCertificate(t.testdir())
  const { url } = await startUpstream(t, (request, response) => {
    request.resume().on('end', () => { response.end('ok') })
  })
  const { port } = await startTestGateway(t, { upstreams: [{ prefix: '/', url }], tls, timeouts: { request: 300 } })
  const session = await openSession(t, port)
  const slow = session.request({ ':path': '/', ':method': 'POST', ':authority': host }, { endStream: false })
  slow.on('error', () => {})
  slow.write('a')
  await once(slow, 'close')
  t.pass('is cut off')
  t.equal((await askHttp2(session, { ':path': '/', ':method': 'POST', ':authority': host }, 'ab')).body, 'ok')
})
