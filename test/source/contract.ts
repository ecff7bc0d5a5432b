// What every policy source must do, whatever it reads from.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import type { SourceText } from '../../src/diagnostic/span.ts'
import type { PolicySource } from '../../src/source/source.ts'
import { until } from './lab.ts'

/** A source, and how to change what it reads from. */
export interface SourceUnderTest {
  readonly source: PolicySource
  /** Makes these texts the whole set. */
  readonly put: (texts: readonly SourceText[]) => void | Promise<void>
}

const first: readonly SourceText[] = [{ name: 'a.yaml', text: 'a' }, { name: 'sub/b.yml', text: 'ü\r\n' }]
const second: readonly SourceText[] = [{ name: 'a.yaml', text: 'changed' }, { name: 'c.yaml', text: '' }]

async function textsOf (source: PolicySource): Promise<readonly SourceText[]> {
  const { texts } = await source.read(new AbortController().signal)
  return [...texts].sort((a, b) => a.name < b.name ? -1 : 1)
}

/** Puts a kind of source to the test; `make` gives a fresh one each time. */
export function testSource (t: Test, make: (t: Test) => SourceUnderTest | Promise<SourceUnderTest>): void {
  t.test('every reading gives the complete set, as it is now', async t => {
    const { source, put } = await make(t)
    for (const texts of [first, second, first]) {
      await put(texts)
      t.same(await textsOf(source), texts)
      t.same(await textsOf(source), texts)
    }
  })

  t.test('a set that was given away does not change', async t => {
    const { source, put } = await make(t)
    await put(first)
    const { texts } = await source.read(new AbortController().signal)
    await put(second)
    t.same(texts, first)
  })

  t.test('an aborted reading rejects', async t => {
    const { source, put } = await make(t)
    await put(first)
    await t.rejects(source.read(AbortSignal.abort(new Error('enough'))), { message: /enough|abort/i })
  })

  t.test('whoever watches is told of a change, and reads it then', async t => {
    const { source, put } = await make(t)
    await put(first)
    let [told, toldToo] = [0, 0]
    const stops = [
      source.watch!(() => { told++ }),
      source.watch!(() => { toldToo++ })
    ]
    for (const texts of [second, first]) {
      [told, toldToo] = [0, 0]
      await put(texts)
      t.ok(await until(() => told > 0 && toldToo > 0), 'both are told')
      t.same(await textsOf(source), texts)
    }
    for (const stop of stops) await stop()
  })

  t.test('of many changes the last one is told, too', async t => {
    const { source, put } = await make(t)
    await put(first)
    let seen: readonly SourceText[] = []
    const stop = source.watch!(() => {
      textsOf(source).then(texts => { seen = texts }, () => {})
    })
    for (let i = 0; i < 30; i++) {
      await put([{ name: 'a.yaml', text: String(i) }])
      await sleep(5)
    }
    t.ok(await until(() => seen[0]?.text === '29' && seen.length === 1))
    await stop()
  })

  t.test('nobody is told after the end', async t => {
    const { source, put } = await make(t)
    await put(first)
    let told = 0
    const stop = source.watch!(() => { told++ })
    await put(second)
    await until(() => told > 0)
    await stop()
    const before = told
    await put(first)
    await sleep(500)
    t.equal(told, before)
  })
}
