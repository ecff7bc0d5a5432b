// What all checks look at: the set, the moment, and the rules in the groups in which they meet.
import { collectHosts, type Bucket, type HostTree } from './buckets.ts'
import { CoverIndex } from './cover.ts'
import { addTo } from './multimap.ts'
import type { OriginEntry, PolicySet, Rule } from './policy.ts'

/** Everything that a check may look at. What is derived is computed once, and shared. */
export class CheckContext {
  readonly set: PolicySet
  /** Epoch milliseconds. */
  readonly at: number
  /** The trees of routes, by host; `''` is every host. */
  readonly hosts: ReadonlyMap<string, HostTree>
  /** The host and routes of each rule. */
  readonly bucketsOf: ReadonlyMap<Rule, readonly PlacedBucket[]>
  /** The lists of origins, each with the rules that grant something to it. */
  readonly lists: ReadonlyMap<readonly OriginEntry[], readonly Rule[]>
  readonly #covers = new Map<readonly OriginEntry[], CoverIndex>()

  constructor (set: PolicySet, at: number) {
    this.set = set
    this.at = at
    this.hosts = collectHosts(set.rules)
    this.bucketsOf = placeRules(this.hosts)
    this.lists = groupByList(set.rules)
  }

  * buckets (): Generator<PlacedBucket> {
    for (const tree of this.hosts.values()) {
      for (const bucket of tree.buckets.values()) yield { bucket, tree }
    }
  }

  /** The index that tells what covers what in a list. */
  coverIn (list: readonly OriginEntry[]): CoverIndex {
    let index = this.#covers.get(list)
    if (index === undefined) this.#covers.set(list, index = new CoverIndex(list))
    return index
  }
}

/** A bucket and the tree that it stands in. */
export interface PlacedBucket {
  readonly bucket: Bucket
  readonly tree: HostTree
}

function placeRules (hosts: ReadonlyMap<string, HostTree>): ReadonlyMap<Rule, readonly PlacedBucket[]> {
  const placed = new Map<Rule, PlacedBucket[]>()
  for (const tree of hosts.values()) {
    for (const bucket of tree.buckets.values()) {
      for (const rule of bucket.rules) addTo(placed, rule, { bucket, tree })
    }
  }
  return placed
}

function groupByList (rules: readonly Rule[]): ReadonlyMap<readonly OriginEntry[], readonly Rule[]> {
  const lists = new Map<readonly OriginEntry[], Rule[]>()
  for (const rule of rules) {
    if (grants(rule)) addTo(lists, rule.allowOrigins, rule)
  }
  return lists
}

/** Whether a rule grants anything to anybody. */
export function grants (rule: Rule): boolean {
  return !rule.passthrough && rule.allowOrigins.length > 0
}

/** The host and route of a bucket, for a message. */
export function nameBucket ({ host, route }: Bucket): string {
  return host === null ? `\`${route.text}\`` : `\`${route.text}\` of \`${host}\``
}
