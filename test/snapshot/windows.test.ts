// Rules that share origins and take turns: the one inside its validity window decides, wherever its name sorts it.
import t from 'tap'
import type { RequestFacts } from '../../src/fetch/request.ts'
import { fastDecision, plainDecision } from '../../src/inspect/agree.ts'
import { judge } from '../../src/inspect/judge.ts'
import { defaultRouterOptions, readingSteps } from '../../src/route/path.ts'
import { compile } from '../../src/snapshot/compile.ts'
import type { Settings } from '../../src/snapshot/snapshot.ts'
import { setOf, type RuleText } from '../inspect/arbitrary.ts'

const settings: Settings = { unmatched: 'deny', router: defaultRouterOptions, pathReadings: new Set(readingSteps) }
const request: RequestFacts = {
  method: 'GET', target: '/a', host: 'api.test', scheme: 'https', origin: 'https://x1.a.example', requestedMethod: undefined, requestedHeaders: undefined,
  requestsPrivateNetwork: false, fetchSite: undefined, upgrade: false, carriesCredentials: false, hostIsAmbiguous: false
}

/** Two rules that meet at 10 and end at 20, in either order of their names. */
function turns (grant: Partial<RuleText>, wanted: readonly (readonly [at: number, outcome: string, reason: string, rule: string])[]): void {
  for (const [early, late] of [['a', 'b'], ['b', 'a']] as const) {
    const set = setOf([
      { ...grant, name: early, routes: ['/a'], notBefore: null, expires: 10 }, { ...grant, name: late, routes: ['/a'], notBefore: 10, expires: 20 }
    ])
    t.equal(set.rules.length, 2)
    for (const [at, outcome, reason, rule] of wanted) {
      const snapshot = compile(set, { settings, at, generation: 1, revision: 'r' })
      const decision = fastDecision(snapshot, request)
      const name = rule === 'early' ? early : rule === 'late' ? late : decision.rule
      t.match(decision, { outcome, reason, rule: name }, `${early} before ${late}, at ${at}`)
      if (rule !== 'either') t.strictSame(decision, plainDecision(judge(set, settings, at, request)))
    }
  }
}

t.test('rules with origins of equal specificity', async () => {
  for (const origins of [['https://x1.a.example'], ['https://*.a.example'], ['https://x*.a.example'], ['https://*'], ['https://x1.a.example:*'], ['*']]) {
    turns({ allowOrigins: origins }, [
      [0, 'allowed', 'allowed', 'early'], [9, 'allowed', 'allowed', 'early'], [10, 'allowed', 'allowed', 'late'], [19, 'allowed', 'allowed', 'late'],
      [20, 'denied', 'outside-validity', 'either']
    ])
  }
})

t.test('rules that leave the answer to the upstream', async () => {
  turns({ passthrough: true }, [
    [0, 'passthrough', 'allowed', 'early'], [10, 'passthrough', 'allowed', 'late'], [20, 'denied', 'outside-validity', 'either']
  ])
})

t.test('a rule outside its window yields to an equally specific one, whatever else their globs share', async () => {
  for (const names of [['a', 'b', 'c'], ['b', 'c', 'a'], ['c', 'a', 'b'], ['c', 'b', 'a']]) {
    const [bare, now, later] = names as [string, string, string]
    const set = setOf([
      { name: bare, routes: ['/a'], allowOrigins: ['https://*-q.a.example', 'https://p-1-q.a*.example'] },
      { name: now, routes: ['/a'], allowOrigins: ['https://p-*.a.example:*'], expires: 10 },
      { name: later, routes: ['/a'], allowOrigins: ['https://*-q.a.example:*'], notBefore: 10 }
    ])
    t.equal(set.rules.length, 3)
    const asked = { ...request, origin: 'https://p-1-q.a.example:8443' }
    for (const [at, rule] of [[9, now], [10, later]] as const) {
      const decision = fastDecision(compile(set, { settings, at, generation: 1, revision: 'r' }), asked)
      t.match(decision, { outcome: 'allowed', rule }, `${names.join()} at ${at}`)
      t.strictSame(decision, plainDecision(judge(set, settings, at, asked)))
    }
  }
})
