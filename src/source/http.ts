// Policies from one URL: a bundle that any server of files can hold, asked for again and again.
import { createHash } from 'node:crypto'
import { parseBundle } from './bundle.ts'
import { placeOf, resolveHttp, type HttpOptions, type ResolvedHttp } from './http-options.ts'
import { ask, type Validators } from './http-request.ts'
import { readPublicKeys, type PublicKeys } from './signature.ts'
import { SourceError, type PolicySource, type SourceSet } from './source.ts'

export { placeOf }
export type { HttpOptions }

/**
 * Policies from a bundle at a URL, as `cors-gateway bundle` prints it. While it is watched, it is asked for every
 * `pollInterval` (30 s), and after a failure sooner. What is no bundle rejects, and the last good set stays.
 */
export function httpSource (url: string | URL, options: HttpOptions = {}): PolicySource {
  const source = new HttpSource(resolveHttp(url, options))
  return {
    mode: 'poll',
    retries: true,
    read: signal => source.read(signal),
    watch: changed => source.watch(changed)
  }
}

/** Of so many looks one asks for the whole bundle: a server whose tags depend on time and size may miss a change for good. */
const looksOfWhichOneIsFull = 20

const firstRetry = 1_000
const lastRetry = 30_000

/** A bundle as it was last got. */
interface Known {
  readonly set: SourceSet
  readonly digest: string
  /** The public keys that it was judged by. */
  readonly keys: PublicKeys | null
  readonly validators: Validators | null
}

/** Somebody who watches, and what of the source it was told last. */
interface Watcher {
  readonly changed: () => void
  told: SourceSet | string | null
}

class HttpSource {
  readonly #server: ResolvedHttp
  readonly #watchers = new Set<Watcher>()
  #known: Known | null = null
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
    const known = this.#known
    try {
      const keys = await this.#keys()
      const isJudged = known?.keys?.pem === keys?.pem
      const answer = await ask(this.#server, isConditional && isJudged ? known?.validators ?? null : null, signal)
      const set = answer === null ? known!.set : this.#take(answer.bytes, answer.validators, keys)
      this.#failures = 0
      this.#tell(set)
      return set
    } catch (error) {
      if (error instanceof SourceError && !signal.aborted) {
        this.#failures ||= 1
        this.#tell(error.message)
      }
      throw error
    }
  }

  async #keys (): Promise<PublicKeys | null> {
    const { place, publicKeys, publicKeyFile } = this.#server
    return publicKeyFile === null ? publicKeys : readPublicKeys(place, publicKeyFile)
  }

  /** The same bytes are the same set; for a set that other keys have to have signed they are judged anew. */
  #take (bytes: Uint8Array, validators: Validators | null, keys: PublicKeys | null): SourceSet {
    const { place, limits } = this.#server
    const known = this.#known
    const digest = createHash('sha256').update(bytes).digest('hex')
    const isSame = known?.digest === digest
    const set = isSame && known.keys?.pem === keys?.pem ? known.set : parseBundle(place, bytes, limits, keys).set
    this.#known = { set: isSame ? known.set : set, digest, keys, validators }
    return this.#known.set
  }

  #tell (state: SourceSet | string): void {
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
    const retry = Math.min(firstRetry * 2 ** (this.#failures - 1), lastRetry)
    const wait = this.#failures === 0 ? spread(this.#server.pollInterval, 0.1) : spread(retry, 0.25)
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

/** A time, more or less by up to a share of it. */
function spread (milliseconds: number, share: number): number {
  return milliseconds * (1 + share * (2 * Math.random() - 1))
}
