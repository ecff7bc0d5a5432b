// What befalls a fleet: servers, links and processes that fail, and stores in which somebody has put something. Each
// gateway is asked all the while, and answers by the last good set.
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { printBundle } from '../../src/source/bundle.ts'
import { openStore, type Store } from '../../src/source/nats/client.ts'
import type { Stamp } from '../../src/source/stamp.ts'
import { run, start, type Run } from '../cli/run.ts'
import { makeKeys } from '../source/keys.ts'
import { freshDirectory, writeFiles } from '../source/lab.ts'
import { configurationOf, follow, namedSet, startGateway, untilAll, type FleetGateway, type GatewaySettings } from './gateways.ts'
import { Link } from './link.mjs'
import { startNats, type Nats } from './nats.ts'

t.jobs = 3

/** A server, whoever publishes there, and a link to it. */
interface Fleet {
  readonly nats: Nats
  readonly link: Link
  /** Publishes the set of a name by the command. */
  publish (name: string, ...more: readonly string[]): Promise<Run>
  start (name: string, settings?: GatewaySettings): Promise<FleetGateway>
}

async function startFleet (t: Test): Promise<Fleet> {
  const nats = await startNats(t)
  const link = await Link.to(nats.port)
  t.teardown(() => link.close())
  return {
    nats,
    link,
    publish: async (name, ...more) => {
      const directory = freshDirectory(t)
      writeFiles(directory, { 'shop.yaml': namedSet(name).text })
      return run('publish', directory, '--to', nats.url, ...nats.publisherFlags, ...more)
    },
    start: (name, settings) => startGateway(t, nats, name, settings)
  }
}

/** The store as somebody has it who holds the password of the publisher. */
async function storeOf (t: Test, { nats }: Fleet): Promise<Store> {
  const store = await openStore(nats.url, nats.publisher, { create: true })
  t.teardown(() => store.close())
  return store
}

async function put (store: Store, bundle: string | Uint8Array): Promise<void> {
  if (await store.put(Buffer.from(bundle), (await store.head())?.sequence ?? 0) === null) throw new Error('somebody else was first')
}

const placeOf = (epoch: number, generation: number): Stamp => ({ epoch, generation, publishedAt: new Date().toISOString() })
const runs = (gateways: readonly FleetGateway[], name: string): Promise<boolean> =>
  untilAll(gateways, async gateway => await gateway.set() === name)
/** The sets by which each gateway has decided, as they were asked for; what was asked for between two looks may be missing. */
function inOrder (t: Test, followed: Readonly<Record<string, readonly string[]>>, expected: readonly string[]): void {
  for (const [name, sets] of Object.entries(followed)) {
    t.same(sets, expected.filter((set, i) => i === 0 || i === expected.length - 1 || sets.includes(set)), `${name} has decided by ${sets.join(', ')}`)
  }
}

const complain = (gateways: readonly FleetGateway[], what: RegExp): Promise<boolean> =>
  untilAll(gateways, async gateway => what.test(await gateway.complaint()))

t.test('servers, links and processes that fail', async t => {
  const fleet = await startFleet(t)
  const { nats, link } = fleet
  const publishes = async (t: Test, name: string): Promise<void> => { t.match(await fleet.publish(name), { exit: 0, stdout: /published at/ }) }
  await publishes(t, 'one')
  const gateways = await Promise.all([fleet.start('near'), fleet.start('far', { port: link.port }), fleet.start('farther', { port: link.port })])
  const [near, far, farther] = gateways

  await t.test('published while some are cut off', async t => {
    const stop = follow(gateways)
    await link.sever()
    t.ok(await complain([far, farther], /ECONNREFUSED|connection/))
    await publishes(t, 'two')
    t.ok(await runs([near], 'two'))
    t.same([await far.set(), await farther.set()], ['one', 'one'])
    await link.heal()
    t.ok(await runs(gateways, 'two'))
    inOrder(t, await stop(), ['one', 'two'])
  })

  await t.test('the server is killed as soon as it has acknowledged what some have not got', async t => {
    const stop = follow(gateways)
    await link.sever()
    await publishes(t, 'three')
    await nats.kill()
    t.same([await far.set(), await farther.set()], ['two', 'two'])
    await nats.start()
    await link.heal()
    t.ok(await runs(gateways, 'three'))
    inOrder(t, await stop(), ['two', 'three'])
  })

  await t.test('one is stopped while two sets are published', async t => {
    const stop = follow(gateways)
    farther.program.child.kill('SIGSTOP')
    await publishes(t, 'four')
    t.ok(await runs([near, far], 'four'))
    await publishes(t, 'five')
    t.ok(await runs([near, far], 'five'))
    farther.program.child.kill('SIGCONT')
    t.ok(await runs(gateways, 'five'))
    const { farther: its, ...others } = await stop()
    inOrder(t, others, ['three', 'four', 'five'])
    t.same(its, ['three', 'five'], 'the one that was stopped goes to the last at once')
  })

  await t.test('the store is lost beneath a fleet that runs', async t => {
    const stop = follow(gateways)
    await nats.kill()
    nats.wipe()
    await nats.start()
    t.ok(await complain(gateways, /nothing is published there/))
    await publishes(t, 'six')
    t.ok(await runs(gateways, 'six'))
    inOrder(t, await stop(), ['five', 'six'])
    t.match(await fleet.publish('six', '--wait'), { exit: 0, stdout: /all 3 live gateways run/ })
  })

  await t.test('what no gateway can use is put into the store', async t => {
    const store = await storeOf(t, fleet)
    const stop = follow(gateways)
    for (const [bundle, says, shown] of [
      ['[]', /what is there is no policy bundle: it is a list, not an object/, /no policy bundle/],
      [printBundle([{ name: 'shop.yaml', text: 'version: 1\nrules: [{}]\n' }], { stamp: placeOf(Date.now(), Number.MAX_SAFE_INTEGER) }), /a rule has no `name`/, /shop\.yaml:2: /]
    ] as const) {
      await put(store, bundle)
      t.ok(await complain(gateways, says), await near.complaint())
      t.ok(await untilAll([near], async () => {
        const { exit, stdout } = await run('fleet', 'status', nats.url, ...nats.publisherFlags)
        return exit === 1 && stdout.split('\n').filter(line => /^(?:near|far|farther) +degraded .* rejects: /.test(line) && shown.test(line)).length === 3
      }), 'the status of the fleet tells it')
    }
    await publishes(t, 'seven')
    t.ok(await runs(gateways, 'seven'))
    inOrder(t, await stop(), ['six', 'seven'])
  })
})

t.test('a link that is slow, and one that dies without a word', async t => {
  const fleet = await startFleet(t)
  const { link } = fleet
  await fleet.publish('one')
  link.delay = 300
  const gateway = await fleet.start('far', { port: link.port })
  t.ok(await untilAll([gateway], async () => (await run('fleet', 'status', fleet.nats.url, ...fleet.nats.publisherFlags)).stdout.includes('\nfar ')))
  const stop = follow([gateway])
  for (const name of ['two', 'three']) {
    t.match(await fleet.publish(name, '--wait'), { exit: 0, stdout: /the one live gateway runs/ })
    t.equal(await gateway.set(), name)
  }
  link.delay = 0
  link.forget()
  await fleet.publish('four')
  t.ok(await runs([gateway], 'four'))
  inOrder(t, await stop(), ['one', 'two', 'three', 'four'])
})

t.test('what the key of the publisher has not signed, or not lately', async t => {
  const fleet = await startFleet(t)
  const { nats } = fleet
  const folder = freshDirectory(t)
  const [keys, lastKnownGood, publicKeyFile, signKey] = [makeKeys(), join(folder, 'last-good.json'), join(folder, 'public.pem'), join(folder, 'private.pem')]
  writeFileSync(publicKeyFile, keys.publicPem)
  writeFileSync(signKey, keys.privatePem)
  const publishes = async (name: string): Promise<void> => { t.match(await fleet.publish(name, '--sign-key', signKey), { exit: 0 }) }
  await publishes('one')
  const store = await storeOf(t, fleet)
  const first = (await store.head())!.bytes
  const gateway = await fleet.start('a', { publicKeyFile, lastKnownGood })
  const stop = follow([gateway])
  await publishes('two')
  t.ok(await runs([gateway], 'two'))
  const second = Buffer.from((await store.head())!.bytes).toString()

  const stamp = placeOf(Date.now() + 3_600_000, 99)
  const audience = 'bucket cors-policies'
  const notForHere = /or not for the bucket cors-policies, /
  const { signature } = JSON.parse(second) as { signature: string }
  for (const [what, bundle, says] of [
    ['unsigned', printBundle([namedSet('evil')], { stamp }), /the bundle is not signed, and only signed ones are taken here/],
    ['signed by another key', printBundle([namedSet('evil')], { stamp, sign: { key: makeKeys().key, audience } }), /the signature of the bundle is not by the one key/],
    ['signed for another bucket', printBundle([namedSet('evil')], { stamp, sign: { key: keys.key, audience: 'bucket cors-policies-staging' } }), notForHere],
    ['signed for a URL', printBundle([namedSet('evil')], { stamp, sign: { key: keys.key, audience: 'url' } }), notForHere],
    ['other files below a signature', JSON.stringify({ ...JSON.parse(printBundle([namedSet('evil')], { stamp })), signature }), /or the bundle was changed since/],
    ['a later place for what was signed', second.replace('"generation": 2', '"generation": 3'), /or the bundle was changed since/],
    ['what was signed before', first, /the store went back: generation 1 .* is there, but generation 2 .* was there before/]
  ] as const) {
    await put(store, bundle)
    t.ok(await complain([gateway], says), what)
    t.equal(await gateway.set(), 'two', what)
  }
  inOrder(t, await stop(), ['one', 'two'])

  gateway.program.child.kill('SIGKILL')
  await gateway.program.ended
  const restarted = await fleet.start('a', { publicKeyFile, lastKnownGood })
  t.match(await restarted.complaint(), /the store went back: generation 1 .* is there, but generation 2 .* was there before/, 'over a restart too')
  t.equal(await restarted.set(), 'two')
  await put(store, printBundle([namedSet('evil')], { stamp: placeOf(Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER) }))
  t.ok(await complain([restarted], /the bundle is not signed/))
  await publishes('three')
  t.ok(await runs([restarted], 'three'), 'what nobody has signed ends no line')
  t.ok(await untilAll([restarted], async () => readFileSync(lastKnownGood, 'utf8').includes('x-set-three')))

  await nats.kill()
  restarted.program.child.kill('SIGKILL')
  await restarted.program.ended
  const cold = await fleet.start('a', { publicKeyFile, lastKnownGood })
  t.equal(await cold.set(), 'three', 'a start while the server is down')
  t.match(await cold.complaint(), /nothing listens there \(ECONNREFUSED\)/)
  await nats.start()
  await publishes('four')
  t.ok(await runs([cold], 'four'))

  await nats.kill()
  rmSync(lastKnownGood)
  const { exit, stdout, stderr } = await start('serve', '--config', configurationOf(t, nats, 'b', { publicKeyFile, lastKnownGood })).ended
  t.match({ exit, stdout }, { exit: 3, stdout: '' }, 'without a last good set nothing is served')
  t.match(stderr, /^cors-gateway: the policies cannot be read: nats:\/\/127\.0\.0\.1:\d+: nothing listens there \(ECONNREFUSED\); is the server running, .*\?\n$/m)
})

t.test('two publishers, twenty times at once', async t => {
  const fleet = await startFleet(t)
  const [one, other] = [await storeOf(t, fleet), await storeOf(t, fleet)]
  await fleet.publish('start')
  const gateway = await fleet.start('a')
  const stop = follow([gateway])
  const won: string[] = []
  for (let generation = 2; generation <= 21; generation++) {
    const { sequence } = (await one.head())!
    const sets = [`one-${generation}`, `other-${generation}`]
    const stamp = placeOf(Date.now() + 3_600_000, generation)
    const [own, others] = sets.map(name => Buffer.from(printBundle([namedSet(name)], { stamp })))
    const ends = await Promise.all([one.put(own!, sequence), other.put(others!, sequence)])
    const winners = sets.filter((_, i) => ends[i] !== null)
    t.equal(winners.length, 1)
    won.push(...winners)
    t.ok(await runs([gateway], winners[0]!))
  }
  inOrder(t, await stop(), ['start', ...won])
  const kept = (await other.history()).map(({ bytes }) => /x-set-([\w-]+)/.exec(Buffer.from(bytes).toString())![1])
  t.same(kept, won.slice(-10))
})

t.test('a backup of the whole store is put back', async t => {
  const fleet = await startFleet(t)
  const { nats } = fleet
  t.match(await fleet.publish('one'), { exit: 0, stdout: /generation 1/ })
  const gateways = [await fleet.start('a'), await fleet.start('b')]
  await nats.kill()
  const putBack = nats.copy()
  await nats.start()
  t.match(await fleet.publish('two'), { exit: 0, stdout: /generation 2/ })
  t.ok(await runs(gateways, 'two'))

  const stop = follow(gateways)
  await nats.kill()
  putBack()
  await nats.start()
  t.ok(await complain(gateways, /the store went back: generation 1 .* is there, but generation 2 .* was there before/))
  t.same(await Promise.all(gateways.map(async gateway => (await gateway.status()).state)), ['degraded', 'degraded'])
  t.ok(await untilAll(gateways, async () => {
    const { exit, stdout } = await run('fleet', 'status', nats.url, ...nats.publisherFlags)
    return exit === 1 && stdout.startsWith('published: generation 1,') && stdout.split('\n').filter(line => /^[ab] +degraded +2 .* rejects: .*the store went back/.test(line)).length === 2
  }), 'the status of the fleet tells it')
  t.match(await fleet.publish('three', '--wait'), { exit: 0, stdout: /generation 3[\s\S]*all 2 live gateways run/ }, 'the next one goes above what was seen')
  t.ok(await runs(gateways, 'three'))
  inOrder(t, await stop(), ['two', 'three'])
})
