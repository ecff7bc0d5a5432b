// A wildcard or label glob directly below a public suffix: an error with credentials, else a warning.
import type { OriginPattern } from '../../origin/pattern.ts'
import type { Check } from '../check-finding.ts'
import { checkOriginRisk, type OriginRisk } from '../origin-risk.ts'
import { isRegistry } from '../public-suffix.ts'

function isBelowRegistry (pattern: OriginPattern): boolean {
  switch (pattern.kind) {
    case 'subdomains': return isRegistry(withoutDot(pattern.suffix.slice(1)))
    // Labels in front of the star do not help: whoever owns the name below the suffix owns all below it.
    case 'label-glob': return isRegistry(withoutDot(pattern.after.join('.')))
    case 'exact': case 'opaque': case 'any-host': case 'any': return false
  }
}

function withoutDot (domain: string): string {
  return domain.endsWith('.') ? domain.slice(0, -1) : domain
}

const risk: Pick<OriginRisk, 'code' | 'isRisky' | 'say'> = {
  code: 'public-suffix-wildcard',
  isRisky: isBelowRegistry,
  say: text => `\`${text}\` matches names that anyone can register`
}

const withCredentials = checkOriginRisk({ ...risk, severity: 'error', appliesTo: rule => rule.allowCredentials })
const withoutCredentials = checkOriginRisk({ ...risk, severity: 'warning', appliesTo: rule => !rule.allowCredentials })

export const publicSuffixWildcard: Check = function* (context) {
  yield* withCredentials(context)
  yield* withoutCredentials(context)
}
