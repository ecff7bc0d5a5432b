// The lists of origins that rules name, expanded; equal lists are one array.
import type { SourceText } from '../diagnostic/span.ts'
import { spanOfValue, type LocatedList } from '../document/located.ts'
import type { Findings } from './findings.ts'
import { isReference, readOrigins, type OriginItem } from './origins.ts'
import type { OriginEntry } from './policy.ts'
import type { OriginSets } from './sets.ts'

const none: readonly OriginEntry[] = []

/** Lists of at least this many entries are shared even where their own entries stand in several places. */
const worthSharing = 256

interface Expanded {
  readonly entries: readonly OriginEntry[]
  readonly errors: number
}

/**
 * Expands lists of origins. A list that defaults or aliases give to many rules is one array, and so are lists that
 * name the same sets: a set of 10,000 origins costs nothing more in each of 10,000 rules that name it.
 */
export class OriginLists {
  readonly #sets: OriginSets
  readonly #findings: Findings
  readonly #byList = new Map<LocatedList, Expanded>()
  readonly #any = new Map<readonly OriginEntry[], OriginEntry | null>()
  readonly #byText = new Map<string, readonly OriginEntry[]>()

  constructor (sets: OriginSets, findings: Findings) {
    this.#sets = sets
    this.#findings = findings
  }

  /** The entries of a list, with its sets expanded. */
  expand (source: SourceText, list: LocatedList): readonly OriginEntry[] {
    const known = this.#byList.get(list)
    if (known !== undefined) {
      this.#findings.errors += known.errors
      return known.entries
    }
    const before = this.#findings.errors
    const items = readOrigins(source, list, null, this.#findings)
    const entries = items.length === 0 ? none : this.#expandItems(items, this.#findings.errors > before)
    this.#byList.set(list, { entries, errors: this.#findings.errors - before })
    return entries
  }

  #expandItems (items: readonly OriginItem[], isBroken: boolean): readonly OriginEntry[] {
    const references = items.filter(isReference)
    if (references.length === 0 && items.length < worthSharing) return items as readonly OriginEntry[]
    const key = items.map(item => isReference(item) ? item.text.value : item.pattern.text).join('\n')
    const shared = this.#byText.get(key)
    if (shared !== undefined && !isBroken) return shared
    const before = this.#findings.errors
    const parts = items.map(item => isReference(item) ? this.#sets.expand(item) : [item])
    if (parts.length === 1) return this.#share(key, parts[0]!, before)
    const total = parts.reduce((sum, part) => sum + part.length, 0)
    const [first] = references
    if (first !== undefined && !this.#sets.charge(total, first)) return none
    const entries = parts.flat()
    const isWorthIt = references.length === items.length || total >= worthSharing
    return isWorthIt && !isBroken ? this.#share(key, entries, before) : entries
  }

  #share (key: string, entries: readonly OriginEntry[], errorsBefore: number): readonly OriginEntry[] {
    if (this.#findings.errors === errorsBefore) this.#byText.set(key, entries)
    return entries
  }

  /** The `*` of a list that {@link expand} gave. */
  anyIn (entries: readonly OriginEntry[]): OriginEntry | null {
    let any = this.#any.get(entries)
    if (any === undefined) this.#any.set(entries, any = entries.find(({ pattern }) => pattern.kind === 'any') ?? null)
    return any
  }

  /** The texts of the patterns of a list. */
  texts (source: SourceText, list: LocatedList): readonly string[] {
    return this.expand(source, list).map(({ pattern }) => pattern.text)
  }

  /** Reports each `*` of a list that takes any form but it. */
  refuseAny (source: SourceText, list: LocatedList, key: string): readonly OriginEntry[] {
    const entries = this.expand(source, list)
    if (this.anyIn(entries) === null) return entries
    const any = entries.filter(({ pattern }) => pattern.kind === 'any')
    for (const { span, set } of any) {
      this.#findings.add('any-origin-alone', set === null ? span : spanOfValue(source, list), `\`${key}\` takes any form of origin but \`*\``,
        { help: set === null ? 'list what is meant, or remove the entry' : `the set \`${set}\` brings it` })
    }
    return entries.filter(({ pattern }) => pattern.kind !== 'any')
  }
}
