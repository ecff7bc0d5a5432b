// Every way out of a Fastify server: the granted headers are there, the handler's own are not, and `Vary` is the union.
import { connect as connectHttp2, type IncomingHttpHeaders } from 'node:http2'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import httpProxy from '@fastify/http-proxy'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest, type RouteShorthandOptions } from 'fastify'
import t from 'tap'
import corsGateway, { memorySource } from '../../src/index.ts'
import { mergeVary } from '../../src/plugin/ownership.ts'
import { evil, shop } from './cases.ts'
import { corsHeaders, exchangeBytes, fetchFrom, listen, parseResponse, request } from './wire.ts'

const policies = memorySource([{ name: 'ways.yaml', text: `
version: 1
rules:
  - name: ways
    routes: [/ways/**]
    allowOrigins: [${shop}]
    exposeHeaders: [x-seen]
    allowCredentials: true
    allowMethods: [GET, PUT]
  - name: anyone
    routes: [/anyone]
    allowOrigins: ["*"]
` }])

const granted = { 'access-control-allow-origin': shop, 'access-control-allow-credentials': 'true', 'access-control-expose-headers': 'x-seen' }
/** What handlers say that have a mind of their own. */
const foreign = { 'access-control-allow-origin': '*', 'Access-Control-Allow-Headers': 'x-foreign', 'timing-allow-origin': '*', 'X-Cors-Gateway': 'allowed' }

type Handler = (request: FastifyRequest, reply: FastifyReply) => unknown
interface Way {
  readonly status: number
  /** The whole `Vary`; `Origin` unless given. */
  readonly vary?: string
  readonly handler?: Handler
  readonly options?: RouteShorthandOptions
  readonly method?: 'GET' | 'HEAD' | 'PUT'
  readonly body?: string
  /** HTTP/1 alone knows it. */
  readonly http1?: true
}

const never: Handler = () => { throw new Error('not reached') }
const fail = (): never => { throw Object.assign(new Error('no entry'), { statusCode: 401 }) }
const shared = Object.freeze({ 'content-type': 'text/plain', ...foreign, vary: 'Accept' })

const ways: Readonly<Record<string, Way>> = {
  value: { status: 200, handler: (_request, reply) => { reply.headers(foreign).send({ ok: true }) } },
  'their-vary': { status: 200, vary: 'accept-encoding, Origin', handler: async (_request, reply) => reply.header('vary', 'accept-encoding, ORIGIN,accept-encoding').send('x') },
  'vary-star': { status: 200, vary: '*', handler: async (_request, reply) => reply.header('vary', 'Accept, *').send('x') },
  'vary-lines': { status: 200, vary: 'Accept, Accept-Language, Origin', handler: async (_request, reply) => reply.header('vary', ['Accept', 'Accept-Language, accept']).send('x') },
  status: { status: 503, handler: (_request, reply) => { reply.code(503).headers(foreign).send('x') } },
  'no-content': { status: 204, handler: (_request, reply) => { reply.code(204).headers(foreign).send() } },
  'not-modified': { status: 304, handler: (_request, reply) => { reply.code(304).headers(foreign).send() } },
  redirect: { status: 302, handler: (_request, reply) => { reply.headers(foreign).redirect('/elsewhere') } },
  thrown: { status: 500, handler: () => { throw Object.assign(new Error('x'), { headers: { ...foreign } }) } },
  rejected: { status: 500, handler: async () => { throw new Error('x') } },
  'pre-handler': { status: 401, handler: never, options: { preHandler: async () => fail() } },
  'pre-validation': { status: 401, handler: never, options: { preValidation: async () => fail() } },
  'on-send': { status: 401, handler: async () => 'x', options: { onSend: async () => fail() } },
  'error-handler': { status: 418, handler: fail, options: { errorHandler: (_error, _request, reply) => { reply.code(418).headers(foreign).send('x') } } },
  validation: { status: 400, handler: never, options: { schema: { querystring: { type: 'object', required: ['must'] } } } },
  'bad-json': { status: 400, method: 'PUT', body: '{', handler: never },
  'too-large': { status: 413, method: 'PUT', body: JSON.stringify('x'.repeat(99)), handler: never, options: { bodyLimit: 10 } },
  missing: { status: 404 },
  'called-not-found': { status: 404, handler: (_request, reply) => { reply.callNotFound() } },
  head: { status: 200, method: 'HEAD', handler: async (_request, reply) => reply.headers(foreign).send('x') },
  stream: { status: 200, handler: async (_request, reply) => reply.headers(foreign).send(Readable.from(['a', 'b'])) },
  'stream-fails': { status: 500, handler: async (_request, reply) => reply.headers(foreign).send(new Readable({ read () { this.destroy(new Error('x')) } })) },
  'web-stream': { status: 200, handler: async (_request, reply) => reply.headers(foreign).send(new Response('x').body) },
  response: { status: 201, vary: 'Accept, Origin', handler: async () => new Response('x', { status: 201, headers: { ...foreign, vary: 'Accept' } }) },
  events: {
    status: 200,
    handler: (_request, reply) => {
      reply.hijack()
      reply.raw.setHeader('content-type', 'text/event-stream')
      reply.raw.setHeader('Access-Control-Allow-Origin', '*')
      reply.raw.write('data: 1\n\n')
      reply.raw.end('data: 2\n\n')
    }
  },
  'raw-object': { status: 200, vary: 'Accept, Origin', handler: (_request, reply) => { reply.hijack().raw.writeHead(200, shared).end('x') } },
  'raw-message': { status: 200, http1: true, handler: (_request, reply) => { reply.hijack().raw.writeHead(200, 'Fine', { ...foreign }).end('x') } },
  'raw-undefined': { status: 200, http1: true, handler: (_request, reply) => { reply.hijack().raw.writeHead(200, undefined, { ...foreign }).end('x') } },
  'raw-flat': {
    status: 200, vary: 'Accept, Cookie, Origin',
    handler: (_request, reply) => { reply.hijack().raw.writeHead(200, ['Vary', 'Accept', 'vary', 'Cookie', ...Object.entries(foreign).flat()]).end('x') }
  },
  'raw-pairs': {
    status: 200, vary: 'Accept, Origin',
    handler: (_request, reply) => { reply.hijack().raw.writeHead(200, [['Vary', 'Accept'], ...Object.entries(foreign)] as unknown as string[]).end('x') }
  },
  // Node takes two of each, whatever it is and whatever else it holds.
  'raw-odd-pairs': {
    status: 200, vary: 'Accept, Origin', http1: true,
    handler: (_request, reply) => {
      const pairs = [['Vary', 'Accept', 'more'], ...Object.entries(foreign).map(([name, value], i) => i % 2 === 0 ? [name, value, 'more'] : { 0: name, 1: value })]
      reply.hijack().raw.writeHead(200, pairs as unknown as string[]).end('x')
    }
  },
  'raw-none': { status: 200, handler: (_request, reply) => { reply.hijack().raw.writeHead(200).end('x') } },
  'raw-implicit': { status: 200, handler: (_request, reply) => { reply.hijack().raw.end('x') } },
  'raw-flushed': { status: 200, handler: (_request, reply) => { reply.hijack().raw.flushHeaders(); reply.raw.end('x') } },
  'raw-both': {
    status: 200, vary: 'Accept, Cookie, Origin',
    handler: (_request, reply) => {
      const { raw } = reply.hijack()
      raw.setHeader('vary', 'Accept')
      raw.setHeader('access-control-max-age', '9')
      raw.writeHead(200, { Vary: 'Cookie', ...foreign }).end('x')
    }
  },
  hints: {
    status: 200,
    handler: (_request, reply) => {
      reply.raw.writeEarlyHints({ link: '</a.css>; rel=preload', ...foreign })
      reply.headers(foreign).send('x')
    }
  },
  trailers: {
    status: 200,
    handler: (_request, reply) => {
      reply.trailer('access-control-allow-origin', async () => '*')
      reply.trailer('x-sum', async () => '1')
      reply.headers(foreign).send('x')
    }
  },
  timing: { status: 503, handler: never, options: { handlerTimeout: 20, preHandler: () => {} } }
}

async function serverOf (app: FastifyInstance): Promise<FastifyInstance> {
  await app.register(corsGateway, { policies, watch: false })
  for (const [name, { method = 'GET', handler, options = {} }] of Object.entries(ways)) {
    if (handler !== undefined) app.route({ ...options, method: method === 'HEAD' ? 'GET' : method, url: `/ways/${name}`, handler: handler })
  }
  app.route({ method: 'GET', url: '/anyone', handler: async (_request, reply) => reply.headers({ ...foreign, vary: 'accept, accept' }).send('x') })
  app.route({ method: 'GET', url: '/twice', handler: async () => 'x' })
  return app
}

t.test('security 7, 8 and 9: HTTP/1.1, allowed and denied', async t => {
  const app = await serverOf(Fastify())
  t.teardown(() => app.close())
  const port = await listen(app)
  for (const [name, { method = 'GET', status, vary = 'Origin', body }] of Object.entries(ways)) {
    for (const origin of [shop, evil, null]) {
      const lines = [...origin === null ? [] : [['Origin', origin] as const],
        ...body === undefined ? [] : [['Content-Type', 'application/json'], ['Content-Length', String(body.length)]] as const]
      const head = [['Host', 'api.example.com'], ...lines, ['Connection', 'close']].map(([name, value]) => `${name}: ${value}\r\n`).join('')
      const bytes = await exchangeBytes(port, `${method} /ways/${name} HTTP/1.1\r\n${head}\r\n${body ?? ''}`)
      const final = bytes.startsWith('HTTP/1.1 103') ? bytes.slice(bytes.indexOf('HTTP/1.1', 9)) : bytes
      const response = parseResponse(final)
      const said = `${name} for ${String(origin)}`
      t.equal(response.status, status, `${said}: status`)
      t.strictSame(corsHeaders(response.headers), origin === shop ? granted : {}, `${said}: headers`)
      t.strictSame(response.lines.filter(([name]) => name === 'vary').map(([, value]) => value), [vary], `${said}: Vary`)
      t.notMatch(bytes.replace(final, ''), /access-control/i, `${said}: no foreign header in hints`)
      t.notMatch(response.body, /access-control/i, `${said}: no foreign trailer`)
      if (name === 'trailers') t.match(response.body, /x-sum: 1/, 'other trailers stay')
      if (name === 'raw-message') t.match(bytes, /^HTTP\/1\.1 200 Fine\r\n/, 'the message stays')
    }
  }
  t.match(shared, foreign, 'a shared constant is never changed')
  const anyone = await request(port, 'GET', '/anyone', [])
  t.strictSame(corsHeaders(anyone.headers), { 'access-control-allow-origin': '*' })
  t.equal(anyone.headers['vary'], 'accept, accept', 'where nothing is added, their Vary is theirs')
})

t.test('HTTP/2', async t => {
  const app = await serverOf(Fastify({ http2: true }) as unknown as FastifyInstance)
  t.teardown(() => app.close())
  const port = await listen(app)
  const session = connectHttp2(`http://127.0.0.1:${port}`)
  t.teardown(() => session.close())
  const send = (headers: Record<string, string>, body?: string): Promise<IncomingHttpHeaders> => new Promise((resolve, reject) => {
    const stream = session.request({ ':authority': 'api.example.com', ...headers }, { endStream: body === undefined })
    let received: IncomingHttpHeaders = {}
    stream.on('response', headers => { received = headers })
    stream.on('trailers', trailers => { Object.assign(received, trailers) })
    stream.on('error', reject)
    stream.on('end', () => resolve(received))
    stream.resume()
    if (body !== undefined) stream.end(body)
  })
  for (const [name, { method = 'GET', status, vary = 'Origin', body, http1 }] of Object.entries(ways)) {
    if (http1) continue
    for (const origin of [shop, evil]) {
      const received = await send({ ':method': method, ':path': `/ways/${name}`, origin, ...body !== undefined && { 'content-type': 'application/json' } }, body)
      t.equal(received[':status' as 'host'], status, `${name} for ${origin}: status`)
      t.strictSame(corsHeaders(received), origin === shop ? granted : {}, `${name} for ${origin}: headers`)
      t.equal(received['vary'], vary, `${name} for ${origin}: Vary`)
    }
  }
  const preflight = await send({ ':method': 'OPTIONS', ':path': '/ways/any', origin: shop, 'access-control-request-method': 'PUT' })
  t.match(preflight, { ':status': 204, 'access-control-allow-methods': 'GET, PUT', vary: 'Origin' })
  const denied = await send({ ':method': 'OPTIONS', ':path': '/ways/any', origin: evil, 'access-control-request-method': 'PUT' })
  t.match(denied, { ':status': 403, 'content-type': /problem\+json/ })
  // security.md 12
  const split = await send({ ':method': 'GET', ':path': '/ways/value', origin: shop, host: 'other.example' })
  t.strictSame(corsHeaders(split), {}, 'an authority that differs from Host gets no grant')
})

t.test('injected', async t => {
  const app = await serverOf(Fastify())
  t.teardown(() => app.close())
  for (const [name, { method = 'GET', status, vary = 'Origin', body }] of Object.entries(ways)) {
    // A set list in an injected response has been through Node's slow path, which keeps the last of repeated names, and takes no pairs.
    if (name === 'raw-pairs') continue
    const response = await app.inject({
      method, url: `/ways/${name}`, headers: { origin: shop, ...body !== undefined && { 'content-type': 'application/json' } }, ...body !== undefined && { body }
    })
    t.equal(response.statusCode, status, `${name}: status`)
    t.strictSame(corsHeaders(response.headers), granted, `${name}: headers`)
    t.equal(response.headers['vary'], vary, `${name}: Vary`)
  }
})

t.test('security 8: an upstream never widens, whether the proxy comes before or after', async t => {
  const upstream = createServer((request, response) => {
    for (const [name, value] of Object.entries({ ...foreign, vary: ['Accept-Encoding', 'Origin'], 'x-upstream': String(request.url) })) {
      response.setHeader(name, value)
    }
    response.writeHead(request.url === '/ways/gone' ? 502 : 200).end(request.method)
  }).listen(0, '127.0.0.1')
  await new Promise(resolve => upstream.once('listening', resolve))
  t.teardown(() => upstream.close())
  const target = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`
  for (const first of [true, false]) {
    const app = Fastify()
    if (!first) await app.register(httpProxy, { upstream: target, prefix: '/' })
    await app.register(corsGateway, { policies, watch: false })
    if (first) await app.register(httpProxy, { upstream: target, prefix: '/' })
    const port = await listen(app)
    for (const [method, path, origin, headers] of [
      ['GET', '/ways/x', shop, granted], ['GET', '/ways/x', evil, {}], ['HEAD', '/ways/x', shop, granted], ['PUT', '/ways/x', shop, granted],
      ['DELETE', '/ways/x', shop, {}], ['OPTIONS', '/ways/x', shop, granted], ['GET', '/ways/gone', shop, granted], ['GET', '/unknown', shop, {}]
    ] as const) {
      const response = await fetchFrom(port, method, path, { origin })
      t.equal(response.headers['x-upstream'], path, `${method} ${path} reaches the upstream`)
      t.strictSame(corsHeaders(response.headers), headers, `${method} ${path} for ${origin}`)
      t.equal(response.headers['vary'], 'Accept-Encoding, Origin', 'its Vary is merged, or passed on')
    }
    const preflight = await fetchFrom(port, 'OPTIONS', '/ways/x', { origin: shop, 'access-control-request-method': 'PUT' })
    t.equal(preflight.status, 204)
    t.equal(preflight.headers['x-upstream'], undefined, 'the upstream hears of no preflight')
    await app.close()
  }
})

t.test('a second writeHead is Node\'s to refuse, and an error page replaces a failed first one', async t => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(corsGateway, { policies, watch: false })
  app.get('/ways/twice', (_request, reply) => {
    const { raw } = reply.hijack()
    raw.writeHead(200)
    t.throws(() => raw.writeHead(200), { code: 'ERR_HTTP_HEADERS_SENT' })
    raw.end()
  })
  app.get('/ways/invalid', (_request, reply) => { reply.header('x-bad', 'a\nb').send('x') })
  app.get('/ways/odd', (_request, reply) => {
    const { raw } = reply.hijack()
    t.throws(() => raw.writeHead(200, ['vary']), { code: 'ERR_INVALID_ARG_VALUE' })
    raw.writeHead(200, null as never).end()
  })
  const port = await listen(app)
  t.strictSame(corsHeaders((await request(port, 'GET', '/ways/twice', [['Origin', shop]])).headers), granted)
  t.strictSame(corsHeaders((await request(port, 'GET', '/ways/odd', [['Origin', shop]])).headers), granted)
  const invalid = await request(port, 'GET', '/ways/invalid', [['Origin', shop]])
  t.equal(invalid.status, 500)
  t.strictSame(corsHeaders(invalid.headers), granted)
})

t.test('security 7: Vary is merged', async t => {
  for (const [theirs, ours, merged] of [
    [[], ['origin'], 'Origin'], [['Origin'], ['origin'], 'Origin'], [['origin , Accept'], ['origin'], 'Origin, Accept'],
    [[['A', 'b'], 'a,,B'], ['origin', 'access-control-request-method'], 'A, b, Origin, Access-Control-Request-Method'],
    [['*'], ['origin'], '*'], [['Accept,*'], ['origin'], '*'], [[''], ['origin'], 'Origin'], [[7], ['origin'], '7, Origin']
  ] as const) t.equal(mergeVary(theirs, ours), merged, JSON.stringify(theirs))
})

t.test('the gateway\'s own answers are sent whatever hooks before it have set', async t => {
  type Meddle = (reply: FastifyReply) => void
  const hooks: Readonly<Record<string, readonly [meddle: Meddle, kept?: Readonly<Record<string, string>>]>> = {
    nothing: [() => {}],
    'a header': [reply => { reply.header('x-user', 'Zoe') }, { 'x-user': 'Zoe' }],
    'no header value': [reply => { reply.header('x-user', 'Zoë €').header('x-other', '1') }],
    'no header value, raw': [reply => { reply.raw.setHeader('x-raw', '1'); reply.header('x-user', 'a\r\nb: c') }],
    'no header name': [reply => { reply.header('x user', 'a') }],
    'no message': [reply => { reply.raw.statusMessage = 'a\r\nb: c' }],
    'a thrower': [reply => { reply.raw.writeHead = () => { throw new Error('mine') } }],
    'a body': [reply => {
      reply.headers({ 'transfer-encoding': 'chunked', 'content-encoding': 'gzip', trailer: 'x-sum', etag: '"x"', 'content-language': 'en', 'content-security-policy': 'x' })
      reply.raw.setHeader('Content-Length', 99)
    }, { 'content-security-policy': 'x' }],
    vary: [reply => { reply.raw.setHeader('Vary', ['A', 'b']); reply.header('vary', 'c, a') }],
    'one vary': [reply => { reply.raw.setHeader('Vary', 'A') }]
  }
  const varies: Readonly<Record<string, string>> = { vary: 'A, b, c, Origin', 'one vary': 'A, Origin' }
  for (const http2 of [false, true]) {
    for (const [name, [meddle, kept = {}]] of Object.entries(hooks)) {
      if (http2 && name === 'no message') continue
      const app = (http2 ? Fastify({ http2: true }) : Fastify()) as unknown as FastifyInstance
      app.addHook('onRequest', async (_request, reply) => { meddle(reply) })
      await app.register(corsGateway, { policies, watch: false })
      app.all('/ways/*', { exposeHeadRoute: false }, async () => 'x')
      const port = await listen(app)
      for (const origin of [shop, evil]) {
        const said = `${name}, ${http2 ? 'HTTP/2' : 'HTTP/1.1'}, ${origin}`
        const asked = { origin, 'access-control-request-method': 'PUT' }
        const { status, headers, body } = http2
          ? await ask2(port, asked)
          : await request(port, 'OPTIONS', '/ways/x', Object.entries(asked))
        if (name === 'a thrower') {
          t.notOk(status, `${said}: the connection ends`)
          continue
        }
        t.equal(status, origin === shop ? 204 : 403, `${said}: status`)
        t.equal(headers['access-control-allow-origin'], origin === shop ? shop : undefined, `${said}: grant`)
        t.equal(headers['vary'], varies[name] ?? 'Origin', `${said}: Vary`)
        const others = Object.keys(headers).filter(name => !name.startsWith('access-control-') && !['vary', 'date', 'connection', 'content-type', 'content-length', ':status'].includes(name))
        // On HTTP/2 Node hands on what it refuses on HTTP/1.
        if (!http2 || !name.startsWith('no header value')) {
          t.strictSame(Object.fromEntries(others.map(name => [name, headers[name]])), kept, `${said}: what is kept`)
        }
        if (origin === evil) {
          t.equal(headers['content-type'], 'application/problem+json; charset=utf-8')
          t.match(JSON.parse(body), { status: 403, reason: 'origin-not-allowed' })
          t.equal(Number(headers['content-length']), body.length)
        } else {
          t.notOk('content-length' in headers, `${said}: no length`)
        }
      }
      await app.close()
    }
  }
})

/** A preflight on HTTP/2; no status where the stream ends without an answer. */
function ask2 (
  port: number, headers: Readonly<Record<string, string>>
): Promise<{ status: number, headers: Record<string, unknown>, body: string }> {
  return new Promise(resolve => {
    const session = connectHttp2(`http://127.0.0.1:${port}`)
    const stream = session.request({ ':method': 'OPTIONS', ':path': '/ways/x', ':authority': 'api.example.com', ...headers }, { endStream: true })
    let received: Record<string, unknown> = {}
    let body = ''
    stream.setEncoding('utf8')
    stream.on('response', headers => { received = { ...headers } })
    stream.on('data', chunk => { body += String(chunk) })
    stream.on('error', () => {})
    stream.on('close', () => {
      session.close()
      resolve({ status: Number(received[':status'] ?? 0), headers: received, body })
    })
  })
}

t.test('an answer that a hook before the gateway has begun is left to it', async t => {
  const app = Fastify()
  t.teardown(() => app.close())
  app.addHook('onRequest', async (_request, { raw }) => {
    raw.writeHead(200, { 'x-early': '1' })
    setImmediate(() => { raw.end('early') })
  })
  await app.register(corsGateway, { policies, watch: false })
  const { status, headers, body } = await request(await listen(app), 'OPTIONS', '/ways/x', [['Origin', evil], ['Access-Control-Request-Method', 'PUT']])
  t.match({ status, headers, body }, { status: 200, headers: { 'x-early': '1' }, body: /early/ })
})
