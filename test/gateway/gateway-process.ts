// A gateway as a process of its own, which tells how much memory it takes at most.
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { startGateway, type GatewayOptions } from '../../src/gateway/gateway.ts'
import { memorySource } from '../../src/index.ts'
import { everyPath } from './lab.ts'

type ProcessOptions = Pick<GatewayOptions, 'upstreams' | 'tls' | 'limits'>

/** A running process. */
export interface GatewayProcess {
  readonly port: number
  /** Megabytes by which its resident memory has grown at its peak, since the last time that this was asked. */
  growth (): Promise<number>
}

/** Starts a gateway with the policy that lets the shop do everything. */
export async function startGatewayProcess (t: Test, options: ProcessOptions): Promise<GatewayProcess> {
  const child = fork(fileURLToPath(import.meta.url), [JSON.stringify(options)], { execArgv: process.execArgv })
  t.teardown(() => { child.kill() })
  const port = await answerOf(child, 'port')
  return { port, growth: () => answerOf(child, 'growth') }
}

async function answerOf (child: ChildProcess, question: string): Promise<number> {
  child.send(question)
  return (await once(child, 'message') as [number])[0]
}

async function serve (options: ProcessOptions): Promise<void> {
  const questions: string[] = []
  process.on('message', question => { questions.push(String(question)) })
  const gateway = await startGateway({
    ...options,
    plugin: { policies: memorySource([{ name: 'a.yaml', text: everyPath }]), watch: false },
    listen: { host: '127.0.0.1', port: 0 },
    admin: null,
    logger: false
  })
  let start = process.memoryUsage.rss()
  let peak = start
  setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss())
    for (const question of questions.splice(0)) {
      process.send!(question === 'port' ? Number(new URL(gateway.url).port) : Math.round((peak - start) / 1024 / 1024))
      start = peak = process.memoryUsage.rss()
    }
  }, 10)
  process.on('disconnect', () => { process.exit() })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await serve(JSON.parse(process.argv[2]!) as ProcessOptions)
