// A web origin on the user's own machine, with credentials.
import { isWebScheme } from '../../origin/origin.ts'
import { isLoopback } from '../loopback.ts'
import { allowsCredentials, checkOriginRisk } from '../origin-risk.ts'
import type { Check } from '../check-finding.ts'

export const loopbackOrigin: Check = checkOriginRisk({
  code: 'loopback-origin',
  appliesTo: allowsCredentials,
  isRisky: pattern => 'scheme' in pattern && isWebScheme(pattern.scheme) && isLoopback(pattern),
  say: text => `\`${text}\` is whatever program listens on the user's machine, with credentials`
})
