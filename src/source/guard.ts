// Holds back a set that lost too much of the one that runs: half a directory can be valid, too.
import type { Snapshot } from '../snapshot/snapshot.ts'
import type { Attempt } from './attempt.ts'
import { aboutFile } from './finding.ts'

/**
 * The attempt, made unusable if less than the share `minKept` (0 to 1) of the running rules, by name, or of the
 * running origins, as written, would be left.
 */
export function holdBack (attempt: Attempt, running: Snapshot, minKept: number): Attempt {
  const { snapshot, revision } = attempt
  if (snapshot === null || minKept <= 0) return attempt
  const losses = [lossOf('rules', namesOf(running), namesOf(snapshot), minKept), lossOf('origins', originsOf(running), originsOf(snapshot), minKept)]
    .filter(loss => loss !== null)
  if (losses.length === 0) return attempt
  const finding = aboutFile('set-shrunk', '.', `only ${losses.join(' and ')} would be left, less than minKept: ${minKept}`,
    `check the files; if it is meant, reload with accept: ${revision}`)
  return { ...attempt, snapshot: null, diagnostics: [finding, ...attempt.diagnostics] }
}

function lossOf (what: string, before: ReadonlySet<string>, after: ReadonlySet<string>, minKept: number): string | null {
  let kept = 0
  for (const each of before) if (after.has(each)) kept++
  return kept < minKept * before.size ? `${kept} of ${before.size} ${what}` : null
}

function namesOf ({ rules }: Snapshot): ReadonlySet<string> {
  return new Set(rules.map(({ name }) => name))
}

function originsOf ({ rules }: Snapshot): ReadonlySet<string> {
  // Rules that list the same origins share one list.
  const lists = new Set(rules.map(({ source }) => source.allowOrigins))
  return new Set([...lists].flatMap(list => list.map(({ pattern }) => pattern.text)))
}
