// Hostile origins against patterns that people write: none is allowed, every legitimate neighbour is.
import { readFileSync } from 'node:fs'
import t from 'tap'
import type { RequestFacts } from '../../src/fetch/request.ts'
import { OriginIndex } from '../../src/origin/lookup.ts'
import { readingSteps } from '../../src/route/path.ts'
import { compile } from '../../src/snapshot/compile.ts'
import { decide } from '../../src/snapshot/decide.ts'
import { headersFor } from '../../src/snapshot/headers.ts'
import type { Snapshot } from '../../src/snapshot/snapshot.ts'
import { originEntry, setOf } from '../inspect/arbitrary.ts'

interface Case { policy: string, origin?: string, mustDeny: boolean, class?: string, why?: string }
interface Vectors { about: { policies: Record<string, { pattern?: string, patterns?: string[], legit: string }> }, cases: Case[] }

const { about: { policies }, cases } = JSON.parse(readFileSync(new URL('../fixtures/hostile-origins.json', import.meta.url), 'utf8')) as Vectors

/** The class `length` names no value in some cases: these are the ones that grow a legitimate origin beyond every bound. */
const overlong = [
  (legit: string) => `${legit}:${'1'.repeat(320)}`,
  (legit: string) => `${legit}:${'0'.repeat(10_000)}443`,
  (legit: string) => `https://${'a'.repeat(64)}.${legit.slice(8)}`,
  (legit: string) => `https://${'a.'.repeat(130)}${legit.slice(8)}`,
  (legit: string) => `${'x'.repeat(65)}://${legit.slice(8)}`,
  (legit: string) => `${legit}${'/'.repeat(400)}`,
  (legit: string) => `${legit}${' '.repeat(400)}`,
  (legit: string) => `${legit}, ${legit}`.repeat(500),
  (legit: string) => legit + '.'.repeat(16_384)
]

function patternsOf (policy: string): readonly string[] {
  const { pattern, patterns } = policies[policy]!
  return patterns ?? [pattern!]
}

function snapshotOf (patterns: readonly string[]): Snapshot {
  return compile(setOf([{ name: 'rule', routes: ['/**'], allowOrigins: patterns, allowCredentials: !patterns.includes('*') }]), {
    settings: {
      unmatched: 'deny', pathReadings: new Set(readingSteps),
      router: { caseSensitive: true, ignoreTrailingSlash: false, ignoreDuplicateSlashes: false, useSemicolonDelimiter: false }
    },
    at: 0, generation: 1, revision: ''
  })
}

function requestOf (origin: string): RequestFacts {
  return {
    method: 'GET', target: '/x', host: 'api.test', scheme: 'https', origin, requestedMethod: undefined, requestedHeaders: undefined,
    requestsPrivateNetwork: false, fetchSite: undefined, upgrade: false, carriesCredentials: false, hostIsAmbiguous: false
  }
}

t.test('security 2 and 6: hostile origins and their neighbours', t => {
  const left = [...overlong]
  let denied = 0
  for (const [i, { policy, origin: given, mustDeny, class: kind, why }] of cases.entries()) {
    const patterns = patternsOf(policy)
    const origin = given ?? left.shift()?.(policies[policy]!.legit)
    if (origin === undefined) throw new Error('a case without an origin, and none left to stand for it')
    // The value itself might be read as a directive of the test protocol.
    const [said, extra] = [`case ${i} of ${policy}`, { origin, why: kind ?? why }]
    const slot = new OriginIndex(patterns.map((text, slot) => ({ pattern: originEntry(text).pattern, slot }))).find(origin)
    const request = requestOf(origin)
    const snapshot = snapshotOf(patterns)
    for (const facts of [request, { ...request, method: 'OPTIONS', requestedMethod: 'GET' }, { ...request, upgrade: true }]) {
      const decision = decide(snapshot, facts)
      const { set } = headersFor(decision, facts)
      if (mustDeny) {
        t.ok(slot < 0 && decision.outcome === 'denied' && set.length === 0, `${said} is denied`, extra)
      } else {
        const [, granted] = set.find(([name]) => name === 'access-control-allow-origin') ?? []
        const wanted = facts.upgrade ? undefined : policy === 'any' ? '*' : origin
        t.ok(slot >= 0 && decision.outcome === 'allowed' && granted === wanted, `${said} is allowed`, extra)
      }
    }
    if (mustDeny) denied++
  }
  t.same([cases.length, denied, left.length], [449, 397, 0], 'every case was tried')
  t.end()
})

t.test('the origin that a policy is meant for is allowed', t => {
  for (const [policy, { legit }] of Object.entries(policies)) t.equal(decide(snapshotOf(patternsOf(policy)), requestOf(legit)).outcome, 'allowed', policy)
  t.end()
})
