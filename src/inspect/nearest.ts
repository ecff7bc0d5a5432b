// Nearest misses: what nearly would have let a blocked request through, most helpful first.
import { placeOf, type Span } from '../diagnostic/span.ts'
import { parseOrigin } from '../origin/origin.ts'
import { matchesOrigin } from '../origin/pattern.ts'
import type { Rule } from '../policy/policy.ts'
import { hostMatches, hostOf } from '../route/host.ts'
import { pathOfTarget, routerDecode } from '../route/path.ts'
import type { Reason } from '../snapshot/decision.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import type { Course } from './course.ts'
import { grantsHeader } from './grants.ts'
import { nearOrigins } from './near-origin.ts'
import { nearPathOf, nearRoute, type NearPath } from './near-route.ts'
import { tellWindow } from './story.ts'
import { ruleSpan } from '../policy/rule-spans.ts'

/** Something that is right but for one thing. */
export interface NearMiss {
  readonly rule: string
  readonly file: string
  readonly line: number
  readonly differs: 'scheme' | 'port' | 'host' | 'route' | 'window' | 'method' | 'header'
  readonly text: string
}

/** A miss and how helpful it is: less is more. */
interface RankedMiss extends NearMiss {
  readonly rank: number
}

const maxMisses = 5

/** The nearest misses of a request that was blocked for a reason. */
export function nearestMisses (snapshot: Snapshot, course: Course, reason: Reason): NearMiss[] {
  const misses = findMisses(snapshot, course, reason).sort((a, b) => a.rank - b.rank)
  const told = new Set<string>()
  const nearest: NearMiss[] = []
  for (const { rule, file, line, differs, text } of misses) {
    const key = `${rule} ${differs} ${text}`
    if (nearest.length < maxMisses && !told.has(key)) nearest.push({ rule, file, line, differs, text })
    told.add(key)
  }
  return nearest
}

function findMisses (snapshot: Snapshot, course: Course, reason: Reason): RankedMiss[] {
  const deciding = course.actual ?? course.preflight
  if (deciding === null || course.plan.refused !== null) return []
  const { rule, place } = deciding
  // Of an ambiguous path its readings tell all: no other route would make it less ambiguous.
  if (reason === 'path-ambiguous') return []
  if (reason === 'no-policy') return missedRoutes(snapshot, course)
  if (reason === 'origin-not-allowed' || reason === 'origin-malformed') {
    return [...missedOrigins(place?.rules ?? [], course.plan.origin), ...broaderRoutes(snapshot, course)]
  }
  if (rule === null) return []
  if (reason === 'outside-validity') {
    const isEarly = rule.notBefore !== null && snapshot.at < rule.notBefore
    return [miss(rule, ruleSpan(rule, isEarly ? 'notBefore' : 'expires'), 'window', tellWindow(rule, snapshot.at), 0)]
  }
  if (reason === 'method-not-allowed') return missedMethod(rule, course.plan.method)
  return reason === 'header-not-allowed' ? missedHeaders(rule, course.plan.preflight?.headers ?? []) : []
}

function miss (rule: Rule, span: Span, differs: NearMiss['differs'], text: string, rank: number): RankedMiss {
  const { file, line } = placeOf(span)
  return { rule: rule.name, file, line, differs, text, rank }
}

function missedOrigins (rules: readonly Rule[], origin: string): RankedMiss[] {
  return rules.flatMap(rule => rule.allowOrigins.flatMap(({ pattern, span }) =>
    nearOrigins(pattern, origin).map(({ differs, text, rank }) => miss(rule, span, differs, text, rank))))
}

/** Rules of other, less specific routes that would have allowed the origin here. */
function broaderRoutes (snapshot: Snapshot, { plan, actual, preflight }: Course): RankedMiss[] {
  const own = (actual ?? preflight)?.place
  const path = readPath(plan.url)
  return rulesFor(snapshot, plan.url.host).flatMap(rule => {
    if (own?.rules.includes(rule) === true) return []
    const route = rule.routes.find(({ pattern }) => path !== null && nearRoute(pattern, path, 0) !== null)
    const entry = rule.allowOrigins.find(({ pattern }) => matchesOrigin(pattern, plan.origin, parseOrigin(plan.origin)))
    if (route === undefined || entry === undefined) return []
    const text = `allows ${plan.origin} on ${route.pattern.text}, but the more specific ${own?.route ?? 'route'} decides`
    return [miss(rule, route.span, 'route', text, 20)]
  })
}

function missedRoutes (snapshot: Snapshot, { plan }: Course): RankedMiss[] {
  const path = readPath(plan.url)
  if (path === null) return []
  const here = new Set(rulesFor(snapshot, plan.url.host))
  return snapshot.set.rules.flatMap(rule => {
    const isHere = here.has(rule)
    return rule.routes.flatMap(({ pattern, span }) => {
      const near = nearRoute(pattern, path, isHere ? 4 : 0)
      if (near === null) return []
      if (isHere) return near.rank === 0 ? [] : [miss(rule, span, 'route', near.text, near.rank)]
      return [miss(rule, rule.hosts[0]?.span ?? span, 'host', `holds for the host ${rule.hosts.map(host => host.pattern.text).join(', ')} only`, 5)]
    })
  })
}

/** The rules that hold for a host. */
function rulesFor (snapshot: Snapshot, authority: string): Rule[] {
  const host = hostOf(authority)
  return snapshot.set.rules.filter(rule => rule.hosts.length === 0 || rule.hosts.some(({ pattern }) => hostMatches(pattern, host)))
}

function readPath (url: URL): NearPath | null {
  const path = routerDecode(pathOfTarget(url.pathname, url.host) ?? '')
  return path === null ? null : nearPathOf(path)
}

function missedMethod (rule: Rule, method: string): RankedMiss[] {
  const other = rule.allowMethods.find(listed => listed.toUpperCase() === method.toUpperCase())
  const text = other === undefined
    ? `${method} is not in allowMethods: ${rule.allowMethods.join(', ')}`
    : `methods are case-sensitive: \`${other}\` is allowed, the page says \`${method}\``
  return [miss(rule, ruleSpan(rule, 'allowMethods'), 'method', text, 0)]
}

function missedHeaders (rule: Rule, names: readonly string[]): RankedMiss[] {
  const missing = names.filter(name => !grantsHeader(rule, name))
  if (missing.length === 0) return []
  const isStarred = rule.allowHeaders.includes('*')
  const text = `${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not in allowHeaders${isStarred ? ', and `*` does not cover authorization' : ''}`
  return [miss(rule, ruleSpan(rule, 'allowHeaders'), 'header', text, 0)]
}
