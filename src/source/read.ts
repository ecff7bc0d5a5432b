// Reads policy directories into one complete set: never a mix of two states, never a file that might do something.
import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Diagnostic } from '../diagnostic/diagnostic.ts'
import type { SourceText } from '../diagnostic/span.ts'
import { decodeSource } from '../document/bytes.ts'
import { aboutFile, isGone, systemReason } from './finding.ts'
import type { Limits } from './limits.ts'
import { isPolicyFile } from './name.ts'
import { SourceError, type SourceSet } from './source.ts'
import { ChangedMeanwhile, forEachLimited, identityOf, walk, type FoundFile, type NameTest, type Walk } from './walk.ts'

/** How long a directory may keep changing under a reading, in milliseconds. */
const patience = 5_000

/** Never follows a link in the last place, never waits for a FIFO's writer, and never makes a terminal ours. */
const openFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY

/** A set, and what the directories looked like while it was read: equal for equal states, as for a walk. */
export interface Reading extends SourceSet {
  readonly fingerprint: string
}

/**
 * Reads the set between two equal walks, as a seqlock does; where they differ, again. Rejects with {@link SourceError}
 * where a directory cannot be read as a whole or does not come to rest. What is wrong with single files is in the
 * diagnostics, and the others are read all the same.
 */
export async function readDirectories (
  directories: readonly string[], limits: Limits, signal: AbortSignal, isWanted: NameTest = isPolicyFile
): Promise<Reading> {
  const end = performance.now() + patience
  for (let pause = 5; ; pause = Math.min(2 * pause, 200)) {
    signal.throwIfAborted()
    const reading = await readOnce(directories, limits, signal, isWanted)
    if (reading !== null) return reading
    if (performance.now() > end) throw new SourceError(directories.join(', '), 'the files keep changing while they are read')
    await sleep(pause, undefined, { signal })
  }
}

async function readOnce (directories: readonly string[], limits: Limits, signal: AbortSignal, isWanted: NameTest): Promise<Reading | null> {
  try {
    const before = await walk(directories, limits, signal, isWanted)
    const { texts, diagnostics } = await readFiles(before, signal)
    const after = await walk(directories, limits, signal, isWanted)
    if (after.fingerprint !== before.fingerprint) return null
    return { texts, diagnostics: [...before.diagnostics, ...diagnostics], fingerprint: after.fingerprint }
  } catch (error) {
    if (error instanceof ChangedMeanwhile) return null
    throw error
  }
}

async function readFiles ({ files }: Walk, signal: AbortSignal): Promise<{ texts: SourceText[], diagnostics: Diagnostic[] }> {
  const texts: SourceText[] = []
  const diagnostics: Diagnostic[] = []
  await forEachLimited(files, async file => {
    signal.throwIfAborted()
    try {
      const { text, diagnostic } = decodeSource(file.name, await readFound(file), Infinity)
      if (diagnostic === undefined) texts.push({ name: file.name, text })
      else diagnostics.push(diagnostic)
    } catch (error) {
      if (error instanceof ChangedMeanwhile) throw error
      const { code } = error as NodeJS.ErrnoException
      if (isGone(error) || code === 'ELOOP') throw new ChangedMeanwhile()
      diagnostics.push(aboutFile('unreadable-file', file.name, `the file can't be read: ${systemReason(error)}`))
    }
  })
  return { texts: texts.sort((a, b) => a.name < b.name ? -1 : 1), diagnostics }
}

/** The bytes of the very file that the walk found, or {@link ChangedMeanwhile}. */
async function readFound ({ path, identity, size }: FoundFile): Promise<Uint8Array> {
  const handle = await open(path, openFlags)
  try {
    const stats = await handle.stat({ bigint: true })
    if (!stats.isFile() || identityOf(stats) !== identity) throw new ChangedMeanwhile()
    return await readExactly(handle, size)
  } finally {
    await handle.close()
  }
}

/** Reads no more than the size that was checked, however the file grows meanwhile. */
async function readExactly (handle: FileHandle, size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(size)
  for (let length = 0; length < size;) {
    const { bytesRead } = await handle.read(bytes, length, size - length, length)
    if (bytesRead === 0) throw new ChangedMeanwhile()
    length += bytesRead
  }
  return bytes
}
