// "Did you mean": the nearest of some known words.

/** Longer words are compared by no one: a typo is told at a glance. */
const maxLength = 80

/**
 * The known word that is nearest to a misspelt one, or null where none is near enough. A transposition, an
 * insertion, a deletion and a replacement cost one each; letter case costs nothing. The first of equally near words wins.
 */
export function suggest (word: string, known: Iterable<string>): string | null {
  if (word.length > maxLength) return null
  const wanted = word.toLowerCase()
  const limit = wanted.length <= 3 ? 1 : Math.min(3, Math.ceil(wanted.length / 4))
  let best: string | null = null
  let bestDistance = limit + 1
  for (const candidate of known) {
    if (candidate === word || Math.abs(candidate.length - word.length) >= bestDistance) continue
    const distance = distanceOf(wanted, candidate.toLowerCase())
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance]
  }
  return best
}

/** The optimal string alignment distance (Damerau, restricted: no part is edited twice). */
function distanceOf (a: string, b: string): number {
  let [beforeLast, last]: [number[], number[]] = [[], Array.from({ length: b.length + 1 }, (_, j) => j)]
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      row[j] = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) row[j] = Math.min(row[j]!, beforeLast[j - 2]! + 1)
    }
    [beforeLast, last] = [last, row]
  }
  return last[b.length]!
}
