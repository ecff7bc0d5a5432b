// Where a request's path leads: the rules of the most specific host and route, found by linear scans.
import type { RequestFacts } from '../fetch/request.ts'
import type { PolicySet, Rule } from '../policy/policy.ts'
import { hostMatches, hostOf, isAuthority, type HostPattern } from '../route/host.ts'
import { pathOfTarget, routerDecode, settle, type RouterOptions } from '../route/path.ts'
import { compareRoutes, matchesSegments, splitPath, type RoutePattern } from '../route/pattern.ts'
import type { Settings } from '../snapshot/snapshot.ts'
import { isUnreadable, readEveryWay } from './readings.ts'

/** A host and route that rules name, and those rules in the order of their names. */
export interface Place {
  /** The host pattern, or null for every host. */
  readonly host: string | null
  /** The route as the first rule writes it. */
  readonly route: string
  readonly rules: readonly Rule[]
}

/** A reading of the path that leads to other rules than Fastify's own. */
export interface Ambiguity {
  /** The steps that lead there, in words. */
  readonly reading: string
  readonly path: string
  /** The names of the rules that the reading leads to; none, where it leads nowhere or the target can't be read at all. */
  readonly rules: readonly string[]
}

/** What a request's target comes to. */
export interface PathFinding {
  /** By Fastify's own reading; null where no rule is. */
  readonly place: Place | null
  readonly ambiguity: Ambiguity | null
  /** Every rule that any reading leads to: one that rejects makes an ambiguous request rejected. */
  readonly reachable: readonly Rule[]
}

/** Follows a request's target in every way in which a server may read it. */
export function findPath (set: PolicySet, settings: Settings, facts: RequestFacts): PathFinding {
  const host = hostOf(facts.host)
  const path = pathOfTarget(facts.target, facts.host)
  if (path === null) {
    return { place: null, ambiguity: { reading: 'neither a path nor this host\'s', path: facts.target, rules: [] }, reachable: [] }
  }
  if (path === '*') {
    return { place: null, ambiguity: facts.hostIsAmbiguous ? noHost(facts, path, null) : null, reachable: [] }
  }
  const place = findOwn(set, settings.router, host, path)
  const reachable = place?.rules ?? []
  if (facts.hostIsAmbiguous) return { place, ambiguity: noHost(facts, path, place), reachable }
  if (facts.target.includes('#') || isUnreadable(path)) return { place, ambiguity: { reading: 'malformed', path, rules: [] }, reachable }
  return { place, ...compareReadings(set, settings, host, path, place) }
}

function noHost ({ host }: RequestFacts, path: string, place: Place | null): Ambiguity {
  return { reading: host === '' || isAuthority(host) ? 'two hosts' : 'malformed host', path, rules: namesOf(place) }
}

/** Fastify's own reading: the path ends at a `#`, or a `;` by its option, and a malformed escape before that leads nowhere. */
function findOwn (set: PolicySet, router: RouterOptions, host: string, path: string): Place | null {
  const [beforeHash] = path.split('#')
  const decoded = routerDecode(router.useSemicolonDelimiter ? beforeHash!.split(';')[0]! : beforeHash!)
  return decoded === null ? null : findPlace(levelsOf(set, router, host, false), router, decoded)
}

function compareReadings (
  set: PolicySet, settings: Settings, host: string, path: string, own: Place | null
): Pick<PathFinding, 'ambiguity' | 'reachable'> {
  const { router } = settings
  const [levels, folded] = [levelsOf(set, router, host, false), levelsOf(set, router, host, true)]
  const reachable = new Set<Rule>(own?.rules)
  let ambiguity: Ambiguity | null = null
  for (const reading of readEveryWay(path, settings.pathReadings)) {
    const place = findPlace(reading.folded ? folded : levels, router, reading.path)
    for (const rule of place?.rules ?? []) reachable.add(rule)
    if (sameRules(own, place) || (reading.trimmed && place === null)) continue
    ambiguity ??= { reading: reading.steps.join(', ') || 'as it is written', path: reading.path, rules: namesOf(place) }
  }
  return { ambiguity, reachable: [...reachable] }
}

function namesOf (place: Place | null): string[] {
  return (place?.rules ?? []).map(rule => rule.name)
}

function sameRules (a: Place | null, b: Place | null): boolean {
  const [left, right] = [a?.rules ?? [], b?.rules ?? []]
  return left.length === right.length && left.every(rule => right.includes(rule))
}

/** The routes of one host pattern, as a router with these options holds them. */
interface Level {
  readonly host: string | null
  readonly routes: readonly { readonly pattern: RoutePattern, readonly text: string, readonly rule: Rule }[]
}

/** The routes that hold for a host, those of the most specific host pattern first: the same for every reading of a path. */
function levelsOf (set: PolicySet, router: RouterOptions, host: string, folded: boolean): Level[] {
  return hostLevels(set, host).map(level => ({
    host: level?.text ?? null,
    routes: set.rules.filter(rule => namesHost(rule, level)).flatMap(rule =>
      rule.routes.map(({ pattern }) => ({ pattern: settleRoute(pattern, router, folded), text: pattern.text, rule })))
  }))
}

/**
 * The rules of the most specific host that has a matching route, and of its routes the most specific. The path is
 * read under the router's options; what they ignore is ignored on both sides.
 */
function findPlace (levels: readonly Level[], router: RouterOptions, path: string): Place | null {
  const parts = splitPath(settle(path, router))
  for (const { host, routes } of levels) {
    let best: Level['routes'][number] | null = null
    for (const route of routes) {
      if (matchesSegments(route.pattern, parts) && (best === null || compareRoutes(route.pattern, best.pattern) < 0)) best = route
    }
    if (best !== null) {
      const { shape } = best.pattern
      const rules = new Set(routes.filter(({ pattern }) => pattern.shape === shape).map(({ rule }) => rule))
      return { host, route: best.text, rules: [...rules] }
    }
  }
  return null
}

/** The host patterns that match, the most specific first: exact, then the longest suffix, then none at all. */
function hostLevels (set: PolicySet, host: string): (HostPattern | null)[] {
  const levels = new Map<string, HostPattern>()
  for (const { pattern } of set.rules.flatMap(rule => rule.hosts)) if (hostMatches(pattern, host)) levels.set(pattern.text, pattern)
  const sorted = [...levels.values()].sort((a, b) => Number(a.wildcard) - Number(b.wildcard) || b.host.length - a.host.length)
  return [...sorted, null]
}

function namesHost (rule: Rule, level: HostPattern | null): boolean {
  return level === null ? rule.hosts.length === 0 : rule.hosts.some(({ pattern }) => pattern.text === level.text)
}

/** A route as a router with these options holds it: without its trailing slash, or with its letters folded. */
function settleRoute (route: RoutePattern, router: RouterOptions, folded: boolean): RoutePattern {
  let segments = route.segments
  const last = segments.at(-1)
  if (router.ignoreTrailingSlash && segments.length > 1 && last?.kind === 'static' && last.text === '') segments = segments.slice(0, -1)
  if (folded || !router.caseSensitive) {
    segments = segments.map(segment => segment.kind === 'static' ? { kind: 'static', text: segment.text.toLowerCase() } : segment)
  }
  if (segments === route.segments) return route
  const shape = '/' + segments.map(segment => segment.kind === 'static' ? segment.text : segment.kind === 'parameter' ? ':' : '*').join('/')
  return { text: route.text, segments, shape }
}
