// A route whose CORS is left to its upstream.
import type { Check } from '../check-finding.ts'
import { ruleSpan } from '../rule-spans.ts'

export const upstreamDecides: Check = function* ({ set }) {
  for (const rule of set.rules) {
    if (rule.passthrough) {
      yield { code: 'upstream-decides', span: ruleSpan(rule, 'passthrough'), rules: [rule], say: who => `the upstream decides the CORS of ${who}` }
    }
  }
}
