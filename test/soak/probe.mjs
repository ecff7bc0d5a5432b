// Loaded into the gateway's process before its program: tells the process that started it about the heap and the event loop.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { isMainThread } from 'node:worker_threads'

if (isMainThread && process.channel !== undefined) {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  process.on('message', async ({ kind }) => {
    const { max } = delay
    const [p50, p99] = [delay.percentile(50), delay.percentile(99)]
    if (kind === 'reset') delay.reset()
    for (let i = 0; kind === 'heap' && i < 3; i++) {
      globalThis.gc()
      await nextTurn()
    }
    process.send({ heap: process.memoryUsage().heapUsed, delay: { p50: p50 / 1e6, p99: p99 / 1e6, max: max / 1e6 } })
  })
  // It must end as if nobody listened.
  process.channel.unref()
}
