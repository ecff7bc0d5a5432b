// The decision table: one policy set, many requests, and exactly what each gets. Every door runs it.
import type { Outcome, Reason } from '../../src/snapshot/decision.ts'
import type { RequestKind } from '../../src/fetch/request.ts'

export type Lines = readonly (readonly [name: string, value: string])[]

export interface DecisionCase {
  readonly name: string
  readonly unmatched: 'deny' | 'passthrough'
  readonly method: string
  readonly target: string
  /** Every header line but the `Host` that stands first. */
  readonly lines: Lines
  /** Only a socket keeps it as it is: repeated lines, an odd target. */
  readonly needsSocket: boolean
  readonly kind: RequestKind
  readonly outcome: Outcome
  readonly reason: Reason
  readonly rule: string | null
  /** 0: the handler answers. */
  readonly status: 0 | 204 | 403
  /** Every `Access-Control-*`, `Timing-Allow-Origin` and `Cache-Control` of the gateway, and nothing more. */
  readonly headers: Readonly<Record<string, string>>
  /** What the gateway adds to `Vary`, as it is spelled. */
  readonly vary: readonly string[]
  /** False: the handler's own headers pass. */
  readonly managed: boolean
}

export const host = 'api.example.com'
export const shop = 'https://shop.example.com'
export const evil = 'https://evil.example'

export const policies = `
version: 1
blockedOrigins: [https://stolen.shop.example.com]
rules:
  - name: cart
    routes: [/cart/**]
    allowOrigins: [${shop}, "https://*.shop.example.com", "https://pr-*.preview.example.com"]
    exceptOrigins: [https://old.shop.example.com]
    allowMethods: [GET, POST, PUT]
    allowHeaders: [content-type, authorization]
    exposeHeaders: [x-request-id, x-total]
    allowCredentials: true
    maxAge: 5m
  - name: public
    routes: [/public/**]
    allowOrigins: ["*"]
    exposeHeaders: [x-total]
    timingAllowOrigin: true
  - name: strict-public
    routes: [/strict-public]
    allowOrigins: ["*"]
    allowMethods: [GET]
    enforceMethods: true
    deniedRequests: reject
  - name: shared-any
    routes: [/shared]
    allowOrigins: ["*"]
  - name: shared-shop
    routes: [/shared]
    allowOrigins: [${shop}]
    allowCredentials: true
  - name: enforced
    routes: [/enforced]
    allowOrigins: [${shop}]
    allowMethods: [GET, DELETE]
    enforceMethods: true
  - name: wild
    routes: [/wild]
    allowOrigins: [${shop}]
    allowMethods: ["*"]
    allowHeaders: ["*"]
    allowCredentials: true
    acceptRisks: [{ risk: all-headers-credentials, reason: an internal tool }]
  - name: open
    routes: [/open]
    allowOrigins: ["*"]
    allowMethods: ["*"]
    allowHeaders: ["*"]
  - name: open-authorized
    routes: [/open-authorized]
    allowOrigins: ["*"]
    allowHeaders: ["*", authorization]
  - name: device
    routes: [/device]
    allowOrigins: [${shop}]
    allowPrivateNetwork: true
    acceptRisks: [{ risk: private-network, reason: old browsers }]
  - name: vault
    routes: [/vault/*]
    allowOrigins: [${shop}]
    deniedRequests: reject
    acceptRisks: [{ risk: split-prefix, reason: the apex is another service }]
  - name: timed
    routes: [/timed]
    allowOrigins: [${shop}]
    timingAllowOrigin: true
  - name: cached
    routes: [/cached]
    allowOrigins: [${shop}]
    preflightCacheControl: "public, max-age=60"
  - name: later
    routes: [/later]
    allowOrigins: [${shop}]
    notBefore: 2999-01-01T00:00:00Z
  - name: nobody
    routes: [/nobody]
    allowOrigins: []
  - name: sandbox
    routes: [/sandbox]
    allowOrigins: ["null"]
    acceptRisks: [{ risk: null-origin, reason: an embedded viewer }]
  - name: files
    routes: [/files/*]
    allowOrigins: [${shop}]
  - name: secrets
    routes: [/files/secret/*]
    allowOrigins: [https://admin.example.com]
    deniedRequests: reject
  - name: legacy
    routes: [/legacy/**]
    passthrough: true
  - name: hosted
    hosts: [${host}]
    routes: [/hosted]
    allowOrigins: [${shop}]
`

const upgrade: Lines = [['Connection', 'Upgrade'], ['Upgrade', 'websocket'], ['Sec-WebSocket-Version', '13'], ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ==']]

const from = (origin: string, ...more: Lines): Lines => [['Origin', origin], ...more]
const asks = (origin: string, method: string, names?: string, ...more: Lines): Lines => [
  ['Origin', origin], ['Access-Control-Request-Method', method],
  ...names === undefined ? [] : [['Access-Control-Request-Headers', names] as const], ...more
]

type Want = readonly [status: 0 | 204 | 403, outcome: Outcome, reason: Reason, rule?: string | null]
interface Extras {
  readonly headers?: Record<string, string>
  /** `-Request-` names without their prefix, `Origin`, separated by spaces. */
  readonly vary?: string
  readonly managed?: boolean
  readonly kind?: RequestKind
  readonly unmatched?: 'passthrough'
  readonly needsSocket?: boolean
}

function row (name: string, request: string, lines: Lines, want: Want, extras: Extras = {}): DecisionCase {
  const [status, outcome, reason, rule = null] = want
  const [method, target] = request.split(' ', 2) as [string, string]
  const names = new Set(lines.map(([name]) => name.toLowerCase()))
  const kind = !names.has('origin') ? 'none' : names.has('upgrade') ? 'upgrade'
    : method === 'OPTIONS' && names.has('access-control-request-method') ? 'preflight' : 'actual'
  return {
    name, method, target, lines, status, outcome, reason, rule, kind: extras.kind ?? kind,
    needsSocket: extras.needsSocket ?? (names.size < lines.length || !/^(?:\/(?!\.)[\w.-]*)+$/.test(target) || target.includes('//') || lines.some(([, value]) => value === '')),
    unmatched: extras.unmatched ?? 'deny',
    headers: extras.headers ?? {},
    vary: (extras.vary ?? 'Origin').split(' ').filter(each => each !== '').map(each => (each === 'Origin' ? each : `Access-Control-Request-${each}`)),
    managed: extras.managed ?? true
  }
}

const acao = (origin: string, more: Record<string, string> = {}): Record<string, string> => ({ 'access-control-allow-origin': origin, ...more })
const withCredentials = { 'access-control-allow-credentials': 'true' }
const cartPreflight = acao(shop, {
  ...withCredentials, 'access-control-allow-methods': 'GET, POST, PUT', 'access-control-allow-headers': 'content-type, authorization', 'access-control-max-age': '300'
})
const cartActual = acao(shop, { ...withCredentials, 'access-control-expose-headers': 'x-request-id, x-total' })
const publicActual = acao('*', { 'access-control-expose-headers': 'x-total', 'timing-allow-origin': '*' })

export const cases: readonly DecisionCase[] = [
  // Preflights.
  row('a preflight is answered with the true lists', 'OPTIONS /cart', asks(shop, 'PUT', 'content-type'), [204, 'allowed', 'allowed', 'cart'], { headers: cartPreflight }),
  row('a safelisted method without headers is as good as any', 'OPTIONS /cart/7', asks(shop, 'GET'), [204, 'allowed', 'allowed', 'cart'], { headers: cartPreflight }),
  row('names in any case, order, repetition and spacing', 'OPTIONS /cart/7', asks(shop, 'PUT', ' Authorization,\tCONTENT-TYPE ,,authorization'),
    [204, 'allowed', 'allowed', 'cart'], { headers: cartPreflight }),
  row('names on several lines', 'OPTIONS /cart/7', asks(shop, 'PUT', 'content-type', ['access-control-request-headers', 'authorization']),
    [204, 'allowed', 'allowed', 'cart'], { headers: cartPreflight }),
  row('the target needs no route and may have a query', 'OPTIONS /cart/a/b/c?x=1', asks(shop, 'PUT'), [204, 'allowed', 'allowed', 'cart'], { headers: cartPreflight }),
  // Security 5: names that every object has.
  row('a path that objects have', 'OPTIONS /__proto__', asks(shop, 'GET'), [403, 'denied', 'no-policy'], { vary: '' }),
  row('a method that objects have', 'OPTIONS /cart', asks(shop, 'constructor'), [204, 'denied', 'method-not-allowed', 'cart'], { headers: cartPreflight }),
  row('header names that objects have', 'OPTIONS /cart', asks(shop, 'PUT', '__proto__, toString'), [204, 'denied', 'header-not-allowed', 'cart'], { headers: cartPreflight }),
  row('an origin that objects have', 'OPTIONS /cart', asks('__proto__', 'GET'), [403, 'denied', 'origin-malformed']),
  row('a scheme that objects have', 'OPTIONS /cart', asks('constructor://shop.example.com', 'GET'), [403, 'denied', 'origin-not-allowed']),
  row('with an Upgrade line too: WebSockets begin with GET', 'OPTIONS /cart', [...upgrade, ...asks(shop, 'PUT')], [204, 'allowed', 'allowed', 'cart'],
    { headers: cartPreflight, kind: 'preflight' }),
  row('a method that is not listed: the true lists name what is missing', 'OPTIONS /cart', asks(shop, 'DELETE'),
    [204, 'denied', 'method-not-allowed', 'cart'], { headers: cartPreflight }),
  row('methods are case-sensitive', 'OPTIONS /cart', asks(shop, 'put'), [204, 'denied', 'method-not-allowed', 'cart'], { headers: cartPreflight }),
  row('a list is no method', 'OPTIONS /cart', asks(shop, 'PUT, GET'), [204, 'denied', 'method-not-allowed', 'cart'], { headers: cartPreflight }),
  row('a header that is not listed', 'OPTIONS /cart', asks(shop, 'PUT', 'x-other'), [204, 'denied', 'header-not-allowed', 'cart'], { headers: cartPreflight }),
  row('more than 64 names', 'OPTIONS /cart', asks(shop, 'PUT', Array.from({ length: 65 }, (_, i) => `a${i}`).join()), [204, 'denied', 'header-not-allowed', 'cart'], {
    headers: { ...acao(shop, withCredentials), 'access-control-allow-methods': 'GET, POST, PUT', 'access-control-max-age': '300' }
  }),
  row('a name that is no token', 'OPTIONS /cart', asks(shop, 'PUT', 'x y'), [204, 'denied', 'header-not-allowed', 'cart'], {
    headers: { ...acao(shop, withCredentials), 'access-control-allow-methods': 'GET, POST, PUT', 'access-control-max-age': '300' }
  }),
  row('16 KiB of names cost and give nothing', 'OPTIONS /wild', asks(shop, 'PUT', 'x'.repeat(8000)), [204, 'denied', 'header-not-allowed', 'wild'], {
    headers: acao(shop, { ...withCredentials, 'access-control-allow-methods': 'PUT' }), vary: 'Origin Method Headers'
  }),
  row('an origin that is not allowed', 'OPTIONS /cart', asks(evil, 'GET'), [403, 'denied', 'origin-not-allowed']),
  row('a subdomain of any depth', 'OPTIONS /cart', asks('https://a.b.shop.example.com', 'PUT'), [204, 'allowed', 'allowed', 'cart'],
    { headers: { ...cartPreflight, 'access-control-allow-origin': 'https://a.b.shop.example.com' } }),
  row('a look-alike', 'OPTIONS /cart', asks('https://shop.example.com.evil.example', 'GET'), [403, 'denied', 'origin-not-allowed']),
  row('another scheme', 'OPTIONS /cart', asks('http://shop.example.com', 'GET'), [403, 'denied', 'origin-not-allowed']),
  row('another port', 'OPTIONS /cart', asks('https://shop.example.com:8443', 'GET'), [403, 'denied', 'origin-not-allowed']),
  row('an excepted origin', 'OPTIONS /cart', asks('https://old.shop.example.com', 'GET'), [403, 'denied', 'origin-excepted', 'cart']),
  row('a blocked origin', 'OPTIONS /cart', asks('https://stolen.shop.example.com', 'GET'), [403, 'denied', 'origin-blocked']),
  row('two origins in one line', 'OPTIONS /cart', asks(`${shop}, ${shop}`, 'GET'), [403, 'denied', 'origin-malformed']),
  row('two lines of Origin', 'OPTIONS /cart', [['Origin', shop], ...asks(shop, 'GET')], [403, 'denied', 'origin-malformed']),
  row('an upper-case origin', 'OPTIONS /cart', asks('https://SHOP.example.com', 'GET'), [403, 'denied', 'origin-malformed']),
  row('an origin that is too long', 'OPTIONS /cart', asks(`https://${'a.'.repeat(200)}shop.example.com`, 'GET'), [403, 'denied', 'origin-malformed']),
  row('an empty Origin is malformed, not absent', 'OPTIONS /cart', asks('', 'GET'), [403, 'denied', 'origin-malformed']),
  row('null is well-formed', 'OPTIONS /cart', asks('null', 'GET'), [403, 'denied', 'origin-not-allowed']),
  row('null where it is listed', 'OPTIONS /sandbox', asks('null', 'GET'), [204, 'allowed', 'allowed', 'sandbox'],
    { headers: acao('null', { 'access-control-allow-methods': 'GET, HEAD, POST' }) }),
  row('a path without a policy', 'OPTIONS /elsewhere', asks(shop, 'GET'), [403, 'denied', 'no-policy'], { vary: '' }),
  row('`*` has no policy', 'OPTIONS *', asks(shop, 'GET'), [403, 'denied', 'no-policy'], { vary: '' }),
  row('outside its window', 'OPTIONS /later', asks(shop, 'GET'), [403, 'denied', 'outside-validity', 'later']),
  row('a rule that grants nobody', 'OPTIONS /nobody', asks(shop, 'GET'), [403, 'denied', 'origin-not-allowed']),
  row('enforced: a listed method', 'OPTIONS /enforced', asks(shop, 'DELETE'), [204, 'allowed', 'allowed', 'enforced'],
    { headers: acao(shop, { 'access-control-allow-methods': 'GET, DELETE' }), vary: 'Origin Method' }),
  row('enforced: browsers ignore the list for POST, so it fails', 'OPTIONS /enforced', asks(shop, 'POST', 'x-any'),
    [403, 'denied', 'method-not-allowed', 'enforced'], { vary: 'Origin Method' }),
  row('enforced: PUT fails by the list', 'OPTIONS /enforced', asks(shop, 'PUT'), [204, 'denied', 'method-not-allowed', 'enforced'],
    { headers: acao(shop, { 'access-control-allow-methods': 'GET, DELETE' }), vary: 'Origin Method' }),
  row('enforced: GET implies HEAD', 'OPTIONS /enforced', asks(shop, 'HEAD'), [204, 'allowed', 'allowed', 'enforced'],
    { headers: acao(shop, { 'access-control-allow-methods': 'GET, DELETE' }), vary: 'Origin Method' }),
  row('wild with credentials: what is asked for is echoed, re-serialised', 'OPTIONS /wild', asks(shop, 'PURGE', 'X-B,  x-a,X-B, Authorization'),
    [204, 'allowed', 'allowed', 'wild'], {
      headers: acao(shop, { ...withCredentials, 'access-control-allow-methods': 'PURGE', 'access-control-allow-headers': 'x-b, x-a, authorization' }),
      vary: 'Origin Method Headers'
    }),
  row('wild never covers CONNECT', 'OPTIONS /wild', asks(shop, 'CONNECT'), [204, 'denied', 'method-not-allowed', 'wild'],
    { headers: acao(shop, withCredentials), vary: 'Origin Method Headers' }),
  row('open: the literal star', 'OPTIONS /open', asks(evil, 'PURGE', 'x-a'), [204, 'allowed', 'allowed', 'open'],
    { headers: acao('*', { 'access-control-allow-methods': '*', 'access-control-allow-headers': '*' }), vary: 'Headers' }),
  row('open: a star does not cover authorization', 'OPTIONS /open', asks(evil, 'PURGE', 'x-a, authorization, X-B'), [204, 'denied', 'header-not-allowed', 'open'],
    { headers: acao('*', { 'access-control-allow-methods': '*', 'access-control-allow-headers': 'x-a, x-b' }), vary: 'Headers' }),
  row('open with authorization listed', 'OPTIONS /open-authorized', asks(evil, 'GET', 'x-a, authorization'), [204, 'allowed', 'allowed', 'open-authorized'],
    { headers: acao('*', { 'access-control-allow-methods': 'GET, HEAD, POST', 'access-control-allow-headers': '*, authorization' }), vary: '' }),
  row('open takes malformed origins, and never echoes them', 'OPTIONS /open', asks('HTTP://X Y', 'GET'), [204, 'allowed', 'allowed', 'open'],
    { headers: acao('*', { 'access-control-allow-methods': '*', 'access-control-allow-headers': '*' }), vary: 'Headers' }),
  row('private network, asked and granted', 'OPTIONS /device', asks(shop, 'GET', undefined, ['Access-Control-Request-Private-Network', 'true']),
    [204, 'allowed', 'allowed', 'device'], {
      headers: acao(shop, { 'access-control-allow-methods': 'GET, HEAD, POST', 'access-control-allow-private-network': 'true' }), vary: 'Origin Private-Network'
    }),
  row('private network, not asked', 'OPTIONS /device', asks(shop, 'GET'), [204, 'allowed', 'allowed', 'device'],
    { headers: acao(shop, { 'access-control-allow-methods': 'GET, HEAD, POST' }), vary: 'Origin Private-Network' }),
  row('private network, not granted', 'OPTIONS /cart', asks(shop, 'GET', undefined, ['Access-Control-Request-Private-Network', 'true']),
    [204, 'denied', 'private-network-not-allowed', 'cart'], { headers: cartPreflight }),
  row('a cached preflight', 'OPTIONS /cached', asks(shop, 'GET'), [204, 'allowed', 'allowed', 'cached'],
    { headers: acao(shop, { 'access-control-allow-methods': 'GET, HEAD, POST', 'cache-control': 'public, max-age=60' }) }),
  row('a denied preflight is not cached', 'OPTIONS /cached', asks(evil, 'GET'), [403, 'denied', 'origin-not-allowed']),
  row('the more specific of two rules', 'OPTIONS /shared', asks(shop, 'GET'), [204, 'allowed', 'allowed', 'shared-shop'],
    { headers: acao(shop, { ...withCredentials, 'access-control-allow-methods': 'GET, HEAD, POST' }) }),
  row('the any-origin rule beside it', 'OPTIONS /shared', asks(evil, 'GET'), [204, 'allowed', 'allowed', 'shared-any'],
    { headers: acao('*', { 'access-control-allow-methods': 'GET, HEAD, POST' }) }),
  row('another host has no such rule', 'OPTIONS /hosted', [['X-Unused', '1'], ...asks(shop, 'GET')], [204, 'allowed', 'allowed', 'hosted'],
    { headers: acao(shop, { 'access-control-allow-methods': 'GET, HEAD, POST' }) }),
  row('even of the own origin a preflight is a preflight', 'OPTIONS /cart', asks(`https://${host}`, 'GET'), [403, 'denied', 'origin-not-allowed']),

  // Actual requests.
  row('an actual request', 'GET /cart', from(shop), [0, 'allowed', 'allowed', 'cart'], { headers: cartActual }),
  row('a listed method', 'PUT /cart', from(shop), [0, 'allowed', 'allowed', 'cart'], { headers: cartActual }),
  row('HEAD', 'HEAD /cart', from(shop), [0, 'allowed', 'allowed', 'cart'], { headers: cartActual }),
  row('a label glob', 'GET /cart', from('https://pr-12.preview.example.com'), [0, 'allowed', 'allowed', 'cart'],
    { headers: { ...cartActual, 'access-control-allow-origin': 'https://pr-12.preview.example.com' } }),
  row('a glob stays in its label', 'GET /cart', from('https://pr-1.x.preview.example.com'), [0, 'denied', 'origin-not-allowed']),
  row('a method that a reload may have withdrawn', 'DELETE /cart', from(shop), [0, 'denied', 'method-not-allowed', 'cart']),
  row('a plain OPTIONS is an actual request', 'OPTIONS /cart', from(shop), [0, 'allowed', 'allowed', 'cart'], { headers: cartActual }),
  row('an empty Access-Control-Request-Method asks nothing', 'OPTIONS /cart', [...from(shop), ['Access-Control-Request-Method', '']],
    [0, 'allowed', 'allowed', 'cart'], { headers: cartActual, kind: 'actual' }),
  row('denied, and forwarded', 'GET /cart', from(evil), [0, 'denied', 'origin-not-allowed']),
  row('without Origin', 'GET /cart', [], [0, 'none', 'not-cors']),
  row('an OPTIONS without Origin', 'OPTIONS /cart', [['Access-Control-Request-Method', 'GET']], [0, 'none', 'not-cors']),
  row('without a policy', 'GET /elsewhere', from(shop), [0, 'denied', 'no-policy'], { vary: '' }),
  row('without a policy and Origin', 'GET /elsewhere', [], [0, 'none', 'not-cors'], { vary: '' }),
  row('enforced: POST is not granted', 'POST /enforced', from(shop), [0, 'denied', 'method-not-allowed', 'enforced']),
  row('enforced: a plain OPTIONS is not either', 'OPTIONS /enforced', from(shop), [0, 'denied', 'method-not-allowed', 'enforced']),
  row('enforced: HEAD', 'HEAD /enforced', from(shop), [0, 'allowed', 'allowed', 'enforced'], { headers: acao(shop) }),
  row('rejected', 'GET /vault/1', from(evil), [403, 'denied', 'origin-not-allowed']),
  row('rejected for its method', 'DELETE /vault/1', from(shop), [403, 'denied', 'method-not-allowed', 'vault']),
  row('a malformed origin is rejected too', 'GET /vault/1', from(`${shop}/`), [403, 'denied', 'origin-malformed']),
  row('without Origin nothing is rejected', 'GET /vault/1', [], [0, 'none', 'not-cors']),
  row('the timing origin', 'GET /timed', from(shop), [0, 'allowed', 'allowed', 'timed'], { headers: acao(shop, { 'timing-allow-origin': shop }) }),
  row('no timing for others', 'GET /timed', from(evil), [0, 'denied', 'origin-not-allowed']),
  row('outside its window', 'GET /later', from(shop), [0, 'denied', 'outside-validity', 'later']),

  // Any-origin answers.
  row('anyone', 'GET /public', from(evil), [0, 'allowed', 'allowed', 'public'], { headers: publicActual, vary: '' }),
  row('anyone, without Origin', 'GET /public/x', [], [0, 'none', 'not-cors'], { headers: publicActual, vary: '' }),
  row('anyone, with a malformed one', 'GET /public', from('nonsense'), [0, 'allowed', 'allowed', 'public'], { headers: publicActual, vary: '' }),
  row('anyone, same-origin', 'GET /public', from(`http://${host}`), [0, 'none', 'same-origin'], { headers: publicActual, vary: '' }),
  row('anyone, also a blocked origin', 'GET /public', from('https://stolen.shop.example.com'), [0, 'allowed', 'allowed', 'public'], { headers: publicActual, vary: '' }),
  row('anyone, a refused method is rejected', 'POST /strict-public', from(evil), [403, 'denied', 'method-not-allowed', 'strict-public']),
  row('anyone, a refused method without Origin depends on it', 'POST /strict-public', [], [0, 'none', 'not-cors']),
  row('anyone, a granted method', 'GET /strict-public', from(evil), [0, 'allowed', 'allowed', 'strict-public'], { headers: acao('*'), vary: '' }),
  row('beside another rule anyone needs an Origin', 'GET /shared', [], [0, 'none', 'not-cors']),
  row('beside another rule anyone is answered with a star', 'GET /shared', from(evil), [0, 'allowed', 'allowed', 'shared-any'], { headers: acao('*') }),

  // Same-origin.
  row('same-origin over http', 'DELETE /vault/1', from(`http://${host}`), [0, 'none', 'same-origin']),
  row('same-origin, TLS ended in front', 'DELETE /vault/1', from(`https://${host}`), [0, 'none', 'same-origin']),
  row('another port is another origin', 'GET /vault/1', from(`http://${host}:8080`), [403, 'denied', 'origin-not-allowed']),
  row('Sec-Fetch-Site says it', 'GET /vault/1', from('null', ['Sec-Fetch-Site', 'same-origin']), [0, 'none', 'same-origin']),
  row('same-site is not same-origin', 'GET /vault/1', from(evil, ['Sec-Fetch-Site', 'same-site']), [403, 'denied', 'origin-not-allowed']),
  row('same-origin on an ambiguous path', 'GET /files/secret%2fx', from(`http://${host}`), [0, 'none', 'same-origin']),

  // Paths.
  row('an escaped letter below one rule', 'GET /files/%61', from(shop), [0, 'allowed', 'allowed', 'files'], { headers: acao(shop) }),
  row('an escaped letter that a server may not decode', 'GET /c%61rt', from(shop), [0, 'denied', 'path-ambiguous']),
  row('an escaped slash below one rule', 'GET /files/a%2Fb', from(shop), [0, 'allowed', 'allowed', 'files'], { headers: acao(shop) }),
  row('an escaped slash between two rules', 'GET /files/secret%2Fb', from(shop), [403, 'denied', 'path-ambiguous']),
  row('dots between two rules', 'GET /files/secret/../x', from('https://admin.example.com'), [403, 'denied', 'path-ambiguous']),
  row('dots into a rule', 'GET /elsewhere/../cart', from(shop), [0, 'denied', 'path-ambiguous']),
  row('an empty segment', 'GET /files//secret/x', from(shop), [403, 'denied', 'path-ambiguous']),
  row('another letter case', 'GET /CART', from(shop), [0, 'denied', 'path-ambiguous']),
  row('a parameter', 'GET /cart;v=1', from(shop), [0, 'denied', 'path-ambiguous']),
  row('a backslash', 'GET /files/secret\\x', from(shop), [403, 'denied', 'path-ambiguous']),
  row('a fragment', 'GET /cart#x', from(shop), [0, 'denied', 'path-ambiguous']),
  row('an ambiguous preflight', 'OPTIONS /files/secret%2Fb', asks(shop, 'GET'), [403, 'denied', 'path-ambiguous']),
  row('the absolute form of the own host', `GET http://${host}/cart`, from(shop), [0, 'allowed', 'allowed', 'cart'], { headers: cartActual }),
  row('the absolute form of another host', 'GET http://other.example/cart', from(shop), [0, 'denied', 'path-ambiguous']),
  row('two Host lines', 'GET /cart', [['Host', host], ...from(shop)], [0, 'denied', 'path-ambiguous'], { needsSocket: true }),

  // WebSocket upgrades.
  row('an upgrade of an allowed origin', 'GET /files/x', from(shop, ...upgrade), [0, 'allowed', 'allowed', 'files']),
  row('an upgrade of another origin', 'GET /cart', from(evil, ...upgrade), [403, 'denied', 'origin-not-allowed']),
  row('an upgrade with a cookie where credentials are allowed', 'GET /cart', from(shop, ...upgrade, ['Cookie', 'a=b']), [0, 'allowed', 'allowed', 'cart']),
  row('an upgrade with a cookie where they are not', 'GET /files/x', from(shop, ...upgrade, ['Cookie', 'a=b']), [403, 'denied', 'credentials-not-allowed', 'files']),
  row('an upgrade with Authorization where they are not', 'GET /files/x', from(shop, ...upgrade, ['Authorization', 'Basic eA==']),
    [403, 'denied', 'credentials-not-allowed', 'files']),
  row('methods do not apply to an upgrade', 'GET /enforced', from(shop, ...upgrade), [0, 'allowed', 'allowed', 'enforced']),
  row('an upgrade without Origin is no browser\'s', 'GET /cart', upgrade, [0, 'none', 'not-cors']),
  row('an upgrade of the own origin', 'GET /vault/1', from(`http://${host}`, ...upgrade), [0, 'none', 'same-origin']),
  row('an upgrade without a policy', 'GET /elsewhere', from(shop, ...upgrade), [403, 'denied', 'no-policy'], { vary: '' }),
  row('an upgrade on an ambiguous path', 'GET /elsewhere/../cart', from(shop, ...upgrade), [403, 'denied', 'path-ambiguous']),
  row('an upgrade without a policy, untouched', 'GET /elsewhere', from(shop, ...upgrade), [0, 'passthrough', 'no-policy'], { vary: '', unmatched: 'passthrough', managed: false }),

  // Passthrough.
  row('a preflight of a passthrough rule', 'OPTIONS /legacy', asks(shop, 'GET'), [0, 'passthrough', 'allowed', 'legacy'], { vary: '', managed: false }),
  row('an actual request of a passthrough rule', 'GET /legacy/x', from(evil), [0, 'passthrough', 'allowed', 'legacy'], { vary: '', managed: false }),
  row('without Origin under a passthrough rule', 'GET /legacy/x', [], [0, 'none', 'not-cors'], { vary: '', managed: false }),
  row('unmatched: a preflight passes', 'OPTIONS /elsewhere', asks(shop, 'GET'), [0, 'passthrough', 'no-policy'], { vary: '', unmatched: 'passthrough', managed: false }),
  row('unmatched: an actual request passes', 'GET /elsewhere', from(evil), [0, 'passthrough', 'no-policy'], { vary: '', unmatched: 'passthrough', managed: false }),
  row('unmatched: what is matched is managed', 'GET /cart', from(evil), [0, 'denied', 'origin-not-allowed'], { unmatched: 'passthrough' }),
  row('unmatched: an ambiguous path does not pass', 'GET /elsewhere/../cart', from(evil), [0, 'denied', 'path-ambiguous'], { unmatched: 'passthrough' })
]
