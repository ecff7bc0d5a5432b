// Which files a policy directory holds, and their identities; nothing is opened here.
import { createHash } from 'node:crypto'
import type { BigIntStats, Dirent } from 'node:fs'
import { lstat, readdir, realpath, stat } from 'node:fs/promises'
import { basename, join, sep } from 'node:path'
import type { DiagnosticCode } from '../diagnostic/catalogue.ts'
import type { Diagnostic } from '../diagnostic/diagnostic.ts'
import { tooLarge } from '../document/bytes.ts'
import { aboutFile, isGone, systemReason } from './finding.ts'
import type { Limits } from './limits.ts'
import { isPolicyFile, isSkipped, prefixed } from './name.ts'
import { SourceError } from './source.ts'

/** A file of the set as it was found: a regular one, by its real path. */
export interface FoundFile {
  /** Relative to the policy directory, with `/`. */
  readonly name: string
  readonly path: string
  readonly identity: string
  readonly size: number
}

/** What a walk over all directories found. */
export interface Walk {
  /** Sorted by name. */
  readonly files: readonly FoundFile[]
  readonly diagnostics: readonly Diagnostic[]
  /** Equal for two walks between which nothing changed. */
  readonly fingerprint: string
  /** Equal for two walks through the very same directories. */
  readonly directories: string
  /** The latest change of any file, in epoch milliseconds; 0 without files. */
  readonly changedAt: number
}

/** Whether a walk looks for files of this name. */
export type NameTest = (name: string) => boolean

/** Something vanished or was replaced between two looks: neither state may be used, so look again. */
export class ChangedMeanwhile extends Error {}

/** What tells one state of a file from another: a change of content shows in `ctime`, even where `mtime` is set back. */
export function identityOf ({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`
}

/** Does something for each item, a bounded number at a time. */
export async function forEachLimited<T> (items: readonly T[], task: (item: T) => Promise<void>): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < items.length) await task(items[next++]!)
  }
  await Promise.all(Array.from({ length: Math.min(16, items.length) }, worker))
}

/**
 * Walks the directories. Rejects with {@link SourceError} where one of them cannot be read as a whole, and with
 * {@link ChangedMeanwhile} where something moved under it.
 */
export async function walk (
  directories: readonly string[], limits: Limits, signal?: AbortSignal, isWanted: NameTest = isPolicyFile
): Promise<Walk> {
  const found = new Finder(limits, signal, isWanted)
  for (const [directory, prefix] of prefixed(directories)) await found.addRoot(directory, prefix)
  return found.finish()
}

interface Entry { readonly name: string, readonly path: string, readonly depth: number }

class LimitReached extends Error {}

/** Collects what a walk finds. */
class Finder {
  readonly #limits: Limits
  readonly #signal: AbortSignal | undefined
  readonly #isWanted: NameTest
  readonly #roots: string[] = []
  readonly #places: string[] = []
  readonly #files: FoundFile[] = []
  readonly #identities: string[] = []
  readonly #diagnostics: Diagnostic[] = []
  #directories = 0
  #candidates = 0
  #changedAt = 0

  constructor (limits: Limits, signal: AbortSignal | undefined, isWanted: NameTest) {
    this.#limits = limits
    this.#signal = signal
    this.#isWanted = isWanted
  }

  async addRoot (directory: string, prefix: string): Promise<void> {
    const root = await enter(directory)
    this.#roots.push(root.path)
    try {
      await this.#addTree(root.path, prefix)
    } catch (error) {
      if (!(error instanceof LimitReached)) throw error
      this.#report('set-too-large', prefix === '' ? '.' : prefix.slice(0, -1), error.message)
    }
    if (root.isDeleted && this.#candidates === 0) {
      throw new SourceError(directory, 'this directory was deleted on the host and made again; the mount still shows the old one. ' +
        'Restart the container, or mount the parent directory (not subPath)')
    }
  }

  /** Real directories come first and linked ones after them, each once: links can neither loop nor multiply. */
  async #addTree (root: string, prefix: string): Promise<void> {
    const directories: Entry[] = [{ name: prefix, path: root, depth: 0 }]
    const links: Entry[] = []
    const visited = new Set<string>()
    while (directories.length > 0 || links.length > 0) {
      this.#signal?.throwIfAborted()
      const directory = directories.shift()
      if (directory === undefined) {
        const target = await this.#followLink(links.shift()!, root)
        if (target !== null) directories.push(target)
      } else if (!visited.has(directory.path)) {
        visited.add(directory.path)
        await this.#addDirectory(directory, directories, links)
      }
    }
  }

  async #addDirectory ({ name: prefix, path, depth }: Entry, directories: Entry[], links: Entry[]): Promise<void> {
    if (depth > this.#limits.maxDepth) throw new LimitReached(`${prefix} lies deeper than ${this.#limits.maxDepth} directories`)
    if (++this.#directories > this.#limits.maxFiles) throw new LimitReached(`more than ${this.#limits.maxFiles} directories`)
    const files: Entry[] = []
    const entries = await this.#list(prefix, path, depth)
    this.#places.push(await placeOf(path))
    for (const entry of entries) {
      if (isSkipped(entry.name)) continue
      const found = { name: prefix + entry.name, path: join(path, entry.name), depth: depth + 1 }
      if (entry.isDirectory()) directories.push({ ...found, name: `${found.name}/` })
      else if (entry.isSymbolicLink()) links.push(found)
      else if (this.#isWanted(entry.name)) files.push(found)
    }
    this.#count(files.length)
    await forEachLimited(files, file => this.#addFile(file))
  }

  async #list (prefix: string, path: string, depth: number): Promise<Dirent[]> {
    try {
      const entries = await readdir(path, { withFileTypes: true })
      return entries.sort((a, b) => a.name < b.name ? -1 : 1)
    } catch (error) {
      if (isGone(error)) throw new ChangedMeanwhile()
      if (depth === 0) throw new SourceError(path, systemReason(error), { cause: error })
      this.#report('unreadable-file', prefix.slice(0, -1), `the directory can't be read: ${systemReason(error)}`)
      return []
    }
  }

  /** Adds a linked file, or gives back the directory that the link leads to. */
  async #followLink (link: Entry, root: string): Promise<Entry | null> {
    const isWanted = this.#isWanted(basename(link.name))
    let target: string, stats: BigIntStats
    try {
      target = await realpath(link.path)
      stats = await lstat(target, { bigint: true })
    } catch (error) {
      const isLinkGone = await lstat(link.path).then(() => false, isGone)
      if (isLinkGone) throw new ChangedMeanwhile()
      if (isWanted) this.#report('not-a-regular-file', link.name, `this link leads nowhere: ${systemReason(error)}`)
      return null
    }
    if (!stats.isDirectory() && !isWanted) return null
    if (target !== root && !target.startsWith(root.endsWith(sep) ? root : root + sep)) {
      this.#report('not-a-regular-file', link.name, 'this link leads out of the policy directory, so it was not opened')
      return null
    }
    if (stats.isDirectory()) return { ...link, name: `${link.name}/`, path: target }
    this.#count(1)
    await this.#addFile({ ...link, path: target })
    return null
  }

  #count (files: number): void {
    this.#candidates += files
    if (this.#candidates > this.#limits.maxFiles) throw new LimitReached(`more than ${this.#limits.maxFiles} policy files`)
  }

  async #addFile ({ name, path }: Entry): Promise<void> {
    let stats: BigIntStats
    try {
      stats = await lstat(path, { bigint: true })
    } catch (error) {
      // A name that isn't UTF-8 is listed with replacement characters, under which it can't be found.
      if (isGone(error) && !name.includes('\ufffd')) throw new ChangedMeanwhile()
      this.#report('unreadable-file', name, isGone(error) ? 'the name of this file is not UTF-8' : `the file can't be read: ${systemReason(error)}`)
      return
    }
    if (!stats.isFile()) {
      this.#report('not-a-regular-file', name, `this is ${kindOf(stats)}, not a regular file, so it was not opened`)
      return
    }
    const identity = identityOf(stats)
    this.#identities.push(`${name}\0${identity}`)
    this.#changedAt = Math.max(this.#changedAt, Number(stats.ctimeNs / 1_000_000n))
    if (stats.nlink === 0n) {
      this.#report('orphaned-mount', name, 'this file was replaced on the host; the mount still shows the old one')
    }
    if (stats.size > this.#limits.maxFileBytes) {
      this.#diagnostics.push(tooLarge(name, Number(stats.size), this.#limits.maxFileBytes))
      return
    }
    this.#files.push({ name, path, identity, size: Number(stats.size) })
  }

  #report (code: DiagnosticCode, name: string, message: string): void {
    this.#diagnostics.push(aboutFile(code, name, message))
    this.#identities.push(`${name}\0${code}\0${message}`)
  }

  finish (): Walk {
    const files = this.#files.sort((a, b) => a.name < b.name ? -1 : 1)
    const hash = createHash('sha256').update(JSON.stringify([this.#roots, this.#identities.sort()]))
    const directories = this.#places.sort().join('\n')
    return { files, diagnostics: this.#diagnostics, fingerprint: hash.digest('hex'), directories, changedAt: this.#changedAt }
  }
}

async function enter (directory: string): Promise<{ path: string, isDeleted: boolean }> {
  try {
    const path = await realpath(directory)
    const stats = await stat(path)
    if (!stats.isDirectory()) throw new SourceError(directory, 'not a directory')
    return { path, isDeleted: stats.nlink === 0 }
  } catch (error) {
    if (error instanceof SourceError) throw error
    const { code } = error as NodeJS.ErrnoException
    const reason = code === 'ENOENT' ? 'no such directory' : code === 'ENOTDIR' ? 'not a directory' : systemReason(error)
    throw new SourceError(directory, reason, { cause: error })
  }
}

async function placeOf (directory: string): Promise<string> {
  try {
    const { dev, ino } = await lstat(directory, { bigint: true })
    return `${directory}\0${dev}:${ino}`
  } catch (error) {
    if (isGone(error)) throw new ChangedMeanwhile()
    return directory
  }
}

function kindOf (stats: BigIntStats): string {
  return stats.isFIFO() ? 'a FIFO' : stats.isSocket() ? 'a socket' : stats.isCharacterDevice() || stats.isBlockDevice() ? 'a device' : 'something else'
}
