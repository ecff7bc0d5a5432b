// Guardrails in words: what a set is refused for, what it is not, and that neither start nor reload lets a broken one through.
import Fastify from 'fastify'
import t from 'tap'
import { build, type BuildOptions } from '../../src/build.ts'
import type { SourceText } from '../../src/diagnostic/span.ts'
import corsGateway, { memorySource } from '../../src/index.ts'
import { packSet, SetAssembly } from '../../src/policy/transfer.ts'
import type { PolicySet } from '../../src/policy/policy.ts'

const at = '2026-11-25T00:00:00Z'
const rule = (more: string, name = 'r', routes = '[/admin/**]'): string => `  - name: ${name}\n    routes: ${routes}\n    ${more.replaceAll('\n', '\n    ')}\n`
const inside = 'allowOrigins: ["https://*.corp.example.com"]'

function textsOf (rules: readonly string[], guardrail: string, more = ''): SourceText[] {
  return [
    { name: 'rules.yaml', text: `version: 1\n${more}${rules.length === 0 ? '' : `rules:\n${rules.join('')}`}` },
    { name: 'watch.yaml', text: `version: 1\nhosts: [nowhere.example]\nguardrails:\n  - {name: g, ${guardrail}}\n` }
  ]
}

function told (rules: readonly string[], guardrail: string, more = '', options: BuildOptions = {}): string[] {
  const { diagnostics } = build(textsOf(rules, guardrail, more), { at, allowEmpty: true, ...options })
  return diagnostics.filter(({ severity }) => severity === 'error').map(({ code, message }) => code === 'guardrail-broken' ? message.replace('guardrail `g`: ', '') : `${code}: ${message}`)
}

const outside = 'routes: [/admin/**], originsOutside: ["https://*.corp.example.com"], never: {read: true}'
const cases: [name: string, rules: string[], guardrail: string, more: string, ...wanted: string[]][] = [
  ['kept', [rule(inside), rule('allowOrigins: ["*"]', 'all', '[/**]')], outside, ''],
  ['a wider pattern', [rule('allowOrigins: ["https://*.example.com"]')], outside, '', 'rule `r` lets `https://other.example.com` read `GET https://api.example.com/admin`'],
  ['the apex', [rule('allowOrigins: [https://corp.example.com]')], outside, '', 'rule `r` lets `https://corp.example.com` read `GET https://api.example.com/admin`'],
  ['the opaque origin', [rule('allowOrigins: ["null"]\nacceptRisks: [{risk: null-origin, reason: x}]')], outside, '', 'rule `r` lets `null` read `GET https://api.example.com/admin`'],
  ['a rule of another route that reaches in', [rule(inside), rule('allowOrigins: [https://a.example]', 'other', '["/:area/login"]')], outside.replace('/admin/**', '/admin/login'), ''],
  ['a broader rule, where no narrower one carves out', [rule('allowOrigins: ["*"]', 'all', '[/**]')], outside, '', 'rule `all` lets `https://other.example` read `GET https://api.example.com/admin`'],
  ['a gap in what carves out', [rule(inside, 'r', '[/admin/*]'), rule('allowOrigins: ["*"]', 'all', '[/**]')], outside, '', 'rule `all` lets `https://other.example` read `GET https://api.example.com/admin`'],
  ['a host that has its own rules', [rule(inside), rule('allowOrigins: [https://a.example]\nhosts: [old.example.com]', 'old', '[/**]')], outside, '', 'rule `old` lets `https://a.example` read `GET https://old.example.com/admin`'],
  ['a window that opens later', [rule(inside), rule('allowOrigins: [https://a.example]\nnotBefore: 2030-01-01T00:00:00Z', 'later', '[/admin/x]')], outside, '', 'rule `later` lets `https://a.example` read `GET https://api.example.com/admin/x`, from 2030-01-01T00:00:00Z on'],
  ['a window that is past', [rule('allowOrigins: [https://a.example]\nexpires: 2020-01-01T00:00:00Z')], outside, ''],
  ['a block', [rule('allowOrigins: ["https://*.example.com"]')], 'routes: [/admin/**], originsWithin: [https://bad.example.com], never: {read: true}', 'blockedOrigins: [https://bad.example.com]\n'],
  ['an exception', [rule('allowOrigins: ["https://*.example.com"]\nexceptOrigins: [https://bad.example.com]')], 'originsWithin: [https://bad.example.com], never: {read: true}', ''],
  ['a set of origins', [rule('allowOrigins: ["https://*.example.com"]')], 'originsWithin: [$bad], never: {read: true}', 'originSets: {bad: [https://bad.example.com]}\n', 'rule `r` lets `https://bad.example.com` read `GET https://api.example.com/admin`'],
  ['credentials', [rule(`${inside}\nallowCredentials: true`), rule('allowOrigins: ["*"]', 'all', '[/]')], 'never: {credentials: true}', '', 'rule `r` lets `https://other.corp.example.com` read `GET https://api.example.com/admin` with credentials'],
  ['a method', [rule(`${inside}\nallowMethods: ["*"]`)], 'never: {methods: [DELETE]}', '', 'rule `r` lets `https://other.corp.example.com` read `DELETE https://api.example.com/admin`'],
  ['a method that cannot be withheld', [rule(`${inside}\nallowMethods: [GET]`)], 'never: {methods: [POST]}', '', 'rule `r` lets `https://other.corp.example.com` read `POST https://api.example.com/admin`'],
  ['and one that is', [rule(`${inside}\nallowMethods: [GET]\nenforceMethods: true`)], 'never: {methods: [POST]}', ''],
  ['a header', [rule(`${inside}\nallowHeaders: [x-a, authorization]`)], 'never: {headers: [Authorization]}', '', 'rule `r` lets `https://other.corp.example.com` set the header `authorization` for `GET https://api.example.com/admin`'],
  ['a star that does not cover it', [rule('allowOrigins: ["*"]\nallowHeaders: ["*"]')], 'never: {headers: [authorization]}', ''],
  ['a max age', [rule(`${inside}\nmaxAge: 1h`)], 'never: {maxAgeAbove: 10m}', '', 'rule `r` lets a browser keep the preflight of `https://other.corp.example.com` for `GET https://api.example.com/admin` for 3600 s, above 600 s'],
  ['no longer than that', [rule(`${inside}\nmaxAge: 10m`)], 'never: {maxAgeAbove: 10m}', ''],
  ['passthrough', [rule('passthrough: true')], 'never: {credentials: true}', '', 'rule `r` leaves `GET https://api.example.com/admin` of `https://other.example` to the upstream, which may grant anything'],
  ['each rule that breaks it', [rule('allowOrigins: [https://a.example]'), rule('allowOrigins: [https://b.example]', 'q', '[/admin/x]')], outside, '', ...[
    'rule `r` lets `https://a.example` read `GET https://api.example.com/admin`', 'rule `q` lets `https://b.example` read `GET https://api.example.com/admin/x`'
  ].sort()],
  ['a host of its own', [rule('allowOrigins: ["*"]', 'all', '[/**]')], 'hosts: ["*.secret.example"], never: {read: true}', '', 'rule `all` lets `https://other.example` read `GET https://other.secret.example/x`'],
  ['another host', [rule('allowOrigins: ["*"]\nhosts: [open.example]', 'all', '[/**]')], 'hosts: ["*.secret.example"], never: {read: true}', ''],
  ['no rules at all', [], 'never: {read: true}', '']
]

t.test('what a set is refused for', async t => {
  for (const [name, rules, guardrail, more, ...wanted] of cases) t.strictSame(told(rules, guardrail, more).sort(), wanted, name)
})

t.test('the settings count', async t => {
  t.strictSame(told([rule(inside)], 'never: {credentials: true}', '', { unmatched: 'passthrough' }),
    ['`unmatched: passthrough` leaves `GET https://api.example.com/x` of `https://other.example` to the upstream, which may grant anything'])
  const upper = rule('allowOrigins: [https://a.example]', 'r', '[/ADMIN]')
  t.strictSame(told([upper], 'routes: [/admin], never: {read: true}'), [])
  t.strictSame(told([upper], 'routes: [/admin], never: {read: true}', '', { router: { caseSensitive: false } }),
    ['rule `r` lets `https://a.example` read `GET https://api.example.com/ADMIN`'])
})

t.test('what is wrong in a guardrail itself', async t => {
  const wrong: [guardrail: string, says: RegExp][] = [
    ['never: {}', /wrong-value: `never` cannot be empty/], ['routes: [/a]', /missing-key: a guardrail has no `never`/], ['never: {read: false}', /wrong-value: `read` must be true/],
    ['never: {red: true}', /unknown-key: `never` has no key `red`/], ['never: {read: true}, origins: ["*"]', /unknown-key: a guardrail has no key `origins`/],
    ['never: {read: true}, originsWithin: ["*"]', /any-origin-alone: `originsWithin` takes any form of origin but `\*`/], ['never: {read: true}, originsWithin: []', /cannot be empty/],
    ['never: {read: true}, originsWithin: [https://a.example], originsOutside: [https://b.example]', /wrong-value: the guardrail `g` has both/],
    ['never: {read: true}, originsWithin: [$none]', /unknown-set/], ['never: {read: true}, routes: [a]', /invalid-route/], ['never: {read: true}, hosts: ["A:1"]', /invalid-host/],
    ['never: {methods: [put]}', /method-case/], ['never: {headers: [cookie]}', /forbidden-header/], ['never: {maxAgeAbove: 10 minutes}', /not a duration/], ['never: {maxAgeAbove: -1}', /cannot be `-1`/]
  ]
  for (const [guardrail, says] of wrong) t.match(told([rule(inside)], guardrail)[0], says, guardrail)
  const twice = [...textsOf([rule(inside)], 'never: {credentials: true}'), { name: 'z.yaml', text: 'version: 1\nguardrails: [{name: g, never: {credentials: true}}]\n' }]
  t.match(build(twice, { at }).diagnostics.filter(({ severity }) => severity === 'error'), [{ code: 'duplicate-name', file: 'z.yaml', related: [{ file: 'watch.yaml' }] }])
})

t.test('a correction is one that a guardrail takes', async t => {
  const cases: [written: string, help: RegExp, fix: string | undefined][] = [
    ['"-1"', /^write whole seconds, or a duration/, undefined], ['"0"', /^write `0`, without quotes/, '0'], ['10  m', /right behind a whole number/, '10m']
  ]
  for (const [written, help, fix] of cases) {
    const [first] = build(textsOf([rule(inside)], `never: {maxAgeAbove: ${written}}`), { at }).diagnostics
    t.match(first, { code: 'wrong-value', help, file: 'watch.yaml' }, written)
    t.equal(first!.fix?.text, fix, written)
  }
})

t.test('the place is the guardrail\'s, and those of the rule and of the origin beside it', async t => {
  const credentials = 'allowOrigins: [https://a.example, https://b.example]\nallowCredentials: true'
  const sets = 'originSets: {s: [https://c.example]}\n'
  const cases: [rule: string, guardrail: string, more: string, ...related: string[]][] = [
    ['allowOrigins: ["*"]', outside, '', '3 rule `r`', '5 `*` is allowed here'],
    ['allowOrigins:\n  - https://a.corp.example.com\n  - "https://*.example.com"\n  - https://b.corp.example.com', outside, '', ...[
      '3 rule `r`', '7 `https://*.example.com` is allowed here'
    ]],
    ['allowOrigins: [$s]', outside, sets, '4 rule `r`', '2 `https://c.example` is allowed here, in the set `s`'],
    [credentials, 'originsWithin: [https://b.example], never: {credentials: true}', '', '3 rule `r`', '5 `https://b.example` is allowed here'],
    // Not the origin is at fault.
    [credentials, 'never: {credentials: true}', '', '3 rule `r`'],
    ['passthrough: true', outside, '', '3 rule `r`']
  ]
  for (const [text, guardrail, more, ...related] of cases) {
    const { diagnostics } = build(textsOf([rule(text)], guardrail, more), { at })
    const broken = diagnostics.find(({ code }) => code === 'guardrail-broken')
    t.match(broken, { file: 'watch.yaml', line: 4 }, text)
    const places = broken?.related?.map(({ file, line, message }) => `${file} ${line} ${message}`)
    t.strictSame(places, related.map(each => `rules.yaml ${each}`), text)
  }
})

t.test('one that cannot be decided is not taken for kept', async t => {
  const many = Array.from({ length: 200 }, (_, i) => `"https://p${i}-*-s${i}.example.com"`).join(', ')
  const undecided = 'too-complex: guardrail `g` cannot be decided: the routes or origins of the set can meet in too many ways'
  t.strictSame(told([rule(`allowOrigins: [${many}]`)], 'never: {credentials: true}'), [undecided])
  // A path can match any of these, and any others beside it.
  const routes = Array.from({ length: 17 }, (_, i) => `"/${Array.from({ length: 17 }, (_, j) => i === j ? 'x' : ':p').join('/')}"`)
  t.strictSame(told([rule(inside, 'r', `[${routes.join(', ')}]`)], 'never: {credentials: true}'), [undecided])
  t.match(told([rule(inside, 'r', `[${routes.join(', ')}]`), rule(`${inside}\nallowCredentials: true`, 'q', '[/q]')], 'never: {credentials: true}'), [/^rule `q` lets/], 'what is known to break it is told')
  t.strictSame(told([rule(inside)], `routes: [${routes.join(', ')}], never: {credentials: true}`), [undecided], 'the routes of the guardrail itself count')
})

t.test('of many rules that break one, the first are told and the others counted', async t => {
  const broken = (count: number): string[] => {
    const rules = Array.from({ length: count }, (_, i) => rule('allowOrigins: [https://a.example]', `r${String(i).padStart(2, '0')}`, `[/admin/${i}]`))
    return told(rules, outside).map(message => message.replace(/ lets .*?(?=$| \()/, ''))
  }
  const names = Array.from({ length: 10 }, (_, i) => `rule \`r0${i}\``)
  const cases: [count: number, told: number, more: string][] = [[1, 1, ''], [10, 10, ''], [11, 10, ' (and 1 more rule breaks it)'], [12, 10, ' (and 2 more rules break it)']]
  for (const [count, said, more] of cases) {
    t.strictSame(broken(count), [...names.slice(0, said - 1), `${names[said - 1]}${more}`], `${count} rules`)
  }
})

t.test('why it is there is said in a line', async t => {
  const cases: [description: string, said: string][] = [
    ['"only pages\\n  of the  office "', ' (only pages of the office)'], ['a'.repeat(200), ` (${'a'.repeat(200)})`], ['a'.repeat(201), ` (${'a'.repeat(199)}…)`]
  ]
  for (const [description, said] of cases) {
    const { diagnostics } = build(textsOf([rule('allowOrigins: ["*"]')], `description: ${description}, ${outside}`), { at })
    t.ok(diagnostics.find(({ code }) => code === 'guardrail-broken')!.message.startsWith(`guardrail \`g\`${said}: rule `), description)
  }
})

t.test('a set keeps its guardrails on its way between threads', async t => {
  const texts = textsOf([rule(inside)], 'routes: [/x], hosts: [a.example], originsWithin: [$s, "https://q.example"], never: {methods: [PUT], maxAgeAbove: 5m}', 'originSets: {s: [https://s.example]}\n')
  const { set } = build(texts, { at })
  const assembly = new SetAssembly(texts)
  let whole: PolicySet | null = null
  for (const piece of packSet(set!, texts)) whole = assembly.add(structuredClone(piece))
  t.strictSame(whole!.guardrails, set!.guardrails)
  t.equal(whole!.guardrails.length, 1)
})

t.test('a gateway neither starts with a broken set nor reloads to one', async t => {
  const [good, bad] = [textsOf([rule(inside)], outside), textsOf([rule('allowOrigins: ["*"]')], outside)]
  const refused = Fastify()
  t.teardown(() => refused.close())
  await t.rejects(async () => { await refused.register(corsGateway, { policies: memorySource(bad) }) }, /guardrail-broken/)
  const app = Fastify()
  t.teardown(() => app.close())
  const policies = memorySource(good)
  await app.register(corsGateway, { policies, reload: 'manual' })
  policies.set(bad)
  const { ok, generation, diagnostics } = await app.corsGateway.reload()
  t.match({ ok, generation }, { ok: false, generation: 1 })
  t.match(diagnostics.map(({ code }) => code), ['guardrail-broken'])
  t.equal((await app.inject({ url: '/admin', headers: { origin: 'https://evil.example' } })).headers['access-control-allow-origin'], undefined)
  policies.set([...good, { name: 'more.yaml', text: 'version: 1\n' }])
  t.match(await app.corsGateway.reload(), { ok: true, generation: 2 })
})
