// The door to NATS: policies and statuses in two JetStream KV buckets, over a connection that comes back by itself.
import type { KV } from '@nats-io/kv'
import { retryAfter, spread } from '../pace.ts'
import { SourceError } from '../source.ts'
import { connect, within, type Connection, type Library } from './connection.ts'
import { allEntriesOf, countOf, entryOf, historyOf, type Entry } from './entries.ts'
import { isLost, natsFault } from './faults.ts'
import { resolveNats, type NatsOptions, type ResolvedNats } from './options.ts'
import { Watch } from './watch.ts'

export type { NatsOptions }

/** What was published at one time. */
export interface StoredBundle {
  readonly bytes: Uint8Array
  /** The store's number of it; a store that was wiped begins anew. */
  readonly sequence: number
  /** Epoch milliseconds by the server's clock. */
  readonly at: number
}

/** What an instance said of itself. */
export interface StoredStatus {
  readonly instance: string
  readonly bytes: Uint8Array
  /** Epoch milliseconds by the server's clock. */
  readonly at: number
}

/** Two buckets: one holds the bundle and its last versions, the other the status of each instance for a day. */
export interface Store {
  /** The most that the server takes as one message, in bytes. */
  readonly maxPayload: number
  /** What is published now; null for an empty bucket, or none. */
  head (): Promise<StoredBundle | null>
  /** Whether there is a bucket for policies, be it an empty one. */
  exists (): Promise<boolean>
  /** Up to the last ten, the oldest first. */
  history (): Promise<readonly StoredBundle[]>
  /** Publishes after the sequence that the caller knows, 0 for none. Gives the new one; null where somebody else was first. */
  put (bytes: Uint8Array, previous: number): Promise<number | null>
  /**
   * Tells that something may have been published. No more than a hint: some may be missing, some needless. `began` is
   * told each time that the watch has begun, with null, or why it can't begin on a connection that is there.
   */
  watch (changed: () => void, began?: (fault: SourceError | null) => void): Promise<() => Promise<void>>
  /** Writes over what is there; with a sequence, only over that. Gives the new one; null where something else was written since. */
  putStatus (instance: string, bytes: Uint8Array, previous?: number | null): Promise<number | null>
  /** With a sequence, only what has that. */
  removeStatus (instance: string, previous?: number | null): Promise<void>
  /** Rejects with {@link TooManyStatuses} rather than to read without end. */
  statuses (): Promise<readonly StoredStatus[]>
  watchStatuses (changed: () => void): Promise<() => Promise<void>>
  /** The server's clock, in epoch milliseconds; for whoever may do more than read. */
  now (): Promise<number>
  /** Told when the connection is lost, when it can't be made again, each time with the reason, and when it is there. */
  onState (listener: (connected: boolean, reason: string | null) => void): void
  /** Ends everything, readings under way included. */
  close (): Promise<void>
}

/** More statuses than any fleet has. */
export class TooManyStatuses extends SourceError {
  constructor (place: string, bucket: string, count: number) {
    const [has, most] = [count, maxStatuses].map(each => each.toLocaleString('en'))
    super(place, `the bucket ${bucket} holds ${has} statuses of the last day, and ${most} are read at most: somebody may write there who should not`, {
      help: `take that right away, and delete the stream KV_${bucket}: the next publish makes it anew`
    })
  }
}

/**
 * Connects, and stays connected until `close`. With `create` the buckets are made where they are missing; `signal` gives
 * up connecting. Rejects with {@link SourceError}.
 */
export async function openStore (
  url: string | URL, options: NatsOptions, { create, signal }: { readonly create: boolean, readonly signal?: AbortSignal }
): Promise<Store> {
  const server = resolveNats(url, options, 'openStore')
  const store = new NatsStore(server, await load(server), create)
  const giveUp = (): void => { void store.close() }
  signal?.addEventListener('abort', giveUp)
  try {
    if (signal?.aborted === true) giveUp()
    await store.connected()
  } catch (error) {
    await store.close()
    throw error
  } finally {
    signal?.removeEventListener('abort', giveUp)
  }
  return store
}

async function load ({ place }: ResolvedNats): Promise<Library> {
  try {
    const [transport, jetstream, kv] = await Promise.all([import('@nats-io/transport-node'), import('@nats-io/jetstream'), import('@nats-io/kv')])
    return { transport, jetstream, kv }
  } catch (error) {
    throw new SourceError(place, 'the client of NATS is not installed', {
      help: 'npm install @nats-io/transport-node @nats-io/jetstream @nats-io/kv (with --global where this package is installed with it)', cause: error
    })
  }
}

const key = 'bundle'
const day = 86_400_000
/** Those of instances that have stopped count for a day as well. */
const maxStatuses = 10_000
/** The most that an instance may say of itself, in bytes. */
const maxStatus = 16 * 1024
/** And all of them together, some 100,000 as they are: whoever writes without end must not take the room for what is published. */
const maxStatusBytes = 64 * 1024 * 1024

class NatsStore implements Store {
  maxPayload = 0
  readonly #server: ResolvedNats
  readonly #library: Library
  readonly #create: boolean
  readonly #watches = new Set<Watch>()
  readonly #listeners: ((connected: boolean, reason: string | null) => void)[] = []
  readonly #end = new AbortController()
  #connection: Connection | null = null
  #connecting: Promise<Connection> | null = null
  #wasConnected = false
  #failures = 0
  #retry: NodeJS.Timeout | undefined

  constructor (server: ResolvedNats, library: Library, create: boolean) {
    this.#server = server
    this.#library = library
    this.#create = create
  }

  async head (): Promise<StoredBundle | null> {
    const { bucket } = this.#server
    const entry = await this.#ask(({ streams }) => entryOf(streams, bucket, key), null)
    return entry === null ? null : bundleOf(entry)
  }

  exists (): Promise<boolean> {
    const { bucket } = this.#server
    return this.#ask(async ({ streams }) => {
      await entryOf(streams, bucket, key)
      return true
    }, false)
  }

  async history (): Promise<readonly StoredBundle[]> {
    const { bucket } = this.#server
    return (await this.#ask(({ streams }) => historyOf(streams, bucket, key), [])).map(bundleOf)
  }

  async put (bytes: Uint8Array, previous: number): Promise<number | null> {
    try {
      return await this.#ask(({ policies }) => previous === 0 ? policies.create(key, bytes) : policies.update(key, bytes, previous))
    } catch (error) {
      if (this.#isOvertaken((error as Error).cause)) return null
      throw error
    }
  }

  watch (changed: () => void, began?: (fault: SourceError | null) => void): Promise<() => Promise<void>> {
    return this.#watch(({ policies }) => policies, key, changed, began)
  }

  async putStatus (instance: string, bytes: Uint8Array, previous: number | null = null): Promise<number | null> {
    try {
      return await this.#ask(({ statuses }) => statuses.put(instance, bytes, previous === null ? {} : { previousSeq: previous }))
    } catch (error) {
      if (this.#isOvertaken((error as Error).cause)) return null
      throw this.#statusFault(error as SourceError)
    }
  }

  async removeStatus (instance: string, previous: number | null = null): Promise<void> {
    try {
      await this.#ask(({ statuses }) => statuses.delete(instance, previous === null ? {} : { previousSeq: previous }))
    } catch (error) {
      if (!this.#isOvertaken((error as Error).cause)) throw this.#statusFault(error as SourceError)
    }
  }

  /** Where a bucket is missing, nobody takes what is written into it, and a server says no more than that. */
  #statusFault (fault: SourceError): SourceError {
    const { place, bucket } = this.#server
    if ((fault.cause as Error | undefined)?.name !== 'JetStreamNotEnabled') return fault
    const help = 'publish a policy set: `cors-gateway publish` makes the bucket'
    return new SourceError(place, `there is no bucket ${bucket}-status`, { help, cause: fault.cause })
  }

  async statuses (): Promise<readonly StoredStatus[]> {
    const bucket = `${this.#server.bucket}-status`
    const entries = await this.#ask(async ({ streams }) => {
      const count = await countOf(streams, bucket)
      if (count > maxStatuses) throw new TooManyStatuses(this.#server.place, bucket, count)
      return allEntriesOf(streams, bucket)
    }, [])
    return entries.map(({ key, bytes, at }) => ({ instance: key, bytes, at }))
  }

  watchStatuses (changed: () => void): Promise<() => Promise<void>> {
    return this.#watch(({ statuses }) => statuses, '>', changed)
  }

  now (): Promise<number> {
    return this.#ask(connection => connection.now())
  }

  onState (listener: (connected: boolean, reason: string | null) => void): void {
    this.#listeners.push(listener)
  }

  async close (): Promise<void> {
    this.#end.abort(new SourceError(this.#server.place, 'the store was closed'))
    clearTimeout(this.#retry)
    for (const watch of this.#watches) watch.stop()
    await this.#connecting?.catch(() => {})
    await this.#connection?.close()
  }

  /** Waits for the connection; where there is none, one is made now, however long the wait until the next try would be. */
  connected (): Promise<Connection> {
    if (this.#connection !== null) return Promise.resolve(this.#connection)
    return this.#connecting ??= this.#connect().finally(() => { this.#connecting = null })
  }

  async #connect (): Promise<Connection> {
    clearTimeout(this.#retry)
    const { signal } = this.#end
    try {
      signal.throwIfAborted()
      const connection = await connect(this.#library, this.#server, signal)
      try {
        if (this.#create) await this.#createBuckets(connection)
        signal.throwIfAborted()
      } catch (error) {
        await connection.close()
        throw natsFault(this.#server, error)
      }
      this.#took(connection)
      return connection
    } catch (error) {
      this.#failures++
      this.#lost((error as Error).message)
      throw error
    }
  }

  async #createBuckets (connection: Connection): Promise<void> {
    const { bucket } = this.#server
    await connection.create(bucket, { history: 10 })
    await connection.create(`${bucket}-status`, { history: 1, ttl: day, maxValueSize: maxStatus, maxBytes: maxStatusBytes })
  }

  #took (connection: Connection): void {
    this.#connection = connection
    this.#wasConnected = true
    this.#failures = 0
    this.maxPayload = connection.maxPayload
    void connection.ended.then(error => {
      this.#connection = null
      this.#lost(natsFault(this.#server, error ?? new Error('the server ended the connection')).message)
    })
    for (const watch of this.#watches) void watch.begin(connection)
    for (const listener of this.#listeners) listener(true, null)
  }

  /** Tries again later, if it ever went well. */
  #lost (reason: string): void {
    if (this.#end.signal.aborted || !this.#wasConnected) return
    for (const listener of this.#listeners) listener(false, reason)
    const wait = retryAfter(this.#failures)
    // Many that lost it at the same time come back one after the other.
    const jittered = this.#failures === 0 ? wait * Math.random() : spread(wait, 0.25)
    clearTimeout(this.#retry)
    this.#retry = setTimeout(() => { this.connected().catch(() => {}) }, jittered)
  }

  /** Asks the server. `without` is the answer where there is no bucket, if that is no fault. */
  async #ask<T> (question: (connection: Connection) => Promise<T>, without?: NoInfer<T>): Promise<T> {
    const connection = await this.connected()
    try {
      return await within(question(connection), this.#server, this.#end.signal)
    } catch (error) {
      if (without !== undefined && (error as Error).name === 'StreamNotFoundError') return without
      throw natsFault(this.#server, error)
    }
  }

  #isOvertaken (error: unknown): boolean {
    const { JetStreamApiError } = this.#library.jetstream
    return error instanceof JetStreamApiError && wrongLastSequence.includes(error.code)
  }

  async #watch (
    bucketOf: (connection: Connection) => KV, key: string, changed: () => void, began: (fault: SourceError | null) => void = () => {}
  ): Promise<() => Promise<void>> {
    const watch = new Watch(bucketOf, key, changed, error => {
      const fault = error === null ? null : natsFault(this.#server, error)
      if (!isLost(fault)) began(fault)
    })
    this.#watches.add(watch)
    if (this.#connection !== null) await watch.begin(this.#connection)
    return async () => {
      this.#watches.delete(watch)
      watch.stop()
    }
  }
}

/** The second is for a bucket of replicas into which somebody else is writing at the same time. */
const wrongLastSequence: readonly number[] = [10_071, 10_164]

function bundleOf ({ bytes, sequence, at }: Entry): StoredBundle {
  return { bytes, sequence, at }
}
