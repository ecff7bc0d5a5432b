// A max age that Chromium cuts.
import { grants } from '../context.ts'
import type { Check } from '../check-finding.ts'
import { ruleSpan } from '../rule-spans.ts'

/** In seconds. */
const chromiumCap = 2 * 60 * 60

export const longMaxAge: Check = function* ({ set }) {
  for (const rule of set.rules) {
    if (grants(rule) && rule.maxAge !== null && rule.maxAge > chromiumCap) {
      yield { code: 'long-max-age', span: ruleSpan(rule, 'maxAge'), rules: [rule], say: who => `Chromium caps \`maxAge\` at 2 hours (${who})` }
    }
  }
}
