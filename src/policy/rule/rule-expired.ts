// A rule whose validity window is over.
import { showTime } from '../notice.ts'
import type { Check } from '../check-finding.ts'
import { ruleSpan } from '../rule-spans.ts'

export const ruleExpired: Check = function* ({ set, at }) {
  for (const rule of set.rules) {
    if (rule.expires !== null && rule.expires <= at) {
      yield { code: 'rule-expired', span: ruleSpan(rule, 'expires'), rules: [rule], say: who => `${who} ended at ${showTime(rule.expires!)}, and denies` }
    }
  }
}
