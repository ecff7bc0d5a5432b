// Large sets are prepared on a thread and put together in pieces: the outcome is the one of building at once.
import { setImmediate as nextTurn } from 'node:timers/promises'
import t from 'tap'
import { build, prepare, type BuildOptions, type ParsedFiles } from '../../src/build.ts'
import type { SourceText } from '../../src/diagnostic/span.ts'
import { packSet, SetAssembly } from '../../src/policy/transfer.ts'
import { ruleSpan } from '../../src/policy/rule-spans.ts'
import type { PolicySet } from '../../src/policy/policy.ts'
import { decide } from '../../src/snapshot/decide.ts'
import { headersFor } from '../../src/snapshot/headers.ts'
import type { Snapshot } from '../../src/snapshot/snapshot.ts'
import { Builder } from '../../src/source/builder.ts'

const at = Date.parse('2026-11-25T00:00:00Z')
const options: BuildOptions = { at }

/** A set of several files that uses every kind of value that travels: sets, hosts, windows, exceptions, acceptances, defaults. */
function largeSet (rules: number): SourceText[] {
  const shared = `version: 1
originSets:
  big: [${Array.from({ length: 1200 }, (_, i) => `https://shop-${i}.example.com`).join(', ')}]
blockedOrigins: [https://shop-3.example.com]
`
  const files: SourceText[] = [{ name: 'sets.yaml', text: shared }]
  for (let from = 0; from < rules; from += 100) {
    const entries = Array.from({ length: Math.min(100, rules - from) }, (_, i) => from + i).map(n => `  - name: rule-${n}
    routes: [/service-${n}/**]
    allowOrigins: [${n % 2 === 0 ? '$big' : `http://app-${n}.example.com, "https://pr-*.app-${n}.example.com"`}]
${n % 3 === 0 ? '    exceptOrigins: [https://shop-7.example.com]\n' : ''}${n % 5 === 0 ? '    notBefore: 2026-01-01T00:00:00Z\n    expires: 2028-01-01T00:00:00Z\n' : ''}${n % 7 === 0 ? '    hosts: [api.example.com, "*.internal.example.com"]\n' : ''}    allowCredentials: true
    acceptRisks:
      - risk: insecure-origin
        reason: the test asks for it
`)
    files.push({ name: `rules-${from}.yaml`, text: `version: 1\ndefaults:\n  allowHeaders: [content-type]\n  maxAge: 5m\nrules:\n${entries.join('')}` })
  }
  return files
}

/** What a few requests at each rule get, as text. */
function answersOf (snapshot: Snapshot): string {
  const lines: string[] = []
  for (let n = 0; n < snapshot.rules.length; n++) {
    for (const origin of [`http://app-${n}.example.com`, `https://pr-1.app-${n}.example.com`, 'https://shop-3.example.com', 'https://shop-7.example.com', 'https://shop-9.example.com']) {
      for (const host of ['api.example.com', 'a.internal.example.com', 'other.example']) {
        const facts = {
          method: 'OPTIONS', target: `/service-${n}/x`, host, scheme: 'https', origin, requestedMethod: 'PUT', requestedHeaders: 'content-type',
          requestsPrivateNetwork: false, fetchSite: undefined, upgrade: false, carriesCredentials: false, hostIsAmbiguous: false
        } as const
        const decision = decide(snapshot, facts)
        lines.push(`${n} ${origin} ${host} ${decision.reason} ${decision.rule?.name} ${JSON.stringify(headersFor(decision, facts))}`)
      }
    }
  }
  return lines.join('\n')
}

/** Plain data as text, with a source for its name. */
function plain (value: unknown): string {
  return JSON.stringify(value, (key, each: unknown) => key === 'source' ? (each as SourceText).name : each instanceof Map ? [...each] : each)
}

/** The places of everything in a set, as text. */
function placesOf (set: PolicySet): string {
  return set.rules.map(rule => [rule.span, ruleSpan(rule, 'maxAge'), ruleSpan(rule, 'allowHeaders', 0), ...rule.routes.map(({ span }) => span),
    ...rule.allowOrigins.slice(0, 3).map(({ span }) => span), ...rule.acceptRisks.map(({ span }) => span)]
    .map(({ source, start, end }) => `${source.name}:${start}-${end}`).join()).join('\n')
}

t.test('a set that is taken to pieces and put together is the same set', async t => {
  const texts = largeSet(250)
  const { set } = build(texts, options)
  const assembly = new SetAssembly(texts)
  let whole: PolicySet | null = null
  let pieces = 0
  for (const piece of packSet(set!, texts)) {
    if (whole !== null) t.fail('only the last piece gives the set')
    pieces++
    whole = assembly.add(structuredClone(piece))
  }
  t.ok(pieces > 7, `${pieces} pieces`)
  t.equal(plain({ ...whole, rules: [] }), plain({ ...set!, rules: [] }))
  for (const [i, rule] of whole!.rules.entries()) {
    const { allowOrigins, ...rest } = rule
    const { allowOrigins: before, ...restBefore } = set!.rules[i]!
    t.equal(allowOrigins.length, before.length)
    t.equal(plain(rest), plain(restBefore))
  }
  t.equal(placesOf(whole!), placesOf(set!))
  t.ok(whole!.rules.every(({ span }) => texts.includes(span.source)), 'no text has travelled')
  const lists = new Set(whole!.rules.filter((_, i) => set!.rules[i]!.allowOrigins.length > 2).map(({ allowOrigins }) => allowOrigins))
  t.equal(lists.size, 1, 'rules that shared a list still do')
})

t.test('building on a thread is building', async t => {
  const builder = new Builder()
  t.teardown(() => builder.close())
  const texts = largeSet(300)
  const here = build(texts, { ...options, generation: 3 })
  const there = await builder.build(texts, { ...options, generation: 3 })
  t.match(there, { ok: true, revision: here.revision, files: 4, rules: 300 })
  const { revision, origins, routes, nextBoundary } = here.snapshot!
  t.match(there.snapshot, { generation: 3, revision, at, origins, routes, nextBoundary })
  t.strictSame(there.diagnostics, here.diagnostics)
  t.equal(answersOf(there.snapshot!), answersOf(here.snapshot!))

  t.test('also after one file changed, and with mistakes', async t => {
    const changed = texts.map(source => source.name === 'rules-100.yaml' ? { ...source, text: source.text.replaceAll('maxAge: 5m', 'maxAge: 6m') } : source)
    const [hereNow, thereNow] = [build(changed, options), await builder.build(changed, options)]
    t.not(hereNow.revision, here.revision)
    t.equal(answersOf(thereNow.snapshot!), answersOf(hereNow.snapshot!))
    const broken = changed.map(source => source.name === 'sets.yaml' ? { ...source, text: source.text.replace('big:', 'bog:') } : source)
    const [hereBroken, thereBroken] = [build(broken, options), await builder.build(broken, options)]
    t.match(thereBroken, { ok: false, snapshot: null, set: null })
    t.strictSame(thereBroken.diagnostics, hereBroken.diagnostics)
    t.ok(thereBroken.diagnostics.length > 10)
  })

  t.test('requests have their turns meanwhile', async t => {
    let turns = 0
    let isBuilt = false
    const count = async (): Promise<void> => {
      while (!isBuilt) {
        await nextTurn()
        turns++
      }
    }
    const counting = count()
    await builder.build(largeSet(2000), options)
    isBuilt = true
    await counting
    t.ok(turns > 40, `${turns} turns`)
  })

  t.test('a small set comes at once, and lets the thread go', async t => {
    const small = [{ name: 'a.yaml', text: 'version: 1\nrules:\n  - name: a\n    routes: [/a]\n    allowOrigins: [https://a.example]\n' }]
    t.match(await builder.build(small, options), { ok: true, rules: 1 })
  })
})

t.test('a closed builder ends what it is at', async t => {
  const builder = new Builder()
  const building = builder.build(largeSet(500), options)
  await builder.close()
  await t.rejects(building)
})

t.test('options that mean nothing are refused, large set or not', async t => {
  const builder = new Builder()
  t.teardown(() => builder.close())
  await t.rejects(builder.build(largeSet(300), { at: 'yesterday' }), TypeError)
})

t.test('what was parsed is used again only for the very same text', async t => {
  const known: ParsedFiles = new Map()
  const texts = largeSet(120)
  prepare(texts, options, known)
  const before = new Map(known)
  const changed = texts.map(source => source.name === 'rules-0.yaml' ? { ...source, text: source.text.replace('rule-0\n', 'rule-zero\n') } : source)
  t.match(prepare(changed, options, known), { ok: true })
  t.equal(known.get('rules-100.yaml'), before.get('rules-100.yaml'))
  t.not(known.get('rules-0.yaml'), before.get('rules-0.yaml'))
  prepare(texts.slice(0, 2), options, known)
  t.same([...known.keys()], ['rules-0.yaml', 'sets.yaml'], 'files that are gone are forgotten')
  t.strictSame(prepare(texts, options, known), prepare(texts, options))
})
