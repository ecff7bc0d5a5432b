// The last denials are kept for who comes later, and keep no snapshot alive.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { build } from '../../src/build.ts'
import { DecisionFeed } from '../../src/plugin/feed.ts'
import { decide } from '../../src/snapshot/decide.ts'
import type { RuleGroup } from '../../src/snapshot/snapshot.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

const facts = {
  method: 'GET', target: '/a?secret', host: 'api.example.com', scheme: 'https', origin: 'https://evil.example', requestedMethod: undefined,
  requestedHeaders: undefined, requestsPrivateNetwork: false, fetchSite: undefined, upgrade: false, carriesCredentials: false,
  hostIsAmbiguous: false
} as const

function denyOnce (feed: DecisionFeed): WeakRef<RuleGroup> {
  const { snapshot } = build([{ name: 'a.yaml', text: 'version: 1\nrules:\n  - name: a\n    routes: [/a]\n    allowOrigins: [https://app.example.com]\n' }])
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
  t.match(feed.recent(), [{ kind: 'actual', reason: 'origin-not-allowed', rule: null, route: '/a', path: '/a', origin: 'https://evil.example', generation: 7 }])
})
