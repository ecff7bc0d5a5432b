// What an entry of `allowOrigins` may put at risk: the frame that all checks of single entries share.
import type { DiagnosticCode, Severity } from '../diagnostic/catalogue.ts'
import type { OriginPattern } from '../origin/pattern.ts'
import type { Check } from './check-finding.ts'
import type { OriginEntry, Rule } from './policy.ts'

/** A risk that a single entry is to the rules that list it. */
export interface OriginRisk {
  readonly code: DiagnosticCode
  /** Overrides the catalogue's severity. */
  readonly severity?: Severity
  /** The rules to which such an entry is a risk. */
  readonly appliesTo: (rule: Rule) => boolean
  readonly isRisky: (pattern: OriginPattern) => boolean
  readonly say: (text: string) => string
}

/** Makes the check of a risk. The entries of a list are judged once, however many rules share it. */
export function checkOriginRisk ({ code, severity, appliesTo, isRisky, say }: OriginRisk): Check {
  return function* ({ lists }) {
    for (const [list, sharers] of lists) {
      const rules = sharers.filter(appliesTo)
      if (rules.length === 0) continue
      for (const entry of list) {
        if (!isRisky(entry.pattern)) continue
        const { text } = entry.pattern
        yield {
          code,
          span: entry.span,
          rules,
          origin: entry,
          say: who => `${say(text)}, in ${who}`,
          isElsewhere: isElsewhere(entry),
          ...severity && { severity, key: severity }
        }
      }
    }
  }
}

/** Whether an entry stands in an origin set, away from the rule that lists it. */
export function isElsewhere (entry: OriginEntry): boolean {
  return entry.set !== null
}

/** The usual case: an entry is a risk where the rule allows credentials. */
export function allowsCredentials (rule: Rule): boolean {
  return rule.allowCredentials
}
