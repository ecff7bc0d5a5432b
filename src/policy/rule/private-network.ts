// Private network access, which no browser asks for any more.
import type { Check } from '../check-finding.ts'
import { ruleSpan } from '../rule-spans.ts'

export const privateNetwork: Check = function* ({ set }) {
  for (const rule of set.rules) {
    if (rule.allowPrivateNetwork) {
      yield { code: 'private-network', span: ruleSpan(rule, 'allowPrivateNetwork'), rules: [rule], say: who => `no browser sends \`Access-Control-Request-Private-Network\` any more (${who})` }
    }
  }
}
