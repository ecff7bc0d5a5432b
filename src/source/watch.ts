// Notices that a directory may have changed: the system's events are hints, a slow look is the net below them.
import { watch as watchFiles, type FSWatcher } from 'chokidar'
import { dirname, join, resolve, sep } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** How changes are noticed. Times are milliseconds. */
export interface WatchOptions {
  /** Without the system's events, for file systems that deliver none (network shares). `false` unless given. */
  readonly poll: boolean
  /** The time between two looks, 0 for none. It grows with what a look costs. 2 s unless given. */
  readonly pollInterval: number
  /** How long no event may come before the files are believed to be at rest. 150 ms unless given. */
  readonly quiet: number
  /** Told once for each kind of trouble with the system's events. Nobody unless given. */
  readonly warn: (message: string) => void
}

/** What directories look like at one moment. */
export interface Look {
  /** Equal for equal states, and different for others unless they lie within one tick of the file system's clock. */
  readonly fingerprint: string
  /** Equal while the directories are the very same ones; null where that can't be said. */
  readonly places: string | null
  /** Whether the last change is too long ago for the next one to fall within the same tick. */
  readonly isSettled: boolean
}

/** The files must look alike this many milliseconds apart. */
const rest = 75
/** In a storm that never ends, a change is told at least this often. */
const longestWait = 5_000
/** Looking may take this share of the time. */
const share = 1 / 20
const longestInterval = 60_000
/** The system has no watch left to give: inotify's limits of watches, instances or descriptors. */
const exhausted = new Set(['ENOSPC', 'EMFILE', 'ENFILE'])

/** Watches directories until it is stopped. */
export class DirectoryWatch {
  mode: 'events' | 'poll'
  readonly #directories: readonly string[]
  readonly #look: (signal: AbortSignal) => Promise<Look>
  readonly #changed: () => void
  readonly #options: WatchOptions
  readonly #end = new AbortController()
  readonly #warned = new Set<string>()
  #watcher: FSWatcher | null = null
  /** The fingerprint of which `changed` was told last; empty where it may stand for something else by now. */
  #told = ''
  /** The directories that the system's events come from, once they are known. */
  #places: string | null = null
  #closing: Promise<void> = Promise.resolve()
  #lastHint = 0
  #isSettling = false

  /** `look` must not reject but for its signal. */
  constructor (
    directories: readonly string[], look: (signal: AbortSignal) => Promise<Look>, changed: () => void, options: WatchOptions
  ) {
    this.#directories = directories.map(directory => resolve(directory))
    this.#look = look
    this.#changed = changed
    this.#options = options
    this.mode = options.poll ? 'poll' : 'events'
    if (!options.poll) this.#watchEvents()
    if (options.pollInterval > 0) void this.#lookAgainAndAgain()
  }

  async stop (): Promise<void> {
    this.#end.abort()
    await this.#watcher?.close()
    await this.#closing
  }

  /**
   * The source was read, and looked like this. Where that isn't what was told, something changed in between: the next
   * look must tell again, also if it is back by then at what was told.
   */
  wasRead (fingerprint: string): void {
    if (fingerprint !== this.#told) this.#told = ''
  }

  /** The parents are watched, since a watch on a directory dies with it and says nothing when it is made again. */
  #watchEvents (): void {
    const parents = [...new Set(this.#directories.map(directory => dirname(directory)))]
    const watcher = watchFiles(parents, {
      ignoreInitial: true,
      ignorePermissionErrors: true,
      ignored: path => !this.#isWatched(resolve(path), parents)
    })
    this.#watcher = watcher
    watcher.on('all', (_event, path) => { if (this.#concerns(resolve(path))) this.#hint() })
    // What chokidar throttles or filters away is a hint as well.
    watcher.on('raw', (_event, path, details) => {
      const { watchedPath } = details as { watchedPath?: string }
      if (watchedPath !== undefined && this.#concerns(path === null ? watchedPath : join(watchedPath, path))) this.#hint()
    })
    watcher.on('ready', () => { this.#lookOnce().catch(() => {}) })
    // Without a listener an error would end the process; and `ready` comes even where not one watch exists.
    watcher.on('error', error => { this.#degrade(error as NodeJS.ErrnoException) })
  }

  /** Events of a directory that took another's name, or of another that a link leads to, come only after a new start. */
  #watchAnew (): void {
    if (this.#watcher === null || this.mode === 'poll' || this.#end.signal.aborted) return
    // Closed first: watchers of one path share the system's watch, also a dead one.
    this.#closing = Promise.all([this.#closing, this.#watcher.close()]).then(() => {}, () => {})
    this.#watchEvents()
  }

  #isWatched (path: string, parents: readonly string[]): boolean {
    if (parents.includes(path)) return true
    return this.#directories.some(directory =>
      path === directory || (path.startsWith(directory + sep) && !path.slice(directory.length).includes(`${sep}.`)))
  }

  #concerns (path: string): boolean {
    return this.#directories.some(directory => path === directory || path.startsWith(directory + sep))
  }

  #degrade (error: NodeJS.ErrnoException): void {
    const { code = 'unknown' } = error
    if (!this.#warned.has(code) && !this.#end.signal.aborted) {
      this.#warned.add(code)
      this.#options.warn(exhausted.has(code)
        ? `the system has no file watches left (${code}): changes are found by polling; raise fs.inotify.max_user_watches and max_user_instances`
        : `a file watch failed (${code}); changes that it misses are found by polling`)
    }
    if (!exhausted.has(code) || this.mode === 'poll') return
    this.mode = 'poll'
    this.#watcher?.close().catch(() => {})
  }

  /** The files may have changed: tells so once they are at rest. */
  #hint (): void {
    this.#lastHint = performance.now()
    if (this.#isSettling || this.#end.signal.aborted) return
    this.#isSettling = true
    this.#settle()
      // Stopped meanwhile.
      .catch(() => {})
      .finally(() => { this.#isSettling = false })
  }

  async #settle (): Promise<void> {
    const start = performance.now()
    const isPatient = (): boolean => performance.now() - start < longestWait
    for (let seen = -1; seen !== this.#lastHint;) {
      let first: Look, second: Look
      do {
        while (this.#untilQuiet() > 0 && isPatient()) await this.#sleep(this.#untilQuiet())
        seen = this.#lastHint
        first = await this.#look(this.#end.signal)
        await this.#sleep(rest)
        second = await this.#look(this.#end.signal)
      } while ((first.fingerprint !== second.fingerprint || seen !== this.#lastHint) && isPatient())
      this.#end.signal.throwIfAborted()
      this.#follow(second)
      if (second.fingerprint === this.#told) continue
      this.#told = second.isSettled ? second.fingerprint : ''
      this.#changed()
    }
  }

  #follow ({ places }: Look): void {
    if (places === null || places === this.#places) return
    if (this.#places !== null) this.#watchAnew()
    this.#places = places
  }

  #untilQuiet (): number {
    return this.#lastHint + this.#options.quiet - performance.now()
  }

  async #lookAgainAndAgain (): Promise<void> {
    const { pollInterval } = this.#options
    let cost = 0
    try {
      while (!this.#end.signal.aborted) {
        // Earlier by up to a tenth, so that many gateways on one share don't look in step.
        const interval = Math.min(Math.max(pollInterval, cost / share), Math.max(longestInterval, pollInterval))
        await this.#sleep(interval * (1 - Math.random() / 10))
        const start = performance.now()
        await this.#lookOnce()
        cost = performance.now() - start
      }
    } catch {
      // Stopped: only then does the sleep reject.
    }
  }

  async #lookOnce (): Promise<void> {
    if (this.#isSettling || this.#end.signal.aborted) return
    const { fingerprint } = await this.#look(this.#end.signal)
    if (fingerprint === this.#told) return
    // What no event told of may be lost to this watcher for good.
    if (this.#told !== '' && !this.#isSettling && this.#places !== null) this.#places = ''
    this.#hint()
  }

  #sleep (ms: number): Promise<unknown> {
    return sleep(Math.max(1, ms), undefined, { ref: false, signal: this.#end.signal })
  }
}
