// Keeps the last good snapshot in step with a source: a set is swapped in whole, or not at all.
import type { BuildOptions } from '../build.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import { buildSet, findingsBeyond, isSamePlace, isSameSet, readSource, rejectionOf, unreachable, type Attempt } from './attempt.ts'
import { Builder, compilePatiently } from './builder.ts'
import { durationText } from './duration.ts'
import { Emitter } from './emitter.ts'
import { messageOf } from './finding.ts'
import { Ledger, type Status } from './ledger.ts'
import { holdBack } from './guard.ts'
import { loadLastGood, saveLastGood } from './last-good.ts'
import { PolicyError } from './policy-error.ts'
import type { Keeper, KeeperEvents, KeeperOptions, ReloadResult } from './promise.ts'
import type { PolicySource, SourceSet } from './source.ts'
import { version as ownVersion } from './version.ts'
import { hasPassedBoundary, WindowTimer } from './window.ts'

export { PolicyError }
export type { Keeper, KeeperEvents, KeeperOptions, ReloadResult, Status }

/**
 * Loads the first set, and keeps in step from then on. Rejects with {@link PolicyError} for an invalid set, and with
 * the source's own error where it can't be read; unless `lastKnownGood` holds a set that is still valid.
 */
export async function createKeeper (options: KeeperOptions): Promise<Keeper> {
  const builder = new Builder()
  try {
    return await openKeeper(options, builder)
  } catch (error) {
    await builder.close()
    throw error
  }
}

async function openKeeper (options: KeeperOptions, builder: Builder): Promise<Keeper> {
  const { source, readTimeout = defaultReadTimeout } = options
  let first: Attempt
  let failure: unknown
  try {
    await resume(options)
    first = await buildSet(await readSource(source, readTimeout, new AbortController().signal), builder, buildOptionsOf(options, 1))
    failure = first.snapshot === null ? new PolicyError(first.diagnostics, first.texts) : null
  } catch (error) {
    first = unreachable(error)
    failure = error
  }
  if (first.snapshot !== null) return new PolicyKeeper(options, builder, first, first.snapshot, null)
  const fallback = await lastGoodOf(options, builder, failure)
  if (fallback === null || fallback.snapshot === null) throw failure
  return new PolicyKeeper(options, builder, fallback, fallback.snapshot, first)
}

const defaultReadTimeout = 30_000

function buildOptionsOf ({ build, now = Date.now }: KeeperOptions, generation: number): BuildOptions {
  return { ...build, at: now(), generation, expiredAcceptance: 'warning' }
}

/** Tells the source what was in force last; it takes nothing older then. A file that is no use is told of where it is needed. */
async function resume ({ source, lastKnownGood }: KeeperOptions): Promise<void> {
  if (source.resume === undefined || lastKnownGood === undefined) return
  const kept = await loadLastGood(lastKnownGood).catch(() => null)
  if (kept?.stamp !== undefined) source.resume(kept.stamp, kept.revision)
}

/** The last good set, built anew: only texts were kept, and today's checks may judge them otherwise. */
async function lastGoodOf (options: KeeperOptions, builder: Builder, failure: unknown): Promise<Attempt | null> {
  const { lastKnownGood, warn, now = Date.now } = options
  if (lastKnownGood === undefined) return null
  try {
    const { texts, revision, savedAt, stamp } = await loadLastGood(lastKnownGood)
    const attempt = await buildSet({ texts, ...stamp && { stamp } }, builder, buildOptionsOf(options, 1))
    if (attempt.snapshot === null || attempt.revision !== revision) throw new Error('the set in it is no longer valid')
    const age = durationText(now() - Date.parse(savedAt))
    warn?.(`${messageOf(failure)}\nThe last known good set of ${savedAt} (${age} ago, revision ${revision}) is in force instead.`)
    return attempt
  } catch (error) {
    warn?.(`the last known good set cannot be used either: ${messageOf(error)}`)
    return null
  }
}

class PolicyKeeper implements Keeper {
  current: Snapshot
  readonly #options: KeeperOptions
  readonly #source: PolicySource
  readonly #now: () => number
  readonly #ledger: Ledger
  readonly #events: Emitter<KeeperEvents>
  readonly #windows: WindowTimer
  readonly #builder: Builder
  readonly #end = new AbortController()
  readonly #stopWatching: (() => void | Promise<void>) | null
  #retry: NodeJS.Timeout | undefined
  /** The reading under way, and the one that follows it for whoever asked meanwhile. */
  #running: Promise<ReloadResult> | null = null
  #queued: Promise<ReloadResult> | null = null
  /** The revision that may keep less than `minKept`. */
  #accepted: string | undefined
  #saving: Promise<void> = Promise.resolve()
  #isPassing = false

  /** `rejected` is what the source gave where `first` is the last known good set instead. */
  constructor (options: KeeperOptions, builder: Builder, first: Attempt, snapshot: Snapshot, rejected: Attempt | null) {
    const { source, now = Date.now, watch = true, reload = 'auto', clockCheck = 60_000 } = options
    this.#options = options
    this.#builder = builder
    this.#source = source
    this.#now = now
    this.current = snapshot
    this.#events = new Emitter(error => this.#warn('a listener failed', error))
    this.#ledger = new Ledger(first)
    this.#ledger.tried(rejected ?? first, rejected === null, now())
    this.#ledger.loaded(first, rejected === null ? 'start' : 'last-known-good', snapshot.generation, now())
    this.#windows = new WindowTimer(now, () => { void this.#passWindows() }, clockCheck)
    this.#windows.arm(snapshot)
    this.#stopWatching = watch && reload === 'auto' ? this.#watch() : null
    if (rejected === null) this.#save(first)
    else this.#reject(rejected, now())
    this.#report()
  }

  on<Name extends keyof KeeperEvents> (event: Name, listener: (payload: KeeperEvents[Name]) => void): () => void {
    return this.#events.on(event, listener)
  }

  #watch (): (() => void | Promise<void>) | null {
    const changed = (): void => { void this.reload() }
    return this.#source.watch?.(changed, message => { this.#options.warn?.(message) }) ?? null
  }

  /** A reading that is under way may have passed what changed since: whoever asks then gets the next one. */
  reload ({ accept }: { readonly accept?: string } = {}): Promise<ReloadResult> {
    this.#accepted = accept ?? this.#accepted
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
    const { readTimeout = defaultReadTimeout } = this.#options
    const start = performance.now()
    let attempt: Attempt
    try {
      const set = await readSource(this.#source, readTimeout, this.#end.signal)
      attempt = await this.#build(set)
    } catch (error) {
      attempt = unreachable(error)
    }
    if (!this.#end.signal.aborted) {
      await this.#settle(attempt, performance.now() - start)
      this.#report()
    }
    const { diagnostics } = attempt
    return { ok: attempt.snapshot !== null, generation: this.current.generation, diagnostics }
  }

  /** What was built before is not built again: neither the set that runs nor the one that was just rejected. */
  async #build (set: SourceSet): Promise<Attempt> {
    const { active, rejected } = this.#ledger
    if (isSameSet(set, active)) return isSamePlace(set, active) ? active : { ...active, stamp: set.stamp }
    if (rejected !== null && isSameSet(set, rejected) && rejected.revision !== this.#accepted) return rejected
    const attempt = await buildSet(set, this.#builder, buildOptionsOf(this.#options, this.current.generation + 1))
    return attempt.revision === this.#accepted ? attempt : holdBack(attempt, this.current, this.#options.minKept ?? 0)
  }

  async #settle (attempt: Attempt, milliseconds: number): Promise<void> {
    const now = this.#now()
    this.#ledger.tried(attempt, attempt.snapshot !== null, now)
    if (attempt.snapshot !== null && attempt.revision !== this.current.revision) {
      this.#swap(attempt, attempt.snapshot, milliseconds, now)
      return
    }
    await this.#passWindows()
    if (attempt.snapshot === null) this.#reject(attempt, now)
    else this.#keep(attempt, now)
  }

  #swap (attempt: Attempt, built: Snapshot, milliseconds: number, now: number): void {
    const previous = this.current
    const snapshot = this.#follow(built)
    this.#windows.arm(snapshot)
    this.#accepted = undefined
    this.#ledger.loaded(attempt, 'reload', snapshot.generation, now)
    this.#save(attempt)
    this.#events.emit('reload', { previous, snapshot, diagnostics: attempt.diagnostics, texts: attempt.texts, milliseconds })
  }

  #save ({ texts, revision, stamp }: Attempt): void {
    const { lastKnownGood } = this.#options
    if (lastKnownGood === undefined || revision === null) return
    const savedAt = new Date(this.#now()).toISOString()
    this.#saving = this.#saving
      .then(() => saveLastGood(lastKnownGood, { version: 1, savedAt, revision, texts, ...stamp && { stamp } }))
      .catch((error: unknown) => this.#warn('the last good set could not be kept', error))
  }

  #keep (attempt: Attempt, now: number): void {
    for (const { file, message } of findingsBeyond(this.#ledger.active, attempt)) this.#options.warn?.(`${file}: ${message}`)
    if (!isSamePlace(attempt, this.#ledger.active)) this.#save(attempt)
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
    this.#events.emit('rejected', { snapshot: this.current, revision, diagnostics, texts: attempt.texts })
  }

  #report (): void {
    const { rejected } = this.#ledger
    const { revision, generation } = this.current
    try {
      this.#source.report?.({ revision, generation, state: rejected === null ? 'ok' : 'degraded', rejected: rejected && rejectionOf(rejected) })
    } catch (error) {
      this.#warn('the source takes no report', error)
    }
  }

  /** What can't be read may be readable without any sign of change. */
  #tryAgainLater (): void {
    if (this.#stopWatching === null || this.#source.retries === true) return
    this.#retry = setTimeout(() => { void this.reload() }, this.#options.retryAfter ?? 5_000).unref()
  }

  /** Puts a snapshot in force. Another one may have come first since it was begun: numbers are given here, without a gap. */
  #follow (built: Snapshot): Snapshot {
    const generation = this.current.generation + 1
    this.current = built.generation === generation ? built : { ...built, generation }
    return this.current
  }

  async #passWindows (): Promise<void> {
    const previous = this.current
    const at = this.#now()
    if (this.#end.signal.aborted || this.#isPassing || !hasPassedBoundary(previous, at)) return
    this.#isPassing = true
    try {
      const { set, settings, generation, revision } = previous
      const built = await compilePatiently(set, { settings, at, generation: generation + 1, revision })
      // A reload that came in between has judged its rules at its own moment.
      if (this.#end.signal.aborted || this.current !== previous) return
      const snapshot = this.#follow(built)
      this.#windows.arm(snapshot)
      this.#ledger.windowPassed(snapshot.generation, at)
      this.#events.emit('window', { previous, snapshot })
    } catch (error) {
      this.#warn('rules could not be put in force on time', error)
    } finally {
      this.#isPassing = false
    }
  }

  status (): Status {
    const { watch = true, reload = 'auto', minKept = 0, settings, version = ownVersion, build } = this.#options
    const { unmatched, router, pathReadings } = this.current.settings
    const source = this.#source.state?.() ?? null
    return {
      ...this.#ledger.status(this.current, this.#now(), source?.lookedAt ?? null),
      source,
      watch: this.#stopWatching === null ? 'off' : this.#source.mode ?? 'events',
      settings: {
        unmatched, router, pathReadings: [...pathReadings], allowEmpty: build?.allowEmpty ?? false, watch, reload, minKept, ...settings
      },
      version
    }
  }

  async close (): Promise<void> {
    if (this.#end.signal.aborted) return
    this.#end.abort()
    clearTimeout(this.#retry)
    this.#windows.stop()
    await this.#builder.close()
    await this.#stopWatching?.()
    await this.#running
    await this.#saving
  }

  #warn (message: string, error: unknown): void {
    this.#options.warn?.(`${message}: ${messageOf(error)}`)
  }
}
