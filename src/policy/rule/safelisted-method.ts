// Safelisted methods that a rule does not list, and that count as allowed all the same.
import { grants } from '../context.ts'
import type { Check } from '../check-finding.ts'
import { ruleSpan } from '../rule-spans.ts'

const safelisted = ['GET', 'HEAD', 'POST'] as const

export const safelistedMethod: Check = function* ({ set }) {
  for (const rule of set.rules) {
    if (!grants(rule) || rule.enforceMethods || rule.allowMethods.includes('*')) continue
    const missing = safelisted.filter(method => !rule.allowMethods.includes(method)).map(method => `\`${method}\``)
    if (missing.length === 0) continue
    yield {
      code: 'safelisted-method',
      span: ruleSpan(rule, 'allowMethods'),
      rules: [rule],
      say: who => `${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} allowed by ${who} although not listed`
    }
  }
}
