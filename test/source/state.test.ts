// What a source tells of itself, as the status shows it; its warnings; and the code of what it does not give.
import t from 'tap'
import { createKeeper } from '../../src/source/keeper.ts'
import { SourceError, type PolicySource, type SourceSet, type SourceState } from '../../src/source/source.ts'
import { policyText } from './lab.ts'

const set: SourceSet = { texts: [policyText('one')], stamp: { epoch: 20, generation: 5 } }

t.test('the state of a source, and where its set stands', async t => {
  let state: SourceState = { lookedAt: null }
  let reading: () => Promise<SourceSet> = async () => set
  let now = Date.parse('2026-01-01T00:00:00.000Z')
  const keeper = await createKeeper({ source: { read: () => reading(), state: () => state }, watch: false, now: () => now })
  t.teardown(() => keeper.close())
  t.match(keeper.status(), { published: { epoch: 20, generation: 5 }, source: { lookedAt: null }, lastAttempt: { at: '2026-01-01T00:00:00.000Z' } })
  const cases: [lookedAt: string, at: string, why: string][] = [
    ['2026-01-01T00:00:30.000Z', '2026-01-01T00:00:30.000Z', 'a later look is an attempt'],
    ['2025-12-31T23:59:59.000Z', '2026-01-01T00:00:00.000Z', 'an earlier one was not the last'],
    ['yesterday', '2026-01-01T00:00:00.000Z', 'what is no time is none']
  ]
  for (const [lookedAt, at, why] of cases) {
    state = { lookedAt, seen: { epoch: 20, generation: 7 }, watch: { fault: 'deaf' }, status: { writtenAt: null, fault: 'mute' } }
    t.match(keeper.status(), { state: 'ok', lastAttempt: { at, ok: true, diagnostics: [] }, source: state }, why)
  }
  now += 60_000
  reading = () => Promise.reject(new Error('gone'))
  await keeper.reload()
  t.match(keeper.status(), { published: { epoch: 20, generation: 5 }, lastAttempt: { at: '2026-01-01T00:01:00.000Z', ok: false } })
  state = { lookedAt: '2026-01-01T00:02:00.000Z' }
  t.match(keeper.status(), {
    lastAttempt: { at: state.lookedAt, ok: false, diagnostics: [{ message: 'gone' }] }, rejected: { since: '2026-01-01T00:01:00.000Z' }
  }, 'a look that fails as before')
  reading = async () => ({ texts: set.texts })
  await keeper.reload()
  t.match(keeper.status(), { state: 'ok', published: null }, 'a set without a place')
})

t.test('what a source warns of while it is watched', async t => {
  let warnOf: ((message: string) => void) | undefined
  const warnings: string[] = []
  const source: PolicySource = {
    read: async () => set,
    watch: (_changed, warn) => {
      warnOf = warn
      return () => {}
    }
  }
  const keeper = await createKeeper({ source, warn: message => { warnings.push(message) } })
  t.teardown(() => keeper.close())
  warnOf!('it is deaf')
  t.same(warnings, ['it is deaf'])
  t.equal(keeper.status().state, 'ok', 'a warning changes nothing')
  const silent = await createKeeper({ source })
  t.teardown(() => silent.close())
  t.doesNotThrow(() => { warnOf!('nobody hears') })
})

t.test('what is refused is told apart from what cannot be had', async t => {
  let error: Error = new Error('x')
  let isFirst = true
  const read: PolicySource['read'] = async () => {
    if (!isFirst) throw error
    isFirst = false
    return set
  }
  const keeper = await createKeeper({ source: { read }, watch: false })
  t.teardown(() => keeper.close())
  const cases: [error: Error, code: string, help?: string][] = [
    [new Error('x'), 'unreachable-source'],
    [new SourceError('here', 'x'), 'unreachable-source'],
    [new SourceError('here', 'x', { help: 'y', isRefusal: false }), 'unreachable-source', 'y'],
    [new SourceError('here', 'x', { isRefusal: true }), 'refused-source'],
    [new SourceError('here', 'x', { help: 'y', isRefusal: true }), 'refused-source', 'y']
  ]
  for (const [thrown, code, help] of cases) {
    error = thrown
    const { ok, diagnostics } = await keeper.reload()
    const file = thrown instanceof SourceError ? 'here' : 'policies'
    t.match([ok, diagnostics], [false, [{ code, severity: 'error', file, message: 'x', ...help !== undefined && { help } }]])
  }
})
