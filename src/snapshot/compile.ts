// Policies to a snapshot: everything that can be known before a request is computed here, once a reload.
import { hostPatternsOf, type PolicySet, type Rule } from '../policy/policy.ts'
import type { HostPattern } from '../route/host.ts'
import { hasUpperCase, type RouterOptions } from '../route/path.ts'
import type { RoutePattern } from '../route/pattern.ts'
import { RouteTree } from '../route/tree.ts'
import { compileRule, NameLists } from './compile-rule.ts'
import { GroupMaker, indexOf } from './groups.ts'
import type { Bucket, CompiledRule, HostRoutes, Settings, Snapshot } from './snapshot.ts'

/** What a snapshot is told about itself. */
export interface CompileOptions {
  readonly settings: Settings
  /** Epoch milliseconds: rules are in force or not as of this moment. */
  readonly at: number
  readonly generation: number
  readonly revision: string
}

/** Compiles a validated set. The order of files and rules makes no difference: rules come sorted by name. */
export function compile (set: PolicySet, options: CompileOptions): Snapshot {
  const steps = compileInSteps(set, options)
  for (;;) {
    const { done, value } = steps.next()
    if (done) return value
  }
}

/** How many rules or routes one step of {@link compileInSteps} takes. */
const stepSize = 64

/** The same in short steps, for a host that must see to its requests between them. */
export function* compileInSteps (set: PolicySet, { settings, at, generation, revision }: CompileOptions): Generator<void, Snapshot> {
  const rules: CompiledRule[] = []
  const lists = new NameLists()
  for (const rule of set.rules) {
    rules.push(compileRule(rule, at, lists))
    if (rules.length % stepSize === 0) yield
  }
  const drafts = yield* collectBuckets(rules, settings.router)
  const hosts = yield* plant(drafts)
  return {
    generation,
    revision,
    at,
    nextBoundary: nextBoundaryOf(set.rules, at),
    settings,
    set,
    rules,
    routes: new Set(drafts.map(({ route }) => route.shape)).size,
    origins: yield* countOrigins(set.rules),
    ...hosts,
    blocked: set.blockedOrigins.length === 0 ? null : indexOf(set.blockedOrigins),
    anyRejects: rules.some(rule => rule.rejects)
  }
}

/** A host and a route that a rule names, as a router with some options holds the route. */
interface NamedPlace {
  readonly host: HostPattern | null
  readonly route: RoutePattern
  /** The route as the rule writes it, whatever the router's options make of it. */
  readonly text: string
}

/** The places that a rule names, with a text that is the same for those which are one to the router. */
export function* placesOf (rule: Rule, router: RouterOptions): Generator<NamedPlace & { readonly key: string }> {
  for (const host of hostPatternsOf(rule)) {
    for (const { pattern } of rule.routes) {
      const route = settleRoute(pattern, router)
      yield { host, route, text: pattern.text, key: `${host?.text ?? ''} ${route.shape}` }
    }
  }
}

/** A place as the first rule names it. */
interface DraftBucket extends NamedPlace {
  readonly rules: CompiledRule[]
}

/** Gathers the rules of each host and route shape, as the router's options make shapes equal. */
function* collectBuckets (rules: readonly CompiledRule[], router: RouterOptions): Generator<void, readonly DraftBucket[]> {
  const drafts = new Map<string, DraftBucket>()
  for (const [i, rule] of rules.entries()) {
    if (i % stepSize === 0) yield
    for (const { key, ...place } of placesOf(rule.source, router)) {
      const draft = drafts.get(key)
      if (draft === undefined) drafts.set(key, { ...place, rules: [rule] })
      else if (draft.rules.at(-1) !== rule) draft.rules.push(rule)
    }
  }
  return [...drafts.values()]
}

type PlantedHosts = Pick<Snapshot, 'exactHosts' | 'hostSuffixes' | 'anyHost' | 'routesHaveUpperCase'>

/** Plants the routes of each host into trees. Where no letter is to fold, one tree serves both look-ups. */
function* plant (drafts: readonly DraftBucket[]): Generator<void, PlantedHosts> {
  const groups = new GroupMaker()
  const routesHaveUpperCase = drafts.some(({ route }) => foldRoute(route) !== route)
  const exactHosts = new Map<string, HostRoutes>()
  const hostSuffixes = new Map<string, HostRoutes>()
  let anyHost: HostRoutes | null = null
  for (const [i, { host, route, text, rules }] of drafts.entries()) {
    if (i % stepSize === 0) yield
    const bucket: Bucket = { host: host?.text ?? null, route: text, group: groups.of(rules) }
    let planted: HostRoutes
    if (host === null) {
      planted = anyHost ??= newHostRoutes(routesHaveUpperCase)
    } else {
      const hosts = host.wildcard ? hostSuffixes : exactHosts
      planted = hosts.get(host.host) ?? newHostRoutes(routesHaveUpperCase)
      hosts.set(host.host, planted)
    }
    planted.routes.at(route, () => bucket)
    if (routesHaveUpperCase) planted.folded.at(foldRoute(route), () => bucket)
  }
  return { exactHosts, hostSuffixes, anyHost: anyHost === null ? [] : [anyHost], routesHaveUpperCase }
}

function newHostRoutes (isFolded: boolean): HostRoutes {
  const routes = new RouteTree<Bucket>()
  return { routes, folded: isFolded ? new RouteTree<Bucket>() : routes }
}

/** A route as a router with these options holds it. */
export function settleRoute (route: RoutePattern, router: RouterOptions): RoutePattern {
  // `;` and empty segments cannot stand in a route, so only the trailing slash and letter case can differ.
  const trimmed = router.ignoreTrailingSlash && route.segments.length > 1 && route.shape.endsWith('/')
    ? { text: route.text.slice(0, -1), segments: route.segments.slice(0, -1), shape: route.shape.slice(0, -1) }
    : route
  return router.caseSensitive ? trimmed : foldRoute(trimmed)
}

/** A route with the letters of its literal segments folded; the same object where there is nothing to fold. */
export function foldRoute (route: RoutePattern): RoutePattern {
  if (!route.segments.some(segment => segment.kind === 'static' && hasUpperCase(`/${segment.text}`))) return route
  const segments = route.segments.map(segment => segment.kind === 'static' ? { ...segment, text: segment.text.toLowerCase() } : segment)
  return { text: route.text.toLowerCase(), segments, shape: route.shape.toLowerCase() }
}

function nextBoundaryOf (rules: readonly Rule[], at: number): number | null {
  let next = Infinity
  for (const { notBefore, expires } of rules) {
    if (notBefore !== null && notBefore > at && notBefore < next) next = notBefore
    if (expires !== null && expires > at && expires < next) next = expires
  }
  return next === Infinity ? null : next
}

function* countOrigins (rules: readonly Rule[]): Generator<void, number> {
  const texts = new Set<string>()
  let sinceStep = 0
  for (const list of new Set(rules.map(rule => rule.allowOrigins))) {
    for (const { pattern } of list) texts.add(pattern.text)
    sinceStep += list.length + 1
    if (sinceStep < 16 * stepSize) continue
    sinceStep = 0
    yield
  }
  return texts.size
}
