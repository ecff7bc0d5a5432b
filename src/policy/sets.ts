// The origin sets of all files: what each name stands for, with sets in sets expanded.
import type { SourceText, Span } from '../diagnostic/span.ts'
import { spanOfKey, spanOfValue, type LocatedDocument, type LocatedList } from '../document/located.ts'
import { show, type Findings } from './findings.ts'
import { isReference, readOrigins, type OriginItem, type SetReference } from './origins.ts'
import type { OriginEntry, OriginSetDefinition } from './policy.ts'
import { readMap } from './read.ts'
import type { UnreadSets } from './unread.ts'

interface Definition {
  readonly name: string
  readonly span: Span
  readonly source: SourceText
  readonly list: LocatedList
  /** Entries with `set` at this set's own name, and the references, in their order. */
  items: readonly OriginItem[]
  /** The sets that it includes directly, each with the reference. */
  includes: readonly { readonly definition: Definition, readonly reference: SetReference }[]
  used: boolean
}

/** More entries than this, counted over all lists, are more than a gateway should hold. */
const maxExpanded = 5_000_000
const maxCycles = 50

/** The origin sets of one policy set. */
export class OriginSets {
  readonly #findings: Findings
  readonly #unread: UnreadSets
  readonly #definitions = new Map<string, Definition>()
  readonly #expanded = new Map<Definition, readonly OriginEntry[]>()
  readonly #prefixes = new Map<string, readonly Definition[]>()
  #count = 0

  constructor (documents: readonly LocatedDocument[], unread: UnreadSets, findings: Findings) {
    this.#findings = findings
    this.#unread = unread
    for (const document of documents) this.#collect(document)
    for (const definition of this.#definitions.values()) {
      definition.items = readOrigins(definition.source, definition.list, definition.name, findings)
      definition.includes = definition.items.filter(isReference).flatMap(reference => {
        const included = this.#resolve(reference)
        return this.charge(included.length, reference) ? included.map(definition => ({ definition, reference })) : []
      })
    }
    this.#cutCycles()
    for (const definition of this.#definitions.values()) this.#checkAnyOrigin(definition)
  }

  #collect ({ source, root }: LocatedDocument): void {
    const sets = root.kind === 'map' ? readMap(root, 'originSets') : undefined
    for (const [name, entry] of sets?.entries ?? []) {
      const span = spanOfKey(source, entry)
      const first = this.#definitions.get(name)
      if (first !== undefined) {
        this.#findings.add('duplicate-name', span, `the origin set ${show(name)} is defined twice`,
          { related: [{ span: first.span, message: 'first defined here' }] })
      } else if (entry.value.kind === 'list') {
        this.#definitions.set(name, { name, span, source, list: entry.value, items: [], includes: [], used: false })
      }
    }
  }

  /** The sets that a reference names; none, and an error unless it only follows from another, where there is none. */
  #resolve ({ source, text, name, isPrefix }: SetReference): readonly Definition[] {
    if (!isPrefix) {
      const definition = this.#definitions.get(name)
      if (definition !== undefined) return [definition]
    } else {
      let matching = this.#prefixes.get(name)
      if (matching === undefined) {
        matching = [...this.#definitions.values()].filter(definition => definition.name.startsWith(name))
        this.#prefixes.set(name, matching)
      }
      if (matching.length > 0) return matching
    }
    if (this.#unread.has(name, isPrefix)) {
      // What is wrong there has been told; here it only counts.
      this.#findings.errors++
      return []
    }
    const span = spanOfValue(source, text)
    if (isPrefix) {
      const prefixes = new Set([...this.#definitions.keys()].filter(known => known.includes('.')).map(known => known.slice(0, known.indexOf('.') + 1)))
      this.#findings.add('unknown-set', span, `no origin set has a name that begins with ${show(name)}`,
        this.#findings.didYouMean(name, prefixes, near => `$${near}*`))
    } else {
      this.#findings.add('unknown-set', span, `there is no origin set ${show(name)}`, this.#findings.didYouMean(name, this.#definitions.keys(), near => `$${near}`))
    }
    return []
  }

  /** Goes through the sets depth first, without recursion; a set that closes a cycle is reported and includes nothing more. */
  #cutCycles (): void {
    let reports = 0
    const done = new Set<Definition>()
    for (const root of this.#definitions.values()) {
      const path = [{ definition: root, next: 0 }]
      const open = new Set([root])
      while (path.length > 0) {
        const step = path.at(-1)!
        const include = step.definition.includes[step.next++]
        if (include === undefined || done.has(step.definition)) {
          done.add(step.definition)
          open.delete(step.definition)
          path.pop()
        } else if (open.has(include.definition)) {
          if (++reports <= maxCycles) this.#reportCycle(include.reference, path.map(({ definition }) => definition), include.definition)
          step.definition.includes = []
        } else if (!done.has(include.definition)) {
          open.add(include.definition)
          path.push({ definition: include.definition, next: 0 })
        }
      }
    }
  }

  #reportCycle ({ source, text }: SetReference, path: readonly Definition[], first: Definition): void {
    const circle = path.slice(path.indexOf(first))
    const shown = circle.length <= 6 ? circle : [...circle.slice(0, 3), ...circle.slice(-2)]
    const names = [...shown, first].map(({ name }) => show(name)).join(' includes ')
    this.#findings.add('set-cycle', spanOfValue(source, text), circle.length === 1 ? `the origin set ${show(first.name)} includes itself` : names,
      { related: circle.length === 1 ? [] : [{ span: first.span, message: `${show(first.name)} is defined here` }] })
  }

  #checkAnyOrigin ({ items }: Definition): void {
    if (items.length < 2) return
    for (const item of items) {
      if (!isReference(item) && item.pattern.kind === 'any') {
        this.#findings.add('any-origin-alone', item.span, '`*` stands beside other entries of its set')
      }
    }
  }

  /** The entries that a reference of a rule brings, each once; marks what it uses. */
  expand (reference: SetReference): readonly OriginEntry[] {
    const definitions = this.#resolve(reference)
    for (const definition of definitions) markUsed(definition)
    const [only] = definitions
    if (definitions.length === 1) return this.#expandOne(only!, reference)
    const seen = new Map<string, OriginEntry>()
    for (const definition of definitions) {
      for (const entry of this.#expandOne(definition, reference)) if (!seen.has(entry.pattern.text)) seen.set(entry.pattern.text, entry)
    }
    return this.charge(seen.size, reference) ? [...seen.values()] : []
  }

  #expandOne (definition: Definition, reference: SetReference): readonly OriginEntry[] {
    const known = this.#expanded.get(definition)
    if (known !== undefined) return known
    const entries = new Map<string, OriginEntry>()
    const reached = new Set([definition])
    // A set grows while it is gone through, so that this reaches every set that is included at any depth.
    for (const { items, includes } of reached) {
      for (const item of items) {
        if (isReference(item) || entries.has(item.pattern.text)) continue
        entries.set(item.pattern.text, item.set === definition.name ? item : { ...item, set: definition.name })
      }
      for (const include of includes) reached.add(include.definition)
      if (this.#count + entries.size + reached.size > maxExpanded) break
    }
    const list = this.charge(entries.size + reached.size, reference) ? [...entries.values()] : []
    this.#expanded.set(definition, list)
    return list
  }

  /** Counts entries that are to be held; false, and an error, where that is too much. */
  charge (entries: number, { source, text }: Pick<SetReference, 'source' | 'text'>): boolean {
    const wasFull = this.#count > maxExpanded
    this.#count += entries
    if (this.#count <= maxExpanded) return true
    if (!wasFull) {
      this.#findings.add('too-complex', spanOfValue(source, text), `with this reference, lists of origins hold more than ${maxExpanded.toLocaleString('en')} entries`)
    }
    return false
  }

  /** Every set, for the checks. */
  definitions (): OriginSetDefinition[] {
    return [...this.#definitions.values()]
      .sort((a, b) => a.name < b.name ? -1 : 1)
      .map(({ name, span, items, includes, used }) => ({
        name, span, used,
        entries: includes.length === 0 ? items.filter(item => !isReference(item)) as readonly OriginEntry[] : this.#known(name)
      }))
  }

  /** What a set with includes stands for; one that nothing has named yet is expanded for the checks alone. */
  #known (name: string): readonly OriginEntry[] {
    const definition = this.#definitions.get(name)!
    const reference = definition.includes[0]!.reference
    return this.#expandOne(definition, reference)
  }
}

function markUsed (definition: Definition): void {
  const stack = [definition]
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    if (next.used) continue
    next.used = true
    for (const { definition: included } of next.includes) stack.push(included)
  }
}
