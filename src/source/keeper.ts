// Keeps the last good snapshot in step with a source: a set is swapped in whole, or not at all.
import type { BuildOptions } from '../build.ts'
import type { Diagnostic } from '../diagnostic/diagnostic.ts'
import { compile } from '../snapshot/compile.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import { buildSet, findingsBeyond, isSameSet, readSource, unreachable, type Attempt } from './attempt.ts'
import { Emitter } from './emitter.ts'
import { Ledger, type Status } from './ledger.ts'
import { PolicyError } from './policy-error.ts'
import type { PolicySource, SourceSet } from './source.ts'
import { hasPassedBoundary, WindowTimer } from './window.ts'

export { PolicyError, type Status }

/** What a keeper needs to know. */
export interface KeeperOptions {
  readonly source: PolicySource
  /** What sets are built for. */
  readonly build?: Omit<BuildOptions, 'at' | 'generation' | 'expiredAcceptance'>
  /** Reload when the source says that it may have changed; true unless given. */
  readonly watch?: boolean
  /** `'manual'`: only `reload()` reads the source again. */
  readonly reload?: 'auto' | 'manual'
  /** Further settings that the status shows. */
  readonly settings?: Readonly<Record<string, unknown>>
  /** The version that the status shows. */
  readonly version?: string
  /** The clock, in epoch milliseconds. */
  readonly now?: () => number
  /** Told what listeners and sources throw where nobody waits for it. */
  readonly warn?: (message: string) => void
  /** Milliseconds after which a reading is given up; 30 s unless given. */
  readonly readTimeout?: number
  /** Milliseconds after which a source that could not be read is read again while it is watched; 5 s unless given. */
  readonly retryAfter?: number
  /** Milliseconds after which the clock is looked at again while rules have windows; a minute unless given. */
  readonly clockCheck?: number
}

/** What became of a reading. */
export interface ReloadResult {
  /** Whether what is there now is what runs. */
  readonly ok: boolean
  /** That of the snapshot that runs now. */
  readonly generation: number
  readonly diagnostics: readonly Diagnostic[]
}

/** What a keeper tells whoever listens. */
export interface KeeperEvents {
  /** A new set came into force. */
  reload: {
    readonly previous: Snapshot
    readonly snapshot: Snapshot
    readonly diagnostics: readonly Diagnostic[]
    /** From the first look at the source to the swap. */
    readonly milliseconds: number
  }
  /** A set was not used; the one before stays. Told once a set. */
  rejected: { readonly snapshot: Snapshot, readonly revision: string | null, readonly diagnostics: readonly Diagnostic[] }
  /** After a rejection the source is back at the very set that runs. */
  restored: { readonly snapshot: Snapshot }
  /** The same set, as rules of it start or end. */
  window: { readonly previous: Snapshot, readonly snapshot: Snapshot }
}

/** Holds the snapshot that decides. */
export interface Keeper {
  /** The snapshot that decides now; a request takes it once. */
  readonly current: Snapshot
  /** Adds a listener; the function that it gives back removes it. */
  on<Name extends keyof KeeperEvents> (event: Name, listener: (payload: KeeperEvents[Name]) => void): () => void
  /** Reads the source; resolves when its present state was read, and in force if it is valid. Never rejects. */
  reload (): Promise<ReloadResult>
  status (): Status
  /** Ends watching and every timer. A reading that is under way changes nothing any more. */
  close (): Promise<void>
}

/**
 * Loads the first set, and keeps in step from then on. Rejects with {@link PolicyError} for an invalid set, and with
 * the source's own error where it can't be read.
 */
export async function createKeeper (options: KeeperOptions): Promise<Keeper> {
  const { source, readTimeout = 30_000, now = Date.now } = options
  const texts = await readSource(source, readTimeout, new AbortController().signal)
  const first = buildSet(texts, { ...options.build, at: now(), generation: 1, expiredAcceptance: 'warning' })
  if (first.snapshot === null) throw new PolicyError(first.diagnostics, first.texts)
  return new PolicyKeeper(options, first, first.snapshot)
}

class PolicyKeeper implements Keeper {
  current: Snapshot
  readonly #options: KeeperOptions
  readonly #source: PolicySource
  readonly #now: () => number
  readonly #ledger: Ledger
  readonly #events: Emitter<KeeperEvents>
  readonly #windows: WindowTimer
  readonly #end = new AbortController()
  readonly #stopWatching: (() => void | Promise<void>) | null
  #retry: NodeJS.Timeout | undefined
  /** The reading under way, and the one that follows it for whoever asked meanwhile. */
  #running: Promise<ReloadResult> | null = null
  #queued: Promise<ReloadResult> | null = null

  constructor (options: KeeperOptions, first: Attempt, snapshot: Snapshot) {
    const { source, now = Date.now, watch = true, reload = 'auto', clockCheck = 60_000 } = options
    this.#options = options
    this.#source = source
    this.#now = now
    this.current = snapshot
    this.#events = new Emitter(error => this.#warn('a listener failed', error))
    this.#ledger = new Ledger(first)
    this.#ledger.tried(first, true, now())
    this.#ledger.loaded(first, 'start', snapshot.generation, now())
    this.#windows = new WindowTimer(now, () => this.#passWindows(), clockCheck)
    this.#windows.arm(snapshot)
    this.#stopWatching = watch && reload === 'auto' ? source.watch?.(() => { void this.reload() }) ?? null : null
  }

  on<Name extends keyof KeeperEvents> (event: Name, listener: (payload: KeeperEvents[Name]) => void): () => void {
    return this.#events.on(event, listener)
  }

  /** A reading that is under way may have passed what changed since: whoever asks then gets the next one. */
  reload (): Promise<ReloadResult> {
    if (this.#running === null) return this.#start()
    return this.#queued ??= this.#running.then(() => {
      this.#queued = null
      return this.#start()
    })
  }

  #start (): Promise<ReloadResult> {
    const running = this.#load().finally(() => { this.#running = null })
    this.#running = running
    return running
  }

  async #load (): Promise<ReloadResult> {
    clearTimeout(this.#retry)
    const { readTimeout = 30_000 } = this.#options
    const start = performance.now()
    let attempt: Attempt
    try {
      const set = await readSource(this.#source, readTimeout, this.#end.signal)
      attempt = this.#build(set)
    } catch (error) {
      attempt = unreachable(error)
    }
    if (!this.#end.signal.aborted) this.#settle(attempt, performance.now() - start)
    const { diagnostics } = attempt
    return { ok: attempt.snapshot !== null, generation: this.current.generation, diagnostics }
  }

  /** What was built before is not built again: neither the set that runs nor the one that was just rejected. */
  #build (set: SourceSet): Attempt {
    const { active, rejected } = this.#ledger
    for (const earlier of [active, rejected]) if (earlier !== null && isSameSet(set, earlier)) return earlier
    return buildSet(set, {
      ...this.#options.build, at: this.#now(), generation: this.current.generation + 1, expiredAcceptance: 'warning'
    })
  }

  #settle (attempt: Attempt, milliseconds: number): void {
    const now = this.#now()
    this.#ledger.tried(attempt, attempt.snapshot !== null, now)
    if (attempt.snapshot !== null && attempt.revision !== this.current.revision) {
      this.#swap(attempt, attempt.snapshot, milliseconds, now)
      return
    }
    this.#passWindows()
    if (attempt.snapshot === null) this.#reject(attempt, now)
    else this.#keep(attempt, now)
  }

  #swap (attempt: Attempt, snapshot: Snapshot, milliseconds: number, now: number): void {
    const previous = this.current
    this.current = snapshot
    this.#windows.arm(snapshot)
    this.#ledger.loaded(attempt, 'reload', snapshot.generation, now)
    this.#events.emit('reload', { previous, snapshot, diagnostics: attempt.diagnostics, milliseconds })
  }

  #keep (attempt: Attempt, now: number): void {
    for (const { file, message } of findingsBeyond(this.#ledger.active, attempt)) this.#options.warn?.(`${file}: ${message}`)
    this.#ledger.active = attempt
    if (this.#ledger.rejected === null) return
    this.#ledger.restored(this.current.generation, now)
    this.#events.emit('restored', { snapshot: this.current })
  }

  #reject (attempt: Attempt, now: number): void {
    const { diagnostics, revision } = attempt
    if (attempt.revision === null || diagnostics.some(({ code }) => code === 'unreadable-file')) this.#tryAgainLater()
    const { rejected } = this.#ledger
    if (rejected !== null && (rejected === attempt || JSON.stringify(rejected.diagnostics) === JSON.stringify(diagnostics))) return
    this.#ledger.reject(attempt, this.current.generation, now)
    this.#events.emit('rejected', { snapshot: this.current, revision, diagnostics })
  }

  /** What can't be read may be readable without any sign of change. */
  #tryAgainLater (): void {
    if (this.#stopWatching === null) return
    this.#retry = setTimeout(() => { void this.reload() }, this.#options.retryAfter ?? 5_000).unref()
  }

  #passWindows (): void {
    const previous = this.current
    const at = this.#now()
    if (this.#end.signal.aborted || !hasPassedBoundary(previous, at)) return
    const { set, settings, generation, revision } = previous
    const snapshot = compile(set, { settings, at, generation: generation + 1, revision })
    this.current = snapshot
    this.#windows.arm(snapshot)
    this.#ledger.windowPassed(snapshot.generation, at)
    this.#events.emit('window', { previous, snapshot })
  }

  status (): Status {
    const { watch = true, reload = 'auto', settings, version = '', build } = this.#options
    const { unmatched, router, pathReadings } = this.current.settings
    return {
      ...this.#ledger.status(this.current, this.#now()),
      watch: this.#stopWatching === null ? 'off' : this.#source.mode ?? 'events',
      settings: { unmatched, router, pathReadings: [...pathReadings], allowEmpty: build?.allowEmpty ?? false, watch, reload, ...settings },
      version
    }
  }

  async close (): Promise<void> {
    if (this.#end.signal.aborted) return
    this.#end.abort()
    clearTimeout(this.#retry)
    this.#windows.stop()
    await this.#stopWatching?.()
    await this.#running
  }

  #warn (message: string, error: unknown): void {
    this.#options.warn?.(`${message}: ${error instanceof Error ? error.message : String(error)}`)
  }
}
