// The origin sets that may be defined where a file could not be read: that they are unknown follows from what is wrong there.
import type { SourceText } from '../diagnostic/span.ts'
import type { ValidatedDocument } from '../document/read.ts'

/** Files of a set that are no documents. */
export interface UnreadFiles {
  readonly texts: readonly SourceText[]
  /** Whether there are others, of which not even the text is known. */
  readonly areMore: boolean
}

/** A word before a colon, which is how YAML and JSON write a key. */
const key = /(?<![$\w.-])([A-Za-z0-9][\w.-]{0,63})['"]?[ \t]*:/g

/** The keys that are written where sets may have been defined and were not read. */
export class UnreadSets {
  readonly #keys = new Set<string>()
  readonly #isAny: boolean

  constructor (files: readonly ValidatedDocument[], { texts, areMore }: UnreadFiles) {
    this.#isAny = areMore
    for (const { text } of [...texts, ...files.filter(mayLackSets).map(({ document: { source } }) => source)]) {
      for (const [, word] of text.matchAll(key)) this.#keys.add(word!)
    }
  }

  /** Whether there may be a set of that name, or one whose name begins so. */
  has (name: string, isPrefix: boolean): boolean {
    if (this.#isAny || !isPrefix) return this.#isAny || this.#keys.has(name)
    for (const word of this.#keys) if (word.startsWith(name)) return true
    return false
  }
}

/** Whether something is wrong in the sets of a document, or it has none and something is wrong beside the rules. */
function mayLackSets ({ document: { root }, broken }: ValidatedDocument): boolean {
  if (root.kind !== 'map') return true
  if (!broken.has(root)) return false
  const sets = root.entries.get('originSets')?.value
  return sets === undefined || sets.kind !== 'map' || broken.has(sets)
}
