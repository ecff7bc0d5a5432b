// Every port of a host that is not loopback, with credentials.
import { isLoopback } from '../loopback.ts'
import { allowsCredentials, checkOriginRisk } from '../origin-risk.ts'
import type { Check } from '../check-finding.ts'

export const anyPortCredentials: Check = checkOriginRisk({
  code: 'any-port-credentials',
  appliesTo: allowsCredentials,
  isRisky: pattern => 'port' in pattern && pattern.port === '*' && !isLoopback(pattern),
  say: text => `\`${text}\` allows every port, with credentials`
})
