// The access review: everything is written out, and what it says an origin may do is what the gateway decides.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { build } from '../../src/build.ts'
import { accessOf, type AccessRow } from '../../src/inspect/access.ts'
import { reviewRule, type RuleReview } from '../../src/inspect/review.ts'
import { compile } from '../../src/snapshot/compile.ts'
import { decide } from '../../src/snapshot/decide.ts'
import type { Snapshot } from '../../src/snapshot/snapshot.ts'
import { blocked, facts, now, ruleTexts, runs, setOf, settings } from './arbitrary.ts'

const fixture = readFileSync(resolve(import.meta.dirname, '../fixtures/everything.yaml'), 'utf8')

function snapshotOf (text: string, at: string = '2026-11-25T00:00:00Z'): Snapshot {
  const { snapshot, diagnostics } = build([{ name: 'a.yaml', text }], { at })
  if (snapshot === null) throw new Error(JSON.stringify(diagnostics))
  return snapshot
}

const reviewOf = ({ set, at }: Snapshot): readonly RuleReview[] => set.rules.map(rule => reviewRule(rule, at))

t.test('a rule is written out', async t => {
  const rules = new Map(reviewOf(snapshotOf(fixture)).map(rule => [rule.name, rule]))
  t.strictSame(rules.get('checkout'), {
    name: 'checkout',
    description: 'Cart and payment,\nwith "quotes" and \\backslashes\n',
    file: 'a.yaml',
    line: 17,
    hosts: ['api.example.com', '*.api.example.com'],
    routes: ['/cart/:id', '/checkout', '/checkout/*'],
    origins: [
      { pattern: 'https://shop.example.com', file: 'a.yaml', line: 7, set: 'again' },
      { pattern: 'https://*.shop.example.com', file: 'a.yaml', line: 8, set: 'again' },
      { pattern: 'https://pr-*.preview.example.com', file: 'a.yaml', line: 22, set: null }
    ],
    exceptOrigins: [{ pattern: 'https://legacy.shop.example.com', file: 'a.yaml', line: 23, set: null }],
    methods: ['GET', 'HEAD', 'POST', 'PUT'],
    headers: ['content-type', 'authorization'],
    exposeHeaders: ['x-request-id'],
    allowCredentials: true,
    maxAge: 600,
    allowPrivateNetwork: false,
    timingAllowOrigin: false,
    enforceMethods: false,
    deniedRequests: 'forward',
    passthrough: false,
    window: { notBefore: '2026-11-01T00:00:00.000Z', expires: '2027-01-30T23:00:00.000Z', inForce: true },
    acceptedRisks: []
  })
  t.match(rules.get('kiosk')!.acceptedRisks, [
    { risk: 'insecure-origin', reason: 'kiosk hardware has no TLS', until: '2027-02-01T00:00:00.000Z', origins: ['http://kiosk.example.com'] }
  ])
  t.match(rules.get('legacy'), { passthrough: true, origins: [], methods: [] })
  t.match(reviewOf(snapshotOf(fixture, '2027-06-01T00:00:00Z')).find(({ name }) => name === 'checkout'), { window: { inForce: false } })
})

t.test('methods are those whose answers a page may read', async t => {
  const cases: [written: string, methods: string[]][] = [
    ['allowMethods: [PUT]', ['PUT', 'GET', 'HEAD', 'POST']],
    ['allowMethods: [GET], enforceMethods: true', ['GET', 'HEAD']],
    ['allowMethods: [DELETE], enforceMethods: true', ['DELETE']],
    ['allowMethods: ["*"]', ['*']],
    ['enforceMethods: true', ['GET', 'HEAD', 'POST']]
  ]
  for (const [written, methods] of cases) {
    const [rule] = reviewOf(snapshotOf(`version: 1\nrules:\n  - {name: a, routes: [/a], allowOrigins: [https://a.example], ${written}}\n`))
    t.strictSame(rule!.methods, methods, written)
  }
})

/** What a decision about an actual request says of its origin, in the words of a row; null where no row is due. */
function expectedRow (snapshot: Snapshot, request: Parameters<typeof decide>[1]): Pick<AccessRow, 'rule' | 'outcome' | 'reason'> | null {
  const { outcome, reason, rule } = decide(snapshot, request)
  if (rule === null) return null
  return reason === 'method-not-allowed'
    ? { rule: rule.name, outcome: 'allowed', reason: 'allowed' }
    : { rule: rule.name, outcome: outcome as AccessRow['outcome'], reason }
}

const requests = fc.array(facts, { minLength: 1, maxLength: 4, size: 'max' })

t.test('the rows of an origin are what the gateway decides for it', t => {
  const seen = { rows: 0, none: 0, exact: 0 }
  fc.assert(fc.property(ruleTexts, blocked, settings, requests, (rules, blockedOrigins, settings, requests) => {
    const snapshot = compile(setOf(rules, blockedOrigins), { settings, at: now, generation: 1, revision: 'r' })
    const all = accessOf(snapshot).rows
    for (const drawn of requests) {
      if (drawn.origin === undefined) continue
      // Of an actual request by a page that is not the host's own.
      const request = { ...drawn, requestedMethod: undefined, upgrade: false, fetchSite: 'cross-site' }
      const { bucket, isAmbiguous, reason } = decide(snapshot, request)
      if (bucket === null || isAmbiguous || reason === 'same-origin') continue
      const isHere = (row: AccessRow): boolean => row.host === bucket.host && row.route === bucket.route
      const rows = accessOf(snapshot, { origin: drawn.origin }).rows.filter(isHere)
        .map(({ rule, outcome, reason }) => ({ rule, outcome, reason }))
      const expected = expectedRow(snapshot, request)
      if (JSON.stringify(rows) !== JSON.stringify(expected === null ? [] : [expected])) {
        throw new Error(`\n${JSON.stringify(request)}\nrows: ${JSON.stringify(rows)}\ndecided: ${JSON.stringify(expected)}`)
      }
      seen[expected === null ? 'none' : 'rows']++
      // The line of a rule that lists the very origin, in the whole review.
      const line = all.filter(isHere).find(row => row.origin === drawn.origin && (expected === null || row.rule === expected.rule))
      if (line === undefined) continue
      seen.exact++
      const isSaid = expected === null ? line.outcome === 'denied' : line.outcome === expected.outcome && (line.reason === expected.reason)
      if (!isSaid) throw new Error(`\n${JSON.stringify(request)}\nline: ${JSON.stringify(line)}\ndecided: ${JSON.stringify(expected)}`)
    }
  }), { ...runs, numRuns: runs.numRuns / 2 })
  for (const [what, count] of Object.entries(seen)) t.ok(count > runs.numRuns / 200, `${what}: ${count}`)
  t.end()
})

t.test('at a URL', async t => {
  const snapshot = snapshotOf(fixture)
  const cases: [url: string, origin: string | null, expected: object][] = [
    ['https://api.example.com/cart/7', null, { place: { host: 'api.example.com', route: '/cart/:id' }, ambiguity: null, rows: { length: 3 } }],
    ['wss://x.api.example.com/cart/7', 'https://shop.example.com', { place: { host: '*.api.example.com' }, rows: [{ rule: 'checkout', outcome: 'allowed' }] }],
    ['https://api.example.com/cart/7', 'https://legacy.shop.example.com', { rows: [{ rule: 'checkout', outcome: 'denied', reason: 'origin-excepted' }] }],
    ['https://api.example.com/cart/7', 'https://old.shop.example.com', { blockedBy: { pattern: 'https://old.shop.example.com' }, rows: { length: 0 } }],
    ['https://api.example.com/products/7', 'not an origin', { rows: [{ rule: 'catalogue', origin: '*', outcome: 'allowed' }] }],
    ['https://api.example.com/legacy/7', 'https://a.example', { rows: [{ rule: 'legacy', origin: null, outcome: 'passthrough' }] }],
    ['https://api.example.com/cart/a%2fb', null, { place: { route: '/cart/:id' }, ambiguity: { rules: [] }, rows: { length: 0 } }],
    ['https://elsewhere.example/cart/7', null, { place: null, rows: { length: 0 } }],
    ['https://shop.example.com/cart/7', 'https://shop.example.com', { isSameOrigin: true }]
  ]
  for (const [url, origin, expected] of cases) t.match(accessOf(snapshot, { url, origin }), expected, `${url} for ${origin}`)
  t.throws(() => accessOf(snapshot, { url: '/cart/7' }), TypeError)
})
