// The compiled decision and the plain one say the same of every request: two evaluators, written apart, as each other's oracle.
import fc from 'fast-check'
import t from 'tap'
import { fastDecision, plainDecision } from '../../src/inspect/agree.ts'
import { judge } from '../../src/inspect/judge.ts'
import { compile } from '../../src/snapshot/compile.ts'
import { blocked, facts, now, ruleTexts, runs, setOf, settings } from './arbitrary.ts'

t.test('security 1, 6, 9 and 11: decide and headersFor agree with judge', t => {
  const seen = new Map<string, number>()
  fc.assert(fc.property(ruleTexts, blocked, settings, fc.array(facts, { minLength: 1, maxLength: 6, size: 'max' }), (rules, blockedOrigins, settings, requests) => {
    const set = setOf(rules, blockedOrigins)
    const snapshot = compile(set, { settings, at: now, generation: 1, revision: 'r' })
    for (const request of requests) {
      const plain = plainDecision(judge(set, settings, now, request))
      const key = `${plain.kind} ${plain.reason}`
      seen.set(key, (seen.get(key) ?? 0) + 1)
      const fast = fastDecision(snapshot, request)
      if (JSON.stringify(fast) !== JSON.stringify(plain)) {
        throw new Error(`\nfast:  ${JSON.stringify(fast)}\nplain: ${JSON.stringify(plain)}`)
      }
    }
  }), runs)
  // The generator is worth something only if every kind of answer is frequent.
  if (process.env['SHOW'] !== undefined) t.comment([...seen].sort((a, b) => b[1] - a[1]).map(([key, count]) => `${key}: ${count}`).join('\n'))
  const expected = [
    'none not-cors',
    ...['same-origin', 'path-ambiguous', 'no-policy', 'origin-malformed', 'origin-blocked', 'origin-not-allowed', 'outside-validity', 'origin-excepted',
      'method-not-allowed', 'allowed'].map(reason => `actual ${reason}`),
    ...['path-ambiguous', 'no-policy', 'origin-malformed', 'origin-blocked', 'origin-not-allowed', 'outside-validity', 'origin-excepted',
      'method-not-allowed', 'header-not-allowed', 'private-network-not-allowed', 'allowed'].map(reason => `preflight ${reason}`),
    ...['same-origin', 'path-ambiguous', 'no-policy', 'origin-not-allowed', 'credentials-not-allowed', 'allowed'].map(reason => `upgrade ${reason}`)
  ]
  for (const key of expected) t.ok((seen.get(key) ?? 0) >= runs.numRuns / 1000, `${key} was seen ${seen.get(key) ?? 0} times`)
  t.end()
})
