// The contract of sources itself: it accepts a source that keeps it, and each way to break it fails the check that is about it.
import t from 'tap'
import type { SourceText } from '../../src/diagnostic/span.ts'
import { sourceContract, type SourceUnderTest } from '../../src/source/contract.ts'
import type { PolicySource, SourceSet, SourceState } from '../../src/source/source.ts'

type Texts = readonly SourceText[]

/** A source in memory of which a part can be replaced by a worse one. */
class Parts {
  texts: SourceText[] = []
  isSevered = false
  readonly watchers = new Set<() => void>()

  read (signal: AbortSignal): Promise<SourceSet> {
    if (signal.aborted) return Promise.reject(signal.reason as Error)
    return this.isSevered ? Promise.reject(new Error('out of reach')) : Promise.resolve({ texts: this.texts })
  }

  watch (changed: () => void): () => void {
    const watcher = (): void => { changed() }
    this.watchers.add(watcher)
    return () => { this.watchers.delete(watcher) }
  }

  state (): SourceState {
    return { lookedAt: null, watch: { fault: null } }
  }

  set (texts: Texts): void {
    this.texts = [...texts]
    this.isSevered = false
    this.tell()
  }

  sever (): void {
    this.isSevered = true
    this.tell()
  }

  tell (): void {
    for (const watcher of this.watchers) watcher()
  }

  subject (): SourceUnderTest {
    const source: PolicySource = { read: signal => this.read(signal), watch: changed => this.watch(changed), state: () => this.state() }
    return {
      source,
      put: texts => { this.set(texts) },
      sever: () => { this.sever() }
    }
  }
}

const impatient = { patience: 200, silence: 50 }

async function brokenBy (make: () => SourceUnderTest): Promise<string[]> {
  const broken: string[] = []
  for (const { name, run } of sourceContract(make, impatient)) {
    await run().catch(() => { broken.push(name) })
  }
  return broken
}

t.test('a source that keeps it', async t => {
  t.same(await brokenBy(() => new Parts().subject()), [])
  t.same(await brokenBy(() => {
    const parts = new Parts()
    return { source: { read: signal => parts.read(signal) }, put: texts => { parts.set(texts) } }
  }), [], 'one that cannot tell and always can be read')
})

const breaches: Readonly<Record<string, [broken: string, make: () => Parts]>> = {
  'gives a part of the set': ['every reading gives the complete set, as it is now', () => new class extends Parts {
    override set (texts: Texts): void { super.set(texts.slice(0, 1)) }
  }()],
  'gives what has changed only': ['every reading gives the complete set, as it is now', () => new class extends Parts {
    #given: Texts = []
    override async read (signal: AbortSignal): Promise<SourceSet> {
      const { texts } = await super.read(signal)
      const changed = texts.filter(text => !this.#given.includes(text))
      this.#given = texts
      return { texts: changed }
    }
  }()],
  'mixes two states': ['a reading while the set changes gives it before or after, or rejects', () => new class extends Parts {
    override async read (signal: AbortSignal): Promise<SourceSet> {
      const [head] = this.texts
      await new Promise(resolve => { setTimeout(resolve, 20) })
      const { texts } = await super.read(signal)
      return { texts: head === undefined || texts.length === 0 ? texts : [head, ...texts.slice(1)] }
    }
  }()],
  'changes what it gave': ['a set that was given away does not change', () => new class extends Parts {
    override set (texts: Texts): void {
      this.texts.splice(0, Infinity, ...texts)
      this.isSevered = false
      this.tell()
    }
  }()],
  'does not heed its signal': ['an aborted reading rejects', () => new class extends Parts {
    override read (): Promise<SourceSet> { return super.read(new AbortController().signal) }
  }()],
  'takes a fault for an empty set': ['what cannot be read rejects, and is never taken for an empty set', () => new class extends Parts {
    override async read (signal: AbortSignal): Promise<SourceSet> {
      signal.throwIfAborted()
      return super.read(signal).catch(() => ({ texts: [] }))
    }
  }()],
  'tells one watcher': ['whoever watches is told of a change, and reads it then', () => new class extends Parts {
    override tell (): void { [...this.watchers][0]?.() }
  }()],
  'tells of the first change': ['of many changes the last one is told, too', () => new class extends Parts {
    #told = 0
    override tell (): void { if (this.#told++ < 3) super.tell() }
  }()],
  'does not tell of a recovery': ['whoever watches is told when the source cannot be read, and when it can be again', () => new class extends Parts {
    override set (texts: Texts): void {
      const wasSevered = this.isSevered
      this.texts = [...texts]
      this.isSevered = false
      if (!wasSevered) this.tell()
    }
  }()],
  'tells of itself what is no time': ['what it tells of itself can be asked at any time, and shown', () => new class extends Parts {
    override state (): SourceState { return { lookedAt: 'soon' } }
  }()],
  'tells nothing of itself while it cannot be read': ['what it tells of itself can be asked at any time, and shown', () => new class extends Parts {
    override state (): SourceState {
      if (this.isSevered) throw new Error('out of reach')
      return super.state()
    }
  }()],
  'tells after the end': ['nobody is told after the end, and whoever goes on watching still is', () => new class extends Parts {
    override watch (changed: () => void): () => void {
      super.watch(changed)
      return () => {}
    }
  }()],
  'ends all watching at once': ['nobody is told after the end, and whoever goes on watching still is', () => new class extends Parts {
    override watch (changed: () => void): () => void {
      super.watch(changed)
      return () => { this.watchers.clear() }
    }
  }()]
}

for (const [breach, [broken, make]] of Object.entries(breaches)) {
  t.test(`a source that ${breach} fails`, async t => {
    t.ok((await brokenBy(() => make().subject())).includes(broken), broken)
  })
}

t.test('what a check watches is stopped and ended, also where it fails', async t => {
  const parts = new Parts()
  let ended = 0
  const subject = { ...parts.subject(), put: () => {}, end: () => { ended++ } }
  const checks = sourceContract(() => subject, impatient)
  for (const { run } of checks) await run().catch(() => {})
  t.equal(ended, checks.length)
  t.equal(parts.watchers.size, 0)
})
