// Origin sets that nobody names.
import type { Check } from '../check-finding.ts'

export const unusedOriginSet: Check = function* ({ set }) {
  for (const { name, span, used } of set.originSets) {
    if (used) continue
    yield { code: 'unused-origin-set', span, rules: [], say: () => `no rule, blocked list or other set names \`$${name}\`` }
  }
}
