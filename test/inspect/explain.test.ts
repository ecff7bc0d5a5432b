// The browser played against the gateway: outcome, reason, deciding line, and what is exchanged.
import fc from 'fast-check'
import t from 'tap'
import { build } from '../../src/build.ts'
import type { CredentialsMode, PageRequest } from '../../src/inspect/browser.ts'
import { explain } from '../../src/inspect/explain.ts'
import { renderExplanation } from '../../src/inspect/render-story.ts'
import { compile } from '../../src/snapshot/compile.ts'
import { blocked, now, originValues, ruleTexts, runs, setOf, settings } from './arbitrary.ts'

const shop = `version: 1
hosts: [api.example.com]
originSets:
  storefront:
    - https://shop.example.com
    - https://*.shop.example.com
blockedOrigins: [https://old.shop.example.com]
rules:
  - name: checkout
    routes: [/cart/:id, /checkout/**]
    allowOrigins: [$storefront, "https://pr-*.preview.example.com"]
    exceptOrigins: [https://legacy.shop.example.com]
    allowMethods: [GET, POST, PUT]
    allowHeaders: [content-type, authorization]
    exposeHeaders: [x-request-id]
    allowCredentials: true
    maxAge: 10m
  - name: catalogue
    routes: [/catalogue/**]
    allowOrigins: ["*"]
    exposeHeaders: ["*"]
  - name: campaign
    routes: [/campaign]
    allowOrigins: [https://shop.example.com]
    notBefore: 2026-11-01T00:00:00Z
  - name: legacy
    routes: [/legacy/**]
    passthrough: true
    acceptRisks: [{ risk: upstream-decides, reason: it has CORS of its own }]
  - name: strict
    routes: [/strict]
    allowOrigins: [https://shop.example.com]
    allowMethods: [PUT]
    enforceMethods: true
`

const { snapshot, diagnostics } = build([{ name: 'shop.yaml', text: shop }], { at: '2026-10-01T00:00:00Z' })
if (snapshot === null) throw new Error(JSON.stringify(diagnostics))

const page = (origin: string, path: string, rest: Partial<PageRequest> = {}): PageRequest => ({ origin, url: `https://api.example.com${path}`, ...rest })
const storefront = 'https://shop.example.com'
const json = { 'content-type': 'application/json' }
const include: CredentialsMode = 'include'

const table: [question: PageRequest, outcome: 'readable' | 'blocked', reason: string, rule: string | null, more?: object][] = [
  [page(storefront, '/cart/7'), 'readable', 'allowed', 'checkout', {
    route: '/cart/:id', host: 'api.example.com', originPattern: storefront, preflight: null, exposedHeaders: ['x-request-id'],
    actual: {
      allowed: true,
      headers: {
        'access-control-allow-origin': storefront, 'access-control-allow-credentials': 'true', 'access-control-expose-headers': 'x-request-id'
      }
    },
    rule: { name: 'checkout', file: 'shop.yaml', line: 9 }
  }],
  [page(storefront, '/checkout', { method: 'put', headers: json, credentials: include }), 'readable', 'allowed', 'checkout', {
    route: '/checkout',
    preflight: {
      because: ['method PUT', 'header content-type'], request: { method: 'PUT', headers: ['content-type'] }, passed: true,
      response: {
        status: 204,
        headers: {
          'access-control-allow-origin': storefront, 'access-control-allow-methods': 'GET, POST, PUT', 'access-control-max-age': '600', vary: 'origin'
        }
      }
    },
    decision: { preflight: { kind: 'preflight', outcome: 'allowed' }, actual: { kind: 'actual', outcome: 'allowed' } }
  }],
  [page('https://pr-7.preview.example.com', '/cart/7'), 'readable', 'allowed', 'checkout', { originPattern: 'https://pr-*.preview.example.com' }],
  [page(storefront, '/cart/7', { method: 'PATCH' }), 'blocked', 'method-not-allowed', 'checkout', {
    actual: null, preflight: { passed: false, response: { status: 204 } }, decision: { actual: null },
    nearest: [{ rule: 'checkout', file: 'shop.yaml', line: 13, differs: 'method' }]
  }],
  [page(storefront, '/cart/7', { method: 'PUT', headers: { 'x-a': '1' } }), 'blocked', 'header-not-allowed', 'checkout', {
    preflight: { because: ['method PUT', 'header x-a'] }, nearest: [{ differs: 'header', line: 14, text: 'x-a is not in allowHeaders' }]
  }],
  [page('https://legacy.shop.example.com', '/cart/7'), 'blocked', 'origin-excepted', 'checkout', { originPattern: 'https://*.shop.example.com' }],
  [page('https://old.shop.example.com', '/cart/7'), 'blocked', 'origin-blocked', null],
  [page('https://shop.example.com.evil.example', '/cart/7'), 'blocked', 'origin-not-allowed', null, { actual: { allowed: false, headers: {} }, nearest: [] }],
  [page('https://shop.example.com/', '/cart/7'), 'blocked', 'origin-malformed', null],
  [page('null', '/cart/7'), 'blocked', 'origin-not-allowed', null],
  [page('', '/cart/7'), 'blocked', 'origin-malformed', null],
  [page('null', '/catalogue/1'), 'readable', 'allowed', 'catalogue', { exposedHeaders: ['*'], originPattern: '*' }],
  [page(storefront, '/catalogue', { credentials: include }), 'blocked', 'credentials-not-allowed', 'catalogue'],
  [page(storefront, '/catalogue', { credentials: include, headers: { 'x-a': '1' } }), 'blocked', 'header-not-allowed', 'catalogue'],
  [page(storefront, '/campaign'), 'blocked', 'outside-validity', 'campaign', { nearest: [{ differs: 'window', line: 25 }] }],
  [page(storefront, '/nowhere'), 'blocked', 'no-policy', null, { route: null, host: null }],
  [page(storefront, '/checkout%2f7'), 'blocked', 'path-ambiguous', null, {
    ambiguity: { reading: 'percent-decoded', path: '/checkout/7', rules: ['checkout'] }
  }],
  [page('https://api.example.com', '/nowhere', { method: 'DELETE' }), 'readable', 'same-origin', null, { preflight: null }],
  [page('https://api.example.com', '/cart/7'), 'readable', 'same-origin', null, { decision: { actual: { kind: 'none', reason: 'not-cors' } } }],
  [{ origin: 'https://api.example.com', url: 'http://api.example.com/cart/7' }, 'blocked', 'same-origin', null],
  [page(storefront, '/legacy/x', { method: 'PUT' }), 'blocked', 'allowed', 'legacy', { decision: { actual: { outcome: 'passthrough' } } }],
  [page(storefront, '/strict'), 'blocked', 'method-not-allowed', 'strict', { preflight: null, actual: { allowed: false, headers: {} } }],
  [page(storefront, '/strict', { headers: { 'x-a': '1' } }), 'blocked', 'method-not-allowed', 'strict', { preflight: { response: { status: 403 } } }],
  [page(storefront, '/cart/7', { method: 'TRACE' }), 'blocked', 'method-not-allowed', null, { decision: { preflight: null, actual: null }, actual: null }],
  [{ origin: storefront, url: 'wss://api.example.com/cart/7' }, 'readable', 'allowed', 'checkout', { preflight: null, exposedHeaders: [] }],
  [{ origin: storefront, url: 'wss://api.example.com/catalogue', credentials: include }, 'blocked', 'credentials-not-allowed', 'catalogue'],
  [{ origin: 'https://evil.example', url: 'wss://api.example.com/cart/7' }, 'blocked', 'origin-not-allowed', null, { decision: { actual: { kind: 'upgrade', status: 403 } } }],
  [{ origin: storefront, url: 'https://other.example.com/cart/7' }, 'blocked', 'no-policy', null, { nearest: [{ rule: 'checkout', differs: 'host', line: 2 }] }]
]

t.test('what a browser would do', t => {
  for (const [question, outcome, reason, rule, more = {}] of table) {
    const explanation = explain(snapshot, question)
    const got = { ...explanation, ruleName: explanation.rule?.name ?? null }
    t.match(got, { outcome, reason, ruleName: rule, ...more }, JSON.stringify(question))
    t.ok(explanation.steps.length > 0 && explanation.steps.every(({ step, detail }) => step !== '' && detail !== ''), 'it is told')
    if (outcome === 'blocked') t.ok(explanation.steps.some(({ ok }) => !ok), 'some step says why')
    else t.notOk(explanation.steps.some(({ ok }) => !ok) && reason === 'allowed', 'no step says no')
  }
  t.end()
})

t.test('a step names the line of a key, or says that no line has it', async t => {
  const lines: [says: string, path: string, rest: Partial<PageRequest>][] = [
    ['DELETE: allowMethods at shop.yaml:13: GET, POST, PUT', '/cart/7', { method: 'DELETE' }],
    ['PUT: allowMethods by default (shop.yaml:18 says none): GET, HEAD, POST', '/catalogue/7', { method: 'PUT' }],
    ['not allowed: content-type; allowHeaders by default (shop.yaml:18 says none): nothing', '/catalogue/7', { headers: json }],
    ['GET is not in allowMethods at shop.yaml:33 (enforceMethods)', '/strict', {}]
  ]
  for (const [says, path, rest] of lines) {
    const details = explain(snapshot, page(storefront, path, rest)).steps.map(({ detail }) => detail)
    t.ok(details.includes(says), `${says} in ${details.join(' | ')}`)
  }
})

t.test('the JSON has exactly these keys', t => {
  const explanation = explain(snapshot, page(storefront, '/cart/7', { method: 'PUT' }))
  t.same(Object.keys(explanation).sort(), [
    'actual', 'ambiguity', 'decision', 'exposedHeaders', 'host', 'nearest', 'originPattern', 'outcome', 'preflight', 'reason', 'revision', 'route', 'rule',
    'settings', 'steps'
  ])
  t.same(JSON.parse(JSON.stringify(explanation)), explanation, 'it is plain data')
  t.match(explain(snapshot, page(storefront, '/cart/7/items')).settings, { unmatched: 'deny', at: '2026-10-01T00:00:00.000Z' })
  t.throws(() => explain(snapshot, { origin: storefront, url: '/cart/7' }), TypeError)
  t.end()
})

t.test('a host that servers read differently', t => {
  for (const host of ['a"b.example.com', 'a,b.example.com', "x'.example.com"]) {
    const { outcome, reason, ambiguity } = explain(snapshot, { origin: storefront, url: `https://${host}/cart/7` })
    t.match({ outcome, reason, ambiguity }, { outcome: 'blocked', reason: 'path-ambiguous', ambiguity: { reading: 'malformed host' } }, host)
  }
  t.end()
})

const paths = ['/a/b', '/a', '/a/', '/b', '/A/b', '/a/b/c', '/', '/a//b', '/a%2fb', '/a;x/b', '/c/../a', '/%61', '/a/%zz']
const questions: fc.Arbitrary<PageRequest> = fc.record({
  origin: fc.constantFrom(...originValues),
  url: fc.tuple(fc.constantFrom('https://api.example', 'http://api.example', 'wss://api.example', 'https://x.api.example:8443', 'https://a.example'),
    fc.constantFrom(...paths)).map(parts => parts.join('')),
  method: fc.constantFrom(undefined, 'GET', 'post', 'PUT', 'patch', 'PATCH', 'OPTIONS', 'HEAD', 'TRACE'),
  headers: fc.constantFrom(undefined, {}, { 'x-a': '1' }, { authorization: 'x' }, { 'content-type': 'application/json', 'x-a': '' }, { cookie: 'a=b' }, { '*': '1' }),
  credentials: fc.constantFrom<(CredentialsMode | undefined)[]>(undefined, 'omit', 'same-origin', 'include')
})

t.test('browser and gateway never differ on what is granted', t => {
  let readable = 0
  const asked = fc.array(questions, { minLength: 1, maxLength: 2, size: 'max' })
  fc.assert(fc.property(ruleTexts, blocked, settings, asked, (rules, blockedOrigins, settings, asked) => {
    const snapshot = compile(setOf(rules, blockedOrigins), { settings, at: now, generation: 1, revision: 'r' })
    for (const question of asked) {
      const { outcome, reason, decision, preflight, steps } = explain(snapshot, question)
      const passesThrough = decision.actual?.outcome === 'passthrough'
      // A page over TLS that asks the same host without is another origin to a browser; the gateway must take TLS to have ended in front.
      if (reason === 'same-origin' && question.origin.startsWith('https:') && question.url.startsWith('http:')) continue
      const isGranted = reason === 'same-origin' || (reason === 'allowed' && !passesThrough)
      const isUntouchedUpgrade = passesThrough && question.url.startsWith('ws')
      if (outcome === 'readable') readable++
      if ((outcome === 'readable') !== (isGranted || isUntouchedUpgrade)) throw new Error(`${outcome}, though the reason is ${reason}`)
      // What the gateway denies to a preflight no browser may pass.
      if (preflight?.passed === true && decision.preflight?.outcome !== 'allowed') throw new Error('a denied preflight passed')
      if (outcome === 'blocked' && steps.every(({ ok }) => ok)) throw new Error('nothing says why')
    }
  }), runs)
  t.ok(readable > runs.numRuns / 10, `${readable} were readable`)
  t.end()
})

t.test('a story moves no cursor, whatever files are called and pages send', async t => {
  const text = 'version: 1\nrules:\n  - {name: r, routes: [/a/:b], allowOrigins: [https://a.example], allowMethods: [PUT]}\n'
  const { snapshot } = build([{ name: 'x\u001b[2J.yaml', text }], { at: '2026-11-25T00:00:00Z' })
  const asked: PageRequest[] = [
    { origin: 'https://a.example', url: 'https://api.example.com/a/b', method: 'PUT', headers: { 'x-a': '\u001b[2J' } },
    { origin: 'https://a.example:8443', url: 'https://api.example.com/a/b' }, { origin: '\u001b[2J', url: 'https://api.example.com/a/%1b' }
  ]
  const stories = asked.map(question => renderExplanation(explain(snapshot!, question), false))
  for (const story of stories) t.notMatch(story, /[^\P{C}\n]/u)
  t.match(stories[0], 'at x\u241b[2J.yaml:3')
})
