// The soak: files change in every way and requests never stop, for minutes; not one answer may be wrong, and nothing may grow.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Disk, faults as spoilings, touch, ways } from './changes.mjs'
import { Journal } from './journal.mjs'
import { numberedSet } from './numbered.mjs'
import { GatewayProgram, startLoad } from './program.mjs'
import { seeded } from './random.mjs'
import { Trend } from './trend.mjs'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '2' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    connections: { type: 'string', default: '8' },
    pause: { type: 'string', default: '8' }
  }
})
const duration = Number(values.minutes) * 60_000
const random = seeded(Number(values.seed))
/** A change that doesn't run after so many milliseconds is lost. */
const patience = 20_000

/** One run: the disk, the gateway, the load, and what was seen. */
class Soak {
  passed = 0
  faults = []
  changes = new Map()
  heap = new Trend('heap', 'MiB', 3)
  descriptors = new Trend('file descriptors', '', 6)
  watches = new Trend('inotify watches', '', 6)
  resident = new Trend('resident memory', 'MiB', Infinity)
  #revisions = new Set()
  #number = 0
  #journal = new Journal(this.#revisions)

  constructor (root) {
    this.disk = new Disk(root)
  }

  check (isTrue, text) {
    if (isTrue) this.passed++
    else this.faults.push(text)
  }

  newSet (options) {
    const set = numberedSet(++this.#number, options)
    this.#revisions.add(set.revision)
    return set
  }

  async start () {
    this.current = this.newSet()
    for (const [name, text] of this.current.files) this.disk.write(name, text)
    this.gateway = await GatewayProgram.start(this.disk.directory, line => this.#journal.read(line))
    this.load = startLoad(this.gateway.url, { seed: values.seed, connections: values.connections, pause: values.pause })
    await this.load.ask({ kind: 'begin', number: this.current.number })
  }

  /** Waits until the gateway says so by itself, without being asked to reload. */
  async awaitStatus (isReached, what) {
    const start = performance.now()
    for (;;) {
      const status = await this.gateway.status()
      const took = performance.now() - start
      if (isReached(status) || took > patience) {
        const { state, revision, lastAttempt: { at, ok } } = status
        this.check(took <= patience, `${what}: not after ${patience} ms; the gateway: ${state}, revision ${revision}, last attempt ${at} ${ok ? 'good' : 'bad'}`)
        return took
      }
      await sleep(20)
    }
  }

  note (what, took) {
    const times = this.changes.get(what) ?? []
    times.push(took)
    this.changes.set(what, times)
  }

  async write (name, makeSet = () => this.newSet(optionsFor(ways[name]))) {
    this.current = makeSet()
    await this.load.ask({ kind: 'begin', number: this.current.number })
    await ways[name].change(this.disk, this.current, random)
  }

  async settle (what) {
    const { revision, number } = this.current
    this.note(what, await this.awaitStatus(status => status.revision === revision && status.state === 'ok', `${what}: set ${number}, revision ${revision}`))
    await this.load.ask({ kind: 'settled' })
  }

  async changeOnce () {
    const name = random.pick(Object.keys(ways))
    await this.write(name)
    // Now and then the next change comes before this one runs.
    if (random.chance(0.25)) {
      await sleep(random.between(0, 400))
      this.note(`${name}, overtaken`, NaN)
      return
    }
    await this.settle(name)
  }

  async burst () {
    const count = random.between(3, 25)
    for (let i = 0; i < count; i++) {
      await this.write('written aside and renamed', () => this.newSet())
      await sleep(random.between(0, 40))
    }
    await this.settle('a burst of saves')
  }

  async spoil () {
    await this.settle('settled before a fault')
    const name = random.pick(Object.keys(spoilings))
    const mend = spoilings[name](this.disk)
    this.note(name, await this.awaitStatus(({ state }) => state === 'degraded', `${name} is noticed`))
    await sleep(random.pick([0, 100, 1000]))
    const { revision } = await this.gateway.status()
    this.check(revision === this.current.revision, `${name}: revision ${revision} runs instead of ${this.current.revision}`)
    mend()
    await this.settle('mended')
  }

  async touchAll () {
    await this.settle('settled before a touch')
    const { generation } = await this.gateway.status()
    touch(this.disk)
    await sleep(600)
    const after = await this.gateway.status()
    this.check(after.generation === generation && after.state === 'ok', `touched: generation ${generation} became ${after.generation}, ${after.state}`)
    this.note('only touched', NaN)
  }

  async askForReload () {
    if (random.chance(0.5)) {
      this.gateway.child.kill('SIGHUP')
    } else {
      const response = await fetch(`${this.gateway.admin}/api/reload`, { method: 'POST' })
      this.check(response.status === 200 || response.status === 422, `POST /api/reload: ${response.status}`)
      await response.text()
    }
    this.note('reload asked for', NaN)
  }

  /** Always with a small set that runs, so that the figures can be compared. */
  async measure () {
    if (this.current.isLarge) await this.write('written in place', () => this.newSet())
    await this.settle('settled before a measurement')
    this.heap.add((await this.gateway.ask({ kind: 'heap' })).heap / 2 ** 20)
    const looks = []
    for (let i = 0; i < 4; i++) {
      looks.push(this.gateway.handles())
      await sleep(50)
    }
    // Files that a look at the directory holds open for a moment are no leak.
    for (const key of ['descriptors', 'watches', 'resident']) this[key].add(Math.min(...looks.map(look => look[key])))
  }

  async finish () {
    await this.write('written in place', () => this.newSet())
    await this.settle('the final set')
    await sleep(1_000)
    const { counts, faults } = await this.load.ask({ kind: 'end' })
    this.check(faults.length === 0, faults.join('\n'))
    this.passed += counts.requests - counts.failed - counts.wrong
    this.check(counts.requests > 0 && counts.allowed > 0 && counts.denied > 0 && counts.preflights > 0, `hardly any load: ${JSON.stringify(counts)}`)
    const { state, revision } = await this.gateway.status()
    this.check(state === 'ok' && revision === this.current.revision, `in the end ${revision}, ${state} runs, and ${this.current.revision} is on the disk`)
    const exit = await this.gateway.end('SIGTERM')
    this.check(exit === 0, `SIGTERM: exit ${exit}`)
    for (const line of this.#journal.faults) this.check(false, line)
    for (const trend of [this.heap, this.descriptors, this.watches]) this.check(trend.isFlat, trend.text)
    return { load: counts, log: this.#journal.counts }
  }

  async stop () {
    await this.load?.end('SIGKILL')
    await this.gateway?.end('SIGKILL')
  }
}

function optionsFor ({ isAtomic = false, more, rules }) {
  const upTo = most => most === undefined ? 0 : random.between(5, most)
  return { guarded: !isAtomic, files: upTo(more), rules: upTo(rules) }
}

const steps = [
  [14, soak => soak.changeOnce()],
  [2, soak => soak.burst()],
  [5, soak => soak.spoil()],
  [1, soak => soak.touchAll()],
  [2, soak => soak.askForReload()],
  [4, soak => soak.measure()]
].flatMap(([weight, step]) => Array(weight).fill(step))

function quantile (times, share) {
  const sorted = times.filter(time => !Number.isNaN(time)).sort((a, b) => a - b)
  return sorted.length === 0 ? '' : Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))])
}

function print (soak, summary) {
  console.log('\nchange                                    times   runs after: median, longest (ms)')
  for (const [name, times] of [...soak.changes].sort()) {
    console.log(`${name.padEnd(40)} ${String(times.length).padStart(6)} ${String(quantile(times, 0.5)).padStart(12)} ${String(quantile(times, 1)).padStart(8)}`)
  }
  console.log()
  for (const trend of [soak.heap, soak.descriptors, soak.watches, soak.resident]) console.log(trend.text)
  if (summary !== null) console.log(`requests ${JSON.stringify(summary.load)}\nlog ${JSON.stringify(summary.log)}`)
  for (const text of soak.faults) console.log(`FAULT ${text}`)
}

async function main () {
  console.log(`seed ${values.seed}, ${values.minutes} minutes, ${values.connections} connections (again: npm run soak -- --seed ${values.seed} --minutes ${values.minutes})`)
  const root = mkdtempSync(join(tmpdir(), 'soak-'))
  const soak = new Soak(root)
  let summary = null
  // Nothing may keep it for ever, whatever hangs.
  const watchdog = setTimeout(() => {
    console.log('FAULT the soak hangs\n0 passed, 1 failed')
    soak.gateway?.child.kill('SIGKILL')
    soak.load?.child.kill('SIGKILL')
    process.exit(1)
  }, duration + 120_000)
  try {
    await soak.start()
    const end = performance.now() + duration
    while (performance.now() < end) await random.pick(steps)(soak)
    summary = await soak.finish()
  } catch (error) {
    soak.faults.push(error.stack)
  } finally {
    await soak.stop()
    clearTimeout(watchdog)
    rmSync(root, { recursive: true, force: true })
  }
  print(soak, summary)
  console.log(`${soak.passed} passed, ${soak.faults.length} failed`)
  process.exitCode = soak.faults.length === 0 ? 0 : 1
}

await main()
