// Several upstreams by host and prefix: which one is asked, and that no other ever is.
import { once } from 'node:events'
import t from 'tap'
import { WebSocket, WebSocketServer } from 'ws'
import type { Upstream } from '../../src/gateway/proxy.ts'
import { upstreamFinder } from '../../src/gateway/routing.ts'
import { defaultRouterOptions, type RouterOptions } from '../../src/route/path.ts'
import { corsHeaders, fetchFrom, request as requestBytes } from '../plugin/wire.ts'
import { evil, granted, shop, startTestGateway, startUpstream } from './lab.ts'

/** The names stand for URLs. */
const upstreams: readonly Upstream[] = [
  { url: 'api', prefix: '/', hosts: ['api.example.com'] },
  { url: 'api-v2', prefix: '/v2', hosts: ['api.example.com'] },
  { url: 'api-v2-admin', prefix: '/v2/admin', hosts: ['api.example.com', 'admin.example.com'] },
  { url: 'tenants', prefix: '/', hosts: ['*.tenants.example.com'] },
  { url: 'eu-tenants', prefix: '/api', hosts: ['*.eu.tenants.example.com'] },
  { url: 'address', prefix: '/', hosts: ['[::1]', '127.0.0.1'] },
  { url: 'any-status', prefix: '/status' },
  { url: 'any-v2', prefix: '/v2/' }
]

const table: readonly [host: string, target: string, upstream: string | null][] = [
  // Exact hosts, the longest prefix first.
  ['api.example.com', '/', 'api'],
  ['api.example.com', '/x?/v2', 'api'],
  ['api.example.com', '/v2', 'api-v2'],
  ['api.example.com', '/v2/', 'api-v2'],
  ['api.example.com', '/v2?x', 'api-v2'],
  ['api.example.com', '/v2/x', 'api-v2'],
  ['api.example.com', '/v22', 'api'],
  ['api.example.com', '/V2/x', 'api'],
  ['api.example.com', '/v2/admin', 'api-v2-admin'],
  ['api.example.com', '/v2/admin/x', 'api-v2-admin'],
  ['api.example.com', '/v2/administrators', 'api-v2'],
  ['api.example.com', '/%762/%61dmin/x', 'api-v2-admin'],
  ['api.example.com', '/v2%2Fadmin', 'api'],
  ['api.example.com', '//v2', 'api'],
  // The host decides before the prefix does.
  ['api.example.com', '/status', 'api'],
  ['admin.example.com', '/v2/admin', 'api-v2-admin'],
  ['admin.example.com', '/status/x', 'any-status'],
  ['admin.example.com', '/v2', 'any-v2'],
  ['admin.example.com', '/v2/x', 'any-v2'],
  ['admin.example.com', '/', null],
  // How a host is read.
  ['API.Example.COM', '/', 'api'],
  ['api.example.com.', '/', 'api'],
  ['api.example.com:8443', '/', 'api'],
  ['API.example.com.:80', '/v2/x', 'api-v2'],
  ['[::1]:8080', '/', 'address'],
  ['127.0.0.1:8080', '/', 'address'],
  // Suffixes, at any depth, the longest first.
  ['a.tenants.example.com', '/api', 'tenants'],
  ['a.b.tenants.example.com', '/', 'tenants'],
  ['a.eu.tenants.example.com', '/api/x', 'eu-tenants'],
  ['a.eu.tenants.example.com', '/x', 'tenants'],
  ['eu.tenants.example.com', '/api/x', 'tenants'],
  // Hosts of nobody.
  ['tenants.example.com', '/', null],
  ['atenants.example.com', '/', null],
  ['.tenants.example.com', '/', null],
  ['api.example.com.evil.example', '/', null],
  ['evil-api.example.com', '/', null],
  ['example.com', '/v3', null],
  ['*.tenants.example.org', '/', null],
  ['api.example.com..', '/', null],
  ['api.example.com@evil.example', '/', null],
  ['evil.example/api.example.com', '/', null],
  ['', '/', null],
  ['', '/status', 'any-status'],
  ['__proto__', '/', null],
  // Targets.
  ['api.example.com', '*', null],
  ['api.example.com', 'http://api.example.com/v2', 'api-v2'],
  ['api.example.com', 'http://evil.example/v2', null],
  ['api.example.com', '/%zz', null]
]

t.test('the upstream of a host and a target', async t => {
  const find = upstreamFinder(upstreams, defaultRouterOptions)
  for (const [host, target, wanted] of table) t.equal(find(host, target)?.url ?? null, wanted, `${host} ${target}`)
  const orderless = upstreamFinder([...upstreams].reverse(), defaultRouterOptions)
  for (const [host, target, wanted] of table) t.equal(orderless(host, target)?.url ?? null, wanted, `${host} ${target}, in another order`)
})

t.test('paths are read as the router is told to', async t => {
  const rows: readonly [Partial<RouterOptions>, target: string, upstream: string][] = [
    [{ caseSensitive: false }, '/V2/ADMIN/x', 'api-v2-admin'],
    [{ ignoreDuplicateSlashes: true }, '//v2//admin', 'api-v2-admin'],
    [{ ignoreTrailingSlash: true }, '/v2/admin/', 'api-v2-admin'],
    [{ useSemicolonDelimiter: true }, '/v2;/admin', 'api-v2'],
    [{}, '/v2;/admin', 'api']
  ]
  for (const [options, target, wanted] of rows) {
    t.equal(upstreamFinder(upstreams, { ...defaultRouterOptions, ...options })('api.example.com', target)?.url, wanted, `${JSON.stringify(options)} ${target}`)
  }
})

t.test('upstreams that cannot be told apart, and hosts that are none', async t => {
  const rows: readonly [readonly Upstream[], RegExp][] = [
    [[{ prefix: '/a', url: 'one' }, { prefix: '/a/', url: 'two' }], /two upstreams for \/a\/: one and two/],
    [[{ prefix: '/', url: 'one', hosts: ['a.example'] }, { prefix: '/', url: 'two', hosts: ['b.example', 'a.example'] }], /two upstreams for \/ of a\.example/],
    [[{ prefix: '/', url: 'one', hosts: ['A.example:80'] }], /`A\.example:80` among the hosts of one: a host has no port; write `a\.example`/],
    [[{ prefix: '/', url: 'one', hosts: ['*'] }], /leave `hosts` out to mean every host/]
  ]
  for (const [list, message] of rows) t.throws(() => upstreamFinder(list, defaultRouterOptions), { message })
})

t.test('over the wire', async t => {
  const names = ['api', 'admin', 'tenants', 'any'] as const
  const servers = new Map(await Promise.all(names.map(async name => {
    const upstream = await startUpstream(t, name)
    const sockets = new WebSocketServer({ server: upstream.server })
    sockets.on('connection', socket => { socket.send(name) })
    t.teardown(() => { sockets.close() })
    return [name, upstream] as const
  })))
  const urlOf = (name: typeof names[number]): string => servers.get(name)!.url
  const list: Upstream[] = [
    { prefix: '/', url: urlOf('api'), hosts: ['api.example.com'] },
    { prefix: '/admin', url: urlOf('admin'), hosts: ['api.example.com'] },
    { prefix: '/', url: urlOf('tenants'), hosts: ['*.tenants.example.com'] },
    { prefix: '/public', url: urlOf('any') }
  ]
  const { port } = await startTestGateway(t, { upstreams: list })
  const rows: readonly [host: string, target: string, name: string | null][] = [
    ['api.example.com', '/x', 'api'],
    ['API.example.com.:443', '/public/x', 'api'],
    ['api.example.com', '/admin/x', 'admin'],
    ['api.example.com', '/%61dmin', 'admin'],
    ['a.b.tenants.example.com', '/admin', 'tenants'],
    ['other.example', '/public/x', 'any'],
    ['other.example', '/admin/x', null],
    ['tenants.example.com', '/', null]
  ]
  for (const [host, target, name] of rows) {
    for (const [origin, own] of [[shop, granted], [evil, {}]] as const) {
      const { status, headers, body } = await fetchFrom(port, 'GET', target, { host, origin })
      t.strictSame([status, name === null ? null : body], [name === null ? 404 : 200, name], `${host} ${target}`)
      t.strictSame(corsHeaders(headers), own, `${host} ${target} for ${origin}`)
      t.equal(headers.vary, 'Origin')
      if (name === null) t.match([headers['content-type'], JSON.parse(body)], ['application/problem+json; charset=utf-8', { status: 404 }])
    }
    const socket = new WebSocket(`ws://127.0.0.1:${port}${target}`, { headers: { host, origin: shop } })
    if (name === null) {
      const [, response] = await once(socket, 'unexpected-response') as [unknown, { statusCode: number }]
      t.equal(response.statusCode, 404, `a WebSocket of ${host} ${target}`)
      socket.on('error', () => {}).terminate()
    } else {
      const [data] = await once(socket, 'message') as [Buffer]
      t.equal(String(data), name, `a WebSocket of ${host} ${target}`)
      socket.terminate()
    }
  }

  await t.test('what a client claims', async t => {
    const before = names.map(name => servers.get(name)!.heard.length)
    const claims: [string, string][] = [['X-Forwarded-Host', 'api.example.com'], ['Forwarded', 'host=api.example.com'], ['X-Original-Host', 'api.example.com']]
    for (const claim of claims) t.equal((await requestBytes(port, 'GET', '/admin', [claim], 'other.example')).status, 404, claim.join(': '))
    t.equal((await requestBytes(port, 'GET', 'http://api.example.com/admin', [], 'other.example')).status, 404, 'an absolute form of another host')
    t.strictSame(names.map(name => servers.get(name)!.heard.length), before, 'no upstream has heard of them')
    const two = await requestBytes(port, 'GET', '/', [['Host', 'a.tenants.example.com'], ['Origin', shop]], 'api.example.com')
    t.strictSame(corsHeaders(two.headers), {}, 'two hosts are granted nothing')
  })

  await t.test('without an upstream for every host, other methods and preflights', async t => {
    const preflight = await fetchFrom(port, 'OPTIONS', '/admin', { host: 'other.example', origin: shop, 'access-control-request-method': 'PUT' })
    t.equal(preflight.status, 204, 'a preflight is the policy\'s to answer')
    const post = await fetchFrom(port, 'POST', '/admin', { host: 'other.example', origin: shop, 'content-length': '0' })
    t.strictSame([post.status, corsHeaders(post.headers)], [404, granted])
    const odd = await fetchFrom(port, 'PROPFIND', '/', { host: 'api.example.com', origin: shop })
    t.match([odd.status, JSON.parse(odd.body)], [404, { status: 404 }], 'a method that is not passed on')
  })
})
