// Refusals on a whole subtree, which also hit form posts and navigations.
import type { Check } from '../check-finding.ts'

export const rejectWildcard: Check = function* ({ set }) {
  for (const rule of set.rules) {
    if (rule.deniedRequests !== 'reject' || rule.passthrough) continue
    for (const { pattern, span } of rule.routes) {
      if (pattern.segments.at(-1)?.kind !== 'wildcard') continue
      yield {
        code: 'reject-wildcard',
        span,
        rules: [rule],
        say: who => `${who} answers 403 to form posts and navigations from other origins below \`${pattern.text}\``
      }
    }
  }
}
