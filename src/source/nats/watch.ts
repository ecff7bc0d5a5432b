// A watch of one bucket, begun again on each connection and whenever it ends by itself: a hint, no more.
import type { KV, KvWatchEntry } from '@nats-io/kv'
import type { QueuedIterator } from '@nats-io/transport-node'
import type { Connection } from './connection.ts'

/** How long until what ended, or could not begin, is tried again on the same connection, in milliseconds. */
const retryAfter = 15_000

export class Watch {
  readonly #bucketOf: (connection: Connection) => KV
  readonly #key: string
  readonly #changed: () => void
  readonly #began: (error: unknown) => void
  #connection: Connection | null = null
  #entries: QueuedIterator<KvWatchEntry> | null = null
  #retry: NodeJS.Timeout | undefined
  #isStopped = false

  /** `began` is told each time that it has begun, with null, or why it can't. */
  constructor (bucketOf: (connection: Connection) => KV, key: string, changed: () => void, began: (error: unknown) => void = () => {}) {
    this.#bucketOf = bucketOf
    this.#key = key
    this.#changed = changed
    this.#began = began
  }

  /** Begins on a connection. Resolves when it has begun, and also where it cannot: then it is tried again. */
  async begin (connection: Connection): Promise<void> {
    this.#connection = connection
    clearTimeout(this.#retry)
    this.#entries?.stop()
    try {
      const entries = await this.#bucketOf(connection).watch({ key: this.#key, headers_only: true })
      if (this.#isStopped || this.#connection !== connection) {
        entries.stop()
        return
      }
      this.#entries = entries
      this.#began(null)
      void this.#follow(entries, connection)
    } catch (error) {
      if (!this.#isStopped && this.#connection === connection) this.#began(error)
      this.#tryAgain(connection)
    }
  }

  stop (): void {
    this.#isStopped = true
    clearTimeout(this.#retry)
    this.#entries?.stop()
  }

  async #follow (entries: QueuedIterator<KvWatchEntry>, connection: Connection): Promise<void> {
    try {
      const each = entries[Symbol.asyncIterator]()
      // What is there at first is told as well: it may have come since whoever watches has read.
      while ((await each.next()).done !== true) if (!this.#isStopped) this.#changed()
    } catch {
      // It ended, for whatever reason.
    }
    if (this.#entries === entries) this.#tryAgain(connection)
  }

  #tryAgain (connection: Connection): void {
    if (this.#isStopped || this.#connection !== connection) return
    this.#retry = setTimeout(() => { void this.begin(connection) }, retryAfter).unref()
  }
}
