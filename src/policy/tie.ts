// Which origin patterns of different lists tie: equally specific, and both matching some origin.
import { globMatches, type OriginPattern } from '../origin/pattern.ts'
import { compareSpecificity, literalLength, patternsOverlap } from '../origin/relation.ts'
import { addTo } from './multimap.ts'
import type { OriginEntry } from './policy.ts'

type Glob = Extract<OriginPattern, { kind: 'label-glob' }>

/** An entry, and the number of the list that it stands in. */
export interface ListedEntry {
  readonly list: number
  readonly entry: OriginEntry
}

/** Entries of at least two lists, each of which ties with each of another list. */
export type TieGroup = readonly ListedEntry[]

/** The entries of the lists that share one text, one for each list. */
type Members = ListedEntry[]

/**
 * Finds the ties between lists; of many ties between the same lists, one. Patterns other than globs tie only where
 * their texts are equal, and globs are met through their parts, so that nothing is compared with everything.
 */
export function findTies (lists: readonly (readonly OriginEntry[])[]): readonly TieGroup[] {
  if (lists.length < 2) return []
  const byText = new Map<string, Members>()
  for (const [list, entries] of lists.entries()) {
    for (const entry of entries) {
      const members = byText.get(entry.pattern.text)
      if (members === undefined) byText.set(entry.pattern.text, [{ list, entry }])
      else if (members.at(-1)!.list !== list) members.push({ list, entry })
    }
  }
  const groups = new Map<string, TieGroup>()
  const keep = (members: TieGroup): void => {
    const key = members.map(({ list }) => list).join()
    if (!groups.has(key)) groups.set(key, members)
  }
  for (const members of byText.values()) if (members.length > 1) keep(members)
  const globs = [...byText.values()].filter(([first]) => first!.entry.pattern.kind === 'label-glob')
  for (const [a, b] of eachGlobTie(globs)) keep([...a, ...b].sort((x, y) => x.list - y.list))
  return [...groups.values()]
}

function globOf (members: Members): Glob {
  return members[0]!.entry.pattern as Glob
}

/** Pairs of globs with different texts that tie. */
function* eachGlobTie (globs: readonly Members[]): Generator<readonly [Members, Members]> {
  if (globs.length < 2) return
  // Only globs of one scheme, port, number of labels and number of literal characters can tie.
  for (const alike of groupBy(globs, members => {
    const glob = globOf(members)
    return `${glob.scheme} ${glob.port} ${glob.before.length + glob.after.length} ${literalLength(glob)}`
  })) {
    const candidates = [...inOneLabel(alike), ...inTwoLabels(alike)]
    for (const pair of candidates) {
      const [a, b] = [globOf(pair[0]), globOf(pair[1])]
      if (compareSpecificity(a, b) === 0 && patternsOverlap(a, b)) yield pair
    }
  }
}

/** Globs with their stars in the same label: one's prefix begins the other's, and the other's suffix ends the one's. */
function* inOneLabel (globs: readonly Members[]): Generator<readonly [Members, Members]> {
  for (const family of groupBy(globs, members => `${globOf(members).before.join('.')} ${globOf(members).after.join('.')}`)) {
    if (family.length < 2) continue
    const byEnds = new Map<string, Members[]>()
    for (const members of family) {
      const { prefix, suffix } = globOf(members)
      for (let i = 0; i <= suffix.length; i++) addTo(byEnds, `${prefix}*${suffix.slice(i)}`, members)
    }
    for (const members of family) {
      const { prefix, suffix } = globOf(members)
      for (let i = 0; i < prefix.length; i++) {
        for (const other of byEnds.get(`${prefix.slice(0, i)}*${suffix}`) ?? []) yield [other, members]
      }
    }
  }
}

/** Globs with their stars in different labels: the literal label of each must match the other's star. */
function* inTwoLabels (globs: readonly Members[]): Generator<readonly [Members, Members]> {
  if (new Set(globs.map(members => globOf(members).before.length)).size < 2) return
  const pairs = new Map<string, { readonly left: Members[], readonly right: Members[], readonly i: number, readonly j: number }>()
  for (const members of globs) {
    const glob = globOf(members)
    const star = glob.before.length
    const labels = [...glob.before, '*', ...glob.after]
    for (let other = 0; other < labels.length; other++) {
      if (other === star) continue
      const [i, j] = star < other ? [star, other] : [other, star]
      const key = `${i} ${j} ${labels.filter((_, at) => at !== i && at !== j).join('.')}`
      let pair = pairs.get(key)
      if (pair === undefined) pairs.set(key, pair = { left: [], right: [], i, j })
      pair[star === i ? 'left' : 'right'].push(members)
    }
  }
  for (const { left, right, i, j } of pairs.values()) yield* acrossLabels(left, right, i, j)
}

function* acrossLabels (left: Members[], right: Members[], i: number, j: number): Generator<readonly [Members, Members]> {
  if (left.length === 0 || right.length === 0) return
  const byEnds = new Map<string, Members[]>()
  const lengths = new Set<number>()
  for (const members of right) {
    const { prefix, suffix } = globOf(members)
    addTo(byEnds, `${prefix}*${suffix}`, members)
    lengths.add(prefix.length * 64 + suffix.length)
  }
  for (const members of left) {
    const glob = globOf(members)
    const label = glob.after[j - i - 1]!
    for (const both of lengths) {
      const [prefixLength, suffixLength] = [both >> 6, both & 63]
      if (prefixLength + suffixLength >= label.length) continue
      const found = byEnds.get(`${label.slice(0, prefixLength)}*${label.slice(label.length - suffixLength)}`)
      for (const other of found ?? []) {
        if (globMatches(glob.prefix, glob.suffix, globOf(other).before[i]!)) yield [members, other]
      }
    }
  }
}

function groupBy<T> (items: readonly T[], keyOf: (item: T) => string): Iterable<T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) addTo(groups, keyOf(item), item)
  return groups.values()
}
