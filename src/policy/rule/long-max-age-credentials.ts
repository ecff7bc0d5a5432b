// A long-lived permission, with credentials.
import { grants } from '../context.ts'
import type { Check } from '../check-finding.ts'
import { ruleSpan } from '../rule-spans.ts'

/** In seconds. */
const tenMinutes = 10 * 60

export const longMaxAgeCredentials: Check = function* ({ set }) {
  for (const rule of set.rules) {
    if (grants(rule) && rule.allowCredentials && rule.maxAge !== null && rule.maxAge > tenMinutes) {
      yield { code: 'long-max-age-credentials', span: ruleSpan(rule, 'maxAge'), rules: [rule], say: who => `a permission with credentials stays in browsers' caches for more than 10 minutes (${who})` }
    }
  }
}
