// `npm run bench:fleet [-- --write]`: a fleet on NATS: how soon what is published is live everywhere, what faults leave
// behind for how long, whether anything is lost, and what a gateway takes. Needs nats-server.
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { revisionOf } from '../../dist/policy/revision.js'
import { printBundle } from '../../dist/source/bundle.js'
import { ofBucket } from '../../dist/source/signature.js'
import { openStore } from '../../dist/source/nats/client.js'
import { Link } from '../fleet/link.mjs'
import { quantile, table } from './figures.mjs'
import { Gateway, Observer, Server, textsOf } from './fleet-lab.mjs'

const { values } = parseArgs({
  options: {
    gateways: { type: 'string', default: '40' },
    far: { type: 'string', default: '10' },
    publications: { type: 'string', default: '50' },
    write: { type: 'boolean', default: false }
  }
})
const [count, farCount, publications] = [values.gateways, values.far, values.publications].map(Number)
/** As many gateways are started at a time. */
const atATime = 4

const folder = mkdtempSync(join(tmpdir(), 'cors-bench-'))
const { privateKey, publicKey } = generateKeyPairSync('ed25519')
const publicKeyFile = join(folder, 'public.pem')
const audience = ofBucket('cors-policies')
writeFileSync(publicKeyFile, publicKey.export({ format: 'pem', type: 'spki' }))

const server = await Server.start(folder)
const link = await Link.to(server.port)
const observer = await Observer.connect(server)
let store = await openStore(server.url, server.publisher, { create: true })

let number = 0
let place = { epoch: Date.now(), generation: 0 }
let lost = 0
let acknowledged = 0

/** The next set, signed, and its place above all before. */
function next (key = privateKey) {
  place = { ...place, generation: place.generation + 1 }
  const texts = textsOf(++number)
  const stamp = { ...place, publishedAt: new Date().toISOString() }
  return { number, texts, stamp, revision: revisionOf(texts), bundle: printBundle(texts, { stamp, ...key !== null && { sign: { key, audience } } }) }
}

/** Publishes the next set; the result is the moment of the acknowledgement. */
async function publish (instances, set = next()) {
  observer.expect(instances, set)
  if (await store.put(Buffer.from(set.bundle), (await store.head())?.sequence ?? 0) === null) throw new Error('somebody else was first')
  acknowledged++
  return performance.now()
}

/** How long after a moment each of them ran what was published last, in milliseconds. */
async function delaysFrom (moment, instances) {
  const times = await observer.arrivals()
  if (times.size < instances.length) {
    lost++
    console.log(`LOST: ${instances.filter(name => !times.has(name)).join(', ')} do not run set ${number}`)
  }
  return [...times.values()].map(time => Math.max(time - moment, 0))
}

/** Everybody is connected and runs the last set. */
const settle = async () => { await delaysFrom(await publish(everyone), everyone) }

const nameOf = i => `gateway-${i}`
const gateways = new Map()

async function startOne (name, port) {
  const policies = { url: `nats://127.0.0.1:${port}`, ...server.gateway, publicKeyFile, instance: name }
  gateways.set(name, await Gateway.start(folder, name, { policies, lastKnownGood: join(folder, `${name}.last-good.json`) }))
}

async function startAll (names, port) {
  for (let i = 0; i < names.length; i += atATime) await Promise.all(names.slice(i, i + atATime).map(name => startOne(name, port)))
}

const everyone = Array.from({ length: count }, (_, i) => nameOf(i))
const far = everyone.slice(-farCount)
const near = everyone.slice(0, -farCount)
const median = values => quantile(values, 0.5)
const spread = times => [median(times), quantile(times, 0.99), Math.max(...times)]

/** The same gateway with its policies in a directory, which follows every publication. */
const directory = mkdtempSync(join(folder, 'directory-'))

function writeDirectory (texts) {
  writeFileSync(join(folder, 'all.new'), texts[0].text)
  renameSync(join(folder, 'all.new'), join(directory, 'all.yaml'))
}

const cpuOf = all => quantile([...all].map(gateway => gateway.cpu()), 0.5)

/** Publications one after the other, each live everywhere before the next one, and then all at once. */
async function measurePublications (local) {
  const [each, all] = [[], []]
  const before = [cpuOf(gateways.values()), cpuOf([local])]
  for (let i = 0; i < publications; i++) {
    const set = next()
    const delays = await delaysFrom(await publish(everyone, set), everyone)
    writeDirectory(set.texts)
    each.push(...delays)
    all.push(Math.max(...delays))
    await sleep(100)
  }
  const cpu = [cpuOf(gateways.values()), cpuOf([local])].map((spent, i) => (spent - before[i]) / publications)
  let moment
  for (let i = 0; i < publications; i++) moment = await publish(everyone)
  const burst = Math.max(...await delaysFrom(moment, everyone))
  return [
    [`one gateway (${each.length} times)`, ...spread(each)],
    [`all ${count} gateways (${all.length} publications)`, ...spread(all)],
    [`all ${count}, after the last of ${publications} without a pause`, '', '', burst],
    ['CPU time for one publication', cpu[0], '', ''],
    ['CPU time for the same change of a directory', cpu[1], '', '']
  ]
}

/** Kills the server and starts it again; the result is the moment since when it takes connections. */
async function restartServer (meanwhile) {
  await server.kill()
  await store.close()
  await meanwhile()
  await server.start()
  const moment = performance.now()
  await observer.reconnect()
  store = await openStore(server.url, server.publisher, { create: true })
  return moment
}

/** Somebody puts something into the store, and 3 s later the publisher what is right. */
async function spoil (bundle) {
  await store.put(Buffer.from(bundle), (await store.head()).sequence)
  await sleep(3000)
  return [await publish(everyone), everyone]
}

async function cut (milliseconds) {
  await link.sever()
  await publish(far)
  await sleep(milliseconds)
  await link.heal()
  return [performance.now(), far]
}

/** Each makes a fault and ends it, and gives the moment of that, and who was stale then. */
const faults = [
  ['cut off for 5 s, published meanwhile', 'the link is there', () => cut(5000)],
  ['cut off for 60 s, published meanwhile', 'the link is there', () => cut(60_000)],
  ['the connection dies without a word', 'its death', async () => {
    link.forget()
    await publish(far)
    return [performance.now(), far]
  }],
  ['a slow link, each piece 300 ms under way', 'the publication', async () => {
    link.delay = 300
    return [await publish(far), far]
  }],
  ['server killed after the acknowledgement, back after 5 s', 'its start', async () => {
    link.delay = 0
    await link.sever()
    await publish(far)
    const moment = await restartServer(async () => {
      await sleep(5000)
      await link.heal()
    })
    return [moment, far]
  }],
  ['stopped (SIGSTOP) over two publications', 'SIGCONT', async () => {
    const signal = name => { for (const each of far) gateways.get(each).child.kill(name) }
    signal('SIGSTOP')
    for (let i = 0; i < 2; i++) await publish(far)
    await sleep(3000)
    signal('SIGCONT')
    return [performance.now(), far]
  }],
  ['store wiped, empty for 10 s', 'the next publication', async () => {
    await restartServer(() => { server.wipe() })
    await sleep(10_000)
    place = { epoch: Date.now(), generation: 0 }
    return [await publish(everyone), everyone]
  }],
  ['an invalid set in the store', 'the next publication', () => {
    place = { ...place, generation: place.generation + 1 }
    const stamp = { ...place, publishedAt: new Date().toISOString() }
    return spoil(printBundle([{ name: 'all.yaml', text: 'version: 1\nrules: [{}]\n' }], { stamp, sign: { key: privateKey, audience } }))
  }],
  ['one that is not signed', 'the next publication', () => spoil(next(null).bundle)],
  ['one signed by another key', 'the next publication', () => spoil(next(generateKeyPairSync('ed25519').privateKey).bundle)],
  ['one that was tampered with', 'the next publication', () => spoil(JSON.stringify({ ...JSON.parse(next().bundle), publishedAt: '2026-01-01T00:00:00Z' }))],
  ['an earlier one put back', 'the next publication', async () => spoil((await store.history())[0].bytes)],
  ['started while the server is down, with a last good set', 'the start of the server', async () => {
    for (const name of far) await gateways.get(name).kill()
    await publish(far)
    const moment = await restartServer(async () => {
      await startAll(far, link.port)
      await sleep(3000)
    })
    return [moment, far]
  }]
]

/** Two publishers at once: of each round's two, one is acknowledged, and that one gets everywhere. */
async function race () {
  const other = await openStore(server.url, server.publisher, { create: false })
  const delays = []
  for (let round = 0; round < 20; round++) {
    const [a, b] = [next(), next()]
    const { sequence } = await store.head()
    // Their places are the same; one of them is there first.
    const rival = { ...b, stamp: a.stamp, bundle: printBundle(b.texts, { stamp: a.stamp, sign: { key: privateKey, audience } }) }
    observer.expect(everyone, a, rival)
    const ends = await Promise.all([store.put(Buffer.from(a.bundle), sequence), other.put(Buffer.from(rival.bundle), sequence)])
    const moment = performance.now()
    const winners = [a, rival].filter((_, i) => ends[i] !== null)
    if (winners.length !== 1) throw new Error(`${winners.length} of two publishers were first`)
    acknowledged++
    delays.push(...await delaysFrom(moment, everyone))
    if (await gateways.get(everyone[0]).set() !== winners[0].number) throw new Error('the one that was first is not served')
  }
  await other.close()
  return delays
}

const seconds = milliseconds => milliseconds < 1000 ? `${(milliseconds / 1000).toFixed(2)} s` : `${(milliseconds / 1000).toFixed(1)} s`

async function measureFaults () {
  const rows = []
  const add = (name, from, number, delays) => {
    rows.push([name, from, String(number), seconds(median(delays)), seconds(Math.max(...delays))])
    console.log(`  ${rows.at(-1).join('  ')}`)
  }
  for (const [name, from, befall] of faults) {
    await settle()
    const [moment, stale] = await befall()
    add(name, from, stale.length, await delaysFrom(moment, stale))
  }
  await settle()
  add('two publishers at once, 20 times', 'the acknowledgement', count, await race())
  return rows
}

const residents = all => {
  const sizes = all.map(gateway => gateway.resident())
  return [median(sizes), Math.max(...sizes)]
}

try {
  const first = next()
  await publish([], first)
  writeDirectory(first.texts)
  console.log(`starting ${count} gateways, ${atATime} at a time`)
  await startAll(everyone, server.port)
  const local = [await Gateway.start(folder, 'local', { policies: directory })]
  await sleep(5000)
  const memory = [['with a directory, started', ...residents(local)], ['with NATS, started', ...residents([...gateways.values()])]]
  const latency = await measurePublications(local[0])
  memory.push([`with a directory, ${publications} sets later`, ...residents(local)])
  memory.push([`with NATS, ${2 * publications} sets later`, ...residents([...gateways.values()])])

  console.log(`${farCount} of them start anew, behind a link that can fail`)
  await Promise.all(far.map(name => gateways.get(name).kill()))
  await startAll(far, link.port)
  await sleep(2000)
  const stale = await measureFaults()

  await settle()
  const running = await Promise.all([...gateways.values()].map(gateway => gateway.set()))
  const behind = running.filter(each => each !== number).length
  const closing = `${acknowledged} publications acknowledged; lost: ${lost}; gateways behind at the end: ${behind} of ${count}`
  const tables = [
    [['from the acknowledgement to in force, ms', 'p50', 'p99', 'longest'], latency],
    [['fault', 'stale since', 'gateways', 'p50', 'longest'], stale],
    [['resident memory, MiB', 'p50', 'largest'], memory]
  ]
  for (const [head, rows] of tables) console.log(`\n${table(head, rows)}`)
  console.log(`\n${closing}`)
  if (values.write) write(tables, closing)
} finally {
  await store.close()
  await observer.close()
  await Promise.all([...gateways.values()].map(gateway => gateway.kill()))
  await link.close()
  await server.kill()
  rmSync(folder, { recursive: true, force: true })
}
process.exit(lost === 0 ? 0 : 1)

/** Puts the figures into the page. */
function write (tables, closing) {
  const file = new URL('../../docs/fleet.md', import.meta.url)
  const cell = value => typeof value === 'number' ? value.toFixed(value < 100 ? 1 : 0) : value
  const drawn = tables.map(([head, rows]) => [head, head.map((_, i) => i === 0 ? '---' : '--:'), ...rows].map(row => `| ${row.map(cell).join(' | ')} |`).join('\n'))
  const machine = `${count} gateways, the server and the publisher on one machine with ${availableParallelism()} processors, which bounds the first rows; Node ${process.version}; a set of 20 rules.`
  const text = readFileSync(file, 'utf8')
  writeFileSync(file, text.replace(/(<!-- bench -->\n)[\s\S]*?(<!-- end of bench -->)/, (_, start, end) => `${start}${machine} ${closing}.\n\n${drawn.join('\n\n')}\n${end}`))
}
