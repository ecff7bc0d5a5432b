// Nearest misses: the one thing in which a blocked request differs from what is allowed, most helpful first.
import t from 'tap'
import { build } from '../../src/build.ts'
import { isOneEditAway } from '../../src/inspect/edit.ts'
import { explain } from '../../src/inspect/explain.ts'

const text = `version: 1
rules:
  - name: shop
    routes: [/cart/:id, /Orders/list, /shop/*]
    allowOrigins:
      - https://shop.example.com
      - https://*.apps.example.com
      - https://pr-*.preview.example.com
      - https://dev.example.com:8443
    allowMethods: [GET, PATCH]
    allowHeaders: [x-a]
  - name: broad
    routes: [/cart/*]
    allowOrigins: [https://partner.example.net]
  - name: inner
    hosts: [internal.example.com]
    routes: [/inner]
    allowOrigins: [https://shop.example.com]
  - name: autumn
    routes: [/autumn]
    allowOrigins: [https://shop.example.com]
    notBefore: 2026-09-01T00:00:00Z
    expires: 2026-10-01T00:00:00Z
`
const { snapshot, diagnostics } = build([{ name: 'a.yaml', text }], { at: '2026-10-01T00:00:00Z' })
if (snapshot === null) throw new Error(JSON.stringify(diagnostics))

const shop = 'https://shop.example.com'
interface More { method?: string, headers?: Record<string, string> }
const table: [origin: string, path: string, differs: string[], line: number | null, said: RegExp, rest?: More][] = [
  ['http://shop.example.com', '/cart/1', ['scheme'], 6, /scheme only/],
  ['https://shop.example.com:8443', '/cart/1', ['port'], 6, /the default one, not 8443/],
  ['https://dev.example.com', '/cart/1', ['port'], 9, /8443, not the default one/],
  ['https://shop.example.com.', '/cart/1', ['host'], 6, /trailing dot/],
  ['https://shpo.example.com', '/cart/1', ['host'], 6, /shop\.example\.com, not shpo/],
  ['https://apps.example.com', '/cart/1', ['host'], 7, /not for apps\.example\.com itself/],
  ['https://a.aps.example.com', '/cart/1', ['host'], 7, /apps\.example\.com, not aps/],
  ['https://x.shop.example.com', '/cart/1', ['host'], 6, /one label too deep/],
  ['https://a.pr-1.preview.example.com', '/cart/1', ['host'], 8, /one label too deep/],
  ['https://shop.example.com/', '/cart/1', ['host'], 6, /in the form that a browser sends: https:\/\/shop\.example\.com$/],
  ['shop.example.com', '/cart/1', ['scheme'], 6, /^an origin begins with its scheme; .*in the form that a browser sends: https:\/\/shop\.example\.com$/],
  ['https://shop.example.com:443', '/cart/1', ['port'], 6, /in the form that a browser sends/],
  ['https://partner.example.net', '/cart/1', ['route'], 13, /more specific \/cart\/:id decides/],
  ['https://evil.example', '/cart/1', [], null, /^$/],
  ['null', '/cart/1', [], null, /^$/],
  [shop, '/orders/list', [], null, /^$/],
  [shop, '/shop', ['route'], 4, /with a trailing slash only/],
  [shop, '/autumn/', [], null, /^$/],
  [shop, '/autumn/..%2fcart%2f1', [], null, /^$/],
  [shop, '/Orders/lst', ['route'], 4, /`list` where the path has `lst`/],
  [shop, '/autmn', ['route'], 20, /`autumn` where the path has `autmn`/],
  [shop, '/Orders/archive', ['route'], 4, /`list` where the path has `archive`/],
  [shop, '/Orders/list/7', ['route'], 4, /one segment before/],
  [shop, '/inner', ['host'], 16, /host internal\.example\.com only/],
  [shop, '/autumn', ['window'], 23, /held only until 2026-10-01/],
  [shop, '/cart/1', ['method'], 10, /case-sensitive/, { method: 'patch' }],
  [shop, '/cart/1', ['method'], 10, /PUT is not in allowMethods: GET, PATCH/, { method: 'PUT' }],
  [shop, '/cart/1', ['header'], 11, /x-b, x-c are not in allowHeaders/, { headers: { 'x-a': '1', 'x-c': '1', 'X-B': '1' } }],
  [shop, '/cart/1', [], null, /^$/]
]

t.test('the nearest misses', t => {
  for (const [i, [origin, path, differs, line, said, rest = {}]] of table.entries()) {
    const { nearest, ambiguity } = explain(snapshot, { origin, url: `https://api.example.com${path}`, ...rest })
    t.same(nearest.map(miss => miss.differs), differs, `${i}: ${origin} ${path}`, { nearest, ambiguity })
    t.equal(nearest[0]?.line ?? null, line, 'its line')
    t.match(nearest[0]?.text ?? '', said, 'what is said')
    t.ok(nearest.every(({ file, rule }) => file === 'a.yaml' && rule !== ''), 'its place')
  }
  t.end()
})

t.test('where letter case and a trailing slash make no path ambiguous, they are what is near', t => {
  const { snapshot } = build([{ name: 'a.yaml', text }], { at: '2026-10-01T00:00:00Z', pathReadings: [] })
  const cases: [path: string, line: number, said: RegExp][] = [
    ['/orders/list', 4, /letter case only/],
    ['/autumn/', 20, /without the trailing slash only/]
  ]
  for (const [path, line, said] of cases) {
    t.match(explain(snapshot!, { origin: shop, url: `https://api.example.com${path}` }), { reason: 'no-policy', nearest: [{ line, differs: 'route', text: said }] })
  }
  t.end()
})

t.test('no more than a handful', t => {
  const many = Array.from({ length: 50 }, (_, i) => `https://shop.example.com:${i + 1}`)
  const set = build([{ name: 'b.yaml', text: `version: 1\nrules:\n  - name: r\n    routes: [/x]\n    allowOrigins: ${JSON.stringify(many)}\n` }])
  const { nearest } = explain(set.snapshot!, { origin: 'http://shop.example.com:1', url: 'https://api.example.com/x' })
  t.equal(nearest[0]?.differs, 'scheme', 'the most helpful first')
  t.ok(nearest.length > 0 && nearest.length <= 5, `${nearest.length} misses`)
  t.end()
})

t.test('slips of the hand', t => {
  const table: [a: string, b: string, near: boolean][] = [
    ['shop', 'shpo', true], ['shop', 'shops', true], ['shop', 'hop', true], ['shop', 'chop', true], ['shop', 'shop', false], ['shop', 'hops', false],
    ['', 'a', true], ['', '', false], ['ab', 'ba', true], ['abc', 'cba', false]
  ]
  for (const [a, b, near] of table) {
    t.equal(isOneEditAway(a, b), near, `${a} ${b}`)
    t.equal(isOneEditAway(b, a), near, `${b} ${a}`)
  }
  t.end()
})
