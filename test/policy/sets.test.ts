// Origin sets: references, sets in sets, cycles, sharing, bounds.
import t from 'tap'
import { build } from '../../src/build.ts'

const at = '2026-11-25T00:00:00Z'

/** A file of sets and one rule. */
const file = (sets: string, origins: string, more = ''): string =>
  `version: 1\noriginSets:\n${sets.replace(/^(?=.)/gm, '  ')}\nrules:\n  - {name: r, routes: [/r], allowOrigins: ${origins}}\n${more}`
const run = (...texts: string[]): ReturnType<typeof build> => build(texts.map((text, i) => ({ name: `${i}.yaml`, text })), { at })
const told = (...texts: string[]): string[] => run(...texts).diagnostics.filter(({ severity }) => severity === 'error')
  .map(({ file, line, column, code }) => `${file}:${line}:${column} ${code}`)

t.test('what a list stands for', async t => {
  const sets = 'a: [https://a.example, $b]\nb: [https://b.example, $c.*]\nc.1: [https://1.example]\nc.2: [https://2.example, https://a.example]\nempty: []\n'
  const cases: readonly [origins: string, want: readonly [text: string, set: string | null][]][] = [
    ['[$c.1]', [['https://1.example', 'c.1']]],
    ['[$c.*]', [['https://1.example', 'c.1'], ['https://2.example', 'c.2'], ['https://a.example', 'c.2']]],
    ['[$a]', ['a', 'b', '1', '2'].map(name => [`https://${name}.example`, 'a'])],
    ['["https://x.example", $c.1]', [['https://x.example', null], ['https://1.example', 'c.1']]],
    ['[$empty]', []]
  ]
  for (const [origins, want] of cases) {
    const { set, diagnostics } = run(file(sets, origins))
    t.strictSame(diagnostics.filter(({ severity }) => severity === 'error'), [], origins)
    t.strictSame(set!.rules[0]!.allowOrigins.map(({ pattern, set }) => [pattern.text, set]), want, origins)
  }
})

t.test('a set is seen by every file, and knows whether it is used', async t => {
  const { set } = run('version: 1\noriginSets: {a: [https://a.example, $b], b: [https://b.example], c: [https://c.example]}\n', file('d: [https://d.example]\n', '[$a]'))
  t.strictSame(set!.originSets.map(({ name, used, entries }) => [name, used, entries.length]), [['a', true, 2], ['b', true, 1], ['c', false, 1], ['d', false, 1]])
})

t.test('mistakes, each at its place', async t => {
  const cases: readonly [texts: string[], ...told: string[]][] = [
    [[file('a: [$a]\n', '[$a]')], '0.yaml:3:7 set-cycle'],
    [[file('a: [$b]\nb: [$c]\nc: [$a]\n', '[$a]')], '0.yaml:5:7 set-cycle'],
    [[file('a.x: [$a.*]\n', '[$a.x]')], '0.yaml:3:9 set-cycle'],
    [[file('a: [$b]\n', '[$a, $c, $d.*]')], ...['0.yaml:3:7', '0.yaml:6:48', '0.yaml:6:52'].map(place => `${place} unknown-set`)],
    [[file('a: [https://a.example]\n', '[$a]'), 'version: 1\noriginSets: {a: []}\n'], '1.yaml:2:14 duplicate-name'],
    [[file('a: ["*", https://a.example]\n', '["https://b.example"]')], '0.yaml:3:7 any-origin-alone'],
    [[file('a: ["*"]\n', '[$a, "https://b.example"]')], '0.yaml:6:43 any-origin-alone'],
    [[file('a: ["*"]\n', '[$a]')]],
    [[file('a: ["*"]\n', '["https://b.example"]', 'blockedOrigins: [$a]\n')], '0.yaml:7:17 any-origin-alone'],
    [[file('a b: []\n', '["https://b.example"]')], '0.yaml:3:3 wrong-value'],
    [[file('a: [https://A.example, "$", "$a b", "$a.*.b"]\n', '["https://b.example"]')], ...[7, 26, 31, 39].map(column => `0.yaml:3:${column} invalid-origin`)]
  ]
  for (const [texts, ...want] of cases) t.strictSame(told(...texts), want, texts.join('---\n'))
})

t.test('10,000 rules that name a set of 10,000 origins share one list', async t => {
  const origins = Array.from({ length: 10_000 }, (_, i) => `    - https://o${i}.example.com\n`).join('')
  const rules = Array.from({ length: 10_000 }, (_, i) => `  - {name: r${i}, routes: [/r${i}], allowOrigins: [$all]}\n`).join('')
  const { ok, set, diagnostics } = run(`version: 1\noriginSets:\n  all:\n${origins}rules:\n${rules}`)
  t.ok(ok, JSON.stringify(diagnostics.slice(0, 3)))
  t.equal(new Set(set!.rules.map(({ allowOrigins }) => allowOrigins)).size, 1)
})

t.test('short lists that are written out keep their own places', async t => {
  const { set } = run('version: 1\nrules:\n  - {name: a, routes: [/a], allowOrigins: [https://x.example]}\n  - {name: b, routes: [/b], allowOrigins: [https://x.example]}\n')
  const [a, b] = set!.rules
  t.not(a!.allowOrigins[0]!.span.start, b!.allowOrigins[0]!.span.start)
})

t.test('sets that grow beyond all bounds are refused', async t => {
  const all = Array.from({ length: 3000 }, (_, i) => `  a.${i}: [$a.*]\n`).join('')
  t.match(told(`version: 1\noriginSets:\n${all}`), [/set-cycle|too-complex/])
  const doubling = Array.from({ length: 60 }, (_, i) => `  a${i}: [$a${i + 1}, $b${i + 1}]\n  b${i}: [$a${i + 1}, $b${i + 1}]\n`).join('')
  t.strictSame(told(`version: 1\noriginSets:\n${doubling}  a60: [https://a.example]\n  b60: []\nrules: [{name: r, routes: [/], allowOrigins: [$a0]}]\n`), [])
})
