// An application with the plugin, measured from inside: started by the bench as a process of its own.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import Fastify from 'fastify'
import corsGateway, { memorySource } from '../../dist/index.js'

/** `rules` rules, and as many origins if they are many; another number, another set. */
export function largeSet (rules, number) {
  const files = []
  for (let from = 0; from < rules; from += 500) {
    const lines = Array.from({ length: Math.min(500, rules - from) }, (_, i) => from + i).map(i => `  - name: rule-${i}
    routes: [/service-${i}/**]
    allowOrigins: ["https://app-${i}.example.com"]
    allowMethods: [GET, PUT]
    allowHeaders: [content-type]
    exposeHeaders: [x-set-${number}]
    maxAge: 10m
`)
    files.push({ name: `rules-${from}.yaml`, text: `version: 1\nrules:\n${lines.join('')}` })
  }
  return files
}

const heapNow = async () => {
  for (let i = 0; i < 4; i++) {
    globalThis.gc()
    await nextTurn()
  }
  return process.memoryUsage().heapUsed / 2 ** 20
}

const delay = monitorEventLoopDelay({ resolution: 1 })
const before = await heapNow()
const source = memorySource(largeSet(Number(process.argv[2]), 0))
const start = performance.now()
// A set of 10,000 rules may take longer than Fastify's ten seconds on a busy machine.
const app = Fastify({ pluginTimeout: 0 })
await app.register(corsGateway, { policies: source })
app.get('/*', async () => 'hello')
await app.ready()
const loaded = { ms: performance.now() - start, heap: await heapNow() - before }
await app.listen({ host: '127.0.0.1', port: 0 })

/** Sets another set and waits until it runs. Memory sources are told at once, so the reading is under way already. */
async function reloadTo (rules, number) {
  source.set(largeSet(rules, number))
  return await app.corsGateway.reload()
}

/** Another thread that is busy, in place of the one that prepares sets: what two threads on few processors cost by themselves. */
async function withBusyThread (milliseconds) {
  const worker = new Worker('for (;;) JSON.parse(JSON.stringify(Array(5000).fill({ a: 1 })))', { eval: true })
  await sleep(milliseconds)
  await worker.terminate()
}

let number = 0
const tasks = {
  url: async () => ({ port: app.server.address().port, loaded }),
  /** The event loop's delay over some time in which a set of so many rules is loaded over and over; 0 rules: no reload. */
  delay: async ({ milliseconds, rules, busy = false }) => {
    // Made beforehand: the texts are not the gateway's work.
    const sets = [largeSet(rules, ++number), largeSet(rules, ++number)]
    if (rules > 0) await reloadTo(rules, ++number)
    await sleep(200)
    delay.reset()
    delay.enable()
    let reloads = 0
    if (busy) {
      await withBusyThread(milliseconds)
    } else if (rules === 0) {
      await sleep(milliseconds)
    } else {
      for (const end = performance.now() + milliseconds; performance.now() < end; reloads++) {
        source.set(sets[reloads % 2])
        await app.corsGateway.reload()
        // A small set is built without one turn of the event loop; files don't change that fast.
        await sleep(20)
      }
    }
    delay.disable()
    return { p50: delay.percentile(50) / 1e6, p99: delay.percentile(99) / 1e6, max: delay.max / 1e6, reloads }
  },
  heap: async ({ rules, times }) => {
    for (let i = 0; i < times; i++) {
      const { ok } = await reloadTo(rules, ++number)
      if (!ok) throw new Error('the set is not valid')
    }
    return { heap: await heapNow(), generation: app.corsGateway.snapshot.generation }
  },
  end: async () => { await app.close(); process.disconnect() }
}

process.on('message', async message => {
  const answer = await tasks[message.kind](message)
  if (process.connected) process.send(answer ?? null)
})
