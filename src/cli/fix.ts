// `check --fix`: writes the corrections that are certain, and nothing else, into the files of a set.
import { readFile, realpath, stat } from 'node:fs/promises'
import { relative } from 'node:path'
import { build, type BuildOptions } from '../build.ts'
import type { Diagnostic } from '../diagnostic/diagnostic.ts'
import { applyFixes } from '../diagnostic/fix.ts'
import type { SourceText } from '../diagnostic/span.ts'
import { replaceFile } from '../source/replace-file.ts'
import { CannotRun } from './command.ts'
import { fileFinder, isOutside } from './paths.ts'

/** A correction can uncover another one; what has not come to rest by then is left to the next run. */
const maxRounds = 10

/** A set's texts, and what was found in them. */
export interface JudgedTexts {
  readonly texts: readonly SourceText[]
  readonly diagnostics: readonly Diagnostic[]
}

/** How many findings were corrected, in how many files. */
export interface FixCount {
  readonly findings: number
  readonly files: number
}

/**
 * Corrects the set of these directories in memory until nothing is left to correct, then writes the files that changed,
 * each whole or not at all.
 */
export async function fixSet (directories: readonly string[], loaded: JudgedTexts, options: BuildOptions): Promise<FixCount> {
  const { texts, findings } = correctTexts(loaded, options)
  const before = new Map(loaded.texts.map(({ name, text }) => [name, text]))
  const find = fileFinder(directories)
  const roots = await Promise.all(directories.map(directory => realpath(directory)))
  const changed = texts.filter(({ name, text }) => before.get(name) !== text)
  const files = new Map<string, string>()
  // Each is looked at before the first is written, so that a run that cannot end well changes nothing.
  for (const { name, text } of changed) files.set(await targetOf(find(name), roots, before.get(name)!), text)
  for (const [path, text] of files) await replace(path, text)
  return { findings, files: files.size }
}

/** Corrects texts, round after round, and counts the corrections. */
export function correctTexts (judged: JudgedTexts, options: BuildOptions): { texts: readonly SourceText[], findings: number } {
  let [{ texts, diagnostics }, findings] = [judged, 0]
  for (let round = 0; round < maxRounds; round++) {
    const corrected = correctOnce(texts, diagnostics)
    if (corrected.count === 0) break
    findings += corrected.count
    texts = corrected.texts
    diagnostics = build(texts, options).diagnostics
  }
  return { texts, findings }
}

/** Every correction that overlaps no other. */
function correctOnce (texts: readonly SourceText[], diagnostics: readonly Diagnostic[]): { texts: readonly SourceText[], count: number } {
  let count = 0
  const corrected = texts.map(source => {
    const fixes = diagnostics.flatMap(({ file, fix }) => file === source.name && fix !== undefined ? [fix] : [])
    if (fixes.length === 0) return source
    const result = applyFixes(source, fixes)
    count += result.count
    return { name: source.name, text: result.text }
  })
  return { texts: corrected, count }
}

/** The file itself where the name is a link to it, if it still holds what was read and lies where corrections may be written. */
async function targetOf (path: string, roots: readonly string[], before: string): Promise<string> {
  try {
    const target = await realpath(path)
    if (roots.every(root => isOutside(relative(root, target)))) throw new CannotRun(`${path} leads out of the policy directory: correct it there`)
    if (await readFile(target, 'utf8') !== before) throw new CannotRun(`${path} has changed meanwhile: run the command again`)
    return target
  } catch (error) {
    throw explain(path, error)
  }
}

/** Puts a new text in the place of a file, which stays the file of those who had it. */
async function replace (path: string, text: string): Promise<void> {
  try {
    const { mode, uid, gid } = await stat(path)
    await replaceFile(path, text, {
      mode: 0o600,
      finish: async file => {
        // Only root can give a file away; anyone else who may write here owns what comes of it.
        await file.chown(uid, gid).catch(() => {})
        await file.chmod(mode)
      }
    })
  } catch (error) {
    throw explain(path, error)
  }
}

function explain (path: string, error: unknown): Error {
  return error instanceof CannotRun ? error : new CannotRun(`${path} cannot be corrected: ${error instanceof Error ? error.message : String(error)}`)
}
