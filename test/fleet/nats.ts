// A NATS server of a test: JetStream in a folder of its own, a user for whoever publishes and one for gateways.
import { randomUUID } from 'node:crypto'
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import type { Test } from 'tap'
import { findProgram, removeScratch, scratch, start, type Running } from '../browsers/process.ts'
import type { NatsOptions } from '../../src/source/nats/client.ts'
import { freePort, makeAuthority } from './nginx.ts'

/** The server, with the buckets `cors-policies` and `cors-policies-status` where somebody makes them. */
export interface Nats {
  /** `nats://127.0.0.1:PORT`, or `tls:` where it was started so. */
  readonly url: string
  readonly port: number
  /** What whoever publishes connects with, and may do: everything with the two buckets. */
  readonly publisher: NatsOptions
  /** What gateways connect with, and may do: read the policies, and write statuses. */
  readonly gateway: NatsOptions
  /** The same two as options of a command. */
  readonly publisherFlags: readonly string[]
  readonly gatewayFlags: readonly string[]
  /** Ends it at once, as a crash does; what is stored stays. */
  kill (): Promise<void>
  start (): Promise<void>
  /** Removes all that is stored, of a server that was killed. */
  wipe (): void
  /** Copies all that is stored, of a server that was killed. The result puts it back, of a server that was killed as well. */
  copy (): () => void
  /** Removes buckets of the server that runs, unless named the two. */
  removeBuckets (...names: readonly string[]): Promise<void>
  /** Sends it a signal, such as SIGSTOP. */
  signal (signal: NodeJS.Signals): void
}

/** What a test may want otherwise. */
export interface NatsSettings {
  readonly tls?: boolean
  /** Bytes a message; the server's default is 1 MiB. */
  readonly maxPayload?: number
  /** What the configuration says of whom it lets in; else the two users. */
  readonly trust?: string
  /** Whether clients have to show a certificate of the private authority. */
  readonly verify?: boolean
}

export async function startNats (
  t: Test, { tls = false, maxPayload = 1_048_576, trust = authorization, verify = false }: NatsSettings = {}
): Promise<Nats> {
  const program = findProgram(['nats-server', '/usr/sbin/nats-server'], 'nats-server')
  const folder = scratch('nats')
  const [port, store, pidFile] = [await freePort(), join(folder, 'store'), join(folder, 'nats.pid')]
  const caFile = tls ? await makeAuthority(folder) : null
  writeFileSync(join(folder, 'nats.conf'), `
    listen: 127.0.0.1:${port}
    pid_file: "${pidFile}"
    max_payload: ${maxPayload}
    jetstream { store_dir: "${store}" }
    ${tls ? `tls { cert_file: "${folder}/server.crt", key_file: "${folder}/server.key"${verify ? `, verify: true, ca_file: "${folder}/ca.crt"` : ''} }` : ''}
    ${trust}
  `)
  const as = (user: string): NatsOptions & { user: string, passwordFile: string } => {
    const passwordFile = join(folder, `${user}.password`)
    writeFileSync(passwordFile, `${user}-secret\n`)
    const client = verify ? { certFile: join(folder, 'server.crt'), keyFile: join(folder, 'server.key') } : {}
    return { user, passwordFile, ...caFile !== null && { caFile }, ...client }
  }
  const passwords = { PUBLISHER_PASSWORD: 'publisher-secret', GATEWAY_PASSWORD: 'gateway-secret' }
  const [publisher, gateway] = [as('publisher'), as('gateway')]
  const flags = ({ user, passwordFile }: { user: string, passwordFile: string }): string[] =>
    ['--user', user, '--password-file', passwordFile, ...caFile === null ? [] : ['--ca-file', caFile]]
  let running: Running | null = null
  const nats: Nats = {
    url: `${tls ? 'tls' : 'nats'}://127.0.0.1:${port}`,
    port,
    publisher,
    gateway,
    publisherFlags: flags(publisher),
    gatewayFlags: flags(gateway),
    start: async () => {
      mkdirSync(store, { recursive: true })
      running = await start({ program, args: ['-c', join(folder, 'nats.conf')], env: passwords, ready: /Server is ready/ })
    },
    kill: async () => {
      await running?.end()
      running = null
    },
    wipe: () => { rmSync(store, { recursive: true, force: true }) },
    copy: () => {
      const copy = join(folder, `copy-${randomUUID()}`)
      cpSync(store, copy, { recursive: true })
      return () => {
        nats.wipe()
        cpSync(copy, store, { recursive: true })
      }
    },
    removeBuckets: async (...names) => {
      const connection = await connect({ port, user: 'operator', pass: 'operator-secret', tls: null })
      const { streams } = await jetstreamManager(connection)
      for (const name of names.length > 0 ? names : ['cors-policies', 'cors-policies-status']) await streams.delete(`KV_${name}`)
      await connection.close()
    },
    signal: signal => { process.kill(Number(readFileSync(pidFile, 'utf8')), signal) }
  }
  t.teardown(async () => {
    await nats.kill()
    removeScratch(folder)
  })
  await nats.start()
  return nats
}

/** Whom a server lets in, and what they may do, as docs/fleet.md has it; and an operator for what happens behind their backs. */
const authorization = readFileSync(join(import.meta.dirname, '../../docs/fleet.md'), 'utf8')
  .match(/^authorization \{\n[\s\S]*?^\}$/m)![0]
  .replace('users: [', 'users: [\n{ user: operator, password: operator-secret }')
