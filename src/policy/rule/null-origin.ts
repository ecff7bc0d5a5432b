// The opaque origin, which anyone can send.
import { checkOriginRisk } from '../origin-risk.ts'
import type { Check } from '../check-finding.ts'

export const nullOrigin: Check = checkOriginRisk({
  code: 'null-origin',
  appliesTo: () => true,
  isRisky: ({ kind }) => kind === 'opaque',
  say: () => '`"null"` is the origin of sandboxed frames and local files of anyone'
})
