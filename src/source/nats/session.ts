// The time during which a store is watched: one connection, a hint that is renewed, and a status that stays fresh.
import { setTimeout as sleep } from 'node:timers/promises'
import type { SourceError, SourceState } from '../source.ts'
import { Trouble } from '../trouble.ts'
import type { Store } from './client.ts'
import { StatusWriter, type StatusSettings } from './status-writer.ts'

/** How often a status is written again: it tells that the instance lives. */
const statusInterval = 15_000

/** How long the end may take for the sake of a status, in milliseconds. */
const patience = 1_000

/** What a session works with. */
export interface SessionSettings extends Omit<StatusSettings, 'isConnected' | 'now'> {
  readonly open: (signal: AbortSignal) => Promise<Store>
  /** Told that something may have been published. */
  readonly hint: () => void
  /** Told when the connection is there again, or lost. */
  readonly turned: (isConnected: boolean) => void
}

export class Session {
  readonly #settings: SessionSettings
  readonly #writer: StatusWriter
  readonly #untold: Trouble
  #store: Store | null = null
  #opening: Promise<Store> | null = null
  #isConnected = false
  readonly #end = new AbortController()
  #unwatch: Promise<() => Promise<void>> | null = null
  /** The write under way, and whether another one has to follow. */
  #writing: Promise<void> | null = null
  #isStale = false
  readonly #timer: NodeJS.Timeout

  constructor (settings: SessionSettings) {
    const warn = (message: string): void => { if (!this.#end.signal.aborted) settings.warn(message) }
    this.#settings = settings
    this.#writer = new StatusWriter({ ...settings, warn, isConnected: () => this.#isConnected })
    this.#untold = new Trouble(warn, `${settings.place}: changes are told again`)
    this.#timer = setInterval(() => { this.writeStatus() }, statusInterval).unref()
  }

  /** What is wrong beside the policies. */
  get state (): Pick<SourceState, 'watch' | 'status'> {
    const { writtenAt, fault } = this.#writer
    const status = { writtenAt: writtenAt === null ? null : new Date(writtenAt).toISOString(), fault }
    return { watch: { fault: this.#untold.fault }, status }
  }

  /** The store, which is opened where it is not. Rejects where that fails; the next call tries again. */
  store (): Promise<Store> {
    if (this.#store !== null) return Promise.resolve(this.#store)
    return this.#opening ??= this.#open().finally(() => { this.#opening = null })
  }

  async #open (): Promise<Store> {
    const { open, turned } = this.#settings
    const store = await open(this.#end.signal)
    if (this.#end.signal.aborted) {
      await store.close()
      return store
    }
    this.#store = store
    this.#isConnected = true
    store.onState(isConnected => {
      this.#isConnected = isConnected
      turned(isConnected)
      this.writeStatus()
    })
    this.#unwatch = this.#watch(store)
    this.writeStatus()
    return store
  }

  #watch (store: Store): Promise<() => Promise<void>> {
    return store.watch(this.#settings.hint, fault => { this.#beganToWatch(fault) })
  }

  #beganToWatch (fault: SourceError | null): void {
    if (fault === null) this.#untold.end()
    else this.#untold.met(`${fault.place}: changes are not told, and found only by looking from time to time: ${fault.words}`)
  }

  /** Watches anew: a watch may go on for good and tell nothing any more, after the store was made anew beneath it. */
  renew (): void {
    const [store, unwatch] = [this.#store, this.#unwatch]
    if (store === null || unwatch === null || this.#end.signal.aborted) return
    this.#unwatch = unwatch.then(stop => stop()).then(() => this.#watch(store))
  }

  /** Writes the status, unless there is no connection: then it is written when there is. */
  writeStatus (): void {
    if (!this.#isConnected || this.#end.signal.aborted || this.#store === null) return
    this.#isStale = true
    this.#writing ??= this.#write(this.#store).finally(() => { this.#writing = null })
  }

  async #write (store: Store): Promise<void> {
    while (this.#isStale && this.#isConnected && !this.#end.signal.aborted) {
      this.#isStale = false
      await this.#writer.write(store)
    }
  }

  /** Whoever stops is missed by nobody, so that its status goes with it, if the server is there to take that. */
  async close (): Promise<void> {
    this.#end.abort()
    clearInterval(this.#timer)
    await this.#opening?.catch(() => {})
    if (this.#isConnected) await Promise.race([this.#removeStatus(), sleep(patience, undefined, { ref: false })])
    await this.#store?.close()
    await this.#writing
  }

  async #removeStatus (): Promise<void> {
    // A write that is under way would bring it back.
    await this.#writing
    if (this.#store !== null) await this.#writer.remove(this.#store)
  }
}
