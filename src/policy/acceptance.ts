// The risks that rules take on purpose: which findings they cover, which have run out, which nothing needs.
import type { DiagnosticCode } from '../diagnostic/catalogue.ts'
import { diagnose, type Diagnostic } from '../diagnostic/diagnostic.ts'
import type { OriginEntry, PolicySet, RiskAcceptance, Rule } from './policy.ts'
import { addTo } from './multimap.ts'
import { noticePeriod, showTime } from './notice.ts'

/** The codes that `acceptRisks` may name: all risks but `any-origin-credentials`, and the warnings. */
export const acceptableRisks: readonly DiagnosticCode[] = [
  'any-host-credentials', 'null-origin', 'insecure-origin', 'public-suffix-wildcard', 'any-port-credentials',
  'all-headers-credentials', 'loopback-origin',
  'unreachable-rule', 'covered-origin', 'unused-origin-set', 'rule-expired', 'rule-expiring', 'empty-origin-set',
  'split-prefix', 'private-network', 'long-max-age-credentials', 'upstream-decides'
]

const acceptable: ReadonlySet<string> = new Set(acceptableRisks)

/** Findings about a set are accepted by a rule that stands in its file. */
const aboutSets: ReadonlySet<string> = new Set<DiagnosticCode>(['unused-origin-set', 'empty-origin-set'])

/** One acceptance as it is written; in `defaults` it is that of many rules. */
interface Record {
  readonly acceptance: RiskAcceptance
  readonly rules: Rule[]
  /** The entries for which it holds, or null for all. */
  readonly origins: ReadonlySet<string> | null
  isUsed: boolean
  readonly usedOrigins: Set<string>
}

/** The rules of a finding by how they accept its risk. */
interface Split {
  /** Not at all. */
  readonly open: readonly Rule[]
  /** For all of their origins. */
  readonly whole: readonly Record[]
  /** For some entries. */
  readonly partial: readonly Rule[]
}

/** Keeps account of what is accepted, and by which acceptance, so that those that nothing needed can be named. */
export class AcceptanceLedger {
  readonly #records = new Map<string, Record>()
  readonly #byRule = new Map<Rule, Map<string, Record[]>>()
  readonly #bySetFile = new Map<string, Record[]>()
  readonly #splits = new WeakMap<readonly Rule[], Map<string, Split>>()

  constructor (set: PolicySet) {
    for (const rule of set.rules) {
      for (const acceptance of rule.acceptRisks) this.#enter(rule, acceptance)
    }
  }

  #enter (rule: Rule, acceptance: RiskAcceptance): void {
    const { source, start } = acceptance.span
    const key = `${start} ${source.name}`
    let record = this.#records.get(key)
    if (record === undefined) {
      const origins = acceptance.origins === null ? null : new Set(acceptance.origins)
      record = { acceptance, rules: [], origins, isUsed: false, usedOrigins: new Set() }
      this.#records.set(key, record)
      if (aboutSets.has(acceptance.risk)) addTo(this.#bySetFile, `${acceptance.risk} ${source.name}`, record)
    }
    record.rules.push(rule)
    let risks = this.#byRule.get(rule)
    if (risks === undefined) this.#byRule.set(rule, risks = new Map<string, Record[]>())
    addTo(risks, acceptance.risk, record)
  }

  /** The rules of a finding that do not accept it. `rules` is the same array for findings about the same rules. */
  refusing (rules: readonly Rule[], risk: string, origin: OriginEntry | null): readonly Rule[] {
    if (!acceptable.has(risk)) return rules
    const { open, whole, partial } = this.#split(rules, risk)
    for (const record of whole) record.isUsed = true
    if (partial.length === 0) return open
    const refusing = partial.filter(rule => !this.#coversPart(rule, risk, origin))
    return refusing.length === 0 ? open : [...open, ...refusing]
  }

  /** Whether a finding about an origin set is accepted by a rule, or the defaults, of the file that defines it. */
  acceptsSet (file: string, risk: string): boolean {
    const records = this.#bySetFile.get(`${risk} ${file}`) ?? []
    for (const record of records) record.isUsed = true
    return records.length > 0
  }

  #split (rules: readonly Rule[], risk: string): Split {
    let known = this.#splits.get(rules)
    if (known === undefined) this.#splits.set(rules, known = new Map<string, Split>())
    let split = known.get(risk)
    if (split === undefined) known.set(risk, split = this.#makeSplit(rules, risk))
    return split
  }

  #makeSplit (rules: readonly Rule[], risk: string): Split {
    const [open, partial]: [Rule[], Rule[]] = [[], []]
    const whole = new Set<Record>()
    for (const rule of rules) {
      const records = this.#byRule.get(rule)?.get(risk) ?? []
      const unlimited = records.filter(({ origins }) => origins === null)
      for (const record of unlimited) whole.add(record)
      if (records.length === 0) open.push(rule)
      else if (unlimited.length === 0) partial.push(rule)
    }
    return { open, whole: [...whole], partial }
  }

  /** Acceptances for some entries cover a finding about one of these, or about the whole rule if they name all of its entries. */
  #coversPart (rule: Rule, risk: string, origin: OriginEntry | null): boolean {
    const records = this.#byRule.get(rule)?.get(risk) ?? []
    const entries = origin === null ? rule.allowOrigins : [origin]
    const covers = entries.length > 0 && entries.every(({ pattern }) => records.some(record => record.origins?.has(pattern.text)))
    if (!covers) return false
    for (const { pattern: { text } } of entries) {
      for (const record of records.filter(({ origins }) => origins?.has(text))) {
        record.isUsed = true
        record.usedOrigins.add(text)
      }
    }
    return true
  }

  /** What is to be said of the acceptances themselves, after all findings have been put to the ledger. */
  * report (at: number, expiredSeverity: 'error' | 'warning', isComplete: boolean): Generator<Diagnostic> {
    for (const record of this.#records.values()) {
      if (isComplete) yield* reportOrigins(record)
      const { until } = record.acceptance
      if (until !== null && until <= at) yield reportExpired(record, until, expiredSeverity)
      else if (!record.isUsed && isComplete && !isForStrangers(record)) yield reportUnneeded(record)
      else if (until !== null && until - at <= noticePeriod) yield reportExpiring(record, until)
    }
  }
}

function reportExpired ({ acceptance: { risk, span }, isUsed }: Record, until: number, severity: 'error' | 'warning'): Diagnostic {
  return diagnose('acceptance-expired', span, `the acceptance of \`${risk}\` ran out at ${showTime(until)}`, {
    severity,
    ...!isUsed && { help: 'remove it: nothing needs it any more' }
  })
}

function reportExpiring ({ acceptance: { risk, span } }: Record, until: number): Diagnostic {
  return diagnose('acceptance-expiring', span, `the acceptance of \`${risk}\` runs out at ${showTime(until)}`)
}

function reportUnneeded ({ acceptance: { risk, span } }: Record): Diagnostic {
  const never = risk === 'any-origin-credentials' ? ', which cannot be accepted' : ', which nothing needs'
  return diagnose('unneeded-acceptance', span, `an acceptance of \`${risk}\`${never}`)
}

/** Names that no rule of the acceptance lists, and names whose entries are not at this risk. */
function* reportOrigins ({ acceptance: { risk, span, origins }, rules, isUsed, usedOrigins }: Record): Generator<Diagnostic> {
  if (origins === null) return
  const unused = [...new Set(origins)].filter(text => !usedOrigins.has(text))
  if (unused.length === 0) return
  const lists = new Set(rules.map(rule => rule.allowOrigins))
  const listed = new Set<string>()
  for (const list of lists) for (const { pattern } of list) listed.add(pattern.text)
  const unknown = unused.filter(text => !listed.has(text))
  const unneeded = unused.filter(text => listed.has(text))
  if (unknown.length > 0) {
    yield diagnose('acceptance-origin', span, `an acceptance of \`${risk}\` for ${quote(unknown)}, which the rule does not list`)
  }
  if (isUsed && unneeded.length > 0) {
    yield diagnose('unneeded-acceptance', span, `an acceptance of \`${risk}\` for ${quote(unneeded)}, which does not need it`)
  }
}

/** Whether an acceptance names entries only that its rules do not list; that is said already. */
function isForStrangers ({ origins, rules }: Record): boolean {
  return origins !== null && origins.size > 0 && rules.every(rule => rule.allowOrigins.every(({ pattern }) => !origins.has(pattern.text)))
}

function quote (texts: readonly string[]): string {
  const shown = texts.slice(0, 3).map(text => `\`${text}\``).join(', ')
  return texts.length > 3 ? `${shown} and ${texts.length - 3} more` : shown
}
