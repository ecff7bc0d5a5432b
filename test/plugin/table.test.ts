// The decision table through three doors: the pure functions, injected requests, and a real socket.
import Fastify, { type FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { build } from '../../src/build.ts'
import corsGateway, { memorySource } from '../../src/index.ts'
import { decide } from '../../src/snapshot/decide.ts'
import { headersFor } from '../../src/snapshot/headers.ts'
import type { RequestFacts } from '../../src/fetch/request.ts'
import { cases, host, policies, type DecisionCase } from './cases.ts'
import { corsHeaders, listen, request } from './wire.ts'

const texts = [{ name: 'table.yaml', text: policies }]
const foreign = {
  'access-control-allow-origin': 'https://foreign.example', 'Access-Control-Allow-Credentials': 'true', 'timing-allow-origin': '*', vary: 'Accept-Encoding'
}

function factsOf ({ method, target, lines }: DecisionCase): RequestFacts {
  const value = (name: string, separator: string): string | undefined => {
    const values = lines.filter(([each]) => each.toLowerCase() === name).map(([, value]) => value)
    return values.length === 0 ? undefined : values.join(separator)
  }
  return {
    method, target, host, scheme: 'http',
    origin: value('origin', ', '),
    requestedMethod: value('access-control-request-method', ', '),
    requestedHeaders: value('access-control-request-headers', ', '),
    requestsPrivateNetwork: value('access-control-request-private-network', ', ') === 'true',
    fetchSite: value('sec-fetch-site', ', '),
    upgrade: value('upgrade', ', ') !== undefined,
    carriesCredentials: (value('cookie', '; ') ?? value('authorization', ', ')) !== undefined,
    hostIsAmbiguous: value('host', ', ') !== undefined
  }
}

t.test('the set is valid', async t => {
  t.strictSame(build(texts, {}).diagnostics.filter(({ severity }) => severity === 'error'), [])
  t.ok(cases.length > 100)
})

t.test('decide and headersFor', async t => {
  const snapshots = { deny: build(texts, { unmatched: 'deny' }).snapshot!, passthrough: build(texts, { unmatched: 'passthrough' }).snapshot! }
  for (const each of cases) {
    const facts = factsOf(each)
    const decision = decide(snapshots[each.unmatched], facts)
    const { kind, outcome, reason, rule, status, managed } = decision
    const headers = headersFor(decision, facts)
    t.strictSame(
      { kind, outcome, reason, rule: rule?.name ?? null, status, managed, headers: Object.fromEntries(headers.set), vary: headers.vary },
      { kind: each.kind, outcome: each.outcome, reason: each.reason, rule: each.rule, status: each.status, managed: each.managed,
        headers: each.headers, vary: each.vary.map(name => name.toLowerCase()) },
      each.name)
  }
})

interface Seen { readonly kind: string, readonly outcome: string, readonly reason: string, readonly rule: string | null }

/** An application whose handler answers everything and meddles with every header. */
async function meddler (unmatched: 'deny' | 'passthrough'): Promise<{ app: FastifyInstance, seen: () => Seen | null | undefined }> {
  const app = Fastify()
  let seen: Seen | null | undefined
  await app.register(corsGateway, { policies: memorySource(texts), unmatched, watch: false })
  app.addHook('onResponse', async request => { seen = request.cors })
  app.setNotFoundHandler((_request, reply) => { reply.code(200).headers(foreign).send('handled') })
  return { app, seen: () => seen }
}

interface Received { readonly status: number, readonly headers: Readonly<Record<string, unknown>>, readonly body: string }

function check (t: Test, each: DecisionCase, response: Received, seen: Seen | null | undefined): void {
  const { kind, outcome, reason, rule, status, managed, headers, vary } = each
  const isHandled = status === 0
  t.match(seen, { kind, outcome, reason, rule }, `${each.name}: request.cors`)
  t.equal(response.status, isHandled ? 200 : status, `${each.name}: status`)
  const own = Object.fromEntries(Object.entries(foreign).map(([name, value]) => [name.toLowerCase(), value]).filter(([name]) => name !== 'vary'))
  t.strictSame(corsHeaders(response.headers), managed ? headers : own, `${each.name}: CORS headers`)
  const wanted = [...isHandled ? ['Accept-Encoding'] : [], ...vary].join(', ')
  t.equal(response.headers['vary'], wanted === '' ? undefined : wanted, `${each.name}: Vary`)
  if (status === 403) {
    t.equal(response.headers['content-type'], 'application/problem+json; charset=utf-8', `${each.name}: problem`)
    const problem = JSON.parse(response.body) as Record<string, unknown>
    t.match(problem, { title: 'Forbidden', status: 403, reason }, `${each.name}: reason`)
    t.notOk('rule' in problem, `${each.name}: the rule is not named`)
  }
  if (status === 204) t.equal(response.body, '', `${each.name}: no body`)
}

t.test('injected requests', async t => {
  const doors = { deny: await meddler('deny'), passthrough: await meddler('passthrough') }
  t.teardown(() => Promise.all([doors.deny.app.close(), doors.passthrough.app.close()]))
  for (const each of cases.filter(({ needsSocket }) => !needsSocket)) {
    const { app, seen } = doors[each.unmatched]
    const headers = Object.fromEntries([['host', host], ...each.lines])
    const response = await app.inject({ method: each.method as 'GET', url: each.target, headers })
    check(t, each, { status: response.statusCode, headers: response.headers, body: response.body }, seen())
  }
})

t.test('a real socket', async t => {
  const doors = { deny: await meddler('deny'), passthrough: await meddler('passthrough') }
  t.teardown(() => Promise.all([doors.deny.app.close(), doors.passthrough.app.close()]))
  const ports = { deny: await listen(doors.deny.app), passthrough: await listen(doors.passthrough.app) }
  for (const each of cases) {
    const isUpgrade = each.lines.some(([name]) => name === 'Upgrade')
    const lines = isUpgrade ? each.lines.map(([name, value]) => [name, name === 'Connection' ? 'Upgrade, close' : value] as const) : each.lines
    const response = await request(ports[each.unmatched], each.method, each.target, lines)
    check(t, each, response, doors[each.unmatched].seen())
  }
})
