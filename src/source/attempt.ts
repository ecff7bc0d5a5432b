// One attempt to load a set: reads the source and builds what it gave.
import type { BuildOptions } from '../build.ts'
import type { Diagnostic } from '../diagnostic/diagnostic.ts'
import type { SourceText } from '../diagnostic/span.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import type { Builder } from './builder.ts'
import { aboutFile, messageOf } from './finding.ts'
import { SourceError, type PolicySource, type SourceReport, type SourceSet } from './source.ts'
import { compareStamps, type SourceStamp } from './stamp.ts'

/** What was read and what became of it. */
export interface Attempt {
  readonly texts: readonly SourceText[]
  /** Findings of the reading itself. */
  readonly found: readonly Diagnostic[]
  /** Null for a set that cannot be used. */
  readonly snapshot: Snapshot | null
  /** Null where nothing could be read. */
  readonly revision: string | null
  readonly diagnostics: readonly Diagnostic[]
  readonly stamp?: SourceStamp | undefined
}

/** Reads a source. It is given up after `timeout` milliseconds, also where it doesn't heed its signal. */
export async function readSource (source: PolicySource, timeout: number, end: AbortSignal): Promise<SourceSet> {
  end.throwIfAborted()
  // AbortSignal.any would tie each reading to the long-lived signal for good.
  const controller = new AbortController()
  const { signal } = controller
  const stop = (): void => controller.abort(end.reason)
  const timer = setTimeout(() => controller.abort(new SourceError('policies', `not read after ${timeout} ms`)), timeout)
  end.addEventListener('abort', stop)
  try {
    return await new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
      source.read(signal).then(resolve, reject)
    })
  } finally {
    clearTimeout(timer)
    end.removeEventListener('abort', stop)
  }
}

/** Builds what was read. */
export async function buildSet (
  { texts, diagnostics: found = [], stamp }: SourceSet, builder: Builder, options: BuildOptions
): Promise<Attempt> {
  const { snapshot, revision, diagnostics } = await builder.build(texts, { ...options, found })
  return { texts, found, revision, snapshot, diagnostics, stamp }
}

/** An attempt that ended before there was anything to build. */
export function unreachable (error: unknown): Attempt {
  const { place, reason, help, isRefusal } = error instanceof SourceError ? error : new SourceError('policies', messageOf(error))
  const code = isRefusal ? 'refused-source' : 'unreachable-source'
  return { texts: [], found: [], snapshot: null, revision: null, diagnostics: [aboutFile(code, place, reason, help)] }
}

/** Whether a reading is the one of an earlier attempt, so that nothing new can come of it. */
export function isSameSet ({ texts, diagnostics: found = [] }: SourceSet, earlier: Attempt): boolean {
  return earlier.revision !== null && texts.length === earlier.texts.length && found.length === earlier.found.length &&
    texts.every(({ name, text }, i) => name === earlier.texts[i]!.name && text === earlier.texts[i]!.text) &&
    found.every((finding, i) => isSameFinding(finding, earlier.found[i]!))
}

/** What a reading found that an earlier one of the same texts had not. */
export function findingsBeyond (earlier: Attempt, { found }: Attempt): readonly Diagnostic[] {
  return earlier.found === found ? [] : found.filter(finding => !earlier.found.some(known => isSameFinding(known, finding)))
}

function isSameFinding (a: Diagnostic, b: Diagnostic): boolean {
  return a.file === b.file && a.code === b.code && a.message === b.message
}

/** Whether two sets stand at the same place in the order of what was published. */
export function isSamePlace ({ stamp: a }: Pick<Attempt, 'stamp'>, { stamp: b }: Pick<Attempt, 'stamp'>): boolean {
  return a === b || (a !== undefined && b !== undefined && compareStamps(a, b) === 0)
}

/** An attempt that gave nothing to use, for a report: its first error on one line. */
export function rejectionOf ({ revision, diagnostics }: Attempt): NonNullable<SourceReport['rejected']> {
  const { file, line, column, endLine, endColumn, message } = diagnostics.find(({ severity }) => severity === 'error')!
  const isAboutWhole = [line, column, endLine, endColumn].every(each => each === 1)
  const place = file === '.' ? '' : isAboutWhole ? `${file}: ` : `${file}:${line}: `
  const reason = `${place}${message}`.replaceAll(/\s+/g, ' ')
  return { revision, reason: reason.length <= maxReason ? reason : `${reason.slice(0, maxReason)}…` }
}

const maxReason = 500
