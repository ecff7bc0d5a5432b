// Header names that pages may send or read without being told so.
import { isSafelistedRequestHeader, isSafelistedResponseHeader } from '../../fetch/header.ts'
import { grants } from '../context.ts'
import type { Check, Finding } from '../check-finding.ts'
import type { Rule } from '../policy.ts'
import { ruleSpan } from '../rule-spans.ts'

/** `content-type` is safelisted for the three types of forms only: to list it is to allow JSON. */
function isNeedless (name: string): boolean {
  return name !== 'content-type' && isSafelistedRequestHeader(name)
}

export const safelistedHeader: Check = function* ({ set }) {
  for (const rule of set.rules) {
    if (!grants(rule)) continue
    yield* needless(rule, 'allowHeaders', isNeedless)
    yield* needless(rule, 'exposeHeaders', isSafelistedResponseHeader)
  }
}

function* needless (rule: Rule, key: 'allowHeaders' | 'exposeHeaders', test: (name: string) => boolean): Generator<Finding> {
  for (const [i, name] of rule[key].entries()) {
    if (!test(name)) continue
    yield {
      code: 'safelisted-header',
      span: ruleSpan(rule, key, i),
      rules: [rule],
      say: who => `\`${name}\` is safelisted, and need not be in \`${key}\` of ${who}`
    }
  }
}
