// A rule whose validity window ends within 14 days.
import { noticePeriod, showTime } from '../notice.ts'
import type { Check } from '../check-finding.ts'
import { ruleSpan } from '../rule-spans.ts'

export const ruleExpiring: Check = function* ({ set, at }) {
  for (const rule of set.rules) {
    if (rule.expires !== null && rule.expires > at && rule.expires - at <= noticePeriod) {
      yield { code: 'rule-expiring', span: ruleSpan(rule, 'expires'), rules: [rule], say: who => `${who} ends at ${showTime(rule.expires!)}` }
    }
  }
}
