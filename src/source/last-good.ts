// The last good set in a file, for a start with a broken disk: raw texts, which are built anew and trusted for nothing.
import { constants } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import type { SourceText } from '../diagnostic/span.ts'

/** A set as it was kept. */
export interface LastGood {
  readonly version: 1
  /** ISO 8601, UTC. */
  readonly savedAt: string
  /** That of the texts: what is read back must give it again. */
  readonly revision: string
  readonly texts: readonly SourceText[]
}

/** Larger files are not read back, in bytes. */
const maxSize = 256 * 1024 * 1024

/** Writes the file aside and renames it, so that it is always whole. Only the gateway's user may read it. */
export async function saveLastGood (path: string, set: LastGood): Promise<void> {
  const aside = `${path}.${process.pid}.tmp`
  try {
    const handle = await open(aside, 'w', 0o600)
    try {
      await handle.writeFile(JSON.stringify(set))
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(aside, path)
  } catch (error) {
    await rm(aside, { force: true }).catch(() => {})
    throw error
  }
}

/** Reads the file back. Rejects where it is missing, can't be read or is not what was written. */
export async function loadLastGood (path: string): Promise<LastGood> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const stats = await handle.stat()
    if (!stats.isFile()) throw new Error(`${path} is not a regular file`)
    if (stats.size > maxSize) throw new Error(`${path} has more than ${maxSize} bytes`)
    const value = parse(await handle.readFile('utf8'))
    if (!isLastGood(value)) throw new Error(`${path} holds no policy set`)
    return value
  } finally {
    await handle.close()
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
  const { version, savedAt, revision, texts } = value as Record<keyof LastGood, unknown>
  return version === 1 && typeof revision === 'string' && typeof savedAt === 'string' && !Number.isNaN(Date.parse(savedAt)) &&
    Array.isArray(texts) && texts.every(isSourceText)
}

function isSourceText (value: unknown): value is SourceText {
  if (typeof value !== 'object' || value === null) return false
  const { name, text } = value as Record<keyof SourceText, unknown>
  return typeof name === 'string' && typeof text === 'string'
}
