// The diff's law: whatever two sets decide differently lies in a reported change, and every reported witness is decided differently.
import fc from 'fast-check'
import t from 'tap'
import { isForbiddenMethod } from '../../src/fetch/method.ts'
import type { RequestFacts } from '../../src/fetch/request.ts'
import { anyOther, anyOtherPath, noOrigin, type Change } from '../../src/inspect/changes.ts'
import { diff, type Diff } from '../../src/inspect/diff.ts'
import { parseOrigin } from '../../src/origin/origin.ts'
import { matchesOrigin } from '../../src/origin/pattern.ts'
import type { PolicySet } from '../../src/policy/policy.ts'
import { isPlain, pathOfTarget } from '../../src/route/path.ts'
import { compile } from '../../src/snapshot/compile.ts'
import { decide } from '../../src/snapshot/decide.ts'
import { headersFor } from '../../src/snapshot/headers.ts'
import type { Settings, Snapshot } from '../../src/snapshot/snapshot.ts'
import { blocked, facts, now, originEntry, ruleText, ruleTexts, setOf, settings, type RuleText } from './arbitrary.ts'

const numRuns = Number(process.env['RUNS'] ?? 400)
const runs = { numRuns, ...process.env['SEED'] !== undefined && { seed: Number(process.env['SEED']) } }

function snapshotOf (set: PolicySet, settings: Settings, at: number): Snapshot {
  return compile(set, { settings, at, generation: 1, revision: 'r' })
}

/** What a page, a handler or a cache notices of an answer, by name. */
export function noticed (snapshot: Snapshot, facts: RequestFacts): Readonly<Record<string, string>> {
  const decision = decide(snapshot, facts)
  // To its own origin a page speaks as it likes.
  if (decision.reason === 'same-origin') return {}
  const headers = new Map(headersFor(decision, facts).set)
  const header = (name: string): string => headers.get(name) ?? ''
  const passthrough = String(decision.outcome === 'passthrough')
  switch (decision.kind) {
    // Without an origin the gateway answers everyone alike, or does not answer at all.
    case 'none': return {
      passthrough: String(!decision.managed),
      read: String(headers.has('access-control-allow-origin')),
      expose: header('access-control-expose-headers'),
      timing: String(headers.has('timing-allow-origin'))
    }
    case 'upgrade': return { passthrough, opens: String(decision.status !== 403) }
    case 'actual': return {
      passthrough,
      read: String(headers.has('access-control-allow-origin')),
      credentials: header('access-control-allow-credentials'),
      // With credentials browsers take `*` for a name.
      expose: header('access-control-expose-headers').split(', ').filter(name => name !== '*' || !headers.has('access-control-allow-credentials')).sort().join(),
      timing: String(headers.has('timing-allow-origin')),
      rejected: String(decision.status === 403)
    }
    case 'preflight': return decision.outcome !== 'allowed' ? { passthrough, passes: 'false' } : {
      passthrough,
      passes: 'true',
      credentials: header('access-control-allow-credentials'),
      maxAge: header('access-control-max-age'),
      privateNetwork: header('access-control-allow-private-network'),
      cacheControl: header('cache-control')
    }
  }
}

/** Every name under which something is noticed of an answer to a page, to nobody, to a socket or to a preflight. */
const noticeable = ['passthrough', 'read', 'expose', 'timing', 'opens', 'credentials', 'rejected', 'passes', 'maxAge', 'privateNetwork', 'cacheControl']
/** A preflight that asks for private networks and passes is granted them: that they differ is noticed of one that does not pass. */
const noticedOfRequests = noticeable.filter(name => name !== 'privateNetwork')
/** A socket opens where an answer can be read, which is what is told then. */
const noticedOfWitnesses = noticeable.filter(name => name !== 'opens')

/** The names under which an answer is noticed to differ; none where it doesn't. */
function differing (old: Snapshot, now: Snapshot, facts: RequestFacts): string[] {
  const [before, after] = [noticed(old, facts), noticed(now, facts)]
  return Object.keys({ ...before, ...after }).filter(name => before[name] !== after[name])
}

/** The names of which the others are consequences: what comes with an answer, or with a preflight that passes, is lost with it. */
function causes (names: readonly string[]): readonly string[] {
  const whole = ['passthrough', 'passes', 'read'].find(name => names.includes(name))
  return whole === undefined ? names : [whole]
}

/** The words for what is noticed. */
function explains (what: string, name: string, facts: RequestFacts): boolean {
  const asked = (facts.requestedHeaders ?? '').toLowerCase().split(',').map(each => each.trim())
  const isMethod = what === `method ${name === 'passes' ? facts.requestedMethod : facts.method}` || what === 'method *'
  const isHeader = what === 'header *' || asked.some(each => what === `header ${each}`)
  switch (name) {
    case 'passthrough': return what === 'passthrough'
    case 'read': return what === 'read' || isMethod || what.startsWith('access-control-allow-origin ') || (facts.method === 'OPTIONS' && what.startsWith('answer to OPTIONS'))
    case 'passes': return what === 'read' || isMethod || isHeader || (facts.requestsPrivateNetwork && what === 'private network')
    case 'opens': return what === 'read' || what === 'websocket' || (facts.carriesCredentials && (what === 'credentials' || what === 'websocket with credentials'))
    case 'credentials': return what === 'credentials'
    case 'expose': return what.startsWith('expose ')
    case 'timing': return what === 'timing'
    case 'rejected': return what.startsWith('denied requests ')
    case 'maxAge': return what.startsWith('max age ')
    case 'privateNetwork': return what === 'private network'
    case 'cacheControl': return what.startsWith('cache-control ')
    default: throw new Error(name)
  }
}

/** What everyone gets is also got by whoever sends no origin. */
function matches (origins: string, origin: string | undefined): boolean {
  if (origin === undefined) return origins === noOrigin || origins === anyOther || origins === '*'
  if (origins === noOrigin) return false
  return origins === anyOther || matchesOrigin(originEntry(origins).pattern, origin, parseOrigin(origin))
}

function allOf ({ widened, narrowed, changed }: Diff): Change[] {
  return [...widened, ...narrowed, ...changed]
}

/** Ordinary characters, no dot segment, no empty one but the last: the paths of which the diff speaks. */
function isOrdinary ({ target, host }: RequestFacts): boolean {
  const path = pathOfTarget(target, host)
  return path !== null && path.startsWith('/') && !target.includes('#') && isPlain(path.replace(/(?<=[^/])\/$/, ''))
}

interface Pair { readonly old: PolicySet, readonly now: PolicySet, readonly settings: Settings }

/** A change of one rule, as people make them. */
const edit: fc.Arbitrary<(rules: readonly RuleText[]) => readonly RuleText[]> = fc.tuple(
  fc.nat(7), ruleText, fc.constantFrom<readonly (keyof RuleText)[]>(
    ['routes'], ['hosts'], ['allowOrigins', 'allowCredentials', 'exceptOrigins'], ['exceptOrigins'], ['allowMethods', 'enforceMethods'], ['allowHeaders'],
    ['exposeHeaders'], ['maxAge'], ['deniedRequests'], ['notBefore', 'expires'], ['deniedRequests', 'timingAllowOrigin', 'allowPrivateNetwork', 'preflightCacheControl'], ['name'], []),
  fc.constantFrom('change', 'change', 'change', 'remove', 'add', 'beside', 'beside'))
  .map(([at, other, keys, kind]) => rules => {
    if (kind === 'add' || rules.length === 0) return [...rules, other]
    const place = at % rules.length
    const { routes, hosts = [] } = rules[place]!
    if (kind === 'beside') return [...rules, { ...other, name: 'beside', routes, hosts }]
    if (kind === 'remove') return rules.toSpliced(place, 1)
    const changed = { ...rules[place]!, ...Object.fromEntries(keys.map(key => [key, other[key]])) }
    const [from, to] = [changed.notBefore ?? -Infinity, changed.expires ?? Infinity]
    const isWellMade = from < to && !(changed.exposeHeaders?.includes('*') && changed.allowCredentials)
    return isWellMade ? rules.with(place, changed) : rules
  })

const pair: fc.Arbitrary<Pair> = fc.oneof(
  fc.record({
    rules: ruleTexts, edits: fc.array(edit, { minLength: 1, maxLength: 3 }), settings,
    blocked, blockedToo: fc.option(blocked, { nil: null })
  })
    .map(({ rules, edits, blocked, blockedToo, settings }) => ({
      old: setOf(rules, blocked), now: setOf(edits.reduce((set, change) => change(set), rules), blockedToo ?? blocked), settings
    })),
  fc.record({ rules: ruleTexts, others: ruleTexts, blocked, blockedToo: blocked, settings })
    .map(({ rules, others, blocked, blockedToo, settings }) => ({ old: setOf(rules, blocked), now: setOf(others, blockedToo), settings }))
)

/** The page's preflight, and the request itself. */
function requestsOf ({ origin, method, url, headers, credentials }: Change['witness']): RequestFacts[] {
  const [, scheme = '', host = '', target = ''] = /^(\w+):\/\/([^/]*)(.*)$/.exec(url)!
  const { 'access-control-request-private-network': network, ...others } = headers
  const actual: RequestFacts = {
    method, target, host, scheme: 'https', origin: origin ?? undefined, requestedMethod: undefined, requestedHeaders: undefined, requestsPrivateNetwork: false,
    fetchSite: 'cross-site', upgrade: scheme === 'wss', carriesCredentials: credentials === 'include', hostIsAmbiguous: false
  }
  if (scheme === 'wss') return [actual]
  const requestedHeaders = Object.keys(others).join() || undefined
  return [actual, { ...actual, method: 'OPTIONS', requestedMethod: method, requestedHeaders, requestsPrivateNetwork: network === 'true', carriesCredentials: false }]
}

/** A preflight that many rules allow: only of such a one is it noticed how long it may be kept, and what else it says. */
const likelyPreflight = fc.record({
  method: fc.constant('OPTIONS'), host: fc.constant('api.example'), target: fc.constantFrom('/a/b', '/a', '/b', '/c', '/a/b/c', '/'), fetchSite: fc.constant('cross-site'),
  origin: fc.constantFrom('https://a.example', 'https://x.a.example', 'https://p-1.a.example', 'https://other.example', 'app://z'), requestedMethod: fc.constantFrom('GET', 'POST', 'PUT'),
  requestedHeaders: fc.constantFrom(undefined, undefined, undefined, 'x-a'), requestsPrivateNetwork: fc.boolean(), upgrade: fc.constant(false), hostIsAmbiguous: fc.constant(false)
})

/** Requests to ordinary paths, so that letter case and trailing slashes matter often; likely preflights; and whatever else there is. */
const request: fc.Arbitrary<RequestFacts> = fc.oneof(
  facts,
  fc.tuple(facts, fc.array(fc.constantFrom('a', 'b', 'c', 'A', 'B', 'x'), { maxLength: 4 }), fc.constantFrom('', '', '/'))
    .map(([facts, segments, end]) => ({ ...facts, target: `/${segments.join('/')}${segments.length === 0 ? '' : end}` })),
  fc.tuple(facts, likelyPreflight).map(parts => Object.assign({}, ...parts) as RequestFacts)
)

const moments = [now, 1001, 1500, 2000, 3000]

t.test('every difference lies in a reported change, and every witness shows one', t => {
  const seen = { differences: 0, changes: 0, later: 0, ambiguous: 0, bare: 0, saidOfBare: 0 }
  const [told, shown] = [new Map<string, number>(), new Map<string, number>()]
  const count = (counts: Map<string, number>, name: string): void => { counts.set(name, (counts.get(name) ?? 0) + 1) }
  const times = fc.constantFrom(now, ...moments)
  const asked = fc.array(fc.tuple(request, times), { minLength: 50, maxLength: 90, size: 'max' })
  fc.assert(fc.property(pair, asked, ({ old, now: after, settings }, requests) => {
    const [before, later] = [old, after].map(set => new Map(moments.map(at => [at, snapshotOf(set, settings, at)])))
    const result = diff(before!.get(now)!, later!.get(now)!)
    if (!result.exact) throw new Error('inexact')
    const changes = allOf(result)
    seen.changes += changes.length
    seen.saidOfBare += changes.filter(({ origins }) => origins === noOrigin).length
    for (const [request, at] of requests) {
      const [a, b] = [before!.get(at)!, later!.get(at)!]
      const names = differing(a, b, request)
      if (names.length === 0) continue
      const [one, other] = [decide(a, request), decide(b, request)]
      const isAmbiguous = one.isAmbiguous || other.isAmbiguous
      if (request.hostIsAmbiguous || isForbiddenMethod(request.method) || (isAmbiguous && !isOrdinary(request))) continue
      seen.differences++
      if (at !== now) seen.later++
      if (isAmbiguous) seen.ambiguous++
      if (request.origin === undefined) seen.bare++
      for (const name of causes(names)) {
        count(told, name)
        const places = [one, other].map(({ bucket }) => [bucket?.host ?? '', bucket?.route ?? anyOtherPath].join())
        const isReported = changes.some(({ host, route, origins, what, from }) => {
          const isHere = places.includes([host ?? '', route].join())
          const isThen = from === undefined || Date.parse(from) <= at
          return isHere && isThen && matches(origins, request.origin) && explains(what, name, request)
        })
        if (!isReported) throw new Error(`${name} of ${JSON.stringify(request)} at ${at}:\n${JSON.stringify(noticed(a, request))}\n${JSON.stringify(noticed(b, request))}\n${JSON.stringify(changes, null, 1)}`)
      }
    }
    for (const change of changes) {
      const at = change.from === undefined ? now : Date.parse(change.from)
      const [a, b] = [snapshotOf(old, settings, at), snapshotOf(after, settings, at)]
      const names = requestsOf(change.witness)
        .flatMap(request => differing(a, b, request).filter(name => explains(change.what, name, request)))
      for (const name of new Set(names)) count(shown, name)
      if (names.length === 0) throw new Error(`the witness shows nothing: ${JSON.stringify(change, null, 1)}`)
    }
    if (result.equal !== (changes.length === 0)) throw new Error('equal')
  }), runs)
  t.comment(JSON.stringify([seen, [...told], [...shown]]))
  // Whatever can be noticed of an answer differed somewhere, or the law says nothing of it.
  for (const name of noticedOfRequests) t.ok((told.get(name) ?? 0) > 0, `${name} of a request: ${told.get(name)}`)
  for (const name of noticedOfWitnesses) t.ok((shown.get(name) ?? 0) > 0, `${name} of a witness: ${shown.get(name)}`)
  for (const [what, count] of Object.entries(seen)) t.ok(count > 0, `${what}: ${count}`)
  t.end()
})

t.test('sets that say the same in other words are equal, and a diff read backwards is the diff backwards', t => {
  // Where the router ignores letter case or a trailing slash, each set may write a route in its own way.
  const routeOf = ({ route }: Change): string => route.length > 1 ? route.toLowerCase().replace(/\/$/, '') : route
  const classified = (change: Change): string => [change.host, routeOf(change), change.origins, change.what.replace(/\S+ → .*/, ''), change.from].join(' ')
  let different = 0
  fc.assert(fc.property(pair, ({ old, now: after, settings }) => {
    const [a, b] = [snapshotOf(old, settings, now), snapshotOf(after, settings, now)]
    const renamed = old.rules.map(rule => ({
      ...rule, name: `other-${rule.name}`, allowOrigins: rule.allowOrigins.toReversed(), allowMethods: rule.allowMethods.toReversed(), description: 'said otherwise'
    }))
    const same = diff(a, snapshotOf({ ...old, rules: renamed }, settings, now))
    if (!same.equal) throw new Error(`not equal: ${JSON.stringify(same, null, 1)}`)
    const [there, back] = [diff(a, b), diff(b, a)]
    const sorted = (changes: readonly Change[]): string => [...new Set(changes.map(classified))].sort().join('\n')
    if (sorted(there.widened) !== sorted(back.narrowed)) throw new Error(`${sorted(there.widened)}\n\n${sorted(back.narrowed)}`)
    if (there.widened.length > 0 && there.narrowed.length > 0) different++
  }), runs)
  t.ok(different > 0, `${different} widened and narrowed`)
  t.end()
})
