// Timing for named origins, which images and scripts do not send.
import { grants } from '../context.ts'
import type { Check } from '../check-finding.ts'
import { ruleSpan } from '../rule-spans.ts'

export const timingNeedsOrigin: Check = function* ({ set }) {
  for (const rule of set.rules) {
    // `*` stands alone in its rule.
    if (grants(rule) && rule.timingAllowOrigin && rule.allowOrigins[0]!.pattern.kind !== 'any') {
      yield { code: 'timing-needs-origin', span: ruleSpan(rule, 'timingAllowOrigin'), rules: [rule], say: who => `images and scripts send no \`Origin\`, and get no \`Timing-Allow-Origin\` by ${who}` }
    }
  }
}
