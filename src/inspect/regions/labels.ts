// The ways in which one label of a host can match some globs: a word for each.
import { maxLabelLength } from '../../origin/origin.ts'
import { globMatches } from '../../origin/pattern.ts'

/** What stands before and after the star of a label. */
export interface Glob {
  readonly prefix: string
  readonly suffix: string
}

/** A label, and the places of exactly those globs that it matches. */
export interface LabelClass {
  readonly word: string
  readonly matches: readonly number[]
}

/** The classes of all labels but the taken ones. */
export interface LabelClasses {
  readonly classes: readonly LabelClass[]
  /** False where a class may have been missed. */
  readonly isExact: boolean
}

const alphabet = [...'1xabcdefghijklmnopqrstuvwyz023456789-']
/** Beginnings times ends times globs: more work than this is not done. */
const maxWork = 4_000_000

/**
 * A word for each set of globs that some label matches and no other globs. With the longest beginning and the longest
 * end of a label, among those of the globs, it is known what it matches: where the two leave room between them, anything
 * else may stand there, and where they do not, the label is nothing but the two, perhaps over each other.
 */
export function labelClasses (globs: readonly Glob[], taken: ReadonlySet<string>, isShort = false): LabelClasses {
  const found = new Map<string, LabelClass>()
  const matchesOf = (word: string): readonly number[] => indexesOf(globs, ({ prefix, suffix }) => globMatches(prefix, suffix, word))
  const keep = (word: string, matches: readonly number[]): void => {
    const key = matches.join()
    if (matches.length > 0 && !taken.has(word) && (found.get(key)?.word.length ?? Infinity) > word.length) found.set(key, { word, matches })
  }
  const word = freshWord(taken, isShort, word => matchesOf(word).length === 0)
  if (word !== null) found.set('', { word, matches: [] })
  const [prefixes, suffixes] = [[...new Set(globs.map(({ prefix }) => prefix))], [...new Set(globs.map(({ suffix }) => suffix))]]
  let isExact = word !== null && (prefixes.length + 1) * (suffixes.length + 1) * globs.length <= maxWork
  for (const prefix of isExact ? ['', ...prefixes] : []) {
    for (const suffix of ['', ...suffixes]) {
      for (const word of closeWords(prefix, suffix)) keep(word, matchesOf(word))
      const meant = indexesOf(globs, glob => fits(glob, prefix, suffix))
      if (meant.length === 0 || found.has(meant.join())) continue
      const word = roomyWord(prefix, suffix, word => !taken.has(word) && matchesOf(word).join() === meant.join())
      if (word === null) isExact = false
      else if (word !== '') keep(word, meant)
    }
  }
  return { classes: [...found.values()], isExact }
}

function indexesOf (globs: readonly Glob[], test: (glob: Glob) => boolean): readonly number[] {
  return globs.flatMap((glob, i) => test(glob) ? [i] : [])
}

/** The labels that are a beginning and an end, without anything between them. */
function* closeWords (prefix: string, suffix: string): Generator<string> {
  const longest = Math.min(prefix.length + suffix.length, maxLabelLength)
  for (let length = Math.max(prefix.length, suffix.length, 1); length <= longest; length++) {
    const word = prefix + suffix.slice(prefix.length + suffix.length - length)
    if (word.startsWith(prefix) && word.endsWith(suffix)) yield word
  }
}

/** Whether a glob matches all labels with this beginning and end, and letters or digits between them. */
function fits (glob: Glob, prefix: string, suffix: string): boolean {
  return prefix.startsWith(glob.prefix) && suffix.endsWith(glob.suffix) &&
    !(prefix.slice(glob.prefix.length) + suffix.slice(0, suffix.length - glob.suffix.length)).includes('_')
}

/** The shortest good label with something between beginning and end; empty where there is no room for one, null where none was found. */
function roomyWord (prefix: string, suffix: string, isGood: (word: string) => boolean): string | null {
  const room = maxLabelLength - prefix.length - suffix.length
  if (room < 1) return ''
  for (const one of alphabet) if (isGood(prefix + one + suffix)) return prefix + one + suffix
  if (room < 2) return ''
  for (const one of alphabet) {
    for (const other of alphabet) if (isGood(prefix + one + other + suffix)) return prefix + one + other + suffix
  }
  return null
}

/** A label that is none of some; readable, unless it must be short. */
export function freshWord (taken: ReadonlySet<string>, isShort = false, isGood: (word: string) => boolean = () => true): string | null {
  for (const word of [...isShort ? [] : ['other'], ...alphabet, '_']) if (!taken.has(word) && isGood(word)) return word
  for (let i = 1; i <= taken.size + 1; i++) {
    const word = `_${i}`
    if (!taken.has(word) && isGood(word)) return word
  }
  return null
}
