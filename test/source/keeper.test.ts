// The keeper: last good stays, nothing is lost, nothing is said twice, windows open and close on time.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { createKeeper, PolicyError, type Keeper, type KeeperOptions } from '../../src/source/keeper.ts'
import { memorySource } from '../../src/source/memory.ts'
import { SourceError, type PolicySource } from '../../src/source/source.ts'
import { freshDirectory, policy, policyText, rulesOf, until, writeFiles } from './lab.ts'

const broken = { name: 'broken.yaml', text: 'version: 1\nrules: {' }

async function keep (t: Test, source: PolicySource, options: Partial<KeeperOptions> = {}): Promise<Keeper> {
  const keeper = await createKeeper({ source, ...options })
  t.teardown(() => keeper.close())
  return keeper
}

/** What a keeper says, one line an event. */
function record (keeper: Keeper): string[] {
  const lines: string[] = []
  keeper.on('reload', ({ snapshot }) => { lines.push(`reload ${snapshot.generation} ${rulesOf({ current: snapshot })}`) })
  keeper.on('rejected', ({ diagnostics, snapshot }) => {
    lines.push(`rejected ${snapshot.generation} ${diagnostics.filter(({ severity }) => severity === 'error').map(({ file }) => file).join()}`)
  })
  keeper.on('restored', ({ snapshot }) => { lines.push(`restored ${snapshot.generation}`) })
  keeper.on('window', ({ snapshot }) => { lines.push(`window ${snapshot.generation}`) })
  return lines
}

t.test('a start', async t => {
  t.test('with an invalid set fails with every finding', async t => {
    const source = memorySource([broken, { name: 'other.yaml', text: 'version: 2\nrules: []\n' }])
    const error = await createKeeper({ source }).then(() => null, (error: unknown) => error)
    t.ok(error instanceof PolicyError)
    const { diagnostics, message } = error as PolicyError
    t.same([...new Set(diagnostics.map(({ file }) => file))], ['broken.yaml', 'other.yaml'])
    for (const { file, line, column, code } of diagnostics) t.ok(message.includes(`${file}:${line}:${column}`) && message.includes(code))
  })

  t.test('with an empty set fails, unless it is meant', async t => {
    await t.rejects(createKeeper({ source: memorySource([]) }), PolicyError)
    const keeper = await keep(t, memorySource([]), { build: { allowEmpty: true } })
    t.match(keeper.status(), { state: 'ok', rules: 0, generation: 1 })
  })

  t.test('fails with the source\'s own error where it can\'t be read', async t => {
    await t.rejects(createKeeper({ source: { read: () => Promise.reject(new SourceError('policies', 'no such directory')) } }),
      { name: 'SourceError', message: 'policies: no such directory' })
    await t.rejects(createKeeper({ source: { read: () => new Promise(() => {}) }, readTimeout: 20 }), { name: 'SourceError' })
  })

  t.test('with a finding of the source that is an error fails', async t => {
    const finding = {
      severity: 'error', code: 'not-a-regular-file', message: 'a FIFO', file: 'x.yaml', line: 1, column: 1, endLine: 1, endColumn: 1
    } as const
    const error = await createKeeper({ source: { read: async () => ({ texts: [policyText('one')], diagnostics: [finding] }) } })
      .then(() => null, (error: unknown) => error)
    t.ok(error instanceof PolicyError)
    t.same((error as PolicyError).diagnostics, [finding])
  })
})

t.test('the status has the keys that scripts hold on to', async t => {
  const source = memorySource([policyText('one')])
  const keeper = await keep(t, source, { version: '1.2.3', now: () => Date.UTC(2026, 0, 1) })
  const at = '2026-01-01T00:00:00.000Z'
  const { revision } = keeper.current
  const settings = { unmatched: 'deny', allowEmpty: false, watch: true, reload: 'auto' }
  t.match(keeper.status().settings, settings)
  t.same({ ...keeper.status(), settings }, {
    state: 'ok', generation: 1, revision, rules: 1, origins: 1, loadedAt: at, lastAttempt: { at, ok: true, diagnostics: [] }, rejected: null,
    published: null, source: null, watch: 'events', upcoming: [], history: [{ at, what: 'start', generation: 1, revision, errors: 0, warnings: 0 }], settings, version: '1.2.3'
  })
  source.set([policyText('two'), broken])
  await until(() => keeper.status().state === 'degraded')
  const { rejected, lastAttempt, generation, rules } = keeper.status()
  t.match({ rejected, lastAttempt, generation, rules }, {
    rejected: { since: at, diagnostics: [{ file: 'broken.yaml' }] }, lastAttempt: { at, ok: false, diagnostics: [{ file: 'broken.yaml' }] }, generation: 1, rules: 1
  })
  t.not(rejected!.revision, revision)
  t.match(rejected!.diagnostics[0]!.frame, /^\d \| .*\S\n {2}\| +\^+$/, 'with the line itself')
  t.doesNotThrow(() => JSON.stringify(keeper.status()))
})

t.test('security 20: what is not good never replaces what is', async t => {
  let answer: () => ReturnType<PolicySource['read']> = async () => ({ texts: [policyText('one')] })
  const keeper = await keep(t, { read: () => answer() })
  const lines = record(keeper)
  const { current } = keeper
  const bad: readonly (typeof answer)[] = [
    async () => ({ texts: [policyText('two'), broken] }),
    async () => ({ texts: [] }),
    async () => { throw new SourceError('policies', 'no such directory') },
    async () => { throw new Error('EIO') },
    () => { throw new Error('at once') },
    async () => null as never
  ]
  for (const reading of bad) {
    answer = reading
    for (let i = 0; i < 3; i++) {
      const { ok, generation, diagnostics } = await keeper.reload()
      t.same({ ok, generation }, { ok: false, generation: 1 })
      t.ok(diagnostics.some(({ severity }) => severity === 'error'))
    }
    t.equal(keeper.current, current)
    t.equal(keeper.status().state, 'degraded')
  }
  t.equal(lines.length, bad.length, 'each is said once')
  answer = async () => ({ texts: [policyText('one')] })
  t.same(await keeper.reload(), { ok: true, generation: 1, diagnostics: [] })
  t.match(keeper.status(), { state: 'ok', rejected: null })
  t.equal(lines.at(-1), 'restored 1')
  answer = async () => ({ texts: [policyText('two')] })
  t.match(await keeper.reload(), { ok: true, generation: 2 })
  t.equal(rulesOf(keeper), 'two')
})

t.test('equal sets are no reload, in whatever order they come', async t => {
  const [one, two] = [policyText('one'), policyText('two')]
  const source = memorySource([one, two])
  const keeper = await keep(t, source)
  const lines = record(keeper)
  for (const texts of [[one, two], [two, one], [{ ...one }, two]]) {
    source.set(texts)
    await keeper.reload()
  }
  t.same(lines, [])
  t.equal(keeper.current.generation, 1)
})

t.test('a rejection is told again when something else was there meanwhile', async t => {
  const source = memorySource([policyText('one')])
  const keeper = await keep(t, source, { watch: false })
  const lines = record(keeper)
  for (const texts of [[broken], [broken], [policyText('one')], [broken], [policyText('two')]]) {
    source.set(texts)
    await keeper.reload()
  }
  t.same(lines, ['rejected 1 broken.yaml', 'restored 1', 'rejected 1 broken.yaml', 'reload 2 two'])
  t.same(keeper.status().history.map(({ what }) => what), ['start', 'rejected', 'restored', 'rejected', 'reload'])
})

t.test('the history is bounded, newest last', async t => {
  const source = memorySource([policyText('p0')])
  const keeper = await keep(t, source)
  for (let i = 1; i <= 150; i++) {
    source.set([policyText(`p${i}`)])
    await keeper.reload()
  }
  const { history } = keeper.status()
  t.equal(history.length, 100)
  t.equal(history.at(-1)!.generation, 151)
})

t.test('a listener that throws harms nobody', async t => {
  const source = memorySource([policyText('one')])
  const warnings: string[] = []
  const keeper = await keep(t, source, { watch: false, warn: message => { warnings.push(message) } })
  keeper.on('reload', () => { throw new Error('mine') })
  const rejects: () => unknown = async () => { throw new Error('later') }
  keeper.on('reload', rejects)
  const lines = record(keeper)
  source.set([policyText('two')])
  t.match(await keeper.reload(), { ok: true, generation: 2 })
  t.same(lines, ['reload 2 two'])
  t.same(warnings, ['a listener failed: mine', 'a listener failed: later'])
  const off = keeper.on('reload', () => { t.fail('was removed') })
  off()
  source.set([policyText('three')])
  await keeper.reload()
})

t.test('without watching, and by hand, only reload() reads', async t => {
  for (const options of [{ watch: false }, { reload: 'manual' }] as const) {
    const source = memorySource([policyText('one')])
    const keeper = await keep(t, source, options)
    t.equal(keeper.status().watch, 'off')
    source.set([policyText('two')])
    await sleep(50)
    t.equal(rulesOf(keeper), 'one')
    await keeper.reload()
    t.equal(rulesOf(keeper), 'two')
  }
})

t.test('nothing that arrives during a reload is lost, and no two readings overlap', async () => {
  const step = fc.record({ pause: fc.nat(6), reading: fc.nat(6), isBroken: fc.boolean(), calls: fc.nat(2) })
  const delays = fc.array(step, { minLength: 1, maxLength: 12 })
  await fc.assert(fc.asyncProperty(delays, async steps => {
    let texts = [policyText('start')]
    let changed = (): void => {}
    let reading = 0
    let pause = 0
    const source: PolicySource = {
      watch: tell => {
        changed = tell
        return () => {}
      },
      read: async () => {
        if (++reading > 1) throw new Error('two readings at once')
        const taken = texts
        await sleep(pause)
        reading--
        return { texts: taken }
      }
    }
    const keeper = await createKeeper({ source })
    for (const [i, step] of steps.entries()) {
      pause = step.reading
      texts = step.isBroken ? [broken] : [policyText(`p${i}`)]
      changed()
      const here = texts
      for (let call = 0; call < step.calls; call++) {
        void keeper.reload().then(({ ok }) => {
          if (texts === here && ok === step.isBroken) throw new Error('answered for another state')
        })
      }
      await sleep(step.pause)
    }
    texts = [policyText('end')]
    changed()
    const isThere = await until(() => rulesOf(keeper) === 'end')
    await keeper.reload()
    await keeper.close()
    return isThere && rulesOf(keeper) === 'end' && keeper.status().state === 'ok'
  }), { numRuns: 40 })
})

t.test('rules start and end on time', async t => {
  const start = Date.UTC(2026, 5, 1)
  const windows = [
    policyText('always'),
    policyText('sale', `    notBefore: ${new Date(start).toISOString()}\n    expires: ${new Date(start + 3_600_000).toISOString()}\n`)
  ]
  const inForce = ({ current }: Keeper): string => current.rules.filter(rule => rule.isInForce).map(({ name }) => name).sort().join(' ')

  t.test('by a timer, also without watching', async t => {
    let ahead = start - Date.now() - 300
    const keeper = await keep(t, memorySource(windows), { watch: false, now: () => Date.now() + ahead, clockCheck: 50 })
    const lines = record(keeper)
    const { revision } = keeper.current
    t.equal(inForce(keeper), 'always')
    t.same(keeper.status().upcoming, [
      { at: '2026-06-01T00:00:00.000Z', rule: 'sale', what: 'starts' }, { at: '2026-06-01T01:00:00.000Z', rule: 'sale', what: 'ends' }
    ])
    t.ok(await until(() => inForce(keeper) === 'always sale'))
    t.same(lines, ['window 2'])
    t.match(keeper.current, { generation: 2, revision })
    t.same(keeper.status().upcoming.map(({ what }) => what), ['ends'])
    ahead += 3_600_000
    t.ok(await until(() => inForce(keeper) === 'always'), 'a clock that jumps is noticed')
    t.same(keeper.status().upcoming, [])
    ahead -= 3_600_000
    t.ok(await until(() => inForce(keeper) === 'always sale'), 'also one that is set back')
    ahead -= 3_600_000
    t.ok(await until(() => inForce(keeper) === 'always'))
    t.same(lines, ['window 2', 'window 3', 'window 4', 'window 5'])
    t.match(keeper.status(), { state: 'ok', revision, generation: 5 })
  })

  t.test('also those of a set that was reloaded', async t => {
    const ahead = start - Date.now() - 300
    const source = memorySource([policyText('one')])
    const keeper = await keep(t, source, { now: () => Date.now() + ahead })
    source.set(windows)
    await keeper.reload()
    t.ok(await until(() => inForce(keeper) === 'always sale'))
    t.equal(keeper.current.generation, 3)
  })

  t.test('a window that opens and closes unseen is no trouble', async t => {
    let now = start - 1_000
    const keeper = await keep(t, memorySource(windows), { now: () => now, clockCheck: 5 })
    now = start + 4_000_000
    t.ok(await until(() => keeper.current.generation === 2))
    await sleep(100)
    t.equal(keeper.current.generation, 2, 'once is enough')
  })

  t.test('while a broken set is there, too', async t => {
    let now = start - 1_000
    const source = memorySource(windows)
    const keeper = await keep(t, source, { now: () => now, watch: false })
    source.set([broken])
    now = start
    t.match(await keeper.reload(), { ok: false, generation: 2 })
    t.equal(inForce(keeper), 'always sale')
    source.set([policyText('one')])
    t.match(await keeper.reload(), { ok: true, generation: 3 })
  })
})

t.test('closing ends everything', async t => {
  t.test('a reading under way changes nothing any more', async t => {
    const source = memorySource([policyText('one')])
    const keeper = await keep(t, source)
    const lines = record(keeper)
    const reloads = [keeper.reload(), keeper.reload()]
    source.set([policyText('two')])
    await keeper.close()
    await keeper.close()
    await Promise.all(reloads)
    t.match(await keeper.reload(), { ok: false, generation: 1 })
    t.same(lines, [])
    t.equal(rulesOf(keeper), 'one')
  })

  t.test('a source that does not heed its signal is not waited for', async t => {
    let readings = 0
    const source: PolicySource = { read: () => readings++ === 0 ? Promise.resolve({ texts: [policyText('one')] }) : new Promise(() => {}) }
    const keeper = await keep(t, source, { readTimeout: 60_000 })
    const reloading = keeper.reload()
    await sleep(20)
    t.equal(await Promise.race([keeper.close().then(() => 'closed'), sleep(20_000, 'still waiting', { ref: false })]), 'closed')
    t.match(await reloading, { ok: false, generation: 1 })
  })

  t.test('the process ends by itself', async t => {
    const root = freshDirectory(t)
    writeFiles(root, { 'one.yaml': policy('one', '    expires: 2099-01-01T00:00:00Z\n') })
    const child = fork(join(import.meta.dirname, 'closing.ts'), [root], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
    child.disconnect()
    const timer = setTimeout(() => child.kill(), 60_000)
    const [code] = await once(child, 'exit') as [number | null]
    clearTimeout(timer)
    t.equal(code, 0)
  })
})
