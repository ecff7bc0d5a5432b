// Policies from one URL: a bundle that any server of files can hold, asked for again and again.
import { placeOf, resolveHttp, type HttpOptions, type ResolvedHttp } from './http-options.ts'
import { ask, type Validators } from './http-request.ts'
import { Judge } from './judge.ts'
import { Order } from './order.ts'
import { retryAfter, spread } from './pace.ts'
import type { PublicKeys } from './signature.ts'
import { SourceError, type PolicySource, type SourceSet } from './source.ts'

export { placeOf }
export type { HttpOptions }

/**
 * Policies from a bundle at a URL, as `cors-gateway bundle` prints it. While it is watched, it is asked for every
 * `pollInterval` (30 s), and after a failure sooner. What is no bundle rejects, and the last good set stays; so does what has a
 * lower generation than one that was seen, or none any more.
 */
export function httpSource (url: string | URL, options: HttpOptions = {}): PolicySource {
  const source = new HttpSource(resolveHttp(url, options))
  return {
    mode: 'poll',
    retries: true,
    read: signal => source.read(signal),
    watch: changed => source.watch(changed),
    resume: (stamp, revision) => { source.order.resume(stamp, revision) },
    state: () => ({ lookedAt: source.lookedAt, seen: source.order.highest })
  }
}

/** Of so many looks one asks for the whole bundle: a server whose tags depend on time and size may miss a change for good. */
const looksOfWhichOneIsFull = 20

/** Somebody who watches, and what of the source it was told last. */
interface Watcher {
  readonly changed: () => void
  told: SourceSet | string | null
}

class HttpSource {
  lookedAt: string | null = null
  readonly order = new Order('the server', 'serve the newest bundle, or print what is meant with a higher `--generation`')
  readonly #server: ResolvedHttp
  readonly #watchers = new Set<Watcher>()
  readonly #judge: Judge
  /** Those of the bundle that was taken last. */
  #validators: Validators | null = null
  /** Whether the last look told somebody of something that nobody has read yet. */
  #isNews = false
  #failures = 0
  #looks = 0
  #timer: NodeJS.Timeout | undefined
  /** The look under way, and the end of all of them. */
  #look: Promise<void> | null = null
  #end = new AbortController()

  constructor (server: ResolvedHttp) {
    this.#server = server
    this.#judge = new Judge({ ...server, audience: 'url' })
  }

  /** Asks for the whole bundle, whatever the server says of changes; unless a look that just did brought this about. */
  async read (signal: AbortSignal): Promise<SourceSet> {
    const isNews = this.#isNews
    this.#isNews = false
    try {
      return await this.#ask(isNews, signal)
    } catch (error) {
      // Who gave up knows less than was told.
      if (signal.aborted) for (const watcher of this.#watchers) watcher.told = null
      throw error
    } finally {
      this.#lookLater()
    }
  }

  watch (changed: () => void): () => Promise<void> {
    const watcher: Watcher = { changed, told: null }
    this.#watchers.add(watcher)
    if (this.#watchers.size === 1) this.#end = new AbortController()
    this.#lookLater()
    return async () => {
      this.#watchers.delete(watcher)
      if (this.#watchers.size > 0) return
      clearTimeout(this.#timer)
      this.#end.abort()
      await this.#look
    }
  }

  async #ask (isConditional: boolean, signal: AbortSignal): Promise<SourceSet> {
    try {
      const keys = await this.#judge.keys()
      const known = this.#judge.known(keys)
      const answer = await ask(this.#server, isConditional && known !== null ? this.#validators : null, signal)
      const set = answer === null ? known! : this.#take(answer.bytes, keys)
      if (answer !== null) this.#validators = answer.validators
      this.#failures = 0
      this.#looked(set)
      return set
    } catch (error) {
      if (error instanceof SourceError && !signal.aborted) {
        this.#failures ||= 1
        this.#looked(error.message)
      }
      throw error
    }
  }

  #take (bytes: Uint8Array, keys: PublicKeys | null): SourceSet {
    return this.#judge.take(bytes, keys, ({ stamp, revision, isWhole }) => {
      if (isWhole) this.order.take(this.#server.place, stamp, revision)
    })
  }

  /** Tells whoever doesn't know yet. */
  #looked (state: SourceSet | string): void {
    this.lookedAt = new Date().toISOString()
    for (const watcher of this.#watchers) {
      if (watcher.told === state) continue
      watcher.told = state
      this.#isNews = true
      watcher.changed()
    }
  }

  #lookLater (): void {
    clearTimeout(this.#timer)
    if (this.#watchers.size === 0) return
    const wait = this.#failures === 0 ? spread(this.#server.pollInterval, 0.1) : spread(retryAfter(this.#failures), 0.25)
    this.#timer = setTimeout(() => { this.#look ??= this.#lookOnce() }, wait).unref()
  }

  async #lookOnce (): Promise<void> {
    const { signal } = this.#end
    const failures = this.#failures + 1
    this.#isNews = false
    try {
      await this.#ask(++this.#looks % looksOfWhichOneIsFull !== 0, signal)
    } catch {
      // The watchers were told, and their readings say why.
      this.#failures = failures
    } finally {
      this.#look = null
      this.#lookLater()
    }
  }
}
