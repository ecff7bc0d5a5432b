// Figures of hot reload: how soon a change decides, what a large one does to requests meanwhile, and what is left of it.
import { mkdtempSync, rmSync } from 'node:fs'
import { Agent, get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { fileURLToPath } from 'node:url'
import { Disk, ways } from '../soak/changes.mjs'
import { numberedSet, steadyOrigin } from '../soak/numbered.mjs'
import { GatewayProgram, Program } from '../soak/program.mjs'
import { seeded } from '../soak/random.mjs'
import { quantile, table } from './figures.mjs'

const { values } = parseArgs({
  options: {
    repeat: { type: 'string', default: '20' },
    reloads: { type: 'string', default: '5000' },
    seconds: { type: 'string', default: '10' },
    only: { type: 'string', default: 'latency,loop,heap,load' }
  }
})
const [repeat, reloads, milliseconds] = [Number(values.repeat), Number(values.reloads), Number(values.seconds) * 1000]
const agent = new Agent({ keepAlive: true, maxSockets: 16 })

function ask (url, headers) {
  return new Promise((resolve, reject) => {
    get(url, { agent, headers }, response => {
      response.resume()
      response.on('end', () => resolve(response.headers))
    }).on('error', reject)
  })
}

/** Milliseconds from the end of a change to the first answer of the new set. */
async function latencyOf (gateway, number) {
  const start = performance.now()
  const url = `${gateway.url}/alpha/x`
  while ((await ask(url, { origin: steadyOrigin }))['access-control-expose-headers'] !== `x-set-${number}`) {
    if (performance.now() - start > 20_000) throw new Error(`set ${number} does not run after 20 s`)
    await sleep(1)
  }
  return performance.now() - start
}

async function measureLatency () {
  const rows = []
  for (const rules of [0, 1000]) {
    for (const name of ['written in place', 'written in pieces', 'written aside and renamed', 'a checkout of many files', 'removed and made again',
      'another directory renamed in', 'a linked root swapped', 'a ConfigMap swapped']) {
      if (rules > 0 && name === 'written in pieces') continue
      rows.push(await latencyRow(name, rules))
    }
  }
  console.log(`\nFrom the last write to the first answer of the new set (ms), ${repeat} times each:\n`)
  console.log(table(['change', 'rules', 'p50', 'p99', 'longest'], rows))
}

async function latencyRow (name, rules) {
  const root = mkdtempSync(join(tmpdir(), 'bench-'))
  const disk = new Disk(root)
  const random = seeded(1)
  let number = 1
  const newSet = () => numberedSet(number, { guarded: !ways[name].isAtomic, rules, ...name === 'a checkout of many files' && { files: 50 } })
  for (const [file, text] of newSet().files) disk.write(file, text)
  const gateway = await GatewayProgram.start(disk.directory, () => {})
  const times = []
  try {
    await sleep(1000)
    for (let i = 0; i < repeat; i++) {
      number++
      await ways[name].change(disk, newSet(), random)
      times.push(await latencyOf(gateway, number))
      // In no step with the slow look at the files.
      await sleep(random.between(50, 700))
    }
  } finally {
    await gateway.end('SIGTERM')
    rmSync(root, { recursive: true, force: true })
  }
  return [name, String(newSet().files.size > 50 && rules === 0 ? 53 : 3 + rules + (name === 'a checkout of many files' ? 50 : 0)),
    quantile(times, 0.5), quantile(times, 0.99), Math.max(...times)]
}

const appPath = fileURLToPath(new URL('./app.mjs', import.meta.url))

async function withApp (rules, use) {
  const app = new Program(['--expose-gc'], [appPath, String(rules)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  try {
    const { port, loaded } = await app.ask({ kind: 'url' })
    return await use(app, port, loaded)
  } finally {
    if (app.child.connected) app.child.send({ kind: 'end' })
    await app.end('SIGTERM')
  }
}

/** Asks over 8 kept connections until it is told to stop, and gives the times of the answers. */
function load (port) {
  const times = []
  let isEnding = false
  const url = `http://127.0.0.1:${port}/service-1/x`
  const askers = Array.from({ length: 8 }, async () => {
    while (!isEnding) {
      const start = performance.now()
      await ask(url, { origin: 'https://app-1.example.com' })
      times.push(performance.now() - start)
      await sleep(5)
    }
  })
  return async () => {
    isEnding = true
    await Promise.all(askers)
    return times
  }
}

async function measureLoop () {
  const rows = await withApp(10, async (app, port) => {
    const found = []
    for (const [name, isLoaded, task] of [
      ['idle, no requests', false, { rules: 0 }],
      ['requests, no reload', true, { rules: 0 }],
      ['requests, another thread is busy with something else', true, { rules: 0, busy: true }],
      ['requests, 10 rules load', true, { rules: 10 }],
      ['requests, 1,000 rules load', true, { rules: 1000 }],
      ['requests, 10,000 rules load', true, { rules: 10_000 }]
    ]) {
      const stop = isLoaded ? load(port) : null
      const { p50, p99, max, reloads } = await app.ask({ kind: 'delay', milliseconds, ...task })
      const times = await stop?.() ?? []
      found.push([name, String(reloads), p50, p99, max, String(times.length), ...quantiles(times)])
    }
    return found
  })
  console.log(`\nDelay of the event loop (ms, monitorEventLoopDelay at 1 ms) and time to answer, ${values.seconds} s each, reloads one after the other:\n`)
  console.log(table(['state', 'reloads', 'p50', 'p99', 'max', 'requests', 'p50', 'p99', 'max'], rows))
}

const quantiles = times => times.length === 0 ? ['', '', ''] : [quantile(times, 0.5), quantile(times, 0.99), Math.max(...times)]

async function measureHeap () {
  const rows = await withApp(10, async app => {
    const found = []
    for (const times of [1, Math.round(reloads / 2), reloads - Math.round(reloads / 2) - 1]) {
      const { heap, generation } = await app.ask({ kind: 'heap', rules: 10, times })
      found.push([String(generation - 1), heap])
    }
    return found
  })
  console.log('\nHeap in use after reloads of a set of 10 rules (MiB, collected):\n')
  console.log(table(['reloads', 'heap'], rows))
}

async function measureLoad () {
  const rows = []
  for (const rules of [10, 1000, 10_000]) {
    await withApp(rules, async (_app, _port, { ms, heap }) => { rows.push([String(rules), ms, heap]) })
  }
  console.log('\nFrom registration to ready with a set of so many rules and as many origins (ms), and the heap that stays (MiB, texts included):\n')
  console.log(table(['rules', 'ms', 'heap'], rows))
}

const measurements = { latency: measureLatency, loop: measureLoop, heap: measureHeap, load: measureLoad }
console.log(`Node ${process.version}, ${(await import('node:os')).availableParallelism()} processors`)
for (const name of values.only.split(',')) await measurements[name]()
agent.destroy()
