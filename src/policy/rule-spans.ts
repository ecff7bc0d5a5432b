// Where the values of a rule are written: offsets only, so that the document behind a set is let go.
import type { Span } from '../diagnostic/span.ts'

/** The half-open stretch of a value in its file. */
export interface Stretch {
  readonly start: number
  readonly end: number
}

/** The place of a key's value, and those of its entries where that is a list of names. */
export interface KeySpans extends Stretch {
  readonly key: string
  readonly entries: readonly Stretch[]
}

/**
 * The places of a rule's values, its own or its file's defaults, as text: `key=start+length,…;key=…` in base 36, counted
 * from the rule's name. There may be very many rules, and a place is asked for seldom: objects would take ten times the
 * memory, and rules that are laid out alike have equal texts, which are kept once.
 */
export type RuleSpans = string

/** The one of equal texts that was met first: rules that are laid out alike then share it. */
export function shareSpans (known: Map<RuleSpans, RuleSpans>, spans: RuleSpans): RuleSpans {
  const shared = known.get(spans)
  if (shared === undefined) known.set(spans, spans)
  return shared ?? spans
}

/** Packs the places of a rule's values. `from` is where the rule's name begins. */
export function packSpans (values: readonly KeySpans[], from: number): RuleSpans {
  return values.map(({ key, entries, ...value }) => `${key}=${[value, ...entries].map(stretch => packStretch(stretch, from)).join()}`).join(';')
}

function packStretch ({ start, end }: Stretch, from: number): string {
  return `${(start - from).toString(36)}+${(end - start).toString(36)}`
}

/** What is read of a rule: where its name is written, and the rest. */
interface Placed { readonly span: Span, readonly spans: RuleSpans }

/** The places of a key's value and of its entries, in this order; none where the rule does not say the key. */
function stretchesOf ({ span, spans }: Placed, key: string): readonly Stretch[] {
  const packed = spans.split(';').find(part => part.startsWith(`${key}=`))
  if (packed === undefined) return []
  return packed.slice(key.length + 1).split(',').map(text => {
    const [start = 0, length = 0] = text.split('+').map(number => parseInt(number, 36))
    return { start: span.start + start, end: span.start + start + length }
  })
}

/**
 * Where the value of a key that applies to a rule is written; the rule's name where neither it nor the defaults say
 * the key. With an index: where that entry of a list of names is written.
 */
export function ruleSpan (rule: Placed, key: string, index?: number): Span {
  const [value, ...entries] = stretchesOf(rule, key)
  const stretch = (index === undefined ? undefined : entries[index]) ?? value
  return stretch === undefined ? rule.span : { source: rule.span.source, ...stretch }
}

/** Whether the rule, or its file's defaults, say a key; otherwise its value is the language's default. */
export function isWritten (rule: Placed, key: string): boolean {
  return stretchesOf(rule, key).length > 0
}

/** Where the entries of a list of names are written. */
export function entrySpans (rule: Placed, key: string): readonly Stretch[] {
  return stretchesOf(rule, key).slice(1)
}
