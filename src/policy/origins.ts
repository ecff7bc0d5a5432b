// Lists of origins, as rules and sets write them: entries and references to sets.
import type { SourceText } from '../diagnostic/span.ts'
import { spanOfValue, type LocatedList } from '../document/located.ts'
import { parseOriginPattern, type OriginPatternError } from '../origin/parse.ts'
import { show, type Findings } from './findings.ts'
import type { OriginEntry } from './policy.ts'
import { quoteLike, readTexts, type LocatedText } from './read.ts'

/** A reference to a set (`$name`), or to all whose names begin alike (`$prefix.*`). */
export interface SetReference {
  readonly source: SourceText
  readonly text: LocatedText
  /** The name, or the beginning of the names with its dot. */
  readonly name: string
  readonly isPrefix: boolean
}

/** An item of a list of origins. */
export type OriginItem = OriginEntry | SetReference

const reference = /^\$([A-Za-z0-9][A-Za-z0-9._-]{0,63}?)(\.\*)?$/

/** Whether an item refers to a set. */
export function isReference (item: OriginItem): item is SetReference {
  return 'isPrefix' in item
}

/** Reads a list of origins. What is no origin is reported, with the corrected form. `set` names the set that is being defined. */
export function readOrigins (source: SourceText, list: LocatedList, set: string | null, findings: Findings): readonly OriginItem[] {
  const items: OriginItem[] = []
  for (const text of readTexts(source, list, findings)) {
    const span = spanOfValue(source, text)
    if (text.value.startsWith('$')) {
      const [, name, prefix] = reference.exec(text.value) ?? []
      if (name === undefined) {
        findings.add('invalid-origin', span, `${show(text.value)} is no reference to a set`, { help: 'write `$name`, or `$prefix.*` for every set whose name begins with `prefix.`' })
      } else {
        items.push({ source, text, name: prefix === undefined ? name : `${name}.`, isPrefix: prefix !== undefined })
      }
      continue
    }
    const { pattern, error } = parseOriginPattern(text.value)
    if (pattern !== undefined) items.push({ pattern, span, set })
    else reportOrigin(source, text, error, findings)
  }
  // A list that has grown keeps room for more; there may be very many.
  return items.slice()
}

function reportOrigin (source: SourceText, text: LocatedText, error: OriginPatternError, findings: Findings): void {
  const span = spanOfValue(source, text)
  const { corrected } = error
  findings.add('invalid-origin', span, `${show(text.value)}: ${error.message}`, {
    ...corrected !== null && { help: error.certain ? `write \`${corrected}\`` : `did you mean \`${corrected}\`?` },
    ...corrected !== null && error.certain && { fix: { text: quoteLike(span, corrected) } }
  })
}
