// Gateways that have their policies from a NATS server: told, cut off, put back in time, wiped, refused, and caught up again.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { natsSource, type NatsSourceOptions } from '../../src/index.ts'
import type { SourceText } from '../../src/diagnostic/span.ts'
import { printBundle } from '../../src/source/bundle.ts'
import { createKeeper, type Keeper, type KeeperOptions } from '../../src/source/keeper.ts'
import { openStore, type NatsOptions, type Store } from '../../src/source/nats/client.ts'
import { parseStatus, type InstanceStatus } from '../../src/source/nats/status.ts'
import type { PolicySource } from '../../src/source/source.ts'
import { run, start } from '../cli/run.ts'
import { fetchFrom } from '../plugin/wire.ts'
import { testSource } from '../source/contract.ts'
import { endingOf } from '../source/ending.ts'
import { freshDirectory, policyText, rulesOf, until } from '../source/lab.ts'
import { makeTrust } from './nats-creds.ts'
import { startNats, type Nats } from './nats.ts'

const epoch = 1_764_000_000_000

/** Whoever publishes, with the order in its own hands. */
class Publisher {
  readonly store: Store
  generation = 0

  constructor (store: Store) {
    this.store = store
  }

  /** Publishes texts as the next generation, or as the one that is given. */
  async publish (texts: readonly SourceText[], stamp: { epoch?: number, generation?: number } = {}): Promise<void> {
    this.generation = stamp.generation ?? this.generation + 1
    const place = { epoch: stamp.epoch ?? epoch, generation: this.generation, publishedAt: '2026-11-25T12:00:00.000Z' }
    await this.put(printBundle(texts, { stamp: place }))
  }

  async put (bundle: string): Promise<void> {
    const previous = (await this.store.head())?.sequence ?? 0
    if (await this.store.put(new TextEncoder().encode(bundle), previous) === null) throw new Error('somebody else was first')
  }

  async status (instance: string): Promise<InstanceStatus | null> {
    const found = (await this.store.statuses()).find(status => status.instance === instance)
    return found === undefined ? null : parseStatus(found.bytes)
  }
}

async function publisherOf (t: Test, nats: Nats): Promise<Publisher> {
  const store = await openStore(nats.url, nats.publisher, { create: true })
  t.teardown(() => store.close())
  return new Publisher(store)
}

async function keep (t: Test, nats: Nats, options: NatsSourceOptions = {}, more: Partial<KeeperOptions> = {}): Promise<Keeper> {
  const keeper = await createKeeper({ source: natsSource(nats.url, { ...nats.gateway, ...options }), ...more })
  t.teardown(() => keeper.close())
  return keeper
}

const read = (source: PolicySource): ReturnType<PolicySource['read']> => source.read(new AbortController().signal)

const reasonOf = (keeper: Keeper): string => {
  const [finding] = keeper.status().rejected?.diagnostics ?? []
  return finding === undefined ? '' : `${finding.message}; ${finding.help}`
}

t.test('the contract of sources', async t => {
  testSource(t, async t => {
    const nats = await startNats(t)
    const publisher = await publisherOf(t, nats)
    await publisher.publish([])
    let isDown = false
    return {
      source: natsSource(nats.url, { ...nats.gateway, pollInterval: 100 }),
      put: async texts => {
        if (isDown) await nats.start()
        isDown = false
        await publisher.publish(texts)
      },
      sever: async () => {
        isDown = true
        await nats.kill()
      }
    }
  })
})

t.test('a change is told at once, without looking', async t => {
  const nats = await startNats(t)
  const publisher = await publisherOf(t, nats)
  await publisher.publish([policyText('one')])
  const keepers = await Promise.all([1, 2, 3].map(() => keep(t, nats, { pollInterval: 86_400_000 })))
  for (const name of ['two', 'three', 'four']) {
    await publisher.publish([policyText(name)])
    t.ok(await until(() => keepers.every(keeper => rulesOf(keeper) === name)), name)
  }
  t.same(keepers.map(keeper => keeper.current.generation), [4, 4, 4], 'each is loaded once')
  await publisher.publish([policyText('four')])
  await publisher.publish([policyText('five')])
  t.ok(await until(() => keepers.every(keeper => rulesOf(keeper) === 'five')))
  t.same(keepers.map(keeper => keeper.current.generation), [5, 5, 5], 'what is published again is no change')
})

t.test('the order never goes back', async t => {
  const nats = await startNats(t)
  const publisher = await publisherOf(t, nats)
  await publisher.publish([policyText('one')], { generation: 5 })
  const keeper = await keep(t, nats)
  const refused: [stamp: { epoch?: number, generation: number }, says: RegExp][] = [
    [{ generation: 4 }, new RegExp(`the store went back: generation 4 \\(epoch ${epoch}\\) is there, but generation 5 \\(epoch ${epoch}\\) was there before; publish again`)],
    [{ epoch: epoch - 1, generation: 99 }, new RegExp(`the store went back: generation 99 \\(epoch ${epoch - 1}\\) is there`)],
    [{ generation: 5 }, /there are two of generation 5 \(epoch \d+\): revision \w+ is there, but \w+ was there before/]
  ]
  for (const [stamp, says] of refused) {
    await publisher.publish([policyText('old')], stamp)
    t.ok(await until(() => says.test(reasonOf(keeper))), reasonOf(keeper))
    t.equal(rulesOf(keeper), 'one')
  }
  await publisher.put(printBundle([policyText('old')]))
  t.ok(await until(() => /what is there has no generation, though generation 5 .* was there before/.test(reasonOf(keeper))))
  await publisher.publish([policyText('two')], { generation: 6 })
  t.ok(await until(() => rulesOf(keeper) === 'two'))
  await publisher.publish([policyText('three')], { epoch: epoch + 1, generation: 1 })
  t.ok(await until(() => rulesOf(keeper) === 'three'), 'a later epoch begins anew')
  t.equal(keeper.status().state, 'ok')
})

t.test('a set that is refused still counts', async t => {
  const nats = await startNats(t)
  const publisher = await publisherOf(t, nats)
  await publisher.publish([policyText('one')])
  const keeper = await keep(t, nats, { instance: 'gw-1' })
  await publisher.publish([{ name: 'a.yaml', text: 'rules: {' }], { generation: 7 })
  t.ok(await until(() => keeper.status().state === 'degraded'))
  await untilStatus(publisher, 'gw-1', ({ state, generation }) => state === 'degraded' && generation === 7)
  const status = (await publisher.status('gw-1'))!
  t.match(status, { revision: keeper.current.revision, epoch, generation: 7, rejected: { revision: /^[0-9a-f]{12}$/, reason: /^a\.yaml:1: / } })
  t.notMatch(status.rejected!.reason, /\n/)
})

async function untilStatus (publisher: Publisher, instance: string, isSo: (status: InstanceStatus) => boolean): Promise<void> {
  const end = performance.now() + 20_000
  for (;;) {
    const status = await publisher.status(instance)
    if (status !== null && isSo(status)) return
    if (performance.now() > end) throw new Error(`still ${JSON.stringify(status)}`)
  }
}

t.test('a status is written after every reading, and again while nothing happens', async t => {
  const nats = await startNats(t)
  const publisher = await publisherOf(t, nats)
  await publisher.publish([policyText('one')])
  const keeper = await keep(t, nats, { instance: 'gw-1' })
  await untilStatus(publisher, 'gw-1', ({ revision }) => revision === keeper.current.revision)
  const first = await publisher.status('gw-1')
  t.same(Object.keys(first!), ['instance', 'version', 'state', 'revision', 'epoch', 'generation', 'sequence', 'rejected', 'startedAt'])
  t.match(first, { instance: 'gw-1', version: /^\d+\.\d+\.\d+/, state: 'ok', epoch, generation: 1, rejected: null })
  await publisher.publish([policyText('one')])
  await untilStatus(publisher, 'gw-1', ({ generation }) => generation === 2)
  t.equal(keeper.current.generation, 1, 'nothing was loaded')
  const at = async (): Promise<number> => (await publisher.store.statuses()).find(({ instance }) => instance === 'gw-1')!.at
  const before = await at()
  let isNewer = false
  for (const end = performance.now() + 40_000; !isNewer && performance.now() < end;) {
    await new Promise(resolve => { setTimeout(resolve, 250) })
    isNewer = await at() > before
  }
  t.ok(isNewer, 'it is renewed')
})

t.test('the server is killed, and comes back with what was published', async t => {
  const nats = await startNats(t)
  const publisher = await publisherOf(t, nats)
  await publisher.publish([policyText('one')])
  const keepers = await Promise.all([1, 2, 3].map(i => keep(t, nats, { instance: `gw-${i}` })))
  await publisher.publish([policyText('two')])
  await nats.kill()
  t.ok(await until(() => keepers.every(keeper => keeper.status().state === 'degraded')))
  t.match(reasonOf(keepers[0]!), /nothing listens there \(ECONNREFUSED\); is the server running/)
  await nats.start()
  t.ok(await until(() => keepers.every(keeper => keeper.status().state === 'ok'), 40_000))
  t.same(keepers.map(rulesOf), ['two', 'two', 'two'])
  await publisher.publish([policyText('three')])
  t.ok(await until(() => keepers.every(keeper => rulesOf(keeper) === 'three')), 'and is watched again')
  for (const instance of ['gw-1', 'gw-2', 'gw-3']) {
    await untilStatus(publisher, instance, ({ state, generation }) => state === 'ok' && generation === 3)
  }
})

t.test('the store is wiped while the server is down', async t => {
  const nats = await startNats(t)
  const publisher = await publisherOf(t, nats)
  await publisher.publish([policyText('one')], { generation: 3 })
  const keeper = await keep(t, nats)
  await publisher.store.close()
  await nats.kill()
  nats.wipe()
  await nats.start()
  t.ok(await until(() => /nothing is published there; publish a policy set: cors-gateway publish --to nats:/.test(reasonOf(keeper)), 40_000))
  t.equal(rulesOf(keeper), 'one')
  const next = await publisherOf(t, nats)
  await next.publish([policyText('old')], { generation: 1 })
  t.ok(await until(() => /the store went back: generation 1 /.test(reasonOf(keeper)), 40_000))
  await next.publish([policyText('two')], { generation: 4 })
  t.ok(await until(() => rulesOf(keeper) === 'two', 40_000))
})

t.test('the buckets are made anew beneath a connection that stays', async t => {
  const nats = await startNats(t)
  const publisher = await publisherOf(t, nats)
  for (let i = 0; i < 5; i++) await publisher.publish([policyText('zero')])
  const keeper = await keep(t, nats, { pollInterval: 12_000 })
  await publisher.publish([policyText('one')])
  t.ok(await until(() => rulesOf(keeper) === 'one', 8_000), 'hints come')
  await nats.removeBuckets()
  t.ok(await until(() => /nothing is published there/.test(reasonOf(keeper)), 40_000), 'a look finds what no hint tells')
  const next = await publisherOf(t, nats)
  await next.publish([policyText('two')], { generation: 7 })
  t.ok(await until(() => rulesOf(keeper) === 'two', 40_000), 'though its number is a lower one')
  await next.publish([policyText('three')])
  t.ok(await until(() => rulesOf(keeper) === 'three', 8_000), 'and hints come again, before the next look')
})

t.test('who may not come in', async t => {
  const nats = await startNats(t)
  await publisherOf(t, nats)
  const fails = async (options: NatsOptions, says: RegExp, url = nats.url): Promise<void> => {
    const error = await read(natsSource(url, options)).then(() => null, (error: unknown) => error as Error)
    t.match(error, { name: 'SourceError', message: says })
    t.notMatch(error!.message, /hunter2|secret/)
  }
  const passwordFile = join(freshDirectory(t), 'password')
  writeFileSync(passwordFile, 'hunter2')
  await fails({ user: 'gateway', passwordFile }, /^nats:\/\/127\.0\.0\.1:\d+: the server does not accept the credentials; check `user` and `passwordFile`$/)
  await fails({ tokenFile: passwordFile }, /does not accept the credentials; check `tokenFile`/)
  await fails({}, /the server lets only known users in; give `user` and `passwordFile`, `tokenFile` or `credsFile`/)
  await fails({ user: 'gateway', passwordFile: `${passwordFile}.missing` }, /the file \S+ can't be read: ENOENT: no such file or directory; correct `passwordFile`/)
  await fails(nats.gateway, /nothing is published there/)
  await fails(nats.gateway, /nothing is published there|may not publish to \$JS\.API\.STREAM\.MSG\.GET\.KV_other; allow that/, `${nats.url}/other`)
  await fails(nats.gateway, /the server offers no TLS/, nats.url.replace('nats:', 'tls:'))
})

t.test('a password that is replaced while the gateway runs', async t => {
  const nats = await startNats(t)
  const publisher = await publisherOf(t, nats)
  await publisher.publish([policyText('one')])
  const passwordFile = join(freshDirectory(t), 'password')
  const right = readFileSync(nats.gateway.passwordFile!)
  writeFileSync(passwordFile, right)
  const keeper = await keep(t, nats, { passwordFile })
  writeFileSync(passwordFile, 'withdrawn')
  await nats.kill()
  await nats.start()
  t.ok(await until(() => /does not accept the credentials/.test(reasonOf(keeper)), 40_000))
  writeFileSync(passwordFile, right)
  t.ok(await until(() => keeper.status().state === 'ok', 40_000))
})

t.test('gateways may read the policies and tell of themselves, and nothing else', async t => {
  const nats = await startNats(t)
  const publisher = await publisherOf(t, nats)
  await publisher.publish([policyText('one')])
  const store = await openStore(nats.url, nats.gateway, { create: false })
  t.teardown(() => store.close())
  const head = (await store.head())!
  const denied = { name: 'SourceError', message: /the user may not publish to \$KV\.cors-policies\.bundle; allow that in the configuration of the server, or use another user/ }
  await t.rejects(store.put(new TextEncoder().encode(printBundle([policyText('two')])), head.sequence), denied)
  await t.rejects(store.put(new Uint8Array(), 0), denied)
  await t.rejects(store.statuses(), { message: /may not publish to \$JS\.API\.STREAM\.INFO\.KV_cors-policies-status/ })
  await t.rejects(openStore(nats.url, nats.gateway, { create: true }), { message: /the user may not publish to \$JS\.API\./ })
  await store.putStatus('gw-1', new TextEncoder().encode('{}'))
  t.same(await publisher.store.head(), head, 'what is published is as it was')
})

t.test('over TLS, by a private authority', async t => {
  const nats = await startNats(t, { tls: true })
  const publisher = await publisherOf(t, nats)
  await publisher.publish([policyText('one')])
  const keeper = await keep(t, nats)
  await publisher.publish([policyText('two')])
  t.ok(await until(() => rulesOf(keeper) === 'two'))
  const { user, passwordFile } = nats.gateway
  const untrusting = { user: user!, passwordFile: passwordFile! }
  await t.rejects(read(natsSource(nats.url, untrusting)), { name: 'SourceError', message: /its certificate is signed by no authority that is trusted here.*; give the certificate of that authority as `caFile`/ })
  await t.rejects(read(natsSource(nats.url.replace('127.0.0.1', 'localhost'), nats.gateway)), { message: /its certificate is for another host/ })
  await t.rejects(read(natsSource(nats.url.replace('tls:', 'nats:'), untrusting)), { message: /the server wants TLS; write tls:/ })
})

t.test('the commands, and a gateway, by a configuration', async t => {
  const nats = await startNats(t)
  const publisher = await publisherOf(t, nats)
  await publisher.publish([policyText('one')])
  const folder = freshDirectory(t)
  const config = join(folder, 'gateway.yaml')
  writeFileSync(config, `version: 1\npolicies: { url: "${nats.url}", user: gateway, passwordFile: password, instance: gw-1 }\nadmin: false\n`)
  writeFileSync(join(folder, 'password'), readFileSync(nats.gateway.passwordFile!))
  t.match(await run('check', '--config', config), { exit: 0, stdout: /1 rule: valid/ })
  t.match(await run('rules', '--config', config), { exit: 0, stdout: /https:\/\/one\.example\.com/ })
  t.match(await run('check', nats.url), { exit: 3, stderr: /the server lets only known users in/ })

  const program = start('serve', '--config', config, '--listen', '127.0.0.1:0', '--upstream', 'http://127.0.0.1:1')
  t.teardown(() => { program.child.kill('SIGKILL') })
  const [, url] = await program.find(/listens on (http:\S+),/)
  await untilStatus(publisher, 'gw-1', ({ state, generation }) => state === 'ok' && generation === 1)
  await publisher.publish([policyText('two')])
  await untilStatus(publisher, 'gw-1', ({ state, generation }) => state === 'ok' && generation === 2)
  const { headers } = await fetchFrom(Number(new URL(url!).port), 'OPTIONS', '/two', {
    origin: 'https://two.example.com', 'access-control-request-method': 'GET'
  })
  t.match(headers, { 'access-control-allow-origin': 'https://two.example.com' })
  program.child.kill('SIGTERM')
  t.equal((await program.ended).exit, 0)
})

t.test('a process ends that reads and watches no more', async t => {
  const nats = await startNats(t)
  await (await publisherOf(t, nats)).publish([policyText('one')])
  t.same(await endingOf(t, nats.url, nats.gateway.user!, nats.gateway.passwordFile!), [0, 'closed, read\n'])
  nats.signal('SIGSTOP')
  t.same(await endingOf(t, nats.url, nats.gateway.user!, nats.gateway.passwordFile!), [0, 'closed, given up\n'])
})

t.test('a token, credentials, and certificates', async t => {
  const folder = freshDirectory(t)
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  const works = async (nats: Nats, options: NatsOptions): Promise<void> => {
    const store = await openStore(nats.url, options, { create: true })
    t.teardown(() => store.close())
    await new Publisher(store).publish([policyText('one')])
    t.match(await read(natsSource(nats.url, options)), { texts: [{ name: 'one.yaml' }], stamp: { epoch, generation: 1 } })
  }
  await works(await startNats(t, { trust: 'authorization { token: "open-sesame" }' }), { tokenFile: file('token', 'open-sesame\n') })

  const { configuration, creds } = makeTrust()
  const nats = await startNats(t, { trust: configuration })
  await works(nats, { credsFile: file('own.creds', creds) })
  await works(await startNats(t, { trust: configuration }), { credsFile: file('windows.creds', creds.replaceAll('\n', '\r\n').trim()) })
  await t.rejects(read(natsSource(nats.url, { credsFile: file('foreign.creds', makeTrust().creds) })), { message: /does not accept the credentials; check `credsFile`/ })

  const mutual = await startNats(t, { tls: true, verify: true })
  await works(mutual, mutual.publisher)
  const { certFile, keyFile, ...unknown } = mutual.publisher
  t.ok(certFile !== undefined && keyFile !== undefined)
  await t.rejects(read(natsSource(mutual.url, { ...unknown, timeout: 3000 })), { name: 'SourceError', message: /certificate/ })
})

t.test('a start while the server is down', async t => {
  const nats = await startNats(t)
  const publisher = await publisherOf(t, nats)
  await publisher.publish([policyText('one')], { generation: 3 })
  const lastKnownGood = join(freshDirectory(t), 'last-good.json')
  const first = await keep(t, nats, {}, { lastKnownGood })
  await publisher.publish([policyText('one')])
  t.ok(await until(() => existsSync(lastKnownGood) && readFileSync(lastKnownGood, 'utf8').includes('"generation":4')))
  await first.close()
  t.match(JSON.parse(readFileSync(lastKnownGood, 'utf8')), { stamp: { epoch, generation: 4 } })
  await nats.kill()
  await t.rejects(keep(t, nats), { name: 'SourceError', message: /nothing listens there \(ECONNREFUSED\)/ })
  const keeper = await keep(t, nats, {}, { lastKnownGood })
  t.equal(rulesOf(keeper), 'one')
  t.equal(keeper.status().state, 'degraded')
  await nats.start()
  t.ok(await until(() => keeper.status().state === 'ok', 40_000))
  await publisher.publish([policyText('two')])
  t.ok(await until(() => rulesOf(keeper) === 'two', 40_000), 'and catches up')
  await keeper.close()

  await publisher.publish([policyText('old')], { generation: 4 })
  const restarted = await keep(t, nats, {}, { lastKnownGood })
  t.equal(rulesOf(restarted), 'two', 'the order survives a restart')
  t.match(reasonOf(restarted), /the store went back: generation 4 .* is there, but generation 5 .* was there before/)
})
