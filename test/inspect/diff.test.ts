// What edits of policies come to, in the words of the diff.
import t from 'tap'
import { build, type BuildOptions } from '../../src/build.ts'
import { diff, type Change, type Diff } from '../../src/engine.ts'
import { isWidened } from '../../src/inspect/diff.ts'
import type { Direction } from '../../src/inspect/regions/difference.ts'
import { makeRule, makeSet, type RuleDraft } from '../policy/make.ts'
import { compile } from '../../src/snapshot/compile.ts'
import { defaultRouterOptions, readingSteps } from '../../src/route/path.ts'

const at = '2026-11-25T00:00:00Z'

function compare (old: string, now: string, options: BuildOptions = {}): Diff {
  const [before, after] = [old, now].map(text => {
    const { snapshot, diagnostics } = build([{ name: 'a.yaml', text: `version: 1\n${text}` }], { at, allowEmpty: true, ...options })
    if (snapshot === null) throw new Error(JSON.stringify(diagnostics, null, 1))
    return snapshot
  })
  return diff(before!, after!)
}

const signs: Record<Direction, string> = { widened: '+', narrowed: '-', changed: '~' }

/** Each change as a line: sign, route, origins, what, who decided before and who does now. */
function lines (found: Diff): string[] {
  const tell = (direction: Direction) => ({
    host, route, origins, what, old, new: now, oldReason, newReason, from, note
  }: Change): string => [
    signs[direction], route, ...host === null ? [] : [host], origins, `[${what}]`, old?.rule ?? oldReason, '→', now?.rule ?? newReason,
    ...from === undefined ? [] : [from], ...note === undefined ? [] : ['ambiguous']
  ].join(' ')
  return [...found.widened.map(tell('widened')), ...found.narrowed.map(tell('narrowed')), ...found.changed.map(tell('changed'))]
}

const rule = (more: string, name = 'r', routes = '[/a/**]'): string => `  - name: ${name}\n    routes: ${routes}\n    ${more.replaceAll('\n', '\n    ')}\n`
const rules = (...each: string[]): string => each.length === 0 ? '' : `rules:\n${each.join('')}`
const wide = 'allowOrigins: ["https://*.example.com"]'
const shop = 'allowOrigins: [https://shop.example.com]'

const cases: [name: string, old: string, now: string, ...wanted: string[]][] = [
  ['nothing', rules(rule(shop)), rules(rule(shop))],
  ['a rename, another order, sets and defaults',
    rules(rule(shop), rule('allowOrigins: [https://b.example, https://a.example]\nallowMethods: [PUT, GET]\nallowHeaders: [x-a]', 'q', '[/b]')),
    `originSets: {ab: [https://a.example, https://b.example]}\ndefaults: {allowMethods: [GET, PUT], allowHeaders: [X-A]}\n${rules(rule('allowOrigins: [$ab]', 'z', '["/b"]'), rule(`${shop}\nallowMethods: [GET]\nallowHeaders: []`, 'r', '[/a, /a/*]'))}`],
  ['a rule that says of a part what the whole says', rules(rule(shop)), rules(rule(shop), rule(shop, 'q', '[/a/:id]')), ...[
    // The path `/a/` is the other rule's, and `/a` is not: the two are read alike by some.
    '- /a/* https://shop.example.com [read] r → path-ambiguous ambiguous', '- /a/:id https://shop.example.com [read] r → path-ambiguous ambiguous'
  ]],
  ['a rule more', rules(), rules(rule(`${shop}\nallowMethods: [GET, PUT]\nallowCredentials: true\nallowHeaders: [authorization]\nexposeHeaders: [x-id, content-type]\nmaxAge: 10m`, 'r', '[/a]')), ...[
    '+ /a https://shop.example.com [credentials] no-policy → r', '+ /a https://shop.example.com [read] no-policy → r', '+ /a https://shop.example.com [method PUT] no-policy → r',
    '+ /a https://shop.example.com [header authorization] no-policy → r', '+ /a https://shop.example.com [expose x-id] no-policy → r'
  ]],
  ['credentials', rules(rule(shop, 'r', '[/a]')), rules(rule(`${shop}\nallowCredentials: true`, 'r', '[/a]')), '+ /a https://shop.example.com [credentials] r → r'],
  ['every method', rules(rule(shop, 'r', '[/a]')), rules(rule(`${shop}\nallowMethods: ["*"]`, 'r', '[/a]')), ...['*', 'OPTIONS'].map(name => `+ /a https://shop.example.com [method ${name}] r → r`)],
  ['enforcement', rules(rule(`${shop}\nallowMethods: [GET]`, 'r', '[/a]')), rules(rule(`${shop}\nallowMethods: [GET]\nenforceMethods: true`, 'r', '[/a]')), ...[
    '- /a https://shop.example.com [method POST] r → r', '~ /a https://shop.example.com [answer to OPTIONS without a preflight] r → r'
  ]],
  ['every header, with credentials', rules(rule(`${shop}\nallowHeaders: [x-a]`, 'r', '[/a]')), rules(rule(`${shop}\nallowHeaders: ["*"]`, 'r', '[/a]')), '+ /a https://shop.example.com [header *] r → r'],
  ['credentials beside every header: the star covers authorization from then on', rules(rule(`${shop}\nallowHeaders: ["*"]`, 'r', '[/a]')),
    rules(rule(`${shop}\nallowHeaders: ["*"]\nallowCredentials: true\nacceptRisks: [{risk: all-headers-credentials, reason: test}]`, 'r', '[/a]')), ...[
      '+ /a https://shop.example.com [credentials] r → r', '+ /a https://shop.example.com [header authorization] r → r'
    ]],
  ['the same origins with and without an exception', rules(rule(wide, 'r', '[/a]'), rule(`${wide}\nexceptOrigins: [https://old.example.com]`, 'q', '[/b]')),
    rules(rule(`${wide}\nmaxAge: 60`, 'r', '[/a]'), rule(`${wide}\nexceptOrigins: [https://old.example.com]\nmaxAge: 60`, 'q', '[/b]')), ...[
      '+ /a https://*.example.com [max age none → 60 s] r → r', '+ /b https://*.example.com [max age none → 60 s] q → q'
    ]],
  ['safelisted response headers', rules(rule(`${shop}\nexposeHeaders: [content-type]`)), rules(rule(shop))],
  ['a subdomain pattern for a glob', rules(rule('allowOrigins: ["https://pr-*.example.com"]', 'r', '[/a]')), rules(rule('allowOrigins: ["https://*.example.com"]', 'r', '[/a]')), '+ /a https://*.example.com [read] origin-not-allowed → r'],
  ['an exception', rules(rule('allowOrigins: ["https://*.example.com"]', 'r', '[/a]')), rules(rule('allowOrigins: ["https://*.example.com"]\nexceptOrigins: [https://old.example.com]', 'r', '[/a]')), '- /a https://old.example.com [read] r → r'],
  ['a block', rules(rule('allowOrigins: ["https://*.example.com"]', 'r', '[/a]')), `blockedOrigins: ["https://*.old.example.com:*"]\n${rules(rule('allowOrigins: ["https://*.example.com"]', 'r', '[/a]'))}`, '- /a https://*.old.example.com:* [read] r → origin-blocked'],
  ['any port', rules(rule('allowOrigins: [http://localhost:3000]', 'r', '[/a]')), rules(rule('allowOrigins: ["http://localhost:*"]', 'r', '[/a]')), '+ /a http://localhost:* [read] origin-not-allowed → r'],
  ['a longer max age', rules(rule(`${shop}\nmaxAge: 60`, 'r', '[/a]')), rules(rule(`${shop}\nmaxAge: 10m`, 'r', '[/a]')), '+ /a https://shop.example.com [max age 60 → 600 s] r → r'],
  ['none any more', rules(rule(`${shop}\nmaxAge: 60`, 'r', '[/a]')), rules(rule(shop, 'r', '[/a]')), '- /a https://shop.example.com [max age 60 → none] r → r'],
  ['the default in words', rules(rule(`${shop}\nmaxAge: 5`, 'r', '[/a]')), rules(rule(shop, 'r', '[/a]')), '~ /a https://shop.example.com [max age 5 → none] r → r'],
  ['rejection', rules(rule(shop, 'r', '[/a]')), rules(rule(`${shop}\ndeniedRequests: reject`, 'r', '[/a]')), ...[
    '~ (any other path) (any other origin) [denied requests forward → reject] path-ambiguous → path-ambiguous ambiguous',
    '~ /a (any other origin) [denied requests forward → reject] origin-not-allowed → origin-not-allowed', '~ /a https://shop.example.com [denied requests forward → reject] r → r'
  ]],
  ['passthrough', rules(rule(shop, 'r', '[/a]')), rules(rule('passthrough: true', 'r', '[/a]')), '+ /a (any other origin) [passthrough] origin-not-allowed → r', '+ /a https://shop.example.com [passthrough] r → r'],
  ['private network, timing, cache control', rules(rule(shop, 'r', '[/a]')), rules(rule(`${shop}\nallowPrivateNetwork: true\ntimingAllowOrigin: true\npreflightCacheControl: public`, 'r', '[/a]')), ...[
    '+ /a https://shop.example.com [private network] r → r', '+ /a https://shop.example.com [timing] r → r', '~ /a https://shop.example.com [cache-control of preflights none → public] r → r'
  ]],
  ['a later end', rules(rule(`${shop}\nexpires: 2027-01-01T00:00:00Z`, 'r', '[/a]')), rules(rule(`${shop}\nexpires: 2028-01-01T00:00:00Z`, 'r', '[/a]')), '+ /a https://shop.example.com [read] r → r 2027-01-01T00:00:00Z'],
  ['a later start', rules(rule(shop, 'r', '[/a]')), rules(rule(`${shop}\nnotBefore: 2028-01-01T00:00:00Z`, 'r', '[/a]')), '- /a https://shop.example.com [read] r → r'],
  ['a host', rules(rule(shop, 'r', '[/a]')), rules(rule(`${shop}\nhosts: ["*.example.com"]`, 'r', '[/a]')), '- /a https://shop.example.com [read] r → no-policy'],
  ['a host that carves out', rules(rule(shop, 'r', '[/a]')), rules(rule(shop, 'r', '[/a]'), rule('allowOrigins: []\nhosts: [x.example.com]', 'q', '[/*]')), '- /* x.example.com https://shop.example.com [read] r → origin-not-allowed'],
  ['null', rules(rule(shop, 'r', '[/a]')), rules(rule(`allowOrigins: [https://shop.example.com, "null"]\nacceptRisks: [{risk: null-origin, reason: test}]`, 'r', '[/a]')), '+ /a null [read] origin-not-allowed → r'],
  ['anyone', rules(rule(shop, 'r', '[/a]')), rules(rule('allowOrigins: ["*"]', 'r', '[/a]')), '+ /a * [read] origin-not-allowed → r'],
  ['rejection, beside blocked origins that no rule allows', `blockedOrigins: [https://other.example, https://x.example.com]\n${rules(rule(shop, 'r', '[/a]'))}`,
    `blockedOrigins: [https://other.example, https://x.example.com]\n${rules(rule(`${shop}\ndeniedRequests: reject`, 'r', '[/a]'))}`, ...[
      '~ (any other path) (any other origin) [denied requests forward → reject] path-ambiguous → path-ambiguous ambiguous',
      '~ /a (any other origin) [denied requests forward → reject] origin-not-allowed → origin-not-allowed', '~ /a https://shop.example.com [denied requests forward → reject] r → r'
    ]],
  ['a narrower rule beside one that answered everyone', rules(rule('allowOrigins: ["*"]\ntimingAllowOrigin: true', 'r', '[/a]')),
    rules(rule('allowOrigins: ["*"]\ntimingAllowOrigin: true', 'r', '[/a]'), rule('allowOrigins: [https://b.example.com]\ntimingAllowOrigin: true', 'q', '[/a]')), ...[
      '- /a (requests without Origin) [timing] r → r', '~ /a (requests without Origin) [access-control-allow-origin * → none] r → r'
    ]],
  ['none any more beside one that answers everyone', rules(rule('allowOrigins: ["*"]', 'r', '[/a]'), rule(shop, 'q', '[/a]')),
    rules(rule('allowOrigins: ["*"]\ntimingAllowOrigin: true', 'r', '[/a]')), ...[
      '+ /a (requests without Origin) [timing] r → r', '+ /a * [timing] r → r', '+ /a https://shop.example.com [timing] q → r',
      '~ /a (requests without Origin) [access-control-allow-origin none → *] r → r'
    ]],
  ['a narrower rule that starts later', rules(rule('allowOrigins: ["*"]', 'r', '[/a]')), rules(rule('allowOrigins: ["*"]\nexpires: 2028-01-01T00:00:00Z', 'r', '[/a]')), ...[
    '- /a * [read] r → r 2028-01-01T00:00:00Z'
  ]],
  ['letters', rules(rule(shop, 'r', '[/a]')), rules(rule(shop, 'r', '[/A]')), ...[
    '+ /A https://shop.example.com [read] path-ambiguous → r ambiguous', '- /a https://shop.example.com [read] r → path-ambiguous ambiguous'
  ]]
]

for (const [name, old, now, ...wanted] of cases) {
  t.test(name, async t => {
    const found = compare(old, now)
    t.strictSame(lines(found), wanted)
    t.equal(found.exact, true)
    t.equal(found.equal, wanted.length === 0 && found.assurance.length === 0)
    t.equal(isWidened(found), wanted.some(line => line.startsWith('+')) || found.assurance.length > 0)
  })
}

t.test('the most dangerous first: with credentials, then by what is gained or lost, when, where and for whom', async t => {
  const ends = (year: number, route: string): string => rule(`${shop}\nexpires: ${year}-01-01T00:00:00Z`, `end${route}`, `[/${route}]`)
  const [weak, strong] = [
    rules(
      rule(`${shop}\nallowCredentials: true\nmaxAge: 60`, 'session', '[/z]'), rule(shop, 'more', '[/more]'), ends(2028, 'e'), ends(2027, 'f'),
      rule(shop, 'up', '[/up]'), rule(`${shop}\nhosts: [b.example]`, 'there', '[/a]'), rule(shop, 'q', '[/q]')),
    rules(
      rule(`${shop}\nallowCredentials: true\nmaxAge: 10m`, 'session', '[/z]'), ends(2030, 'e'), ends(2030, 'f'),
      rule(`${shop}\nmaxAge: 1h\nallowMethods: [GET, HEAD, POST, PUT]\nallowHeaders: [x-b, x-a]\nexposeHeaders: [x-c]`, 'more', '[/more]'), rule('passthrough: true', 'up', '[/up]'),
      rule('allowOrigins: [https://shop.example.com, https://b.example, https://a.example]\nhosts: [b.example]', 'there', '[/a]'),
      rule('allowOrigins: [https://shop.example.com, https://b.example]', 'q', '[/q]'))
  ]
  const order = [
    '/z https://shop.example.com [max age 60 → 600 s]', '/up (any other origin) [passthrough]', '/up https://shop.example.com [passthrough]',
    '/q https://b.example [read]', '/a b.example https://a.example [read]', '/a b.example https://b.example [read]',
    '/f https://shop.example.com [read]', '/e https://shop.example.com [read]', '/more https://shop.example.com [method PUT]',
    '/more https://shop.example.com [header x-a]', '/more https://shop.example.com [header x-b]', '/more https://shop.example.com [expose x-c]',
    '/more https://shop.example.com [max age none → 3600 s]'
  ]
  const told = (direction: Direction, found: Diff): string[] => lines(found).filter(line => line.startsWith(signs[direction])).map(line => /(?<=^. ).*\]/.exec(line)![0])
  t.strictSame(told('widened', compare(weak, strong)), order)
  const back = order.map(line => line.replace('60 → 600 s', '600 → 60 s').replace('none → 3600 s', '3600 → none'))
  t.strictSame(told('narrowed', compare(strong, weak)), back, 'of what is lost, too')
})

t.test('the JSON says who decided, where, and gives a request', async t => {
  const { widened: [change] } = compare(rules(rule(shop, 'r', '["/a/:id"]')), rules(rule(shop), rule('allowOrigins: ["https://*.example.com"]\nallowMethods: [PUT]\nallowCredentials: true', 'q', '["/a/:id"]')))
  t.strictSame(change, {
    host: null, route: '/a/:id', origins: 'https://*.example.com', what: 'credentials', old: null, new: { rule: 'q', file: 'a.yaml', line: 6 },
    oldReason: 'origin-not-allowed', newReason: 'allowed',
    witness: { origin: 'https://other.example.com', method: 'GET', url: 'https://api.example.com/a/x', headers: {}, credentials: 'include' }
  })
})

t.test('a page of the host itself is no witness', async t => {
  const { widened: [change] } = compare(rules(), rules(rule('allowOrigins: [https://api.example.com]\nhosts: [api.example.com]', 'r', '[/a]')))
  t.equal(change!.witness.url, 'https://api.example.com:8443/a')
})

t.test('the router\'s options and `unmatched` count', async t => {
  const old = rules(rule(shop, 'r', '[/a]'))
  const now = rules(rule(shop, 'r', '[/A/]'))
  t.equal(compare(old, now, { router: { caseSensitive: false, ignoreTrailingSlash: true } }).equal, true)
  t.equal(compare(old, now).equal, false)
  t.strictSame(lines(compare(old, '', { unmatched: 'passthrough' })), [
    '+ (any other path) (any other origin) [passthrough] path-ambiguous → no-policy ambiguous',
    '+ /a (any other origin) [passthrough] origin-not-allowed → no-policy', '+ /a https://shop.example.com [passthrough] r → no-policy'
  ])
})

t.test('guardrails and accepted risks come first', async t => {
  const guarded = (never: string, name = 'g'): string => `guardrails:\n  - {name: ${name}, routes: [/z], never: ${never}}\n`
  const risky = (more: string): string => rules(rule(`allowOrigins: [http://kiosk.example.com, http://till.example.com]\nallowCredentials: true\nacceptRisks: [{risk: insecure-origin, reason: test${more}}]`))
  const kiosk = 'http://kiosk.example.com'
  const both = `${kiosk}, http://till.example.com`
  const one = (name: string, origin = kiosk, ...acceptances: string[]): string =>
    rule(`allowOrigins: [${origin}]\nacceptRisks: [${(acceptances.length === 0 ? [''] : acceptances).map(more => `{risk: insecure-origin, reason: test${more}}`).join(', ')}]`, name)
  const sharing = (more: string): string =>
    `defaults: {acceptRisks: [{risk: insecure-origin, reason: test${more}}]}\n${rules(rule(`allowOrigins: [${kiosk}]`), rule(`allowOrigins: [${kiosk}]`, 'q', '[/b]'))}`
  const told = (old: string, now: string): string[] => compare(old, now).assurance.map(({ what, name }) => `${what} ${name}`)
  const whole = guarded('{read: true}')
  const assurances: [old: string, now: string, isWider: boolean, ...wanted: string[]][] = [
    [whole, whole, false],
    [whole, '', true, 'guardrail-removed g'],
    [whole, guarded('{credentials: true}'), true, 'guardrail-changed g'],
    ['', whole, false, 'guardrail-added g'],
    [whole, guarded('{read: true}', 'h'), true, 'guardrail-removed g', 'guardrail-added h'],
    [risky(''), risky(''), false],
    [risky(''), risky('').replace('name: r', 'name: other'), false],
    [risky(', until: 2027-01-01'), risky(', until: 2028-01-01'), true, 'risk-extended insecure-origin'],
    [risky(', until: 2027-01-01'), risky(''), true, 'risk-extended insecure-origin'],
    [risky(''), risky(', until: 2027-01-01'), false],
    [rules(rule('allowOrigins: [https://a.example]')), risky(''), true, 'risk-accepted insecure-origin'],
    [risky(', origins: [http://kiosk.example.com, http://till.example.com]'), risky(''), true, 'risk-accepted insecure-origin'],
    [risky(''), risky(', origins: [http://kiosk.example.com, http://till.example.com]'), false],
    [rules(one('r', kiosk, `, origins: [${kiosk}]`)), risky(', origins: [http://kiosk.example.com, http://till.example.com]'), true, 'risk-accepted insecure-origin'],
    // A rule beside one that is still there is a new one, and not the other under a new name.
    [rules(one('r')), rules(one('r'), one('q', 'http://till.example.com')), true, 'risk-accepted insecure-origin'],
    [rules(one('r'), rule('allowOrigins: [https://a.example]', 'q')), rules(one('q')), true, 'risk-accepted insecure-origin'],
    // A rule keeps its risk on other routes; under another name as well, it is a new one.
    [rules(one('r')), rules(one('r').replace('/a/**', '/b/**')), true],
    [rules(one('r')), rules(one('q').replace('/a/**', '/b/**')), true, 'risk-accepted insecure-origin'],
    // A rule under another name keeps what it accepted, as long as that is no more, and none of the old set has the name.
    [rules(one('r', kiosk, ', until: 2027-01-01').replace('/a/**', '/a, /b')), rules(one('q', kiosk, ', until: 2027-01-01').replace('/a/**', '/b, /a')), false],
    [rules(one('r', kiosk, ', until: 2027-01-01')), rules(one('q', kiosk, ', until: 2028-01-01')), true, 'risk-extended insecure-origin'],
    [rules(one('r', kiosk, `, origins: [${kiosk}]`)), rules(one('q')), true, 'risk-accepted insecure-origin'],
    [rules(one('r'), rule('allowOrigins: [https://a.example]', 'q', '[/b]')), rules(rule('allowOrigins: [https://a.example]', 'r', '[/b]'), one('q')), true, 'risk-accepted insecure-origin'],
    // An acceptance for fewer entries than before is none that is new.
    [rules(one('r', both, `, origins: [${both}]`)), rules(one('r', both, `, origins: [${kiosk}]`)), false],
    [rules(one('r', both, `, origins: [${kiosk}]`)), rules(one('r', both, `, origins: [${both}]`)), true, 'risk-accepted insecure-origin'],
    // The last of several acceptances tells for how long a risk was accepted.
    [rules(one('r', kiosk, ', until: 2027-01-01', ', until: 2029-01-01')), rules(one('r', kiosk, ', until: 2028-01-01')), false],
    [rules(one('r', kiosk, ', until: 2029-01-01', ', until: 2027-01-01')), rules(one('r', kiosk, ', until: 2028-01-01')), false],
    [rules(one('r', kiosk, ', until: 2027-01-01', ', until: 2028-01-01')), rules(one('r', kiosk, ', until: 2029-01-01')), true, 'risk-extended insecure-origin'],
    // What a file accepts for all of its rules is written once, and told once.
    ['', sharing(''), true, 'risk-accepted insecure-origin'],
    [sharing(', until: 2027-01-01'), sharing(''), true, 'risk-extended insecure-origin']
  ]
  for (const [old, now, isWider, ...wanted] of assurances) {
    t.strictSame(told(old, now), wanted, `${old}\n${now}`)
    const found = compare(old, now)
    t.equal(found.equal, wanted.length === 0 && lines(found).length === 0)
    if (lines(found).length === 0) t.equal(isWidened(found), isWider)
  }
})

t.test('whatever a guardrail says counts, and no order of it', async t => {
  const guardrails = (keys: string): string => `guardrails:\n  - {name: g, ${keys}}\n`
  const said = 'hosts: [a.example, b.example], routes: [/a, /b], originsWithin: [https://a.example, https://b.example], never: {methods: [PUT, DELETE], headers: [x-a, x-b], maxAgeAbove: 60}'
  const changes: [from: string, to: string, wanted?: 'guardrail-changed'][] = [
    ['a.example, b.example', 'b.example, a.example'], ['[/a, /b]', '[/b, "/a"]'], ['https://a.example, https://b.example', 'https://b.example, https://a.example'],
    ['PUT, DELETE', 'DELETE, PUT'], ['x-a, x-b', 'X-B, x-a'], ['60', '1m'], ['{name: g', '{name: g, description: said otherwise'],
    ['a.example, b.example', 'a.example', 'guardrail-changed'], ['[/a, /b]', '[/a]', 'guardrail-changed'], ['https://a.example, ', '', 'guardrail-changed'],
    ['originsWithin', 'originsOutside', 'guardrail-changed'], ['PUT, DELETE', 'PUT', 'guardrail-changed'], ['x-a, x-b', 'x-a', 'guardrail-changed'],
    ['60', '61', 'guardrail-changed'], ['never: {', 'never: {read: true, ', 'guardrail-changed'], ['never: {', 'never: {credentials: true, ', 'guardrail-changed']
  ]
  for (const [from, to, ...wanted] of changes) {
    const old = guardrails(said)
    t.ok(old.includes(from))
    t.strictSame(compare(old, old.replace(from, to)).assurance.map(({ what }) => what), wanted, `${from} → ${to}`)
  }
})

t.test('of what a set is held to, the graver comes first', async t => {
  const guardrail = (name: string, never: string): string => `  - {name: ${name}, never: {${never}}}\n`
  const accepting = (name: string, more: string): string => rule(`allowOrigins: [http://a.example]\nacceptRisks: [{risk: insecure-origin, reason: x${more}}]`, name, `[/${name}]`)
  const old = `guardrails:\n${guardrail('a', 'headers: [x-z]')}${guardrail('b', 'headers: [x-z]')}${rules(accepting('a', ', until: 2027-01-01'), rule(shop, 'b', '[/b]'))}`
  const now = `guardrails:\n${guardrail('a', 'credentials: true')}${guardrail('c', 'credentials: true')}${rules(accepting('a', ''), accepting('b', ''))}`
  t.strictSame(compare(old, now).assurance.map(({ what, name }) => `${what} ${name}`), [
    'guardrail-removed b', 'guardrail-changed a', 'risk-accepted insecure-origin', 'risk-extended insecure-origin', 'guardrail-added c'
  ])
})

t.test('what guardrails and accepted risks say, before and after', async t => {
  const place = (line: number, text: string): object => ({ file: 'a.yaml', line, text })
  const [open, kiosk] = ['http://till.example.com', 'http://kiosk.example.com']
  const guardrail = (name: string, keys: string): string => `  - {name: ${name}, ${keys}}\n`
  const risky = (more: string): string => rules(rule(`allowOrigins: [${kiosk}, ${open}]\nacceptRisks: [{risk: insecure-origin, reason: no TLS${more}}]`, 'r', '[/a]'))
  const all = 'hosts: [b.example, a.example], routes: [/b, /a], originsOutside: [https://b.example, "https://*.a.example"], never: {read: true, credentials: true, methods: [PUT, DELETE], headers: [x-a, x-b], maxAgeAbove: 1m}'
  const [old, now] = [
    `guardrails:\n${guardrail('gone', all)}${guardrail('less', 'never: {methods: [PUT]}')}`,
    `guardrails:\n${guardrail('less', 'routes: [/a], never: {maxAgeAbove: 5}')}${guardrail('more', 'originsWithin: [https://a.example], never: {read: true}')}`
  ]
  t.strictSame(compare(old, now).assurance, [
    {
      what: 'guardrail-removed',
      name: 'gone',
      old: place(3, 'never read, credentials, method PUT, method DELETE, header x-a, header x-b, max age above 60 s on /a, /b of a.example, b.example for origins outside https://*.a.example, https://b.example'),
      new: null
    },
    { what: 'guardrail-changed', name: 'less', old: place(4, 'never method PUT'), new: place(3, 'never max age above 5 s on /a') },
    { what: 'guardrail-added', name: 'more', old: null, new: place(4, 'never read for origins within https://a.example') }
  ])
  const risks: [what: string, old: string, now: string, before: string | null, after: string][] = [
    ['risk-accepted', rules(rule(shop, 'r', '[/a]')), risky(', until: 2027-01-01'), null, 'rule r, until 2027-01-02T00:00:00Z: no TLS'],
    ['risk-accepted', risky(`, origins: [${kiosk}]`), risky(`, origins: [${kiosk}, ${open}]`), `rule r for ${kiosk}, without end: no TLS`, `rule r for ${kiosk}, ${open}, without end: no TLS`],
    ['risk-extended', risky(', until: 2027-01-01T12:00:00Z'), risky(''), 'rule r, until 2027-01-01T12:00:00Z: no TLS', 'rule r, without end: no TLS']
  ]
  for (const [what, old, now, before, after] of risks) {
    t.strictSame(compare(old, now).assurance, [{ what, name: 'insecure-origin', old: before === null ? null : place(6, before), new: place(6, after) }], what)
  }
})

/** Two made sets of one rule, as of the same moment. */
function compareMade (...drafts: readonly [old: RuleDraft, now: RuleDraft]): Diff {
  const settings = { unmatched: 'deny', router: defaultRouterOptions, pathReadings: new Set(readingSteps) } as const
  const [old, now] = drafts.map(draft => compile(makeSet([makeRule(draft)]), { settings, at: 0, generation: 1, revision: '' }))
  return diff(old!, now!)
}

t.test('sets too entangled to compare are never called equal, nor safe', async t => {
  const globs = Array.from({ length: 200 }, (_, i) => `https://p${i}-*-s${i}.example.com`)
  // A path can match any of these, and any others beside it.
  const routes = Array.from({ length: 17 }, (_, i) => `/${Array.from({ length: 17 }, (_, j) => i === j ? 'x' : ':p').join('/')}`)
  const one = { name: 'r', routes: ['/a'], origins: ['https://a.example'] }
  const entangled: [why: string, old: RuleDraft, now: RuleDraft][] = [
    ['origins', { ...one, origins: globs }, { ...one, origins: globs, allowCredentials: true }],
    ['paths', { ...one, routes }, { ...one, routes }],
    ['paths, where less is granted', { ...one, routes }, { ...one, routes, origins: [] }]
  ]
  for (const [why, old, now] of entangled) {
    const found = compareMade(old, now)
    t.match(found, { exact: false, equal: false }, why)
    t.ok(isWidened(found), why)
  }
  t.strictSame(compareMade({ ...one, routes }, { ...one, routes }).widened, [], 'nothing is made up')
})

t.test('so many changes of one direction are told, and that there are more', async t => {
  const origins = Array.from({ length: 100 }, (_, i) => `https://o${i}.example.com`)
  const narrowed = (count: number, more: readonly string[] = []): Diff => {
    const routes = Array.from({ length: count }, (_, i) => `/r${i}`)
    return compareMade({ name: 'r', routes, origins: [...origins, ...more] }, { name: 'r', routes, origins: [] })
  }
  const whole = narrowed(200)
  t.match(whole, { exact: true, equal: false, widened: [], changed: [] })
  t.equal(whole.narrowed.length, 20_000)
  t.notOk(isWidened(whole))
  const cut = narrowed(200, ['https://a.example'])
  t.match(cut, { exact: false, equal: false, widened: [], changed: [] })
  t.equal(cut.narrowed.length, 20_000)
  t.ok(isWidened(cut), 'what is left out may be worse')
})
