// The guardrails' law: a set is refused for exactly those rules that a plain search finds to grant what a guardrail forbids.
import fc from 'fast-check'
import t from 'tap'
import type { Diagnostic } from '../../src/diagnostic/diagnostic.ts'
import { isSafelistedMethod } from '../../src/fetch/method.ts'
import type { RequestFacts } from '../../src/fetch/request.ts'
import { checkGuardrails } from '../../src/inspect/guardrail.ts'
import { parseOrigin } from '../../src/origin/origin.ts'
import { matchesOrigin } from '../../src/origin/pattern.ts'
import type { Guardrail, PolicySet } from '../../src/policy/policy.ts'
import { hostMatches, hostOf } from '../../src/route/host.ts'
import { settle } from '../../src/route/path.ts'
import { compile, settleRoute } from '../../src/snapshot/compile.ts'
import { decide } from '../../src/snapshot/decide.ts'
import { headersFor } from '../../src/snapshot/headers.ts'
import type { RuleGroup, Settings, Snapshot } from '../../src/snapshot/snapshot.ts'
import { routeMatches } from '../route/matches.ts'
import { blocked, now, originEntry, originPatterns, originValues, ruleOf, ruleTexts, setOf, settings } from './arbitrary.ts'

const runs = { numRuns: Number(process.env['RUNS'] ?? 300), ...process.env['SEED'] !== undefined && { seed: Number(process.env['SEED']) } }

const segments = ['a', 'b', 'c', 'A', 'B', 'x', 'a.b']
const pairs = segments.flatMap(one => segments.map(two => `/${one}/${two}`))
const paths = [
  '/', ...segments.flatMap(one => [`/${one}`, `/${one}/`]), ...pairs, ...pairs.flatMap(pair => ['a', 'b', 'c', 'x', ''].map(end => `${pair}/${end}`)),
  '/a/b/c/x', '/b/c/x/x', '/x/x/x/x', '/b/c/x/'
]
const hosts = ['api.example', 'x.api.example', 'y.x.api.example', 'z.example', 'example', 'other.test']
const origins = [
  ...originValues, 'https://q.test', 'https://p-z.a.example:1', 'https://z.a.example', 'https://p-1-q.a.example:8443', 'ext://q', 'https://_.a.example',
  'https://z-q.a.example', 'https://x.p-z.a.example', 'https://p-_.a.example', 'https://p-q.a.example', 'https://p-q.a.example:1'
]
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'OPTIONS', 'DELETE', 'OTHER']
const headers = ['x-a', 'x-b', 'content-type', 'authorization', 'x-c']
const moments = [now, 1001, 2000]

const guardrail: fc.Arbitrary<Guardrail> = fc.record({
  hosts: fc.constantFrom<readonly string[]>([], [], [], ['api.example'], ['*.example'], ['x.api.example', 'other.test'], ['*.x.api.example']),
  routes: fc.constantFrom<readonly string[]>([], [], ['/a/**'], ['/a/b'], ['/:x/b'], ['/a/:x/c', '/b'], ['/A/*'], ['/a/']),
  origins: fc.constantFrom('within', 'outside', null),
  listed: fc.uniqueArray(fc.constantFrom(...originPatterns), { minLength: 1, maxLength: 3 }),
  read: fc.constantFrom(true, false, false, false), credentials: fc.boolean(),
  methods: fc.uniqueArray(fc.constantFrom('PUT', 'POST', 'DELETE', '*', 'PATCH'), { maxLength: 2 }),
  headers: fc.uniqueArray(fc.constantFrom('x-a', 'authorization', '*', 'x-c'), { maxLength: 2 }),
  maxAgeAbove: fc.constantFrom(null, null, 0, 5, 599, 600),
  // What is looked for last is found where nothing else is forbidden.
  isOfPreflights: fc.constantFrom(true, false, false)
}).map(({ hosts, routes, origins, listed, isOfPreflights, ...others }) => {
  const never = isOfPreflights ? { ...others, read: false, credentials: false, methods: [] } : others
  const made = ruleOf({ name: 'guardrail', hosts, routes })
  const entries = listed.map(originEntry)
  return { name: 'g', span: made.span, description: null, hosts: made.hosts, routes: made.routes, origins: origins && { are: origins, entries }, never }
})

/** The names of the rules that grant what the guardrail forbids; '' for the upstream of a path without rules. */
function search (set: PolicySet, settings: Settings, { hosts: where, routes, origins: whose, never }: Guardrail): Set<string> {
  const found = new Set<string>()
  const places = new Map<RuleGroup | null, { host: string, target: string }>()
  const first = compile(set, { settings, at: now, generation: 1, revision: '' })
  for (const host of hosts.filter(host => where.length === 0 || where.some(({ pattern }) => hostMatches(pattern, hostOf(host))))) {
    for (const target of paths) {
      const path = settle(target, settings.router)
      if (routes.length > 0 && !routes.some(({ pattern }) => routeMatches(settleRoute(pattern, settings.router), path))) continue
      const { bucket, isAmbiguous } = decide(first, factsOf(host, target, 'https://q.test', {}))
      if (!isAmbiguous) places.set(bucket?.group ?? null, { host, target })
    }
  }
  for (const at of moments) {
    const snapshot = compile(set, { settings, at, generation: 1, revision: '' })
    for (const { host, target } of places.values()) {
      for (const origin of origins) {
        const isListed = whose?.entries.some(({ pattern }) => matchesOrigin(pattern, origin, parseOrigin(origin)))
        if (isListed !== undefined && isListed !== (whose!.are === 'within')) continue
        const breaker = breaks(snapshot, host, target, origin, never)
        if (breaker !== null) found.add(breaker)
      }
    }
  }
  return found
}

function factsOf (host: string, target: string, origin: string, asked: Partial<RequestFacts>): RequestFacts {
  return {
    method: 'GET', target, host: `${host}:9999`, scheme: 'https', origin, requestedMethod: undefined, requestedHeaders: undefined, requestsPrivateNetwork: false,
    fetchSite: 'cross-site', upgrade: false, carriesCredentials: false, hostIsAmbiguous: false, ...asked
  }
}

/** The rule that grants a page what it should never get, by trying every method and header. */
function breaks (snapshot: Snapshot, host: string, target: string, origin: string, never: Guardrail['never']): string | null {
  const ask = (asked: Partial<RequestFacts>): { rule: string, outcome: string, headers: Map<string, string> } => {
    const facts = factsOf(host, target, origin, asked)
    const decision = decide(snapshot, facts)
    return { rule: decision.rule?.name ?? '', outcome: decision.outcome, headers: new Map(headersFor(decision, facts).set) }
  }
  const plain = ask({})
  if (plain.outcome === 'passthrough') return plain.rule
  for (const method of methods) {
    const preflight = ask({ method: 'OPTIONS', requestedMethod: method })
    const actual = ask({ method })
    const passes = preflight.outcome === 'allowed'
    const reads = actual.headers.has('access-control-allow-origin') && (passes || isSafelistedMethod(method))
    if (reads && (never.read || never.methods.includes(method) || never.methods.includes('*'))) return actual.rule
    if (reads && never.credentials && actual.headers.has('access-control-allow-credentials')) return actual.rule
    if (!passes) continue
    const age = preflight.headers.get('access-control-max-age')
    if (never.maxAgeAbove !== null && (age === undefined ? 5 : Number(age)) > never.maxAgeAbove) return preflight.rule
    for (const name of headers) {
      const isForbidden = never.headers.includes(name) || never.headers.includes('*')
      if (isForbidden && ask({ method: 'OPTIONS', requestedMethod: method, requestedHeaders: name }).outcome === 'allowed') return preflight.rule
    }
  }
  return null
}

/** A request as a finding names it, in the order in which its message says so. */
const saying: Readonly<Record<'upstream' | 'credentials' | 'read' | 'header' | 'max age', RegExp>> = {
  upstream: /leaves `(?<method>\S+) (?<url>\S+)` of `(?<origin>.*?)` to the upstream/,
  credentials: /lets `(?<origin>.*?)` read `(?<method>\S+) (?<url>\S+)` with credentials/,
  read: /lets `(?<origin>.*?)` read `(?<method>\S+) (?<url>\S+)`(?! with)/,
  header: /lets `(?<origin>.*?)` set the header `(?<header>.*?)` for `(?<method>\S+) (?<url>\S+)`/,
  'max age': /lets a browser keep the preflight of `(?<origin>.*?)` for `(?<method>\S+) (?<url>\S+)` for (?<seconds>\d+) s, above/
}

/** How often each kind of finding was held against what it names. */
const shown: Record<string, number> = { upstream: 0, credentials: 0, read: 0, header: 0, 'max age': 0, later: 0 }

/** Sends what a finding names, and says what is wrong with it; null where the request gets what the guardrail forbids. */
function wrongOf (set: PolicySet, settings: Settings, { hosts, routes, origins: whose, never }: Guardrail, { message, help = '' }: Diagnostic): string | null {
  const found = Object.entries(saying)
    .map(([kind, form]) => ({ kind, named: form.exec(message)?.groups }))
    .find(({ named }) => named !== undefined)
  if (found === undefined) return 'names no request'
  const { origin = '', method = '', url = '', header, seconds } = found.named!
  const from = /, from (\S+) on/.exec(message)?.[1]
  const [, host = '', target = ''] = /^https:\/\/([^/]*)(.*)$/.exec(url)!
  if (hosts.length > 0 && !hosts.some(({ pattern }) => hostMatches(pattern, hostOf(host)))) return 'is of another host'
  if (routes.length > 0 && !routes.some(({ pattern }) => routeMatches(settleRoute(pattern, settings.router), settle(target, settings.router)))) return 'is of another route'
  if (whose !== null && whose.entries.some(({ pattern }) => matchesOrigin(pattern, origin, parseOrigin(origin))) !== (whose.are === 'within')) return 'is of another origin'

  const snapshot = compile(set, { settings, at: from === undefined ? now : Date.parse(from), generation: 1, revision: '' })
  const ask = (asked: Partial<RequestFacts>): { rule: string | undefined, outcome: string, headers: Map<string, string> } => {
    const facts = { ...factsOf('', target, origin, asked), host }
    const decision = decide(snapshot, facts)
    return { rule: decision.rule?.name, outcome: decision.outcome, headers: new Map(headersFor(decision, facts).set) }
  }
  const [actual, preflight] = [ask({ method }), ask({ method: 'OPTIONS', requestedMethod: method, requestedHeaders: header })]
  if (actual.rule !== /rule `([^`]*)`/.exec(message)?.[1]) return 'is decided by another rule'
  const passes = preflight.outcome === 'allowed'
  const reads = actual.headers.has('access-control-allow-origin') && (passes || isSafelistedMethod(method))
  const forbids = (names: readonly string[], name: string | undefined): boolean => names.includes('*') || (name !== undefined && names.includes(name))
  const age = preflight.headers.get('access-control-max-age') ?? '5'
  const isForbidden = {
    upstream: actual.outcome === 'passthrough' && (never.methods.every(name => name === '*') || never.methods.includes(method)),
    credentials: never.credentials && reads && actual.headers.has('access-control-allow-credentials'),
    read: reads && (never.read || forbids(never.methods, method)),
    header: passes && forbids(never.headers, header),
    'max age': passes && Number(age) > never.maxAgeAbove! && age === seconds
  }[found.kind]
  if (!isForbidden) return `gets nothing that is forbidden: ${found.kind}`

  // The command asks for just that, and what matters is in the answer to it.
  const words = [...help.matchAll(/'([^']*)'/g)].map(([, word]) => word)
  const sent = new Map(words.slice(1).map(line => line!.split(': ') as [string, string]))
  const asksFirst = help.includes('-X OPTIONS')
  if (words[0] !== url || sent.get('Origin') !== origin) return 'is not what the command asks'
  if ((asksFirst ? sent.get('Access-Control-Request-Method') : /-X ([A-Z]+)/.exec(help)?.[1] ?? (help.includes('--head') ? 'HEAD' : 'GET')) !== method) return 'has another method in the command'
  if (sent.get('Access-Control-Request-Headers') !== header) return 'asks for other headers'
  const isFirst = found.kind === 'header' || found.kind === 'max age' || (found.kind !== 'upstream' && !isSafelistedMethod(method))
  if (asksFirst !== isFirst) return 'is shown by the other answer'
  if (sent.has('Cookie') !== (found.kind === 'credentials' && !asksFirst)) return 'has no session, or needs none'
  shown[found.kind]!++
  if (from !== undefined) shown['later']!++
  return null
}

t.test('what breaks a guardrail is found, and nothing else; and the request that is named shows it', async t => {
  let [broken, kept] = [0, 0]
  fc.assert(fc.property(ruleTexts, blocked, settings, guardrail, (rules, blockedOrigins, settings, guardrail) => {
    const { read, credentials, methods, headers, maxAgeAbove } = guardrail.never
    fc.pre(read || credentials || methods.length > 0 || headers.length > 0 || maxAgeAbove !== null)
    const set = { ...setOf(rules, blockedOrigins), guardrails: [guardrail] }
    const diagnostics = checkGuardrails(set, settings, now)
    const told = diagnostics.map(({ code, message }) => `${code} ${/rule `([^`]*)`/.exec(message)?.[1] ?? ''}`).sort().join()
    const wanted = [...search(set, settings, guardrail)].map(rule => `guardrail-broken ${rule}`).sort().join()
    if (wanted === '') kept++
    else broken++
    if (told !== wanted) throw new Error(`told ${told}\nwanted ${wanted}\n${diagnostics.map(({ message }) => message).join('\n')}`)
    for (const diagnostic of diagnostics) {
      const wrong = wrongOf(set, settings, guardrail, diagnostic)
      if (wrong !== null) throw new Error(`the request ${wrong}\n${diagnostic.message}\n${diagnostic.help}\n${JSON.stringify(guardrail.never)}`)
    }
  }), runs)
  for (const [kind, count] of Object.entries(shown)) t.ok(count > 0, `${kind}: ${count} requests`)
  t.ok(broken > runs.numRuns / 10, `${broken} were broken`)
  t.ok(kept > runs.numRuns / 10, `${kept} were kept`)
})
