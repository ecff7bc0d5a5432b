// The console as it is served: its files, their headers, and what must never stand in them.
import { readdirSync, readFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { resolve } from 'node:path'
import Fastify from 'fastify'
import t from 'tap'
import { createAdmin } from '../../src/gateway/admin.ts'
import { registerConsole } from '../../src/gateway/console.ts'

const folder = resolve(import.meta.dirname, '../../src/gateway/console')
const files = readdirSync(folder).sort()
const pathOf = (name: string): string => name === 'console.html' ? '/' : `/${name}`

const headers = {
  'content-security-policy': "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-cache'
}

const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8', css: 'text/css; charset=utf-8', js: 'text/javascript; charset=utf-8'
}

t.test('every file is served as it is, under a strict policy', async t => {
  const app = Fastify()
  registerConsole(app)
  t.teardown(() => app.close())
  t.ok(['console.html', 'console.css', 'console.js'].every(name => files.includes(name)))
  for (const name of files) {
    const url = pathOf(name)
    const answer = await app.inject({ url })
    t.equal(answer.statusCode, 200, url)
    t.equal(answer.body, readFileSync(resolve(folder, name), 'utf8'))
    t.match(answer.headers, { ...headers, 'content-type': types[name.split('.')[1]!]! })
    t.notOk(Object.keys(answer.headers).some(each => each.startsWith('access-control-')), 'no CORS')
    const etag = String(answer.headers['etag'])
    t.match(etag, /^"[\w-]{43}"$/)

    for (const [ifNoneMatch, status] of [
      [etag, 304], [`W/${etag}`, 304], [`"other", ${etag}`, 304], ['*', 304], ['"other"', 200], [etag.slice(1, -1), 200], ['', 200]
    ] as const) {
      const again = await app.inject({ url, headers: { 'if-none-match': ifNoneMatch } })
      t.equal(again.statusCode, status, `${url} if-none-match: ${ifNoneMatch}`)
      t.equal(again.body === '', status === 304)
      t.equal(again.headers['etag'], etag)
      t.equal(again.headers['content-security-policy'], headers['content-security-policy'])
    }
    t.match(await app.inject({ method: 'HEAD', url }), { statusCode: 200, body: '' })
  }
  t.equal((await app.inject({ url: '/console.html' })).statusCode, 404, 'the page has one address')
})

t.test('all that the page loads is there', async t => {
  let loads = 0
  for (const name of files) {
    const text = readFileSync(resolve(folder, name), 'utf8')
    const wanted = name.endsWith('.html')
      ? [...text.matchAll(/\b(?:src|href)="([^"#]+)"/g)].map(([, url]) => url!).filter(url => url !== 'data:,')
      : [...text.matchAll(/^import .* from '\.\/([^']+)'/gm)].map(([, file]) => file!)
    for (const each of wanted) t.ok(files.includes(each), `${name} loads ${each}`)
    loads += wanted.length
  }
  t.ok(loads >= files.length, `${loads} loads`)
})

t.test('no file names another host, builds markup from text, or runs text', t => {
  const never: readonly (readonly [string, RegExp])[] = [
    ['another host', /\b(?:https?|wss?):\/\/(?!(?:shop|api)\.example\.com\b)|["'(]\/\//],
    ['markup from text', /innerHTML|outerHTML|insertAdjacentHTML|setHTML|document\.write|createContextualFragment|DOMParser|srcdoc/],
    ['text as code', /\beval\b|\bFunction\(|javascript:|set(?:Timeout|Interval)\(\s*['"`]/],
    ['inline script or style', /<script(?![^>]*\bsrc=)|<style|\son\w+\s*=|\sstyle\s*=|@import|\burl\(/],
    ['another store than the tab\'s', /localStorage|indexedDB|document\.cookie/]
  ]
  for (const name of files) {
    // What an example in a placeholder names is never loaded.
    const text = readFileSync(resolve(folder, name), 'utf8').replaceAll(/placeholder="[^"]*"/g, '')
    for (const [what, pattern] of never) t.notMatch(text, pattern, `${name}: ${what}`)
    t.match(text, /^(?:<!doctype html>|\/\/ \S.*[.:]\n|\/\* \S.*\. \*\/)/, `${name} says what it is for`)
  }
  t.end()
})

interface Denial {
  readonly route: string | null
  readonly origin: string
  readonly reason: string
  readonly rule: null
  readonly host: string
  readonly path: string
}
interface Group { readonly count: number, readonly last: Denial }
interface GroupList {
  add (denial: Denial): void
  sorted (order: string): Group[]
  clear (): void
  readonly size: number
  readonly forgotten: number
}

/** A file of the page, as a browser loads it. */
const load = (name: string): Promise<unknown> => import(new URL(`../../src/gateway/console/${name}`, import.meta.url).href) as Promise<unknown>

t.test('what is shown of a hostile text stands still, and is short', async t => {
  const { shown } = await load('dom.js') as { shown: (text: unknown) => string }
  for (const [text, want] of [
    ['https://shop.example.com', 'https://shop.example.com'],
    ['<img src=x onerror=alert(1)>', '<img src=x onerror=alert(1)>'],
    ['a\u202eb\u2066c\u200f', 'a\\u{202e}b\\u{2066}c\\u{200f}'],
    ['\0\n\r\t\x1b[31m\x7f\x9b', '\\u{0}\\u{a}\\u{d}\\u{9}\\u{1b}[31m\\u{7f}\\u{9b}'],
    ['a\u00a0b\u3000c\u2028d', 'a\\u{a0}b\\u{3000}c\\u{2028}d'],
    ['\u200b\ufeff\u00ad\u3164\ufe0f\u{e0041}', '\\u{200b}\\u{feff}\\u{ad}\\u{3164}\\u{fe0f}\\u{e0041}'],
    ['\ud800x\udfff', '\\u{d800}x\\u{dfff}'],
    ['a'.repeat(400), 'a'.repeat(400)],
    ['a'.repeat(1_000_000), `${'a'.repeat(400)}… (999600 more characters)`],
    [null, 'null']
  ] as const) t.equal(shown(text), want)
})

t.test('denials are grouped, and the groups are bounded', async t => {
  const { Groups, maxGroups } = await load('groups.js') as { Groups: new () => GroupList, maxGroups: number }
  const denial = (origin: string, path: string, route: string | null = '/cart/*'): Denial =>
    ({ route, origin, reason: 'origin-not-allowed', rule: null, host: 'api', path })
  const groups = new Groups()
  groups.add(denial('https://a', '/cart/1'))
  groups.add(denial('https://a', '/cart/2'))
  groups.add(denial('https://b', '/cart/3'))
  groups.add(denial('https://a', '/other', null))
  const seen = (order: string): unknown[] => groups.sorted(order).map(({ count, last: { origin, path } }) => [count, origin, path])
  t.same(seen('last'), [[1, 'https://a', '/other'], [1, 'https://b', '/cart/3'], [2, 'https://a', '/cart/2']])
  t.same(seen('count')[0], [2, 'https://a', '/cart/2'])
  groups.add(denial('https://b', '/cart/4'))
  t.same(seen('last')[0], [2, 'https://b', '/cart/4'], 'the latest comes first')
  for (let i = 0; i < 3 * maxGroups; i++) groups.add(denial(`https://${i}`, '/cart'))
  t.equal(groups.size, maxGroups)
  t.equal(groups.forgotten, 2 * maxGroups + 3)
  t.same(seen('last')[0], [1, `https://${3 * maxGroups - 1}`, '/cart'])
  groups.clear()
  t.same([groups.size, groups.forgotten], [0, 0])
})

t.test('on the admin listener the page needs no token and its questions do', async t => {
  const admin = createAdmin({ address: { host: '127.0.0.1', port: 0 }, token: 'secret', gateway: () => null })
  t.teardown(() => admin.close())
  const url = await admin.listen({ host: '127.0.0.1', port: 0 })
  for (const name of files) t.equal((await fetch(`${url}${pathOf(name)}`)).status, 200, name)
  for (const path of ['/api/status', '/api/rules', '/api/explain?origin=x&url=y', '/api/decisions']) {
    t.equal((await fetch(`${url}${path}`)).status, 401, path)
  }
  const rebound = await new Promise<number>((resolve, reject) => {
    httpRequest(url, { headers: { host: 'attacker.example' } }, response => {
      response.resume()
      resolve(response.statusCode!)
    }).on('error', reject).end()
  })
  t.equal(rebound, 421, 'no page is served under another name')
})
