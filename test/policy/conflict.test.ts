// What the checks claim about whole sets, held against a plain search over every origin and path of a small world.
import fc from 'fast-check'
import t from 'tap'
import { parseOrigin } from '../../src/origin/origin.ts'
import { parseOriginPattern } from '../../src/origin/parse.ts'
import { matchesOrigin } from '../../src/origin/pattern.ts'
import { checkPolicies } from '../../src/policy/check.ts'
import type { PolicySet } from '../../src/policy/policy.ts'
import { defaultRouterOptions } from '../../src/route/path.ts'
import { parseRoutePattern } from '../../src/route/pattern.ts'
import { compile } from '../../src/snapshot/compile.ts'
import { decide } from '../../src/snapshot/decide.ts'
import { makeRule, makeSet, type RuleDraft } from './make.ts'

const numRuns = Number(process.env['RUNS'] ?? 10_000)
const at = 0
const check = (set: PolicySet): ReturnType<typeof checkPolicies> => checkPolicies(set, { at, expiredAcceptance: 'error' })

/** Words of a small alphabet, so that patterns meet often. */
function words (alphabet: string, maxLength: number): string[] {
  let last = ['']
  const all: string[] = []
  for (let i = 0; i < maxLength; i++) {
    last = last.flatMap(word => [...alphabet].map(letter => word + letter))
    all.push(...last)
  }
  return all
}

const hosts = [
  'a*.x', 'b*.x', '*a.x', '*b.x', 'a*b.x', 'a*a.x', 'aa*.x', '*aa.x', 'ab*.x', 'ab*a.x', 'a*ba.x', 'a_*.x', '*_a.x',
  'a*.a.x', 'b.a*.x', 'a.b*.x', 'a*.b.x', 'aa.a*.x', 'a*.aa.x', 'a*b.a.x', 'ab.*b.x',
  '*.x', '*.a.x', '*.aa.x', '*.b.a.x', '*', 'a.x', 'aa.x', 'ab.x', 'a.a.x', 'b.a.x', 'aab.x', 'a_a.x'
]
const texts = [
  ...hosts.flatMap(host => ['https://', 'http://'].flatMap(scheme => ['', ':8443', ':*'].map(port => `${scheme}${host}${port}`))),
  'null', '*', 'app://*', 'app://a.x'
]
const labels = words('ab', 4)
const longer = [...words('ab', 2), 'aab', 'aba', 'abb', 'bab']
const worldHosts = [
  ...labels.map(label => `${label}.x`), 'a_a.x', 'a_b.x', 'a_.x', 'b_a.x', '_a.x', 'a_aa.x', 'aa_a.x', 'zz.x', 'x', 'zz',
  ...longer.flatMap(label => longer.map(other => `${label}.${other}.x`)), 'b.b.a.x', 'zz.b.a.x', 'a.aa.aa.x'
]
const world = ['null', 'not an origin', 'app://a.x', 'app://zz', ...worldHosts.flatMap(host => [
  `https://${host}`, `https://${host}:8443`, `https://${host}:9999`, `http://${host}`, `http://${host}:8443`, `http://${host}:9999`
])]

/** The numbers of the origins that each pattern matches. */
const matches = new Map(texts.map(text => {
  const { pattern } = parseOriginPattern(text)
  return [text, new Set(world.flatMap((origin, i) => matchesOrigin(pattern!, origin, parseOrigin(origin)) ? [i] : []))]
}))

/** How specific a pattern is, read off its text as policy-language says: kind, literal characters of the host, exact port. */
function specificity (text: string): string {
  if (text === '*') return 'any'
  if (text === 'null') return 'exact null'
  const [, host = '', port = ''] = /^[a-z]+:\/\/([^:]*)(.*)$/.exec(text) ?? []
  const kind = !host.includes('*') ? 'exact' : host === '*' ? 'any-host' : host.startsWith('*.') ? 'subdomains' : 'glob'
  return `${kind} ${host.replace('*', '').length} ${port === ':*' ? 'any port' : 'port'}`
}

function share (a: ReadonlySet<number>, b: ReadonlySet<number>): boolean {
  for (const each of a) if (b.has(each)) return true
  return false
}

function includes (a: ReadonlySet<number>, b: ReadonlySet<number>): boolean {
  for (const each of b) if (!a.has(each)) return false
  return true
}

const routes = ['/a', '/A', '/a/', '/a/*', '/A/*', '/a/:p', '/a/:q', '/:p', '/*', '/a/**', '/b/:p/c', '/b/:p/C']
const origin = fc.constantFrom(...texts)
/** Those among which most ties are: one scheme and port, the star within a label. */
const glob = fc.constantFrom(...texts.filter(text => /^https:.*(?:[ab_]\*|\*[ab_]).*x$/.test(text)))
const moment = fc.option(fc.constantFrom(-1, 0, 1, 2), { nil: null, freq: 3 })
const draft = fc.record({
  routes: fc.oneof({ weight: 3, arbitrary: fc.constant(['/a']) }, fc.uniqueArray(fc.constantFrom(...routes), { minLength: 1, maxLength: 2 })),
  hosts: fc.oneof({ weight: 4, arbitrary: fc.constant([]) }, fc.constantFrom(['h.x'], ['*.x'], ['h.x', '*.x'])),
  origins: fc.oneof({ weight: 2, arbitrary: fc.uniqueArray(glob, { maxLength: 6 }) }, fc.uniqueArray(origin, { maxLength: 4 })),
  passthrough: fc.oneof({ weight: 20, arbitrary: fc.constant(false) }, fc.constant(true)),
  notBefore: moment,
  expires: moment
})
const drafts = fc.array(draft, { minLength: 2, maxLength: 5 }).map(list => list.map((each, i) => ({ name: `r${i}`, ...each })))

/** Where a rule holds: host and route, with the names of parameters left out. */
function placesOf ({ hosts = [], routes }: RuleDraft): string[] {
  const shapes = routes.flatMap(route => parseRoutePattern(route).patterns!.map(({ shape }) => shape))
  return (hosts.length === 0 ? ['every'] : hosts).flatMap(host => shapes.map(shape => `${host} ${shape}`))
}

function windowsMeet (a: RuleDraft, b: RuleDraft): boolean {
  return [-2, -1, 0, 1, 2, 3].some(now => [a, b].every(({ notBefore, expires }) => (notBefore ?? -9) <= now && now < (expires ?? 9)))
}

/** Every pair of rules that ties on some place, by trying all. */
function tiesOf (rules: readonly RuleDraft[]): Set<string> {
  const found = new Set<string>()
  for (const [i, a] of rules.entries()) {
    for (const b of rules.slice(i + 1)) {
      if (!placesOf(a).some(place => placesOf(b).includes(place))) continue
      const meet = a.passthrough === true || b.passthrough === true ||
        (windowsMeet(a, b) && (a.origins as string[]).some(one => (b.origins as string[]).some(other =>
          specificity(one) === specificity(other) && share(matches.get(one)!, matches.get(other)!))))
      if (meet) found.add(`${a.name} ${b.name}`)
    }
  }
  return found
}

/** Whether two places differ only in letter case or a trailing slash, and lead to different rules. */
function hasLookAlikes (rules: readonly RuleDraft[]): boolean {
  const places = new Map<string, Set<string>>()
  for (const rule of rules) for (const place of placesOf(rule)) places.set(place, (places.get(place) ?? new Set()).add(rule.name))
  const plain = (place: string): string => place.toLowerCase().replace(/(.)\/$/, '$1')
  return [...places].some(([one, names]) => [...places].some(([other, others]) =>
    plain(one) === plain(other) && [...names].join() !== [...others].join()))
}

t.test('conflict: reported for exactly the rules that tie', async t => {
  let [ties, none] = [0, 0]
  fc.assert(fc.property(drafts, rules => {
    const conflicts = check(makeSet(rules.map(makeRule))).filter(({ code }) => code === 'conflict')
    const isLookAlike = ({ message }: { message: string }): boolean => message.includes('differ only in')
    const pairs = conflicts.filter(each => !isLookAlike(each)).map(({ message }) => /`(r\d)` and `(r\d)`/.exec(message)!.slice(1).sort().join(' '))
    const expected = tiesOf(rules)
    if (expected.size > 0) ties++
    else none++
    const same = [...new Set(pairs)].sort().join() === [...expected].sort().join()
    return same && conflicts.some(isLookAlike) === hasLookAlikes(rules) && conflicts.every(({ related }) => related?.length === 1)
  }), { numRuns })
  t.ok(ties > numRuns / 10 && none > numRuns / 10, `both happen: ${ties} with ties, ${none} without`)
})

t.test('covered-origin: reported for exactly the entries whose every origin another entry matches', async t => {
  let covered = 0
  fc.assert(fc.property(fc.uniqueArray(origin, { maxLength: 8 }), origins => {
    const reported = new Set<string>()
    for (const { code, message } of check(makeSet([makeRule({ name: 'r', routes: ['/a'], origins })]))) {
      if (code !== 'covered-origin') continue
      const [, entry, cover] = /^`(.+)` is covered by `(.+)`, in/.exec(message)!
      if (!includes(matches.get(cover!)!, matches.get(entry!)!)) return false
      reported.add(entry!)
    }
    const expected = origins.filter(entry => origins.some(other => other !== entry && includes(matches.get(other)!, matches.get(entry)!)))
    covered += expected.length
    return [...reported].sort().join() === [...expected].sort().join()
  }), { numRuns })
  t.ok(covered > numRuns / 10, `${covered} covered entries`)
})

t.test('covered-origin: to leave the entry out changes no decision', async t => {
  const origins = fc.uniqueArray(origin.filter(text => text !== '*'), { minLength: 1, maxLength: 5 })
  const rule = fc.record({ routes: fc.constant(['/a']), origins })
  let left = 0
  fc.assert(fc.property(fc.array(rule, { minLength: 1, maxLength: 3 }), list => {
    const rules = list.map((each, i) => ({ name: `r${i}`, ...each }))
    const found = check(makeSet(rules.map(makeRule)))
    if (found.some(({ code }) => code === 'conflict')) return true
    for (const { message } of found.filter(({ code }) => code === 'covered-origin')) {
      left++
      const [, entry, name] = /^`(.+)` is covered by .*rule `(r\d)`/.exec(message)!
      const less = rules.map(each => each.name === name ? { ...each, origins: each.origins.filter(text => text !== entry) } : each)
      const [before, after] = [rules, less].map(each => decider(makeSet(each.map(makeRule))))
      if (world.some(origin => before!('/a', origin) !== after!('/a', origin))) return false
    }
    return true
  }), { numRuns: Math.ceil(numRuns / 20) })
  t.ok(left > 0, `${left} entries were left out`)
})

/** Which rule decides a request, or null. */
function decider (set: PolicySet): (target: string, origin: string) => string | null {
  const settings = { unmatched: 'deny', router: defaultRouterOptions, pathReadings: new Set<never>() } as const
  const snapshot = compile(set, { settings, at, generation: 1, revision: '' })
  return (target, origin) => decide(snapshot, {
    method: 'GET', target, host: 'h.x', scheme: 'https', origin, requestedMethod: undefined, requestedHeaders: undefined,
    requestsPrivateNetwork: false, fetchSite: undefined, upgrade: false, carriesCredentials: false, hostIsAmbiguous: false
  }).rule?.name ?? null
}

const paths = ['a', 'b', 'z', ''].flatMap(one => [`/${one}`, ...['a', 'z', ''].flatMap(two => [`/${one}/${two}`, ...['a', 'z', ''].flatMap(three =>
  [`/${one}/${two}/${three}`, `/${one}/${two}/${three}/z`, `/${one}/${two}/${three}/`])])])

const senders = ['https://a.x', 'https://b.x', 'https://zz.x', 'null']

t.test('unreachable-rule: reported for exactly the rules that decide no path', async t => {
  const route = fc.constantFrom('/*', '/:p', '/:p/*', '/:p/:q', '/:p/:q/*', '/a/*', '/a/:p', '/a/:p/*', '/a/:p/:q', '/a/:p/:q/*', '/a/z', '/a/z/*', '/a')
  const origins = fc.constantFrom(['https://a.x'], ['https://b.x'], ['https://a.x', 'https://b.x'], ['https://*.x'], ['null'])
  const rule = fc.record({ routes: fc.uniqueArray(route, { minLength: 1, maxLength: 4 }), origins })
  let unreachable = 0
  fc.assert(fc.property(fc.array(rule, { minLength: 1, maxLength: 4 }), fc.constantFrom([], ['https://a.x'], ['https://*.x']), (list, blocked) => {
    const set = makeSet(list.map((each, i) => makeRule({ name: `r${i}`, ...each })), blocked)
    const found = check(set)
    if (found.some(({ code }) => code === 'conflict')) return true
    const reported = found.filter(({ code }) => code === 'unreachable-rule').map(({ message }) => /^rule `(r\d)`/.exec(message)![1]!)
    const which = decider(set)
    const deciding = new Set(paths.flatMap(path => senders.map(origin => which(path, origin))))
    const expected = set.rules.map(({ name }) => name).filter(name => !deciding.has(name))
    unreachable += expected.length
    return reported.sort().join() === expected.sort().join()
  }), { numRuns: Math.ceil(numRuns / 4) })
  t.ok(unreachable > numRuns / 100, `${unreachable} unreachable rules`)
})

t.test('narrower-route: what is said to be withheld is withheld, and granted by the broader rule', async t => {
  const route = fc.constantFrom('/*', '/:p', '/:p/*', '/a/*', '/a/:p', '/a/z', '/a')
  const routes = fc.uniqueArray(route, { minLength: 1, maxLength: 2 })
  const rule = fc.record({ routes, origins: fc.uniqueArray(origin, { maxLength: 3 }) })
  let told = 0
  fc.assert(fc.property(fc.array(rule, { minLength: 2, maxLength: 3 }), list => {
    const rules = list.map((each, i) => ({ name: `r${i}`, ...each }))
    const found = check(makeSet(rules.map(makeRule)))
    if (found.some(({ code }) => code === 'conflict')) return true
    const alone = (name: string): ReturnType<typeof decider> => decider(makeSet(rules.filter(each => each.name === name).map(makeRule)))
    const together = decider(makeSet(rules.map(makeRule)))
    return found.filter(({ code }) => code === 'narrower-route').every(({ message }) => {
      const [, narrow, text, name] = /^`(.+?)` of .* grants nothing to `(.+?)`.*, which .* of rule `(r\d)` does$/.exec(message) ?? []
      if (narrow === undefined) return true
      told++
      const path = narrow.replace(/:\w+/g, 'zz').replace('*', 'zz/zz')
      const broader = alone(name!)
      return [...matches.get(text!)!].map(i => world[i]!).some(origin => broader(path, origin) === name && together(path, origin) === null)
    })
  }), { numRuns: Math.ceil(numRuns / 10) })
  t.ok(told > 0, `${told} claims`)
})
