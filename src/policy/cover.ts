// Which entry of a list of origins covers a pattern: every origin of the one is an origin of the other.
import type { OriginPattern } from '../origin/pattern.ts'
import { coversPattern } from '../origin/relation.ts'
import type { OriginEntry } from './policy.ts'

type Glob = Extract<OriginPattern, { kind: 'label-glob' }>

/** The globs that share all labels but one. */
interface Family {
  readonly lengths: Set<number>
  readonly globs: Map<string, OriginEntry>
}

/**
 * Finds an entry that covers a pattern without trying all of them: all that could are reached through the parts of
 * the pattern itself. Every answer is proven by {@link coversPattern}.
 */
export class CoverIndex {
  /** Keyed by text; of equal texts the first. */
  readonly #texts = new Map<string, OriginEntry>()
  readonly #families = new Map<string, Family>()

  constructor (entries: readonly OriginEntry[]) {
    for (const entry of entries) {
      const { pattern } = entry
      if (!this.#texts.has(pattern.text)) this.#texts.set(pattern.text, entry)
      if (pattern.kind === 'label-glob') this.#addGlob(entry, pattern)
    }
  }

  #addGlob (entry: OriginEntry, glob: Glob): void {
    const key = familyKey(glob.scheme, glob.port, glob.before.join('.'), glob.after.join('.'))
    let family = this.#families.get(key)
    if (family === undefined) this.#families.set(key, family = { lengths: new Set(), globs: new Map() })
    family.lengths.add(glob.prefix.length * 64 + glob.suffix.length)
    const text = `${glob.prefix}*${glob.suffix}`
    if (!family.globs.has(text)) family.globs.set(text, entry)
  }

  /** An entry that covers a pattern, other than `self`; the broadest kinds last. Null where none does. */
  coverOf (pattern: OriginPattern, self: OriginEntry | null = null): OriginEntry | null {
    for (const entry of this.candidates(pattern)) {
      if (entry !== self && coversPattern(entry.pattern, pattern)) return entry
    }
    return null
  }

  /** The entries that may cover a pattern, a superset of those that do. */
  * candidates (pattern: OriginPattern): Generator<OriginEntry> {
    yield* this.#byText(pattern.text)
    if ('scheme' in pattern) {
      const ports = pattern.port === '*' ? ['*'] : [pattern.port, '*']
      for (const port of ports) yield* this.#withPort(pattern, port)
    }
    yield* this.#byText('*')
  }

  * #withPort (pattern: Extract<OriginPattern, { scheme: string }>, port: string): Generator<OriginEntry> {
    const { scheme } = pattern
    const shown = port === '' ? '' : `:${port}`
    let tail = ''
    switch (pattern.kind) {
      case 'exact':
        yield* this.#byText(`${scheme}://${pattern.host}${shown}`)
        yield* this.#globsOf(scheme, port, pattern.host)
        tail = pattern.host
        break
      case 'label-glob':
        yield* this.#globsOf(scheme, port, [...pattern.before, pattern.prefix + '*' + pattern.suffix, ...pattern.after].join('.'))
        tail = ['', ...pattern.after].join('.')
        break
      case 'subdomains':
        tail = pattern.suffix
        break
      case 'any-host': break
    }
    for (let dot = tail.indexOf('.'); dot !== -1; dot = tail.indexOf('.', dot + 1)) {
      yield* this.#byText(`${scheme}://*${tail.slice(dot)}${shown}`)
    }
    yield* this.#byText(`${scheme}://*${shown}`)
  }

  /** The globs that match a host, which itself may hold one star. */
  * #globsOf (scheme: string, port: string, host: string): Generator<OriginEntry> {
    if (this.#families.size === 0) return
    const labels = host.split('.')
    for (const [i, label] of labels.entries()) {
      const family = this.#families.get(familyKey(scheme, port, labels.slice(0, i).join('.'), labels.slice(i + 1).join('.')))
      if (family === undefined) continue
      for (const lengths of family.lengths) {
        const [prefixLength, suffixLength] = [lengths >> 6, lengths & 63]
        if (prefixLength + suffixLength > label.length) continue
        const found = family.globs.get(`${label.slice(0, prefixLength)}*${label.slice(label.length - suffixLength)}`)
        if (found !== undefined) yield found
      }
    }
  }

  * #byText (text: string): Generator<OriginEntry> {
    const found = this.#texts.get(text)
    if (found !== undefined) yield found
  }
}

function familyKey (scheme: string, port: string, before: string, after: string): string {
  return `${scheme} ${port} ${before} ${after}`
}
