// One map of a gateway's configuration: values that the schema has nothing against, and where each of them stands.
import type { DiagnosticCode } from '../diagnostic/catalogue.ts'
import type { DiagnosticExtras } from '../diagnostic/diagnostic.ts'
import type { SourceText, Span } from '../diagnostic/span.ts'
import { spanOfValue, toPlain, type LocatedMap, type LocatedValue } from '../document/located.ts'
import type { Findings } from '../policy/findings.ts'
import { readTexts } from '../policy/read.ts'

/** What a reading shares. */
export interface Reading {
  readonly source: SourceText
  /** The values that are at fault, and all that hold them. */
  readonly broken: ReadonlySet<LocatedValue>
  readonly findings: Findings
}

/** A map of the file; one that isn't there has no values. `Keys` is its type as generated from the schema. */
export class Section<Keys extends object> {
  readonly #reading: Reading
  readonly #map: LocatedMap | undefined

  constructor (reading: Reading, value: LocatedValue | undefined) {
    this.#reading = reading
    this.#map = value?.kind === 'map' ? value : undefined
  }

  /** The value of a key, if it is there and right. */
  get<Key extends keyof Keys & string> (key: Key): Keys[Key] | undefined {
    const value = this.#valueOf(key)
    return value === undefined || this.#reading.broken.has(value) ? undefined : toPlain(value) as Keys[Key]
  }

  /** Whether there is such a map at all. */
  get isMap (): boolean {
    return this.#map !== undefined
  }

  /** Whether the key is there, with whatever value. */
  has (key: keyof Keys & string): boolean {
    return this.#valueOf(key) !== undefined
  }

  /** Whether the key is there and something is wrong with its value. */
  isBroken (key: keyof Keys & string): boolean {
    const value = this.#valueOf(key)
    return value !== undefined && this.#reading.broken.has(value)
  }

  /** The map of a key. */
  section<Key extends keyof Keys & string> (key: Key): Section<Extract<NonNullable<Keys[Key]>, object>> {
    return new Section(this.#reading, this.#valueOf(key))
  }

  /** The maps in the list of a key. */
  sections<Item extends object> (key: keyof Keys & string): Section<Item>[] {
    const value = this.#valueOf(key)
    return value?.kind === 'list' ? value.items.filter(item => item.kind === 'map').map(item => new Section<Item>(this.#reading, item)) : []
  }

  /** The texts in the list of a key, each once, and where each stands; or its only text. */
  texts (key: keyof Keys & string): { text: string, span: Span }[] {
    const value = this.#valueOf(key)
    if (value === undefined || this.#reading.broken.has(value)) return []
    const { source, findings } = this.#reading
    const items = value.kind === 'list' ? readTexts(source, value, findings) : [value]
    return items.flatMap(item => item.kind === 'scalar' && typeof item.value === 'string' ? [{ text: item.value, span: spanOfValue(source, item) }] : [])
  }

  /** Where the value of a key stands. */
  spanOf (key: keyof Keys & string): Span {
    return spanOfValue(this.#reading.source, this.#valueOf(key)!)
  }

  /** Reports a value that the schema could not know to be wrong. */
  refuse (at: (keyof Keys & string) | Span, message: string, help: string, extras: DiagnosticExtras = {}): void {
    this.report('wrong-value', at, message, { ...extras, help })
  }

  report (code: DiagnosticCode, at: (keyof Keys & string) | Span, message: string, extras: DiagnosticExtras = {}): void {
    this.#reading.findings.add(code, typeof at === 'string' ? this.spanOf(at) : at, message, extras)
  }

  #valueOf (key: string): LocatedValue | undefined {
    return this.#map?.entries.get(key)?.value
  }
}
