// What the log and the metrics say, and that no request can make them say too much.
import Fastify, { type FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import corsGateway, { memorySource, type CorsGatewayOptions } from '../../src/index.ts'
import { maxKeys, RepeatLog, showValue } from '../../src/plugin/log.ts'
import { DecisionCounters, DurationHistogram, sample } from '../../src/plugin/metrics.ts'
import type { Decision } from '../../src/snapshot/decision.ts'
import { evil, shop } from './cases.ts'
import { levels, linesOf, type LogLine } from './lines.ts'
import { listen, request } from './wire.ts'

const twoRules = `version: 1
rules:
  - name: shop
    routes: [/shop/**]
    allowOrigins: [${shop}]
  - name: ends
    routes: [/ends]
    allowOrigins: [${shop}]
    expires: 2999-01-01T00:00:00Z
`

type Options = Partial<CorsGatewayOptions> & { readonly level?: 'debug', readonly trustProxy?: boolean }

async function start (t: Test, { level = 'info' as 'debug', trustProxy = false, ...options }: Options = {}): Promise<{ app: FastifyInstance, lines: LogLine[] }> {
  const { logger, lines } = linesOf(level)
  const app = Fastify({ logger: logger!, trustProxy, disableRequestLogging: true })
  t.teardown(() => app.close())
  await app.register(corsGateway, { policies: memorySource([{ name: 'a.yaml', text: twoRules }]), ...options })
  await app.ready()
  return { app, lines }
}

t.test('the start', async t => {
  t.match((await start(t)).lines, [{ level: levels.info, msg: '2 rules on 3 routes; every other path is denied (unmatched: deny)' }])
  const text = 'version: 1\nrules: [{name: a, routes: [/a], allowOrigins: [https://a.example.com]}]'
  const { lines } = await start(t, { unmatched: 'passthrough', mode: 'observe', policies: memorySource([{ name: 'a.yaml', text }]) })
  t.match(lines, [{ msg: /^1 rule on 1 route; every other path passes untouched \(unmatched: passthrough\).*nothing is enforced \(mode: observe\)/ }])
})

t.test('reloads and rejections', async t => {
  const policies = memorySource([{ name: 'a.yaml', text: twoRules }])
  const { app, lines } = await start(t, { policies, watch: false })
  const load = async (text: string): Promise<LogLine[]> => {
    lines.length = 0
    policies.set([{ name: 'a.yaml', text }])
    await app.corsGateway.reload()
    return lines
  }
  t.match(await load(`${twoRules}# a change\n`), [{ level: levels.info, generation: 2, msg: /^policies reloaded: 2 rules on 3 routes, generation 2/ }])
  const bad = twoRules.replace('routes: [/ends]', 'routs: [/ends]').replace('name: shop', 'nam: shop')
  const rejected = await load(bad)
  t.equal(rejected.length, 1, 'one line')
  t.match(rejected, [{ level: levels.error, generation: 2, msg: /generation 2 stays/, diagnostics: [{ file: 'a.yaml' }, { file: 'a.yaml' }] }])
  t.match(rejected[0]!.msg, /a\.yaml:3:5[^]*nam: shop[^]*a\.yaml:7:5[^]*routs: \[\/ends\]/, 'with every finding and its frame')
  t.match(await load(bad), [], 'told once')
  t.match(await load(`${twoRules}# a change\n`), [{ msg: /again those in force/ }])
})

t.test('windows', async t => {
  const soon = new Date(Date.now() + 300).toISOString()
  const { app, lines } = await start(t, { policies: memorySource([{ name: 'a.yaml', text: twoRules.replace('2999-01-01T00:00:00Z', soon) }]) })
  const passed = new Promise<unknown>(resolve => { app.corsGateway.on('window', resolve) })
  await listen(app)
  await passed
  t.match(lines.at(-1), { level: levels.info, generation: 2, msg: /generation 2: ends ends/ })
  t.equal((await app.inject({ method: 'OPTIONS', url: '/ends', headers: { origin: shop, 'access-control-request-method': 'GET' } })).json<{ reason: string }>().reason, 'outside-validity')
})

t.test('denials: the first of each at info, each at debug', async t => {
  const { app, lines } = await start(t)
  lines.length = 0
  for (const url of ['/shop', '/shop', '/shop/x', '/shop/y?secret']) await app.inject({ url, headers: { origin: evil } })
  t.match(lines, [
    { level: levels.info, reqId: 'req-1', cors: { kind: 'actual', outcome: 'denied', reason: 'origin-not-allowed', rule: null, route: '/shop', origin: evil, method: 'GET', generation: 1 } },
    { level: levels.info, cors: { route: '/shop/*' } }
  ])
  t.equal(lines.length, 2)
  await app.inject({ method: 'OPTIONS', url: '/shop', headers: { origin: shop, 'access-control-request-method': 'DELETE' } })
  t.match(lines[2], { cors: { kind: 'preflight', reason: 'method-not-allowed', rule: 'shop', method: 'DELETE' } }, 'a preflight\'s method is the one that it asks for')
  lines.length = 0
  await app.close()
  t.match(lines.find(({ count }) => count === 1), { msg: /^1 more of these denials/ }, 'what was counted is told at the end')

  const debug = await start(t, { level: 'debug' })
  debug.lines.length = 0
  for (let i = 0; i < 3; i++) await debug.app.inject({ url: '/shop', headers: { origin: evil } })
  t.strictSame(debug.lines.map(({ level }) => level), [levels.info, levels.debug, levels.debug])
})

t.test('an ambiguous path: which reading led where', async t => {
  const { app, lines } = await start(t)
  const port = await listen(app)
  for (const [target, route, ambiguity] of [
    ['/sh%6Fp', '/shop', { reading: 'undecoded', path: '/sh%6Fp', rules: [] }],
    ['/shop/%2e%2e/ends', '/shop/*', { reading: 'percent-decoded, dot segments resolved', path: '/ends', rules: ['ends'] }],
    ['/ends#x', '/ends', { reading: 'malformed', path: '/ends#x' }]
  ] as const) {
    lines.length = 0
    await request(port, 'GET', target, [['Origin', shop]])
    t.match(lines, [{ cors: { reason: 'path-ambiguous', route, ambiguity } }], target)
  }
  lines.length = 0
  await request(port, 'GET', '/nowhere', [['Host', 'b'], ['Origin', shop]])
  t.match(lines, [{ cors: { reason: 'path-ambiguous', ambiguity: { reading: 'two hosts' } } }])
  const other = await start(t)
  const otherPort = await listen(other.app)
  other.lines.length = 0
  await request(otherPort, 'GET', '/shop', [['Origin', shop]], 'a, b')
  t.match(other.lines, [{ cors: { reason: 'path-ambiguous', host: 'a, b', ambiguity: { reading: 'malformed host' } } }])
})

t.test('security 17: values of requests are cut and escaped', async t => {
  const { app, lines } = await start(t)
  const port = await listen(app)
  lines.length = 0
  await request(port, 'GET', '/shop', [['Origin', `https://a\u00e9\\${'x'.repeat(5000)}`]])
  const { origin } = lines[0]!.cors as { origin: string }
  t.match(origin, /^https:\/\/a\\xe9\\\\x+\.\.\.$/)
  t.ok(origin.length <= 256)
  t.equal(showValue('https://a.example'), 'https://a.example')
  t.equal(showValue('a\nb\t\u{1f600}'), 'a\\x0ab\\x09\\u{1f600}')
  t.ok(showValue('\n'.repeat(1000)).length <= 256)
  t.equal(showValue('x'.repeat(256)), 'x'.repeat(256))
})

t.test('the hint at trustProxy, once', async t => {
  const headers = { origin: 'https://shop.example.org', host: 'inner', 'x-forwarded-host': 'cdn, shop.example.org', 'x-forwarded-proto': 'https' }
  const { app, lines } = await start(t)
  await app.inject({ url: '/shop', headers: { ...headers, 'x-forwarded-proto': 'http' } })
  t.notOk(lines.some(({ level }) => level === levels.warn))
  for (let i = 0; i < 2; i++) await app.inject({ url: '/shop', headers })
  t.equal(lines.filter(({ level, msg }) => level === levels.warn && msg.includes('trustProxy')).length, 1)
  const trusting = await start(t, { trustProxy: true })
  await trusting.app.inject({ url: '/shop', headers: { ...headers, origin: 'https://shop.example.org:1', 'x-forwarded-host': 'shop.example.org:1', host: 'x' } })
  t.notOk(trusting.lines.some(({ level }) => level === levels.warn))
})

t.test('at most so many different lines a minute', async t => {
  const { logger, lines } = linesOf()
  const app = Fastify({ logger: logger! })
  const log = new RepeatLog(app.log, 'denials')
  t.teardown(() => { log.stop() })
  let first = 0
  for (let n = 0; n < 3 * (maxKeys + 50); n++) {
    const i = Math.floor(n / 3)
    if (log.isFirst(`key ${i}`, () => ({ i }))) first++
  }
  t.equal(first, maxKeys)
  log.flush()
  t.equal(lines.length, maxKeys + 1)
  t.match(lines[0], { cors: { i: 0 }, count: 2, msg: '2 more of these denials in the last minute' })
  t.match(lines.at(-1), { count: 150 })
  t.notOk(log.isFirst('key 0', () => ({})), 'what keeps coming is no news')
  log.flush()
  log.flush()
  t.ok(log.isFirst('key 0', () => ({})), 'after a quiet minute it is')
})

t.test('metrics', async t => {
  const policies = memorySource([{ name: 'a.yaml', text: twoRules }])
  const { app } = await start(t, { policies, watch: false })
  app.corsGateway.on('denied', () => {})
  await app.inject({ url: '/shop', headers: { origin: shop } })
  await app.inject({ url: '/shop', headers: { origin: '"},evil' } })
  await app.inject({ url: '/nowhere' })
  policies.set([{ name: 'a.yaml', text: `${twoRules}#\n` }])
  await app.corsGateway.reload()
  policies.set([{ name: 'a.yaml', text: 'x' }])
  await app.corsGateway.reload()
  const text = app.corsGateway.metrics()
  const { revision, loadedAt, rejected } = app.corsGateway.status()
  for (const line of [
    'cors_gateway_decisions_total{kind="actual",outcome="allowed",reason="allowed",rule="shop"} 1',
    'cors_gateway_decisions_total{kind="actual",outcome="denied",reason="origin-malformed",rule=""} 1',
    'cors_gateway_decisions_total{kind="none",outcome="none",reason="not-cors",rule=""} 1',
    'cors_gateway_policy_generation 2', `cors_gateway_policy_info{revision="${revision}"} 1`, 'cors_gateway_policy_rules 2',
    'cors_gateway_policy_last_reload_successful 0',
    `cors_gateway_policy_last_reload_success_timestamp_seconds ${Date.parse(loadedAt) / 1000}`,
    `cors_gateway_policy_rejected_since_timestamp_seconds ${Date.parse(rejected!.since) / 1000}`,
    'cors_gateway_rule_expires_timestamp_seconds{rule="ends"} 32472144000',
    'cors_gateway_policy_reload_duration_seconds_count 1', 'cors_gateway_policy_reload_duration_seconds_bucket{le="+Inf"} 1'
  ]) t.ok(text.includes(`\n${line}\n`), line)
  t.notMatch(text, /evil/, 'no value of a request is a label')
  // Every line is a comment or a sample (Prometheus text format).
  for (const line of text.trimEnd().split('\n')) t.match(line, /^(?:# (?:HELP|TYPE) \w+ .+|\w+(?:\{(?:\w+="[^"\n]*",?)*\})? -?[\d.e+-]+)$/, line)
})

t.test('labels stay few', async t => {
  const decision = (name: string): Decision => ({ kind: 'actual', outcome: 'allowed', reason: 'allowed', rule: { name } }) as Decision
  const counters = new DecisionCounters()
  counters.count(decision('a'), 1000)
  counters.count(decision('a'), 1001)
  t.strictSame(counters.samplesOf('m').map(line => /rule="(.*?)"/.exec(line)![1]), ['a', '_'])
  for (let i = 0; i < 5000; i++) counters.count(decision(`rule-${i}`), 10)
  t.ok(counters.samplesOf('m').length < 1100, 'also over many reloads')
  t.equal(counters.samplesOf('m').reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0), 5002, 'nothing is lost')
  const histogram = new DurationHistogram()
  for (const seconds of [0.001, 0.2, 60]) histogram.observe(seconds)
  t.match(histogram.samplesOf('h'), ['h_bucket{le="0.005"} 1', ...Array<RegExp>(4).fill(/ 1$/), 'h_bucket{le="0.25"} 2', ...Array<RegExp>(5).fill(/ 2$/), 'h_bucket{le="+Inf"} 3', 'h_sum 60.201', 'h_count 3'])
  t.equal(sample('m', { a: 'x"\\\ny' }, 1), 'm{a="x\\"\\\\\\ny"} 1')
})
