// Proxies in front: what is believed of what they say, what an upstream is told, and whose host the policies see.
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import t from 'tap'
import { WebSocket, WebSocketServer } from 'ws'
import { trustOf, type TrustProxy } from '../../src/gateway/trust.ts'
import type { Lines } from '../plugin/cases.ts'
import { corsHeaders, request } from '../plugin/wire.ts'
import { shop, startTestGateway, startUpstream } from './lab.ts'

t.test('whom a setting trusts', async t => {
  const rows: readonly [TrustProxy | undefined, trusted: readonly string[], others: readonly string[]][] = [
    [true, ['9.9.9.9', '::1', 'unknown'], []],
    [['10.0.0.0/8'], ['10.0.0.1', '10.255.255.255', '::ffff:10.1.2.3'], ['11.0.0.1', '9.255.255.255', '::1', '::ffff:11.0.0.1', '10.1', '10.0.0.1:80', 'unknown', '']],
    [['192.168.1.7', '2001:db8::/32'], ['192.168.1.7', '2001:db8::1', '2001:0db8:0:0::2'], ['192.168.1.8', '2001:db9::1']],
    [['loopback'], ['127.0.0.1', '127.1.2.3', '::1', '::ffff:127.0.0.1'], ['128.0.0.1', '::2', '10.0.0.1']],
    [['linklocal', 'uniquelocal'], ['169.254.1.1', 'fe80::1', 'fe80::1%eth0', '10.1.1.1', '172.31.0.1', '192.168.0.1', 'fd00::1'], ['172.32.0.1', '127.0.0.1', '2001:db8::1']],
    [['0.0.0.0/0'], ['9.9.9.9'], ['2001:db8::1']]
  ]
  for (const [setting, trusted, others] of rows) {
    const trust = trustOf(setting)!
    for (const address of trusted) t.ok(trust(address, 0), `${String(setting)} trusts ${address}`)
    for (const address of others) t.notOk(trust(address, 0), `${String(setting)} does not trust ${address}`)
    if (setting !== true) t.notOk(trust(undefined, 0), 'a peer that has gone')
  }
  const two = trustOf(2)!
  t.strictSame([0, 1, 2, 3].map(hop => two('9.9.9.9', hop)), [true, true, false, false], 'two hops')
  for (const none of [undefined, false, 0, []]) t.equal(trustOf(none), null, `${String(none)} trusts nobody`)
  for (const wrong of ['10.0.0.0/33', '::1/129', 'proxy.example', '10.0.0', '', '10.0.0.0/8/8', '10.0.0.0/-1', 'fe80::1%eth0', '__proto__', 'toString']) {
    t.throws(() => trustOf([wrong]), { message: `\`trustProxy\` lists \`${wrong}\`` }, `no network: ${wrong}`)
  }
})

/** What an upstream is told, in the order of the names below. */
type Told = readonly [forwardedFor: string, host: string, proto: string, forwarded: string]
const names = ['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'forwarded']

const own = 'api.example.com'
const peer = '127.0.0.1'
const chain: Lines = [
  ['X-Forwarded-For', '6.6.6.6, 10.0.0.9'], ['X-Forwarded-Host', 'shop.example.com'], ['X-Forwarded-Proto', 'https'],
  ['Forwarded', 'for=6.6.6.6;host=shop.example.com;proto=https, for=10.0.0.9']
]
const replaced: Told = [peer, own, 'http', `for=${peer};host="${own}";proto=http`]
const kept: Told = [`6.6.6.6, 10.0.0.9, ${peer}`, 'shop.example.com', 'https',
  `for=6.6.6.6;host=shop.example.com;proto=https, for=10.0.0.9, for=${peer};host="shop.example.com";proto=https`]

const rows: readonly [what: string, trustProxy: TrustProxy | undefined, lines: Lines, told: Told][] = [
  ['nobody is trusted', undefined, chain, replaced],
  ['nobody, said otherwise', false, chain, replaced],
  ['no hop', 0, chain, replaced],
  ['a network that the peer is not in', ['10.0.0.0/8'], chain, replaced],
  ['an empty list', [], chain, replaced],
  ['everybody', true, chain, kept],
  ['one hop', 1, chain, kept],
  ['two hops', 2, chain, kept],
  ['the network of the peer', ['127.0.0.0/8', '10.0.0.0/8'], chain, kept],
  ['the peer, and nobody behind it', ['loopback'], chain, kept],
  ['a trusted peer that says nothing', true, [], replaced],
  ['empty values', true, [['X-Forwarded-For', ''], ['X-Forwarded-Host', ''], ['X-Forwarded-Proto', ''], ['Forwarded', '']], replaced],
  ['several lines are one list', true, [['X-Forwarded-For', '6.6.6.6'], ['X-Forwarded-For', '10.0.0.9'], ['Forwarded', 'for=6.6.6.6'], ['Forwarded', 'for=10.0.0.9']],
    [`6.6.6.6, 10.0.0.9, ${peer}`, own, 'http', `for=6.6.6.6, for=10.0.0.9, for=${peer};host="${own}";proto=http`]],
  ['of several hosts and schemes, what the nearest proxy has added', true, [['X-Forwarded-Host', 'evil.example, shop.example.com'], ['X-Forwarded-Proto', 'http,https']],
    [peer, 'shop.example.com', 'https', `for=${peer};host="shop.example.com";proto=https`]],
  ['a text that nobody closes', true, [['Forwarded', 'for="_a'], ['X-Forwarded-For', '6.6.6.6']],
    [`6.6.6.6, ${peer}`, own, 'http', `for=${peer};host="${own}";proto=http`]],
  ['texts that are closed', true, [['Forwarded', 'for="[2001:db8::1]";host="a\\"b"']],
    [peer, own, 'http', `for="[2001:db8::1]";host="a\\"b", for=${peer};host="${own}";proto=http`]],
  ['a scheme that would end its value', true, [['X-Forwarded-Proto', 'https;for=9.9.9.9']],
    [peer, own, 'https;for=9.9.9.9', `for=${peer};host="${own}";proto="https;for=9.9.9.9"`]],
  ['named in Connection', true, [...chain, ['Connection', 'close, x-forwarded-for, x-forwarded-host, forwarded']], kept],
  ['other claims of a trusted proxy', true, [['X-Forwarded-Port', '1'], ['X-Forwarded-Prefix', '/admin'], ['X-Real-IP', '6.6.6.6'], ['X-Original-URL', '/admin']], replaced]
]

t.test('what an upstream is told', async t => {
  const { url, heard } = await startUpstream(t, 'ok')
  const ports = new Map<string, number>()
  for (const [what, trustProxy, lines, told] of rows) {
    const key = JSON.stringify(trustProxy) ?? 'none'
    if (!ports.has(key)) ports.set(key, (await startTestGateway(t, { upstreams: [{ prefix: '/', url }], ...trustProxy !== undefined && { trustProxy } })).port)
    heard.length = 0
    const answer = await request(ports.get(key)!, 'GET', '/', lines, own)
    t.strictSame([answer.status, answer.body], [200, 'ok'], what)
    const { headers } = heard[0]!
    t.strictSame(names.map(name => headers[name]), told, what)
    const others = Object.keys(headers).filter(name => /^x-(?:forwarded|real|original|rewrite)/.test(name) && !names.includes(name))
    t.strictSame(others, [], `${what}: no other claim`)
  }
  heard.length = 0
  for (const said of ['a";for=9.9.9.9;x="\\', 'shop.example.com, a b', 'evil.example/x']) {
    t.equal((await request(ports.get('true')!, 'GET', '/', [['X-Forwarded-Host', said]], own)).status, 400, `a host that is none: ${said}`)
  }
  t.strictSame(heard, [])
})

t.test('a handshake tells the same', async t => {
  const { server, url } = await startUpstream(t, 'ok')
  const sockets = new WebSocketServer({ server })
  t.teardown(() => { sockets.close() })
  for (const [trustProxy, told] of [[true, kept], [false, replaced]] as const) {
    const { port } = await startTestGateway(t, { upstreams: [{ prefix: '/', url }], trustProxy })
    const heard = once(sockets, 'connection') as Promise<[WebSocket, IncomingMessage]>
    const client = new WebSocket(`ws://127.0.0.1:${port}/`, { headers: { host: own, ...Object.fromEntries(chain.map(([name, value]) => [name.toLowerCase(), value])) } })
    const [, { headers }] = await heard
    t.strictSame(names.map(name => headers[name]), told, `trust ${trustProxy}`)
    client.terminate()
  }
})

t.test('the host and the scheme of the policies follow the trust', async t => {
  const { url } = await startUpstream(t, 'ok')
  const text = `
version: 1
rules:
  - name: outside
    hosts: [${own}]
    routes: [/**]
    allowOrigins: [https://outside.example]
  - name: inside
    hosts: [inside.example.com, other.example]
    routes: [/**]
    allowOrigins: [${shop}]
    deniedRequests: reject
`
  const inside: Lines = [['X-Forwarded-Host', 'inside.example.com'], ['X-Forwarded-For', '6.6.6.6']]
  const cases: readonly [TrustProxy | undefined, isBelieved: boolean][] = [
    [undefined, false], [['10.0.0.0/8'], false], [0, false], [true, true], [1, true], [['loopback'], true]
  ]
  for (const [trustProxy, isBelieved] of cases) {
    const options = { upstreams: [{ prefix: '/', url }, { prefix: '/', url, hosts: ['inside.example.com'] }], ...trustProxy !== undefined && { trustProxy } }
    const { port } = await startTestGateway(t, options, text)
    const granted = isBelieved ? { 'access-control-allow-origin': shop } : {}
    const answer = await request(port, 'GET', '/', [...inside, ['Origin', shop]], own)
    t.strictSame([answer.status, corsHeaders(answer.headers)], [200, granted], `a host said by a proxy, trust ${JSON.stringify(trustProxy)}`)
    const preflight = await request(port, 'OPTIONS', '/', [...inside, ['Origin', shop], ['Access-Control-Request-Method', 'GET']], own)
    t.equal(preflight.status, isBelieved ? 204 : 403)
    const forwarded = await request(port, 'GET', '/', [['Forwarded', 'host=inside.example.com'], ['Origin', shop]], own)
    t.strictSame(corsHeaders(forwarded.headers), {}, 'Forwarded is passed on, never believed')
    const ownPage = await request(port, 'GET', '/', [...inside, ['Origin', 'https://inside.example.com']], 'other.example')
    t.equal(ownPage.status, isBelieved ? 200 : 403, `the page of the host that a proxy names, trust ${JSON.stringify(trustProxy)}`)
  }
})
