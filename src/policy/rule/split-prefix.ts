// A subtree that is granted while its apex is left to another rule, or to none.
import type { Bucket } from '../buckets.ts'
import { grants } from '../context.ts'
import type { Check, Finding } from '../check-finding.ts'
import type { Rule } from '../policy.ts'

export const splitPrefix: Check = function* (context) {
  for (const { bucket, tree } of context.buckets()) {
    const { segments } = bucket.route
    if (segments.length < 2 || segments.at(-1)!.kind !== 'wildcard') continue
    // What never decides splits nothing.
    if (tree.shadowing(bucket.route) !== null) continue
    const [apex = null] = tree.covering(segments.slice(0, -1))
    if (apex !== null && hasSameRules(apex, bucket)) continue
    for (const rule of offenders(bucket, apex)) yield split(bucket, apex, rule)
  }
}

function hasSameRules (a: Bucket, b: Bucket): boolean {
  return a.rules.length === b.rules.length && a.rules.every((rule, i) => rule === b.rules[i])
}

/** The rules of the subtree that the apex lacks; where it lacks none and has more, the first. */
function offenders (below: Bucket, apex: Bucket | null): readonly Rule[] {
  const atApex = new Set(apex?.rules)
  const missing = below.rules.filter(rule => !atApex.has(rule))
  const rules = missing.length > 0 ? missing : below.rules.slice(0, 1)
  // A rule that grants nobody splits off something only where the apex is granted.
  return rules.filter(rule => isOpen(rule) || apex?.rules.some(isOpen))
}

function isOpen (rule: Rule): boolean {
  return rule.passthrough || grants(rule)
}

function split (below: Bucket, apex: Bucket | null, rule: Rule): Finding {
  const [subtree, stem] = [below.route.text, below.route.text.slice(0, -2)]
  const others = apex?.rules.filter(other => other !== rule) ?? []
  const by = apex === null
    ? below.host === null ? 'no rule' : `no rule of \`${below.host}\``
    : others.length === 1 ? `rule \`${others[0]!.name}\`` : 'other rules'
  return {
    code: 'split-prefix',
    span: below.entries[below.rules.indexOf(rule)]!.span,
    rules: [rule],
    say: who => `\`${subtree}\` is in ${who}, while \`${stem}\` is decided by ${by}`,
    help: `write \`${subtree}*\` for both`,
    related: (apex?.entries ?? []).slice(0, 1).map(({ span }, i) => ({ span, message: `\`${apex!.route.text}\` of rule \`${apex!.rules[i]!.name}\`` })),
    key: `${below.host ?? ''} ${stem}`
  }
}
