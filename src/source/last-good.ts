// The last good set in a file, for a start with a broken disk: raw texts, which are built anew and trusted for nothing.
import type { SourceText } from '../diagnostic/span.ts'
import { replaceFile } from './replace-file.ts'
import { readSmallFile, UnfitFile } from './small-file.ts'
import type { SourceStamp } from './stamp.ts'

/** A set as it was kept. */
export interface LastGood {
  readonly version: 1
  /** ISO 8601, UTC. */
  readonly savedAt: string
  /** That of the texts: what is read back must give it again. */
  readonly revision: string
  readonly texts: readonly SourceText[]
  /** Where its source has it in the order of what was published. */
  readonly stamp?: SourceStamp
}

/** Larger files are not read back, in bytes. */
const maxSize = 256 * 1024 * 1024

/** Keeps the set in the file, which is always whole. Only the gateway's user may read it. */
export async function saveLastGood (path: string, set: LastGood): Promise<void> {
  // What a process before this one, of the same number, may have left behind is written over.
  await replaceFile(path, JSON.stringify(set), { flags: 'w', mode: 0o600 })
}

/** Reads the file back. Rejects where it is missing, can't be read or is not what was written. */
export async function loadLastGood (path: string): Promise<LastGood> {
  const value = parse((await readFile(path)).toString())
  if (!isLastGood(value)) throw new Error(`${path} holds no policy set`)
  return value
}

async function readFile (path: string): Promise<Buffer> {
  try {
    return await readSmallFile(path, maxSize)
  } catch (error) {
    throw error instanceof UnfitFile ? new Error(`${path} is ${error.message}`, { cause: error }) : error
  }
}

/** Never lets the parser quote the file in its message. */
function parse (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function isLastGood (value: unknown): value is LastGood {
  if (typeof value !== 'object' || value === null) return false
  const { version, savedAt, revision, texts, stamp } = value as Record<keyof LastGood, unknown>
  return version === 1 && typeof revision === 'string' && typeof savedAt === 'string' && !Number.isNaN(Date.parse(savedAt)) &&
    Array.isArray(texts) && texts.every(isSourceText) && (stamp === undefined || isStamp(stamp))
}

function isStamp (value: unknown): value is SourceStamp {
  if (typeof value !== 'object' || value === null) return false
  const { epoch, generation } = value as Record<keyof SourceStamp, unknown>
  return Number.isSafeInteger(epoch) && Number.isSafeInteger(generation)
}

function isSourceText (value: unknown): value is SourceText {
  if (typeof value !== 'object' || value === null) return false
  const { name, text } = value as Record<keyof SourceText, unknown>
  return typeof name === 'string' && typeof text === 'string'
}
