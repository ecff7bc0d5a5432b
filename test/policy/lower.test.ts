// Documents to a policy set: defaults, names, values, and what is wrong with them.
import t from 'tap'
import { build, type BuildOptions } from '../../src/build.ts'
import { diagnose } from '../../src/diagnostic/diagnostic.ts'
import type { SourceText } from '../../src/diagnostic/span.ts'
import { placeOf } from '../../src/diagnostic/span.ts'
import type { Rule } from '../../src/policy/policy.ts'
import { ruleSpan } from '../../src/policy/rule-spans.ts'

const at = '2026-11-25T00:00:00Z'

/** A file with one rule, whose further keys are given. */
const rule = (keys: string, head = ''): string => `version: 1\n${head}rules:\n  - name: r\n    routes: [/r]\n${keys.replace(/^(?=.)/gm, '    ')}\n`
const allow = 'allowOrigins: [https://a.example]\n'
const files = (...texts: string[]): SourceText[] => texts.map((text, i) => ({ name: `${'abc'[i]}.yaml`, text }))

/** The only rule of a valid file. */
function read (t: { strictSame: (found: unknown, wanted: unknown, message: string) => boolean }, text: string): Rule {
  const { set, diagnostics } = build(files(text), { at })
  t.strictSame(diagnostics.filter(({ severity }) => severity === 'error'), [], text)
  return set!.rules[0]!
}

/** The errors and warnings about duplicates of some files, as `file:line:column code`. */
function told (...texts: string[]): string[] {
  return build(files(...texts), { at, allowEmpty: true }).diagnostics
    .filter(({ severity, code }) => severity === 'error' || code === 'duplicate-entry')
    .map(({ file, line, column, code }) => `${file}:${line}:${column} ${code}`)
}

t.test('what a rule leaves out has its default', async t => {
  const plain = read(t, rule(allow))
  t.match(plain, {
    name: 'r', description: null, exceptOrigins: [], allowMethods: ['GET', 'HEAD', 'POST'], allowHeaders: [], exposeHeaders: [],
    allowCredentials: false, maxAge: null, allowPrivateNetwork: false, timingAllowOrigin: false, enforceMethods: false,
    deniedRequests: 'forward', passthrough: false, preflightCacheControl: null, notBefore: null, expires: null, acceptRisks: []
  })
  t.strictSame(plain.hosts, [])
  t.match(placeOf(ruleSpan(plain, 'maxAge')), { line: 3, column: 11 }, 'a key that nobody gives is at the name')
})

t.test('a key of the rule replaces that of the defaults whole; hosts come from the file last', async t => {
  const head = 'hosts: [file.example]\ndefaults:\n  allowOrigins: [https://d.example]\n  allowHeaders: [x-d]\n  maxAge: 1m\n'
  const plain = read(t, rule('allowHeaders: [X-Own]\n', head))
  t.strictSame(plain.allowOrigins.map(({ pattern }) => pattern.text), ['https://d.example'])
  t.strictSame(plain.allowHeaders, ['x-own'])
  t.equal(plain.maxAge, 60)
  t.strictSame(plain.hosts.map(({ pattern }) => pattern.text), ['file.example'])
  t.match(placeOf(ruleSpan(plain, 'maxAge')), { line: 6, column: 11 })
  t.match(placeOf(ruleSpan(plain, 'allowHeaders', 0)), { line: 10, column: 20 })
  t.match(placeOf(ruleSpan(plain, 'hosts')), { line: 2, column: 8 })
  t.strictSame(read(t, rule('hosts: [own.example]\n', head)).hosts.map(({ pattern }) => pattern.text), ['own.example'])
  const defaults = head.replace('defaults:\n', 'defaults:\n  hosts: [default.example]\n')
  t.strictSame(read(t, rule('', defaults)).hosts.map(({ pattern }) => pattern.text), ['default.example'])
})

t.test('defaults hold for their own file only', async t => {
  t.strictSame(told('version: 1\ndefaults: {allowOrigins: [https://a.example]}\n', rule('')), ['b.yaml:3:11 missing-key'])
})

t.test('durations and times', async t => {
  const ages: readonly [string, number][] = [['30s', 30], ['10m', 600], ['24h', 86_400], ['600', 600], ['0', 0], ['-1', -1], ['86400', 86_400], ['0s', 0]]
  for (const [text, seconds] of ages) t.equal(read(t, rule(`${allow}maxAge: ${text}\n`)).maxAge, seconds, text)
  for (const text of ['25h', '86401', '-2', '1d', '10 m', '1h30m', '"600"', '1.5', '.nan', '.inf', 'true', '[]', '9999999999s', '']) {
    t.match(told(rule(`${allow}maxAge: ${text}\n`)), [/^a\.yaml:6:\d+ wrong-(?:value|type)$/], text)
  }
  const times: readonly [string, string][] = [
    ['2026-11-01T00:00:00Z', '2026-11-01T00:00:00Z'], ['2026-11-01t01:30:00.5+01:30', '2026-11-01T00:00:00.5Z'], ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00Z']
  ]
  for (const [text, want] of times) t.equal(read(t, rule(`${allow}notBefore: ${text}\n`)).notBefore, Date.parse(want), text)
  for (const text of ['2026-11-01', '2026-11-01T00:00:00', '2026-02-30T00:00:00Z', '2026-13-01T00:00:00Z', '2026-11-01T24:00:00Z', '"tomorrow"', '2026-11-01 00:00:00Z']) {
    t.match(told(rule(`${allow}expires: ${text}\n`)), [/wrong-value/], text)
  }
  const accept = (until: string): string => rule(`${allow}acceptRisks: [{risk: private-network, reason: x, until: ${until}}]\n`)
  t.equal(read(t, accept('2027-01-31')).acceptRisks[0]!.until, Date.parse('2027-02-01T00:00:00Z'))
  t.equal(read(t, accept('"2027-01-31T12:00:00+02:00"')).acceptRisks[0]!.until, Date.parse('2027-01-31T10:00:00Z'))
  t.match(told(accept('2027-02-29')), [/wrong-value/])
})

t.test('routes of two stars become two', async t => {
  t.strictSame(read(t, rule(allow).replace('[/r]', '[/x/**]')).routes.map(({ pattern }) => pattern.text), ['/x', '/x/*'])
})

t.test('findings, each at its place', async t => {
  const cases: readonly [text: string, ...told: string[]][] = [
    [rule('passthrough: true\n')],
    [rule('passthrough: true\n', 'defaults: {allowOrigins: [https://a.example], maxAge: 10m}\n')],
    [rule(`${allow}passthrough: true\nmaxAge: 1m\n`), 'a.yaml:5:5 passthrough-grant', 'a.yaml:7:5 passthrough-grant'],
    [rule(allow, 'defaults: {passthrough: true}\n'), 'a.yaml:6:5 passthrough-grant'],
    [rule(`${allow}passthrough: false\n`, 'defaults: {passthrough: true}\n')],
    [rule(''), 'a.yaml:3:11 missing-key'],
    [rule('allowOrigins: []\n')],
    [rule('allowOrigins: ["*", https://a.example]\n'), 'a.yaml:5:20 any-origin-alone'],
    [rule('allowOrigins: ["*"]\nexceptOrigins: [https://a.example]\n'), 'a.yaml:6:5 any-origin-alone'],
    [rule('allowOrigins: ["*"]\n', 'defaults: {exceptOrigins: [https://a.example]}\n'), 'a.yaml:2:12 any-origin-alone'],
    [rule('allowOrigins: ["*"]\nexceptOrigins: []\n', 'defaults: {exceptOrigins: [https://a.example]}\n')],
    [rule(`${allow}exceptOrigins: ["*"]\n`), 'a.yaml:6:21 any-origin-alone'],
    [rule(allow, 'blockedOrigins: ["*"]\n'), 'a.yaml:2:18 any-origin-alone'],
    [rule(allow, 'blockedOrigins: ["null", "https://*.b.example", "https://x-*.c.example", "https://*"]\n')],
    [rule(`${allow}allowMethods: [get]\n`), 'a.yaml:6:20 method-case'],
    [rule(`${allow}allowMethods: [TRACE, Track, connect]\n`), 'a.yaml:6:20 forbidden-method', 'a.yaml:6:27 forbidden-method', 'a.yaml:6:34 forbidden-method'],
    [rule(`${allow}allowMethods: [PURGE, "*"]\n`)],
    [rule(`${allow}allowMethods: ["GET, PUT", "é", ""]\n`), 'a.yaml:6:20 invalid-token', 'a.yaml:6:32 invalid-token', 'a.yaml:6:37 wrong-value'],
    [rule(`${allow}allowMethods: []\n`), 'a.yaml:6:19 wrong-value'],
    [rule(`${allow}allowHeaders: [Sec-Fetch-Site, Cookie, proxy-x, access-control-max-age]\n`), ...[20, 36, 44, 53].map(column => `a.yaml:6:${column} forbidden-header`)],
    [rule(`${allow}allowHeaders: [X-A, x-a, x-A]\n`), 'a.yaml:6:25 duplicate-entry', 'a.yaml:6:30 duplicate-entry'],
    [rule(`${allow}exposeHeaders: [Set-Cookie, access-control-allow-origin]\n`), 'a.yaml:6:21 forbidden-header', 'a.yaml:6:33 forbidden-header'],
    [rule(`${allow}exposeHeaders: ["*"]\nallowCredentials: true\n`), 'a.yaml:6:21 expose-all-credentials'],
    [rule(`${allow}exposeHeaders: ["*"]\n`, 'defaults: {allowCredentials: true}\n'), 'a.yaml:7:21 expose-all-credentials'],
    [rule(`${allow}exposeHeaders: ["*"]\n`)],
    [rule(`${allow}notBefore: 2026-01-02T00:00:00Z\nexpires: 2026-01-02T00:00:00Z\n`), 'a.yaml:7:14 empty-window'],
    [rule(`${allow}preflightCacheControl: "a\\tb"\n`), 'a.yaml:6:28 wrong-value'],
    [rule(`${allow}hosts: []\n`), 'a.yaml:6:12 wrong-value'],
    [rule(`${allow}hosts: [API.example, "a:1", "a.", "*", "https://a"]\n`), ...[13, 26, 33, 39, 44].map(column => `a.yaml:6:${column} invalid-host`)],
    [rule(`${allow}acceptRisks: [{risk: any-origin-credentials, reason: x}]\n`), 'a.yaml:6:26 wrong-value'],
    [rule(`${allow}acceptRisks: [{risk: null-origin, reason: " "}, {risk: null-origin}]\n`), 'a.yaml:6:47 wrong-value', 'a.yaml:6:54 missing-key'],
    [rule(allow, 'guardrails: []\n')],
    [rule(allow, 'defaults: {expires: 2027-01-01T00:00:00Z, name: x, routes: [/x]}\n'), ...[12, 43, 52].map(column => `a.yaml:2:${column} unknown-key`)],
    ['version: 2\n', 'a.yaml:1:10 wrong-value'],
    ['version: "1"\n', 'a.yaml:1:10 wrong-value'],
    ['$schema: x\nversion: 1\n'],
    ['- a\n', 'a.yaml:1:1 wrong-type'],
    ['version: 1\nrules:\n  - {}\n  - name: b\n', 'a.yaml:3:5 missing-key', 'a.yaml:3:5 missing-key', 'a.yaml:4:5 missing-key'],
    [rule(`allowOrgins: [https://a.example]\nnmae: x\n`), 'a.yaml:5:5 unknown-key', 'a.yaml:6:5 unknown-key']
  ]
  for (const [text, ...want] of cases) t.strictSame(told(text), want, text)
})

t.test('a name is used once in the whole set; both places are told', async t => {
  const { diagnostics } = build(files(rule(allow), rule(allow).replace('/r', '/s')), { at })
  t.match(diagnostics.filter(({ code }) => code === 'duplicate-name'), [{ file: 'b.yaml', line: 3, column: 11, related: [{ file: 'a.yaml', line: 3, column: 11 }] }])
})

t.test('one mistake hides no other: not in its rule, its file or its set', async t => {
  const broken = rule('allowOrigins: [*.b.example, https://B.example]\nalowMethods: [get]\n')
  t.strictSame(told('a: "\n', broken, rule('allowOrigins: [$nobody]\n').replace('name: r', 'name: s')), [
    'a.yaml:1:4 yaml-syntax', 'b.yaml:5:20 yaml-alias', 'b.yaml:5:33 invalid-origin', 'b.yaml:6:5 unknown-key', 'c.yaml:5:20 unknown-set'
  ])
})

t.test('what the schema finds in one place hides no risk and no tie of sound rules, and nothing is said that only follows from it', async t => {
  const sound = `  - {name: risky, routes: [/r], allowOrigins: [http://a.example], allowCredentials: true}
  - {name: tied, routes: [/r], allowOrigins: [http://a.example]}\n`
  const found = ['insecure-origin', 'conflict']
  const cases: [text: string, ...codes: string[]][] = [
    [`version: 1\nrules:\n  - {name: b, routes: [/b], allowOrigins: [https://b.example], alowMethods: [GET]}\n${sound}`, 'unknown-key', ...found],
    [`version: 1\nrules:\n  - {name: b, routes: /b, allowOrigins: [https://b.example]}\n${sound}`, 'wrong-type', ...found],
    [`version: 1\nrules:\n  - \n${sound}`, 'wrong-type', ...found],
    [`version: 1\ncolour: red\nrules:\n${sound}`, 'unknown-key', ...found],
    [`version: 2\nrules:\n${sound}`, 'wrong-value', ...found],
    [`version: 1\nguardrails: [{name: g}]\nrules:\n${sound}`, 'missing-key', ...found],
    // Whether a rule with a mistake has a risk, or ties with another, nobody knows.
    [`version: 1\nrules:\n${sound.replace('allowCredentials: true', 'allowCredentials: true, acceptRisk: []')}`, 'unknown-key'],
    [`version: 1\nrules:\n${sound.replace('routes: [/r]', 'routes: /r')}`, 'wrong-type'],
    [`version: 1\ndefaults: {acceptRisk: []}\nrules:\n${sound}`, 'unknown-key'],
    // A set or rule that cannot be read is not missing.
    [`version: 1\noriginSets: {s: https://a.example}\nrules:\n  - {name: b, routes: [/b], allowOrigins: [$s]}\n${sound}`, 'wrong-type', ...found],
    [`version: 1\nguardrails: [{name: g, never: {credentials: true}}]\ncolour: red\nrules:\n  - {name: r, routes: [/r], allowOrigins: [https://a.example], allowCredentials: true}\n`, 'unknown-key']
  ]
  for (const [text, ...codes] of cases) {
    const errors = build([{ name: 'a.yaml', text }], { at }).diagnostics.filter(({ severity }) => severity === 'error')
    t.strictSame(errors.map(({ code }) => code), codes, text)
  }
})

t.test('a set that could not be read is not unknown as well', async t => {
  const uses = `version: 1\nrules:\n  - {name: r, routes: [/r], allowOrigins: [$eu.shop]}\n  - {name: q, routes: [/q], allowOrigins: [$eu.*], exceptOrigins: [$nobody]}\n`
  const cases: [sets: string, ...codes: string[]][] = [
    ['version: 1\noriginSets: {eu.shop: [https://a.example]}\n', 'unknown-set'],
    ['version: 1\noriginSets: {eu.shop: https://a.example}\n', 'wrong-type', 'unknown-set'],
    ['version: 1\noriginSets: [{eu.shop: [https://a.example]}]\n', 'wrong-type', 'unknown-set'],
    ['version: 1\noriginSets:\n  eu.shop: *.a.example\n', 'yaml-alias', 'unknown-set'],
    ['version: 1\noriginSet: {eu.shop: [https://a.example]}\n', 'unknown-key', 'unknown-set'],
    ['version: 1\noriginSets: {"eu.shop": [https://a.example}\n', 'yaml-syntax', 'unknown-set'],
    ['- eu.shop: [https://a.example]\n', 'wrong-type', 'unknown-set'],
    // Where there is no such key, the name is wrong.
    ['version: 1\noriginSets: {eu: https://a.example, us.shop: [https://a.example]}\n', 'wrong-type', 'unknown-set', 'unknown-set', 'unknown-set'],
    ['version: 1\ncolour: {eu.shop: [https://a.example]}\noriginSets: {a: [https://a.example]}\n', 'unknown-key', 'unknown-set', 'unknown-set', 'unknown-set']
  ]
  const errorsOf = (texts: SourceText[], options: BuildOptions = {}): string[] =>
    build(texts, { at, ...options }).diagnostics.filter(({ severity }) => severity === 'error').map(({ code }) => code)
  for (const [sets, ...codes] of cases) {
    t.strictSame(errorsOf(files(sets, uses)), codes, sets)
    t.strictSame(errorsOf(files(uses, sets)), [...codes.filter(code => code === 'unknown-set'), ...codes.filter(code => code !== 'unknown-set')], `${sets}, in a later file`)
  }
  const found = [diagnose('not-utf8', { source: { name: 'sets.yaml', text: '' }, start: 0, end: 0 }, 'what it holds nobody knows')]
  t.strictSame(errorsOf(files(uses), { found }), ['not-utf8'])
})

t.test('a fix is offered where the correction is certain, in the quotes of the text', async t => {
  const cases: readonly [keys: string, fix: string | undefined][] = [
    ['allowOrigins: [HTTPS://A.example]\n', 'https://a.example'],
    ['allowOrigins: ["https://a.example:443"]\n', '"https://a.example"'],
    ['allowOrigins: [\'https://A.example\']\n', '\'https://a.example\''],
    ['allowOrigins: [https://a.example/path]\n', undefined],
    ['allowOrigins: [a.example]\n', undefined],
    [`${allow}allowMethods: [patch]\n`, 'PATCH'],
    [`${allow}allowMethods: ["Get"]\n`, '"GET"'],
    [`${allow}hosts: [API.example]\n`, 'api.example'],
    [`${allow}hosts: ["api.example:80"]\n`, undefined],
    [`${allow}maxAge: "-1"\n`, '-1'],
    [`${allow}maxAge: '0600'\n`, '600'],
    [`${allow}maxAge: 10  m\n`, '10m'],
    [`${allow}maxAge: "99999"\n`, undefined],
    [`${allow}maxAge: 40  h\n`, undefined]
  ]
  for (const [keys, fix] of cases) {
    const text = rule(keys)
    const [first] = build(files(text), { at }).diagnostics.filter(({ severity }) => severity === 'error')
    t.equal(first!.fix?.text, fix, keys)
    if (fix === undefined) continue
    const { line, column, endColumn } = first!.fix!
    const lines = text.split('\n')
    lines[line - 1] = lines[line - 1]!.slice(0, column - 1) + fix + lines[line - 1]!.slice(endColumn - 1)
    t.strictSame(told(lines.join('\n')), [], 'and cures')
  }
})

t.test('did you mean', async t => {
  const cases: readonly [text: string, help: RegExp][] = [
    [rule(`${allow}alowMethods: [GET]\n`), /`allowMethods`/],
    [rule('orgins: [https://a.example]\n'), /`allowOrigins`/],
    [rule(`${allow}credentials: true\n`), /`allowCredentials`/],
    [rule(`${allow}deniedRequests: rejcet\n`), /`reject`/],
    [rule(`${allow}acceptRisks: [{risk: insecur-origin, reason: x}]\n`), /`insecure-origin`/],
    [rule('allowOrigins: [$shpo]\n', 'originSets: {shop: [https://a.example]}\n'), /`\$shop`/],
    [rule('allowOrigins: [$custmers.*]\n', 'originSets: {customers.a: [https://a.example]}\n'), /`\$customers\.\*`/],
    [rule('allowOrigins: ["*.a.example"]\n'), /`https:\/\/\*\.a\.example`/],
    ['verison: 1\n', /`version`/]
  ]
  for (const [text, help] of cases) t.match(build(files(text), { at }).diagnostics.find(({ severity }) => severity === 'error')!.help, help, text)
})

t.test('neither the order of files nor that of rules matters', async t => {
  const texts = [
    rule('allowOrigins: [$one]\n', 'originSets: {two: [https://b.example]}\n'),
    rule('allowOrigins: [$two]\n', 'originSets: {one: [https://a.example]}\nblockedOrigins: [https://c.example]\n').replace('name: r', 'name: q').replace('/r', '/q')
  ]
  const named = files(...texts)
  const [there, back] = [build(named, { at }), build([...named].reverse(), { at })]
  t.ok(there.ok)
  t.equal(there.revision, back.revision)
  t.strictSame(there.diagnostics, back.diagnostics)
  t.strictSame(there.set!.rules.map(({ name }) => name), ['q', 'r'])
  t.strictSame(JSON.stringify(there.set), JSON.stringify(back.set))
  t.not(build(files(texts[0]!, `${texts[1]!}#`), { at }).revision, there.revision)
})

t.test('an empty set is a fault unless it is allowed; test files are no part of it', async t => {
  t.match(build([], { at }), { ok: false, snapshot: null, files: 0, diagnostics: [{ code: 'empty-policy', file: '.', line: 1, column: 1 }] })
  t.match(build(files('version: 1\n'), { at }), { ok: false, diagnostics: [{ code: 'empty-policy', file: 'a.yaml' }] })
  t.match(build([], { at, allowEmpty: true }), { ok: true, rules: 0 })
  const set = files(rule(allow))
  const withTests = build([...set, { name: 'a.test.yaml', text: 'tests: "' }, { name: 'x/b.test.yml', text: '' }], { at })
  t.match(withTests, { ok: true, files: 1, revision: build(set, { at }).revision })
})

t.test('what the source found is told too, and an error of it makes the set invalid', async t => {
  const found = build(files('a: "\n'), { at }).diagnostics
  t.match(build(files(rule(allow)), { at, found }), { ok: false, snapshot: null, set: null, diagnostics: [{ code: 'yaml-syntax' }] })
})
