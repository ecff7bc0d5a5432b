// What commands ask of a policy directory: its set, built, or the reason why not.
import { statSync } from 'node:fs'
import { build, type BuildOptions, type BuildResult } from '../build.ts'
import type { SourceText } from '../diagnostic/span.ts'
import { directorySource } from '../source/directory.ts'
import { SourceError } from '../source/source.ts'
import { CannotRun, textOption, UsageError, type Arguments } from './command.ts'

/** The policy directories that a command is given, `./policies` unless any. A missing one ends the command. */
export function directoriesOf ({ positionals }: Arguments): readonly string[] {
  const directories = positionals.length === 0 ? ['./policies'] : positionals
  for (const directory of directories) {
    const stats = statSync(directory, { throwIfNoEntry: false })
    if (stats === undefined) {
      throw new CannotRun(`there is no directory ${directory}${positionals.length === 0 ? ': name the policy directory, or write a first policy into it' : ''}`)
    }
    if (!stats.isDirectory()) throw new CannotRun(`${directory} is not a directory: name the directory that holds the policies`)
  }
  return directories
}

/** A set as it was read, for showing findings in it, and what became of it. */
export interface LoadedSet extends BuildResult {
  readonly texts: readonly SourceText[]
}

/** Reads and builds the set below directories. */
export async function loadSet (directories: readonly string[], options: BuildOptions): Promise<LoadedSet> {
  try {
    const { texts, diagnostics = [] } = await directorySource(directories).read(new AbortController().signal)
    return { ...build(texts, { ...options, found: diagnostics }), texts }
  } catch (error) {
    if (error instanceof SourceError) throw new CannotRun(error.message)
    throw error
  }
}

/** The moment that `--at` names, or now. */
export function momentOf (args: Arguments): number {
  const text = textOption(args, 'at')
  if (text === undefined) return Date.now()
  const moment = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?$/.test(text) ? Date.parse(text) : NaN
  if (Number.isNaN(moment)) throw new UsageError(`--at takes a date or an RFC 3339 time with zone, such as 2026-11-25T12:00:00Z, not \`${text}\``)
  return moment
}
