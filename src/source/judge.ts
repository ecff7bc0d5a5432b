// Judges the bundles of one source: the same bytes are the same set, and are judged anew only where other keys have to have signed them.
import { createHash } from 'node:crypto'
import { parseBundle, type Bundle } from './bundle.ts'
import type { Limits } from './limits.ts'
import type { ResolvedKeys } from './option-values.ts'
import { readPublicKeys, type Audience, type PublicKeys } from './signature.ts'
import type { SourceSet } from './source.ts'

/** What bundles are judged by. */
export interface JudgeOptions extends ResolvedKeys {
  /** What errors call the source. */
  readonly place: string
  /** For where bundles have to be signed, if they have to be. */
  readonly audience: Audience
  readonly limits: Limits
}

export class Judge {
  readonly #options: JudgeOptions
  #known: { readonly set: SourceSet, readonly digest: string, readonly keys: PublicKeys | null } | null = null

  constructor (options: JudgeOptions) {
    this.#options = options
  }

  /** The keys of now. Rejects with a `SourceError` where their file is no use. */
  async keys (): Promise<PublicKeys | null> {
    const { place, publicKeys, publicKeyFile } = this.#options
    return publicKeyFile === null ? publicKeys : readPublicKeys(place, publicKeyFile)
  }

  /** The set that was taken last, if it was by these keys. */
  known (keys: PublicKeys | null): SourceSet | null {
    return this.#known !== null && this.#known.keys?.pem === keys?.pem ? this.#known.set : null
  }

  /** Throws a `SourceError` for what is no bundle to be taken; `accept` may throw one more. Then all is as it was. */
  take (bytes: Uint8Array, keys: PublicKeys | null, accept: (bundle: Bundle) => void = () => {}): SourceSet {
    const { place, audience, limits } = this.#options
    const digest = createHash('sha256').update(bytes).digest('hex')
    const before = this.#known?.digest === digest ? this.#known.set : null
    const known = before === null ? null : this.known(keys)
    if (known !== null) return known
    const bundle = parseBundle(place, bytes, limits, keys === null ? null : { keys, audience })
    accept(bundle)
    this.#known = { set: before ?? bundle.set, digest, keys }
    return this.#known.set
  }
}
