// `serve` as a process: answers, edits going live, signals, and every way it refuses to start.
import { once } from 'node:events'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { createAdmin } from '../../src/gateway/admin.ts'
import { run, start, type Program } from './run.ts'

const policy = (origin: string): string => `version: 1
rules:
  - name: shop
    routes: [/**]
    allowOrigins: [${origin}]
`

interface Served { readonly program: Program, readonly url: string, readonly admin: string }

async function serve (...argv: string[]): Promise<Served> {
  const program = start('serve', ...argv, '--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0')
  const [, url] = await program.find(/listens on (http:\S+),/)
  const [, admin] = await program.find(/console +(http:\S+)\//)
  return { program, url: url!, admin: admin! }
}

async function allowedOrigin (url: string, origin: string): Promise<string | null> {
  const response = await fetch(`${url}/cart`, { headers: { origin } })
  await response.arrayBuffer()
  return response.headers.get('access-control-allow-origin')
}

async function eventually<T> (look: () => Promise<T>, wanted: T): Promise<T> {
  let seen = await look()
  for (let i = 0; i < 400 && seen !== wanted; i++) {
    await sleep(25)
    seen = await look()
  }
  return seen
}

t.test('one command shows the whole thing', async t => {
  const directory = t.testdir({ 'shop.yaml': policy('https://shop.example.com') })
  const { program, url, admin } = await serve(directory)
  t.teardown(() => { program.child.kill('SIGKILL') })
  const file = resolve(directory, 'shop.yaml')

  t.equal(await allowedOrigin(url, 'https://shop.example.com'), 'https://shop.example.com')
  t.equal(await allowedOrigin(url, 'https://evil.example'), null)
  const echo = await (await fetch(`${url}/cart/7?x=1`)).json() as { method: string, url: string, headers: Record<string, string> }
  t.match(echo, { method: 'GET', url: '/cart/7?x=1', headers: { 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'http' } })

  t.test('the admin listener', async t => {
    t.same(await (await fetch(`${admin}/healthz`)).json(), { ok: true })
    t.same(await (await fetch(`${admin}/readyz`)).json(), { ready: true })
    t.match(await (await fetch(`${admin}/api/status`)).json(), { state: 'ok', generation: 1, rules: 1, rejected: null, watch: 'events' })
    t.match(await (await fetch(`${admin}/metrics`)).text(), /^cors_gateway_policy_generation 1$/m)
    const rebound = await new Promise<number>((resolve, reject) => {
      httpRequest(`${admin}/api/status`, { headers: { host: 'attacker.example' } }, response => {
        response.resume()
        resolve(response.statusCode!)
      }).on('error', reject).end()
    })
    t.equal(rebound, 421, 'a name that is not its own is refused (security 18)')
    const cross = await fetch(`${admin}/api/status`, { headers: { origin: 'https://shop.example.com' } })
    t.equal(cross.headers.get('access-control-allow-origin'), null, 'no CORS')
  })

  t.test('an edit goes live, a mistake does not', async t => {
    writeFileSync(file, policy('https://new.example.com'))
    t.equal(await eventually(() => allowedOrigin(url, 'https://new.example.com'), 'https://new.example.com'), 'https://new.example.com')
    t.equal(await allowedOrigin(url, 'https://shop.example.com'), null)
    writeFileSync(file, policy('https://new.example.com/'))
    t.equal(await eventually(async () => (await (await fetch(`${admin}/api/status`)).json() as { state: string }).state, 'degraded'), 'degraded')
    t.equal(await allowedOrigin(url, 'https://new.example.com'), 'https://new.example.com', 'the last good set serves')
    await program.find(/shop\.yaml:5:20/)
    const reload = await fetch(`${admin}/api/reload`, { method: 'POST' })
    t.equal(reload.status, 422)
    t.match(await reload.json(), { ok: false, generation: 2, diagnostics: [{ file: 'shop.yaml', line: 5 }] })
    rmSync(file)
    t.equal(await allowedOrigin(url, 'https://new.example.com'), 'https://new.example.com', 'also without any file')
    writeFileSync(file, policy('https://third.example.com'))
    t.equal(await eventually(() => allowedOrigin(url, 'https://third.example.com'), 'https://third.example.com'), 'https://third.example.com')
  })

  t.test('SIGTERM lets requests end and exits 0', async t => {
    program.child.kill('SIGTERM')
    t.equal((await program.ended).exit, 0)
  })
})

t.test('SIGHUP while it starts does not end it', async t => {
  const directory = t.testdir({ 'shop.yaml': policy('https://shop.example.com') })
  const { stdout } = await run('bundle', directory)
  let isAsked: () => void
  const asked = new Promise<void>(resolve => { isAsked = resolve })
  let answer: () => void
  const answered = new Promise<void>(resolve => { answer = resolve })
  const server = createServer((_request, response) => {
    isAsked()
    void answered.then(() => { response.end(stdout) })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const program = start('serve', `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, '--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0')
  t.teardown(() => {
    program.child.kill('SIGKILL')
    server.close().closeAllConnections()
  })
  await asked
  program.child.kill('SIGHUP')
  // A signal that would end the process must have the time to do so.
  await sleep(200)
  answer!()
  const [, url] = await program.find(/listens on (http:\S+),/)
  t.equal(await allowedOrigin(url!, 'https://shop.example.com'), 'https://shop.example.com')
})

t.test('SIGHUP reloads without watching', async t => {
  const directory = t.testdir({ 'shop.yaml': policy('https://shop.example.com') })
  const { program, url } = await serve(directory, '--no-watch', '--debug')
  t.teardown(() => { program.child.kill('SIGKILL') })
  writeFileSync(resolve(directory, 'shop.yaml'), policy('https://new.example.com'))
  program.child.kill('SIGHUP')
  t.equal(await eventually(() => allowedOrigin(url, 'https://new.example.com'), 'https://new.example.com'), 'https://new.example.com')
  const { headers } = await fetch(`${url}/cart`, { headers: { origin: 'https://new.example.com' } })
  t.equal(headers.get('x-cors-gateway'), 'allowed; reason=allowed; rule=shop')
  program.child.kill('SIGTERM')
  t.equal((await program.ended).exit, 0)
})

t.test('security 18: the admin listener on another address has any name, and a token', async t => {
  const ask = async (host: string, name: string, authorization?: string): Promise<number> => {
    const admin = createAdmin({ address: { host, port: 0 }, token: 'sesame', gateway: () => null })
    t.teardown(() => admin.close())
    return (await admin.inject({ url: '/api/status', headers: { host: name, ...authorization !== undefined && { authorization } } })).statusCode
  }
  t.equal(await ask('0.0.0.0', 'gateway.internal:9901', 'Bearer sesame'), 503)
  t.equal(await ask('0.0.0.0', 'gateway.internal:9901'), 401)
  t.equal(await ask('0.0.0.0', 'gateway.internal:9901', 'Bearer sesamE'), 401)
  t.equal(await ask('127.0.0.1', 'localhost:9901', 'Bearer sesame'), 503)
  t.equal(await ask('127.0.0.1', 'attacker.example', 'Bearer sesame'), 421)
})

t.test('a set that loses too much, and a broken one at the start', async t => {
  const directory = t.testdir({ 'shop.yaml': policy('https://shop.example.com'), 'more.yaml': policy('https://more.example.com').replace('shop', 'more').replace('/**', '/more') })
  const kept = resolve(t.testdirName, '..', `${process.pid}-last-good.json`)
  t.teardown(() => { rmSync(kept, { force: true }) })
  const argv = [directory, '--min-kept', '0.9', '--last-known-good', kept, '--no-watch']
  const first = await serve(...argv)
  t.teardown(() => { first.program.child.kill('SIGKILL') })
  rmSync(resolve(directory, 'more.yaml'))
  const refused = await fetch(`${first.admin}/api/reload`, { method: 'POST' })
  t.equal(refused.status, 422)
  t.match(await refused.json(), { ok: false, generation: 1, diagnostics: [{ code: 'set-shrunk' }] })
  const { rejected } = await (await fetch(`${first.admin}/api/status`)).json() as { rejected: { revision: string } }
  t.match(await (await fetch(`${first.admin}/api/reload?accept=${rejected.revision}`, { method: 'POST' })).json(), { ok: true, generation: 2 })
  first.program.child.kill('SIGTERM')
  t.equal((await first.program.ended).exit, 0)

  writeFileSync(resolve(directory, 'shop.yaml'), 'version: 1\nrules: 7\n')
  const shadow = resolve(directory, '.shadow')
  mkdirSync(shadow)
  writeFileSync(resolve(shadow, 'a.yaml'), 'version: 1\nrules:\n  - name: a\nx: 1\n')
  const second = await serve(...argv, '--shadow', shadow)
  t.teardown(() => { second.program.child.kill('SIGKILL') })
  await second.program.find(/^ {2}state {5}degraded: the last known good set is in force, for shop\.yaml:2:8: .*$/m)
  await second.program.find(/^ {2}shadow {4}waiting: no candidate is compared, for a\.yaml:3:5: .* \(and \d more\)$/m)
  t.equal(await allowedOrigin(second.url, 'https://shop.example.com'), 'https://shop.example.com')
  t.match(await (await fetch(`${second.admin}/api/status`)).json(), { state: 'degraded', generation: 1, rejected: { diagnostics: [{ line: 2 }] } })
  t.equal((await start('serve', directory, '--min-kept', '50%').ended).exit, 2, 'a share is a number')
})

t.test('routes to several upstreams', async t => {
  const directory = t.testdir({ 'shop.yaml': policy('"*"') })
  const upstream = await serve(directory)
  t.teardown(() => { upstream.program.child.kill('SIGKILL') })
  const gone = 'http://127.0.0.1:1'
  const { program, url } = await serve(directory, '--route', `/gone=${gone}`, '--upstream', upstream.url)
  t.teardown(() => { program.child.kill('SIGKILL') })
  t.match(await (await fetch(`${url}/here/1?q=2`)).json(), { url: '/here/1?q=2' })
  const malformed = await fetch(`${url}/%zz`, { headers: { origin: 'https://a.example' } })
  t.equal(malformed.status, 400)
  t.equal(malformed.headers.get('vary'), 'Origin', 'what Fastify refuses before any hook has its headers too')
  const expecting = await new Promise<number>((resolve, reject) => {
    httpRequest(`${url}/here`, { method: 'PUT', headers: { expect: '100-continue' } }, response => {
      response.resume()
      resolve(response.statusCode!)
    }).on('error', reject).end('x')
  })
  t.equal(expecting, 200, 'an expectation is met by the gateway, not passed on')
  const failed = await fetch(`${url}/gone/1`, { headers: { origin: 'https://a.example' } })
  t.equal(failed.status, 502)
  t.equal(failed.headers.get('access-control-allow-origin'), '*', 'an upstream failure is readable where the policy says so')
})

t.test('refuses to start', async t => {
  const broken = start('serve', t.testdir({ 'shop.yaml': policy('https://shop.example.com/').replace('shop', 'shop shop') }), '--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0')
  const run = await broken.ended
  t.equal(run.exit, 1, 'an invalid set')
  t.match(run.stderr, /shop\.yaml:3:11[\s\S]*shop\.yaml:5:20/, 'every finding')

  const missing = await start('serve', '/no/such/directory').ended
  t.equal(missing.exit, 3, 'no directory')

  const unreachable = await start('serve', 'http://127.0.0.1:1/cors.json', '--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0').ended
  t.equal(unreachable.exit, 3, 'nobody at the URL')
  t.match(unreachable.stderr, /^cors-gateway: the policies cannot be read: http:\/\/127\.0\.0\.1:1\/cors\.json: nothing listens there \(ECONNREFUSED\)[^\n]*\n$/)

  const directory = t.testdir({ 'shop.yaml': policy('https://shop.example.com') })
  const { program, url } = await serve(directory)
  t.teardown(() => { program.child.kill('SIGKILL') })
  const second = await start('serve', directory, '--listen', new URL(url).host, '--admin', '127.0.0.1:0').ended
  t.equal(second.exit, 3, 'an address in use')
  t.match(second.stderr, /is in use: is another gateway running\? Choose another address with --listen\n$/)
  const rows: readonly [listen: string, admin: string, says: RegExp][] = [
    ['127.0.0.1:0', new URL(url).host, /^cors-gateway: 127\.0\.0\.1:\d+ is in use: .* with --admin\n$/],
    [new URL(url).host, '127.0.0.2:' + new URL(url).port, /in use: .* with --listen\n$/],
    ['nosuchhost.invalid:80', '127.0.0.1:0', /^cors-gateway: the host nosuchhost\.invalid is not found \(\w+\): give --listen an address of this machine\n$/],
    ['192.0.2.1:80', '127.0.0.1:0', /^cors-gateway: this machine has no address 192\.0\.2\.1: choose another one with --listen\n$/]
  ]
  for (const [listen, admin, says] of rows) {
    const { exit, stderr } = await start('serve', directory, '--listen', listen, '--admin', admin).ended
    t.equal(exit, 3, listen)
    t.match(stderr.split('\n').filter(line => !line.startsWith('{')).join('\n'), says)
  }
})
