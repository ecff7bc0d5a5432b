// Policy tests: what is wrong with one is told at its place, what is right is run, and what none covers is known and can be suggested.
import fc from 'fast-check'
import t from 'tap'
import { build } from '../../src/build.ts'
import type { DiagnosticCode } from '../../src/diagnostic/catalogue.ts'
import type { PageRequest } from '../../src/inspect/browser.ts'
import { explain } from '../../src/inspect/explain.ts'
import { decidingStep, momentsOf, runPolicyTests } from '../../src/inspect/policy-tests.ts'
import { suggestTests } from '../../src/inspect/suggest-tests.ts'
import { coverageOf } from '../../src/inspect/test-coverage.ts'
import { readPolicyTests, type ReadTests } from '../../src/inspect/test-file.ts'
import { compile } from '../../src/snapshot/compile.ts'
import type { Snapshot } from '../../src/snapshot/snapshot.ts'
import { blocked, now, originValues, ruleTexts, runs, setOf, settings } from './arbitrary.ts'

const policy = `version: 1
originSets:
  one: [https://a.example.com, https://b.example.com]
  two: [https://b.example.com, "https://*.c.example.com"]
blockedOrigins: [https://old.c.example.com]
rules:
  - name: shop
    routes: [/cart/**]
    allowOrigins: [$one, $two]
    exceptOrigins: [https://x.c.example.com]
    allowMethods: [GET, HEAD, POST, PUT]
    allowHeaders: [content-type]
    allowCredentials: true
  - name: closed
    routes: [/cart/private/:id]
    allowOrigins: []
  - name: upstream
    routes: [/legacy/*]
    passthrough: true
    acceptRisks: [{ risk: upstream-decides, reason: it does }]
  - name: pilot
    routes: [/pilot]
    allowOrigins: ["https://pr-*.example.com", "null"]
    expires: 2027-01-01T00:00:00Z
    acceptRisks: [{ risk: null-origin, reason: sandboxed previews }]
`

function snapshotOf (text: string): Snapshot {
  const { snapshot, diagnostics } = build([{ name: 'shop.yaml', text }], { at: '2026-11-25T00:00:00Z' })
  if (snapshot === null) throw new Error(JSON.stringify(diagnostics))
  return snapshot
}

const snapshot = snapshotOf(policy)

function read (text: string, name = 'shop.test.yaml'): ReadTests {
  return readPolicyTests([{ name, text }], snapshot.set)
}

/** A file of one test, with the lines of its own, from line 4 on. */
function file (...lines: string[]): string {
  return `version: 1\ntests:\n  - name: it\n${lines.map(line => `    ${line}\n`).join('')}`
}

const good = 'request: { origin: https://a.example.com, url: https://api.example.com/cart/1 }'
const asked = (more: string): string => `request: { origin: https://a.example.com, url: https://api.example.com/cart/1, ${more} }`
const from = (origin: string): string => `request: { origin: ${origin}, url: https://api.example.com/cart/1 }`
const to = (url: string): string => `request: { origin: https://a.example.com, url: ${url} }`

const oneTest = `[{ name: it, ${good}, expect: readable }]\n`

const wrong: [what: string, text: string, code: DiagnosticCode, place: string, said: RegExp, help?: RegExp][] = [
  ['an empty file', '', 'empty-file', '1:1', /the file is empty/],
  ['no version', `tests: ${oneTest}`, 'missing-key', '1:1', /^a test file has no `version`/],
  ['another version', `version: 2\ntests: ${oneTest}`, 'wrong-value', '1:10', /`version` must be 1/],
  ['no tests', 'version: 1\n', 'missing-key', '1:1', /^a test file has no `tests`/],
  ['an empty list', 'version: 1\ntests: []\n', 'wrong-value', '2:8', /`tests` cannot be empty/],
  ['a list for a file', '- a\n', 'wrong-type', '1:1', /^a test file is a map/],
  ['two documents', `version: 1\ntests: ${oneTest}---\nversion: 1\n`, 'yaml-documents', '3:1', /^a test file is exactly one document/],
  ['a misspelt key', file(good, 'expect: readable', 'rul: shop'), 'unknown-key', '6:5', /^a test has no key `rul`/, /did you mean `rule`/],
  ['no expectation', file(good), 'missing-key', '3:5', /^a test has no `expect`/],
  ['no URL', file('request: { origin: https://a.example.com }', 'expect: blocked'), 'missing-key', '4:5', /`request` has no `url`/],
  ['a misspelt expectation', file(good, 'expect: readble'), 'wrong-value', '5:13', /`expect` cannot be `readble`/, /did you mean `readable`/],
  ['a reason that no page gets', file(good, 'expect: blocked', 'because: not-cors'), 'wrong-value', '6:14', /`because` cannot be `not-cors`/],
  ['an unknown rule', file(good, 'expect: readable', 'rule: shpo'), 'unknown-rule', '6:11', /no rule of the set is called `shpo`/, /did you mean `shop`/],
  ['a rule where none decides', file(good, 'expect: blocked', 'rule: shop', 'because: origin-not-allowed'), 'wrong-value', '6:11', /no rule has decided/],
  ['null without quotes', file(from('null'), 'expect: blocked'), 'wrong-type', '4:24', /`origin` takes a text/, /`"null"`, in quotes/],
  ['a trailing slash', file(from('https://a.example.com/'), 'expect: blocked'), 'invalid-origin', '4:24', /no trailing/, /write `https:\/\/a\.example\.com`, or `because: origin-malformed`/],
  ['a pattern', file(from('"https://*.c.example.com"'), 'expect: blocked'), 'invalid-origin', '4:24', /a page has one origin/],
  ['no origin at all', file(from('nonsense!'), 'expect: blocked'), 'invalid-origin', '4:24', /`nonsense!`/, /because: origin-malformed/],
  ['a path for a URL', file(to('/cart/1'), 'expect: blocked'), 'invalid-url', '4:52', /no absolute/],
  ['a URL without slashes', file(to('"https:api.example.com"'), 'expect: blocked'), 'invalid-url', '4:52', /no absolute/],
  ['a URL of another scheme', file(to('ftp://api.example.com/cart'), 'expect: blocked'), 'invalid-url', '4:52', /no absolute/],
  ['a URL with a password', file(to('https://me:secret@api.example.com/cart'), 'expect: blocked'), 'invalid-url', '4:52', /^`https:\/\/…@api\.example\.com\/cart`: .*user name or password/],
  ['a method that is no token', file(asked('method: "GET, PUT"'), 'expect: blocked'), 'invalid-token', '4:92', /`GET, PUT` is not a method/],
  ['a forbidden method', file(asked('method: trace'), 'expect: blocked'), 'forbidden-method', '4:92', /no page can send/],
  ['a header name that is no token', file(asked('headers: { "x a": b }'), 'expect: blocked'), 'invalid-token', '4:95', /`x a` is not a header name/],
  ['a header that pages cannot set', file(asked('headers: { Cookie: a=b }'), 'expect: blocked'), 'forbidden-header', '4:95', /`Cookie`/, /credentials: include/],
  ['a header value of two lines', file(asked('headers: { x-a: "b\\nc" }'), 'expect: blocked'), 'wrong-value', '4:100', /cannot be sent/],
  ['a header value that is a number', file(asked('headers: { x-a: 7 }'), 'expect: blocked'), 'wrong-type', '4:100', /`x-a` takes a text/, /in quotes/],
  ['a WebSocket with a method', file('request: { origin: https://a.example.com, url: wss://api.example.com/cart/1, method: PUT }', 'expect: blocked'), 'wrong-value', '4:90', /WebSocket is opened by GET/],
  ['a WebSocket with headers', file('request: { origin: https://a.example.com, url: wss://api.example.com/cart/1, headers: { x-a: b } }', 'expect: blocked'), 'wrong-value', '4:93', /no headers of a WebSocket/],
  ['other credentials', file(asked('credentials: always'), 'expect: blocked'), 'wrong-value', '4:97', /`credentials` cannot be `always`/],
  ['a time without zone', file(good, 'expect: readable', 'at: 2026-11-25T00:00:00'), 'wrong-value', '6:9', /not a time with a zone/, /say the zone/],
  ['a name used twice', `${file(good, 'expect: readable')}  - name: it\n    ${good}\n    expect: readable\n`, 'duplicate-name', '6:11', /already called `it`/]
]

t.test('what is wrong with a test is told at its place, and it is not run', async t => {
  for (const [what, text, code, place, said, help = /./] of wrong) {
    const { tests, diagnostics } = read(text)
    const [first] = diagnostics
    t.match(first, { severity: 'error', code, file: 'shop.test.yaml', message: said, help }, what)
    t.equal(`${first?.line}:${first?.column}`, place, `${what}: its place`)
    t.equal(diagnostics.length, 1, `${what}: said once`)
    t.equal(tests.length, /used twice|another version|two documents|no version/.test(what) ? 1 : 0, `${what}: left out`)
  }
})

t.test('one bad test hides nothing of the others', async t => {
  const text = `${file(to('/cart'), 'expect: readable', 'rule: nobody')}  - name: fine\n    ${good}\n    expect: readable\n  - nmae: x\n    ${good}\n    expect: readable\n`
  const { tests, diagnostics } = read(text)
  t.strictSame(diagnostics.map(({ code }) => code).sort(), ['invalid-url', 'unknown-key', 'unknown-rule'])
  t.strictSame(tests.map(({ name }) => name), ['fine'])
  const both = readPolicyTests([{ name: 'b.test.yaml', text: file(good, 'expect: readable') }, { name: 'a.test.yml', text: file(good, 'expect: readable') }], snapshot.set)
  t.strictSame(both.tests.map(({ span }) => span.source.name), ['a.test.yml', 'b.test.yaml'], 'a name is unique in its file only')
  t.strictSame(both.diagnostics, [])
})

t.test('any text gives findings with places, or tests that can be run', async t => {
  const whole = file(asked('method: PUT, headers: { x-a: "b" }, credentials: include'), 'expect: readable', 'rule: shop', 'because: allowed', 'at: 2026-11-25T00:00:00Z')
  const piece = fc.constantFrom('{', '}', '[', ']', ': ', '- ', '*a', '&a ', '"', '\'', 'null', '1', '!x ', '<<: ', '\t', '%', '#', '---\n', '__proto__: ', 'wss', '@', '\0')
  const edit = fc.record({ at: fc.nat(whole.length), cut: fc.nat(12), put: fc.oneof(fc.constant(''), piece) })
  let ran = 0
  fc.assert(fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), edits => {
    const text = edits.reduce((text, { at, cut, put }) => text.slice(0, at) + put + text.slice(at + cut), whole)
    const { tests, diagnostics } = read(text)
    ran += runPolicyTests(snapshot, tests).length
    return tests.length + diagnostics.length > 0 && diagnostics.every(({ line, column }) => line > 0 && column > 0)
  }), { ...runs, numRuns: Math.ceil(runs.numRuns / 10) })
  t.ok(ran > 0)
})

const verdicts: [what: string, lines: string[], differs: string[], reason: string, rule: string | null][] = [
  ['a session', [asked('method: PUT, headers: { content-type: application/json }, credentials: include'), 'expect: readable', 'rule: shop', 'because: allowed'], [], 'allowed', 'shop'],
  ['credentials default to same-origin', [from('https://a.example.com'), 'expect: readable'], [], 'allowed', 'shop'],
  ['another outcome', [good, 'expect: blocked'], ['outcome blocked readable'], 'allowed', 'shop'],
  ['another rule', [good, 'expect: readable', 'rule: pilot'], ['rule pilot shop'], 'allowed', 'shop'],
  ['no rule', [to('https://api.example.com/x'), 'expect: blocked', 'rule: shop'], ['rule shop none'], 'no-policy', null],
  ['another reason', [to('https://api.example.com/x'), 'expect: blocked', 'because: origin-not-allowed'], ['reason origin-not-allowed no-policy'], 'no-policy', null],
  ['all of it', [from('https://evil.example'), 'expect: readable', 'rule: shop', 'because: allowed'],
    ['outcome readable blocked', 'reason allowed origin-not-allowed', 'rule shop none'], 'origin-not-allowed', null],
  ['a malformed origin, on purpose', [from('https://a.example.com/'), 'expect: blocked', 'because: origin-malformed'], [], 'origin-malformed', null],
  ['the URL\'s own page', [from('https://api.example.com'), 'expect: readable', 'because: same-origin'], [], 'same-origin', null],
  ['a WebSocket', ['request: { origin: https://a.example.com, url: wss://api.example.com/cart/1, credentials: include }', 'expect: readable', 'rule: shop'], [], 'allowed', 'shop'],
  ['a foreign WebSocket', ['request: { origin: https://evil.example, url: ws://api.example.com/cart/1 }', 'expect: blocked', 'because: origin-not-allowed'], [], 'origin-not-allowed', null],
  ['the pilot today', ['request: { origin: "null", url: https://api.example.com/pilot }', 'expect: readable'], [], 'allowed', 'pilot'],
  ['the last millisecond of the pilot', ['request: { origin: "null", url: https://api.example.com/pilot }', 'expect: readable', 'at: 2026-12-31T23:59:59.999Z'], [], 'allowed', 'pilot'],
  ['the pilot after its end', ['request: { origin: "null", url: https://api.example.com/pilot }', 'expect: blocked', 'at: 2027-01-01T01:00:00+01:00', 'because: outside-validity'], [], 'outside-validity', 'pilot']
]

t.test('a test is held against what explain says', async t => {
  for (const [what, lines, differs, reason, rule] of verdicts) {
    const { tests, diagnostics } = read(file(...lines))
    t.strictSame(diagnostics, [], what)
    const [run] = runPolicyTests(snapshot, tests)
    const { result, explanation } = run!
    t.match(result, { name: 'it', file: 'shop.test.yaml', line: 3, ok: differs.length === 0, reason, rule: rule === null ? null : { name: rule, file: 'shop.yaml' } }, what)
    t.strictSame(result.differs.map(({ what, expected, got }) => `${what} ${expected} ${got}`), differs, what)
    t.equal(result.got, explanation.outcome, what)
  }
})

t.test('the step that settled it is the first that failed', async t => {
  const a = 'https://a.example.com'
  const cases: [step: string, ok: boolean, detail: RegExp, path: string, request: Omit<PageRequest, 'url'>][] = [
    ['path', false, /no rule's host and route match/, '/other', { origin: a }],
    ['path', false, /read otherwise/, '/cart/..%2fpilot', { origin: a }],
    ['origin', false, /no pattern of shop matches/, '/cart/1', { origin: 'https://evil.example' }],
    ['origin', false, /not one well-formed/, '/cart/1', { origin: 'a.example.com' }],
    ['exceptions', false, /excepted by/, '/cart/1', { origin: 'https://x.c.example.com' }],
    ['method', false, /^DELETE: allowMethods at shop\.yaml:11/, '/cart/1', { origin: a, method: 'DELETE' }],
    ['headers', false, /^not allowed: x-b/, '/cart/1', { origin: a, headers: { 'x-b': '1' } }],
    ['browser', false, /throws before anything is sent/, '/cart/1', { origin: a, method: 'TRACE' }],
    ['origin', true, /most specific match/, '/cart/1', { origin: a }]
  ]
  for (const [step, ok, detail, path, request] of cases) {
    t.match(decidingStep(explain(snapshot, { ...request, url: `https://api.example.com${path}` })), { step, ok, detail }, `${path} ${JSON.stringify(request)}`)
  }
})

t.test('pinned moments do not wear out', async t => {
  const many = Array.from({ length: 40 }, (_, day) => `  - name: day ${day}\n    request: { origin: "null", url: https://api.example.com/pilot }\n    expect: ${day < 20 ? 'readable' : 'blocked'}\n    at: ${new Date(Date.UTC(2026, 11, 12 + day)).toISOString()}\n`)
  const { tests } = read(`version: 1\ntests:\n${many.join('')}`)
  t.strictSame(runPolicyTests(snapshot, [...tests, ...tests]).filter(({ result }) => !result.ok), [])
})

t.test('between the same windows a set is compiled once, and again beyond them', async t => {
  const inTime = momentsOf(snapshot)
  const [end, day] = [Date.UTC(2027, 0, 1), 86_400_000]
  t.equal(inTime(null), snapshot)
  t.equal(inTime(snapshot.at), snapshot)
  t.equal(inTime(end - 1).rules, snapshot.rules)
  t.equal(inTime(end - 1).at, end - 1, 'what is told of the moment is true')
  t.not(inTime(end).rules, snapshot.rules)
  t.equal(inTime(end + 30 * day).rules, inTime(end).rules)
  for (const at of [0, snapshot.at, end - 1, end, end + day]) {
    t.strictSame(inTime(at), compile(snapshot.set, { ...snapshot, at }), String(at))
  }

  const daily = Array.from({ length: 40 }, (_, i) => `  - name: day-${i}
    routes: [/${i}]
    allowOrigins: [https://a.example.com]
    expires: ${new Date(end + i * day).toISOString()}\n`).join('')
  const each = momentsOf(snapshotOf(`version: 1\nrules:\n${daily}`))
  const first = each(end)
  for (let i = 1; i < 10; i++) each(end + i * day)
  t.equal(each(end).rules, first.rules)
  for (let i = 1; i < 40; i++) t.equal(each(end + i * day).rules.filter(({ isInForce }) => isInForce).length, 39 - i)
  t.not(each(end).rules, first.rules, 'so many are not kept')
  t.strictSame(each(end), first)
})

/** What is not covered, as `rule pattern`. */
function uncoveredBy (...requests: string[]): { percent: number, uncovered: string[] } {
  const text = `version: 1\ntests:\n${requests.map((request, i) => `  - name: t${i}\n    request: { ${request} }\n    expect: blocked\n`).join('')}`
  const { tests, diagnostics } = read(text)
  if (diagnostics.length > 0) throw new Error(JSON.stringify(diagnostics))
  const { percent, uncovered } = coverageOf(snapshot, runPolicyTests(snapshot, tests))
  return { percent, uncovered: uncovered.map(({ rule, pattern }) => pattern === undefined ? rule : `${rule} ${pattern}`) }
}

t.test('coverage counts rules and patterns by the decisions that went through them', async t => {
  const all = ['closed', 'pilot https://pr-*.example.com', 'pilot null', 'shop https://a.example.com', 'shop https://b.example.com', 'shop https://*.c.example.com', 'upstream']
  const without = (...covered: string[]): string[] => all.filter(each => !covered.includes(each))
  const cart = 'url: https://api.example.com/cart/1'
  const cases: [what: string, requests: string[], covered: string[]][] = [
    ['an origin that no rule names', [`origin: https://evil.example, ${cart}`], []],
    ['a grant', [`origin: https://a.example.com, ${cart}`], ['shop https://a.example.com']],
    ['a pattern that two sets bring is one', [`origin: https://b.example.com, ${cart}`], ['shop https://b.example.com']],
    ['a refusal by the rule', [`origin: https://y.c.example.com, ${cart}, method: DELETE`], ['shop https://*.c.example.com']],
    ['an exception', [`origin: https://x.c.example.com, ${cart}`], ['shop https://*.c.example.com']],
    ['a blocked origin is no rule\'s', [`origin: https://old.c.example.com, ${cart}`], []],
    ['a rule that grants nobody', ['origin: https://a.example.com, url: https://api.example.com/cart/private/7'], ['closed']],
    ['another request to the broader route', [`origin: https://evil.example, ${cart}`], []],
    ['the upstream\'s route', ['origin: https://a.example.com, url: https://api.example.com/legacy/x'], ['upstream']],
    ['two of one rule', ['origin: "null", url: https://api.example.com/pilot', 'origin: https://pr-1.example.com, url: https://api.example.com/pilot'], ['pilot null', 'pilot https://pr-*.example.com']]
  ]
  for (const [what, requests, covered] of cases) {
    const { percent, uncovered } = uncoveredBy(...requests)
    t.strictSame(uncovered, without(...covered), what)
    t.equal(percent, Math.floor(covered.length / 7 * 10_000) / 100, what)
  }
  const everything = uncoveredBy(...cases.flatMap(([, requests]) => requests))
  t.strictSame(everything, { percent: 100, uncovered: [] })
  const { uncovered } = coverageOf(snapshot, [])
  t.strictSame(uncovered.find(({ pattern }) => pattern === 'https://*.c.example.com'), { rule: 'shop', file: 'shop.yaml', line: 4, pattern: 'https://*.c.example.com' }, 'a pattern of a set is shown in the set')
  t.strictSame(uncovered[0], { rule: 'closed', file: 'shop.yaml', line: 14 })
})

t.test('what is suggested can be pasted, is met, and covers what it is for', async t => {
  const { text, count, without } = suggestTests(snapshot, [])
  t.strictSame([count, without], [7, []])
  const { tests, diagnostics } = read(text)
  t.strictSame(diagnostics, [])
  const runs = runPolicyTests(snapshot, tests)
  t.strictSame(runs.filter(({ result }) => !result.ok), [])
  t.equal(coverageOf(snapshot, runs).percent, 100)
  t.strictSame(suggestTests(snapshot, runs), { text: '', count: 0, without: [] })
  t.strictSame(tests.filter(({ expect }) => expect === 'blocked').map(({ because, rule }) => [because, rule]), [['origin-not-allowed', null], ['allowed', 'upstream']],
    'what can be read is')
  t.ok(tests.filter(({ rule }) => rule === 'pilot').every(({ at }) => at === snapshot.at), 'a rule with a window is tested inside of it')

  const shadowed = snapshotOf(policy.replace('blockedOrigins: [', 'blockedOrigins: [https://a.example.com, '))
  t.strictSame(suggestTests(shadowed, []).without, [{ rule: 'shop', pattern: 'https://a.example.com' }], 'nothing is made up')
})

t.test('for any set suggestions are met; and nothing that a request goes through is given up on', async t => {
  const requests: PageRequest[] = originValues.slice(0, 20).flatMap(origin =>
    ['/a/b', '/a', '/a/', '/b', '/c', '/a/b/c', '/A/b', '/', '/b/c/d', '/1', '/1/1'].map(path => ({ origin, url: `https://api.example:444${path}` })))
  let [suggested, given] = [0, 0]
  fc.assert(fc.property(ruleTexts, blocked, settings, (rules, blockedOrigins, settings) => {
    const snapshot = compile(setOf(rules, blockedOrigins), { settings, at: now, generation: 1, revision: 'r' })
    const { text, count, without } = suggestTests(snapshot, [])
    suggested += count
    given += without.length
    const { tests, diagnostics } = readPolicyTests(text === '' ? [] : [{ name: 'a.test.yaml', text }], snapshot.set)
    if (diagnostics.length > 0 || tests.length !== count) throw new Error(`${JSON.stringify(diagnostics)}\n${text}`)
    const done = runPolicyTests(snapshot, tests)
    const failed = done.find(({ result }) => !result.ok)
    if (failed !== undefined) throw new Error(`${JSON.stringify(failed.result)}\n${text}`)
    const { uncovered } = coverageOf(snapshot, done)
    if (uncovered.length !== without.length) throw new Error(`${JSON.stringify(uncovered)}\n${text}`)
    if (without.length === 0) return
    const lost = requests.map(request => explain(snapshot, request))
      .find(({ rule, originPattern }) => without.some(each => each.rule === rule?.name && each.pattern === originPattern))
    if (lost !== undefined) throw new Error(`${lost.rule?.name} ${lost.originPattern} ${lost.route}: ${JSON.stringify(rules)}`)
  }), { ...runs, numRuns: Math.ceil(runs.numRuns / 100) })
  t.ok(suggested > given && given > 0, `${suggested} tests were suggested, ${given} places given up on`)
})
