// The admin listener over real sockets: what it tells, whom it refuses, and that nothing it does grows without bound.
import { createServer, request as httpRequest, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { EventStream } from '../../src/gateway/admin-decisions.ts'
import { createAdmin } from '../../src/gateway/admin.ts'
import { startGateway, type Gateway } from '../../src/gateway/gateway.ts'
import type { CorsGatewayOptions } from '../../src/plugin/options.ts'
import { maxRecent, type DecisionEvent } from '../../src/plugin/feed.ts'
import { run } from '../cli/run.ts'
import { follow } from './events.ts'

const policies = resolve(import.meta.dirname, '../../policies')
const shop = 'https://shop.example.com'
const evil = 'https://evil.example'
const anywhere = { host: '127.0.0.1', port: 0 }

interface Started { readonly gateway: Gateway, readonly url: string, readonly admin: string }

async function start (t: Test, plugin: Partial<CorsGatewayOptions> = {}): Promise<Started> {
  const own = { policies, watch: false, ...plugin }
  const gateway = await startGateway({ listen: anywhere, admin: anywhere, upstreams: [], logger: false, plugin: own })
  t.teardown(() => gateway.close())
  return { gateway, url: gateway.url, admin: gateway.adminUrl! }
}

interface Answer { readonly status: number, readonly headers: Headers, readonly text: string }

async function ask (url: string, options: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url, options)
  return { status: response.status, headers: response.headers, text: await response.text() }
}

/** Node's own client sends headers that `fetch` keeps for itself. */
function askAs (url: string, method: string, headers: Record<string, string>): Promise<Omit<Answer, 'headers'> & { headers: IncomingHttpHeaders }> {
  return new Promise((resolve, reject) => {
    httpRequest(url, { method, headers }, response => {
      let text = ''
      response.setEncoding('utf8').on('data', chunk => { text += String(chunk) })
      response.on('end', () => { resolve({ status: response.statusCode!, headers: response.headers, text }) })
    }).on('error', reject).end()
  })
}

async function deny (url: string, path: string, origin: string = evil): Promise<void> {
  await (await fetch(`${url}${path}`, { headers: { origin } })).arrayBuffer()
}

t.test('what it refuses, and how it says so', async t => {
  const { admin } = await start(t)
  const explain = (query: string): string => `/api/explain?origin=${shop}&url=https://api.example.com/cart/7${query}`
  const cases: [method: string, path: string, status: number, error: RegExp | null][] = [
    ['GET', '/healthz', 200, null],
    ['GET', '/readyz', 200, null],
    ['GET', '/metrics', 200, null],
    ['GET', '/api/status', 200, null],
    ['GET', '/api/rules', 200, null],
    ['HEAD', '/api/decisions', 200, null],
    ['POST', '/api/reload', 200, null],
    ['GET', '/nowhere', 404, /^there is no \/nowhere here$/],
    ['GET', '/api/nowhere?x=1', 404, /^there is no \/api\/nowhere here$/],
    ['GET', '/%zz', 400, /not a valid url/],
    ['DELETE', '/api/rules', 405, /^\/api\/rules takes GET, HEAD$/],
    ['OPTIONS', '/api/status', 405, /takes GET, HEAD/],
    ['GET', '/api/reload', 405, /^\/api\/reload takes POST$/],
    ['POST', '/api/reload?accpt=x', 400, /there is no parameter `accpt`; known are accept/],
    ['POST', '/api/debug', 400, /`seconds` is a whole number from 0, which ends it, to 3600$/],
    ['POST', '/api/debug?seconds=-1', 400, /to 3600, not `-1`/],
    ['POST', '/api/debug?seconds=3601', 400, /to 3600, not `3601`/],
    ['POST', '/api/debug?seconds=1&seconds=2', 400, /`seconds` is given more than once/],
    ['GET', '/api/decisions?all=yes', 400, /`all` is 0 or 1, not `yes`/],
    ['GET', '/api/explain', 400, /`origin` and `url` are needed/],
    ['GET', `/api/explain?origin=${shop}&url=/cart`, 400, /not an absolute URL/],
    ['GET', `/api/explain?origin=${shop}&origin=${shop}&url=https://a.example/`, 400, /`origin` is given more than once/],
    ['GET', explain('&credentials=yes'), 400, /`credentials` is same-origin, include or omit, not `yes`/],
    ['GET', explain('&header=x'), 400, /`header` is a name and a value/],
    ['GET', explain('&format=xml'), 400, /`format` is json or pretty, not `xml`/],
    ['GET', explain('&metod=PUT'), 400, /there is no parameter `metod`/]
  ]
  for (const [method, path, status, error] of cases) {
    const answer = await ask(`${admin}${path}`, { method })
    t.equal(answer.status, status, `${method} ${path}`)
    if (error !== null) t.match(JSON.parse(answer.text), { error }, `${method} ${path}: ${answer.text}`)
    t.equal(answer.headers.get('cache-control'), 'no-store')
    t.same([...answer.headers.keys()].filter(name => name.startsWith('access-control')), [], 'no CORS')
  }
  t.equal((await ask(`${admin}/api/reload`)).headers.get('allow'), 'POST')
  const body = { method: 'POST', body: '{', headers: { 'content-type': 'application/json' } }
  t.equal((await ask(`${admin}/api/reload`, body)).status, 200, 'a body means nothing')
})

t.test('security 18: no page but its own, by no name but its own', async t => {
  const { admin } = await start(t)
  const own = new URL(admin).host
  const cases: [method: string, headers: Record<string, string>, status: number][] = [
    ['GET', {}, 200],
    ['POST', {}, 200],
    ['GET', { origin: `http://${own}` }, 200],
    ['POST', { origin: `http://${own}`, 'sec-fetch-site': 'same-origin' }, 200],
    ['GET', { 'sec-fetch-site': 'none' }, 200],
    ['GET', { origin: evil }, 403],
    ['POST', { origin: evil }, 403],
    ['POST', { origin: 'null' }, 403],
    ['POST', { origin: 'http://localhost:3000' }, 403],
    ['POST', { origin: '' }, 403],
    ['GET', { 'sec-fetch-site': 'cross-site' }, 403],
    ['GET', { 'sec-fetch-site': 'same-site' }, 403],
    ['POST', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }, 403],
    ['GET', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' }, 403],
    ['GET', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }, 200],
    ['GET', { host: 'attacker.example' }, 421],
    ['GET', { host: `attacker.example:${new URL(admin).port}` }, 421],
    ['GET', { host: `localhost:${new URL(admin).port}` }, 200]
  ]
  for (const [method, headers, status] of cases) {
    const answer = await askAs(`${admin}${method === 'GET' ? '/api/status' : '/api/reload'}`, method, headers)
    t.equal(answer.status, status, `${method} ${JSON.stringify(headers)}: ${answer.text.slice(0, 100)}`)
    t.same(Object.keys(answer.headers).filter(name => name.startsWith('access-control')), [], 'no CORS')
  }
  t.equal((await askAs(`${admin}/nowhere`, 'GET', { origin: evil })).status, 403, 'also where nothing is')
})

t.test('security 18: everything that it tells needs the token', async t => {
  const admin = createAdmin({ address: { host: '0.0.0.0', port: 0 }, token: 'sesame', gateway: () => null })
  t.teardown(() => admin.close())
  const routes: [method: 'GET' | 'POST', url: string][] = [
    ['GET', '/metrics'], ['GET', '/api/status'], ['GET', '/api/rules'], ['GET', '/api/explain'],
    ['GET', '/api/decisions'], ['POST', '/api/reload'], ['POST', '/api/debug']
  ]
  for (const [method, url] of routes) {
    const unknown = await admin.inject({ method, url, headers: { host: 'gateway.internal' } })
    t.equal(unknown.statusCode, 401, `${method} ${url}`)
    t.equal(unknown.headers['www-authenticate'], 'Bearer')
    const known = await admin.inject({ method, url, headers: { host: 'gateway.internal', authorization: 'Bearer sesame' } })
    t.equal(known.statusCode, 503, `${method} ${url} with the token, before any set is loaded`)
    const foreign = await admin.inject({ method, url, headers: { host: 'gateway.internal', origin: evil, authorization: 'Bearer sesame' } })
    t.equal(foreign.statusCode, 403, 'a page that knows the token is still a page')
  }
  for (const [url, status] of [['/healthz', 200], ['/readyz', 503]] as const) {
    t.equal((await admin.inject({ url, headers: { host: 'gateway.internal' } })).statusCode, status, `${url} is there for probes`)
    t.equal((await admin.inject({ url, headers: { host: 'gateway.internal', origin: evil } })).statusCode, 403, 'no page is a probe')
  }
})

t.test('status, rules and explanations are those of the command line', async t => {
  const { admin } = await start(t)
  const status = JSON.parse((await ask(`${admin}/api/status`)).text)
  t.same(Object.keys(status).sort(), ['generation', 'history', 'lastAttempt', 'loadedAt', 'origins', 'published', 'rejected', 'revision', 'rules', 'settings',
    'source', 'state', 'upcoming', 'version', 'watch'])
  t.match(status, {
    state: 'ok', generation: 1, rules: 6, published: null, source: null, watch: 'off', version: /^\d+\.\d+\.\d+/, history: [{ what: 'start' }], upcoming: [{ rule: 'acme-returns-pilot', what: 'ends' }],
    settings: { mode: 'enforce', debug: false, unmatched: 'deny', maxRuleLabels: 1000, minKept: 0 }
  })
  const rules = JSON.parse((await ask(`${admin}/api/rules`)).text)
  const { rules: expected, blockedOrigins, revision } = JSON.parse((await run('rules', policies, '--format', 'json')).stdout)
  t.strictSame(rules, { generation: 1, revision, rules: expected, blockedOrigins })

  const questions: string[][] = [
    ['--origin', shop, '--url', 'https://api.example.com/cart/7', '--method', 'PUT', '--credentials', 'include', '--header', 'content-type: application/json', '--header', 'x-csrf-token: 1'],
    ['--origin', 'https://shop.example.com:8443', '--url', 'https://api.example.com/cart/7?x=1&y=%20'],
    ['--origin', shop, '--url', 'wss://api.example.com/cart/..%2fadmin'],
    ['--origin', '', '--url', 'https://api.example.com/cart/7']
  ]
  for (const argv of questions) {
    const query = new URLSearchParams(argv.flatMap((word, i): [string, string][] => i % 2 === 0 ? [[word.slice(2), argv[i + 1]!]] : []))
    // Both decide as of the moment at which their set was built.
    const at = (text: string): string => text.replace(/"at": ?"[^"]*"/, '"at":""')
    const json = await run('explain', policies, ...argv, '--format', 'json')
    const answer = await ask(`${admin}/api/explain?${query.toString()}`)
    t.equal(answer.status, 200, argv.join(' '))
    t.equal(at(answer.text), at(JSON.stringify(JSON.parse(json.stdout))))
    const story = await ask(`${admin}/api/explain?${query.toString()}&format=pretty`)
    t.equal(story.text, (await run('explain', policies, ...argv)).stdout)
    t.equal(story.headers.get('content-type'), 'text/plain; charset=utf-8')
  }
})

t.test('a review of very many origins', async t => {
  const origins = Array.from({ length: 1000 }, (_, i) => `https://a${i}.example.com`)
  const rules = Array.from({ length: 40 }, (_, i) => `  - {name: r${i}, routes: [/r${i}]}\n`).join('')
  const directory = t.testdir({ 'a.yaml': `version: 1\ndefaults: {allowOrigins: [${origins.join()}]}\nrules:\n${rules}` })
  const { admin } = await start(t, { policies: directory })
  const review = JSON.parse((await ask(`${admin}/api/rules`)).text)
  t.equal(review.rules.length, 40)
  t.ok(review.rules.every((rule: { origins: unknown[] }) => rule.origins.length === 1000))
})

t.test('the stream of decisions', async t => {
  const { gateway, url, admin } = await start(t)
  await deny(url, '/cart/1?token=secret')
  const denials = await follow(`${admin}/api/decisions`)
  const all = await follow(`${admin}/api/decisions?all=1`)
  t.equal(denials.headers.get('content-type'), 'text/event-stream; charset=utf-8')
  t.equal(denials.headers.get('cache-control'), 'no-store')
  await denials.until(events => events.length === 1)
  t.same(Object.keys(denials.events[0]!.data), [
    'at', 'kind', 'outcome', 'reason', 'rule', 'route', 'origin', 'method', 'generation', 'host', 'path', 'scheme', 'requestedHeaders'
  ])
  t.match(denials.events[0], {
    event: 'decision',
    data: {
      at: /^\d{4}-\d\d-\d\dT[\d:.]+Z$/, kind: 'actual', outcome: 'denied', reason: 'origin-not-allowed', rule: null, route: '/cart/*',
      host: new URL(url).host, origin: evil, method: 'GET', path: '/cart/1', generation: 1
    }
  }, 'a denial before it was opened, without its query')

  await deny(url, '/cart/2', shop)
  await askAs(`${url}/cart/3`, 'OPTIONS', { origin: shop, 'access-control-request-method': 'PATCH' })
  await askAs(`${url}/nowhere/${'x'.repeat(300)}`, 'GET', { origin: `https://${'y'.repeat(300)}` })
  await askAs(`${url}/cart/4`, 'GET', { origin: 'a\tb\\"é' })
  await denials.until(events => events.length === 4)
  await all.until(events => events.length === 5)
  t.same(denials.events.map(({ data }) => data.reason), ['origin-not-allowed', 'method-not-allowed', 'no-policy', 'origin-malformed'], 'no allowed ones')
  t.match(denials.events[1]!.data, { kind: 'preflight', rule: 'checkout', method: 'PATCH', path: '/cart/3' })
  t.equal(denials.events[2]!.data.path.length, 256, 'cut')
  t.equal(denials.events[2]!.data.origin.length, 256, 'cut')
  t.equal(denials.events[3]!.data.origin, 'a\\x09b\\\\"\\xe9', 'escaped as in the log')
  t.match(all.events[1]!.data, { outcome: 'allowed', reason: 'allowed', rule: 'checkout', path: '/cart/2' }, 'allowed ones where they are asked for')

  const again = await follow(`${admin}/api/decisions`, { 'last-event-id': denials.events[2]!.id! })
  await again.until(events => events.length === 1)
  t.same(again.events, denials.events.slice(3), 'a client that comes back gets only what it missed')
  for (const client of [denials, all, again]) client.close()

  for (let i = 0; i < maxRecent + 20; i++) await deny(url, `/cart/${i}`)
  const late = await follow(`${admin}/api/decisions`)
  await late.until(events => events.length === maxRecent)
  t.same(late.events.map(({ data }) => data.path), Array.from({ length: maxRecent }, (_, i) => `/cart/${i + 20}`), 'the last ones, oldest first')
  await gateway.close()
  await late.ended
})

t.test('at most 16 clients', async t => {
  const { admin } = await start(t)
  const clients = await Promise.all(Array.from({ length: 16 }, () => follow(`${admin}/api/decisions`)))
  t.same(clients.map(({ status }) => status), Array(16).fill(200))
  t.equal((await ask(`${admin}/api/decisions`)).status, 503)
  clients[0]!.close()
  let status = 503
  for (let i = 0; i < 200 && status === 503; i++) {
    await sleep(10)
    const next = await follow(`${admin}/api/decisions`)
    status = next.status
    next.close()
  }
  t.equal(status, 200, 'a place that was left is free again')
  for (const client of clients) client.close()
})

const event: DecisionEvent = {
  id: 1, at: 0, kind: 'actual', outcome: 'denied', reason: 'no-policy', rule: null, route: null, host: 'a', origin: evil, method: 'GET', path: '/', generation: 1,
  scheme: 'http', requestedHeaders: null
}

/** Hands over the response to one request. */
async function respond (t: Test, handle: (response: ServerResponse) => void): Promise<number> {
  const server = createServer((_request, response) => { handle(response) })
  t.teardown(() => { server.closeAllConnections() })
  t.teardown(() => server.close())
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

t.test('a flood is bounded and counted, and allowed requests leave room for denials', async t => {
  const port = await respond(t, response => {
    const stream = new EventStream(response, true)
    const offer = (id: number | null, times: number): void => {
      for (let i = 0; i < times; i++) if (stream.wants(id !== null)) stream.take({ ...event, id })
    }
    offer(null, 1000)
    offer(1, 100)
    response.on('close', () => { stream.end() })
  })
  const client = await follow(`http://127.0.0.1:${port}/`)
  await client.until(events => events.some(({ event }) => event === 'dropped'))
  t.equal(client.events.filter(({ event, id }) => event === 'decision' && id === null).length, 25)
  t.equal(client.events.filter(({ id }) => id === '1').length, 25)
  t.same(client.events.at(-1), { event: 'dropped', id: null, data: { count: 1050 } })
  client.close()
})

t.test('silence is broken', async t => {
  const limits = { events: 50, others: 25, waiting: 1024, silence: 1 }
  const port = await respond(t, response => {
    const stream = new EventStream(response, false, limits)
    response.on('close', () => { stream.end() })
  })
  const client = await follow(`http://127.0.0.1:${port}/`)
  while (!client.text().includes(': still here\n\n')) await sleep(20)
  t.same(client.events, [])
  client.close()
})

t.test('a client that does not read is dropped', async t => {
  let dropped: () => void
  const end = new Promise<void>(resolve => { dropped = resolve })
  let taken = 0
  const port = await respond(t, response => {
    const stream = new EventStream(response, false, { events: Infinity, others: 0, waiting: 1024 * 1024, silence: 15 })
    const more = (): void => {
      for (let i = 0; i < 1000; i++) {
        stream.take({ ...event, path: 'x'.repeat(256) })
        taken++
      }
      if (!response.destroyed) setImmediate(more)
    }
    more()
    response.on('close', () => {
      stream.end()
      dropped()
    })
  })
  const socket = connect(port, '127.0.0.1', () => {
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    socket.pause()
  })
  socket.on('error', () => {})
  t.teardown(() => { socket.destroy() })
  await end
  t.ok(taken < 200_000, `after ${taken} events`)
})

t.test('the debug header for a while', async t => {
  const { url, admin } = await start(t)
  const header = async (): Promise<string | null> => (await ask(`${url}/cart/1`, { headers: { origin: shop } })).headers.get('x-cors-gateway')
  const isOn = async (): Promise<boolean> => JSON.parse((await ask(`${admin}/api/status`)).text).settings.debug
  const set = async (seconds: number): Promise<string | null> => JSON.parse((await ask(`${admin}/api/debug?seconds=${seconds}`, { method: 'POST' })).text).until
  t.equal(await header(), null)
  t.equal(await isOn(), false)
  const until = await set(600)
  t.ok(Math.abs(Date.parse(until!) - Date.now() - 600_000) < 60_000, `until ${until}`)
  t.equal(await header(), 'allowed; reason=allowed; rule=checkout')
  t.equal(await isOn(), true)
  const refused = await askAs(`${url}/cart/1`, 'OPTIONS', { origin: evil, 'access-control-request-method': 'PUT' })
  t.equal(refused.headers['x-cors-gateway'], 'denied; reason=origin-not-allowed')
  t.equal(await set(0), null)
  t.equal(await header(), null, 'ended')
  t.equal(await isOn(), false)
  await set(1)
  t.equal(await isOn(), true)
  while (await isOn()) await sleep(50)
  t.equal(await header(), null, 'it ends by itself')

  const always = await start(t, { debug: true })
  await ask(`${always.admin}/api/debug?seconds=0`, { method: 'POST' })
  t.match((await ask(`${always.url}/cart/1`, { headers: { origin: shop } })).headers.get('x-cors-gateway'), /^allowed/, 'what the options switch on stays on')
  const observing = await start(t, { mode: 'observe' })
  t.equal((await ask(`${observing.admin}/api/debug?seconds=10`, { method: 'POST' })).status, 409)
})
