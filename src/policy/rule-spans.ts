// Where the values of a rule are written: offsets only, so that the document behind a set is let go.
import type { Span } from '../diagnostic/span.ts'

/** The half-open stretch of a value in its file. */
export type Stretch = readonly [start: number, end: number]

/** The places of a rule's values, its own or its file's defaults. Plain data. */
export interface RuleSpans {
  /** By key. */
  readonly values: ReadonlyMap<string, Stretch>
  /** The entries of `allowMethods`, `allowHeaders` and `exposeHeaders`, by key. */
  readonly entries: ReadonlyMap<string, readonly Stretch[]>
}

/** For rules that no file holds. */
export const noSpans: RuleSpans = { values: new Map(), entries: new Map() }

/**
 * Where the value of a key that applies to a rule is written; the rule's name where neither it nor the defaults say
 * the key. With an index: where that entry of a list of names is written.
 */
export function ruleSpan ({ span, spans }: { readonly span: Span, readonly spans: RuleSpans }, key: string, index?: number): Span {
  const stretch = (index === undefined ? undefined : spans.entries.get(key)?.[index]) ?? spans.values.get(key)
  return stretch === undefined ? span : { source: span.source, start: stretch[0], end: stretch[1] }
}
