// Every request header, with credentials.
import { grants } from '../context.ts'
import type { Check } from '../check-finding.ts'
import { ruleSpan } from '../rule-spans.ts'

export const allHeadersCredentials: Check = function* ({ set }) {
  for (const rule of set.rules) {
    if (grants(rule) && rule.allowCredentials && rule.allowHeaders.includes('*')) {
      yield { code: 'all-headers-credentials', span: ruleSpan(rule, 'allowHeaders', rule.allowHeaders.indexOf('*')), rules: [rule], say: who => `\`allowHeaders\` holds \`*\` with credentials, in ${who}` }
    }
  }
}
