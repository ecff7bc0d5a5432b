// An origin without TLS that is not loopback, with credentials.
import { isLoopback } from '../loopback.ts'
import { allowsCredentials, checkOriginRisk } from '../origin-risk.ts'
import type { Check } from '../check-finding.ts'

/** The schemes of the web without TLS. Those of apps (`capacitor`, `chrome-extension`) name what is on the machine already. */
const schemesWithoutTls = new Set(['http', 'ftp'])

export const insecureOrigin: Check = checkOriginRisk({
  code: 'insecure-origin',
  appliesTo: allowsCredentials,
  isRisky: pattern => 'scheme' in pattern && schemesWithoutTls.has(pattern.scheme) && !isLoopback(pattern),
  say: text => `\`${text}\` has no TLS: whoever is on the network path can act as the user`
})
