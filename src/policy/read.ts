// Reads keys of a located map, whose types the schema has checked or complained about.
import type { SourceText, Span } from '../diagnostic/span.ts'
import { spanOfValue, type LocatedList, type LocatedMap, type LocatedScalar, type LocatedValue } from '../document/located.ts'
import { removalOf } from '../document/removal.ts'
import type { Findings } from './findings.ts'

/** A text and where it stands. */
export interface LocatedText extends LocatedScalar {
  readonly value: string
}

/** The value of a key, if it is a text. */
export function readText (map: LocatedMap, key: string): LocatedText | undefined {
  const value = map.entries.get(key)?.value
  return isText(value) ? value : undefined
}

/** The value of a key, if it is true or false. */
export function readBoolean (map: LocatedMap, key: string): boolean | undefined {
  const value = map.entries.get(key)?.value
  return value?.kind === 'scalar' && typeof value.value === 'boolean' ? value.value : undefined
}

/** The value of a key, if it is a list. */
export function readList (map: LocatedMap, key: string): LocatedList | undefined {
  const value = map.entries.get(key)?.value
  return value?.kind === 'list' ? value : undefined
}

/** The value of a key, if it is a map. */
export function readMap (map: LocatedMap, key: string): LocatedMap | undefined {
  const value = map.entries.get(key)?.value
  return value?.kind === 'map' ? value : undefined
}

/** Most lists are of a few entries, and there are very many: up to this length none gets a map of its own. */
const shortList = 8

/** The texts of a list, each once; one that stands there twice is reported. */
export function readTexts (source: SourceText, list: LocatedList, findings: Findings): LocatedText[] {
  const texts: LocatedText[] = []
  const seen = list.items.length > shortList ? new Map<string, LocatedText>() : null
  for (const [i, item] of list.items.entries()) {
    if (!isText(item) || item.value === '') continue
    const first = seen === null ? texts.find(({ value }) => value === item.value) : seen.get(item.value)
    if (first === undefined) {
      texts.push(item)
      seen?.set(item.value, item)
    } else {
      reportTwice(source, list, i, first, findings)
    }
  }
  return texts
}

/** Reports that an item of a list says what an earlier one says. */
export function reportTwice (source: SourceText, { items }: LocatedList, index: number, first: LocatedText, findings: Findings): void {
  const item = items[index] as LocatedText
  const span = spanOfValue(source, item)
  const at = removalOf(span, items[index - 1], items[index + 1])
  findings.add('duplicate-entry', span, `\`${item.value.slice(0, 80)}\` is listed twice`, {
    related: [{ span: spanOfValue(source, first), message: 'first listed here' }],
    ...at && { fix: { text: '', at: { source, ...at } } }
  })
}

/** A corrected text in the quotes of the one that it replaces, or in quotes where it needs them. */
export function quoteLike (span: Span, text: string): string {
  const first = span.source.text[span.start]
  if (first === '\'') return `'${text}'`
  return first !== '"' && /^[A-Za-z][A-Za-z0-9._*/-]*(?::[A-Za-z0-9._*/-]+)*$/.test(text) ? text : JSON.stringify(text)
}

function isText (value: LocatedValue | undefined): value is LocatedText {
  return value?.kind === 'scalar' && typeof value.value === 'string'
}
