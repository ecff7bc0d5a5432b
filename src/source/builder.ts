// Builds sets without holding up requests: small ones at once, large ones on a thread of their own, compiled in short steps.
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { compileOptions, prepare, type BuildOptions, type BuildResult, type ParsedFiles, type PreparedSet } from '../build.ts'
import type { SourceText } from '../diagnostic/span.ts'
import type { PolicySet } from '../policy/policy.ts'
import { SetAssembly } from '../policy/transfer.ts'
import { compileInSteps, type CompileOptions } from '../snapshot/compile.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import type { WorkerAnswer, WorkerRequest } from './build-worker.ts'

/** In UTF-16 code units over all files, about 80 rules: preparing more on the requests' own thread would be felt. */
const smallSet = 16 * 1024

/** The requests' own thread is given back after this many milliseconds. */
const slice = 4

/**
 * Builds sets one after the other. What was parsed for the last one is kept, so that only changed files are parsed
 * again; the thread stays for as long as sets are large, as to start one would cost more than the time it saves.
 */
export class Builder {
  readonly #known: ParsedFiles = new Map()
  #thread: Thread | null = null
  #isClosed = false

  /** Builds a set; rejects only after `close`, and for options that mean nothing. */
  async build (texts: readonly SourceText[], options: BuildOptions): Promise<BuildResult> {
    const compiling = compileOptions(options)
    const prepared = isQuick(texts) ? await this.#prepareHere(texts, options) : await this.#prepareElsewhere(texts, options)
    const { set, revision } = prepared
    return { ...prepared, snapshot: set && await compilePatiently(set, { ...compiling, revision }) }
  }

  async #prepareHere (texts: readonly SourceText[], options: BuildOptions): Promise<PreparedSet> {
    await this.#letGo()
    return prepare(texts, options, this.#known)
  }

  async #prepareElsewhere (texts: readonly SourceText[], options: BuildOptions): Promise<PreparedSet> {
    this.#known.clear()
    const thread = this.#thread ??= new Thread()
    try {
      return await thread.prepare(texts, options)
    } catch (error) {
      await this.#letGo()
      // Whatever befell the thread, the set must be judged.
      if (error instanceof ThreadError && !this.#isClosed) return prepare(texts, options)
      throw error
    }
  }

  async #letGo (): Promise<void> {
    const thread = this.#thread
    this.#thread = null
    await thread?.end()
  }

  /** Ends the thread, if there is one, and with it what it is at. */
  async close (): Promise<void> {
    this.#isClosed = true
    await this.#letGo()
  }
}

/**
 * Whether a set is prepared before anybody feels it. Guardrails are decided over all that a set can mean, so that even a
 * small one may take long.
 */
function isQuick (texts: readonly SourceText[]): boolean {
  return sizeOf(texts) <= smallSet && !texts.some(({ text }) => text.includes('guardrails'))
}

function sizeOf (texts: readonly SourceText[]): number {
  return texts.reduce((size, { text }) => size + text.length, 0)
}

/** Compiles a set, giving the thread back to requests every few milliseconds. */
export async function compilePatiently (set: PolicySet, options: CompileOptions): Promise<Snapshot> {
  const steps = compileInSteps(set, options)
  for (let start = performance.now(); ;) {
    const { done, value } = steps.next()
    if (done) return value
    if (performance.now() - start < slice) continue
    await nextTurn()
    start = performance.now()
  }
}

class ThreadError extends Error {}

/** One worker thread and the question that it is asked. */
class Thread {
  readonly #worker: Worker
  #settle: { resolve: (answer: WorkerAnswer) => void, reject: (error: Error) => void } | null = null

  constructor () {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
    this.#worker = new Worker(new URL(`./build-worker.${extension}`, import.meta.url))
    this.#worker.unref()
    this.#worker.on('message', (answer: WorkerAnswer) => this.#answered(answer))
    this.#worker.on('error', error => this.#failed(error.message))
    this.#worker.on('exit', () => this.#failed('the thread has ended'))
  }

  async prepare (texts: readonly SourceText[], options: BuildOptions): Promise<PreparedSet> {
    const answer = await this.#ask({ kind: 'prepare', texts, options })
    if (answer.kind !== 'prepared') throw new ThreadError('an answer out of turn')
    return { ...answer.prepared, set: answer.prepared.ok ? await this.#fetchSet(texts) : null }
  }

  async #fetchSet (texts: readonly SourceText[]): Promise<PolicySet> {
    const assembly = new SetAssembly(texts)
    for (;;) {
      const answer = await this.#ask({ kind: 'next' })
      if (answer.kind !== 'piece') throw new ThreadError('an answer out of turn')
      const set = assembly.add(answer.piece)
      if (set !== null) return set
      // Answers that wait already must not follow each other without a turn for requests.
      await nextTurn()
    }
  }

  #ask (request: WorkerRequest): Promise<WorkerAnswer> {
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
      this.#worker.ref()
      this.#worker.postMessage(request)
    })
  }

  #answered (answer: WorkerAnswer): void {
    if (answer.kind === 'failed') {
      this.#failed(answer.message)
      return
    }
    this.#worker.unref()
    this.#settle?.resolve(answer)
    this.#settle = null
  }

  #failed (message: string): void {
    this.#worker.unref()
    this.#settle?.reject(new ThreadError(message))
    this.#settle = null
  }

  async end (): Promise<void> {
    await this.#worker.terminate()
  }
}
