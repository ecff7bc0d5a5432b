// The candidate: decided beside the set in force on the same requests, counted and shown, and never enforced.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import fc from 'fast-check'
import Fastify, { type FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import corsGateway, { memorySource, type CorsGatewayOptions, type MemorySource, type PolicySource, type ShadowDifference, type ShadowStatus } from '../../src/index.ts'
import { contrast, type Answer } from '../../src/plugin/contrast.ts'
import { compile } from '../../src/snapshot/compile.ts'
import { decide } from '../../src/snapshot/decide.ts'
import { headersFor } from '../../src/snapshot/headers.ts'
import { blocked, facts, now, ruleTexts, runs, setOf, settings } from '../inspect/arbitrary.ts'
import { evil, shop } from './cases.ts'
import { levels, linesOf } from './lines.ts'
import { corsHeaders } from './wire.ts'

type Text = { name: string, text: string }[]

const rule = (name: string, more: string, route = '/shop/**'): string => `  - name: ${name}\n    routes: ["${route}"]\n${more.replace(/^(?=.)/gm, '    ')}\n`
const setText = (...rules: string[]): Text => [{ name: 'a.yaml', text: `version: 1\nrules:\n${rules.join('')}` }]
const grants = `allowOrigins: ["${shop}"]`
const active = setText(rule('shop', grants))

async function start (t: Test, app: FastifyInstance, options: Partial<CorsGatewayOptions> = {}): Promise<FastifyInstance> {
  t.teardown(() => app.close())
  await app.register(corsGateway, { policies: memorySource(active), ...options })
  app.all('/shop/x', { exposeHeadRoute: false }, async () => 'x')
  return app
}

function shadowOf (app: FastifyInstance): ShadowStatus {
  const { shadow } = app.corsGateway.status()
  if (shadow === undefined) throw new Error('no shadow')
  return shadow
}

/** Waits for what a source tells in its own time. */
async function until (holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise(resolve => { setTimeout(resolve, 5) })
}

const get = { method: 'GET' as const, url: '/shop/x', headers: { origin: shop } }
const asks = (method: string, headers?: string): Record<string, string> =>
  ({ origin: shop, 'access-control-request-method': method, ...headers !== undefined && { 'access-control-request-headers': headers } })
const preflight = (method: string, headers?: string): object => ({ method: 'OPTIONS', url: '/shop/x', headers: asks(method, headers) })

t.test('without a candidate there is nothing of it', async t => {
  const app = await start(t, Fastify())
  await app.inject(get)
  t.notOk('shadow' in app.corsGateway.status())
  t.notMatch(app.corsGateway.metrics(), /shadow/)
  t.doesNotThrow(() => { app.corsGateway.on('shadow', () => {})() })
  await t.rejects(start(t, Fastify(), { shadow: 7 as unknown as string }), { code: 'FST_CORS_GATEWAY_INVALID_OPTION', message: /`shadow` is a directory/ })
})

t.test('what differs, and in which direction', async t => {
  type Found = [old: string | null, next: string | null, direction: string, differences: string[]]
  const cases: [name: string, old: string[], next: string[], request: object, found: Found | null][] = [
    ['the same', [rule('shop', grants)], [rule('shop', grants)], get, null],
    ['another name for the same', [rule('shop', grants)], [rule('store', grants)], get, null],
    ['another reason for the same', [rule('shop', grants)], [rule('shop', 'allowOrigins: []', '/other')], { ...get, headers: { origin: evil } }, null],
    ['an origin more', [rule('shop', 'allowOrigins: []')], [rule('shop', grants)], get, [null, 'shop', 'widened', ['access-control-allow-origin', 'outcome']]],
    ['an origin less', [rule('shop', grants)], [rule('shop', 'allowOrigins: []')], get, ['shop', null, 'narrowed', ['access-control-allow-origin', 'outcome']]],
    ['a route less', [rule('shop', grants)], [rule('shop', grants, '/other')], get, ['shop', null, 'narrowed', ['access-control-allow-origin', 'outcome']]],
    ['everyone', [rule('shop', grants)], [rule('all', 'allowOrigins: ["*"]')], get, ['shop', 'all', 'widened', ['access-control-allow-origin']]],
    ['credentials', [rule('shop', grants)], [rule('shop', `${grants}\nallowCredentials: true`)], get, ['shop', 'shop', 'widened', ['access-control-allow-credentials']]],
    ['credentials for everyone\'s grant', [rule('shop', 'allowOrigins: ["*"]')], [rule('shop', `${grants}\nallowCredentials: true`)], get,
      ['shop', 'shop', 'changed', ['access-control-allow-credentials', 'access-control-allow-origin']]],
    ['a header to read', [rule('shop', grants)], [rule('shop', `${grants}\nexposeHeaders: [x-a]`)], get, ['shop', 'shop', 'widened', ['access-control-expose-headers']]],
    ['another header to read', [rule('shop', `${grants}\nexposeHeaders: [x-b]`)], [rule('shop', `${grants}\nexposeHeaders: [x-a]`)], get, ['shop', 'shop', 'changed', ['access-control-expose-headers']]],
    ['a refusal', [rule('shop', 'allowOrigins: []')], [rule('shop', 'allowOrigins: []\ndeniedRequests: reject')], get, [null, null, 'narrowed', ['status']]],
    ['the upstream', [rule('shop', grants)], [rule('shop', 'passthrough: true')], get, ['shop', 'shop', 'changed', ['outcome']]],
    ['the upstream instead of a denial', [rule('shop', 'allowOrigins: []')], [rule('shop', 'passthrough: true')], get, [null, 'shop', 'widened', ['outcome']]],
    ['timing', [rule('shop', `${grants}\ntimingAllowOrigin: true`)], [rule('shop', grants)], get, ['shop', 'shop', 'narrowed', ['timing-allow-origin']]],
    ['a method', [rule('shop', grants)], [rule('shop', `${grants}\nallowMethods: [GET, HEAD, POST, PUT]`)], preflight('PUT'), ['shop', 'shop', 'widened', ['access-control-allow-methods', 'outcome']]],
    ['a method that this request does not need', [rule('shop', grants)], [rule('shop', `${grants}\nallowMethods: [GET, HEAD, POST, PUT]`)], preflight('GET'), ['shop', 'shop', 'widened', ['access-control-allow-methods']]],
    ['the order of methods', [rule('shop', grants)], [rule('shop', `${grants}\nallowMethods: [POST, GET, HEAD]`)], preflight('GET'), null],
    ['a method for another', [rule('shop', `${grants}\nallowMethods: [PUT]`)], [rule('shop', `${grants}\nallowMethods: [PATCH]`)], preflight('GET'), ['shop', 'shop', 'changed', ['access-control-allow-methods']]],
    ['every header', [rule('shop', `${grants}\nallowHeaders: [x-a]`)], [rule('shop', `${grants}\nallowHeaders: ["*"]`)], preflight('GET', 'x-a'), ['shop', 'shop', 'widened', ['access-control-allow-headers']]],
    ['a longer memory', [rule('shop', `${grants}\nmaxAge: 10m`)], [rule('shop', `${grants}\nmaxAge: 2h`)], preflight('GET'), ['shop', 'shop', 'widened', ['access-control-max-age']]],
    ['no memory', [rule('shop', grants)], [rule('shop', `${grants}\nmaxAge: 0`)], preflight('GET'), ['shop', 'shop', 'narrowed', ['access-control-max-age']]],
    ['browsers\' own memory', [rule('shop', grants)], [rule('shop', `${grants}\nmaxAge: 5`)], preflight('GET'), null],
    ['a shared cache', [rule('shop', grants)], [rule('shop', `${grants}\npreflightCacheControl: public`)], preflight('GET'), ['shop', 'shop', 'changed', ['cache-control']]],
    ['no preflight', [rule('shop', grants)], [rule('shop', 'allowOrigins: []')], preflight('GET'),
      ['shop', null, 'narrowed', ['access-control-allow-methods', 'access-control-allow-origin', 'outcome', 'status']]],
    ['no page', [rule('shop', 'allowOrigins: ["*"]')], [rule('shop', 'allowOrigins: []')], { ...get, headers: {} }, null]
  ]
  for (const [name, old, next, request, found] of cases) {
    const app = await start(t, Fastify(), { policies: memorySource(setText(...old)), shadow: memorySource(setText(...next)) })
    const heard: ShadowDifference[] = []
    app.corsGateway.on('shadow', difference => { heard.push(difference) })
    const plain = await start(t, Fastify(), { policies: memorySource(setText(...old)) })
    const [beside, alone] = [await app.inject(request), await plain.inject(request)]
    const [got, due] = [beside, alone].map(({ statusCode, headers, body }) => [statusCode, corsHeaders(headers), headers.vary, body])
    t.strictSame(got, due, `${name}: nothing is enforced`)
    const told = heard.map(({ active, candidate, direction, differences }) => [active.rule, candidate.rule, direction, differences])
    t.strictSame(told, found === null ? [] : [found], name)
    t.strictSame(shadowOf(app).differences.map(({ old, new: next, direction, count }) => [old, next, direction, count]), found === null ? [] : [[...found.slice(0, 3), 1]], `${name}: in the status`)
    const labels = found && `cors_gateway_shadow_differences_total{old_rule="${found[0] ?? ''}",new_rule="${found[1] ?? ''}",direction="${found[2]}"} 1`
    t.match(app.corsGateway.metrics().split('\n').filter(line => line.startsWith('cors_gateway_shadow_differences')), labels === null ? [] : [labels], `${name}: in the metrics`)
  }
})

t.test('the directions of any two sets are each other\'s opposite', t => {
  const opposite = { widened: 'narrowed', narrowed: 'widened', changed: 'changed' }
  const seen = { widened: 0, narrowed: 0, changed: 0, equal: 0 }
  const requests = fc.array(facts, { minLength: 1, maxLength: 6, size: 'max' })
  fc.assert(fc.property(ruleTexts, ruleTexts, blocked, settings, requests, (left, right, blocked, settings, requests) => {
    const snapshots = [setOf(left), setOf(right, blocked)].map(set => compile(set, { settings, at: now, generation: 1, revision: 'r' }))
    for (const request of requests) {
      const [before, after] = snapshots.map(snapshot => {
        const decision = decide(snapshot, request)
        return { decision, headers: headersFor(decision, request).set }
      }) as [Answer, Answer]
      const [there, back] = [contrast(before, after), contrast(after, before)]
      seen[there?.direction ?? 'equal']++
      if (back?.direction !== (there === null ? undefined : opposite[there.direction])) throw new Error(`${JSON.stringify(there)} and back ${JSON.stringify(back)}`)
      if (contrast(before, before) !== null) throw new Error('an answer differs from itself')
    }
  }), { ...runs, numRuns: Math.min(runs.numRuns, 3000) })
  for (const [direction, count] of Object.entries(seen)) t.ok(count > 100, `${direction}: ${count}`)
  t.end()
})

t.test('the first of each kind is explained by both sets, without secrets', async t => {
  const { logger, lines } = linesOf('debug')
  const app = await start(t, Fastify({ logger: logger! }), { shadow: memorySource(setText(rule('later', `${grants}\nallowMethods: [PUT]\nallowHeaders: [authorization, x-a]\nallowCredentials: true`))) })
  const secret = { ...get, url: '/shop/x?token=opensesame', headers: { origin: shop, cookie: 'session=opensesame', authorization: 'Bearer opensesame', 'x-a': 'opensesame' } }
  await app.inject(preflight('PUT'))
  await app.inject({ ...secret, method: 'PUT' })
  await app.inject({ ...secret, method: 'PUT' })
  await nextTurn()
  const { differences, decisions, unlisted } = shadowOf(app)
  t.equal(decisions, 3)
  t.equal(unlisted, 0)
  t.match(differences, [{
    old: 'shop', new: 'later', direction: 'widened', count: 2,
    sample: { request: { origin: shop, method: 'PUT', url: 'http://localhost:80/shop/x' }, active: { outcome: 'blocked', reason: 'method-not-allowed' }, candidate: { outcome: 'readable' } }
  }, { old: 'shop', new: 'later', direction: 'changed', count: 1, sample: { active: { rule: { name: 'shop', file: 'a.yaml', line: 3 } } } }])
  t.notMatch(JSON.stringify(differences), /opensesame/)
  const told = lines.filter(({ msg }) => msg.startsWith('the candidate would have'))
  t.equal(told.length, 2, 'the first of each kind is logged')
  t.match(told[1], { level: levels.info, cors: { rule: 'shop', reason: 'method-not-allowed', direction: 'widened', candidate: { rule: 'later', reason: 'allowed' } } })
  t.equal(told[1]?.msg, 'the candidate would have widened the answer: access-control-allow-credentials, access-control-allow-origin, outcome (method-not-allowed, then allowed)')
})

t.test('what is kept is bounded, and labels come from the sets only', async t => {
  const names = Array.from({ length: 120 }, (_, i) => `r${i}`)
  const many = setText(...names.map(name => rule(name, grants, `/${name}`)))
  const none = setText(...names.map(name => rule(name, 'allowOrigins: []', `/${name}`)))
  const visit = async (app: FastifyInstance): Promise<void> => {
    for (const name of names) await app.inject({ url: `/${name}`, headers: { origin: shop } })
    for (let i = 0; i < 20; i++) await app.inject({ url: `/r0?${i}`, headers: { origin: shop, 'x-a': String(i) } })
  }
  const app = await start(t, Fastify(), { policies: memorySource(many), shadow: memorySource(none) })
  await visit(app)
  const { differences, unlisted, decisions } = shadowOf(app)
  t.equal(differences.length, 50)
  t.equal(differences[0]?.count, 21, 'the most frequent first')
  t.equal(unlisted, 70)
  t.equal(decisions, 140)
  t.equal(app.corsGateway.metrics().match(/^cors_gateway_shadow_differences_total\{/gm)?.length, 120)
  t.match(app.corsGateway.metrics(), /^cors_gateway_shadow_decisions_total 140$/m)

  const few = await start(t, Fastify(), { policies: memorySource(many), shadow: memorySource(none), maxRuleLabels: 100 })
  await visit(few)
  t.strictSame(few.corsGateway.metrics().match(/^cors_gateway_shadow_differences_total\{.*$/gm), ['cors_gateway_shadow_differences_total{old_rule="_",new_rule="",direction="narrowed"} 140'])

  const long = await start(t, Fastify({ maxParamLength: 5000 }), { policies: memorySource(setText(rule('shop', grants))), shadow: memorySource(setText(rule('shop', 'allowOrigins: []'))) })
  await long.inject({ url: `/shop/${'y'.repeat(3000)}`, headers: { origin: shop } })
  await nextTurn()
  const [first] = shadowOf(long).differences
  t.match(first, { count: 1, sample: { active: null, candidate: null } }, 'a long request is counted and not kept')
  t.ok(first!.sample.request.url.length <= 256)
})

t.test('no request waits for an explanation: the status makes some each time that it is asked for', async t => {
  const names = Array.from({ length: 12 }, (_, i) => `r${i}`)
  const sets = [grants, 'allowOrigins: []'].map(more => memorySource(setText(...names.map(name => rule(name, more, `/${name}/*`)))))
  const app = await start(t, Fastify({ maxParamLength: 5000 }), { policies: sets[0]!, shadow: sets[1]! })
  for (const name of names) await app.inject({ url: `/${name}/x`, headers: { origin: shop, 'x-a': 'y'.repeat(100) } })
  await nextTurn()
  const explained = (): number =>
    shadowOf(app).differences.filter(({ sample }) => sample.active !== null && sample.candidate !== null).length
  t.equal(explained(), 10)
  t.equal(explained(), 12)
  t.equal(explained(), 12)

  const kept = async (path: string, headers: object = {}): Promise<boolean> => {
    const other = await start(t, Fastify({ maxParamLength: 5000 }), { policies: sets[0]!, shadow: sets[1]! })
    await other.inject({ url: path, headers: { origin: shop, ...headers } })
    return shadowOf(other).differences[0]?.sample.active !== null
  }
  t.ok(await kept(`/r0/${'y'.repeat(252)}?${'y'.repeat(3000)}`))
  t.notOk(await kept(`/r0/${'y'.repeat(253)}`), 'a long path')
  t.ok(await kept('/r0/x', { cookie: 'y'.repeat(3000), authorization: 'y'.repeat(3000) }), 'long values that decide nothing')
  t.notOk(await kept('/r0/x', { accept: 'y'.repeat(3000) }), 'a long value that decides')
})

t.test('a candidate that is invalid, gone or slow never stops the gateway', async t => {
  const { logger, lines } = linesOf()
  const candidate = memorySource([{ name: 'c.yaml', text: 'version: 1\nrulez: []\n' }])
  const app = await start(t, Fastify({ logger: logger! }), { shadow: candidate })
  t.equal((await app.inject(get)).headers['access-control-allow-origin'], shop)
  t.match(shadowOf(app), { state: 'waiting', revision: null, generation: 0, rules: 0, decisions: 0, differences: [], rejected: { diagnostics: [{ code: 'unknown-key', file: 'c.yaml', line: 2 }] } })
  t.equal(app.corsGateway.status().state, 'ok', 'the gateway is as well as ever')
  const warned = lines.find(({ msg }) => msg.startsWith('the candidate is rejected, nothing is compared'))
  t.match(warned, { level: levels.warn, msg: /c\.yaml:2:1: error/ })

  candidate.set(setText(rule('shop', 'allowOrigins: []')))
  await until(() => shadowOf(app).state === 'ok')
  t.match(shadowOf(app), { generation: 1, rules: 1, revision: /^[0-9a-f]{12}$/, rejected: null })
  await app.inject(get)
  t.equal(shadowOf(app).differences.length, 1)

  candidate.set([{ name: 'c.yaml', text: '' }])
  await until(() => shadowOf(app).state === 'degraded')
  await app.inject(get)
  t.match(shadowOf(app), { generation: 1, differences: [{ count: 2 }], rejected: { since: /^20/ } }, 'the one before it stays compared')

  const gone: PolicySource = { read: async () => { throw new Error('out of reach') } }
  const other = await start(t, Fastify(), { shadow: gone })
  t.match(shadowOf(other), { state: 'waiting', rejected: { diagnostics: [{ code: 'unreachable-source', message: /out of reach/ }] } })
  t.equal((await other.inject(get)).statusCode, 200)

  const slow: PolicySource = {
    read: signal => new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => { reject(new Error('ended')) })
    })
  }
  const third = await start(t, Fastify(), { shadow: slow })
  t.match(shadowOf(third), { state: 'waiting', rejected: null })
  t.equal((await third.inject(get)).statusCode, 200)
})

t.test('counts begin anew with another set on either side; metrics go on', async t => {
  const [policies, candidate]: MemorySource[] = [memorySource(active), memorySource(setText(rule('shop', 'allowOrigins: []')))]
  const app = await start(t, Fastify(), { policies: policies!, shadow: candidate! })
  const { since, revision } = shadowOf(app)
  await app.inject(get)
  t.equal(shadowOf(app).differences.length, 1)
  candidate!.set(setText(rule('shop', 'allowOrigins: []\ndescription: still nobody')))
  await until(() => shadowOf(app).revision !== revision)
  t.match(shadowOf(app), { decisions: 0, differences: [], generation: 2 })
  t.ok(shadowOf(app).since >= since)
  await app.inject(get)
  policies!.set(setText(rule('shop', `${grants}\ndescription: the shop`)))
  await until(() => app.corsGateway.snapshot.generation === 2)
  t.match(shadowOf(app), { decisions: 0, differences: [], generation: 2 })
  await app.inject(get)
  t.match(shadowOf(app), { decisions: 1, differences: [{ count: 1 }] })
  t.match(app.corsGateway.metrics(), /^cors_gateway_shadow_differences_total\{old_rule="shop",new_rule="",direction="narrowed"\} 3$/m)
})

t.test('counts begin anew when a rule of either set starts', async t => {
  const soon = new Date(Date.now() + 2000).toISOString()
  const timed = setText(rule('shop', grants), rule('later', `${grants}\nnotBefore: ${soon}`, '/later'))
  const none = setText(rule('shop', 'allowOrigins: []'))
  const apps = await Promise.all([[timed, none], [none, timed]].map(([policies, candidate]) =>
    start(t, Fastify(), { policies: memorySource(policies!), shadow: memorySource(candidate!) })))
  for (const app of apps) {
    await app.inject(get)
    t.equal(shadowOf(app).differences.length, 1)
  }
  for (const app of apps) {
    await until(() => shadowOf(app).differences.length === 0)
    await app.inject(get)
    t.match(shadowOf(app), { decisions: 1, differences: [{ count: 1, sample: { active: { outcome: /./ } } }] })
  }
})

t.test('directories, watched and by hand', async t => {
  const base = t.testdir({ policies: { 'a.yaml': active[0]!.text }, candidate: { 'a.yaml': active[0]!.text } })
  const [policies, candidate] = [join(base, 'policies'), join(base, 'candidate')]
  const app = await start(t, Fastify(), { policies, shadow: candidate })
  await app.inject(get)
  t.match(shadowOf(app), { state: 'ok', decisions: 1, differences: [] })
  writeFileSync(join(candidate, 'a.yaml'), setText(rule('shop', 'allowOrigins: []'))[0]!.text)
  await until(() => shadowOf(app).generation === 2)
  await app.inject(get)
  t.equal(shadowOf(app).differences.length, 1)

  const late = join(base, 'late')
  const manual = await start(t, Fastify(), { policies, shadow: [late], reload: 'manual' })
  t.match(shadowOf(manual), { state: 'waiting', rejected: { diagnostics: [{ code: 'unreachable-source' }] } })
  mkdirSync(late)
  writeFileSync(join(late, 'a.yaml'), active[0]!.text)
  t.match(await manual.corsGateway.reload(), { ok: true, generation: 1 })
  t.match(shadowOf(manual), { state: 'ok', rules: 1 })
  rmSync(late, { recursive: true })
  t.match(await manual.corsGateway.reload(), { ok: true, generation: 1 }, 'the result is that of the set in force')
  t.match(shadowOf(manual), { state: 'degraded', rules: 1 })
})

t.test('in observe mode, and beside other gateways', async t => {
  const app = await start(t, Fastify(), { mode: 'observe', shadow: memorySource(setText(rule('shop', 'allowOrigins: []'))) })
  t.notOk((await app.inject(get)).headers['access-control-allow-origin'], 'nothing is answered')
  t.equal(shadowOf(app).differences.length, 1)

  const outer = Fastify()
  await outer.register(async inner => {
    await inner.register(corsGateway, { policies: memorySource(setText(rule('inner', grants, '/inner/*'))) })
    inner.get('/x', async request => request.cors?.rule)
  }, { prefix: '/inner' })
  await start(t, outer, { shadow: memorySource(setText(rule('shop', grants))) })
  t.equal((await outer.inject({ url: '/inner/x', headers: { origin: shop } })).body, 'inner')
  t.match(shadowOf(outer), { decisions: 0 }, 'what another gateway decides is not compared')
  await outer.inject(get)
  t.match(shadowOf(outer), { decisions: 1, differences: [] })
})

t.test('a listener harms nothing', async t => {
  const { logger, lines } = linesOf()
  const app = await start(t, Fastify({ logger: logger! }), { shadow: memorySource(setText(rule('shop', 'allowOrigins: []'))) })
  const stop = app.corsGateway.on('shadow', () => { throw new Error('mine') })
  t.equal((await app.inject(get)).statusCode, 200)
  t.ok(lines.some(({ msg, level }) => level === levels.error && msg === 'a listener of corsGateway failed'))
  stop()
  lines.length = 0
  await app.inject(get)
  t.strictSame(lines.filter(({ level }) => level >= levels.warn), [])
})
