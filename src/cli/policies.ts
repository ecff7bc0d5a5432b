// Where the policies of a command are: in directories, or at a URL.
import { realpathSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { SourceText } from '../diagnostic/span.ts'
import type { ReadConfig } from '../gateway/config.ts'
import type { UrlPlace } from '../gateway/config-policies.ts'
import { directorySource } from '../source/directory.ts'
import { prefixed } from '../source/name.ts'
import type { PolicySource } from '../source/source.ts'
import { isPolicyUrl, isSameUrl, urlPlaceOf, urlSource, type UrlOptions } from '../source/url.ts'
import { CannotRun, UsageError, type Arguments } from './command.ts'
import { givenLogin, inFlags, loginFor, refuseLogin, withoutLoginOptions } from './login.ts'
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
  /** An error of the source as this command says it: with the names of flags, unless its options are those of a configuration. */
  readonly inWords: (message: string) => string
}

/**
 * The policies that a command is given, or else those of its configuration, or of `./policies`. A directory that is
 * missing, and a URL that cannot be one of a bundle, end the command; and so do files for that URL which lie outside of
 * the configuration's folder, unless they are `trusted`.
 *
 * The flags log in at a URL that is given, never at one of a configuration, to which whoever wrote that would have a secret sent.
 * A URL that is given and is that of the configuration is asked as the configuration says, but for the login where there are flags.
 */
export function policiesOf (args: Arguments, config: ReadConfig | null = null, files: 'trusted' | 'foreign' = 'foreign'): Policies {
  const { positionals } = args
  const place = positionals.length > 0 ? positionals : config?.config.policies ?? ['./policies']
  if ('url' in place) {
    refuseLogin(args, `is for a URL that is given, and this one is from ${config!.source.name}: name ${urlPlaceOf(place.url)} as well`)
    return atConfigured(place, config!, files)
  }
  const url = place.find(each => isPolicyUrl(each))
  if (url !== undefined && place.length > 1) throw new UsageError(`${url} holds a whole set: name nothing beside it`)
  if (url !== undefined) return atGiven(url, args, config, files)
  refuseLogin(args, `is for policies at a URL, and ${place.join(', ')} is in this machine`)
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
  return { source: directorySource(place), directories: place, names: place, mayShow, inWords: message => message }
}

/** How the names of files begin whose directory lies outside of a folder. */
function foreignPrefixes (folder: string, directories: readonly string[]): string[] {
  const root = realpathSync(folder)
  return prefixed(directories).filter(([directory]) => !isWithin(root, realpathSync(directory))).map(([, prefix]) => prefix)
}

/** What is only compared with what the other side shows of itself. */
const isNeverSent: ReadonlySet<string> = new Set(['caFile', 'publicKeyFile'])

/**
 * Refuses to use a secret of this machine for a URL of a configuration that somebody else may have written, in a pull
 * request for one: that URL would be sent it.
 */
function refuseForeignFiles (config: string, options: UrlOptions): void {
  const root = realpathSync(dirname(config))
  for (const [key, value] of Object.entries(options)) {
    if (!key.endsWith('File') || isNeverSent.has(key) || isWithin(root, realPathOf(String(value)))) continue
    throw new CannotRun(`${config} names a \`${key}\` outside of its folder; only \`serve\` sends such a file to a URL. Put it there, or name the policies as DIR, or as a URL with a login of your own`)
  }
}

/** Without links; as it is where nothing can be found there. */
function realPathOf (path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return resolve(path)
  }
}

function atConfigured ({ url, options }: UrlPlace, { source }: ReadConfig, files: 'trusted' | 'foreign'): Policies {
  if (files === 'foreign') refuseForeignFiles(source.name, options)
  return atUrl(url, options, message => message)
}

function atGiven (url: string, args: Arguments, config: ReadConfig | null, files: 'trusted' | 'foreign'): Policies {
  const place = config?.config.policies ?? null
  const same = place !== null && 'url' in place && isSameUrl(url, place.url) ? place : null
  if (same !== null && givenLogin(args).length === 0) return atConfigured(same, config!, files)
  return atUrl(url, { ...same !== null && withoutLoginOptions(same.options), ...loginFor(args, url) }, inFlags)
}

function atUrl (url: string, options: UrlOptions, inWords: Policies['inWords']): Policies {
  try {
    return { source: urlSource(url, options), directories: [], names: [urlPlaceOf(url)], mayShow: () => true, inWords }
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(inWords(error.message))
    throw error
  }
}
