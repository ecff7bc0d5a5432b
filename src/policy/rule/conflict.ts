// Rules that would tie: no order of files or rules may say which of the two decides.
import type { Span } from '../../diagnostic/span.ts'
import type { Bucket, HostTree } from '../buckets.ts'
import { grants, nameBucket } from '../context.ts'
import type { Check, Finding } from '../check-finding.ts'
import { addTo } from '../multimap.ts'
import type { OriginEntry, Rule } from '../policy.ts'
import { findTies, type TieGroup } from '../tie.ts'

/** More conflicts than these are not looked for: a set that has as many is wrong as a whole. */
const maxPairs = 10_000

/** A rule of a bucket, and the entry by which it ties with others. */
interface Contender {
  readonly rule: Rule
  readonly entry: OriginEntry
}

export const conflict: Check = function* ({ hosts, set }) {
  const search = new TieSearch(set.rules)
  let pairs = 0
  for (const tree of hosts.values()) {
    for (const bucket of tree.buckets.values()) {
      if (bucket.rules.length < 2) continue
      for (const finding of search.inBucket(bucket)) {
        yield finding
        if (++pairs >= maxPairs) return
      }
    }
    for (const finding of lookAlikes(tree)) {
      yield finding
      if (++pairs >= maxPairs) return
    }
  }
}

/** Looks for ties inside buckets; what is known of some lists of origins is remembered for every bucket that has them. */
class TieSearch {
  readonly #numbers: ReadonlyMap<Rule, number>
  readonly #listNumbers = new Map<readonly OriginEntry[], number>()
  readonly #ties = new Map<string, readonly TieGroup[]>()

  constructor (rules: readonly Rule[]) {
    this.#numbers = new Map(rules.map((rule, i) => [rule, i]))
  }

  * inBucket (bucket: Bucket): Generator<Finding> {
    const passing = bucket.rules.filter(rule => rule.passthrough)
    for (const rule of passing) {
      for (const other of bucket.rules) {
        // Of two that both pass through, the pair is named once.
        if (other !== rule && !(other.passthrough && other.name < rule.name)) yield besidePassthrough(bucket, rule, other)
      }
    }
    const sharers = new Map<readonly OriginEntry[], Rule[]>()
    for (const rule of bucket.rules) {
      if (grants(rule)) addTo(sharers, rule.allowOrigins, rule)
    }
    const seen = new Set<number>()
    for (const contenders of this.#contenders(sharers)) {
      for (const [a, b] of overlapping(contenders)) {
        const [x, y] = [this.#numbers.get(a.rule)!, this.#numbers.get(b.rule)!]
        const pair = Math.min(x, y) * this.#numbers.size + Math.max(x, y)
        if (x === y || seen.has(pair)) continue
        seen.add(pair)
        yield tie(bucket, a, b)
      }
    }
  }

  /** Groups of rules, any two of which tie where their windows overlap. */
  * #contenders (sharers: ReadonlyMap<readonly OriginEntry[], readonly Rule[]>): Generator<readonly Contender[]> {
    for (const [list, rules] of sharers) {
      if (rules.length > 1) yield rules.map(rule => ({ rule, entry: list[0]! }))
    }
    const lists = [...sharers.keys()]
    for (const group of this.#tiesOf(lists)) {
      yield group.flatMap(({ list, entry }) => sharers.get(lists[list]!)!.map(rule => ({ rule, entry })))
    }
  }

  #tiesOf (lists: readonly (readonly OriginEntry[])[]): readonly TieGroup[] {
    if (lists.length < 2) return []
    // The lists come in the order of their rules; a tie names them by their place in it.
    const key = lists.map(list => this.#numberOf(list)).join()
    let ties = this.#ties.get(key)
    if (ties === undefined) this.#ties.set(key, ties = findTies(lists))
    return ties
  }

  #numberOf (list: readonly OriginEntry[]): number {
    let number = this.#listNumbers.get(list)
    if (number === undefined) this.#listNumbers.set(list, number = this.#listNumbers.size)
    return number
  }
}

/** Pairs whose validity windows share a moment, found in the order in which the windows open. */
function* overlapping (contenders: readonly Contender[]): Generator<readonly [Contender, Contender]> {
  const opens = ({ rule }: Contender): number => rule.notBefore ?? -Infinity
  const ends = ({ rule }: Contender): number => rule.expires ?? Infinity
  const inOrder = contenders.filter(each => opens(each) < ends(each)).sort((a, b) => opens(a) - opens(b) || 0)
  let open: Contender[] = []
  for (const next of inOrder) {
    open = open.filter(each => ends(each) > opens(next))
    for (const each of open) yield [each, next]
    open.push(next)
  }
}

/** The later of two spans in the order of files comes second. */
function inOrder<T> (a: T, b: T, spanOf: (item: T) => Span): readonly [T, T] {
  const [x, y] = [spanOf(a), spanOf(b)]
  const isAfter = x.source.name === y.source.name ? x.start > y.start : x.source.name > y.source.name
  return isAfter ? [b, a] : [a, b]
}

function tie (bucket: Bucket, a: Contender, b: Contender): Finding {
  const [first, second] = inOrder(a, b, ({ rule }) => rule.span)
  const [one, other] = [first.entry.pattern.text, second.entry.pattern.text]
  const by = one === other ? `both allow \`${one}\`` : `\`${one}\` and \`${other}\` are equally specific and can match the same origin`
  return {
    code: 'conflict',
    span: second.rule.span,
    rules: [second.rule],
    say: () => `rules \`${first.rule.name}\` and \`${second.rule.name}\` tie on ${nameBucket(bucket)}: ${by}`,
    related: [{ span: first.rule.span, message: `rule \`${first.rule.name}\`` }],
    key: `${first.rule.name} ${bucket.host ?? ''} ${routeEntryKey(bucket, second.rule)}`
  }
}

/** Both routes that `/x/**` stands for are written at one place: they are one conflict. */
function routeEntryKey (bucket: Bucket, rule: Rule): string {
  return String(bucket.entries[bucket.rules.indexOf(rule)]!.span.start)
}

function besidePassthrough (bucket: Bucket, rule: Rule, other: Rule): Finding {
  const [first, second] = inOrder(rule, other, ({ span }) => span)
  return {
    code: 'conflict',
    span: second.span,
    rules: [second],
    say: () => `rules \`${first.name}\` and \`${second.name}\` share ${nameBucket(bucket)}, which \`${rule.name}\` leaves to the upstream`,
    help: 'give the route to one of the two',
    related: [{ span: first.span, message: `rule \`${first.name}\`` }],
    key: `${first.name} ${bucket.host ?? ''} ${routeEntryKey(bucket, second)}`
  }
}

/** Routes that differ in letter case or a trailing slash only, and lead to different rules: no reading of a path would be safe. */
function* lookAlikes (tree: HostTree): Generator<Finding> {
  const groups = new Map<string, Bucket[]>()
  for (const bucket of tree.buckets.values()) {
    const folded = bucket.route.shape.toLowerCase()
    const key = folded.length > 1 && folded.endsWith('/') ? folded.slice(0, -1) : folded
    addTo(groups, key, bucket)
  }
  for (const [first, ...others] of groups.values()) {
    for (const other of others) {
      const pair = differing(first!, other)
      if (pair !== null) yield lookAlike(pair[0], pair[1])
    }
  }
}

interface Placed { readonly bucket: Bucket, readonly at: number }

/** One rule of each bucket, at least one of which the other bucket lacks; null where both have the very same rules. */
function differing (a: Bucket, b: Bucket): readonly [Placed, Placed] | null {
  const [inA, inB] = [new Set(a.rules), new Set(b.rules)]
  const onlyB = b.rules.findIndex(rule => !inA.has(rule))
  const onlyA = a.rules.findIndex(rule => !inB.has(rule))
  if (onlyA === -1 && onlyB === -1) return null
  if (onlyB === -1) return [{ bucket: a, at: onlyA }, { bucket: b, at: 0 }]
  return [{ bucket: a, at: onlyA === -1 ? 0 : onlyA }, { bucket: b, at: onlyB }]
}

function lookAlike (a: Placed, b: Placed): Finding {
  const [first, second] = inOrder(a, b, ({ bucket, at }) => bucket.entries[at]!.span)
  const [firstRule, secondRule] = [first, second].map(({ bucket, at }) => bucket.rules[at]!) as [Rule, Rule]
  const [firstText, secondText] = [first.bucket.route.text, second.bucket.route.text]
  const entry = second.bucket.entries[second.at]!
  return {
    code: 'conflict',
    span: entry.span,
    rules: [secondRule],
    say: () => `\`${secondText}\` of rule \`${secondRule.name}\` and \`${firstText}\` of rule \`${firstRule.name}\` differ only in ` +
      'letter case or a trailing slash, which servers read alike',
    help: 'put both routes into both rules, or remove one of them',
    related: [{ span: first.bucket.entries[first.at]!.span, message: `rule \`${firstRule.name}\`` }],
    key: `${firstRule.name} ${first.bucket.host ?? ''} ${firstText} ${secondText}`
  }
}
