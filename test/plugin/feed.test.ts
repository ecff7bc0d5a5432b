// The last denials are kept for who comes later, and keep no snapshot alive.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { build } from '../../src/build.ts'
import type { RequestFacts } from '../../src/fetch/request.ts'
import { DecisionFeed } from '../../src/plugin/feed.ts'
import { corsFields, placeOf, showValue } from '../../src/plugin/log.ts'
import { decide } from '../../src/snapshot/decide.ts'
import type { RuleGroup } from '../../src/snapshot/snapshot.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

const facts = {
  method: 'GET', target: '/a?secret', host: 'api.example.com', scheme: 'https', origin: 'https://evil.example', requestedMethod: undefined,
  requestedHeaders: undefined, requestsPrivateNetwork: false, fetchSite: undefined, upgrade: false, carriesCredentials: false,
  hostIsAmbiguous: false
} as const

const policies = [{ name: 'a.yaml', text: 'version: 1\nrules:\n  - name: a\n    routes: [/a]\n    allowOrigins: [https://app.example.com]\n' }]

function denyOnce (feed: DecisionFeed): WeakRef<RuleGroup> {
  const { snapshot } = build(policies)
  const decision = decide(snapshot!, facts)
  feed.denied({ facts, decision, generation: 7, view: null })
  return new WeakRef(decision.bucket!.group)
}

t.test('a denial outlives the rules that made it', async t => {
  const feed = new DecisionFeed()
  const group = denyOnce(feed)
  t.ok(group.deref(), 'still there in this turn')
  await new Promise(resolve => { setTimeout(resolve, 20) })
  collect()
  t.equal(group.deref(), undefined, 'free again')
  t.has(feed.recent(), [{ kind: 'actual', reason: 'origin-not-allowed', rule: null, route: '/a', path: '/a', origin: 'https://evil.example', generation: 7 }])
})

const long = (begin: string): string => begin + 'a'.repeat(15_000)
const { snapshot } = build(policies)

function deny (feed: DecisionFeed, more: Partial<RequestFacts>): void {
  const asked = { ...facts, ...more }
  feed.denied({ facts: asked, decision: decide(snapshot!, asked), generation: 7, view: null })
}

t.test('long values are shown as if all of them were kept', async t => {
  const table: Record<string, Partial<RequestFacts>> = {
    origin: { origin: long('https://') },
    'origin of escapes': { origin: '\xe9'.repeat(2000) },
    target: { target: long('/b') },
    'target with a long query': { target: `/b?${long('c')}` },
    host: { host: long('h.') },
    preflight: { method: 'OPTIONS', requestedMethod: long('P'), requestedHeaders: long('x-') },
    'beyond the basic plane': { target: `/${'\u{1f600}'.repeat(600)}` },
    'cut inside a pair': { target: `/${'a'.repeat(255)}${'\u{1f600}'.repeat(600)}` }
  }
  for (const [name, more] of Object.entries(table)) {
    const feed = new DecisionFeed()
    deny(feed, more)
    const asked = { ...facts, ...more }
    const decided = { facts: asked, decision: decide(snapshot!, asked), generation: 7 }
    const requestedHeaders = asked.requestedHeaders === undefined ? null : showValue(asked.requestedHeaders)
    const [{ id, at, ...shown } = { id: 0, at: 0 }, ...others] = feed.recent()
    t.strictSame(shown, { ...corsFields(decided), ...placeOf(decided), scheme: 'https', requestedHeaders }, name)
    t.ok(typeof id === 'number' && id > 0 && at > 0, `${name}: has its number and time`)
    t.strictSame(others, [], `${name}: alone`)
  }
})

t.test('a hundred denials of long values are small', async t => {
  const feed = new DecisionFeed()
  const heap = (): number => {
    collect()
    return process.memoryUsage().heapUsed
  }
  deny(feed, {})
  const before = heap()
  for (let i = 0; i < 100; i++) deny(feed, { origin: long(`https://${i}.`), target: long(`/${i}`) })
  const kept = heap() - before
  t.ok(kept < 500_000, `${kept} bytes for 3,000,000 of values`)
  t.equal(feed.recent().length, 100)
})
