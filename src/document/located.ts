// A value of a policy file that knows where each part of it was written.
import type { SourceText, Span } from '../diagnostic/span.ts'

/** A text, number, truth value or null. */
export interface LocatedScalar {
  readonly kind: 'scalar'
  readonly value: string | number | boolean | null
  readonly start: number
  readonly end: number
}

/** A list. */
export interface LocatedList {
  readonly kind: 'list'
  readonly items: readonly LocatedValue[]
  readonly start: number
  readonly end: number
}

/** One key of a map, and its value. */
export interface LocatedEntry {
  readonly keyStart: number
  readonly keyEnd: number
  readonly value: LocatedValue
}

/** A map with texts as keys. */
export interface LocatedMap {
  readonly kind: 'map'
  readonly entries: ReadonlyMap<string, LocatedEntry>
  readonly start: number
  readonly end: number
}

/** Where an alias stood, there is the very value of its anchor: values may be shared, and none contains itself. */
export type LocatedValue = LocatedScalar | LocatedList | LocatedMap

/** A file that is well-formed, in the vocabulary of YAML alone. */
export interface LocatedDocument {
  readonly source: SourceText
  readonly root: LocatedValue
}

/** Where a value stands. */
export function spanOfValue (source: SourceText, value: LocatedValue): Span {
  return { source, start: value.start, end: value.end }
}

/** Where the key of an entry stands. */
export function spanOfKey (source: SourceText, entry: LocatedEntry): Span {
  return { source, start: entry.keyStart, end: entry.keyEnd }
}

/** The value as plain lists and objects without a prototype: no key of a file is ever assigned into a plain object. */
export function toPlain (value: LocatedValue): unknown {
  return plainOf(value, new Map())
}

/** A value that aliases share becomes one plain value again. */
function plainOf (value: LocatedValue, known: Map<LocatedValue, unknown>): unknown {
  if (value.kind === 'scalar') return value.value
  const seen = known.get(value)
  if (seen !== undefined) return seen
  let plain: unknown
  if (value.kind === 'list') {
    plain = value.items.map(item => plainOf(item, known))
  } else {
    const object = Object.create(null) as Record<string, unknown>
    for (const [key, entry] of value.entries) object[key] = plainOf(entry.value, known)
    plain = object
  }
  known.set(value, plain)
  return plain
}
