// Two groups of rules compared: every origin that they tell apart, at every moment at which one of their windows opens or closes.
import type { RuleGroup, Snapshot } from '../../snapshot/snapshot.ts'
import { bareDifferencesOf, differencesOf, type Difference } from './difference.ts'
import { bareAnswerOf, deciderOf, profileOf, vocabularyOf, type Decider, type Question, type Vocabulary } from './profile.ts'
import { groupOf, type Numbers, type Side } from './side.ts'
import { OriginSurveys, type NamedOrigin, type OriginSurvey, type Place } from './survey.ts'

/** Stands for requests without `Origin`. */
const nobody = { origin: null, pattern: null } as const

/** Pages of some origins, or whoever sends none. */
export type Asker = NamedOrigin | typeof nobody

/** A difference for the pages of some origins. */
export interface Finding {
  readonly origins: readonly Asker[]
  /** The moment from which on the sets differ so, or null for the one that they are compared at. */
  readonly from: number | null
  readonly difference: Difference
  /** Whether what is gained or lost comes with credentials. */
  readonly isCredentialed: boolean
  readonly old: Decider
  readonly now: Decider
}

/** More requests than this are not decided. */
const maxDecisions = 10_000_000

type Both<T> = readonly [old: T, now: T]

/** Compares what places come to. The same two groups of rules are compared once, wherever they meet. */
export class PairComparer {
  readonly #sides: Both<Side>
  readonly #surveys: OriginSurveys
  readonly #ids = new Map<RuleGroup, number>()
  readonly #known = new Map<string, readonly Finding[]>()
  /** Origins that the same rules of both sides decide about, by what tells so. */
  readonly #classes = new Map<string, readonly (readonly NamedOrigin[])[]>()
  #decisions = 0
  isExact = true

  constructor (old: Side, now: Side, numbers: Numbers) {
    this.#sides = [old, now]
    this.#surveys = new OriginSurveys(numbers)
  }

  /** A text that is the same for places with the same findings. */
  keyOf ({ lookups }: Place): string {
    return lookups.map((lookup, i) => {
      const group = groupOf(lookup)
      if (group === null) return this.#sides[i]!.contentOf(lookup)
      let id = this.#ids.get(group)
      if (id === undefined) this.#ids.set(group, id = this.#ids.size)
      return id
    }).join(' / ')
  }

  findingsOf (place: Place): readonly Finding[] {
    const [old, now] = place.lookups.map((lookup, i) => this.#sides[i]!.contentOf(lookup))
    if (old === now) return []
    const key = this.keyOf(place)
    let findings = this.#known.get(key)
    if (findings === undefined) this.#known.set(key, findings = this.#compare(place))
    return findings
  }

  #compare (place: Place): readonly Finding[] {
    const groups = place.lookups.map(groupOf)
    const survey = this.#surveys.of(groups.flatMap((group, i) => this.#sides[i]!.listsOf(group)))
    const names = vocabularyOf(groups.flatMap(group => group?.rules ?? []).map(({ source }) => source))
    if (!survey.isExact) this.isExact = false
    const { at } = this.#sides[1].snapshot
    const moments = new Set([at, ...groups.flatMap((group, i) => this.#sides[i]!.momentsOf(group)).sort((a, b) => a - b)])
    const findings: Finding[] = []
    const seen = new Set<string>()
    const keep = (found: readonly Compared[], origins: readonly Asker[], moment: number): void => {
      for (const compared of found) {
        const { direction, what } = compared.difference
        const fresh = moments.size === 1 ? origins : origins.filter(({ origin }) => addTo(seen, `${origin} ${direction} ${what}`))
        if (fresh.length > 0) findings.push({ ...compared, origins: fresh, from: moment === at ? null : moment })
      }
    }
    for (const moment of moments) {
      const snapshots: Both<Snapshot> = [this.#sides[0].at(groups[0]!, moment), this.#sides[1].at(groups[1]!, moment)]
      const classes = this.#classesOf(place, moment, snapshots, survey)
      for (const origins of classes) {
        keep(compareFor(snapshots, { ...place, origin: origins[0]!.origin }, names), origins, moment)
      }
      const { origin } = survey.origins.find(({ pattern }) => pattern === null || pattern.kind === 'any')!
      keep(compareBare(snapshots, { ...place, origin }, names), [nobody], moment)
    }
    return findings
  }

  /** The origins of a survey in classes: those of one are decided about by the same rules, and for the same reasons. */
  #classesOf (place: Place, moment: number, snapshots: Both<Snapshot>, { origins }: OriginSurvey): readonly (readonly NamedOrigin[])[] {
    const key = place.lookups.map((lookup, i) => this.#sides[i]!.originsKey(lookup, moment)).join(' / ')
    const known = this.#classes.get(key)
    if (known !== undefined) return known
    this.#decisions += 2 * origins.length
    if (this.#decisions > maxDecisions) {
      this.isExact = false
      return []
    }
    const classes = new Map<string, NamedOrigin[]>()
    for (const named of origins) {
      const deciders = snapshots.map(snapshot => deciderOf(snapshot, { ...place, origin: named.origin }))
      const key = deciders.map(({ rule, reason }) => `${reason} ${rule?.name ?? ''}`).join(' / ')
      const others = classes.get(key)
      if (others === undefined) classes.set(key, [named])
      else others.push(named)
    }
    const found = [...classes.values()]
    this.#classes.set(key, found)
    return found
  }
}

type Compared = Omit<Finding, 'origins' | 'from'>

/** Compares what one origin can get. */
function compareFor (snapshots: Both<Snapshot>, question: Question, names: Vocabulary): readonly Compared[] {
  const [before, after] = [profileOf(snapshots[0], question, names), profileOf(snapshots[1], question, names)]
  const differences = differencesOf(before, after, names)
  if (differences.length === 0) return []
  const [old, now] = [deciderOf(snapshots[0], question), deciderOf(snapshots[1], question)]
  return differences.map(difference => {
    return { difference, isCredentialed: difference.direction === 'narrowed' ? before.credentials : after.credentials, old, now }
  })
}

/** Compares what requests without `Origin` get, at a place where `question` asks for a page of no particular origin. */
function compareBare (snapshots: Both<Snapshot>, question: Question, names: Vocabulary): readonly Compared[] {
  const [before, after] = [bareAnswerOf(snapshots[0], question, names), bareAnswerOf(snapshots[1], question, names)]
  if ((before.method === null) === (after.method === null)) return []
  const pages = [profileOf(snapshots[0], question, names), profileOf(snapshots[1], question, names)] as const
  const [old, now] = [deciderOf(snapshots[0], question), deciderOf(snapshots[1], question)]
  return bareDifferencesOf(before, after, pages).map(difference => ({ difference, isCredentialed: false, old, now }))
}

/** Whether a text was not in a set before it was added. */
function addTo (set: Set<string>, text: string): boolean {
  const { size } = set
  return set.add(text).size > size
}
