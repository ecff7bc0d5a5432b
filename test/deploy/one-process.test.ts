// The page about one process, kept to the letter: the unit, the gateway that it starts, and the program with the plugin.
import { execFile, spawn } from 'node:child_process'
import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import t from 'tap'
import { start, type Program } from '../cli/run.ts'
import { makeCertificate, startUpstream } from '../gateway/lab.ts'
import { freshDirectory, policy, shell, until } from '../source/lab.ts'
import { fetchFrom } from '../plugin/wire.ts'
import { blocksOf, program } from './page.ts'

const blocks = blocksOf('one-process.md')
const unit = blocks.get('cors-gateway.service')!
const settings = new Map([...unit.matchAll(/^(\w+)=(.*)$/gm)].map(([, name, value]) => [name!, value!]))
const words = settings.get('ExecStart')!.split(' ').slice(1)

const analyzer = await promisify(execFile)('systemd-analyze', ['--version']).then(() => true, () => false)

t.test('the unit, by systemd itself', { skip: analyzer ? false : 'there is no systemd-analyze here' }, async t => {
  const verify = async (text: string): Promise<string> => {
    const file = join(t.testdir({ 'cors-gateway.service': text.replace('/usr/local/bin/cors-gateway', process.execPath) }), 'cors-gateway.service')
    const { stdout, stderr } = await promisify(execFile)('systemd-analyze', ['verify', file])
    return stdout + stderr
  }
  t.equal(await verify(unit), '')
  t.match(await verify(unit.replace('StateDirectory=', 'StateDirectori=')), /Unknown key 'StateDirectori'/)
})

t.test('the unit, by what the gateway does', async t => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/gateway.md'), 'utf8')
  const [, drain] = /^ {2}drain: (\d+)s/m.exec(page)!
  t.ok(Number(settings.get('TimeoutStopSec')) > Number(drain) + 1, 'it may drain')
  t.equal(settings.get('ExecReload'), '/bin/kill -HUP $MAINPID')
  t.equal(`/var/lib/${settings.get('StateDirectory')}/last-good.json`, /^lastKnownGood: (.*)$/m.exec(blocks.get('gateway.yaml')!)![1])
})

t.test('the gateway', async t => {
  const root = freshDirectory(t)
  const upstream = await startUpstream(t, 'hello')
  const [folder, state] = [join(root, 'etc/cors-gateway'), join(root, 'var/lib/cors-gateway')]
  for (const path of [join(folder, 'release-1'), state]) mkdirSync(path, { recursive: true })
  symlinkSync('release-1', join(folder, 'policies'))
  writeFileSync(join(folder, 'release-1/a.yaml'), policy('one'))
  await makeCertificate(folder)
  const moved = (text: string): string => text.replaceAll('/etc/cors-gateway', folder).replaceAll('/var/lib/cors-gateway', state)
  writeFileSync(join(folder, 'gateway.yaml'), moved(blocks.get('gateway.yaml')!)
    .replace('0.0.0.0:443', '127.0.0.1:0').replace('http://127.0.0.1:3000', upstream.url) + 'admin: { listen: 127.0.0.1:0 }\n')
  const serve = async (): Promise<{ running: Program, url: string, admin: string }> => {
    const running = start(...words.map(moved))
    t.teardown(() => { running.child.kill('SIGKILL') })
    const [, url] = await running.find(/listens on (https:\S+),/)
    const [, admin] = await running.find(/console +(http:\S+)\//)
    return { running, url: url!, admin: admin! }
  }
  const statusOf = async (admin: string): Promise<{ state: string, generation: number }> => (await fetch(`${admin}/api/status`)).json() as never

  const first = await serve()
  t.match(await statusOf(first.admin), { state: 'ok', generation: 1 })
  t.ok(await until(() => statSync(join(state, 'last-good.json')).size > 0))
  t.equal(statSync(join(state, 'last-good.json')).mode & 0o777, 0o600)

  mkdirSync(join(root, 'policies'))
  writeFileSync(join(root, 'policies/a.yaml'), policy('two'))
  // A shell function of that name, and no rsync, which not every machine has.
  const command = `NODE_OPTIONS= ${process.execPath} ${program}`
  await shell(root, moved(blocks.get('release')!).replaceAll('cors-gateway check', `${command} check`).replace('rsync -a', 'cp -r'))
  for (const end = performance.now() + 15_000; (await statusOf(first.admin)).generation < 2 && performance.now() < end;) await sleep(20)
  t.match(await statusOf(first.admin), { state: 'ok', generation: 2 })

  writeFileSync(join(folder, 'release-42/a.yaml'), 'rules: [')
  const answer = await fetch(`${first.admin}/api/reload`, { method: 'POST' })
  t.match([answer.status, await answer.json()], [422, { ok: false, diagnostics: [{ file: 'a.yaml' }] }])
  t.equal((await fetch(`${first.admin}/readyz`)).status, 200)
  first.running.child.kill('SIGTERM')
  t.equal((await first.running.ended).exit, 0)

  const second = await serve()
  t.match(await statusOf(second.admin), { state: 'degraded', generation: 1 }, 'a start with a broken set')
  second.running.child.kill('SIGTERM')
  t.equal((await second.running.ended).exit, 0)
  writeFileSync(join(state, 'last-good.json'), '')
  t.equal((await start(...words.map(moved)).ended).exit, 1, 'and without a last good one')
})

interface Service {
  readonly port: number
  readonly kill: (signal: NodeJS.Signals) => void
  readonly log: () => string
  readonly ended: Promise<number | null>
}

t.test('the program with the plugin', async t => {
  const root = freshDirectory(t)
  const folder = t.testdir({})
  for (const path of ['etc/shop/policies', 'var/lib/shop']) mkdirSync(join(root, path), { recursive: true })
  const file = join(root, 'etc/shop/policies/a.yaml')
  writeFileSync(file, policy('cart').replace('/cart', '/cart/:id'))
  writeFileSync(join(folder, 'app.mjs'), blocks.get('app.mjs')!
    .replace('/etc/shop', join(root, 'etc/shop')).replace('/var/lib/shop', join(root, 'var/lib/shop')).replace('port: 3000', 'port: 0'))
  const run = async (): Promise<Service> => {
    const env = { ...process.env, NODE_OPTIONS: '' }
    const child = spawn(process.execPath, [join(folder, 'app.mjs')], { env, stdio: ['ignore', 'pipe', 'inherit'] })
    t.teardown(() => { child.kill('SIGKILL') })
    let log = ''
    child.stdout.on('data', chunk => { log += String(chunk) })
    const ended = new Promise<number | null>(resolve => { child.on('close', resolve) })
    t.ok(await until(() => /listening at http:\/\/127\.0\.0\.1:\d+/.test(log)))
    return { port: Number(/127\.0\.0\.1:(\d+)/.exec(log)![1]), kill: signal => { child.kill(signal) }, log: () => log, ended }
  }
  const first = await run()
  const origin = 'https://cart.example.com'
  t.match(await fetchFrom(first.port, 'GET', '/cart/7', { origin }), { status: 200, headers: { 'access-control-allow-origin': origin }, body: '{"cart":"7"}' })
  t.match(await fetchFrom(first.port, 'GET', '/readyz', {}), { body: '{"ready":true,"policies":"ok"}' })
  writeFileSync(file, 'rules: [')
  first.kill('SIGHUP')
  t.ok(await until(() => first.log().includes('a.yaml:')), 'a rejected reload is told in the log')
  t.match(await fetchFrom(first.port, 'GET', '/readyz', {}), { body: '{"ready":true,"policies":"degraded"}' })
  first.kill('SIGTERM')
  t.equal(await first.ended, 0)
  const second = await run()
  t.match(await fetchFrom(second.port, 'GET', '/cart/7', { origin }), { headers: { 'access-control-allow-origin': origin } }, 'the last good set')
  second.kill('SIGTERM')
  t.equal(await second.ended, 0)
})
