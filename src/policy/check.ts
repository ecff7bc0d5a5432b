// Every check over a validated set, with what its rules accept taken out.
import { compareDiagnostics, diagnose, type Diagnostic } from '../diagnostic/diagnostic.ts'
import { AcceptanceLedger } from './acceptance.ts'
import { CheckContext } from './context.ts'
import type { Check, Finding } from './check-finding.ts'
import type { PolicySet, Rule } from './policy.ts'
import { allHeadersCredentials } from './rule/all-headers-credentials.ts'
import { anyHostCredentials } from './rule/any-host-credentials.ts'
import { anyOriginCredentials } from './rule/any-origin-credentials.ts'
import { anyPortCredentials } from './rule/any-port-credentials.ts'
import { conflict } from './rule/conflict.ts'
import { coveredOrigin } from './rule/covered-origin.ts'
import { emptyOriginSet } from './rule/empty-origin-set.ts'
import { insecureOrigin } from './rule/insecure-origin.ts'
import { jsonNeedsContentType } from './rule/json-needs-content-type.ts'
import { longMaxAge } from './rule/long-max-age.ts'
import { longMaxAgeCredentials } from './rule/long-max-age-credentials.ts'
import { loopbackOrigin } from './rule/loopback-origin.ts'
import { narrowerRoute } from './rule/narrower-route.ts'
import { nullOrigin } from './rule/null-origin.ts'
import { privateNetwork } from './rule/private-network.ts'
import { publicSuffixWildcard } from './rule/public-suffix-wildcard.ts'
import { rejectWildcard } from './rule/reject-wildcard.ts'
import { ruleExpired } from './rule/rule-expired.ts'
import { ruleExpiring } from './rule/rule-expiring.ts'
import { safelistedHeader } from './rule/safelisted-header.ts'
import { safelistedMethod } from './rule/safelisted-method.ts'
import { splitPrefix } from './rule/split-prefix.ts'
import { timingNeedsOrigin } from './rule/timing-needs-origin.ts'
import { unreachableRule } from './rule/unreachable-rule.ts'
import { unusedOriginSet } from './rule/unused-origin-set.ts'
import { upstreamDecides } from './rule/upstream-decides.ts'

/** What the checks are told. */
export interface CheckOptions {
  /** The moment as of which ends and acceptances are judged, in epoch milliseconds. */
  readonly at: number
  /** Whether an acceptance that has run out makes the set invalid (`check`) or not (a gateway that starts or reloads). */
  readonly expiredAcceptance: 'error' | 'warning'
  /** False where something of the set could not be read: then nothing is said of what only seems to be missing. True unless given. */
  readonly isComplete?: boolean
}

/** What holds of a part of the set holds of the whole. */
const checksOfPart: readonly Check[] = [
  conflict, anyOriginCredentials, anyHostCredentials, nullOrigin, insecureOrigin, publicSuffixWildcard, anyPortCredentials,
  allHeadersCredentials, loopbackOrigin, coveredOrigin, ruleExpired, ruleExpiring, privateNetwork, longMaxAgeCredentials,
  upstreamDecides, safelistedHeader, rejectWildcard, longMaxAge, timingNeedsOrigin
]

/** These speak of what is not there. */
const checksOfWhole: readonly Check[] = [
  unreachableRule, unusedOriginSet, emptyOriginSet, splitPrefix, safelistedMethod, jsonNeedsContentType, narrowerRoute
]

/** No more findings of one code and severity are listed; the last one tells how many there are. */
const maxOfKind = 50
/** No more rules are named as related places of one finding. */
const maxRelated = 5

/** Checks a validated set. The findings are in the order of their places. Never throws; takes a time about linear in the set's size. */
export function checkPolicies (set: PolicySet, { at, expiredAcceptance, isComplete = true }: CheckOptions): Diagnostic[] {
  const context = new CheckContext(set, at)
  const ledger = new AcceptanceLedger(set)
  const open = new Map<string, Draft>()
  for (const check of isComplete ? [...checksOfPart, ...checksOfWhole] : checksOfPart) {
    for (const finding of check(context)) keep(open, ledger, finding)
  }
  const found = [...[...open.values()].map(toDiagnostic), ...ledger.report(at, expiredAcceptance, isComplete)]
  return limit(found.sort(compareDiagnostics))
}

/** A finding that stays, and all rules that it stays for. */
interface Draft {
  readonly finding: Finding
  readonly rules: Set<Rule>
}

function keep (open: Map<string, Draft>, ledger: AcceptanceLedger, finding: Finding): void {
  const { code, span, key = '' } = finding
  const rules = ledger.refusing(finding.rules, code, finding.origin ?? null)
  if (finding.rules.length === 0 ? ledger.acceptsSet(span.source.name, code) : rules.length === 0) return
  const place = `${code} ${span.start} ${span.source.name} ${key}`
  const draft = open.get(place)
  if (draft === undefined) {
    open.set(place, { finding, rules: new Set(rules.slice(0, maxRelated + 1)) })
  } else if (draft.rules.size <= maxRelated) {
    for (const rule of rules) draft.rules.add(rule)
  }
}

function toDiagnostic ({ finding, rules }: Draft): Diagnostic {
  const { code, span, severity, help, fix, say, related = [], isElsewhere = false } = finding
  const names = [...rules].map(rule => rule.name).sort()
  const who = names.length === 0 ? '' : names.length === 1 ? `rule \`${names[0]}\`` : `rule \`${names[0]}\` and others`
  const sharers = names.length > 1 || isElsewhere ? [...rules].slice(0, maxRelated) : []
  const places = [...related, ...sharers.map(rule => ({ span: rule.span, message: `rule \`${rule.name}\`` }))]
  return diagnose(code, span, say(who), {
    ...severity && { severity },
    ...help !== undefined && { help },
    ...fix && { fix },
    ...places.length > 0 && { related: places }
  })
}

/** Keeps the first findings of each code and severity, and lets the last that is kept tell how many more there are. */
function limit (sorted: readonly Diagnostic[]): Diagnostic[] {
  const kindOf = ({ code, severity }: Diagnostic): string => `${severity} ${code}`
  const counts = new Map<string, number>()
  for (const diagnostic of sorted) counts.set(kindOf(diagnostic), (counts.get(kindOf(diagnostic)) ?? 0) + 1)
  const seen = new Map<string, number>()
  const kept: Diagnostic[] = []
  for (const diagnostic of sorted) {
    const kind = kindOf(diagnostic)
    const nth = (seen.get(kind) ?? 0) + 1
    seen.set(kind, nth)
    const more = counts.get(kind)! - maxOfKind
    if (nth < maxOfKind || (nth === maxOfKind && more <= 0)) kept.push(diagnostic)
    else if (nth === maxOfKind) kept.push({ ...diagnostic, message: `${diagnostic.message} (and at least ${more} more of this kind)` })
  }
  return kept
}
