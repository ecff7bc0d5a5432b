// Somebody who writes statuses without end: what is published gets through all the same, and nobody reads them for ever.
import { jetstreamManager, type StreamState } from '@nats-io/jetstream'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { natsSource } from '../../src/index.ts'
import { createKeeper, type Keeper } from '../../src/source/keeper.ts'
import { openStore, type Store } from '../../src/source/nats/client.ts'
import { parseStatus, type InstanceStatus } from '../../src/source/nats/status.ts'
import { run, type Run } from '../cli/run.ts'
import { freshDirectory, policy, rulesOf, until, writeFiles } from '../source/lab.ts'
import { startNats, type Nats } from './nats.ts'

const publish = (t: Test, nats: Nats, name: string, ...more: readonly string[]): Promise<Run> => {
  const directory = freshDirectory(t)
  writeFiles(directory, { [`${name}.yaml`]: policy(name) })
  return run('publish', directory, '--to', nats.url, ...nats.publisherFlags, ...more)
}
const fleet = (nats: Nats, what: string, ...more: readonly string[]): Promise<Run> => run('fleet', what, nats.url, ...nats.publisherFlags, ...more)

async function startGateway (t: Test, nats: Nats, instance: string): Promise<Keeper> {
  const keeper = await createKeeper({ source: natsSource(nats.url, { ...nats.gateway, instance }) })
  t.teardown(() => keeper.close())
  return keeper
}

async function storeOf (t: Test, nats: Nats): Promise<Store> {
  const store = await openStore(nats.url, nats.publisher, { create: false })
  t.teardown(() => store.close())
  return store
}

/** Somebody with the password of a gateway. */
async function intruderOf (t: Test, nats: Nats): Promise<NatsConnection> {
  const connection = await connect({ port: nats.port, user: 'gateway', pass: 'gateway-secret', tls: null })
  t.teardown(() => connection.close())
  return connection
}

/** What the server keeps of statuses, once it has done with all that it was sent. */
async function settled (nats: Nats): Promise<StreamState> {
  const connection = await connect({ port: nats.port, user: 'operator', pass: 'operator-secret', tls: null })
  const { streams } = await jetstreamManager(connection)
  let [before, state]: (StreamState | null)[] = [null, null]
  do {
    before = state
    await sleep(200)
    state = (await streams.info('KV_cors-policies-status')).state
  } while (before?.bytes !== state.bytes || before.last_seq !== state.last_seq)
  await connection.close()
  return state
}

t.test('more statuses than any fleet has', async t => {
  const nats = await startNats(t)
  t.match(await publish(t, nats, 'one'), { exit: 0, stderr: '' })
  const gateway = await startGateway(t, nats, 'a')
  const store = await storeOf(t, nats)
  t.ok(await untilTold(store, 'a'))
  const intruder = await intruderOf(t, nats)
  for (let i = 2; i <= 10_000; i++) intruder.publish(`$KV.cors-policies-status.x${i}`, '{}')
  await intruder.flush()
  t.equal((await settled(nats)).num_subjects, 10_000)
  t.equal((await store.statuses()).length, 10_000, 'as many are read')
  t.match(await publish(t, nats, 'two'), { exit: 0, stdout: /generation 2/, stderr: '' })

  intruder.publish('$KV.cors-policies-status.one-more', '{}')
  await intruder.flush()
  t.equal((await settled(nats)).num_subjects, 10_001)
  const says = 'the bucket cors-policies-status holds 10,001 statuses of the last day, and 10,000 are read at most: somebody may write there who should not; ' +
    'take that right away, and delete the stream KV_cors-policies-status: the next publish makes it anew'
  await t.rejects(store.statuses(), { name: 'SourceError', message: `${nats.url}: ${says}` })
  t.match(await publish(t, nats, 'three'), {
    exit: 0,
    stdout: /generation 3/,
    stderr: `${nats.url}: ${says}\nwhat gateways have seen is not known: this goes above what is published, and no further\n`
  }, 'nobody is kept from publishing')
  t.ok(await until(() => rulesOf(gateway) === 'three'))
  const waiting = await publish(t, nats, 'four', '--wait')
  t.match(waiting, { exit: 3, stderr: /10,001 statuses/ })
  t.notMatch(waiting.stdout, /published at/)
  t.match(await fleet(nats, 'status'), { exit: 3, stdout: '', stderr: /10,001 statuses/ })
  t.match(await fleet(nats, 'history'), { exit: 0, stdout: /\n\* +3 / })
  t.match(await fleet(nats, 'rollback'), { exit: 0, stdout: /generation 4/, stderr: /10,001 statuses/ })

  await nats.removeBuckets('cors-policies-status')
  t.match(await publish(t, nats, 'five'), { exit: 0, stdout: /generation 5/, stderr: '' }, 'the bucket is made anew')
  t.ok(await until(() => rulesOf(gateway) === 'five'))
  t.ok(await untilTold(store, 'a'), 'and gateways tell of themselves there')
  t.match(await publish(t, nats, 'five', '--wait'), { exit: 0, stdout: /the one live gateway runs/ })
})

t.test('statuses as large as they may be, until the bucket is full', async t => {
  const nats = await startNats(t)
  t.match(await publish(t, nats, 'one'), { exit: 0 })
  const gateway = await startGateway(t, nats, 'a')
  const store = await storeOf(t, nats)
  t.ok(await untilTold(store, 'a'))
  const intruder = await intruderOf(t, nats)
  for (let i = 0; i < 5000; i += 100) {
    for (let j = i; j < i + 100; j++) intruder.publish(`$KV.cors-policies-status.x${j}`, 'x'.repeat(16_000))
    await intruder.flush()
  }
  const { bytes, messages } = await settled(nats)
  t.ok(messages > 3000 && messages < 5000, `${messages} statuses`)
  t.ok(bytes <= 64 * 1024 * 1024, `${bytes} bytes`)
  await t.rejects(store.putStatus('late', Buffer.alloc(16_000)), 'the bucket is full')
  t.match(await publish(t, nats, 'two'), { exit: 0, stdout: /generation 2/ })
  t.ok(await until(() => rulesOf(gateway) === 'two'))
  t.ok(await untilTold(store, 'a', status => status.generation === 2), 'who was there goes on to tell of itself')
})

/** Waits until an instance has told of itself, and that. */
async function untilTold (store: Store, name: string, that: (status: InstanceStatus) => boolean = () => true): Promise<boolean> {
  for (const end = performance.now() + 40_000; performance.now() < end; await sleep(50)) {
    const found = (await store.statuses()).find(({ instance }) => instance === name)
    const status = found === undefined ? null : parseStatus(found.bytes)
    if (status !== null && that(status)) return true
  }
  return false
}
