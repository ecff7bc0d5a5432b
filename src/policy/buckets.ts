// The rules of each host and route, in one tree of routes a host: what decides where, and what lies below what.
import type { RoutePattern, Segment } from '../route/pattern.ts'
import { hostPatternsOf, type RouteEntry, type Rule } from './policy.ts'

/** The rules of one host and one shape of route. */
export interface Bucket {
  /** The host pattern's text, or null for every host. */
  readonly host: string | null
  readonly route: RoutePattern
  readonly rules: Rule[]
  /** Where each of the rules says so, in the same order. */
  readonly entries: RouteEntry[]
}

interface Node {
  /** Null for a leaf: most nodes are. */
  literals: Map<string, Node> | null
  parameter: Node | null
  end: Bucket | null
  below: Bucket | null
}

function newNode (): Node {
  return { literals: null, parameter: null, end: null, below: null }
}

/** The routes of one host. */
export class HostTree {
  readonly host: string | null
  /** By shape. */
  readonly buckets: Map<string, Bucket> = new Map()
  readonly #root = newNode()

  constructor (host: string | null) {
    this.host = host
  }

  add (rule: Rule, entry: RouteEntry): Bucket {
    const { pattern } = entry
    let bucket = this.buckets.get(pattern.shape)
    if (bucket === undefined) {
      bucket = { host: this.host, route: pattern, rules: [], entries: [] }
      this.buckets.set(pattern.shape, bucket)
      this.#place(bucket)
    }
    // A rule that lists a route twice is in it once; its routes come one after the other.
    if (bucket.rules.at(-1) !== rule) {
      bucket.rules.push(rule)
      bucket.entries.push(entry)
    }
    return bucket
  }

  #place (bucket: Bucket): void {
    let node = this.#root
    for (const segment of bucket.route.segments) {
      if (segment.kind === 'wildcard') {
        node.below = bucket
        return
      }
      let next: Node | null | undefined
      if (segment.kind === 'static') {
        next = node.literals?.get(segment.text)
        if (next === undefined) (node.literals ??= new Map<string, Node>()).set(segment.text, next = newNode())
      } else {
        next = node.parameter ??= newNode()
      }
      node = next
    }
    node.end = bucket
  }

  /** The routes that each match every path that these segments match, the most specific first. */
  covering (segments: readonly Segment[]): Iterable<Bucket> {
    return covering(this.#root, segments, 0)
  }

  /**
   * The more specific routes that together take every path from a route that ends with `*`, or null where some path
   * is left to it. Literals never do, since there is always one more; parameters do.
   */
  shadowing ({ segments }: RoutePattern): readonly Bucket[] | null {
    if (segments.at(-1)?.kind !== 'wildcard') return null
    let node: Node | null | undefined = this.#root
    for (const segment of segments.slice(0, -1)) {
      node = segment.kind === 'static' ? node?.literals?.get(segment.text) : node?.parameter
    }
    const found: Bucket[] = []
    for (node = node?.parameter; node?.end; node = node.parameter) {
      found.push(node.end)
      if (node.below !== null) return [...found, node.below]
    }
    return null
  }
}

function* covering (node: Node, segments: readonly Segment[], at: number): Generator<Bucket> {
  const segment = segments[at]
  if (segment === undefined) {
    if (node.end !== null) yield node.end
    return
  }
  if (segment.kind === 'static') {
    const literal = node.literals?.get(segment.text)
    if (literal !== undefined) yield* covering(literal, segments, at + 1)
  }
  if (segment.kind !== 'wildcard' && node.parameter !== null) yield* covering(node.parameter, segments, at + 1)
  if (node.below !== null) yield node.below
}

/** The trees of all hosts, by the host pattern's text; `''` is every host. */
export function collectHosts (rules: readonly Rule[]): ReadonlyMap<string, HostTree> {
  const trees = new Map<string, HostTree>()
  for (const rule of rules) {
    for (const pattern of hostPatternsOf(rule)) {
      const host = pattern?.text ?? null
      let tree = trees.get(host ?? '')
      if (tree === undefined) trees.set(host ?? '', tree = new HostTree(host))
      for (const entry of rule.routes) tree.add(rule, entry)
    }
  }
  return trees
}
