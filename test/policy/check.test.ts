// The checks over whole sets: policy texts, and the findings with their lines.
import t from 'tap'
import { build, type BuildOptions } from '../../src/build.ts'
import { catalogue } from '../../src/diagnostic/catalogue.ts'
import { checkCatalogue } from '../../src/diagnostic/check-catalogue.ts'
import type { Diagnostic } from '../../src/diagnostic/diagnostic.ts'
import { parseOriginPattern } from '../../src/origin/parse.ts'
import { acceptableRisks } from '../../src/policy/acceptance.ts'
import { checkPolicies } from '../../src/policy/check.ts'
import { isLoopback } from '../../src/policy/loopback.ts'
import { isRegistry } from '../../src/policy/public-suffix.ts'
import { policySchema } from '../../src/policy/schema.ts'
import { entriesOf, makeRule, makeSet } from './make.ts'

const at = '2026-11-25T00:00:00Z'

function findings (text: string, options: BuildOptions = {}): readonly Diagnostic[] {
  return build([{ name: 'a.yaml', text }], { at, expiredAcceptance: 'error', ...options }).diagnostics
}

/** A rule on one line; what is said beside it replaces the defaults. */
function rule (name: string, rest: Readonly<Record<string, unknown>>): string {
  const all = { routes: ['/a'], allowOrigins: ['https://a.example.com'], ...rest }
  return `  - { name: ${name}, ${Object.entries(all).map(([key, value]) => `${key}: ${JSON.stringify(value)}`).join(', ')} }`
}

/** The first rule stands on line 3. */
function policy (...rules: readonly string[]): string {
  return ['version: 1', 'rules:', ...rules].join('\n')
}

const reason = 'a test'
const credentials = { allowCredentials: true }
const origins = (...allowOrigins: readonly string[]): { allowOrigins: readonly string[] } => ({ allowOrigins })

const cases: readonly (readonly [why: string, text: string, want: readonly string[]])[] = [
  ['nothing to say', policy(rule('a', credentials)), []],

  ['the same route under other names', policy(rule('a', { routes: ['/a/:x'] }), rule('b', { routes: ['/a/:y'] })), ['4 error conflict']],
  ['both routes of `**` are one conflict', policy(rule('a', { routes: ['/a/**'] }), rule('b', { routes: ['/a/**'] })), ['4 error conflict']],
  ['two routes are two', policy(rule('a', { routes: ['/a', '/b'] }), rule('b', { routes: ['/a', '/b'] })), ['4 error conflict', '4 error conflict']],
  ['other hosts', policy(rule('a', { hosts: ['a.test'] }), rule('b', { hosts: ['*.test'] }), rule('c', {})), []],
  ['one host of two', policy(rule('a', { hosts: ['a.test', 'b.test'] }), rule('b', { hosts: ['b.test'] })), ['4 error conflict']],
  ['other origins', policy(rule('a', {}), rule('b', origins('https://b.example.com'))), []],
  ['a more specific origin', policy(rule('a', {}), rule('b', origins('https://*.example.com'))), []],
  ['another port', policy(rule('a', {}), rule('b', origins('https://a.example.com:8443'))), []],
  ['an exact port before any', policy(rule('a', {}), rule('b', origins('https://a.example.com:*'))), []],
  ['any origin twice', policy(rule('a', origins('*')), rule('b', origins('*'))), ['4 error conflict']],
  ['globs that meet', policy(rule('a', origins('https://ab*.example.com')), rule('b', origins('https://a*b.example.com'))), ['4 error conflict']],
  ['globs of different length', policy(rule('a', origins('https://a*.example.com')), rule('b', origins('https://ab*.example.com'))), []],
  ['globs that cannot meet', policy(rule('a', origins('https://ab*.example.com')), rule('b', origins('https://b*b.example.com'))), []],
  ['stars in different labels', policy(rule('a', origins('https://x*.yz.example.com')), rule('b', origins('https://xa.y*.example.com'))), ['4 error conflict']],
  ['nobody twice', policy(rule('a', origins()), rule('b', origins())), []],
  ['one window after the other', policy(
    rule('a', { expires: '2027-01-01T00:00:00Z' }), rule('b', { notBefore: '2027-01-01T00:00:00Z' })), []],
  ['windows that overlap', policy(
    rule('a', { expires: '2027-01-01T00:00:01Z' }), rule('b', { notBefore: '2027-01-01T00:00:00Z' })), ['4 error conflict']],
  ['letter case', policy(rule('a', { routes: ['/Cart'] }), rule('b', { routes: ['/cart'] })), ['4 error conflict']],
  ['a trailing slash, even of other origins', policy(
    rule('a', { routes: ['/cart'] }), rule('b', { routes: ['/cart/'], ...origins('https://b.example.com') })), ['4 error conflict']],
  ['letter case in one rule', policy(rule('a', { routes: ['/Cart', '/cart', '/cart/'] })), []],
  ['letter case in the same two rules', policy(
    rule('a', { routes: ['/Cart', '/cart'] }), rule('b', { routes: ['/cart', '/Cart'], ...origins('https://b.example.com') })), []],
  ['letter case where one rule more is', policy(
    rule('a', { routes: ['/Cart', '/cart'] }), rule('b', { routes: ['/cart'], ...origins('https://b.example.com') })), ['4 error conflict']],
  ['passthrough beside a rule of other origins', policy(
    '  - { name: a, routes: [/a], passthrough: true, acceptRisks: [{ risk: upstream-decides, reason: x }] }', rule('b', {})), ['4 error conflict']],

  ['any host', policy(rule('a', { ...credentials, ...origins('https://*') })), ['3 error any-host-credentials']],
  ['any host of an extension', policy(rule('a', { ...credentials, ...origins('moz-extension://*') })), ['3 error any-host-credentials']],
  ['any host without credentials', policy(rule('a', origins('https://*'))), []],
  ['any origin', policy(rule('a', { ...credentials, ...origins('*') })), ['3 error any-origin-credentials']],
  ['security 4: the opaque origin, without credentials too', policy(rule('a', origins('null'))), ['3 error null-origin']],
  ['http', policy(rule('a', { ...credentials, ...origins('http://a.example.com') })), ['3 error insecure-origin']],
  ['http without credentials', policy(rule('a', origins('http://a.example.com'))), []],
  ['http at any depth', policy(rule('a', { ...credentials, ...origins('http://*.a.example.com') })), ['3 error insecure-origin']],
  ['two risks of one entry', policy(rule('a', { ...credentials, ...origins('http://a.example.com:*') })),
    ['3 error any-port-credentials', '3 error insecure-origin']],
  ['ftp', policy(rule('a', { ...credentials, ...origins('ftp://a.example.com') })), ['3 error insecure-origin']],
  ['an app', policy(rule('a', { ...credentials, ...origins('capacitor://localhost', 'chrome-extension://abcdefgh') })), []],
  ['loopback', policy(rule('a', { ...credentials, ...origins('http://127.0.0.1:3000') })), ['3 warning loopback-origin']],
  ['loopback at any port', policy(rule('a', { ...credentials, ...origins('https://localhost:*') })), ['3 warning loopback-origin']],
  ['loopback without credentials', policy(rule('a', origins('http://localhost:3000'))), []],
  ['a public suffix', policy(rule('a', origins('https://*.co.uk'))), ['3 warning public-suffix-wildcard']],
  ['a public suffix with credentials', policy(rule('a', { ...credentials, ...origins('https://app-*.vercel.app') })), ['3 error public-suffix-wildcard']],
  ['below a registered name', policy(rule('a', { ...credentials, ...origins('https://*.mine.github.io') })), []],
  ['every header', policy(rule('a', { ...credentials, allowHeaders: ['*'] })), ['3 error all-headers-credentials']],
  ['every header to nobody', policy(rule('a', { ...credentials, allowHeaders: ['*'], ...origins() })), []],
  ['defaults with credentials', [
    'version: 1', 'defaults: { allowCredentials: true, allowHeaders: ["*"] }', 'rules:', rule('a', origins('*')), rule('b', { routes: ['/b'] })
  ].join('\n'), ['2 error all-headers-credentials', '4 error any-origin-credentials']],
  ['an entry of a set is told once, in the set', [
    'version: 1', 'originSets: { kiosks: [http://a.example.com] }', 'rules:',
    rule('a', { ...credentials, ...origins('$kiosks') }), rule('b', { ...credentials, ...origins('$kiosks'), routes: ['/b'] })
  ].join('\n'), ['2 error insecure-origin']],

  ['accepted', policy(rule('a', { ...credentials, ...origins('http://a.test'), acceptRisks: [{ risk: 'insecure-origin', reason }] })), []],
  ['accepted for one of two', policy(rule('a', {
    ...credentials, ...origins('http://a.test', 'http://b.test'), acceptRisks: [{ risk: 'insecure-origin', reason, origins: ['http://a.test'] }]
  })), ['3 error insecure-origin']],
  ['accepted by the set\'s other rule only', [
    'version: 1', 'originSets: { kiosks: [http://a.example.com] }', 'rules:',
    rule('a', { ...credentials, ...origins('$kiosks'), acceptRisks: [{ risk: 'insecure-origin', reason }] }),
    rule('b', { ...credentials, ...origins('$kiosks'), routes: ['/b'] })
  ].join('\n'), ['2 error insecure-origin']],
  ['accepted by the defaults, needed by one rule', [
    'version: 1', `defaults: { acceptRisks: [{ risk: null-origin, reason: ${reason} }] }`, 'rules:',
    rule('a', origins('null')), rule('b', { routes: ['/b'] })
  ].join('\n'), []],
  ['accepted for an entry that is not there', policy(rule('a', {
    ...credentials, ...origins('http://a.test'), acceptRisks: [{ risk: 'insecure-origin', reason, origins: ['http://a.test', 'http://b.test'] }]
  })), ['3 warning acceptance-origin']],
  ['accepted for an entry without the risk', policy(rule('a', {
    ...credentials, ...origins('http://a.test', 'https://b.test'),
    acceptRisks: [{ risk: 'insecure-origin', reason, origins: ['http://a.test', 'https://b.test'] }]
  })), ['3 info unneeded-acceptance']],
  ['a risk of the rule, accepted for each of its entries', policy(rule('a', {
    ...credentials, allowHeaders: ['*'], acceptRisks: [{ risk: 'all-headers-credentials', reason, origins: ['https://a.example.com'] }]
  })), []],
  ['not needed', policy(rule('a', { acceptRisks: [{ risk: 'insecure-origin', reason }] })), ['3 info unneeded-acceptance']],
  ['run out', policy(rule('a', { ...origins('null'), acceptRisks: [{ risk: 'null-origin', reason, until: '2026-11-24' }] })), ['3 error acceptance-expired']],
  ['the last day', policy(rule('a', { ...origins('null'), acceptRisks: [{ risk: 'null-origin', reason, until: '2026-11-25' }] })),
    ['3 warning acceptance-expiring']],
  ['runs out in more than two weeks', policy(rule('a', { ...origins('null'), acceptRisks: [{ risk: 'null-origin', reason, until: '2026-12-09' }] })), []],
  ['a warning accepted', policy(rule('a', { routes: ['/a/*'], acceptRisks: [{ risk: 'split-prefix', reason }] })), []],

  ['unreachable', policy(
    rule('a', { routes: ['/a/*'] }), rule('b', { routes: ['/a/:x', '/a/:x/:y/*'] }), rule('c', { routes: ['/a/:x/:y'] })),
  ['3 warning unreachable-rule', '4 warning split-prefix']],
  ['reachable by one path', policy(rule('a', { routes: ['/*'] }), rule('b', { routes: ['/a/**'] })), []],
  ['a passthrough rule that is never reached', policy(
    '  - { name: a, routes: [/a/*], passthrough: true, acceptRisks: [{ risk: upstream-decides, reason: x }] }',
    rule('b', { routes: ['/a/:x/**'] })), ['3 warning unreachable-rule']],
  ['nobody is not unreachable', policy(rule('a', { routes: ['/a/*'], ...origins() }), rule('b', { routes: ['/a/:x/**'] })), []],
  ['every origin blocked', ['version: 1', 'blockedOrigins: ["https://*.example.com"]', 'rules:', rule('a', {})].join('\n'),
    ['4 warning unreachable-rule']],
  ['one of two blocked', ['version: 1', 'blockedOrigins: ["https://*.example.com"]', 'rules:', rule('a', origins('https://a.example.com', 'https://b.test'))].join('\n'), []],
  ['any origin is not blocked', ['version: 1', 'blockedOrigins: [https://a.example.com]', 'rules:', rule('a', origins('*'))].join('\n'), []],

  ['covered', policy(rule('a', origins('https://x.a.test', 'https://*.a.test', 'https://*.b.a.test:8443', 'https://*.a.test:*'))),
    ['3 warning covered-origin', '3 warning covered-origin', '3 warning covered-origin']],
  ['covered, and needed to win over another rule', policy(
    rule('a', origins('https://*.example.com', 'https://pr-a.example.com')), rule('b', origins('https://pr-*.example.com'))), []],
  ['a set that is not used, and empty', ['version: 1', 'originSets:', '  s: []', 'rules:', rule('a', {})].join('\n'),
    ['3 warning empty-origin-set', '3 warning unused-origin-set']],
  ['accepted in the file of the set', ['version: 1', 'originSets:', '  s: []', 'rules:', rule('a', {
    acceptRisks: [{ risk: 'empty-origin-set', reason }, { risk: 'unused-origin-set', reason }]
  })].join('\n'), []],
  ['ended now', policy(rule('a', { expires: at })), ['3 warning rule-expired']],
  ['ends in two weeks', policy(rule('a', { expires: '2026-12-09T00:00:00Z' })), ['3 warning rule-expiring']],
  ['ends later', policy(rule('a', { expires: '2026-12-09T00:00:01Z' })), []],

  ['a prefix without its apex', policy(rule('a', { routes: ['/a/*'] })), ['3 warning split-prefix']],
  ['a prefix with its apex', policy(rule('a', { routes: ['/a/**'] })), []],
  ['the apex in another rule', policy(rule('a', { routes: ['/a/*'] }), rule('b', { routes: ['/a'] })), ['3 warning split-prefix']],
  ['the apex below a broader route of the same rule', policy(rule('a', { routes: ['/a/*', '/*'] })), []],
  ['the apex below a broader route of another rule', policy(rule('a', { routes: ['/a/*'] }), rule('b', { routes: ['/*'] })), ['3 warning split-prefix']],
  ['the apex with one rule more', policy(
    rule('a', { routes: ['/a/**'] }), rule('b', { routes: ['/a'], ...origins('https://b.example.com') })), ['3 warning split-prefix']],
  ['the apex of a parameter', policy(rule('a', { routes: ['/a/:x/*', '/a/:y'] })), []],
  ['the apex for another host', policy(rule('a', { routes: ['/a/*'], hosts: ['a.test'] }), rule('b', { routes: ['/a'] })), ['3 warning split-prefix']],
  ['nobody below what is granted to none', policy(rule('a', { routes: ['/a/*'], ...origins() })), []],
  ['a carved-out subtree without its apex', policy(
    rule('a', { routes: ['/a/*'], ...origins() }), rule('b', { routes: ['/*'] })), ['3 info narrower-route', '3 warning split-prefix']],
  ['every path', policy(rule('a', { routes: ['/*'] })), []],

  ['private network', policy(rule('a', { allowPrivateNetwork: true })), ['3 warning private-network']],
  ['ten minutes', policy(rule('a', { ...credentials, maxAge: '10m' })), []],
  ['more', policy(rule('a', { ...credentials, maxAge: 601 })), ['3 warning long-max-age-credentials']],
  ['two hours', policy(rule('a', { maxAge: '2h' })), []],
  ['a day', policy(rule('a', { maxAge: '24h' })), ['3 info long-max-age']],
  ['passthrough', policy('  - { name: a, routes: [/a], passthrough: true }'), ['3 warning upstream-decides']],

  ['safelisted headers', policy(rule('a', { allowHeaders: ['Accept', 'content-type', 'x-a'], exposeHeaders: ['x-b', 'expires'] })),
    ['3 info safelisted-header', '3 info safelisted-header']],
  ['safelisted methods', policy(rule('a', { allowMethods: ['GET', 'DELETE'] })), ['3 info safelisted-method']],
  ['safelisted methods, enforced', policy(rule('a', { allowMethods: ['GET', 'DELETE'], enforceMethods: true })), []],
  ['every method', policy(rule('a', { allowMethods: ['*'], allowHeaders: ['content-type'] })), []],
  ['JSON', policy(rule('a', { allowMethods: ['GET', 'HEAD', 'POST', 'PATCH'] })), ['3 info json-needs-content-type']],
  ['JSON by any header', policy(rule('a', { allowMethods: ['GET', 'HEAD', 'POST', 'PATCH'], allowHeaders: ['*'] })), []],
  ['JSON by default methods', policy(rule('a', {})), []],
  ['reject below', policy(rule('a', { routes: ['/a/**'], deniedRequests: 'reject' })), ['3 info reject-wildcard']],
  ['reject here', policy(rule('a', { deniedRequests: 'reject' })), []],
  ['timing', policy(rule('a', { timingAllowOrigin: true })), ['3 info timing-needs-origin']],
  ['timing for all', policy(rule('a', { timingAllowOrigin: true, ...origins('*') })), []],

  ['narrower by origin', policy(rule('a', { routes: ['/**'] }), rule('b', { routes: ['/x'], ...origins('https://b.test') })), ['4 info narrower-route']],
  ['narrower by method', policy(
    rule('a', { routes: ['/**'], allowMethods: ['GET', 'HEAD', 'POST', 'DELETE'], allowHeaders: ['content-type'] }),
    rule('b', { routes: ['/x'], allowMethods: ['GET', 'HEAD', 'POST'], allowHeaders: ['content-type'] })), ['4 info narrower-route']],
  ['narrower by credentials', policy(rule('a', { routes: ['/**'], ...credentials }), rule('b', { routes: ['/x'] })), ['4 info narrower-route']],
  ['wider', policy(rule('a', { routes: ['/**'] }), rule('b', { routes: ['/x'], ...credentials })), []],
  ['narrower than a rule that has ended', policy(
    rule('a', { routes: ['/**'], expires: '2026-01-01T00:00:00Z', acceptRisks: [{ risk: 'rule-expired', reason }] }),
    rule('b', { routes: ['/x'], ...origins('https://b.test') })), []],
  ['not beside another host', policy(rule('a', { routes: ['/**'], hosts: ['a.test'] }), rule('b', { routes: ['/x'], ...origins('https://b.test') })), []]
]

for (const [why, text, want] of cases) {
  t.test(why, async t => t.same(findings(text).map(({ line, severity, code }) => `${line} ${severity} ${code}`).sort(), [...want].sort()))
}

t.test('a finding names the rules that it is about, and where they stand', async t => {
  const text = ['version: 1', 'originSets: { kiosks: [http://a.example.com] }', 'rules:',
    rule('a', { ...credentials, ...origins('$kiosks') }), rule('b', { ...credentials, ...origins('$kiosks'), routes: ['/b'] })].join('\n')
  t.match(findings(text), [{ line: 2, column: 24, message: /rule `a` and others$/, related: [{ line: 4, message: 'rule `a`' }, { line: 5, message: 'rule `b`' }] }])
  t.match(findings(policy(rule('a', {}), rule('b', {}))), [{ line: 4, related: [{ line: 3 }], message: 'rules `a` and `b` tie on `/a`: both allow `https://a.example.com`' }])
})

t.test('an acceptance that has run out stops a check, never a gateway', async t => {
  const text = policy(rule('a', { ...origins('null'), acceptRisks: [{ risk: 'null-origin', reason, until: '2026-11-24' }] }))
  const texts = [{ name: 'a.yaml', text }]
  t.equal(build(texts, { at, expiredAcceptance: 'error' }).ok, false)
  const running = build(texts, { at, expiredAcceptance: 'warning' })
  t.equal(running.ok, true)
  t.match(running.diagnostics, [{ code: 'acceptance-expired', severity: 'warning' }])
})

t.test('what can be accepted is what the schema takes', async t => {
  const [ids] = JSON.stringify(policySchema).match(/(?<="risk":\{[^{}]*"enum":)\[[^\]]*\]/) ?? ['[]']
  t.same([...acceptableRisks].sort(), (JSON.parse(ids) as string[]).sort())
  for (const code of acceptableRisks) t.not(catalogue[code].severity, 'info')
  const codes = Object.keys(checkCatalogue)
  t.same(codes, [...codes].sort())
})

t.test('loopback', async t => {
  const hosts: readonly (readonly [host: string, want: boolean])[] = [
    ['localhost', true], ['a.localhost', true], ['*.localhost', true], ['a-*.localhost', true], ['*.a.localhost', true], ['localhost.', true],
    ['127.0.0.1', true], ['127.255.0.9', true], ['[::1]', true], ['[::ffff:7f00:1]', true],
    ['localhost.example.com', false], ['notlocalhost', false], ['*.notlocalhost', false], ['128.0.0.1', false], ['0.0.0.0', false],
    ['127.0.0.1.example.com', false], ['[::2]', false], ['[::ffff:8000:1]', false], ['*', false], ['localhost.*.example.com', false]
  ]
  for (const [host, want] of hosts) {
    const { pattern } = parseOriginPattern(`http://${host}`)
    if (pattern !== undefined) t.equal(isLoopback(pattern), want, host)
  }
})

t.test('public suffixes', async t => {
  for (const domain of ['com', 'co.uk', 'github.io', 'vercel.app', 'kawasaki.jp', 'compute.amazonaws.com']) t.equal(isRegistry(domain), true, domain)
  for (const domain of ['example.com', 'mine.github.io', 'internal', 'localhost', 'www.ck', 'x.kawasaki.jp.example']) t.equal(isRegistry(domain), false, domain)
})

t.test('many findings of a kind are told in few', async t => {
  const rules = Array.from({ length: 300 }, (_, i) => makeRule({ name: `r${i}`, routes: ['/a'], origins: ['https://a.test'] }))
  const found = checkPolicies(makeSet(rules), { at: 0, expiredAcceptance: 'error' })
  t.equal(found.length, 50)
  t.match(found.at(-1)!.message, /and at least 9950 more of this kind/)
})

t.test('big sets are checked in full', async t => {
  const shared = entriesOf(Array.from({ length: 10_000 }, (_, i) => `https://o${i}.example.com`))
  const rules = Array.from({ length: 10_000 }, (_, i) => makeRule({ name: `r${i}`, routes: [`/r${i}/**`], origins: shared, allowCredentials: true }))
  const check = (...more: readonly ReturnType<typeof makeRule>[]): readonly string[] =>
    checkPolicies(makeSet([...rules, ...more]), { at: 0, expiredAcceptance: 'error' }).map(({ code }) => code)
  t.same(check(), [])
  const crowd = Array.from({ length: 1000 }, (_, i) => makeRule({ name: `s${i}`, routes: ['/s'], origins: [`https://a${i}-*.test`, `https://b${i}.test`] }))
  t.same(check(...crowd), [])
  t.same(check(...crowd, makeRule({ name: 't', routes: ['/s'], origins: ['https://b500.test'] })), ['conflict'])
})
