// What the bench of a fleet stands on: a NATS server, gateways as processes, and somebody who hears what each tells of itself.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'

const children = new Set()
process.on('exit', () => { for (const child of children) child.kill('SIGKILL') })
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => { process.exit(1) })

/** Starts a program that does not outlive this one. */
function launch (program, args, env = {}) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } })
  children.add(child)
  child.once('exit', () => { children.delete(child) })
  return child
}

async function kill (child) {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill('SIGKILL')
  await exit
}

async function freePort () {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

/** The texts of the set of a number: 20 rules, whose answers tell it. */
export function textsOf (number) {
  const rules = Array.from({ length: 20 }, (_, i) => ({
    name: `rule-${i}`, routes: [i === 0 ? '/**' : `/service-${i}/**`], allowOrigins: ['https://shop.example.com', `https://app-${i}.example.com`],
    allowMethods: ['GET', 'PUT'], allowHeaders: ['content-type'], exposeHeaders: [`x-set-${number}`]
  }))
  return [{ name: 'all.yaml', text: JSON.stringify({ version: 1, rules }, null, 1) }]
}

/** Who may do what, as the page has it. */
const authorization = readFileSync(new URL('../../docs/fleet.md', import.meta.url), 'utf8').match(/^authorization \{\n[\s\S]*?^\}$/m)[0]

/** A server with the users of the page, and an operator who may do anything. */
export class Server {
  port
  url
  publisher
  gateway
  #folder
  #child = null

  static async start (folder) {
    const server = new Server()
    server.#folder = folder
    server.port = await freePort()
    server.url = `nats://127.0.0.1:${server.port}`
    for (const user of ['publisher', 'gateway']) {
      writeFileSync(join(folder, `${user}.password`), user)
      server[user] = { user, passwordFile: join(folder, `${user}.password`) }
    }
    const users = authorization.replace('users: [', 'users: [\n{ user: operator, password: operator }')
    writeFileSync(join(folder, 'nats.conf'), `listen: 127.0.0.1:${server.port}\njetstream { store_dir: "${join(folder, 'store')}" }\n${users}\n`)
    await server.start()
    return server
  }

  /** Resolves when it takes connections. */
  async start () {
    const child = launch('nats-server', ['-c', join(this.#folder, 'nats.conf')], { PUBLISHER_PASSWORD: 'publisher', GATEWAY_PASSWORD: 'gateway' })
    this.#child = child
    for await (const line of createInterface({ input: child.stderr })) if (line.includes('Server is ready')) break
    child.stderr.resume()
    if (child.exitCode !== null) throw new Error('nats-server did not start')
  }

  kill () {
    return kill(this.#child)
  }

  wipe () {
    rmSync(join(this.#folder, 'store'), { recursive: true })
  }
}

const bin = fileURLToPath(new URL('../../dist/cli/bin.js', import.meta.url))

/** A gateway as it is installed, in front of its own echo upstream. */
export class Gateway {
  url = ''
  admin = ''
  child

  /** `settings` are those of a gateway.yaml. */
  static async start (folder, name, settings) {
    const gateway = new Gateway()
    const file = join(folder, `${name}.yaml`)
    writeFileSync(file, JSON.stringify({ version: 1, listen: '127.0.0.1:0', admin: { listen: '127.0.0.1:0' }, ...settings }))
    const child = launch(process.execPath, [bin, 'serve', '--config', file])
    child.stderr.resume()
    for await (const line of createInterface({ input: child.stdout })) {
      gateway.url ||= /listens on (\S+?),/.exec(line)?.[1] ?? ''
      gateway.admin = /console\s+(http:\S+)\//.exec(line)?.[1] ?? ''
      if (gateway.admin !== '') break
    }
    if (gateway.admin === '') throw new Error(`${name} did not start`)
    child.stdout.resume()
    gateway.child = child
    return gateway
  }

  /** The number of the set that decides. */
  async set () {
    const response = await fetch(`${this.url}/cart`, { headers: { origin: 'https://shop.example.com' } })
    await response.arrayBuffer()
    return Number(response.headers.get('access-control-expose-headers')?.replace('x-set-', ''))
  }

  /** Resident memory in MiB. */
  resident () {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${this.child.pid}/status`, 'utf8'))[1]) / 1024
  }

  /** CPU time so far, in milliseconds. */
  cpu () {
    const fields = readFileSync(`/proc/${this.child.pid}/stat`, 'utf8').split(') ')[1].split(' ')
    return (Number(fields[11]) + Number(fields[12])) * 10
  }

  kill () {
    return kill(this.child)
  }
}

const statusPrefix = '$KV.cors-policies-status.'

/** Hears every status as it is written. */
export class Observer {
  #server
  #connection
  #awaited = null

  static async connect (server) {
    const observer = new Observer()
    observer.#server = server
    await observer.reconnect()
    return observer
  }

  /** Connects anew, to a server that was started again, and looks through what it may not have heard. */
  async reconnect () {
    await this.close()
    const connection = await connect({ port: this.#server.port, user: 'operator', pass: 'operator', reconnect: false, tls: null })
    this.#connection = connection
    connection.subscribe(`${statusPrefix}*`, { callback: (_error, message) => { this.#hear(message.json(), performance.now()) } })
    await connection.flush()
    const { streams } = await jetstreamManager(connection)
    const stream = 'KV_cors-policies-status'
    for (const instance of this.#awaited?.missing ?? []) {
      const stored = await streams.getMessage(stream, { last_by_subj: `${statusPrefix}${instance}` }).catch(() => null)
      if (stored !== null) this.#hear(stored.json(), stored.time.getTime() - performance.timeOrigin)
    }
  }

  async close () {
    await this.#connection?.close()
  }

  /** From now on, waits for gateways to run one of these sets. */
  expect (instances, ...sets) {
    this.#awaited = { sets, missing: new Set(instances), times: new Map() }
  }

  /** The moment since when each of them runs it. Those that do not in time are missing. */
  async arrivals (patience = 120_000) {
    const { missing, times } = this.#awaited
    for (const end = performance.now() + patience; missing.size > 0 && performance.now() < end;) await sleep(2)
    return times
  }

  #hear ({ instance, state, revision, epoch, generation }, at) {
    const awaited = this.#awaited
    if (awaited === null || state !== 'ok') return
    if (!awaited.sets.some(({ revision: wanted, stamp }) => revision === wanted && epoch === stamp.epoch && generation === stamp.generation)) return
    if (awaited.missing.delete(instance)) awaited.times.set(instance, at)
  }
}
