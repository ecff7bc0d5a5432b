// What a gateway tells of its own place in a fleet: where it stands, that it can't tell or be told, and who else has its name.
import { join } from 'node:path'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { printBundle } from '../../src/source/bundle.ts'
import { createKeeper, type Keeper } from '../../src/source/keeper.ts'
import { openStore, type NatsOptions, type Store } from '../../src/source/nats/client.ts'
import { natsSource, type NatsSourceOptions } from '../../src/source/nats/source.ts'
import type { PolicySource } from '../../src/source/source.ts'
import { run } from '../cli/run.ts'
import { freshDirectory, policyText, rulesOf, until } from '../source/lab.ts'
import { startNats, type Nats } from './nats.ts'

const epoch = 1_764_000_000_000
const patience = 60_000

async function publisherOf (t: Test, nats: Nats): Promise<(name: string, generation: number) => Promise<void>> {
  const store = await openStore(nats.url, nats.publisher, { create: true })
  t.teardown(() => store.close())
  return (name, generation) => publishInto(store, name, generation)
}

async function publishInto (store: Store, name: string, generation: number): Promise<void> {
  const bundle = printBundle([policyText(name)], { stamp: { epoch, generation, publishedAt: '2026-11-25T12:00:00.000Z' } })
  await store.put(new TextEncoder().encode(bundle), (await store.head())?.sequence ?? 0)
}

interface Kept {
  readonly keeper: Keeper
  readonly source: PolicySource
  readonly warnings: string[]
}

async function keep (t: Test, { url, gateway }: Nats, options: NatsSourceOptions = {}, lastKnownGood?: string): Promise<Kept> {
  const warnings: string[] = []
  const source = natsSource(url, { ...gateway, instance: 'eu-1', ...options })
  const warn = (message: string): void => { warnings.push(message) }
  const keeper = await createKeeper({ source, warn, ...lastKnownGood !== undefined && { lastKnownGood } })
  t.teardown(() => keeper.close())
  return { keeper, source, warnings }
}

/** Waits until it is as it should be; then says what it is. */
async function becomes (t: Test, what: () => unknown, pattern: unknown, name: string): Promise<void> {
  const deadline = performance.now() + patience
  let isSo = false
  while (!isSo && performance.now() < deadline) {
    const wanted = JSON.stringify(pattern)
    isSo = await until(() => JSON.stringify(what()) === wanted, 500)
  }
  t.same(what(), pattern, name)
}

t.test('where it stands', async t => {
  const nats = await startNats(t)
  const publish = await publisherOf(t, nats)
  await publish('one', 5)
  const lastKnownGood = join(freshDirectory(t), 'last-good.json')
  const { keeper, warnings } = await keep(t, nats, {}, lastKnownGood)
  const place = (): unknown => [keeper.status().published, keeper.status().source?.seen]
  t.same(place(), [{ epoch, generation: 5 }, { epoch, generation: 5 }])
  await publish('one', 6)
  await becomes(t, place, [{ epoch, generation: 6 }, { epoch, generation: 6 }], 'the same texts, at a later place')
  await publish('two', 4)
  t.ok(await until(() => keeper.status().state === 'degraded'))
  t.match(keeper.status().rejected?.diagnostics, [{ code: 'refused-source', message: /the store went back/ }])
  t.same(place(), [{ epoch, generation: 6 }, { epoch, generation: 6 }])
  await becomes(t, () => typeof keeper.status().source?.status?.writtenAt, 'string', 'its status is written')
  t.match(keeper.status().source, { watch: { fault: null }, status: { fault: null } })
  t.same(warnings, [], 'and all of that is no reason to warn')
  await keeper.close()
  t.match(keeper.status().source, { watch: null, status: null }, 'what watches no more tells nothing of that')
  const later = await keep(t, nats, {}, lastKnownGood)
  t.match(later.keeper.status(), { state: 'degraded', published: { epoch, generation: 6 }, source: { seen: { epoch, generation: 6 } } }, 'over a restart')
  t.match(later.warnings, [/went back[^]* \(\d+ (?:s|min) ago, revision \w+\) is in force instead/])
})

t.test('retries count as attempts', async t => {
  const nats = await startNats(t)
  const publish = await publisherOf(t, nats)
  await publish('one', 1)
  const { keeper, warnings } = await keep(t, nats)
  await nats.kill()
  t.ok(await until(() => keeper.status().state === 'degraded', patience))
  const first = keeper.status()
  t.ok(await until(() => keeper.status().lastAttempt.at > first.lastAttempt.at, patience), 'the time of the last one is told')
  const { lastAttempt, rejected, history } = keeper.status()
  t.same([lastAttempt.ok, rejected?.since, history.length], [false, first.rejected?.since, first.history.length], 'and nothing else is new')
  await nats.start()
  t.ok(await until(() => keeper.status().state === 'ok', patience))
  t.same(warnings, [], 'of a server that is gone, the rejection tells')
})

/** Whom a server lets in, where gateways lack what these words name. */
function without (...rights: readonly string[]): string {
  const [block] = readFileSync(join(import.meta.dirname, '../../docs/fleet.md'), 'utf8').match(/^authorization \{\n[\s\S]*?^\}$/m)!
  const [publisher, gateway] = block.split('{ user: gateway')
  return `${publisher}{ user: gateway${gateway!.split('\n').filter(line => !rights.some(right => line.includes(right))).join('\n')}`
}

t.test('without the rights it decides as ever, and warns', async t => {
  const nats = await startNats(t, { trust: without('KV.cors-policies-status', 'CONSUMER.CREATE') })
  const publish = await publisherOf(t, nats)
  await publish('one', 1)
  const { keeper, source, warnings } = await keep(t, nats, { pollInterval: 200 })
  const faults = (): unknown => [keeper.status().source?.watch?.fault === null, keeper.status().source?.status?.fault === null]
  await becomes(t, faults, [false, false], 'both are told')
  for (const [i, name] of ['two', 'three', 'four'].entries()) {
    await publish(name, i + 2)
    t.ok(await until(() => rulesOf(keeper) === name, patience), `${name} is found by looking`)
  }
  t.match(keeper.status(), { state: 'ok', published: { generation: 4 }, source: { status: { writtenAt: null } } })
  t.same([...warnings].sort(), [source.state!().watch!.fault, source.state!().status!.fault].sort(), 'each is told once, in the same words')
  const said = [...warnings].sort().join('\n')
  t.match(said, /: changes are not told, and found only by looking from time to time: the user may not publish to \$JS\.API\.CONSUMER\.CREATE\.KV_cors-policies\.\*\.\$KV\.cors-policies\.bundle; allow that in/)
  t.match(said, /: the status of eu-1 can't be written, and whoever publishes doesn't see this gateway: the user may not publish to \$KV\.cors-policies-status\.eu-1; allow/)
})

t.test('without a bucket for statuses it decides as ever, warns, and writes as soon as there is one', async t => {
  const nats = await startNats(t)
  const publish = await publisherOf(t, nats)
  await publish('one', 1)
  await nats.removeBuckets('cors-policies-status')
  const { keeper, warnings } = await keep(t, nats)
  await becomes(t, () => warnings.length, 1, 'it warns')
  t.match(warnings, [/: the status of eu-1 can't be written, .*: there is no bucket cors-policies-status; publish a policy set/])
  t.match(keeper.status(), { state: 'ok', source: { watch: { fault: null }, status: { fault: warnings[0] } } })
  const again = await publisherOf(t, nats)
  await again('two', 2)
  t.ok(await until(() => rulesOf(keeper) === 'two', patience))
  await becomes(t, () => warnings.slice(1), [`${nats.url}: the status of eu-1 is written again`], 'and says when it is over')
  t.match(keeper.status(), { state: 'ok', source: { status: { fault: null } } })
})

t.test('two of one name', async t => {
  const nats = await startNats(t)
  const publish = await publisherOf(t, nats)
  await publish('a', 1)
  const kept = [await keep(t, nats), await keep(t, nats)] as const
  const areTold = (): boolean => kept.every(({ warnings }) => warnings.length > 0)
  let generation = 1
  for (const end = performance.now() + patience; !areTold() && performance.now() < end;) {
    await publish('a', ++generation)
    await until(areTold, 300)
  }
  for (const { keeper, warnings } of kept) {
    t.match(warnings, [/: another gateway tells of itself as eu-1, and each writes over the other's status; give each its own `instance`$/])
    t.match(keeper.status(), { state: 'ok', source: { status: { fault: warnings[0] } } })
  }
  const shown = await run('fleet', 'status', nats.url, ...nats.publisherFlags)
  t.match(shown.stdout, /^eu-1 .* another gateway has the same name$/m)
  // What is there now was written by one of them: the other one stops.
  const writtenAt = ({ keeper }: typeof kept[number]): string => keeper.status().source?.status?.writtenAt ?? ''
  while (writtenAt(kept[0]) === writtenAt(kept[1])) {
    await publish('a', ++generation)
    await sleep(300)
  }
  await (writtenAt(kept[0]) < writtenAt(kept[1]) ? kept[0] : kept[1]).keeper.close()
  t.match(JSON.parse((await run('fleet', 'status', nats.url, ...nats.publisherFlags, '--format', 'json')).stdout), { instances: [{ instance: 'eu-1' }] },
    'who stops first takes not away what the other one tells')
})

t.test('a connection that ends while a status is written is no reason to warn', async t => {
  const nats = await startNats(t)
  const publish = await publisherOf(t, nats)
  await publish('one', 1)
  const { keeper, source, warnings } = await keep(t, nats)
  const { revision, generation } = keeper.current
  const report = (): void => { source.report!({ revision, generation, state: 'ok', rejected: null }) }
  for (let i = 0; i < 3; i++) {
    const writing = setInterval(report, 1)
    await nats.kill()
    t.ok(await until(() => keeper.status().state === 'degraded', patience))
    clearInterval(writing)
    await nats.start()
    t.ok(await until(() => keeper.status().state === 'ok', patience))
  }
  t.same(warnings, [])
})

t.test('what the warnings are about does not keep a process or a watch alive', async t => {
  const nats = await startNats(t, { trust: without('KV.cors-policies-status') })
  const publish = await publisherOf(t, nats)
  await publish('one', 1)
  const options: NatsOptions = nats.gateway
  const source = natsSource(nats.url, options)
  const warnings: string[] = []
  await source.read(new AbortController().signal)
  const stop = source.watch!(() => {}, message => { warnings.push(message) })
  source.report!({ revision: '0', generation: 1, state: 'ok', rejected: null })
  await stop()
  const count = warnings.length
  source.report!({ revision: '0', generation: 2, state: 'ok', rejected: null })
  t.equal(warnings.length, count, 'nobody is warned after the end')
})
