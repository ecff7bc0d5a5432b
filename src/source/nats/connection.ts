// One connection to a NATS server, made within its time or not at all, and nothing of it left open where it fails.
import { AsyncLocalStorage } from 'node:async_hooks'
import { randomUUID } from 'node:crypto'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'
import type * as Kv from '@nats-io/kv'
import type * as Jetstream from '@nats-io/jetstream'
import type * as Transport from '@nats-io/transport-node'
import { SourceError } from '../source.ts'
import { connectFault } from './faults.ts'
import { loginOf, tlsOf } from './login.ts'
import type { ResolvedNats } from './options.ts'

/** The client of NATS, which is loaded only where a store is used. */
export interface Library {
  readonly transport: typeof Transport
  readonly jetstream: typeof Jetstream
  readonly kv: typeof Kv
}

/** What a bucket keeps: versions of a value, for how many milliseconds, and how many bytes of one and of all. */
export interface BucketOptions {
  readonly history: number
  readonly ttl?: number
  readonly maxValueSize?: number
  readonly maxBytes?: number
}

/** A connection, and the two buckets over it. */
export interface Connection {
  readonly maxPayload: number
  readonly policies: Kv.KV
  readonly statuses: Kv.KV
  readonly streams: Jetstream.StreamAPI
  /** Makes a bucket where it is missing. */
  create (bucket: string, options: BucketOptions): Promise<void>
  /** The server's clock, in epoch milliseconds. */
  now (): Promise<number>
  /** Resolves when the connection is no more, with the reason where there is one. */
  readonly ended: Promise<Error | null>
  close (): Promise<void>
}

/** Connects. Rejects with {@link SourceError}; `end` gives up. */
export async function connect (library: Library, server: ResolvedNats, end: AbortSignal): Promise<Connection> {
  const sockets = new Sockets()
  try {
    const options = await optionsOf(library, server)
    const connecting = sockets.collect(() => library.transport.connect(options))
    // What comes too late is not kept.
    connecting.then(connection => { if (sockets.areDiscarded) void connection.close() }, () => {})
    return await bucketsOver(library, server, await within(connecting, server, end), sockets)
  } catch (error) {
    // The client leaves a socket open on which the server said nothing.
    sockets.discard()
    throw end.aborted ? end.reason : connectFault(server, error)
  }
}

/** Waits for a promise as long as the server has time for an answer. */
export async function within<T> (promise: Promise<T>, { place, timeout }: ResolvedNats, end: AbortSignal): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  let stop = (): void => {}
  try {
    return await Promise.race([promise, new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        reject(new SourceError(place, `no answer within ${timeout} ms`, { help: 'look at the server, and at the network between here and there' }))
      }, timeout)
      stop = (): void => { reject(end.reason as Error) }
      if (end.aborted) stop()
      end.addEventListener('abort', stop)
    })])
  } finally {
    clearTimeout(timer)
    end.removeEventListener('abort', stop)
  }
}

async function bucketsOver (
  library: Library, { bucket, timeout }: ResolvedNats, connection: Transport.NatsConnection, sockets: Sockets
): Promise<Connection> {
  const kvm = new library.kv.Kvm(library.jetstream.jetstream(connection, { timeout }))
  const { consumers, streams } = await library.jetstream.jetstreamManager(connection, { timeout, checkAPI: false })
  return {
    maxPayload: connection.info?.max_payload ?? 0,
    policies: await kvm.open(bucket),
    statuses: await kvm.open(`${bucket}-status`),
    streams,
    create: async (name, { maxBytes = -1, ...options }) => { await kvm.create(name, { ...options, max_bytes: maxBytes }) },
    now: async () => {
      // What the server makes it dates, and older servers tell the time nowhere else.
      const { name, created } = await consumers.add(`KV_${bucket}`, { name: `clock_${randomUUID()}`, filter_subject: `$KV.${bucket}.bundle` })
      await consumers.delete(`KV_${bucket}`, name)
      return Date.parse(created)
    },
    ended: connection.closed().then(error => error ?? null),
    close: async () => {
      // A server that takes nothing any more must not hold us.
      const timer = setTimeout(() => { sockets.discard() }, 1000)
      await connection.close()
      clearTimeout(timer)
      sockets.discard()
    }
  }
}

/** The sockets that are opened on behalf of a call, whenever that is. */
class Sockets {
  readonly #sockets = new Set<Socket>()
  areDiscarded = false

  async collect<T> (run: () => Promise<T>): Promise<T> {
    const opened = (message: unknown): void => {
      if (owner.getStore() !== this) return
      const { socket } = message as { socket: Socket }
      if (this.areDiscarded) socket.destroy()
      else this.#sockets.add(socket)
    }
    subscribe('net.client.socket', opened)
    try {
      return await owner.run(this, run)
    } finally {
      unsubscribe('net.client.socket', opened)
    }
  }

  discard (): void {
    this.areDiscarded = true
    for (const socket of this.#sockets) socket.destroy()
    this.#sockets.clear()
  }
}

const owner = new AsyncLocalStorage<Sockets>()

async function optionsOf ({ transport }: Library, server: ResolvedNats): Promise<Transport.NodeConnectionOptions> {
  const { host, port, isTls, timeout } = server
  const { creds, ...login } = await loginOf(server)
  return {
    servers: `${host.includes(':') ? `[${host}]` : host}:${port}`,
    name: 'fastify-cors-gateway',
    timeout,
    // Whoever has the connection makes the next one, with files that may have changed meanwhile.
    reconnect: false,
    ignoreClusterUpdates: true,
    pingInterval: 10_000,
    // One that stays unanswered until the next is due: then the connection is dead.
    maxPingOut: 1,
    tls: isTls ? await tlsOf(server) : null,
    ...login,
    ...creds !== undefined && { authenticator: transport.credsAuthenticator(new TextEncoder().encode(creds)) }
  }
}
