// Never worse: sets that lost too much are held back, and a start with a broken disk has the last good set.
import { chmodSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { createKeeper, PolicyError, type Keeper, type KeeperOptions } from '../../src/source/keeper.ts'
import { memorySource } from '../../src/source/memory.ts'
import { SourceError, type PolicySource } from '../../src/source/source.ts'
import { freshDirectory, policyText, rulesOf } from './lab.ts'

const broken = { name: 'broken.yaml', text: 'version: 1\nrules: {' }
const all = ['one', 'two', 'three', 'four'].map(name => policyText(name))

async function keep (t: Test, source: PolicySource, options: Partial<KeeperOptions> = {}): Promise<Keeper> {
  const keeper = await createKeeper({ source, watch: false, ...options })
  t.teardown(() => keeper.close())
  return keeper
}

t.test('minKept holds a set back that lost too much, until it is accepted', async t => {
  const source = memorySource(all)
  const keeper = await keep(t, source, { minKept: 0.5 })
  source.set(all.slice(0, 2))
  t.match(await keeper.reload(), { ok: true, generation: 2 }, 'half is enough')
  source.set(all)
  t.match(await keeper.reload(), { ok: true, generation: 3 })
  source.set(all.slice(0, 1))
  const held = await keeper.reload()
  t.match(held, { ok: false, generation: 3, diagnostics: [{ code: 'set-shrunk', message: /^only 1 of 4 rules and 1 of 4 origins would be left/ }] })
  t.match(await keeper.reload({ accept: keeper.current.revision }), { ok: false, generation: 3 }, 'another revision does not help')
  const { rejected, state } = keeper.status()
  t.equal(state, 'degraded')
  t.match(rejected!.diagnostics[0]!.help, rejected!.revision!)
  t.match(await keeper.reload({ accept: rejected!.revision! }), { ok: true, generation: 4 })
  t.equal(rulesOf(keeper), 'one')
  t.equal(keeper.status().state, 'ok')
})

t.test('what was accepted once is not accepted for ever', async t => {
  const source = memorySource(all)
  const keeper = await keep(t, source, { minKept: 1 })
  source.set(all.slice(0, 1))
  await keeper.reload()
  const accept = keeper.status().rejected!.revision!
  t.match(await keeper.reload({ accept }), { ok: true })
  source.set(all)
  t.match(await keeper.reload(), { ok: true })
  source.set(all.slice(0, 1))
  t.match(await keeper.reload(), { ok: false })
})

t.test('a rule that lost its origins counts, and so does a renamed one', async t => {
  const rules = (name: string, origins: readonly string[]): { name: string, text: string } => ({
    name: 'a.yaml', text: `version: 1\nrules:\n  - name: ${name}\n    routes: [/a]\n    allowOrigins: [${origins.map(origin => `"https://${origin}.example.com"`).join()}]\n`
  })
  const source = memorySource([rules('a', ['x', 'y', 'z'])])
  const keeper = await keep(t, source, { minKept: 0.4 })
  source.set([rules('a', ['x'])])
  t.match((await keeper.reload()).diagnostics, [{ message: /^only 1 of 3 origins would be left/ }])
  source.set([rules('b', ['x', 'y', 'z'])])
  t.match((await keeper.reload()).diagnostics, [{ message: /^only 0 of 1 rules would be left/ }])
})

t.test('the last known good set', async t => {
  const place = (t: Test): string => join(freshDirectory(t), 'last-good.json')
  const failing: PolicySource = { read: () => Promise.reject(new SourceError('policies', 'no such directory')) }

  async function leave (t: Test, path: string): Promise<string> {
    const source = memorySource([policyText('one')])
    const keeper = await keep(t, source, { lastKnownGood: path })
    for (const texts of [[policyText('two')], [broken]]) {
      source.set(texts)
      await keeper.reload()
    }
    await keeper.close()
    return keeper.current.revision
  }

  t.test('is served when the disk is broken or gone, and it is said', async t => {
    const path = place(t)
    const revision = await leave(t, path)
    t.equal(statSync(path).mode & 0o777, 0o600)
    t.same(readdirSync(join(path, '..')), ['last-good.json'], 'nothing is left beside it')
    for (const [source, code] of [[memorySource([broken]), undefined], [failing, 'unreachable-source']] as const) {
      const warnings: string[] = []
      const keeper = await keep(t, source, { lastKnownGood: path, warn: message => { warnings.push(message) } })
      t.equal(rulesOf(keeper), 'two')
      t.match(keeper.status(), {
        state: 'degraded', generation: 1, revision, lastAttempt: { ok: false }, rejected: { diagnostics: [code === undefined ? { file: 'broken.yaml' } : { code }] }
      })
      t.same(keeper.status().history.map(({ what }) => what), ['last-known-good', 'rejected'])
      t.equal(warnings.length, 1)
      t.match(warnings[0], /last known good set of \d{4}-\S+ \(\d+ s ago, revision \w+\) is in force instead/)
      t.match(warnings[0], code === undefined ? /broken\.yaml:/ : /no such directory/)
      await keeper.close()
    }
  })

  t.test('gives way to the first good set', async t => {
    const path = place(t)
    await leave(t, path)
    const source = memorySource([broken])
    const keeper = await keep(t, source, { lastKnownGood: path })
    source.set([policyText('three')])
    t.match(await keeper.reload(), { ok: true, generation: 2 })
    t.match(keeper.status(), { state: 'ok', rejected: null })
    await keeper.close()
    t.match(JSON.parse(readFileSync(path, 'utf8')), { revision: keeper.current.revision })
  })

  t.test('is not believed when it is damaged, and the start then fails as without it', async t => {
    const path = place(t)
    await leave(t, path)
    const good = readFileSync(path, 'utf8')
    const kept = JSON.parse(good) as { texts: unknown[] }
    const damaged = [
      '', good.slice(0, -20), 'null', '[]', '{"version":1}', good.replace('/two', '/other'), JSON.stringify({ ...kept, texts: [{ name: 1 }] }),
      JSON.stringify({ ...kept, texts: [broken] }), JSON.stringify({ ...kept, version: 2 })
    ]
    for (const text of damaged) {
      writeFileSync(path, text)
      await t.rejects(createKeeper({ source: memorySource([broken]), lastKnownGood: path }), PolicyError)
      await t.rejects(createKeeper({ source: failing, lastKnownGood: path }), { name: 'SourceError' })
    }
    await t.rejects(createKeeper({ source: failing, lastKnownGood: `${path}.missing` }), { name: 'SourceError' })
  })

  t.test('that can\'t be written harms nothing', async t => {
    const path = place(t)
    mkdirSync(path)
    chmodSync(path, 0o755)
    const warnings: string[] = []
    const source = memorySource([policyText('one')])
    const keeper = await keep(t, source, { lastKnownGood: path, warn: message => { warnings.push(message) } })
    source.set([policyText('two')])
    t.match(await keeper.reload(), { ok: true })
    await keeper.close()
    t.equal(warnings.length, 2)
    t.match(warnings[0], /could not be kept/)
  })
})
