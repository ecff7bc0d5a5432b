// Gateways of a fleet as processes of their own, and what a browser would get of each.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import type { SourceText } from '../../src/diagnostic/span.ts'
import type { Status } from '../../src/source/keeper.ts'
import { start, type Program } from '../cli/run.ts'
import { freshDirectory } from '../source/lab.ts'
import type { Nats } from './nats.ts'

const shop = 'https://shop.example.com'

/** A policy set whose answers tell its name. */
export function namedSet (name: string): SourceText {
  return { name: 'shop.yaml', text: `version: 1\nrules:\n  - name: shop\n    routes: [/**]\n    allowOrigins: [${shop}]\n    exposeHeaders: [x-set-${name}]\n` }
}

/** A gateway that runs. */
export interface FleetGateway {
  readonly name: string
  readonly program: Program
  /** The name of the set that decides: what a page of the shop is granted tells it, and another page is granted nothing. */
  set (): Promise<string>
  status (): Promise<Status>
  /** What it says of what it was given and does not take. */
  complaint (): Promise<string>
}

/** How a gateway differs from the others. */
export interface GatewaySettings {
  /** Where it finds the server; a link to it, say. */
  readonly port?: number
  readonly publicKeyFile?: string
  readonly lastKnownGood?: string
}

/** Writes the configuration of a gateway. */
export function configurationOf (t: Test, nats: Nats, name: string, settings: GatewaySettings = {}): string {
  const { port = nats.port, publicKeyFile, lastKnownGood } = settings
  const { user, passwordFile } = nats.gateway
  const path = join(freshDirectory(t), 'gateway.yaml')
  const policies = { url: `nats://127.0.0.1:${port}`, user, passwordFile, instance: name, ...publicKeyFile !== undefined && { publicKeyFile } }
  const whole = { version: 1, listen: '127.0.0.1:0', admin: { listen: '127.0.0.1:0' }, policies, ...lastKnownGood !== undefined && { lastKnownGood } }
  writeFileSync(path, JSON.stringify(whole))
  return path
}

export async function startGateway (t: Test, nats: Nats, name: string, settings: GatewaySettings = {}): Promise<FleetGateway> {
  const program = start('serve', '--config', configurationOf(t, nats, name, settings))
  t.teardown(async () => {
    program.child.kill('SIGKILL')
    await program.ended
  })
  const [, url] = await program.find(/listens on (http:\S+),/)
  const [, admin] = await program.find(/console +(http:\S+)\//)
  const status = async (): Promise<Status> => await (await fetch(`${admin}/api/status`)).json() as Status
  return {
    name,
    program,
    set: () => setAt(url!),
    status,
    complaint: async () => (await status()).rejected?.diagnostics[0]?.message ?? ''
  }
}

async function setAt (url: string): Promise<string> {
  const [granted, exposed] = await ask(url, shop)
  const [foreign] = await ask(url, 'https://evil.example')
  return granted === shop && foreign === null ? exposed?.replace('x-set-', '') ?? 'no set' : `${granted} and ${foreign} are granted`
}

async function ask (url: string, origin: string): Promise<[granted: string | null, exposed: string | null]> {
  const response = await fetch(`${url}/cart`, { headers: { origin } })
  await response.arrayBuffer()
  return [response.headers.get('access-control-allow-origin'), response.headers.get('access-control-expose-headers')]
}

/** Asks gateways without end. The result ends that, and gives the sets that answered, one after the other, by gateway. */
export function follow (gateways: readonly FleetGateway[]): () => Promise<Record<string, string[]>> {
  let isEnding = false
  const all = Promise.all(gateways.map(async gateway => {
    const sets: string[] = []
    for (let isLast = false; !isLast; await sleep(20)) {
      isLast = isEnding
      const set = await gateway.set().catch((error: unknown) => String(error))
      if (set !== sets.at(-1)) sets.push(set)
    }
    return [gateway.name, sets] as const
  }))
  return async () => {
    isEnding = true
    return Object.fromEntries(await all)
  }
}

/** Waits until all of them are so. The patience is generous, since time is never what a test asserts. */
export async function untilAll (gateways: readonly FleetGateway[], isSo: (gateway: FleetGateway) => Promise<boolean>): Promise<boolean> {
  for (const end = performance.now() + 90_000; performance.now() < end; await sleep(50)) {
    if ((await Promise.all(gateways.map(isSo))).every(Boolean)) return true
  }
  return false
}
