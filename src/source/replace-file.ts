// Puts a file in the place of another one, as a whole or not at all.
import { open, rename, rm, stat, type FileHandle } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import process from 'node:process'

/** How the new file is made. */
export interface ReplaceOptions {
  /** `wx` unless given: what has the name that it gets for the time being is never written to. */
  readonly flags?: 'w' | 'wx'
  /** The mode of a new file, less what the process masks: 0o666 unless given. */
  readonly mode?: number
  /** What else is to be done to it before it takes its place. */
  readonly finish?: (file: FileHandle) => Promise<void>
}

/**
 * Writes the text beside the file, under a name that no policy set has, and renames that: nobody ever reads half of it.
 * What it rejects with says nothing of that name, which is no business of whoever named the file.
 */
export async function replaceFile (path: string, text: string, { flags = 'wx', mode = 0o666, finish }: ReplaceOptions = {}): Promise<void> {
  const beside = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`)
  try {
    const file = await open(beside, flags, mode)
    try {
      await file.writeFile(text)
      await finish?.(file)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(beside, path)
  } catch (error) {
    await rm(beside, { force: true }).catch(() => {})
    throw await explain(path, beside, error as NodeJS.ErrnoException)
  }
}

/** Why the file could not be replaced, in words about the file. */
async function explain (path: string, beside: string, error: NodeJS.ErrnoException): Promise<Error> {
  const { code } = error
  const folder = dirname(path)
  const isThere = async (): Promise<boolean> => stat(folder).then(found => found.isDirectory(), () => false)
  const message = (code === 'ENOENT' || code === 'ENOTDIR') && !await isThere()
    ? `there is no directory ${folder}`
    : code === 'EISDIR' ? 'it is a directory' : error.message.replaceAll(beside, path)
  return Object.assign(new Error(message, { cause: error }), code !== undefined && { code })
}
