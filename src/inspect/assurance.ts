// What watches over the grants of a set: guardrails that are gone or weaker, and risks that are accepted anew.
import { placeOf, type Span } from '../diagnostic/span.ts'
import { showTime } from '../policy/notice.ts'
import type { Guardrail, PolicySet, RiskAcceptance, Rule } from '../policy/policy.ts'

/** Where something of a set is written, and what it says in a few words. */
export interface AssurancePlace {
  readonly file: string
  readonly line: number
  readonly text: string
}

/** A change of what a set is held to. */
export interface AssuranceChange {
  readonly what: 'guardrail-removed' | 'guardrail-changed' | 'guardrail-added' | 'risk-accepted' | 'risk-extended'
  /** Of the guardrail, or of the risk. */
  readonly name: string
  readonly old: AssurancePlace | null
  readonly new: AssurancePlace | null
}

/** All such changes, the graver first. */
export function compareAssurance (old: PolicySet, now: PolicySet): readonly AssuranceChange[] {
  const order = ['guardrail-removed', 'guardrail-changed', 'risk-accepted', 'risk-extended', 'guardrail-added']
  return [...compareGuardrails(old, now), ...compareRisks(old, now)].sort((a, b) => order.indexOf(a.what) - order.indexOf(b.what))
}

/** Whether a change is one that somebody must agree to. */
export function isLess ({ what }: AssuranceChange): boolean {
  return what !== 'guardrail-added'
}

function* compareGuardrails (old: PolicySet, now: PolicySet): Generator<AssuranceChange> {
  const [before, after] = [byName(old.guardrails), byName(now.guardrails)]
  for (const [name, guardrail] of before) {
    const other = after.get(name)
    if (other === undefined) yield { what: 'guardrail-removed', name, old: placed(guardrail.span, sayGuardrail(guardrail)), new: null }
    else if (contentOf(guardrail) !== contentOf(other)) {
      yield { what: 'guardrail-changed', name, old: placed(guardrail.span, sayGuardrail(guardrail)), new: placed(other.span, sayGuardrail(other)) }
    }
  }
  for (const [name, guardrail] of after) {
    if (!before.has(name)) yield { what: 'guardrail-added', name, old: null, new: placed(guardrail.span, sayGuardrail(guardrail)) }
  }
}

function byName (guardrails: readonly Guardrail[]): ReadonlyMap<string, Guardrail> {
  return new Map(guardrails.map(guardrail => [guardrail.name, guardrail]))
}

function contentOf ({ hosts, routes, origins, never }: Guardrail): string {
  return JSON.stringify([
    textsOf(hosts), routes.map(({ pattern }) => pattern.shape).sort(), origins && [origins.are, textsOf(origins.entries)],
    never.read, never.credentials, [...never.methods].sort(), [...never.headers].sort(), never.maxAgeAbove
  ])
}

function textsOf (entries: readonly { readonly pattern: { readonly text: string } }[]): string[] {
  return [...new Set(entries.map(({ pattern }) => pattern.text))].sort()
}

/** What a guardrail says, in a line. */
function sayGuardrail ({ hosts, routes, origins, never }: Guardrail): string {
  const nevers = [
    ...never.read ? ['read'] : [], ...never.credentials ? ['credentials'] : [], ...never.methods.map(name => `method ${name}`),
    ...never.headers.map(name => `header ${name}`), ...never.maxAgeAbove === null ? [] : [`max age above ${never.maxAgeAbove} s`]
  ]
  const where = [routes.length === 0 ? '' : `on ${textsOf(routes).join(', ')}`, hosts.length === 0 ? '' : `of ${textsOf(hosts).join(', ')}`]
  const who = origins === null ? '' : `for origins ${origins.are} ${textsOf(origins.entries).join(', ')}`
  return ['never', nevers.join(', '), ...where, who].filter(part => part !== '').join(' ')
}

interface Accepted {
  readonly rule: Rule
  readonly acceptance: RiskAcceptance
}

function* compareRisks (old: PolicySet, now: PolicySet): Generator<AssuranceChange> {
  const [before, after] = [old, now].map(({ rules }) => new Set(rules.map(({ name }) => name))) as [Set<string>, Set<string>]
  const known = new Map<string, Accepted[]>()
  for (const accepted of acceptedIn(old)) {
    const [byName, byPlace] = keysOf(accepted)
    // Only a rule that is gone can have another name now.
    const key = after.has(accepted.rule.name) ? byName : byPlace
    known.set(key, [...known.get(key) ?? [], accepted])
  }
  const said = new Set<string>()
  for (const accepted of acceptedIn(now)) {
    const { rule, acceptance } = accepted
    const [byName, byPlace] = keysOf(accepted)
    // A rule that only has another name now accepts nothing new.
    const others = known.get(before.has(rule.name) ? byName : byPlace) ?? []
    const covering = others.filter(other => coversAcceptance(other.acceptance, acceptance))
    const place = `${acceptance.span.source.name} ${acceptance.span.start}`
    if (said.has(place)) continue
    if (covering.length === 0) {
      said.add(place)
      const [other] = others
      yield { what: 'risk-accepted', name: acceptance.risk, old: other === undefined ? null : placedRisk(other), new: placedRisk(accepted) }
    } else if (covering.every(other => endOf(other.acceptance) < endOf(acceptance))) {
      said.add(place)
      yield { what: 'risk-extended', name: acceptance.risk, old: placedRisk(covering[0]!), new: placedRisk(accepted) }
    }
  }
}

function* acceptedIn ({ rules }: PolicySet): Generator<Accepted> {
  for (const rule of rules) for (const acceptance of rule.acceptRisks) yield { rule, acceptance }
}

function keysOf ({ rule, acceptance: { risk } }: Accepted): [byName: string, byPlace: string] {
  return [`${risk} ${rule.name}`, JSON.stringify([risk, textsOf(rule.hosts), rule.routes.map(({ pattern }) => pattern.shape).sort()])]
}

/** Whether an acceptance held for all entries for which another one holds. */
function coversAcceptance (old: RiskAcceptance, now: RiskAcceptance): boolean {
  if (old.origins === null) return true
  const covered = new Set(old.origins)
  return now.origins !== null && now.origins.every(text => covered.has(text))
}

function endOf ({ until }: RiskAcceptance): number {
  return until ?? Infinity
}

function placedRisk ({ rule, acceptance: { span, origins, until, reason } }: Accepted): AssurancePlace {
  const which = origins === null ? '' : ` for ${origins.join(', ')}`
  const end = until === null ? 'without end' : `until ${showTime(until)}`
  return placed(span, `rule ${rule.name}${which}, ${end}: ${reason}`)
}

function placed (span: Span, text: string): AssurancePlace {
  const { file, line } = placeOf(span)
  return { file, line, text }
}
