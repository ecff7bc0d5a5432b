// Who may do what where, a line for each route and origin pattern: everywhere, for one origin, or at one URL.
import { placeOf, type Span } from '../diagnostic/span.ts'
import type { RequestFacts } from '../fetch/request.ts'
import { parseOrigin } from '../origin/origin.ts'
import { matchesOrigin } from '../origin/pattern.ts'
import { compareSpecificity } from '../origin/relation.ts'
import { CoverIndex } from '../policy/cover.ts'
import type { OriginEntry, Rule } from '../policy/policy.ts'
import { ruleSpan } from '../policy/rule-spans.ts'
import { placesOf } from '../snapshot/compile.ts'
import type { Outcome, Reason } from '../snapshot/decision.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import { judgeAgreed } from './agree.ts'
import { planRequest } from './browser.ts'
import { actualFacts } from './facts.ts'
import { isInForce } from './grants.ts'
import { decidePlainly } from './judge.ts'
import type { Ambiguity, Place } from './place.ts'
import { reviewOrigin, type OriginReview } from './review.ts'

/** What the pages of one pattern get on one route. */
export interface AccessRow {
  /** The host pattern, or null for every host that has no such route of its own. */
  readonly host: string | null
  readonly route: string
  /** Null: the rule names none; nobody is granted anything, or the upstream decides. */
  readonly origin: string | null
  /** The set that brings the pattern. */
  readonly set: string | null
  readonly rule: string
  /** Where the pattern is written. */
  readonly file: string
  readonly line: number
  readonly outcome: Exclude<Outcome, 'none'>
  readonly reason: Reason
}

/** What was asked and what came of it. */
export interface Access {
  readonly origin: string | null
  readonly url: string | null
  /** With a URL: where its path leads, or null where no rule is. */
  readonly place: { readonly host: string | null, readonly route: string } | null
  /** With a URL: the reading that leads elsewhere, so that nobody is granted anything. */
  readonly ambiguity: Ambiguity | null
  /** With both: the pages are the URL's own, and need no grant. */
  readonly isSameOrigin: boolean
  /** With an origin: the entry of `blockedOrigins` that matches it. Only a rule with `*` still grants it something. */
  readonly blockedBy: OriginReview | null
  readonly rows: readonly AccessRow[]
}

/**
 * Lists the access that a set grants. For an origin: on each route the rule that decides for it, by the evaluator of
 * `explain`; routes where no rule names the origin are left out. `url` must be absolute, of the scheme http, https, ws or wss.
 * @throws {TypeError} where it is not.
 */
export function accessOf (
  snapshot: Snapshot, { origin = null, url = null }: { readonly origin?: string | null, readonly url?: string | null } = {}
): Access {
  const at = url === null ? null : findAt(snapshot, origin, url)
  const places = at === null ? allPlacesOf(snapshot) : at.place === null || at.ambiguity !== null ? [] : [at.place]
  const { blockedOrigins } = snapshot.set
  const blocked = origin === null ? undefined : blockedOrigins.find(({ pattern }) => matchesOrigin(pattern, origin, parseOrigin(origin)))
  const cover = new CoverIndex(blockedOrigins)
  return {
    origin,
    url,
    place: at?.place ? { host: at.place.host, route: at.place.route } : null,
    ambiguity: at?.ambiguity ?? null,
    isSameOrigin: at?.isSameOrigin ?? false,
    blockedBy: blocked === undefined ? null : reviewOrigin(blocked),
    rows: places.flatMap(place => origin === null ? rowsOf(snapshot, place, cover) : rowFor(snapshot, place, origin))
  }
}

interface PlaceAt {
  readonly place: Place | null
  readonly ambiguity: Ambiguity | null
  readonly isSameOrigin: boolean
}

function findAt (snapshot: Snapshot, origin: string | null, url: string): PlaceAt {
  const plan = planRequest({ origin: origin ?? 'null', url })
  const { place, ambiguity } = judgeAgreed(snapshot, actualFacts(plan))
  return { place, ambiguity, isSameOrigin: plan.isSameOrigin }
}

/** Every host and route that rules name, as the router's options make routes equal, in the order of their texts. */
function allPlacesOf ({ set, settings: { router } }: Snapshot): Place[] {
  const places = new Map<string, { host: string | null, route: string, rules: Set<Rule> }>()
  for (const rule of set.rules) {
    for (const { key, host, text } of placesOf(rule, router)) {
      const place = places.get(key)
      if (place === undefined) places.set(key, { host: host?.text ?? null, route: text, rules: new Set([rule]) })
      else place.rules.add(rule)
    }
  }
  return [...places].sort(([a], [b]) => a < b ? -1 : 1).map(([, place]) => ({ ...place, rules: [...place.rules] }))
}

/** All patterns of a place, the most specific first. Of a pattern that is denied in part only, its rule's exceptions tell. */
function rowsOf ({ at }: Snapshot, place: Place, blocked: CoverIndex): AccessRow[] {
  const isUpstreams = place.rules.some(rule => rule.passthrough && isInForce(rule, at))
  const found: { readonly rule: Rule, readonly entry: OriginEntry | null, readonly reason: Reason }[] = []
  for (const rule of place.rules) {
    const excepted = new CoverIndex(rule.exceptOrigins)
    const otherwise = isInForce(rule, at) ? 'allowed' : 'outside-validity'
    for (const entry of rule.allowOrigins) {
      const isBlocked = entry.pattern.kind !== 'any' && blocked.coverOf(entry.pattern) !== null
      const isExcepted = otherwise === 'allowed' && excepted.coverOf(entry.pattern) !== null
      found.push({ rule, entry, reason: isBlocked ? 'origin-blocked' : isExcepted ? 'origin-excepted' : otherwise })
    }
    if (rule.passthrough) found.push({ rule, entry: null, reason: otherwise })
    else if (rule.allowOrigins.length === 0) found.push({ rule, entry: null, reason: otherwise === 'allowed' ? 'origin-not-allowed' : otherwise })
  }
  found.sort((a, b) => compareEntries(a.entry, b.entry))
  return found.map(({ rule, entry, reason }) => isUpstreams
    ? rowOf(place, rule, entry, 'passthrough', 'allowed')
    : rowOf(place, rule, entry, reason === 'allowed' ? 'allowed' : 'denied', reason))
}

function compareEntries (a: OriginEntry | null, b: OriginEntry | null): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null)
  const [left, right] = [a.pattern, b.pattern]
  // Of single origins none is more specific to a reader.
  const order = left.kind === 'exact' && right.kind === 'exact' ? 0 : compareSpecificity(left, right)
  return order !== 0 ? order : left.text < right.text ? -1 : Number(left.text > right.text)
}

/** The rule that decides for an origin at a place, if it names it. */
function rowFor ({ set, settings, at }: Snapshot, place: Place, origin: string): AccessRow[] {
  const finding = { place, ambiguity: null, reachable: place.rules }
  const { rule, entry, outcome, reason } = decidePlainly(set, settings, at, { ...anyRequest, origin }, finding)
  return rule === null || outcome === 'none' ? [] : [rowOf(place, rule, entry, outcome, reason)]
}

/** To no host in particular, so that it is no page's own; and an upgrade, which asks for no method and no header. */
const anyRequest: RequestFacts = {
  method: 'GET', target: '/', host: '', scheme: 'https', origin: undefined, requestedMethod: undefined, requestedHeaders: undefined,
  requestsPrivateNetwork: false, fetchSite: undefined, upgrade: true, carriesCredentials: false, hostIsAmbiguous: false
}

function rowOf ({ host, route }: Place, rule: Rule, entry: OriginEntry | null, outcome: AccessRow['outcome'], reason: Reason): AccessRow {
  const span: Span = entry?.span ?? ruleSpan(rule, rule.passthrough ? 'passthrough' : 'allowOrigins')
  const { file, line } = placeOf(span)
  return { host, route, origin: entry?.pattern.text ?? null, set: entry?.set ?? null, rule: rule.name, file, line, outcome, reason }
}
