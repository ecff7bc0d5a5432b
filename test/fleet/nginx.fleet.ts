// A fleet of gateways that have their policies from nginx: published, broken, killed, restarted, over TLS and with a token.
import { renameSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { httpSource, type HttpOptions } from '../../src/index.ts'
import { run } from '../cli/run.ts'
import { startTestGateway, startUpstream } from '../gateway/lab.ts'
import { fetchFrom } from '../plugin/wire.ts'
import { bundleOf } from '../source/bundle-server.ts'
import { testSource } from '../source/contract.ts'
import { freshDirectory, until, writeFiles } from '../source/lab.ts'
import { startNginx, token, type Nginx } from './nginx.ts'

const often = { pollInterval: 100 } as const

type TestGateway = Awaited<ReturnType<typeof startTestGateway>>

async function startGatewayFrom (t: Test, url: string, options: HttpOptions = {}, plugin: object = {}): Promise<TestGateway> {
  const upstream = await startUpstream(t, 'hello')
  return startTestGateway(t, { upstreams: [{ prefix: '/', url: upstream.url }], plugin: { policies: httpSource(url, { ...often, ...options }), ...plugin } })
}

const policyOf = (name: string): string => `version: 1\nrules:\n  - name: app\n    routes: [/**]\n    allowOrigins: ["https://${name}.example.com"]\n`

/** Publishes a set for one origin by the command, which checks it and renames it into place. */
async function publish (t: Test, { root }: Nginx, name: string, path = 'cors.json'): Promise<void> {
  const directory = freshDirectory(t)
  writeFiles(directory, { 'app.yaml': policyOf(name) })
  const { exit, stderr } = await run('bundle', directory, '--output', join(root, path))
  if (exit !== 0) throw new Error(stderr)
}

/** Whether a request's answer may be read by the origin of that name. */
async function grants ({ port }: TestGateway, name: string): Promise<boolean> {
  const origin = `https://${name}.example.com`
  return (await fetchFrom(port, 'GET', '/', { origin })).headers['access-control-allow-origin'] === origin
}

/** Waits until all gateways decide by the set of that name. */
async function live (gateways: readonly TestGateway[], name: string): Promise<boolean> {
  const end = performance.now() + 20_000
  for (const gateway of gateways) {
    while (!await grants(gateway, name)) {
      if (performance.now() > end) return false
      await sleep(20)
    }
  }
  return true
}

const stateOf = ({ face }: TestGateway): string => face.status().state

t.test('the contract of sources', async t => {
  const nginx = await startNginx(t)
  let number = 0
  testSource(t, () => {
    const path = join(nginx.root, `contract-${++number}.json`)
    const put = (text: string): void => {
      writeFileSync(`${path}.next`, text)
      renameSync(`${path}.next`, path)
    }
    put(bundleOf())
    return {
      source: httpSource(`${nginx.url}/contract-${number}.json`, often),
      put: texts => { put(bundleOf(...texts)) },
      sever: () => { renameSync(path, `${path}.gone`) }
    }
  })
})

t.test('what is published is in force everywhere, and only once', async t => {
  const nginx = await startNginx(t)
  await publish(t, nginx, 'one')
  const gateways = await Promise.all([1, 2, 3].map(() => startGatewayFrom(t, `${nginx.url}/cors.json`)))
  t.ok(await live(gateways, 'one'))
  t.ok(await until(() => nginx.log().filter(line => line === '304 GET /cors.json').length > 9), 'it is asked whether anything changed')
  t.same(gateways.map(({ face }) => face.status().generation), [1, 1, 1], 'nothing is loaded that did not change')
  await publish(t, nginx, 'two')
  t.ok(await live(gateways, 'two'))
  t.same(gateways.map(({ face }) => face.status().generation), [2, 2, 2])
  t.same(await Promise.all(gateways.map(gateway => grants(gateway, 'one'))), [false, false, false])
})

t.test('changes that nginx\'s tags, made of second and size, cannot tell apart', async t => {
  const nginx = await startNginx(t)
  await publish(t, nginx, 'abc')
  const gateways = await Promise.all([1, 2].map(() => startGatewayFrom(t, `${nginx.url}/cors.json`)))
  for (const name of ['bcd', 'cde', 'def', 'efg', 'fgh', 'ghi', 'hij', 'xyz']) {
    await publish(t, nginx, name)
    await sleep(120)
  }
  t.ok(await live(gateways, 'xyz'), 'within one second')

  const path = join(nginx.root, 'cors.json')
  const old = new Date(Date.now() - 3_600_000)
  utimesSync(path, old, old)
  t.ok(await until(() => nginx.log().at(-1)?.startsWith('304') === true))
  await publish(t, nginx, 'new', 'next.json')
  utimesSync(join(nginx.root, 'next.json'), old, old)
  t.equal(statSync(join(nginx.root, 'next.json')).size, statSync(path).size)
  renameSync(join(nginx.root, 'next.json'), path)
  t.ok(await live(gateways, 'new'), 'of the same time, as files of reproducible images are')
})

t.test('a broken bundle keeps the last good set', async t => {
  const nginx = await startNginx(t)
  await publish(t, nginx, 'one')
  const gateway = await startGatewayFrom(t, `${nginx.url}/cors.json`)
  const path = join(nginx.root, 'cors.json')
  const bad = bundleOf({ name: 'app.yaml', text: policyOf('two').replace('routes', 'rotes') })
  for (const [text, code] of [[bad, 'unknown-key'], [bundleOf().slice(0, 20), 'unreachable-source'], ['', 'unreachable-source'], [bundleOf(), 'empty-policy']] as const) {
    writeFileSync(path, text)
    t.ok(await until(() => gateway.face.status().rejected?.diagnostics.some(finding => finding.code === code) === true), code)
    t.ok(await grants(gateway, 'one'), 'the last good set is in force')
  }
  await publish(t, nginx, 'two')
  t.ok(await live([gateway], 'two'))
  t.equal(stateOf(gateway), 'ok')
})

t.test('nginx dies and comes back with something new', async t => {
  const nginx = await startNginx(t)
  await publish(t, nginx, 'one')
  const gateways = await Promise.all([1, 2].map(() => startGatewayFrom(t, `${nginx.url}/cors.json`)))
  await nginx.kill()
  t.ok(await until(() => gateways.every(gateway => stateOf(gateway) === 'degraded')))
  t.match(gateways[0]!.face.status().rejected, { diagnostics: [{ code: 'unreachable-source', message: /nothing listens there \(ECONNREFUSED\)/, help: /is the server running/ }] })
  t.ok(await live(gateways, 'one'), 'requests are decided all the while')
  await publish(t, nginx, 'two')
  await nginx.start()
  t.ok(await live(gateways, 'two'))
  t.same(gateways.map(stateOf), ['ok', 'ok'])
})

t.test('a start while nginx is down', async t => {
  const nginx = await startNginx(t)
  await publish(t, nginx, 'one')
  const lastKnownGood = join(freshDirectory(t), 'last-good.json')
  const url = `${nginx.url}/cors.json`
  const first = await startGatewayFrom(t, url, {}, { lastKnownGood })
  await first.close()
  await nginx.kill()
  await t.rejects(startGatewayFrom(t, url), { message: /the policies cannot be read: http:\S+cors\.json: nothing listens there \(ECONNREFUSED\); is the server running/ })
  const gateway = await startGatewayFrom(t, url, {}, { lastKnownGood })
  t.ok(await grants(gateway, 'one'), 'the last known good set serves')
  t.equal(stateOf(gateway), 'degraded')
  await publish(t, nginx, 'two')
  await nginx.start()
  t.ok(await live([gateway], 'two'), 'and what is published later comes into force')
})

t.test('over TLS, by a private authority', async t => {
  const nginx = await startNginx(t)
  await publish(t, nginx, 'one')
  const url = `${nginx.tlsUrl}/cors.json`
  const gateway = await startGatewayFrom(t, url, { caFile: nginx.caFile })
  t.ok(await grants(gateway, 'one'))
  await publish(t, nginx, 'two')
  t.ok(await live([gateway], 'two'))
  await t.rejects(startGatewayFrom(t, url), { message: /its certificate is signed by no authority that is trusted here/ })
})

t.test('a token, wrong at first', async t => {
  const nginx = await startNginx(t)
  await publish(t, nginx, 'one', 'private/cors.json')
  const url = `${nginx.url}/private/cors.json`
  const tokenFile = join(freshDirectory(t), 'token')
  writeFileSync(tokenFile, 'wrong')
  const read = (options: HttpOptions): Promise<unknown> => httpSource(url, options).read(new AbortController().signal)
  await t.rejects(read({ tokenFile }), { name: 'SourceError', message: `${url}: answered 401: the token is not accepted; check what \`token\` or \`tokenFile\` gives` })
  await t.rejects(read({}), { name: 'SourceError', message: /answered 401: it is not for everybody; give `token` or `tokenFile`/ })
  writeFileSync(tokenFile, `${token}\n`)
  const gateway = await startGatewayFrom(t, url, { tokenFile })
  t.ok(await grants(gateway, 'one'))
  writeFileSync(tokenFile, 'withdrawn')
  t.ok(await until(() => stateOf(gateway) === 'degraded'))
  writeFileSync(tokenFile, token)
  t.ok(await until(() => stateOf(gateway) === 'ok'), 'a token that is replaced is used')
})

t.test('redirects', async t => {
  const nginx = await startNginx(t)
  await publish(t, nginx, 'one')
  const read = (path: string): ReturnType<ReturnType<typeof httpSource>['read']> => httpSource(nginx.url + path).read(new AbortController().signal)
  t.match(await read('/moved.json'), { texts: [{ name: 'app.yaml' }] })
  await t.rejects(read('/elsewhere.json'), { name: 'SourceError', message: /redirected to another server, https:\/\/elsewhere\.example/ })
  await t.rejects(read('/none.json'), { name: 'SourceError', message: /answered 404: there is no bundle/ })
})
