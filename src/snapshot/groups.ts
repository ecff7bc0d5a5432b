// The rules of one host and route as one group, with one index of their origins.
import { OriginIndex, type IndexedPattern } from '../origin/lookup.ts'
import type { OriginEntry } from '../policy/policy.ts'
import type { CompiledRule, RuleGroup } from './snapshot.ts'

/** Gives equal sets of rules one group, and equal lists of origins one index. */
export class GroupMaker {
  readonly #groups = new Map<string, RuleGroup>()
  readonly #indexes = new Map<readonly OriginEntry[], OriginIndex>()
  readonly #numbers = new Map<CompiledRule, number>()

  of (rules: readonly CompiledRule[]): RuleGroup {
    const key = rules.map(rule => this.#numberOf(rule)).join()
    let group = this.#groups.get(key)
    if (group === undefined) this.#groups.set(key, group = this.#make(rules))
    return group
  }

  #numberOf (rule: CompiledRule): number {
    let number = this.#numbers.get(rule)
    if (number === undefined) this.#numbers.set(rule, number = this.#numbers.size)
    return number
  }

  #make (members: readonly CompiledRule[]): RuleGroup {
    // Rules inside their validity windows have the lower slots, so that of equally specific patterns theirs wins.
    const isOnly = members.length === 1
    const rules = isOnly ? members : [...members.filter(rule => rule.isInForce), ...members.filter(rule => !rule.isInForce)]
    const [first] = rules
    return {
      rules,
      origins: isOnly ? this.#indexOf(first!.source.allowOrigins) : indexOfRules(rules),
      alone: isOnly && first!.anyOrigin && first!.isInForce ? first! : null,
      passthrough: rules.find(rule => rule.isPassthrough && rule.isInForce) ?? rules.find(rule => rule.isPassthrough) ?? null,
      rejects: rules.some(rule => rule.rejects)
    }
  }

  #indexOf (entries: readonly OriginEntry[]): OriginIndex {
    let index = this.#indexes.get(entries)
    if (index === undefined) this.#indexes.set(entries, index = indexOf(entries))
    return index
  }
}

/** An index that tells only whether any of the patterns matches. */
export function indexOf (entries: readonly OriginEntry[]): OriginIndex {
  return new OriginIndex(entries.map(({ pattern }) => ({ pattern, slot: 0 })))
}

function indexOfRules (rules: readonly CompiledRule[]): OriginIndex {
  const patterns: IndexedPattern[] = []
  for (const [slot, rule] of rules.entries()) {
    for (const { pattern } of rule.source.allowOrigins) patterns.push({ pattern, slot })
  }
  return new OriginIndex(patterns)
}
