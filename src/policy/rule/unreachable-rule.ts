// Rules that never decide, since others take every request of their routes or all of their origins are blocked.
import type { Bucket } from '../buckets.ts'
import type { CheckContext } from '../context.ts'
import type { Check } from '../check-finding.ts'
import type { OriginEntry, Rule } from '../policy.ts'

/*
 * Only what is proven is told. Inside one host and route no pattern can be covered by more specific ones alone: what is
 * more specific matches less. So a rule is unreachable by its routes, or by origins that are blocked everywhere.
 */
export const unreachableRule: Check = function* (context) {
  const blocked = new Map<readonly OriginEntry[], boolean>()
  for (const rule of context.set.rules) {
    if (!rule.passthrough && rule.allowOrigins.length === 0) continue
    const shadowing = shadowsOf(context, rule)
    if (shadowing !== null) {
      const names = [...new Set(shadowing.flatMap(({ rules }) => rules.map(({ name }) => name)))].filter(name => name !== rule.name).sort()
      const quoted = names.slice(0, 3).map(name => `\`${name}\``).join(', ') + (names.length > 3 ? ' and others' : '')
      yield {
        code: 'unreachable-rule',
        span: rule.span,
        rules: [rule],
        say: who => `${who} never decides: more specific routes of ${quoted} take every path of its routes`,
        related: shadowing.slice(0, 5).map(({ entries, rules, route }) => ({
          span: entries[0]!.span, message: `\`${route.text}\` of rule \`${rules[0]!.name}\``
        }))
      }
    } else if (isBlocked(context, rule, blocked)) {
      yield {
        code: 'unreachable-rule',
        span: rule.span,
        rules: [rule],
        say: who => `${who} never decides: every origin that it allows is blocked`,
        related: context.set.blockedOrigins.slice(0, 1).map(({ span, pattern }) => ({ span, message: `\`${pattern.text}\` is blocked` }))
      }
    }
  }
}

/** The routes that together take every path of every route of a rule, or null. */
function shadowsOf (context: CheckContext, rule: Rule): readonly Bucket[] | null {
  const all = new Set<Bucket>()
  for (const { bucket, tree } of context.bucketsOf.get(rule) ?? []) {
    const shadowing = tree.shadowing(bucket.route)
    if (shadowing === null) return null
    for (const each of shadowing) all.add(each)
  }
  return all.size === 0 ? null : [...all]
}

function isBlocked (context: CheckContext, { allowOrigins, passthrough }: Rule, known: Map<readonly OriginEntry[], boolean>): boolean {
  const { blockedOrigins } = context.set
  if (passthrough || blockedOrigins.length === 0) return false
  let answer = known.get(allowOrigins)
  if (answer === undefined) {
    const index = context.coverIn(blockedOrigins)
    // What `*` grants is untouched by blocked origins.
    answer = allowOrigins.every(({ pattern }) => pattern.kind !== 'any' && index.coverOf(pattern) !== null)
    known.set(allowOrigins, answer)
  }
  return answer
}
