// Three NATS servers of a test that keep everything three times, so that one of them may be lost.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { Kvm } from '@nats-io/kv'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import type { Test } from 'tap'
import { findProgram, removeScratch, scratch, start, type Running } from '../browsers/process.ts'
import { freePort } from './nginx.ts'

/** One of the servers. It lets everybody in. */
export interface Member {
  readonly name: string
  readonly url: string
  start (): Promise<void>
  /** Ends it at once, as a crash does; what is stored stays. */
  kill (): Promise<void>
}

/** The servers, with the buckets `cors-policies` and `cors-policies-status` of three replicas. */
export interface Cluster {
  readonly members: readonly Member[]
  /** The one by which a bucket is written, as one of the servers sees it; null while they have not agreed. */
  readonly leaderOf: (bucket: string, seenBy: Member) => Promise<Member | null>
}

export async function startCluster (t: Test): Promise<Cluster> {
  const program = findProgram(['nats-server', '/usr/sbin/nats-server'], 'nats-server')
  const folder = scratch('nats-cluster')
  const names = ['n1', 'n2', 'n3']
  const ports = await portsFor(names)
  const routes = names.map(name => `nats://127.0.0.1:${ports[name]!.cluster}`).join(', ')
  const members = names.map((name): Member => {
    const [configuration, store, { client, cluster }] = [join(folder, `${name}.conf`), join(folder, name), ports[name]!]
    writeFileSync(configuration, `
      server_name: ${name}
      listen: 127.0.0.1:${client}
      jetstream { store_dir: "${store}" }
      cluster { name: test, listen: 127.0.0.1:${cluster}, routes: [${routes}] }
    `)
    mkdirSync(store)
    let running: Running | null = null
    return {
      name,
      url: `nats://127.0.0.1:${client}`,
      start: async () => { running = await start({ program, args: ['-c', configuration], ready: /Server is ready/ }) },
      kill: async () => {
        await running?.end()
        running = null
      }
    }
  })
  t.teardown(async () => {
    for (const member of members) await member.kill()
    removeScratch(folder)
  })
  await Promise.all(members.map(member => member.start()))
  await makeBuckets(members[0]!)
  return { members, leaderOf: (bucket, seenBy) => leaderOf(members, bucket, seenBy) }
}

async function portsFor (names: readonly string[]): Promise<Record<string, { readonly client: number, readonly cluster: number }>> {
  const each: [string, { client: number, cluster: number }][] = []
  for (const name of names) each.push([name, { client: await freePort(), cluster: await freePort() }])
  return Object.fromEntries(each)
}

/** Makes the buckets, as an operator does beforehand, as soon as the servers have found each other. */
async function makeBuckets (member: Member): Promise<void> {
  for (const end = performance.now() + 60_000; ;) {
    try {
      return await withConnection(member, async connection => {
        const kvm = new Kvm(jetstream(connection, { timeout: 10_000 }))
        await kvm.create('cors-policies', { history: 10, replicas: 3 })
        await kvm.create('cors-policies-status', { history: 1, replicas: 3 })
      })
    } catch (error) {
      if (performance.now() > end) throw error
      await sleep(200)
    }
  }
}

async function leaderOf (members: readonly Member[], bucket: string, seenBy: Member): Promise<Member | null> {
  try {
    return await withConnection(seenBy, async connection => {
      const { streams } = await jetstreamManager(connection, { checkAPI: false, timeout: 2_000 })
      const { cluster } = await streams.info(`KV_${bucket}`)
      return members.find(({ name }) => name === cluster?.leader) ?? null
    })
  } catch {
    // Nobody answers for a bucket that has no leader.
    return null
  }
}

async function withConnection<T> ({ url }: Member, use: (connection: NatsConnection) => Promise<T>): Promise<T> {
  const connection = await connect({ servers: url, tls: null })
  try {
    return await use(connection)
  } finally {
    await connection.close()
  }
}
