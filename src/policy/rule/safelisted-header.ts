// Header names that pages may send or read without being told so.
import { removalOf } from '../../document/removal.ts'
import { isSafelistedRequestHeader, isSafelistedResponseHeader } from '../../fetch/header.ts'
import { grants } from '../context.ts'
import type { Check, Finding } from '../check-finding.ts'
import type { Rule } from '../policy.ts'
import { entrySpans, ruleSpan } from '../rule-spans.ts'

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
  // Only where a name stays can others be cut out, and only response headers mean the same without: a page that sends a
  // safelisted request header with an unusual value has to ask for it all the same.
  const canBeCut = key === 'exposeHeaders' && !rule[key].every(test)
  for (const [i, name] of rule[key].entries()) {
    if (!test(name)) continue
    yield {
      code: 'safelisted-header',
      span: ruleSpan(rule, key, i),
      rules: [rule],
      ...canBeCut && fixOf(rule, key, i),
      say: who => `\`${name}\` is safelisted, and need not be in \`${key}\` of ${who}`
    }
  }
}

function fixOf (rule: Rule, key: string, index: number): Pick<Finding, 'fix'> {
  const places = entrySpans(rule, key)
  const span = ruleSpan(rule, key, index)
  const at = removalOf(span, places[index - 1], places[index + 1])
  return at === null ? {} : { fix: { text: '', at: { source: span.source, ...at } } }
}
