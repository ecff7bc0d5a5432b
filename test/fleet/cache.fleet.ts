// A shared cache in front of a gateway, a real nginx: what the page about caches says of both is so.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { memorySource, type CorsGateway } from '../../src/index.ts'
import { blocksOf } from '../deploy/page.ts'
import { startTestGateway, startUpstream, type TestUpstream } from '../gateway/lab.ts'
import { fetchFrom } from '../plugin/wire.ts'
import { startCache, type Cache } from './nginx-cache.ts'

const blocks = blocksOf('cdn.md')
const nginx = blocks.get('cache')!
const policies = blocks.get('policies')!
const [shop, partner, evil] = ['https://shop.example.com', 'https://partner.example.com', 'https://evil.example']

interface Answer {
  readonly status: number
  readonly allowed: string | undefined
  readonly vary: string | undefined
  /** What nginx says of it. */
  readonly cache: string | undefined
}

interface Lab {
  readonly cache: Cache
  /** How often the service was asked for a path. */
  readonly heard: (path: string) => number
  readonly ask: (path: string, origin: string | null, method?: string, headers?: Record<string, string>) => Promise<Answer>
  /** Puts other policies in force. */
  readonly change: (text: string) => ReturnType<CorsGateway['reload']>
}

/** A service whose answers may be cached, for as long as their path says. */
function startService (t: Test): Promise<TestUpstream> {
  return startUpstream(t, (request, response) => {
    response.setHeader('etag', '"v1"').setHeader('cache-control', `public, max-age=${/age-(\d+)/.exec(request.url!)?.[1] ?? 600}`)
    const isSame = request.headers['if-none-match'] === '"v1"'
    if (isSame) response.writeHead(304)
    response.end(isSame ? undefined : 'hello')
  })
}

/** Such a service, a gateway in front of it, and nginx in front of that. */
async function startLab (t: Test, text: string = policies, configuration: string = nginx): Promise<Lab> {
  const upstream = await startService(t)
  const source = memorySource([{ name: 'a.yaml', text }])
  const gateway = await startTestGateway(t, { upstreams: [{ prefix: '/', url: upstream.url }], plugin: { policies: source, watch: false } })
  const cache = await startCache(t, configuration, gateway.port)
  return {
    cache,
    heard: path => upstream.heard.filter(({ url }) => url === path).length,
    ask: (path, origin, method, headers) => ask(cache.port, path, origin, method, headers),
    change: text => {
      source.set([{ name: 'a.yaml', text }])
      return gateway.face.reload()
    }
  }
}

async function ask (port: number, path: string, origin: string | null, method = 'GET', more: Record<string, string> = {}): Promise<Answer> {
  const { status, headers } = await fetchFrom(port, method, path, { ...origin !== null && { origin }, ...more })
  return { status, allowed: headers['access-control-allow-origin'], vary: headers.vary, cache: headers['x-cache'] as string | undefined }
}

function ordersOf<T> (items: readonly T[]): T[][] {
  return items.length === 0 ? [[]] : items.flatMap((item, i) => ordersOf(items.toSpliced(i, 1)).map(order => [item, ...order]))
}

t.test('two origins never get each other\'s answer, whoever comes first', async t => {
  const { ask, heard } = await startLab(t)
  for (const [i, order] of ordersOf([null, shop, partner, evil]).entries()) {
    const path = `/cart/${i}`
    const answers: unknown[] = []
    for (const origin of [...order, ...order]) answers.push(await ask(path, origin))
    const expected = (cache: string) => (origin: string | null): Answer =>
      ({ status: 200, allowed: origin === shop || origin === partner ? origin : undefined, vary: 'Origin', cache })
    t.same(answers, [...order.map(expected('MISS')), ...order.map(expected('HIT'))], order.join(', '))
    t.equal(heard(path), 4, 'the service is asked once for each')
  }
})

t.test('what is for everyone is cached once', async t => {
  const { ask, heard } = await startLab(t)
  for (const [i, order] of ordersOf([null, shop, evil]).entries()) {
    const path = `/catalogue/${i}`
    for (const [j, origin] of order.entries()) t.same(await ask(path, origin), { status: 200, allowed: '*', vary: undefined, cache: j === 0 ? 'MISS' : 'HIT' })
    t.equal(heard(path), 1)
  }
  const beside = await startLab(t, policies.replace('/catalogue/**', '/cart/**'))
  t.match(await beside.ask('/cart/1', evil), { allowed: '*', vary: 'Origin', cache: 'MISS' }, 'beside named origins')
  t.match(await beside.ask('/cart/1', null), { allowed: undefined, vary: 'Origin', cache: 'MISS' })
})

t.test('a cache that ignores Vary', async t => {
  const ignoring = nginx.replace('proxy_cache cors;', '$& proxy_ignore_headers Vary; proxy_cache_valid any 10s;')
  const { ask } = await startLab(t, policies.replace('maxAge: 10m', 'deniedRequests: reject'), ignoring)
  for (const [first, allowed, status] of [[null, undefined, 200], [shop, shop, 200], [evil, undefined, 403]] as const) {
    const path = `/cart/${String(first).length}`
    await ask(path, first)
    for (const origin of [shop, partner]) t.match(await ask(path, origin), { status, allowed, cache: 'HIT' }, `${first} came first`)
  }
  const page = readFileSync(join(import.meta.dirname, '../../docs/deploy/cdn.md'), 'utf8')
  const [, key] = /`(proxy_cache_key [^`]*;)`/.exec(page)!
  const keyed = await startLab(t, policies, ignoring.replace('proxy_cache cors;', `$& ${key}`))
  for (const cache of ['MISS', 'HIT']) {
    for (const origin of [null, shop, partner]) t.match(await keyed.ask('/cart/7', origin), { allowed: origin ?? undefined, cache }, 'the key that the page shows')
  }
})

t.test('preflights are not cached', async t => {
  const { ask } = await startLab(t, policies.replace('maxAge: 10m', '$&\n    preflightCacheControl: public, max-age=600'))
  for (const allowed of [shop, partner, shop]) {
    t.match(await ask('/cart/7', allowed, 'OPTIONS', { 'access-control-request-method': 'GET' }), { status: 204, allowed, cache: undefined })
  }
})

t.test('after a change of the policies', async t => {
  const { ask, change, cache } = await startLab(t, policies, nginx.replace('proxy_cache cors;', '$& proxy_cache_revalidate on;'))
  const paths = ['/cart/7', '/cart/age-1']
  for (const path of paths) t.match(await ask(path, partner), { allowed: partner })
  t.match(await change(policies.replace(`, ${partner}`, '')), { ok: true })
  t.match(await ask(paths[0]!, partner), { allowed: partner, cache: 'HIT' }, 'the copy still grants')
  let revalidated = await ask(paths[1]!, partner)
  for (let i = 0; i < 200 && revalidated.cache === 'HIT'; i++) {
    await sleep(50)
    revalidated = await ask(paths[1]!, partner)
  }
  t.match(revalidated, { allowed: partner, cache: 'REVALIDATED' }, 'and so it does after a 304 without the grant')
  cache.purge()
  for (const path of paths) t.match(await ask(path, partner), { allowed: undefined, cache: 'MISS' }, 'until it is purged')
})

t.test('a cache behind the gateway', async t => {
  const upstream = await startService(t)
  const cache = await startCache(t, nginx, Number(new URL(upstream.url).port))
  const source = memorySource([{ name: 'a.yaml', text: policies }])
  const { port, face } = await startTestGateway(t, { upstreams: [{ prefix: '/', url: `http://127.0.0.1:${cache.port}` }], plugin: { policies: source, watch: false } })
  for (const origin of [null, shop, partner]) t.match(await ask(port, '/cart/7', origin), { allowed: origin ?? undefined, vary: 'Origin' })
  source.set([{ name: 'a.yaml', text: policies.replace(`, ${partner}`, '') }])
  t.match(await face.reload(), { ok: true })
  t.match(await ask(port, '/cart/7', partner), { allowed: undefined, cache: 'HIT' }, 'a change is in force at once')
  t.equal(upstream.heard.filter(({ url }) => url === '/cart/7').length, 1, 'one copy for all')
})
