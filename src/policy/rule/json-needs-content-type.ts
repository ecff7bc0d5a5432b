// Methods with a body whose JSON would be refused, since `content-type` is not allowed.
import { grants } from '../context.ts'
import type { Check } from '../check-finding.ts'
import { isWritten, ruleSpan } from '../rule-spans.ts'

const withBody = ['POST', 'PUT', 'PATCH'] as const

export const jsonNeedsContentType: Check = function* ({ set }) {
  for (const rule of set.rules) {
    if (!grants(rule) || rule.allowHeaders.includes('content-type') || rule.allowHeaders.includes('*')) continue
    // The default methods say nothing about what pages do.
    if (!isWritten(rule, 'allowMethods')) continue
    const methods = withBody.filter(method => rule.allowMethods.includes(method) || rule.allowMethods.includes('*'))
    if (methods.length === 0) continue
    const quoted = methods.map(method => `\`${method}\``).join(', ')
    yield {
      code: 'json-needs-content-type',
      span: ruleSpan(rule, 'allowMethods', rule.allowMethods.indexOf(rule.allowMethods.includes('*') ? '*' : methods[0]!)),
      rules: [rule],
      say: who => `${quoted} without \`content-type\` in \`allowHeaders\`: JSON requests will fail, in ${who}`
    }
  }
}
