// Finds a request that is decided by one given rule through one given origin pattern: built from both, and then explained.
import type { OriginPattern } from '../origin/pattern.ts'
import type { Rule } from '../policy/policy.ts'
import type { RoutePattern } from '../route/pattern.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import { planRequest, type PageRequest } from './browser.ts'
import { explain, type Explanation } from './explain.ts'
import { actualFacts } from './facts.ts'
import { answersMethod, isInForce } from './grants.ts'
import { findPath } from './place.ts'
import type { Coverable } from './test-coverage.ts'

/** A request, when it is made, and what becomes of it. */
export interface Witness {
  readonly request: PageRequest
  /** Epoch milliseconds, for a rule with a validity window; else null. */
  readonly at: number | null
  readonly explanation: Explanation
}

/** An origin that no policy is likely to name. */
const stranger = 'https://anyone.example'

/** Routes of a rule at which origins are tried, and requests that are explained for one pattern. */
const maxPlaces = 8
const maxTries = 200

/**
 * A request that the rule decides through the entry; readable where one of those tried is. For a rule that grants nobody,
 * a request to one of its routes. Null where none of the requests that were tried is one.
 */
export function findWitness (inTime: (at: number | null) => Snapshot, { rule, entry }: Coverable): Witness | null {
  const at = momentFor(inTime(null).at, rule)
  const snapshot = inTime(at)
  const origins = entry === null ? [stranger] : originsOf(entry.pattern)
  let [tries, blocked]: [number, Witness | null] = [0, null]
  for (const url of urlsOf(snapshot, rule)) {
    for (const origin of origins) {
      if (++tries > maxTries) return blocked
      const request = requestTo(url, origin, rule)
      const explanation = explain(snapshot, request)
      if (!isDecidedBy(explanation, rule, entry?.pattern.text ?? null)) continue
      if (explanation.outcome === 'readable' || entry === null) return { request, at, explanation }
      blocked ??= { request, at, explanation }
    }
  }
  return blocked
}

/** A rule with a window is asked about inside of it, at a moment that the test then pins. */
function momentFor (now: number, rule: Rule): number | null {
  if (rule.notBefore === null && rule.expires === null) return null
  return isInForce(rule, now) ? now : rule.notBefore ?? rule.expires! - 1000
}

function isDecidedBy ({ rule: decided, originPattern, reason }: Explanation, rule: Rule, pattern: string | null): boolean {
  if (pattern === null && !rule.passthrough) return reason === 'origin-not-allowed'
  return decided?.name === rule.name && originPattern === pattern
}

function requestTo (url: string, origin: string, rule: Rule): PageRequest {
  const method = answersMethod(rule, 'GET') ? 'GET' : rule.allowMethods.find(each => each !== '*') ?? 'GET'
  return { origin, url, ...method !== 'GET' && { method }, ...rule.allowCredentials && { credentials: 'include' as const } }
}

/** URLs whose path leads to the rule, one for each of its first routes that has one. */
function* urlsOf (snapshot: Snapshot, rule: Rule): Generator<string> {
  const { set, settings } = snapshot
  const word = freshWord(snapshot)
  let places = 0
  for (const { pattern } of rule.routes) {
    const found = urlTo(pattern)
    if (found === null) continue
    yield found
    if (++places === maxPlaces) return
  }

  function urlTo (route: RoutePattern): string | null {
    for (const host of hostsOf(rule)) {
      for (const path of pathsOf(route, word)) {
        const url = `https://${host}${path}`
        const { place, ambiguity } = findPath(set, settings, actualFacts(planRequest({ origin: stranger, url })))
        if (ambiguity === null && place?.rules.includes(rule) === true) return url
      }
    }
    return null
  }
}

/** A port keeps a page of the same host from being the URL's own page; policies do not see it. */
function hostsOf ({ hosts }: Rule): string[] {
  const names = hosts.length === 0
    ? ['api.example.com', 'api.test', 'host.invalid']
    : hosts.flatMap(({ pattern }) => pattern.wildcard ? [`api${pattern.host}`, `a.b${pattern.host}`] : [pattern.host])
  return names.slice(0, 20).flatMap(name => [name, `${name}:8443`])
}

/** A segment that no route names: what it leads to depends on parameters and wildcards alone. */
function freshWord ({ set }: Snapshot): string {
  const named = new Set<string>()
  for (const rule of set.rules) {
    for (const { pattern } of rule.routes) {
      for (const segment of pattern.segments) if (segment.kind === 'static') named.add(segment.text.toLowerCase())
    }
  }
  for (let number = 1; ; number++) if (!named.has(String(number))) return String(number)
}

const maxDepth = 8

/** Paths that the route matches: a wildcard stands for one segment, or for more where more specific routes have that many. */
function pathsOf ({ segments }: RoutePattern, word: string): string[] {
  const fixed = segments.map(segment => segment.kind === 'static' ? segment.text : word)
  if (segments.at(-1)?.kind !== 'wildcard') return [`/${fixed.join('/')}`]
  const deep = Array.from({ length: maxDepth }, (_, depth) => `/${[...fixed, ...Array<string>(depth).fill(word)].join('/')}`)
  return [...deep, `/${[...fixed.slice(0, -1), ''].join('/')}`]
}

/** Origins that the pattern matches, the plainest first: others take some of them away. */
function originsOf (pattern: OriginPattern): string[] {
  switch (pattern.kind) {
    case 'any': return [stranger, 'https://someone.test', 'http://someone.test', 'app://someone', 'null']
    case 'opaque': return ['null']
    case 'exact': return withPorts(pattern.scheme, [pattern.host], pattern.port)
    case 'any-host': return withPorts(pattern.scheme, ['anyone.example', 'someone.test', 'a.b.c.invalid'], pattern.port)
    case 'subdomains': return withPorts(pattern.scheme, ['www', 'a', 'x1', 'a.b', 'x1.y2.z3'].map(labels => labels + pattern.suffix), pattern.port)
    case 'label-glob': {
      const labels = ['1', 'a', '7x', 'a1b2c3', 'q', 'zz9'].map(inner => `${pattern.prefix}${inner}${pattern.suffix}`)
      return withPorts(pattern.scheme, labels.map(label => [...pattern.before, label, ...pattern.after].join('.')), pattern.port)
    }
  }
}

function withPorts (scheme: string, hosts: readonly string[], port: string): string[] {
  const ports = port === '*' ? ['', ':8443', ':3000', ':49152'] : [port === '' ? '' : `:${port}`]
  return ports.flatMap(each => hosts.map(host => `${scheme}://${host}${each}`))
}
