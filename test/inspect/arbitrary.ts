// Random policy sets and requests over small alphabets, so that hits, ties and near misses are frequent.
import fc from 'fast-check'
import type { RequestFacts } from '../../src/fetch/request.ts'
import { parseOriginPattern } from '../../src/origin/parse.ts'
import { compareSpecificity, patternsOverlap } from '../../src/origin/relation.ts'
import type { OriginEntry, PolicySet, Rule } from '../../src/policy/policy.ts'
import { parseHostPattern } from '../../src/route/host.ts'
import { readingSteps, type ReadingStep, type RouterOptions } from '../../src/route/path.ts'
import { parseRoutePattern } from '../../src/route/pattern.ts'
import type { Settings } from '../../src/snapshot/snapshot.ts'
import { noSpans } from '../policy/make.ts'

const span = { source: { name: 'policy.yaml', text: '' }, start: 0, end: 0 }

export function originEntry (text: string): OriginEntry {
  const { pattern, error } = parseOriginPattern(text)
  if (pattern === undefined) throw new Error(`${text}: ${error.message}`)
  return { pattern, span, set: null }
}

/** A rule in short: texts for patterns, and what is not the default. */
export interface RuleText extends Partial<Omit<Rule, 'hosts' | 'routes' | 'allowOrigins' | 'exceptOrigins'>> {
  readonly name: string
  readonly hosts?: readonly string[]
  readonly routes: readonly string[]
  readonly allowOrigins?: readonly string[]
  readonly exceptOrigins?: readonly string[]
}

export function ruleOf (text: RuleText): Rule {
  const { hosts = [], routes, allowOrigins = [], exceptOrigins = [], ...rest } = text
  return {
    span, description: null, allowMethods: ['GET', 'HEAD', 'POST'], allowHeaders: [], exposeHeaders: [], allowCredentials: false, maxAge: null,
    allowPrivateNetwork: false, timingAllowOrigin: false, enforceMethods: false, deniedRequests: 'forward', passthrough: false,
    preflightCacheControl: null, notBefore: null, expires: null, acceptRisks: [], spans: noSpans,
    ...rest,
    hosts: hosts.map(host => {
      const parsed = parseHostPattern(host)
      if (!('pattern' in parsed)) throw new Error(host)
      return { pattern: parsed.pattern, span }
    }),
    routes: routes.flatMap(route => parseRoutePattern(route).patterns!).map(pattern => ({ pattern, span })),
    allowOrigins: allowOrigins.map(originEntry),
    exceptOrigins: exceptOrigins.map(originEntry)
  }
}

/** A set of the rules that are valid beside those before them: the others are left out. */
export function setOf (rules: readonly RuleText[], blockedOrigins: readonly string[] = []): PolicySet {
  const kept: Rule[] = []
  for (const rule of rules.map(ruleOf)) {
    const isWellMade = !rule.allowOrigins.some(({ pattern }) => pattern.kind === 'any') ||
      (rule.allowOrigins.length === 1 && !rule.allowCredentials && rule.exceptOrigins.length === 0)
    if (isWellMade && !kept.some(other => other.name === rule.name || conflict(rule, other))) kept.push(rule)
  }
  return { rules: kept.sort(byName), blockedOrigins: blockedOrigins.map(originEntry), originSets: [], guardrails: [], files: 1 }
}

function byName (a: Rule, b: Rule): number {
  return a.name < b.name ? -1 : 1
}

/** The contract's conflicts, by trying every pair. */
function conflict (a: Rule, b: Rule): boolean {
  const hosts = (rule: Rule): string[] => rule.hosts.length === 0 ? [''] : rule.hosts.map(({ pattern }) => pattern.text)
  const overlap = (a.notBefore ?? -Infinity) < (b.expires ?? Infinity) && (b.notBefore ?? -Infinity) < (a.expires ?? Infinity)
  if (!hosts(a).some(host => hosts(b).includes(host))) return false
  return a.routes.some(({ pattern: left }) => b.routes.some(({ pattern: right }) => {
    if (left.shape !== right.shape) return alike(left.shape) === alike(right.shape)
    if (!overlap) return false
    return a.passthrough || b.passthrough || a.allowOrigins.some(({ pattern: one }) => b.allowOrigins.some(({ pattern: other }) =>
      compareSpecificity(one, other) === 0 && patternsOverlap(one, other)))
  }))
}

/** What is left of a route for a server that knows neither letter case nor trailing slashes. */
function alike (shape: string): string {
  const folded = shape.toLowerCase()
  return folded.length > 1 && folded.endsWith('/') ? folded.slice(0, -1) : folded
}

export const originPatterns = [
  'https://a.example', 'http://a.example', 'https://a.example:8443', 'https://a.example:*', 'https://x.a.example', 'https://*.a.example',
  'https://*.a.example:*', 'https://*.x.a.example', 'https://p-*.a.example', 'https://p-*-q.a.example', 'https://*-q.a.example',
  'https://p-*.a.example:*', 'https://*', 'https://*:*', 'app://*', 'app://localhost', 'null', 'http://localhost:*', 'https://[::1]:3000',
  'https://a.example.', 'https://x.p-*.a.example', 'https://192.0.2.1'
]

export const originValues = [
  'https://a.example', 'http://a.example', 'https://a.example:8443', 'https://a.example:9', 'https://x.a.example', 'https://y.x.a.example',
  'https://y.x.a.example:8443', 'https://p-1.a.example', 'https://p-1-q.a.example', 'https://p-1-q.a.example:1', 'https://p-.a.example',
  'https://p-_-q.a.example', 'https://x.p-1.a.example', 'https://other.example', 'app://localhost', 'app://z', 'null', '', 'NULL', 'https://a.example/',
  'https://A.example', 'https://a.example:443', 'https://a.example, https://a.example', 'https://a.example https://a.example', 'https://a.example.',
  'https://.a.example', 'https://api.example', 'http://api.example', 'https://api.example:8443', 'http://localhost:3000', 'https://[::1]:3000',
  'https://[0:0:0:0:0:0:0:1]:3000', 'http://', 'https://', 'https://192.0.2.1', 'https://192.0.2.01', 'https://a.example%00', `https://${'x'.repeat(400)}.a.example`
]

const routeTexts = [
  '/', '/a', '/a/', '/a/b', '/a/:x', '/a/*', '/a/**', '/:x', '/:x/b', '/*', '/A/b', '/a/B', '/a/b/*', '/a/:x/c', '/b/**', '/a/b/c', '/:x/:y',
  '/b', '/b/:x', '/B/c', '/a.b', '/b/c/**'
]

const pieces = [
  '/', '/', '/', '/', 'a', 'a', 'b', 'b', 'c', 'A', 'B', '.', '..', '//', '/./', '/../', '%2e', '%2E%2e', '%2f', '%2F', '\\', '%5c', '%5C', ';', ';x=1', '%3b',
  '%61', '%41', '%2561', '%25c3', '%25C3%25A9', '%25e2%2582', '%252f', '%252e', '%255c', '%25', '%', '%zz', '%c3', '%C3%A9', 'é', '%00', '%0a', '%2500', '\u0001', '\u007f', '#', '%23',
  '?', '?/../a', '*', ' ', '%20', 'İ', '%e2%84%aa'
]

const plainPath = fc.array(fc.constantFrom('a', 'b', 'c', 'A', 'b', ''), { maxLength: 4 }).map(parts => `/${parts.join('/')}`)
const oddPath = fc.array(fc.constantFrom(...pieces), { maxLength: 7 }).map(parts => `/${parts.join('')}`)
const absolute = fc.tuple(
  fc.constantFrom('http://api.example', 'https://API.example', 'http://other.test', 'http://api.example:8443', 'ftp://api.example', ''),
  fc.oneof(plainPath, fc.constantFrom('', '?x', '#', 'a')))
  .map(parts => parts.join(''))
const target = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom('/a/b', '/a', '/a/c', '/b', '/c', '/a/b/c', '/A/b', '/') },
  { weight: 5, arbitrary: plainPath }, { weight: 6, arbitrary: oddPath }, { weight: 1, arbitrary: absolute },
  { weight: 1, arbitrary: fc.constantFrom('*', '', 'a/b', '/a/%2e%2e/b', '/a//b', '/a;x/b', '/a/b/?q=#', '/b/..;/a', '/a%2fb', '/A/B/') })

function names (count: number): string {
  return Array.from({ length: count }, (_, i) => `n${i}`).join()
}

const rarely = { freq: 6 }

export const facts: fc.Arbitrary<RequestFacts> = fc.record({
  method: fc.constantFrom('GET', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'OPTIONS', 'OPTIONS', 'OPTIONS', 'TRACE', 'CONNECT', 'get', 'put'),
  target,
  host: fc.constantFrom('api.example', 'api.example', 'api.example', 'API.example:8443', 'api.example:443', 'x.api.example.', 'y.x.api.example', 'other.test', 'example', '.example', '', '[::1]:80'),
  scheme: fc.constantFrom('http', 'https'),
  origin: fc.option(fc.constantFrom(...originValues), { nil: undefined, freq: 12 }),
  requestedMethod: fc.option(fc.constantFrom(
    'GET', 'HEAD', 'POST', 'PUT', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'trace', 'put', '', '*', 'GET, PUT', 'x'.repeat(1024), 'x'.repeat(1025), ' '
  ), { nil: undefined, ...rarely }),
  requestedHeaders: fc.option(fc.constantFrom(
    '', 'x-a', 'X-A, content-type', 'authorization', 'authorization,x-a', 'x-a,authorization,x-b', 'x-a,x-b', '*', 'x a', 'x-a,,x-a', ' , ', 'accept', 'x-a;', 'x-é',
    names(64), names(65), 'y'.repeat(1024), 'y'.repeat(1025)), { nil: undefined, freq: 3 }),
  requestsPrivateNetwork: fc.boolean(),
  fetchSite: fc.constantFrom(undefined, undefined, undefined, 'cross-site', 'same-site', 'same-origin', 'none'),
  upgrade: fc.constantFrom(false, false, false, false, true),
  carriesCredentials: fc.boolean(),
  hostIsAmbiguous: fc.constantFrom(...Array<boolean>(20).fill(false), true)
})

/** The moments of windows, and the one at which requests are judged. */
export const now = 1000
const moments = fc.option(fc.constantFrom(0, 500, 1000, 1001, 2000), { nil: null, freq: 2 })

const flag = fc.constantFrom(false, false, true)
export const ruleText: fc.Arbitrary<RuleText> = fc.record({
  name: fc.constantFrom('r1', 'r2', 'r3', 'r4', 'r5', 'r6', 'r7', 'r8'),
  hosts: fc.constantFrom<readonly string[]>([], [], [], [], [], [], ['api.example'], ['*.example'], ['*.api.example'], ['api.example', '*.example'], ['example']),
  routes: fc.oneof(
    fc.constantFrom(['/*'], ['/a/*'], ['/a/b'], ['/:x/b'], ['/a/**', '/b']), fc.uniqueArray(fc.constantFrom(...routeTexts), { minLength: 1, maxLength: 3 })),
  allowOrigins: fc.oneof(
    { weight: 6, arbitrary: fc.uniqueArray(fc.constantFrom(...originPatterns), { maxLength: 7, size: 'max' }) }, { weight: 2, arbitrary: fc.constant(['*']) }),
  exceptOrigins: fc.oneof(fc.constant([]), fc.uniqueArray(fc.constantFrom(...originPatterns), { maxLength: 3, size: 'max' })),
  allowMethods: fc.uniqueArray(fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'OPTIONS', '*'), { minLength: 1, maxLength: 4 }),
  allowHeaders: fc.uniqueArray(fc.constantFrom('x-a', 'x-b', 'content-type', 'authorization', '*'), { maxLength: 3 }),
  exposeHeaders: fc.constantFrom([], [], ['x-request-id'], ['x-a', 'x-b'], ['*']),
  allowCredentials: fc.boolean(),
  maxAge: fc.constantFrom(null, null, 0, -1, 600),
  allowPrivateNetwork: flag, timingAllowOrigin: flag, enforceMethods: flag,
  deniedRequests: fc.constantFrom('forward', 'forward', 'reject'),
  passthrough: fc.constantFrom(false, false, false, false, false, false, false, true),
  preflightCacheControl: fc.constantFrom(null, null, 'public, max-age=60'),
  window: fc.oneof({ weight: 4, arbitrary: fc.constant([null, null] as const) }, { weight: 2, arbitrary: fc.tuple(moments, moments) })
}).map(({ window: [notBefore, expires], ...rule }) => {
  const isAnyone = rule.allowOrigins.includes('*')
  return {
    ...rule,
    notBefore,
    expires: expires !== null && notBefore !== null && expires <= notBefore ? null : expires,
    allowCredentials: rule.allowCredentials && !isAnyone,
    ...isAnyone && { exceptOrigins: [] },
    ...rule.passthrough && { allowOrigins: [], exceptOrigins: [] }
  }
})

export const ruleTexts: fc.Arbitrary<readonly RuleText[]> = fc.array(ruleText, { maxLength: 8, size: 'max' })
export const blocked: fc.Arbitrary<readonly string[]> = fc.oneof(
  fc.constant([]), fc.uniqueArray(fc.constantFrom(...originPatterns), { maxLength: 2, size: 'max' }))

export const router: fc.Arbitrary<RouterOptions> = fc.oneof(
  fc.constant({ caseSensitive: true, ignoreTrailingSlash: false, ignoreDuplicateSlashes: false, useSemicolonDelimiter: false }),
  fc.record({
    caseSensitive: fc.boolean(), ignoreTrailingSlash: fc.boolean(),
    ignoreDuplicateSlashes: fc.boolean(), useSemicolonDelimiter: fc.boolean()
  }))

export const settings: fc.Arbitrary<Settings> = fc.record({
  unmatched: fc.constantFrom('deny', 'passthrough'),
  router,
  pathReadings: fc.oneof(fc.constant([...readingSteps]), fc.constant([]), fc.subarray([...readingSteps]))
    .map(steps => new Set<ReadingStep>(steps))
})

/** A seed that is printed and can be set, and how many cases to try. */
export const runs = { numRuns: Number(process.env['RUNS'] ?? 10_000), ...process.env['SEED'] !== undefined && { seed: Number(process.env['SEED']) } }
