// Every host of a scheme, with credentials.
import { allowsCredentials, checkOriginRisk } from '../origin-risk.ts'
import type { Check } from '../check-finding.ts'

export const anyHostCredentials: Check = checkOriginRisk({
  code: 'any-host-credentials',
  appliesTo: allowsCredentials,
  isRisky: ({ kind }) => kind === 'any-host',
  say: text => `\`${text}\` allows every host of its scheme, with credentials`
})
