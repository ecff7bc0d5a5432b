// Origin sets without any entry.
import type { Check } from '../check-finding.ts'

export const emptyOriginSet: Check = function* ({ set }) {
  for (const { name, span, entries } of set.originSets) {
    if (entries.length > 0) continue
    yield { code: 'empty-origin-set', span, rules: [], say: () => `\`$${name}\` has no entries: rules that name it allow nobody by it` }
  }
}
