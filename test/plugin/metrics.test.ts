// The metrics, read by a parser of the format that is not ours: every name of the contract, and labels from the policy set alone.
import { ServerResponse, type IncomingMessage } from 'node:http'
import { createRequire } from 'node:module'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import t, { type Test } from 'tap'
import { build } from '../../src/build.ts'
import corsGateway, { memorySource, type CorsGatewayOptions, type MemorySource } from '../../src/index.ts'
import { DebugSwitch } from '../../src/plugin/debug-switch.ts'
import { enforcingHook } from '../../src/plugin/hook.ts'
import { Recorder } from '../../src/plugin/recorder.ts'
import { Emitter } from '../../src/source/emitter.ts'
import { exchangeBytes, listen } from './wire.ts'

interface Sample {
  readonly value?: string
  readonly labels?: Readonly<Record<string, string>>
  /** Of a histogram. */
  readonly buckets?: Readonly<Record<string, string>>
  readonly count?: string
}
interface Family { readonly name: string, readonly help: string, readonly type: string, readonly metrics: readonly Sample[] }

const parse = createRequire(import.meta.url)('parse-prometheus-text-format') as (text: string) => readonly Family[]

function familiesOf (text: string): ReadonlyMap<string, Family> {
  return new Map(parse(text).map(family => [family.name, family]))
}

const policy = `version: 1
blockedOrigins: ["https://*.bad.example"]
rules:
  - name: shop
    routes: [/shop/**]
    allowOrigins: [https://shop.example.com, "https://pr-*.preview.example.com"]
  - name: pilot
    routes: [/pilot]
    allowOrigins: [https://shop.example.com]
    expires: 2999-01-01T00:00:00Z
  - name: trial
    routes: [/trial]
    allowOrigins: [https://shop.example.com]
    expires: 2998-01-01T00:00:00Z
`

interface Started { readonly app: FastifyInstance, readonly policies: MemorySource }

async function start (t: Test, options: Partial<CorsGatewayOptions> = {}): Promise<Started> {
  const policies = memorySource([{ name: 'a.yaml', text: policy }])
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(corsGateway, { policies, watch: false, ...options })
  app.get('/shop/*', async () => 'ok')
  return { app, policies }
}

t.test('every name of the contract, with its type', async t => {
  const { app, policies } = await start(t)
  await app.inject({ url: '/shop/1', headers: { origin: 'https://shop.example.com' } })
  await app.inject({ url: '/shop/1', headers: { origin: 'https://evil.example' } })
  policies.set([{ name: 'a.yaml', text: `${policy}# a change\n` }])
  await app.corsGateway.reload()
  const good = familiesOf(app.corsGateway.metrics())
  const names: [name: string, type: string, sample: object][] = [
    ['cors_gateway_decisions_total', 'COUNTER', { value: '1', labels: { kind: 'actual', outcome: 'allowed', reason: 'allowed', rule: 'shop' } }],
    ['cors_gateway_policy_generation', 'GAUGE', { value: '2' }],
    ['cors_gateway_policy_info', 'GAUGE', { value: '1', labels: { revision: app.corsGateway.snapshot.revision } }],
    ['cors_gateway_policy_last_reload_successful', 'GAUGE', { value: '1' }],
    ['cors_gateway_policy_last_reload_success_timestamp_seconds', 'GAUGE', { value: String(Date.parse(app.corsGateway.status().loadedAt) / 1000) }],
    ['cors_gateway_policy_reload_duration_seconds', 'HISTOGRAM', { count: '1', buckets: { '+Inf': '1' } }],
    ['cors_gateway_policy_rules', 'GAUGE', { value: '3' }],
    ['cors_gateway_rule_expires_timestamp_seconds', 'GAUGE', { value: String(Date.parse('2999-01-01') / 1000), labels: { rule: 'pilot' } }]
  ]
  for (const [name, type, sample] of names) {
    t.equal(good.get(name)?.type, type, name)
    t.match(good.get(name)!.metrics[0], sample, name)
    t.ok(good.get(name)!.help.length > 0, 'with help')
  }
  t.same([...good.keys()].sort(), names.map(([name]) => name).sort(), 'and no others while all is well')
  const texts = [{ name: 'a.yaml', text: policy }]
  const { app: published } = await start(t, { policies: { read: async () => ({ texts, stamp: { epoch: 20, generation: 7 } }) } })
  t.match(familiesOf(published.corsGateway.metrics()).get('cors_gateway_policy_published_generation'), { type: 'GAUGE', metrics: [{ value: '7' }] })

  policies.set([{ name: 'a.yaml', text: 'rules: 7\n' }])
  await app.corsGateway.reload()
  const bad = familiesOf(app.corsGateway.metrics())
  const since = Date.parse(app.corsGateway.status().rejected!.since) / 1000
  t.match(bad.get('cors_gateway_policy_rejected_since_timestamp_seconds'), { type: 'GAUGE', metrics: [{ value: String(since) }] })
  t.match(bad.get('cors_gateway_policy_last_reload_successful'), { metrics: [{ value: '0' }] })
  t.match(bad.get('cors_gateway_policy_generation'), { metrics: [{ value: '2' }] })
})

t.test('above maxRuleLabels the rule is not told', async t => {
  const cases: [maxRuleLabels: number, decided: string, expires: object[]][] = [
    [3, 'shop', [{ labels: { rule: 'pilot' } }, { labels: { rule: 'trial' } }]],
    [2, '_', [{ labels: { rule: '_' }, value: String(Date.parse('2998-01-01') / 1000) }]],
    [0, '_', [{ labels: { rule: '_' } }]]
  ]
  for (const [maxRuleLabels, decided, expires] of cases) {
    const { app } = await start(t, { maxRuleLabels })
    await app.inject({ url: '/shop/1', headers: { origin: 'https://shop.example.com' } })
    const families = familiesOf(app.corsGateway.metrics())
    t.match(families.get('cors_gateway_decisions_total')!.metrics, [{ labels: { rule: decided } }], `of 3 rules, ${maxRuleLabels} told`)
    t.match(families.get('cors_gateway_rule_expires_timestamp_seconds')!.metrics, expires)
    t.equal(families.get('cors_gateway_rule_expires_timestamp_seconds')!.metrics.length, expires.length)
    t.equal(app.corsGateway.status().settings['maxRuleLabels'], maxRuleLabels)
  }
  for (const wrong of [-1, 1.5, '10', NaN]) {
    await t.rejects(start(t, { maxRuleLabels: wrong as number }), { code: 'FST_CORS_GATEWAY_INVALID_OPTION', message: /`maxRuleLabels` is a whole number/ })
  }
})

/** The series without their values. */
function seriesOf (text: string): string[] {
  return text.split('\n').filter(line => line.startsWith('cors_gateway_decisions_total')).map(line => line.slice(0, line.lastIndexOf(' '))).sort()
}

/** Four kinds of origins, each of which is never seen twice. */
function originOf (i: number): string {
  switch (i % 4) {
    case 0: return `https://pr-${i}.preview.example.com`
    case 1: return `https://x${i}.evil.example`
    case 2: return `https://y${i}.bad.example`
    default: return `"},${i}\\`
  }
}

t.test('security 17: origins over the wire make no series', async t => {
  const { app } = await start(t)
  const port = await listen(app)
  const ask = (from: number, to: number): Promise<string> => exchangeBytes(port, Array.from({ length: to - from }, (_, i) =>
    `GET /shop/1 HTTP/1.1\r\nHost: api.example.com\r\nOrigin: ${originOf(from + i)}\r\n${from + i === to - 1 ? 'Connection: close\r\n' : ''}\r\n`).join(''))
  await ask(0, 4)
  const before = seriesOf(app.corsGateway.metrics())
  t.equal(before.length, 4)
  const received = await ask(4, 2004)
  t.equal(received.split('HTTP/1.1 200').length - 1, 2000)
  t.strictSame(seriesOf(app.corsGateway.metrics()), before)
  t.notMatch(app.corsGateway.metrics(), /evil|preview|bad\.example/)
  t.equal(sum(app.corsGateway.metrics()), 2004, 'each one is counted')
})

function sum (text: string): number {
  return familiesOf(text).get('cors_gateway_decisions_total')!.metrics.reduce((total, { value }) => total + Number(value), 0)
}

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

function heap (): number {
  collect()
  collect()
  return process.memoryUsage().heapUsed
}

t.test('security 5 and 17: a million origins leave nothing behind', async t => {
  const { snapshot } = build([{ name: 'a.yaml', text: policy }])
  let seen: FastifyRequest | undefined
  const app = Fastify({ logger: { level: 'info', stream: { write: () => {} } } })
  t.teardown(() => app.close())
  app.get('/shop/1', async request => {
    seen = request
    return 'ok'
  })
  await app.inject('/shop/1')
  const recorder = new Recorder(app.log, new Emitter(() => {}), 1000)
  t.teardown(() => { recorder.close() })
  const hook = enforcingHook({ current: snapshot! }, recorder, new DebugSwitch(false))
  const pass = (): void => {}
  // The hook that a request passes, with a request and a response of Node's own and nothing else between.
  const decideFor = (origin: string): void => {
    const raw = Object.create(seen!.raw) as IncomingMessage
    raw.headers = { host: 'api.example.com', origin }
    const request = Object.create(seen!) as { -readonly [K in keyof FastifyRequest]: FastifyRequest[K] }
    request.raw = raw
    hook.call(app, request, { raw: new ServerResponse(raw) } as unknown as FastifyReply, pass)
  }
  const metric = 'cors_gateway_decisions_total'
  const warm = 20_000
  for (let i = 0; i < warm; i++) decideFor(originOf(i))
  const series = seriesOf(recorder.decisions.samplesOf(metric).join('\n'))
  t.equal(series.length, 4)
  const before = heap()
  const count = 1_000_000
  for (let i = 0; i < count; i++) decideFor(originOf(warm + i))
  const grown = heap() - before
  const text = recorder.decisions.samplesOf(metric).join('\n')
  t.strictSame(seriesOf(text), series)
  t.equal(text.split('\n').reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' ') + 1)), 0), warm + count)
  t.ok(grown < 1024 * 1024, `the heap has grown by ${grown} bytes`)
  t.comment(`${grown} bytes`)
})
