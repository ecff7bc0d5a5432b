// What commands ask of policies: their set, built as a gateway would build it, or the reason why not.
import { realpathSync, statSync } from 'node:fs'
import { dirname, isAbsolute, normalize, sep } from 'node:path'
import { build, type BuildOptions, type BuildResult } from '../build.ts'
import type { Diagnostic } from '../diagnostic/diagnostic.ts'
import { renderPretty } from '../diagnostic/render.ts'
import type { SourceText } from '../diagnostic/span.ts'
import type { ReadConfig } from '../gateway/config.ts'
import { readConfigFile } from '../gateway/config-files.ts'
import { systemReason } from '../source/finding.ts'
import { UnfitFile } from '../source/small-file.ts'
import { SourceError, type SourceSet } from '../source/source.ts'
import { CannotRun, choiceOption, Refused, textOption, UsageError, type Arguments, type Command } from './command.ts'
import { isWithin } from './paths.ts'
import { policiesOf, type Policies } from './policies.ts'

/** The option of every command that can decide as a certain gateway does. */
export const configOption: Command['options'] = { config: { type: 'string' } }

/** The options of every command that shows what is decided: when, by which gateway, and in which form. */
export const decisionOptions: Command['options'] = {
  at: { type: 'string' },
  ...configOption,
  unmatched: { type: 'string' },
  format: { type: 'string' }
}

/** A configuration, and its source where it may be shown. */
export interface CommandConfig extends ReadConfig {
  /** Empty where the file is a link that leads out of its folder: whoever wrote it may not be allowed to read what is there. */
  readonly shown: readonly SourceText[]
}

/** What a set is built for, by `--config` and the flags, which win over it. */
export type DecisionSettings = Pick<BuildOptions, 'unmatched' | 'router' | 'pathReadings' | 'allowEmpty'>

/** The policies that a command is about, and what they are built for. */
export interface CommandSettings {
  readonly policies: Policies
  readonly build: DecisionSettings
}

/** What the words of a command and its `--config` say. An invalid configuration ends the command. */
export async function settingsOf (args: Arguments): Promise<CommandSettings> {
  const config = await validConfigOf(args)
  return { policies: policiesOf(args, config), build: decisionSettingsOf(args, config) }
}

/** The configuration that `--config` names, valid; null without the option. */
export async function validConfigOf (args: Arguments): Promise<CommandConfig | null> {
  const config = await configOf(args)
  if (config !== null && !config.ok) throw refusal(config, config.diagnostics)
  return config
}

/** The end of a command whose configuration has findings. */
export function refusal ({ source, shown }: CommandConfig, diagnostics: readonly Diagnostic[]): Refused {
  return new Refused(`${renderPretty(diagnostics, shown)}\nthe configuration ${source.name} is invalid`)
}

/** The configuration that `--config` names, whatever is wrong with it. One that isn't there ends the command. */
export async function configOf (args: Arguments): Promise<CommandConfig | null> {
  const path = textOption(args, 'config')
  if (path === undefined) return null
  const stats = statSync(path, { throwIfNoEntry: false })
  if (stats === undefined) throw new CannotRun(`there is no file ${path}: --config takes the configuration of a gateway`)
  if (!stats.isFile()) throw new CannotRun(`${path} is not a file: --config takes the configuration of a gateway`)
  try {
    const read = await readConfigFile(path, nameOf(path))
    return { ...read, shown: isWithin(realpathSync(dirname(path)), realpathSync(path)) ? [read.source] : [] }
  } catch (error) {
    if ((error as { code?: unknown }).code === undefined && !(error instanceof UnfitFile)) throw error
    throw new CannotRun(`${path} cannot be read: ${systemReason(error)}`)
  }
}

/** A name that no file of a set has: those begin with the name of a file or directory. */
function nameOf (path: string): string {
  const name = normalize(path)
  return isAbsolute(name) || name.startsWith(`..${sep}`) ? name : `.${sep}${name}`
}

/** What a set is built for: as the configuration says, where no flag says otherwise. */
export function decisionSettingsOf (args: Arguments, read: ReadConfig | null): DecisionSettings {
  const { plugin, gateway: { router } } = read?.config ?? { plugin: {}, gateway: {} }
  return {
    unmatched: choiceOption(args, 'unmatched', ['deny', 'passthrough'], plugin.unmatched ?? 'deny'),
    allowEmpty: args.values['allow-empty'] === true || plugin.allowEmpty === true,
    ...router !== undefined && { router },
    ...plugin.pathReadings !== undefined && { pathReadings: plugin.pathReadings }
  }
}

/** A set as it was read, and what became of it. */
export interface LoadedSet extends BuildResult {
  readonly texts: readonly SourceText[]
  /** Those of them that findings may be shown in. */
  readonly shown: readonly SourceText[]
}

/** Reads and builds the set of some policies; of none it is empty. */
export async function loadSet (policies: Policies | null, options: BuildOptions): Promise<LoadedSet> {
  if (policies === null) return { ...build([], options), texts: [], shown: [] }
  const { texts, diagnostics = [] } = await readSet(policies)
  return { ...build(texts, { ...options, found: diagnostics }), texts, shown: texts.filter(policies.mayShow) }
}

/** Reads a set; one that can't be read ends the command. */
export async function readSet ({ source, inWords }: Pick<Policies, 'source' | 'inWords'>): Promise<SourceSet> {
  try {
    return await source.read(new AbortController().signal)
  } catch (error) {
    if (error instanceof SourceError) throw new CannotRun(inWords(error.message))
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
