// Goes through all places that some sets tell apart, and through all origins that decide there.
import { OriginIndex } from '../../origin/lookup.ts'
import type { OriginPattern } from '../../origin/pattern.ts'
import { hostPatternsOf, type OriginEntry } from '../../policy/policy.ts'
import type { HostPattern } from '../../route/host.ts'
import { lookUpPath, type PathLookup } from '../../snapshot/lookup.ts'
import type { Snapshot } from '../../snapshot/snapshot.ts'
import { hostAtoms } from './hosts.ts'
import { originAtoms } from './origins.ts'
import { PathAtoms, type Planting } from './paths.ts'
import { patternsOf, type Numbers } from './side.ts'

/** A host and a path that stand for many, and where they lead in each of the sets. */
export interface Place {
  readonly host: string
  readonly path: string
  readonly lookups: readonly PathLookup[]
}

/** All places of some sets, and of regions that are to be told apart as well. */
export class Places implements Iterable<Place> {
  readonly #snapshots: readonly Snapshot[]
  readonly #paths: PathAtoms
  readonly #hosts: ReadonlySet<HostPattern>

  constructor (snapshots: readonly Snapshot[], regions: readonly Planting[] = []) {
    const plantings = [...snapshots.flatMap((snapshot, i) => plantingsOf(snapshot, 1 << i)), ...regions]
    const folds = snapshots.some(({ settings }) => !settings.router.caseSensitive || settings.pathReadings.has('case'))
    this.#snapshots = snapshots
    this.#hosts = new Set(plantings.flatMap(({ host }) => host ?? []))
    this.#paths = new PathAtoms(plantings, folds)
  }

  /** Whether all places were gone through; known after the last one. */
  get isExact (): boolean {
    return this.#paths.isExact
  }

  * [Symbol.iterator] (): Generator<Place> {
    for (const atom of hostAtoms(this.#hosts)) {
      const { host } = atom
      for (const path of this.#paths.pathsOf(atom)) {
        yield { host, path, lookups: this.#snapshots.map(snapshot => lookUpPath(snapshot, host, path, false)) }
      }
    }
  }
}

function plantingsOf ({ set }: Snapshot, sides: number): Planting[] {
  return set.rules.flatMap(rule => {
    return hostPatternsOf(rule).flatMap(host => rule.routes.map(({ pattern }) => ({ host, route: pattern, sides })))
  })
}

/** An origin that stands for all that the same patterns match, and what it is best called by. */
export interface NamedOrigin {
  readonly origin: string
  /** The most specific of the patterns, or null where none matches. */
  readonly pattern: OriginPattern | null
}

/** The origins that some lists tell apart. */
export interface OriginSurvey {
  readonly origins: readonly NamedOrigin[]
  readonly isExact: boolean
}

/** Surveys lists of origins; the same lists once only. */
export class OriginSurveys {
  readonly #numbers: Numbers
  readonly #surveys = new Map<string, OriginSurvey>()

  constructor (numbers: Numbers) {
    this.#numbers = numbers
  }

  of (lists: readonly (readonly OriginEntry[])[]): OriginSurvey {
    const key = [...new Set(lists.map(list => this.#numbers.ofList(list)))].sort((a, b) => a - b).join()
    let survey = this.#surveys.get(key)
    if (survey === undefined) {
      const patterns = patternsOf(lists)
      const index = new OriginIndex(patterns.map((pattern, slot) => ({ pattern, slot })))
      const { origins, isExact } = originAtoms(patterns)
      survey = { origins: origins.map(origin => ({ origin, pattern: patterns[index.find(origin)] ?? null })), isExact }
      this.#surveys.set(key, survey)
    }
    return survey
  }
}
