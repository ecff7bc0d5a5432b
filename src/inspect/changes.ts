// The differences of two sets in the words of policies: host and route, origin pattern, what, who decided, and a request that shows it.
import { placeOf } from '../diagnostic/span.ts'
import { showTime } from '../policy/notice.ts'
import type { Rule } from '../policy/policy.ts'
import { parseRoutePattern, compareRoutes, type RoutePattern } from '../route/pattern.ts'
import { readingsOf } from '../route/path.ts'
import type { Reason } from '../snapshot/decision.ts'
import { findReading, vetoes, type PathLookup } from '../snapshot/lookup.ts'
import type { Bucket, Snapshot } from '../snapshot/snapshot.ts'
import type { CredentialsMode } from './browser.ts'
import type { Ask, Direction } from './regions/difference.ts'
import type { Asker, Finding } from './regions/pairs.ts'
import { authorityFor } from './regions/profile.ts'
import type { Place } from './regions/survey.ts'

/** A rule and where its name is written. */
export interface DecidingRule {
  readonly rule: string
  readonly file: string
  readonly line: number
}

/** A page's request that shows what is said. */
export interface RequestWitness {
  /** Null: the request has no `Origin`, as when a page loads an image. */
  readonly origin: string | null
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly credentials: CredentialsMode
}

/** What two sets decide differently for the pages of one origin pattern on one route. */
export interface Change {
  /** A host pattern; null: every host that no other rules have. */
  readonly host: string | null
  readonly route: string
  /** The most specific pattern of either set that matches, `(any other origin)`, or `(requests without Origin)`. */
  readonly origins: string
  /** In words, such as `read`, `credentials`, `method PUT`, `header authorization` or `max age 60 → 600 s`. */
  readonly what: string
  /** Who decided, or null where no rule did. */
  readonly old: DecidingRule | null
  readonly new: DecidingRule | null
  readonly oldReason: Reason
  readonly newReason: Reason
  readonly witness: RequestWitness
  /** The moment from which on they differ (RFC 3339); absent for the one that they are compared at. */
  readonly from?: string
  /** What is to be said of a path that servers read differently. */
  readonly note?: string
}

/** Changes beyond this number of one direction are left out, and the diff says that it is not exact. */
const maxChanges = 20_000

/** What an origin is called that no pattern matches. */
export const anyOther = '(any other origin)'

/** What requests are called that name no origin. */
export const noOrigin = '(requests without Origin)'

/** What a path is called that leads to no rule. */
export const anyOtherPath = '(any other path)'

interface Ranked {
  readonly change: Change
  readonly rank: readonly (number | string)[]
}

/** Collects changes: those that say the same of the same pattern are one, with the request that was found first. */
export class Changes {
  readonly #old: Snapshot
  readonly #now: Snapshot
  readonly #kept: Record<Direction, Map<string, Ranked>> = { widened: new Map(), narrowed: new Map(), changed: new Map() }
  readonly #places = new Set<string>()
  readonly #routes = new Map<string, RoutePattern>()
  /** Whether none was left out. */
  isWhole = true

  constructor (old: Snapshot, now: Snapshot) {
    this.#old = old
    this.#now = now
  }

  /** Adds what was found at a place. `key` is the same for places with the same findings. */
  add (place: Place, key: string, findings: readonly Finding[]): void {
    const [old, now] = place.lookups as [PathLookup, PathLookup]
    const { host, route } = this.#nameOf(old.bucket, now.bucket)
    const placeKey = `${host ?? ''} ${route} ${key}`
    if (this.#places.has(placeKey)) return
    this.#places.add(placeKey)
    const note = this.#noteOf(place)
    for (const finding of findings) {
      for (const named of finding.origins) {
        if (!this.#keep(place, host, route, note, finding, named)) break
      }
    }
  }

  /** Whether there is room for more of the finding's direction. */
  #keep (place: Place, host: string | null, route: string, note: string | null, finding: Finding, { origin, pattern }: Asker): boolean {
    const { difference: { what, direction, danger, ask }, old, now, from, isCredentialed } = finding
    const kept = this.#kept[direction]
    const origins = origin === null ? noOrigin : pattern?.text ?? anyOther
    const key = [host ?? '', route, origins, what, old.rule?.name ?? old.reason, now.rule?.name ?? now.reason, from ?? '', note === null].join('\n')
    if (kept.has(key)) return true
    if (kept.size >= maxChanges) {
      this.isWhole = false
      return false
    }
    const change: Change = {
      host, route, origins, what, old: ruleOf(old.rule), new: ruleOf(now.rule), oldReason: old.reason, newReason: now.reason,
      witness: witnessOf(place, origin, ask),
      ...from !== null && { from: showTime(from) },
      ...note !== null && { note }
    }
    kept.set(key, { change, rank: [isCredentialed ? 0 : 1, danger, from ?? 0, host ?? '', route, origins, what] })
    return true
  }

  /** All changes of a direction, the most dangerous first. */
  of (direction: Direction): readonly Change[] {
    return [...this.#kept[direction].values()].sort(compareRanks).map(({ change }) => change)
  }

  /** The host and route that name a place: the more specific of the two that decide there. */
  #nameOf (old: Bucket | null, now: Bucket | null): { host: string | null, route: string } {
    const bucket = old === null || (now !== null && this.#isMoreSpecific(now, old)) ? now : old
    return bucket ?? { host: null, route: anyOtherPath }
  }

  /** Of equal ones the second names the place. */
  #isMoreSpecific (a: Bucket, b: Bucket): boolean {
    return a.host === b.host ? compareRoutes(this.#parse(a.route), this.#parse(b.route)) <= 0 : hostRank(a.host) > hostRank(b.host)
  }

  #parse (text: string): RoutePattern {
    let route = this.#routes.get(text)
    if (route === undefined) this.#routes.set(text, route = parseRoutePattern(text).patterns![0]!)
    return route
  }

  #noteOf ({ host, path, lookups }: Place): string | null {
    const [old, now] = lookups as [PathLookup, PathLookup]
    if (!old.isAmbiguous && !now.isAmbiguous) return null
    const said = old.isAmbiguous === now.isAmbiguous ? 'is denied' : now.isAmbiguous ? 'is denied now' : 'was denied'
    const [snapshot, { bucket }] = now.isAmbiguous ? [this.#now, now] as const : [this.#old, old] as const
    for (const reading of readingsOf(path, snapshot.settings.pathReadings)) {
      const other = findReading(snapshot, host, reading)
      if (!vetoes(reading, bucket, other)) continue
      const lead = other === null ? 'no rule' : `${other.route} (${other.group.rules.map(({ name }) => name).join(', ')})`
      return `a path such as ${path} ${said} as ambiguous: servers may read it as ${reading.path}, which leads to ${lead}`
    }
    return null
  }
}

function hostRank (host: string | null): number {
  return host === null ? -1 : host.startsWith('*.') ? host.length : Infinity
}

function ruleOf (rule: Rule | null): DecidingRule | null {
  if (rule === null) return null
  const { file, line } = placeOf(rule.span)
  return { rule: rule.name, file, line }
}

/** The request of a page to a place that an ask comes to. */
export function witnessOf ({ host, path }: Pick<Place, 'host' | 'path'>, origin: string | null, { method, headers, credentials, isWebSocket }: Ask): RequestWitness {
  return { origin, method, url: `${isWebSocket ? 'wss' : 'https'}://${authorityFor(host, origin)}${path}`, headers, credentials }
}

function compareRanks ({ rank: a }: Ranked, { rank: b }: Ranked): number {
  for (const [i, one] of a.entries()) if (one !== b[i]) return one < b[i]! ? -1 : 1
  return 0
}
