// A route whose CORS is left to its upstream.
import type { Check } from '../check-finding.ts'

export const upstreamDecides: Check = function* ({ set }) {
  for (const rule of set.rules) {
    if (rule.passthrough) {
      yield { code: 'upstream-decides', span: rule.spanOf('passthrough'), rules: [rule], say: who => `the upstream decides the CORS of ${who}` }
    }
  }
}
