// The order of files and of rules never matters: every order decides every request alike.
import fc from 'fast-check'
import t from 'tap'
import { build } from '../../src/build.ts'
import type { Diagnostic } from '../../src/diagnostic/diagnostic.ts'
import type { RequestFacts } from '../../src/fetch/request.ts'
import { fastDecision, type Comparable } from '../../src/inspect/agree.ts'
import type { PolicySet, Rule } from '../../src/policy/policy.ts'
import { defaultRouterOptions } from '../../src/route/path.ts'
import { compile } from '../../src/snapshot/compile.ts'
import type { Snapshot } from '../../src/snapshot/snapshot.ts'
import { blocked, facts, now, ruleTexts, runs, setOf, settings, type RuleText } from '../inspect/arbitrary.ts'

interface Source { readonly name: string, readonly text: string }

const moment = (at: number): string => new Date(at).toISOString()

const risks = [
  'any-host-credentials', 'null-origin', 'insecure-origin', 'public-suffix-wildcard', 'any-port-credentials', 'all-headers-credentials', 'loopback-origin'
]

/** A rule as it would be written; JSON is YAML. What isn't said is left out. */
function write (rule: RuleText): object {
  const { name, hosts, routes, notBefore, expires, passthrough, ...rest } = rule
  const window = { notBefore: typeof notBefore === 'number' ? moment(notBefore) : null, expires: typeof expires === 'number' ? moment(expires) : null }
  const grant = passthrough === true ? { passthrough } : { ...rest, acceptRisks: risks.map(risk => ({ risk, reason: 'a test' })) }
  const said = Object.entries({ name, hosts, routes, ...window, ...grant })
  return Object.fromEntries(said.filter(([key, value]) => value !== null && !(Array.isArray(value) && value.length === 0 && key !== 'allowOrigins')))
}

/** The rules parted into files by a pick for each. */
function files (rules: readonly RuleText[], picks: readonly number[], blockedOrigins: readonly string[]): Source[] {
  return [0, 1, 2].map(file => {
    const here = rules.filter((_, i) => (picks[i] ?? 0) === file)
    const document = { version: 1, ...file === 0 && { blockedOrigins }, ...here.length > 0 && { rules: here.map(write) } }
    return { name: `${file}.yaml`, text: JSON.stringify(document) }
  })
}

/** What every request gets, or which findings the set has; the places of these depend on the order, and so are left out. */
function outcomes (texts: readonly Source[], requests: readonly RequestFacts[]): string {
  const { snapshot, diagnostics } = build(texts, { at: now, router: defaultRouterOptions, allowEmpty: true })
  return snapshot === null
    ? JSON.stringify(errorsOf(diagnostics))
    : JSON.stringify(requests.map(request => decisionOf(snapshot, request)))
}

/**
 * The codes of errors, each as often as it is found. Of two rules in conflict the later one is told of, and two conflicts
 * at one entry of it are one finding: how many there are depends on the order, whether there is one does not.
 */
function errorsOf (diagnostics: readonly Diagnostic[]): string[] {
  const codes = diagnostics.filter(({ severity }) => severity === 'error').map(({ code }) => code)
  return codes.filter((code, i) => code !== 'conflict' || codes.indexOf(code) === i).sort()
}

/** The route is named as the first of several rules writes it: its text is no part of the decision. */
function decisionOf (snapshot: Snapshot, request: RequestFacts): Comparable {
  return { ...fastDecision(snapshot, request), route: null }
}

const cases = ruleTexts.chain(rules => {
  // Only what is valid together: sets with conflicts are no sets.
  const names = new Set(setOf(rules).rules.map(({ name }) => name))
  const valid = rules.filter(({ name }, i) => names.has(name) && rules.findIndex(rule => rule.name === name) === i)
  return fc.tuple(fc.constant(valid), fc.shuffledSubarray(valid, { minLength: valid.length }))
})

/** A set with its rules, and each rule's entries, in the order of some random numbers. */
function shuffle (set: PolicySet, numbers: readonly number[]): PolicySet {
  let drawn = 0
  const mix = <T>(list: readonly T[]): T[] => list
    .map(item => ({ item, key: numbers[drawn++ % numbers.length]! })).sort((a, b) => a.key - b.key).map(({ item }) => item)
  const rules = set.rules.map((rule): Rule => ({
    ...rule, hosts: mix(rule.hosts), routes: mix(rule.routes), allowOrigins: mix(rule.allowOrigins), exceptOrigins: mix(rule.exceptOrigins)
  }))
  return { ...set, rules: mix(rules), blockedOrigins: mix(set.blockedOrigins) }
}

t.test('any order of rules and of their entries compiles alike', t => {
  const numbers = fc.array(fc.nat(), { minLength: 7, maxLength: 30 })
  const requests = fc.array(facts, { minLength: 1, maxLength: 6, size: 'max' })
  fc.assert(fc.property(ruleTexts, blocked, settings, numbers, requests, (rules, blockedOrigins, settings, numbers, requests) => {
    const set = setOf(rules, blockedOrigins)
    const [one, other] = [set, shuffle(set, numbers)].map(set => compile(set, { settings, at: now, generation: 1, revision: 'r' }))
    for (const request of requests) {
      const [a, b] = [one!, other!].map(snapshot => {
        const decision = decisionOf(snapshot, request)
        // Of two rules that tie and are both outside their windows, either may be named: both deny.
        return JSON.stringify(decision.reason === 'outside-validity' ? { ...decision, rule: null, status: 0, vary: [] } : decision)
      })
      if (a !== b) throw new Error(`${a}\n${b}`)
    }
  }), runs)
  t.pass()
  t.end()
})

t.test('any order of files and rules builds alike, from text to decision', t => {
  let valid = 0
  // Each case parses, checks and compiles two whole sets.
  const fewer = { ...runs, numRuns: Math.ceil(runs.numRuns / 20) }
  const picks = fc.array(fc.nat(2), { minLength: 8, maxLength: 8 })
  const requests = fc.array(facts, { minLength: 20, maxLength: 20 })
  fc.assert(fc.property(cases, picks, picks, blocked, requests, ([rules, others], p, q, blockedOrigins, requests) => {
    const one = outcomes(files(rules, p, blockedOrigins), requests)
    const other = outcomes(files(others, q, blockedOrigins).reverse(), requests)
    if (one.startsWith('[{')) valid++
    if (one !== other) throw new Error(`${one}\n${other}`)
  }), fewer)
  t.ok(valid > fewer.numRuns / 3, `${valid} sets were valid`)
  t.end()
})
