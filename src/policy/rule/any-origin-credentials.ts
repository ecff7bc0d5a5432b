// `*` with credentials: always an error.
import { allowsCredentials, checkOriginRisk } from '../origin-risk.ts'
import type { Check } from '../check-finding.ts'

export const anyOriginCredentials: Check = checkOriginRisk({
  code: 'any-origin-credentials',
  appliesTo: allowsCredentials,
  isRisky: ({ kind }) => kind === 'any',
  say: () => '`*` with `allowCredentials: true` would let every page read as the user'
})
