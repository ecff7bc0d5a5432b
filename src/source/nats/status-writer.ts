// Writes the status of one instance, one write after the other, and notices what stands in the way, and who else writes it.
import { isLost } from './faults.ts'
import { Trouble } from '../trouble.ts'
import { SourceError } from '../source.ts'
import type { Store } from './client.ts'

/** What of a store this needs. */
export type StatusStore = Pick<Store, 'putStatus' | 'removeStatus'>

/** What a writer works with. */
export interface StatusSettings {
  /** What warnings call the source. */
  readonly place: string
  readonly instance: string
  /** The status to write now; null before there is any. `isShared`: another gateway writes under the same name. */
  readonly status: (isShared: boolean) => Uint8Array | null
  readonly warn: (message: string) => void
  /** Whether the connection is there, as far as is known. */
  readonly isConnected: () => boolean
  /** The clock, in epoch milliseconds. */
  readonly now?: () => number
}

/** Whoever lives writes three times in so many milliseconds. */
const recently = 45_000

export class StatusWriter {
  /** When it was last written, in epoch milliseconds; null for never. */
  writtenAt: number | null = null
  readonly #settings: StatusSettings
  readonly #now: () => number
  readonly #unwritten: Trouble
  readonly #shared: Trouble
  /** The store's number of what was written last; null where that is not known. */
  #sequence: number | null = null
  /** When somebody else was found to have written. */
  #foreignAt: number | null = null

  constructor (settings: StatusSettings) {
    const { place, instance, warn, now = Date.now } = settings
    this.#settings = settings
    this.#now = now
    this.#unwritten = new Trouble(warn, `${place}: the status of ${instance} is written again`)
    this.#shared = new Trouble(warn, `${place}: nobody else writes the status of ${instance} any more`)
  }

  /** What is wrong; null while all is well. */
  get fault (): string | null {
    return this.#unwritten.fault ?? this.#shared.fault
  }

  /** Never rejects: a failure is made good by the next write. */
  async write (store: StatusStore): Promise<void> {
    const { place, instance } = this.#settings
    try {
      await this.#put(store)
      this.#unwritten.end()
    } catch (error) {
      // It may have been written all the same.
      this.#sequence = null
      // Of a connection that is gone, readings tell.
      if (isLost(error) || !this.#settings.isConnected()) return
      const why = error instanceof SourceError ? error.words : String(error)
      this.#unwritten.met(`${place}: the status of ${instance} can't be written, and whoever publishes doesn't see this gateway: ${why}`)
    }
  }

  async #put (store: StatusStore): Promise<void> {
    const { instance, status } = this.#settings
    const bytes = status(this.#shared.fault !== null)
    if (bytes === null) return
    this.#sequence = await store.putStatus(instance, bytes, this.#sequence)
    if (this.#sequence === null) {
      this.#metForeign()
      this.#sequence = await store.putStatus(instance, status(this.#shared.fault !== null) ?? bytes)
    } else if (this.#foreignAt !== null && this.#now() - this.#foreignAt >= recently) {
      this.#shared.end()
    }
    this.writtenAt = this.#now()
  }

  /** Once is no sign: the bucket may have been made anew, or whoever has stopped may have written as this one began. */
  #metForeign (): void {
    const { place, instance } = this.#settings
    const before = this.#foreignAt
    this.#foreignAt = this.#now()
    if (before === null || this.#foreignAt - before >= recently) return
    this.#shared.met(`${place}: another gateway tells of itself as ${instance}, and each writes over the other's status; ` +
      'give each its own `instance`')
  }

  /** Takes the status away, unless it is another's. Never rejects. */
  async remove (store: StatusStore): Promise<void> {
    await store.removeStatus(this.#settings.instance, this.#sequence).catch(() => {})
  }
}
