// A more specific route that withholds what the rule of a broader one grants to the same origin.
import { isSafelistedMethod } from '../../fetch/method.ts'
import type { Bucket } from '../buckets.ts'
import { grants, nameBucket, type CheckContext } from '../context.ts'
import type { Check, Finding } from '../check-finding.ts'
import type { OriginEntry, Rule } from '../policy.ts'
import { compareReach, type Reach } from '../reach.ts'

/** How much is compared before nothing more is claimed: this is an info, and a set of any size must stay quick to check. */
const maxWork = 2_000_000

export const narrowerRoute: Check = function* (context) {
  const known = new Map<string, Reach>()
  const numbers = new Map<readonly OriginEntry[], number>()
  const numberOf = (list: readonly OriginEntry[]): number => {
    let number = numbers.get(list)
    if (number === undefined) numbers.set(list, number = numbers.size)
    return number
  }
  let work = 0
  for (const { bucket, tree } of context.buckets()) {
    if (bucket.rules.some(rule => rule.passthrough)) continue
    const broader = broaderThan(bucket, tree.covering(bucket.route.segments))
    if (broader === null || tree.shadowing(broader.route) !== null) continue
    const lists = [...new Set(bucket.rules.map(rule => rule.allowOrigins))]
    const narrowKey = lists.map(numberOf).join()
    for (const rule of broader.rules) {
      if (!grants(rule) || isOver(rule, context.at) || bucket.rules.includes(rule)) continue
      const key = `${narrowKey} ${numberOf(rule.allowOrigins)} ${numberOf(rule.exceptOrigins)}`
      let reach = known.get(key)
      if (reach === undefined) {
        known.set(key, reach = compareReach(lists, rule, context.set.blockedOrigins, maxWork - work))
        work += reach.work
      }
      if (++work > maxWork) return
      yield* explain(context, bucket, broader, rule, lists, reach)
    }
  }
}

/** The nearest route that matches every path of a bucket's, other than its own. */
function broaderThan (bucket: Bucket, covering: Iterable<Bucket>): Bucket | null {
  for (const each of covering) if (each !== bucket) return each
  return null
}

function isOver (rule: Rule, at: number): boolean {
  return rule.expires !== null && rule.expires <= at
}

function* explain (
  { at }: CheckContext, bucket: Bucket, broader: Bucket, rule: Rule, lists: readonly (readonly OriginEntry[])[], reach: Reach
): Generator<Finding> {
  if (reach.withheld.length > 0) {
    const shown = reach.withheld.map(({ pattern }) => `\`${pattern.text}\``).join(', ')
    const more = reach.withheldCount - reach.withheld.length
    yield tell(bucket, broader, rule, bucket.rules[0]!, `nothing to ${shown}${more > 0 ? ` and ${more} more` : ''}`)
  }
  for (const [list, entry] of reach.decided) {
    const deciding = bucket.rules.filter(each => each.allowOrigins === lists[list])
    const [narrow] = deciding
    // Of several rules the moment tells which decides: nothing is claimed.
    if (narrow === undefined || deciding.length > 1 || narrow.notBefore !== null || isOver(narrow, at)) continue
    const lost = lostFrom(rule, narrow)
    if (lost.length > 0) yield tell(bucket, broader, rule, narrow, `no ${lost.join(', ')} to \`${entry.pattern.text}\``)
  }
}

function tell (bucket: Bucket, broader: Bucket, rule: Rule, narrow: Rule, what: string): Finding {
  return {
    code: 'narrower-route',
    span: bucket.entries[bucket.rules.indexOf(narrow)]!.span,
    rules: [narrow],
    say: who => `${nameBucket(bucket)} of ${who} grants ${what}, which \`${broader.route.text}\` of rule \`${rule.name}\` does`,
    related: [{ span: broader.entries[broader.rules.indexOf(rule)]!.span, message: `\`${broader.route.text}\` of rule \`${rule.name}\`` }],
    key: `${rule.name} ${what}`
  }
}

/** What the broader rule grants and the narrower does not, in words. */
function lostFrom (broad: Rule, narrow: Rule): string[] {
  const lost: string[] = []
  if (broad.allowCredentials && !narrow.allowCredentials) lost.push('credentials')
  const { allowMethods, enforceMethods } = narrow
  for (const method of allowMethods.includes('*') ? [] : broad.allowMethods) {
    const isFree = isSafelistedMethod(method) && (!enforceMethods || (method === 'HEAD' && allowMethods.includes('GET')))
    if (method === '*') lost.push('methods but its own')
    else if (!isFree && !allowMethods.includes(method)) lost.push(`\`${method}\``)
  }
  for (const name of narrow.allowHeaders.includes('*') ? [] : broad.allowHeaders) {
    if (name === '*') lost.push('headers but its own')
    else if (!narrow.allowHeaders.includes(name)) lost.push(`\`${name}\``)
  }
  return lost
}
