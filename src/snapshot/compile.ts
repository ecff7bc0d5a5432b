// Policies to a snapshot: everything that can be known before a request is computed here, once a reload.
import { OriginIndex, type IndexedPattern } from '../origin/lookup.ts'
import type { OriginEntry, PolicySet, Rule } from '../policy/policy.ts'
import { hasUpperCase, type RouterOptions } from '../route/path.ts'
import type { RoutePattern } from '../route/pattern.ts'
import { RouteTree } from '../route/tree.ts'
import type { Bucket, CompiledRule, HostRoutes, RuleGroup, Settings, Snapshot } from './snapshot.ts'

/** What a snapshot is told about itself. */
export interface CompileOptions {
  readonly settings: Settings
  /** Epoch milliseconds: rules are in force or not as of this moment. */
  readonly at: number
  readonly generation: number
  readonly revision: string
}

/** Compiles a validated set. The order of files and rules makes no difference: rules come sorted by name. */
export function compile (set: PolicySet, { settings, at, generation, revision }: CompileOptions): Snapshot {
  const rules = set.rules.map(rule => compileRule(rule, at))
  const groups = new GroupMaker()
  const exactHosts = new Map<string, HostRoutes>()
  const hostSuffixes = new Map<string, HostRoutes>()
  let anyHost: HostRoutes | null = null
  let routesHaveUpperCase = false
  const shapes = new Set<string>()

  for (const { host, route, text, rules: members } of collectBuckets(rules, settings.router)) {
    const bucket: Bucket = { host: host?.text ?? null, route: text, group: groups.of(members) }
    let routes: HostRoutes
    if (host === null) {
      routes = anyHost ??= newHostRoutes()
    } else {
      const hosts = host.wildcard ? hostSuffixes : exactHosts
      routes = hosts.get(host.host) ?? newHostRoutes()
      hosts.set(host.host, routes)
    }
    const folded = foldRoute(route)
    routesHaveUpperCase ||= folded !== route
    routes.routes.at(route, () => bucket)
    routes.folded.at(folded, () => bucket)
    shapes.add(route.shape)
  }

  return {
    generation,
    revision,
    at,
    nextBoundary: nextBoundaryOf(set.rules, at),
    settings,
    set,
    rules,
    routes: shapes.size,
    origins: countOrigins(set.rules),
    exactHosts: routesHaveUpperCase ? exactHosts : withoutFolded(exactHosts),
    hostSuffixes: routesHaveUpperCase ? hostSuffixes : withoutFolded(hostSuffixes),
    anyHost: anyHost === null || routesHaveUpperCase ? anyHost : { routes: anyHost.routes, folded: anyHost.routes },
    blocked: set.blockedOrigins.length === 0 ? null : indexOf(set.blockedOrigins),
    routesHaveUpperCase,
    anyRejects: rules.some(rule => rule.rejects)
  }
}

function newHostRoutes (): HostRoutes {
  return { routes: new RouteTree(), folded: new RouteTree() }
}

/** Where nothing is to fold, one tree serves both look-ups and the other is let go. */
function withoutFolded (hosts: ReadonlyMap<string, HostRoutes>): ReadonlyMap<string, HostRoutes> {
  return new Map([...hosts].map(([host, { routes }]) => [host, { routes, folded: routes }]))
}

interface DraftBucket {
  readonly host: { readonly text: string, readonly host: string, readonly wildcard: boolean } | null
  readonly route: RoutePattern
  /** The route as the first rule writes it, whatever the router's options make of it. */
  readonly text: string
  readonly rules: CompiledRule[]
}

/** Gathers the rules of each host and route shape, as the router's options make shapes equal. */
function collectBuckets (rules: readonly CompiledRule[], router: RouterOptions): Iterable<DraftBucket> {
  const drafts = new Map<string, DraftBucket>()
  for (const rule of rules) {
    const hosts = rule.source.hosts.length === 0 ? [null] : rule.source.hosts.map(entry => entry.pattern)
    for (const host of hosts) {
      for (const { pattern } of rule.source.routes) {
        const route = settleRoute(pattern, router)
        const key = `${host?.text ?? ''} ${route.shape}`
        const draft = drafts.get(key)
        if (draft === undefined) drafts.set(key, { host, route, text: pattern.text, rules: [rule] })
        else if (draft.rules.at(-1) !== rule) draft.rules.push(rule)
      }
    }
  }
  return drafts.values()
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

/** Gives equal sets of rules one group, and equal lists of origins one index. */
class GroupMaker {
  readonly #groups = new Map<string, RuleGroup>()
  readonly #indexes = new Map<readonly OriginEntry[], OriginIndex>()
  readonly #numbers = new Map<CompiledRule, number>()

  of (rules: readonly CompiledRule[]): RuleGroup {
    const key = rules.map(rule => this.#numberOf(rule)).join()
    let group = this.#groups.get(key)
    if (group === undefined) this.#groups.set(key, group = this.#make(rules))
    return group
  }

  #numberOf (rule: CompiledRule): number {
    let number = this.#numbers.get(rule)
    if (number === undefined) this.#numbers.set(rule, number = this.#numbers.size)
    return number
  }

  #make (rules: readonly CompiledRule[]): RuleGroup {
    const [first] = rules
    const isOnly = rules.length === 1
    return {
      rules,
      origins: isOnly ? this.#indexOf(first!.source.allowOrigins) : indexOfRules(rules),
      alone: isOnly && first!.anyOrigin && first!.isInForce ? first! : null,
      passthrough: rules.find(rule => rule.isPassthrough && rule.isInForce) ?? rules.find(rule => rule.isPassthrough) ?? null,
      rejects: rules.some(rule => rule.rejects)
    }
  }

  #indexOf (entries: readonly OriginEntry[]): OriginIndex {
    let index = this.#indexes.get(entries)
    if (index === undefined) this.#indexes.set(entries, index = indexOf(entries))
    return index
  }
}

function indexOf (entries: readonly OriginEntry[]): OriginIndex {
  return new OriginIndex(entries.map(({ pattern }) => ({ pattern, slot: 0 })))
}

/** Rules inside their validity windows come first, so that of equally specific patterns theirs wins. */
function indexOfRules (rules: readonly CompiledRule[]): OriginIndex {
  const patterns: IndexedPattern[] = []
  for (const inForce of [true, false]) {
    for (const [slot, rule] of rules.entries()) {
      if (rule.isInForce === inForce) patterns.push(...rule.source.allowOrigins.map(({ pattern }) => ({ pattern, slot })))
    }
  }
  return new OriginIndex(patterns)
}

function compileRule (rule: Rule, at: number): CompiledRule {
  const anyMethod = rule.allowMethods.includes('*')
  const anyHeader = rule.allowHeaders.includes('*')
  const listsAuthorization = rule.allowHeaders.includes('authorization')
  const credentials = rule.allowCredentials
  const preflightVary: string[] = []
  if (rule.enforceMethods || (anyMethod && credentials)) preflightVary.push('access-control-request-method')
  if (anyHeader && (credentials || !listsAuthorization)) preflightVary.push('access-control-request-headers')
  if (rule.allowPrivateNetwork) preflightVary.push('access-control-request-private-network')
  return {
    name: rule.name,
    source: rule,
    isInForce: isInForce(rule, at),
    exceptions: rule.exceptOrigins.length === 0 ? null : indexOf(rule.exceptOrigins),
    anyMethod,
    methods: new Set(rule.enforceMethods && rule.allowMethods.includes('GET') ? [...rule.allowMethods, 'HEAD'] : rule.allowMethods),
    enforcesMethods: rule.enforceMethods,
    anyHeader,
    headers: new Set(rule.allowHeaders),
    credentials,
    privateNetwork: rule.allowPrivateNetwork,
    rejects: rule.deniedRequests === 'reject',
    isPassthrough: rule.passthrough,
    anyOrigin: rule.allowOrigins[0]?.pattern.kind === 'any',
    timing: rule.timingAllowOrigin,
    allowMethods: !anyMethod ? rule.allowMethods.join(', ') : credentials ? null : '*',
    allowHeaders: !anyHeader ? rule.allowHeaders.join(', ') : !credentials && listsAuthorization ? '*, authorization' : null,
    exposeHeaders: rule.exposeHeaders.join(', '),
    maxAge: rule.maxAge === null ? null : String(rule.maxAge),
    preflightCacheControl: rule.preflightCacheControl,
    preflightVary
  }
}

/** Whether a moment lies inside a rule's validity window: `notBefore` ≤ now < `expires`. */
export function isInForce (rule: Pick<Rule, 'notBefore' | 'expires'>, at: number): boolean {
  return (rule.notBefore === null || rule.notBefore <= at) && (rule.expires === null || at < rule.expires)
}

function nextBoundaryOf (rules: readonly Rule[], at: number): number | null {
  let next = Infinity
  for (const { notBefore, expires } of rules) {
    if (notBefore !== null && notBefore > at && notBefore < next) next = notBefore
    if (expires !== null && expires > at && expires < next) next = expires
  }
  return next === Infinity ? null : next
}

function countOrigins (rules: readonly Rule[]): number {
  const lists = new Set(rules.map(rule => rule.allowOrigins))
  const texts = new Set<string>()
  for (const list of lists) for (const { pattern } of list) texts.add(pattern.text)
  return texts.size
}
