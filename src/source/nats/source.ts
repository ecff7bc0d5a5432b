// Policies from NATS JetStream: the head of a bucket, read again at every hint and from time to time, and never an older one.
import { Judge } from '../judge.ts'
import { Order } from '../order.ts'
import { retryAfter, spread } from '../pace.ts'
import { ofBucket, type PublicKeys } from '../signature.ts'
import { SourceError, type PolicySource, type SourceReport, type SourceSet, type SourceState } from '../source.ts'
import { version } from '../version.ts'
import { openStore, type Store, type StoredBundle } from './client.ts'
import { natsPlaceOf } from './options.ts'
import { Session } from './session.ts'
import { resolveNatsSource, type NatsSourceOptions, type ResolvedNatsSource } from './source-options.ts'
import type { InstanceStatus } from './status.ts'

export { natsPlaceOf }
export type { NatsSourceOptions }

/**
 * Policies from a bucket of NATS JetStream, as `cors-gateway publish` puts them there. Nothing is connected before the
 * first reading. While it is watched, one connection is kept, changes come at once, and the status of this instance is
 * written. What was published earlier than what was seen is refused.
 */
export function natsSource (url: string | URL, options: NatsSourceOptions = {}): PolicySource {
  const source = new NatsSource(resolveNatsSource(url, options))
  return {
    mode: 'events',
    retries: true,
    read: signal => source.read(signal),
    watch: (changed, warn) => source.watch(changed, warn),
    report: report => { source.report(report) },
    resume: (stamp, revision) => { source.order.resume(stamp, revision) },
    state: () => source.state()
  }
}

/** What a look of its own is given up by: nothing. */
const never = new AbortController().signal

/** Told by a hint, and about to read: what it reads then is no news. */
const hinted = Symbol('hinted')

/** Somebody who watches, and what of the source it knows. */
interface Watcher {
  readonly changed: () => void
  readonly warn: (message: string) => void
  knows: SourceSet | string | typeof hinted | null
}

class NatsSource {
  readonly order = new Order('the store', 'publish again: `cors-gateway publish` goes above all that its gateways have seen')
  readonly #settings: ResolvedNatsSource
  readonly #judge: Judge
  readonly #watchers = new Set<Watcher>()
  readonly #startedAt = new Date().toISOString()
  #session: Session | null = null
  /** What was told last of what was read, and the store's number of that. */
  #report: SourceReport & { readonly sequence: number | null } | null = null
  /** The store's number of what was got last, whatever became of it; null for nothing. */
  #sequence: number | null | undefined
  /** That of what was last read for somebody. */
  #readSequence: number | null = null
  #failures = 0
  #lookedAt: string | null = null
  #timer: NodeJS.Timeout | undefined
  /** One reading of the head after the other: what comes late must not look like a step back. */
  #getting: Promise<unknown> = Promise.resolve()
  #isHinted = false

  constructor (settings: ResolvedNatsSource) {
    this.#settings = settings
    this.#judge = new Judge({ ...settings, audience: ofBucket(settings.bucket) })
  }

  async read (signal: AbortSignal): Promise<SourceSet> {
    signal.throwIfAborted()
    let stop = (): void => {}
    try {
      return await Promise.race([this.#get(signal), new Promise<never>((_resolve, reject) => {
        stop = (): void => { reject(signal.reason as Error) }
        signal.addEventListener('abort', stop)
      })])
    } catch (error) {
      // Who gave up knows less than was told.
      if (signal.aborted) for (const watcher of this.#watchers) watcher.knows = null
      throw error
    } finally {
      this.#readSequence = this.#sequence ?? null
      signal.removeEventListener('abort', stop)
    }
  }

  watch (changed: () => void, warn: (message: string) => void = () => {}): () => Promise<void> {
    const watcher: Watcher = { changed, warn, knows: null }
    this.#watchers.add(watcher)
    this.#session ??= new Session({
      open: signal => this.#open(signal),
      hint: () => { this.#hint() },
      turned: isConnected => { this.#turned(isConnected) },
      place: this.#settings.place,
      instance: this.#settings.instance,
      status: isShared => this.#status(isShared),
      warn: message => { for (const { warn } of this.#watchers) warn(message) }
    })
    void this.#begin(this.#session)
    return async () => {
      this.#watchers.delete(watcher)
      if (this.#watchers.size > 0) return
      const session = this.#session
      this.#session = null
      clearTimeout(this.#timer)
      await session?.close()
    }
  }

  /** Connects: what is there is told by a hint. */
  async #begin (session: Session): Promise<void> {
    try {
      await session.store()
    } catch {
      // The next look says why.
      this.#failures ||= 1
    }
    this.#lookLater()
  }

  report (report: SourceReport): void {
    this.#report = { ...report, sequence: this.#readSequence }
    this.#session?.writeStatus()
  }

  state (): SourceState {
    return { lookedAt: this.#lookedAt, seen: this.order.highest, ...this.#session?.state ?? { watch: null, status: null } }
  }

  #status (isShared: boolean): Uint8Array | null {
    if (this.#report === null) return null
    const { revision, state, sequence, rejected } = this.#report
    const { epoch = null, generation = null } = this.order.highest ?? {}
    const { instance } = this.#settings
    const status: InstanceStatus = {
      instance, version, state, revision, epoch, generation, sequence, rejected, startedAt: this.#startedAt, ...isShared && { shared: true }
    }
    return new TextEncoder().encode(JSON.stringify(status))
  }

  #open (signal: AbortSignal): Promise<Store> {
    const { url, options } = this.#settings
    return openStore(url, options, { create: false, signal })
  }

  /** Gets the set that is published now, and sees to it that everybody knows. */
  #get (signal: AbortSignal = never): Promise<SourceSet> {
    const getting = this.#getting.catch(() => {}).then(() => this.#getNow(signal))
    this.#getting = getting
    return getting
  }

  async #getNow (signal: AbortSignal): Promise<SourceSet> {
    try {
      const keys = await this.#judge.keys()
      const head = await this.#head(signal)
      this.#sequence = head?.sequence ?? null
      const set = this.#take(head, keys)
      this.#failures = 0
      this.#tell(set)
      return set
    } catch (error) {
      this.#failures++
      this.#tell((error as Error).message)
      throw error
    } finally {
      this.#lookedAt = new Date().toISOString()
      this.#lookLater()
    }
  }

  /** Over the connection that is kept, or over one of its own. */
  async #head (signal: AbortSignal): Promise<StoredBundle | null> {
    if (this.#session !== null) return (await this.#session.store()).head()
    const store = await this.#open(signal)
    try {
      return await store.head()
    } finally {
      await store.close()
    }
  }

  #take (head: StoredBundle | null, keys: PublicKeys | null): SourceSet {
    const { place, url } = this.#settings
    if (head === null) throw new SourceError(place, 'nothing is published there', { help: `publish a policy set: cors-gateway publish --to ${url.href}` })
    return this.#judge.take(head.bytes, keys, ({ stamp, revision, isWhole }) => {
      if (isWhole) this.order.take(place, stamp, revision)
    })
  }

  #tell (state: SourceSet | string): void {
    for (const watcher of this.#watchers) {
      const knew = watcher.knows
      watcher.knows = state
      if (knew !== state && knew !== hinted) watcher.changed()
    }
  }

  #hint (): void {
    this.#isHinted = true
    for (const watcher of this.#watchers) {
      watcher.knows = hinted
      watcher.changed()
    }
  }

  #turned (isConnected: boolean): void {
    if (isConnected) void this.#look()
    else {
      this.#failures ||= 1
      this.#lookLater()
    }
  }

  #lookLater (): void {
    clearTimeout(this.#timer)
    if (this.#watchers.size === 0) return
    const { pollInterval } = this.#settings
    const wait = this.#failures === 0 ? spread(pollInterval, 0.1) : spread(Math.min(retryAfter(this.#failures), pollInterval), 0.25)
    this.#timer = setTimeout(() => { void this.#lookUnhinted() }, wait).unref()
  }

  /** Looks at the head without being asked. What a hint should have told makes for a new watch. */
  async #lookUnhinted (): Promise<void> {
    const before = this.#sequence
    this.#isHinted = false
    await this.#look()
    if (before !== undefined && this.#sequence !== before && !this.#isHinted) this.#session?.renew()
  }

  async #look (): Promise<void> {
    await this.#get().catch(() => {
      // The watchers were told, and their readings say why.
    })
  }
}
