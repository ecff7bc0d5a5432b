// The promise of every policy source as checks that any test framework can run.
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { SourceText } from '../diagnostic/span.ts'
import type { PolicySource } from './source.ts'

/** A source, and how to change what it reads from. */
export interface SourceUnderTest {
  readonly source: PolicySource
  /** Makes these texts the whole set, in one step: no reading may find a part of them. */
  readonly put: (texts: readonly SourceText[]) => void | Promise<void>
  /** Makes the source unreadable until the next `put`. Left out for a source that always can be read. */
  readonly sever?: () => void | Promise<void>
  /** Called at the end of a check, whatever came of it. */
  readonly end?: () => void | Promise<void>
}

/** One check. `run` rejects, with an `AssertionError` or the source's own error, where the promise is broken. */
export interface SourceCheck {
  readonly name: string
  readonly run: () => Promise<void>
}

/** How long checks wait, in milliseconds. */
export interface ContractOptions {
  /** For a change to be told; 10 s unless given. */
  readonly patience?: number
  /** For a word that must not come: longer than the source needs to notice a change. 500 ms unless given. */
  readonly silence?: number
}

/**
 * What every source must do, whatever it reads from. `make` gives a fresh one for each check, which notices changes as
 * soon as it can. Checks about watching pass at once for a source without `watch`.
 *
 * ```js
 * import { test } from 'node:test'
 * import { sourceContract } from 'fastify-cors-gateway/source-contract'
 *
 * for (const { name, run } of sourceContract(makeMySource)) test(name, run)
 * ```
 */
export function sourceContract (make: () => SourceUnderTest | Promise<SourceUnderTest>, options: ContractOptions = {}): SourceCheck[] {
  const { patience = 10_000, silence = 500 } = options
  return Object.entries(checks).map(([name, check]) => ({
    name,
    run: async () => {
      const subject = await make()
      const stops: Stop[] = []
      const watch = (changed: () => void): Stop => {
        const stop = subject.source.watch!(changed)
        stops.push(stop)
        return stop
      }
      try {
        await check({ ...subject, watch, until: (what, isSo) => until(what, isSo, patience), silence })
      } finally {
        for (const stop of stops) await stop()
        await subject.end?.()
      }
    }
  }))
}

type Stop = () => void | Promise<void>

/** What a check works with. What it watches is stopped at its end. */
interface Bench extends SourceUnderTest {
  readonly watch: (changed: () => void) => Stop
  readonly until: (what: string, isSo: () => boolean) => Promise<void>
  readonly silence: number
}

const first: readonly SourceText[] = [{ name: 'a.yaml', text: 'a' }, { name: 'sub/b.yml', text: 'ü\r\n' }]
const second: readonly SourceText[] = [{ name: 'a.yaml', text: 'changed' }, { name: 'c.yaml', text: '' }]

const checks: Readonly<Record<string, (bench: Bench) => Promise<void>>> = {
  'every reading gives the complete set, as it is now': async ({ source, put }) => {
    for (const texts of [first, second, [], first]) {
      await put(texts)
      assert.deepEqual(await textsOf(source), texts)
      assert.deepEqual(await textsOf(source), texts)
    }
  },

  'a reading while the set changes gives it before or after, or rejects': async ({ source, put }) => {
    await put(first)
    let isChanging = true
    const changing = (async () => {
      for (let i = 0; i < 20; i++) {
        await put(i % 2 === 0 ? second : first)
        await sleep(10)
      }
    })().finally(() => { isChanging = false })
    while (isChanging) {
      const texts = await textsOf(source).catch(() => first)
      if (!isSame(texts, first)) assert.deepEqual(texts, second)
      // A reading that waits for nothing would leave no turn for the change.
      await sleep(1)
    }
    await changing
    assert.deepEqual(await textsOf(source), first)
  },

  'a set that was given away does not change': async ({ source, put }) => {
    await put(first)
    const { texts } = await source.read(new AbortController().signal)
    const copy = structuredClone(texts)
    await put(second)
    await textsOf(source)
    assert.deepEqual(texts, copy)
  },

  'an aborted reading rejects': async ({ source, put }) => {
    await put(first)
    await assert.rejects(source.read(AbortSignal.abort(new Error('enough'))), /enough|abort/i)
  },

  'what cannot be read rejects, and is never taken for an empty set': async ({ source, put, sever }) => {
    if (sever === undefined) return
    await put(first)
    await textsOf(source)
    await sever()
    await assert.rejects(textsOf(source))
    await put(second)
    assert.deepEqual(await textsOf(source), second)
  },

  'what it tells of itself can be asked at any time, and shown': async ({ source, put, sever }) => {
    if (source.state === undefined) return
    const look = (): void => {
      const state = source.state!()
      assert.deepEqual(JSON.parse(JSON.stringify(state)), state)
      assert.ok(state.lookedAt === null || !Number.isNaN(Date.parse(state.lookedAt)), `\`lookedAt\` is ${state.lookedAt}`)
    }
    look()
    await put(first)
    await textsOf(source)
    look()
    await sever?.()
    await textsOf(source).catch(() => {})
    look()
  },

  'whoever watches is told of a change, and reads it then': async ({ source, put, watch, until }) => {
    if (source.watch === undefined) return
    await put(first)
    let [told, toldToo] = [0, 0]
    watch(() => { told++ })
    watch(() => { toldToo++ })
    for (const texts of [second, first]) {
      [told, toldToo] = [0, 0]
      await put(texts)
      await until('both are told of a change', () => told > 0 && toldToo > 0)
      assert.deepEqual(await textsOf(source), texts)
    }
  },

  'of many changes the last one is told, too': async ({ source, put, watch, until }) => {
    if (source.watch === undefined) return
    await put(first)
    let seen: readonly SourceText[] = []
    watch(() => {
      textsOf(source).then(texts => { seen = texts }, () => {})
    })
    for (let i = 0; i < 30; i++) {
      await put([{ name: 'a.yaml', text: String(i) }])
      await sleep(5)
    }
    await until('the last change is read', () => seen[0]?.text === '29' && seen.length === 1)
  },

  'whoever watches is told when the source cannot be read, and when it can be again': async ({ source, put, sever, watch, until }) => {
    if (sever === undefined || source.watch === undefined) return
    await put(first)
    let state = ''
    const look = async (): Promise<void> => {
      state = await textsOf(source).then(([text]) => text?.text ?? '', () => 'unreadable')
    }
    watch(() => { void look() })
    await sever()
    await until('the fault is told', () => state === 'unreadable')
    await put(second)
    await until('the recovery is told', () => state === 'changed')
  },

  'nobody is told after the end, and whoever goes on watching still is': async ({ source, put, watch, until, silence }) => {
    if (source.watch === undefined) return
    await put(first)
    let [told, toldToo] = [0, 0]
    const stop = watch(() => { told++ })
    const stopToo = watch(() => { toldToo++ })
    await put(second)
    await until('both are told', () => told > 0 && toldToo > 0)
    await stop()
    const before = told
    toldToo = 0
    await put(first)
    await until('the other one is told', () => toldToo > 0)
    await stopToo()
    const beforeToo = toldToo
    await put(second)
    await sleep(silence)
    assert.deepEqual([told, toldToo], [before, beforeToo], 'told after the end')
  }
}

async function textsOf (source: PolicySource): Promise<readonly SourceText[]> {
  const { texts } = await source.read(new AbortController().signal)
  return texts.map(({ name, text }) => ({ name, text })).sort((a, b) => a.name < b.name ? -1 : 1)
}

function isSame (texts: readonly SourceText[], others: readonly SourceText[]): boolean {
  return JSON.stringify(texts) === JSON.stringify(others)
}

async function until (what: string, isSo: () => boolean, patience: number): Promise<void> {
  const end = performance.now() + patience
  while (!isSo()) {
    if (performance.now() > end) assert.fail(`not within ${patience} ms: ${what}`)
    await sleep(10)
  }
}
