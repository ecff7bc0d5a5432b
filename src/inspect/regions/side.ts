// One policy set as it is compared: what its rules come to, and how it decides later, when windows open and close.
import type { OriginPattern } from '../../origin/pattern.ts'
import type { OriginEntry, Rule } from '../../policy/policy.ts'
import { isInForce } from '../../snapshot/compile-rule.ts'
import { compile } from '../../snapshot/compile.ts'
import type { PathLookup } from '../../snapshot/lookup.ts'
import type { RuleGroup, Snapshot } from '../../snapshot/snapshot.ts'
import { BlockedOrigins } from './blocked.ts'

/** Gives equal texts equal numbers, whichever set they come from. */
export class Numbers {
  readonly #numbers = new Map<string, number>()
  readonly #lists = new Map<readonly OriginEntry[], number>()

  of (text: string): number {
    let number = this.#numbers.get(text)
    if (number === undefined) this.#numbers.set(text, number = this.#numbers.size)
    return number
  }

  /** The number of a list of origins: that of all lists with the same patterns. Rules share lists, so that each is read once. */
  ofList (list: readonly OriginEntry[]): number {
    let number = this.#lists.get(list)
    if (number === undefined) this.#lists.set(list, number = this.of([...new Set(list.map(({ pattern }) => pattern.text))].sort().join('\n')))
    return number
  }
}

/** One of the sets that are compared. */
export class Side {
  readonly snapshot: Snapshot
  readonly #numbers: Numbers
  readonly #blocked: BlockedOrigins
  readonly #contents = new Map<RuleGroup, number>()
  readonly #deciders = new Map<RuleGroup, Map<number, Snapshot>>()

  constructor (snapshot: Snapshot, numbers: Numbers) {
    this.snapshot = snapshot
    this.#numbers = numbers
    this.#blocked = new BlockedOrigins(snapshot)
  }

  /** What a place comes to: equal texts are decided alike, now and at every later moment. */
  contentOf ({ bucket, isAmbiguous, rejects }: PathLookup): string {
    if (isAmbiguous) return `ambiguous ${rejects}`
    if (bucket === null) return `no policy ${this.snapshot.settings.unmatched}`
    let content = this.#contents.get(bucket.group)
    if (content === undefined) {
      content = this.#numbers.of(bucket.group.rules.map(({ source }) => this.#contentOfRule(source)).join('\n'))
      this.#contents.set(bucket.group, content)
    }
    return `${content} ${this.#numbers.ofList(this.#blocked.of(bucket.group).entries)}`
  }

  #contentOfRule (rule: Rule): string {
    return JSON.stringify([
      this.#numbers.ofList(rule.allowOrigins), this.#numbers.ofList(rule.exceptOrigins),
      [...rule.allowMethods].sort(), [...rule.allowHeaders].sort(), [...rule.exposeHeaders].sort(),
      rule.allowCredentials, rule.maxAge, rule.allowPrivateNetwork, rule.timingAllowOrigin, rule.enforceMethods,
      rule.deniedRequests, rule.passthrough, rule.preflightCacheControl, rule.notBefore, rule.expires
    ])
  }

  /** The moments after the set's own at which a rule of a group starts or ends. */
  momentsOf (group: RuleGroup | null): number[] {
    const { at } = this.snapshot
    return (group?.rules ?? []).flatMap(({ source: { notBefore, expires } }) => [notBefore, expires])
      .filter(moment => moment !== null && moment > at) as number[]
  }

  /**
   * A snapshot that decides about the rules of a group as the whole set does at a moment. Which rules a path leads to
   * does not depend on the time, so that the group alone is compiled again. Blocked origins that no rule here allows
   * are not known to it, so that it never calls one blocked rather than not allowed.
   */
  at (group: RuleGroup | null, moment: number): Snapshot {
    const { snapshot } = this
    if (group === null) return snapshot
    let known = this.#deciders.get(group)
    if (known === undefined) this.#deciders.set(group, known = new Map<number, Snapshot>())
    let then = known.get(moment)
    if (then === undefined) {
      const { settings, generation, revision, set } = snapshot
      const bare = { ...set, rules: inOrder(group), blockedOrigins: [], originSets: [], guardrails: [] }
      const decider = moment === snapshot.at ? snapshot : compile(bare, { settings, at: moment, generation, revision })
      known.set(moment, then = { ...decider, blocked: this.#blocked.of(group).index })
    }
    return then
  }

  /** What a place makes of an origin at a moment, methods and headers aside, depends on this and the origin alone. */
  originsKey (lookup: PathLookup, moment: number): string {
    const group = groupOf(lookup)
    if (group === null) return this.contentOf(lookup)
    const rules = inOrder(group).map(rule => [
      this.#numbers.ofList(rule.allowOrigins), this.#numbers.ofList(rule.exceptOrigins), isInForce(rule, moment), rule.passthrough
    ].join())
    return `${rules.join(' ')} but ${this.#numbers.ofList(this.#blocked.of(group).entries)}`
  }

  /** The lists of origins that tell what a group decides. */
  listsOf (group: RuleGroup | null): readonly (readonly OriginEntry[])[] {
    if (group === null) return []
    const lists = group.rules.flatMap(({ source }) => [source.allowOrigins, source.exceptOrigins])
    return [...lists, this.#blocked.of(group).entries].filter(list => list.length > 0)
  }
}

/** The rules of a group in the order of their names, which the time does not change. */
function inOrder (group: RuleGroup): readonly Rule[] {
  return group.rules.map(({ source }) => source).sort((a, b) => a.name < b.name ? -1 : 1)
}

/** The group that decides a place, or null where no rule is asked. */
export function groupOf ({ bucket, isAmbiguous }: PathLookup): RuleGroup | null {
  return isAmbiguous ? null : bucket?.group ?? null
}

/** The patterns of some lists, each once, in an order that does not depend on that of the lists. */
export function patternsOf (lists: readonly (readonly OriginEntry[])[]): readonly OriginPattern[] {
  const patterns = new Map<string, OriginPattern>()
  for (const list of lists) for (const { pattern } of list) patterns.set(pattern.text, pattern)
  return [...patterns.values()].sort((a, b) => a.text < b.text ? -1 : 1)
}
