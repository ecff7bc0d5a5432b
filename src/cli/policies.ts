// Where the policies of a command are: in directories, or at a URL.
import { realpathSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { SourceText } from '../diagnostic/span.ts'
import type { ReadConfig } from '../gateway/config.ts'
import { directorySource } from '../source/directory.ts'
import { httpSource, placeOf, type HttpOptions } from '../source/http.ts'
import { prefixed } from '../source/name.ts'
import type { PolicySource } from '../source/source.ts'
import { CannotRun, UsageError, type Arguments } from './command.ts'
import { isWithin } from './paths.ts'

/** The policies that a command is about. */
export interface Policies {
  readonly source: PolicySource
  /** Empty where they are at a URL. */
  readonly directories: readonly string[]
  /** For people to see. */
  readonly names: readonly string[]
  /**
   * Whether a finding may be shown in a file of the set. Not in those that a configuration finds outside of its own folder:
   * whoever wrote it, in a pull request for one, may not be allowed to read what is there.
   */
  readonly mayShow: (file: SourceText) => boolean
}

/**
 * The policies that a command is given, or else those of its configuration, or of `./policies`. A directory that is
 * missing, and a URL that cannot be one of a bundle, end the command.
 */
export function policiesOf ({ positionals }: Arguments, config: ReadConfig | null = null): Policies {
  const place = positionals.length > 0 ? positionals : config?.config.policies ?? ['./policies']
  if ('url' in place) return atUrl(place.url, place.options)
  const url = place.find(each => /^https?:/i.test(each))
  if (url !== undefined && place.length > 1) throw new UsageError(`${url} holds a whole set: name nothing beside it`)
  if (url !== undefined) return atUrl(url, {})
  for (const directory of place) {
    const stats = statSync(directory, { throwIfNoEntry: false })
    if (stats === undefined) {
      const hint = positionals.length > 0 ? '' : config !== null ? `, which ${config.source.name} names` : ': name the policy directory, or write a first policy with `cors-gateway init`'
      throw new CannotRun(`there is no directory ${directory}${hint}`)
    }
    if (!stats.isDirectory()) throw new CannotRun(`${directory} is not a directory: name the directory that holds the policies`)
  }
  const foreign = positionals.length === 0 && config !== null ? foreignPrefixes(dirname(config.source.name), place) : []
  const mayShow = ({ name }: SourceText): boolean => !foreign.some(prefix => name.startsWith(prefix))
  return { source: directorySource(place), directories: place, names: place, mayShow }
}

/** How the names of files begin whose directory lies outside of a folder. */
function foreignPrefixes (folder: string, directories: readonly string[]): string[] {
  const root = realpathSync(folder)
  return prefixed(directories).filter(([directory]) => !isWithin(root, realpathSync(directory))).map(([, prefix]) => prefix)
}

function atUrl (url: string, options: HttpOptions): Policies {
  try {
    return { source: httpSource(url, options), directories: [], names: [placeOf(new URL(url))], mayShow: () => true }
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message)
    throw error
  }
}
