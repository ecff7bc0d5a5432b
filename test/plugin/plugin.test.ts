// The plugin in an application: hooks, contexts, observe and debug mode, reloads, and what is refused at registration.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import Fastify, { type FastifyInstance, type FastifyPluginAsync, type LightMyRequestResponse } from 'fastify'
import t, { type Test } from 'tap'
import corsGateway, { corsGateway as named, frameworkErrors, memorySource, type CorsGatewayOptions, type MemorySource } from '../../src/index.ts'
import { evil, shop, type Lines } from './cases.ts'
import { linesOf, levels } from './lines.ts'
import { corsHeaders, exchangeBytes, listen, parseResponse, request } from './wire.ts'

const ruleText = (name: string, route: string, origin: string, more: string = ''): string =>
  `version: 1\nrules:\n  - name: ${name}\n    routes: ["${route}"]\n    allowOrigins: ["${origin}"]\n${more}`

function source (...texts: string[]): MemorySource {
  return memorySource(texts.map((text, i) => ({ name: `${i}.yaml`, text })))
}

const asks: Record<string, string> = { origin: shop, 'access-control-request-method': 'GET' }

async function start (t: Test, app: FastifyInstance, options: Partial<CorsGatewayOptions> = {}): Promise<FastifyInstance> {
  t.teardown(() => app.close())
  await app.register(corsGateway, { policies: source(ruleText('shop', '/shop/**', shop)), ...options })
  return app
}

t.test('security 10: preflights come before later hooks, and logging and onResponse still run', async t => {
  const { logger, lines } = linesOf()
  const app = Fastify({ logger: logger! })
  app.get('/shop/before', async () => 'before')
  await start(t, app)
  let responses = 0
  app.addHook('onRequest', async (_request, reply) => reply.code(401).send('who?'))
  app.addHook('onSend', async () => { t.fail('onSend of a preflight') })
  app.addHook('onResponse', async () => { responses++ })
  app.get('/shop/after', async () => 'after')
  for (const url of ['/shop/before', '/shop/after', '/shop/nowhere']) {
    const preflight = await app.inject({ method: 'OPTIONS', url, headers: asks })
    t.equal(preflight.statusCode, 204)
    t.equal(preflight.headers['access-control-allow-origin'], shop)
  }
  t.equal(responses, 3)
  t.equal(lines.filter(({ msg }) => msg === 'request completed').length, 3)
})

t.test('what hooks before the gateway have set stays on its own answers', async t => {
  const { logger, lines } = linesOf()
  const app = Fastify({ logger: logger! })
  app.addHook('onRequest', async function secure (_request, reply) {
    reply.headers({ 'strict-transport-security': 'max-age=1', 'access-control-allow-origin': '*', vary: 'Accept', 'content-type': 'text/plain' })
  })
  await start(t, app)
  await app.ready()
  t.match(lines.find(({ level }) => level === levels.warn), { hooks: ['secure'] }, 'a warning names them')
  const preflight = await app.inject({ method: 'OPTIONS', url: '/shop', headers: asks })
  t.match(preflight.headers, { 'strict-transport-security': 'max-age=1', 'access-control-allow-origin': shop, vary: 'Accept, Origin' })
  t.notOk('content-type' in preflight.headers)
  const denied = await app.inject({ method: 'OPTIONS', url: '/shop', headers: { ...asks, origin: evil } })
  t.match(denied.headers, { 'strict-transport-security': 'max-age=1', 'content-type': 'application/problem+json; charset=utf-8' })
  t.strictSame(corsHeaders(denied.headers), {})
})

t.test('request.cors', async t => {
  const app = Fastify()
  app.addHook('onRequest', async request => { t.equal(request.cors, null, 'null before') })
  await start(t, app)
  app.get('/shop/x', async request => request.cors)
  t.strictSame((await app.inject({ url: '/shop/x', headers: { origin: shop } })).json(),
    { kind: 'actual', outcome: 'allowed', reason: 'allowed', rule: 'shop', route: '/shop/*', generation: 1 })
  t.strictSame((await app.inject({ url: '/shop/x' })).json(),
    { kind: 'none', outcome: 'none', reason: 'not-cors', rule: null, route: '/shop/*', generation: 1 })
})

t.test('debug', async t => {
  const app = await start(t, Fastify(), { debug: true, unmatched: 'passthrough' })
  app.setNotFoundHandler(async (_request, reply) => reply.code(200).header('X-Cors-Gateway', 'mine').send('x'))
  const said = async (method: 'GET' | 'OPTIONS', url: string, headers: Record<string, string>): Promise<unknown> =>
    (await app.inject({ method, url, headers })).headers['x-cors-gateway']
  t.equal(await said('OPTIONS', '/shop', asks), 'allowed; reason=allowed; rule=shop')
  t.equal(await said('OPTIONS', '/shop', { ...asks, origin: evil }), 'denied; reason=origin-not-allowed')
  t.equal(await said('GET', '/shop', {}), 'none; reason=not-cors')
  t.equal(await said('GET', '/shop', { origin: shop }), 'allowed; reason=allowed; rule=shop')
  t.equal(await said('GET', '/other', { origin: shop }), 'mine', 'an unmanaged answer is untouched')
  const strict = await start(t, Fastify(), { debug: true, policies: source(ruleText('shop', '/shop', shop, '    enforceMethods: true\n    allowMethods: [GET]\n')) })
  const refused = await strict.inject({ method: 'OPTIONS', url: '/shop', headers: { ...asks, 'access-control-request-method': 'POST' } })
  t.match(refused.json(), { reason: 'method-not-allowed', rule: 'shop' }, 'in debug mode the rule is named')
})

t.test('observe: nothing is answered, set or removed, and what differs is told', async t => {
  const { logger, lines } = linesOf()
  const app = await start(t, Fastify({ logger: logger! }), { mode: 'observe', debug: true,
    policies: source(ruleText('shop', '/shop/**', shop, '    exposeHeaders: [x-a, x-b]\n    deniedRequests: reject\n')) })
  const said: { cors: unknown }[] = []
  let answer: Record<string, string> = {}
  app.route({ method: ['GET', 'OPTIONS'], url: '/shop/x', handler: async (request, reply) => {
    said.push({ cors: request.cors })
    return reply.code(200).headers(answer).send('x')
  } })
  app.get('/shop/raw', async (_request, reply) => { reply.hijack().raw.writeHead(200, ['Access-Control-Allow-Origin', shop, 'access-control-expose-headers', 'X-B, x-a']).end() })
  const differing = async (method: 'GET' | 'OPTIONS', url: string, headers: Record<string, string>, their: Record<string, string>): Promise<unknown> => {
    answer = their
    lines.length = 0
    const response = await app.inject({ method, url, headers })
    t.notOk(response.headers['x-cors-gateway'], 'no debug header')
    if (url === '/shop/x') {
      t.equal(response.statusCode, 200, 'the handler answers')
      t.strictSame(corsHeaders(response.headers), their)
      t.notOk(response.headers.vary)
    }
    return lines.find(({ msg }) => msg.startsWith('observed'))?.cors?.['differences']
  }
  const right = { 'access-control-allow-origin': shop, 'access-control-expose-headers': 'X-B,x-a' }
  t.equal(await differing('GET', '/shop/x', { origin: shop }, right), undefined, 'lists are sets')
  t.strictSame(await differing('GET', '/shop/x', { origin: shop }, { ...right, 'access-control-allow-origin': '*' }), ['access-control-allow-origin'])
  t.strictSame(await differing('GET', '/shop/x', { origin: evil }, {}), ['status'], 'it would have been rejected')
  t.strictSame(await differing('GET', '/shop/x', {}, right), ['access-control-allow-origin', 'access-control-expose-headers'])
  t.strictSame(await differing('OPTIONS', '/shop/x', asks, {}), ['access-control-allow-methods', 'access-control-allow-origin'])
  t.strictSame(await differing('OPTIONS', '/shop/none', asks, {}), ['access-control-allow-methods', 'access-control-allow-origin', 'status'])
  t.equal(await differing('OPTIONS', '/shop/x', { ...asks, origin: evil }, {}), undefined, 'nobody is granted by both')
  t.equal(await differing('GET', '/shop/raw', { origin: shop }, {}), undefined, 'raw answers are seen')
  t.match(said[2], { cors: { outcome: 'denied', reason: 'origin-not-allowed' } }, 'handlers are told')
  t.match(app.corsGateway.metrics(), /cors_gateway_observed_differences_total\{kind="actual",outcome="denied",reason="origin-not-allowed",rule=""\} 1\n/)
  t.match(app.corsGateway.metrics(), /cors_gateway_decisions_total\{kind="preflight",outcome="allowed",reason="allowed",rule="shop"\} 2\n/)
})

t.test('a reload takes effect at once, and a rejected one changes nothing', async t => {
  const policies = source(ruleText('shop', '/shop/**', shop))
  const app = await start(t, Fastify(), { policies })
  app.get('/shop/x', async request => request.cors)
  const events: string[] = []
  for (const name of ['reload', 'rejected', 'denied'] as const) app.corsGateway.on(name, () => { events.push(name) })
  const removed = app.corsGateway.on('denied', () => { t.fail('removed') })
  removed()
  app.corsGateway.on('denied', () => { throw new Error('a listener') })
  const allowed = async (origin: string): Promise<unknown> => (await app.inject({ url: '/shop/x', headers: { origin } })).headers['access-control-allow-origin']
  t.equal(await allowed(evil), undefined)
  policies.set([{ name: 'a.yaml', text: ruleText('other', '/shop/**', evil) }])
  t.match(await app.corsGateway.reload(), { ok: true, generation: 2, diagnostics: [] })
  t.equal(await allowed(evil), evil)
  t.equal(await allowed(shop), undefined)
  policies.set([{ name: 'a.yaml', text: 'version: 1\nrules: 7\n' }])
  t.match(await app.corsGateway.reload(), { ok: false, generation: 2 })
  t.equal(await allowed(evil), evil)
  t.match(app.corsGateway.status(), { state: 'degraded', generation: 2, rules: 1, rejected: { diagnostics: [{ line: 2 }] }, version: /^\d+\./ })
  t.strictSame(events, ['denied', 'reload', 'denied', 'rejected'])
  t.strictSame(app.corsGateway.snapshot, { generation: 2, revision: app.corsGateway.status().revision, rules: 1 })
})

t.test('minKept: a set that loses too much waits until its revision is accepted', async t => {
  const policies = source(ruleText('a', '/a', shop), ruleText('b', '/b', shop), ruleText('c', '/c', evil))
  const app = await start(t, Fastify(), { policies, minKept: 0.5, watch: false })
  policies.set([{ name: '0.yaml', text: ruleText('a', '/a', shop) }])
  t.match(await app.corsGateway.reload(), { ok: false, generation: 1, diagnostics: [{ code: 'set-shrunk' }] })
  const { rejected, settings } = app.corsGateway.status()
  t.match(settings, { minKept: 0.5 })
  t.match(await app.corsGateway.reload({ accept: 'another' }), { ok: false, generation: 1 })
  t.match(await app.corsGateway.reload({ accept: rejected!.revision! }), { ok: true, generation: 2 })
  t.equal(app.corsGateway.snapshot.rules, 1)
})

t.test('lastKnownGood: a broken set at the start, and the last good one serves', async t => {
  const lastKnownGood = join(t.testdir(), 'last-good.json')
  const good = Fastify()
  await good.register(corsGateway, { policies: source(ruleText('shop', '/shop/**', shop)), lastKnownGood, watch: false })
  const { revision } = good.corsGateway.snapshot
  await good.close()
  const app = await start(t, Fastify(), { policies: source('version: 1\nrules: 7\n'), lastKnownGood, watch: false })
  t.match(app.corsGateway.status(), { state: 'degraded', generation: 1, revision, rejected: { diagnostics: [{ line: 2 }] } })
  t.equal((await app.inject({ method: 'OPTIONS', url: '/shop', headers: asks })).headers['access-control-allow-origin'], shop)
})

t.test('frameworkErrors: what Fastify refuses before any hook gets its headers', async t => {
  const policies = source(ruleText('shop', '/shop/:id', shop))
  const app = await start(t, Fastify({ frameworkErrors }), { policies, debug: true })
  app.get('/shop/:id', async () => 'x')
  const get = (url: string, origin: string): Promise<LightMyRequestResponse> => app.inject({ url, headers: { origin } })
  const long = await get(`/shop/${'a'.repeat(101)}`, shop)
  t.equal(long.statusCode, 414)
  t.strictSame(corsHeaders(long.headers), { 'access-control-allow-origin': shop, 'x-cors-gateway': 'allowed; reason=allowed; rule=shop' })
  t.equal(long.headers['vary'], 'Origin')
  const bad = await get('/shop/%zz', shop)
  t.match(bad, { statusCode: 400, headers: { vary: 'Origin', 'x-cors-gateway': 'denied; reason=path-ambiguous' } })
  t.notOk('access-control-allow-origin' in bad.headers)
  t.equal((await app.inject({ method: 'OPTIONS', url: '/shop/%zz', headers: asks })).statusCode, 403, 'a preflight')
  const without = Fastify({ frameworkErrors })
  t.teardown(() => without.close())
  without.get('/:id', async () => 'x')
  t.equal((await without.inject('/%zz')).statusCode, 400, 'no gateway at the root')
})

t.test('reload: manual', async t => {
  const policies = source(ruleText('shop', '/shop', shop))
  const app = await start(t, Fastify(), { policies, reload: 'manual' })
  policies.set([{ name: 'a.yaml', text: ruleText('b', '/b', shop) }])
  await new Promise(resolve => setTimeout(resolve, 20))
  t.equal(app.corsGateway.snapshot.generation, 1)
  await app.corsGateway.reload()
  t.equal(app.corsGateway.snapshot.generation, 2)
})

t.test('explain', async t => {
  const app = await start(t, Fastify())
  t.match(app.corsGateway.explain({ origin: shop, url: 'http://api.example.com/shop' }), { outcome: 'readable', rule: { name: 'shop', line: 3 } })
  t.match(app.corsGateway.explain({ origin: evil, url: 'http://api.example.com/shop' }), { outcome: 'blocked', reason: 'origin-not-allowed' })
  const explained: unknown[] = []
  app.addHook('onResponse', async request => { explained.push(app.corsGateway.explain(request)) })
  await app.inject({ method: 'PUT', url: '/shop/x?y', headers: { origin: shop, host: 'api.example.com' } })
  await app.inject({ method: 'OPTIONS', url: '/shop/x', headers: { ...asks, 'access-control-request-headers': 'x-a,x-b' } })
  await app.inject({ url: '/shop', headers: { host: 'api.example.com' } })
  await app.inject({ url: '/shop', headers: { origin: evil, connection: 'upgrade', upgrade: 'websocket', cookie: 'a=b' } })
  t.match(explained, [
    { outcome: 'blocked', reason: 'method-not-allowed', preflight: { request: { method: 'PUT' } } },
    { outcome: 'blocked', reason: 'header-not-allowed', preflight: { request: { headers: ['x-a', 'x-b'] } } },
    { outcome: 'readable', reason: 'same-origin' },
    { outcome: 'blocked', decision: { actual: { kind: 'upgrade' } } }
  ])
})

t.test('contexts', async t => {
  const child = (origin: string): FastifyPluginAsync => async instance => {
    await instance.register(corsGateway, { policies: source(ruleText('of-child', '/a/*', origin), ruleText('of-b', '/b/*', origin)) })
    instance.get('/x', async request => request.cors?.rule)
  }
  const app = Fastify()
  t.teardown(() => app.close())
  app.get('/free', async (_request, reply) => reply.header('access-control-allow-origin', '*').send('x'))
  await app.register(child('https://a.example'), { prefix: '/a' })
  await app.register(child('https://b.example'), { prefix: '/b' })
  for (const [name, other] of [['a', 'b'], ['b', 'a']] as const) {
    const origin = `https://${name}.example`
    const preflight = await app.inject({ method: 'OPTIONS', url: `/${name}/x`, headers: { ...asks, origin } })
    t.equal(preflight.headers['access-control-allow-origin'], origin, 'each answers its own preflights')
    t.equal((await app.inject({ url: `/${name}/none`, headers: { origin } })).headers['access-control-allow-origin'], origin, 'and owns its 404s')
    t.match((await app.inject({ url: `/${name}/none` })).json(), { statusCode: 404, message: `Route GET:/${name}/none not found` })
    t.equal((await app.inject({ method: 'OPTIONS', url: `/${other}/x`, headers: { ...asks, origin } })).statusCode, 403)
  }
  t.equal((await app.inject({ url: '/free' })).headers['access-control-allow-origin'], '*', 'outside nothing is managed')
  t.notOk(app.hasDecorator('corsGateway'))

  const handled = Fastify()
  t.teardown(() => handled.close())
  await handled.register(async instance => {
    instance.setNotFoundHandler(async (_request, reply) => reply.code(404).send('mine'))
    await instance.register(corsGateway, { policies: source(ruleText('a', '/a/*', shop)) })
  }, { prefix: '/a' })
  t.equal((await handled.inject({ url: '/a/none', headers: { origin: shop } })).body, 'mine', 'a handler that is set stays')
  t.equal((await handled.inject({ method: 'OPTIONS', url: '/a/none', headers: asks })).statusCode, 204)

  const nested = Fastify()
  t.teardown(() => nested.close())
  await nested.register(child(shop), { prefix: '/a' })
  await nested.register(corsGateway, { policies: source(ruleText('of-root', '/**', evil)) })
  t.equal((await nested.inject({ url: '/a/x', headers: { origin: shop } })).body, 'of-child', 'the inner one decides alone')
  t.equal((await nested.inject({ url: '/b/x', headers: { origin: evil } })).headers['access-control-allow-origin'], evil)

  for (const [what, register] of [
    ['without a prefix', (app: FastifyInstance) => app.register(async instance => { await instance.register(corsGateway, { policies: source(ruleText('a', '/a', shop)) }) })],
    ['twice', async (app: FastifyInstance) => { await start(t, app); await app.register(corsGateway, { policies: './p' }) }],
    ['inside another', async (app: FastifyInstance) => { await start(t, app); await app.register(child(shop), { prefix: '/a' }) }]
  ] as const) {
    await t.rejects(async () => { await register(Fastify()) }, { code: 'FST_CORS_GATEWAY_CONTEXT' }, what)
  }
})

t.test('router options of the instance', async t => {
  for (const options of [{ routerOptions: { caseSensitive: false } }, { caseSensitive: false }]) {
    const app = await start(t, Fastify(options))
    t.equal((await app.inject({ method: 'OPTIONS', url: '/SHOP/x', headers: asks })).statusCode, 204)
  }
  t.equal((await (await start(t, Fastify())).inject({ method: 'OPTIONS', url: '/SHOP/x', headers: asks })).statusCode, 403)
  const router = await start(t, Fastify(), { pathReadings: 'router' })
  t.equal((await router.inject({ url: '/sh%6fp/x', headers: { origin: shop } })).headers['access-control-allow-origin'], shop)
})

t.test('options are validated', async t => {
  const policies = source(ruleText('a', '/a', shop))
  for (const [options, code, said] of [
    [{}, 'INVALID_OPTION', /`policies` is missing/],
    [{ policies: 7 }, 'INVALID_OPTION', /not 7/], [{ policies: [] }, 'INVALID_OPTION', /not a list/], [{ policies: { write: 1 } }, 'INVALID_OPTION', /an object/],
    [{ policies, polices: 1 }, 'UNKNOWN_OPTION', /did you mean `policies`/], [{ policies, unmatch: 'deny' }, 'UNKNOWN_OPTION', /did you mean `unmatched`/],
    [{ policies, minKept: 1.5 }, 'INVALID_OPTION', /0 to 1, such as 0\.5, not 1\.5/], [{ policies, minKept: '0.5' }, 'INVALID_OPTION', /not '0\.5'/],
    [{ policies, minKept: NaN }, 'INVALID_OPTION', /NaN/], [{ policies, lastKnownGood: '' }, 'INVALID_OPTION', /path of a file/],
    [{ policies, lastKnownGood: true }, 'INVALID_OPTION', /path of a file, not true/],
    [{ policies: 'https://a.example/cors.json' }, 'INVALID_OPTION', /`policies` takes a URL as a source: httpSource/],
    [{ policies: 'tls://a.example/cors' }, 'INVALID_OPTION', /`policies` takes a URL as a source: natsSource\('tls:/],
    [{ policies, shadow: '' }, 'INVALID_OPTION', /`shadow` is a directory/], [{ policies, prefix: '/a' }, 'UNKNOWN_OPTION', /context/],
    [{ policies, mode: 'obsrve' }, 'INVALID_OPTION', /did you mean 'observe'/], [{ policies, unmatched: 'pass' }, 'INVALID_OPTION', /'deny' or 'passthrough'/],
    [{ policies, reload: 7 }, 'INVALID_OPTION', /'auto' or 'manual'/], [{ policies, debug: 'yes' }, 'INVALID_OPTION', /true or false, not 'yes'/],
    [{ policies, watch: null }, 'INVALID_OPTION', /null/], [{ policies, allowEmpty: 1 }, 'INVALID_OPTION', /1/],
    [{ policies, pathReadings: 'some' }, 'INVALID_OPTION', /'router'/], [{ policies, pathReadings: ['dot'] }, 'INVALID_OPTION', /did you mean 'dots'/],
    [{ policies, pathReadings: [7] }, 'INVALID_OPTION', /lists 7/],
    [{ policies: source('version: 2\n') }, 'POLICIES', /0\.yaml:1:10/], [{ policies: source() }, 'POLICIES', /./],
    [{ policies: '/no/such/directory' }, 'POLICIES', /no\/such\/directory/]
  ] as const) {
    const app = Fastify()
    await t.rejects(async () => { await app.register(corsGateway, options as never) }, { code: `FST_CORS_GATEWAY_${code}`, message: said }, String(said))
    await app.close()
  }
  t.equal(named, corsGateway)
  const app = await start(t, Fastify(), { policies: source(), allowEmpty: true, pathReadings: ['dots', 'case'] })
  t.match(app.corsGateway.status().settings, { pathReadings: ['dots', 'case'], mode: 'enforce', allowEmpty: true })
})

t.test('security 15: a header block that Node has cut is 431, never "no Origin"', async t => {
  const app = Fastify()
  app.addHook('onRequest', async (_request, reply) => { reply.header('access-control-allow-origin', '*') })
  await start(t, app)
  app.get('/shop/x', async () => 'handled')
  const port = await listen(app)
  const filler = (count: number): Lines => Array.from({ length: count }, () => ['a', 'b'] as const)
  // Newer lines of Node answer 431 themselves, before any hook, where older ones drop what is beyond the limit.
  const bare = Fastify()
  t.teardown(() => bare.close())
  const nodeRefuses = (await request(await listen(bare), 'GET', '/shop/x', filler(1100))).status === 431
  t.equal((await request(port, 'GET', '/shop/x', [...filler(900), ['Origin', shop]])).headers['access-control-allow-origin'], shop, 'many lines are fine')
  for (const lines of [[...filler(1000), ['Origin', evil] as const], filler(1100)]) {
    const cut = await request(port, 'GET', '/shop/x', lines)
    t.equal(cut.status, 431)
    t.strictSame(corsHeaders(cut.headers), {})
    t.match(cut.headers['content-type'], nodeRefuses ? 'application/json' : /problem\+json/)
  }
  app.server.maxHeadersCount = 10
  t.equal((await request(port, 'GET', '/shop/x', [...filler(4), ['Origin', shop]])).status, 200)
  t.equal((await request(port, 'GET', '/shop/x', [...filler(40), ['Origin', shop]])).status, 431)
  app.server.maxHeadersCount = 0
  t.equal((await request(port, 'GET', '/shop/x', [...filler(1100), ['Origin', shop]])).headers['access-control-allow-origin'], shop, 'without a limit nothing is cut')

  const observing = await start(t, Fastify(), { mode: 'observe' })
  observing.get('/shop/x', async request => JSON.stringify(request.cors))
  const seen = await request(await listen(observing), 'GET', '/shop/x', filler(1100))
  if (nodeRefuses) t.equal(seen.status, 431)
  else t.equal(seen.body, 'null', 'observe mode answers nothing, and decides nothing')
})

t.test('security 12: host and scheme come from Fastify, under trustProxy only', async t => {
  const policies = source(ruleText('hosted', '/x', shop, '    hosts: [api.example.com]\n'))
  const headers = { origin: shop, host: 'inner', 'x-forwarded-host': 'other.example, api.example.com' }
  const trusting = await start(t, Fastify({ trustProxy: true }), { policies })
  const strict = await start(t, Fastify(), { policies })
  for (const app of [trusting, strict]) app.get('/x', async request => request.cors?.reason)
  t.equal((await trusting.inject({ url: '/x', headers })).body, 'allowed')
  t.equal((await strict.inject({ url: '/x', headers })).body, 'no-policy')
  for (const [origin, proto, reason] of [
    ['https://api.example.com', 'https', 'same-origin'], ['http://api.example.com', 'https', 'origin-not-allowed'], ['https://api.example.com', 'WSS', 'same-origin'],
    ['http://api.example.com', 'ws', 'same-origin']
  ] as const) {
    t.equal((await trusting.inject({ url: '/x', headers: { ...headers, origin, 'x-forwarded-proto': proto } })).body, reason, `${origin} by ${proto}`)
  }
})

t.test('security 12: a host that is none gets no grant', async t => {
  const app = await start(t, Fastify(), { policies: source(ruleText('below', '/x', shop, '    hosts: ["*.example.com"]\n    deniedRequests: reject\n')) })
  let [explained, reason]: unknown[] = []
  app.get('/x', async () => 'x')
  app.addHook('onResponse', async request => {
    reason = request.cors?.reason
    try {
      explained = app.corsGateway.explain(request).reason
    } catch (error) {
      explained = error
    }
  })
  const port = await listen(app)
  for (const host of ['a.example.com', 'A.Example.com.', 'a.example.com:8443', 'a_b.example.com', '1.example.com']) {
    const response = await request(port, 'GET', '/x', [['Origin', shop]], host)
    t.strictSame(corsHeaders(response.headers), { 'access-control-allow-origin': shop }, host)
    t.equal(explained, 'allowed')
  }
  for (const host of [
    'evil.com, a.example.com', 'evil.com/.example.com', 'evil.com#.example.com', 'evil.com?.example.com', 'evil.com\\.example.com', 'u:p@a.example.com',
    'evil.com @a.example.com', '<script>.example.com', 'x\'"--.example.com', '%00.example.com', '\xe9.example.com', 'a.example.com:99999', 'a.example.com:80:90', '[::1].example.com'
  ]) {
    for (const [method, lines] of [['GET', []], ['OPTIONS', [['Access-Control-Request-Method', 'GET']]]] as [string, Lines][]) {
      const response = await request(port, method, '/x', [['Origin', shop], ...lines], host)
      t.strictSame(corsHeaders(response.headers), {}, `${method} ${host}`)
      t.equal(reason, 'path-ambiguous', `${method} ${host}`)
      if (method === 'OPTIONS') t.match(response, { status: 403, body: /"reason":"path-ambiguous"/ }, `${method} ${host}`)
      t.match(explained, { name: 'TypeError', message: /no page asks for the host/ }, 'a URL made of it would be another one')
    }
  }
  const none = parseResponse(await exchangeBytes(port, `GET /x HTTP/1.0\r\nOrigin: ${shop}\r\n\r\n`))
  t.match(none, { status: 200 }, 'no host is no rule\'s of a host')
})

t.test('a kept connection serves on after the gateway\'s own answers', async t => {
  const app = await start(t, Fastify(), { policies: source(ruleText('shop', '/shop/**', shop, '    deniedRequests: reject\n')) })
  app.post('/shop/x', async () => 'handled')
  const port = await listen(app)
  const bytes = await exchangeBytes(port, [
    `POST /shop/x HTTP/1.1\r\nHost: a\r\nOrigin: ${evil}\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\nbody`,
    `HEAD /shop/x HTTP/1.1\r\nHost: a\r\nOrigin: ${evil}\r\n\r\n`,
    `OPTIONS /shop/x HTTP/1.1\r\nHost: a\r\nOrigin: ${shop}\r\nAccess-Control-Request-Method: GET\r\n\r\n`,
    `POST /shop/x HTTP/1.1\r\nHost: a\r\nOrigin: ${shop}\r\nContent-Type: text/plain\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody`
  ].join(''))
  t.strictSame([...bytes.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status), ['403', '403', '204', '200'])
  t.equal(parseResponse(bytes.slice(bytes.lastIndexOf('HTTP/1.1'))).body, 'handled')
})

t.test('a closed application lets the process end', async t => {
  const script = `
    import Fastify from 'fastify'
    import corsGateway from ${JSON.stringify(new URL('../../src/index.ts', import.meta.url).href)}
    const app = Fastify({ logger: false })
    await app.register(corsGateway, { policies: process.argv[1] })
    await app.listen({ host: '127.0.0.1', port: 0 })
    await app.inject({ url: '/', headers: { origin: 'https://evil.example' } })
    await app.close()
    process.stdout.write('closed')`
  const directory = t.testdir({ 'a.yaml': ruleText('a', '/a', shop, '    expires: 2999-01-01T00:00:00Z\n') })
  const child = spawn(process.execPath, [...process.execArgv, '--input-type=module', '-e', script, directory], { cwd: import.meta.dirname, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => { said += String(chunk) })
  t.equal(await new Promise(resolve => child.on('exit', resolve)), 0)
  t.equal(said, 'closed')
})
