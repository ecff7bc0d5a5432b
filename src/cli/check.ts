// `check`: validates a policy set and shows every finding of one run.
import { createHash } from 'node:crypto'
import { resolve } from 'node:path'
import { counted } from '../diagnostic/counted.ts'
import { compareDiagnostics } from '../diagnostic/diagnostic.ts'
import { renderGithub } from '../diagnostic/github.ts'
import { renderPretty } from '../diagnostic/render.ts'
import { sarifLog } from '../diagnostic/sarif.ts'
import { readNamedFiles } from '../gateway/config-files.ts'
import { version } from '../source/version.ts'
import { CannotRun, choiceOption, Exit, textOption, UsageError, type Arguments, type Command, type Io } from './command.ts'
import { fixSet } from './fix.ts'
import { configOf, configOption, decisionSettingsOf, loadSet, momentOf, type CommandConfig, type LoadedSet } from './load.ts'
import { loginOptions, loginUsage } from './login.ts'
import { fileFinder, pathFrom, repositoryRoot, uriFrom } from './paths.ts'
import { policiesOf, type Policies } from './policies.ts'

export const checkCommand: Command = {
  name: 'check',
  summary: 'Validates a policy set: every finding, with file, line and column.',
  usage: `Usage: cors-gateway check [DIR...] [options]

  DIR...                the policy directories, one set together (./policies); or the URL of a bundle or of a store
  --format WORD         pretty (default), json, github (annotations) or sarif (code scanning)
  --fix                 write the corrections that are certain into the files, then report what is left
  --max-warnings N      more warnings than N are a failure
  --at TIME             judge validity windows and acceptances as of this moment
  --allow-empty         a set without any rule is valid
  --config FILE         check this gateway.yaml too, and its policies unless DIR is given, as that gateway reads them

${loginUsage}
Exit status: 0 valid, 1 invalid or too many warnings, 2 wrong usage, 3 no such directory, a URL could not be read, or nothing could be written.
`,
  options: {
    format: { type: 'string' },
    fix: { type: 'boolean' },
    'max-warnings': { type: 'string' },
    at: { type: 'string' },
    'allow-empty': { type: 'boolean' },
    ...configOption,
    ...loginOptions
  },
  run: check
}

/** A set after its check. */
interface Checked extends LoadedSet {
  readonly directories: readonly string[]
  readonly config: CommandConfig | null
  readonly warnings: number
  readonly maxWarnings: number
}

async function check (args: Arguments, io: Io): Promise<number> {
  const format = choiceOption(args, 'format', ['pretty', 'json', 'github', 'sarif'], 'pretty')
  const maxWarnings = maxWarningsOf(args)
  const at = momentOf(args)
  const config = await configOf(args)
  const policies = findPolicies(args, config, io)
  const { directories, names } = policies ?? { directories: [], names: [] }
  const options = { at, ...decisionSettingsOf(args, config), ...policies === null && { allowEmpty: true }, expiredAcceptance: 'error' } as const
  let loaded = await loadSet(policies, options)
  if (args.values['fix'] === true) {
    if (policies !== null && directories.length === 0) throw new UsageError(`--fix corrects files in directories, not ${names.join()}`)
    const { findings, files } = await fixSet(directories, loaded, options)
    io.stderr(`fixed ${counted(findings, 'finding')} in ${counted(files, 'file')}\n`)
    loaded = await loadSet(policies, options)
  }
  const whole = config === null ? loaded : await withConfig(loaded, config)
  const warnings = whole.diagnostics.filter(({ severity }) => severity === 'warning').length
  const checked = { ...whole, directories, config, warnings, maxWarnings }
  report(checked, format, io)
  return isGood(checked) ? Exit.ok : Exit.findings
}

/**
 * The policies. Null where a configuration is all that there is to check: it cannot tell where its policies are, or it
 * has errors itself, which a directory that is missing would keep from being told.
 */
function findPolicies (args: Arguments, config: CommandConfig | null, io: Io): Policies | null {
  if (config?.config.policies === null && args.positionals.length === 0) return null
  try {
    return policiesOf(args, config)
  } catch (error) {
    if (!(error instanceof CannotRun) || config === null || config.ok) throw error
    io.stderr(`${error.message}\n`)
    return null
  }
}

/** The set with the findings of the configuration among its own. */
async function withConfig (set: LoadedSet, { config, diagnostics, source, shown }: CommandConfig): Promise<LoadedSet> {
  const found = [...diagnostics, ...(await readNamedFiles(config.files, 'warning')).diagnostics]
  return {
    ...set,
    ok: set.ok && !found.some(({ severity }) => severity === 'error'),
    diagnostics: [...found, ...set.diagnostics].sort(compareDiagnostics),
    texts: [source, ...set.texts],
    shown: [...shown, ...set.shown]
  }
}

function isGood ({ ok, warnings, maxWarnings }: Checked): boolean {
  return ok && warnings <= maxWarnings
}

function report (checked: Checked, format: 'pretty' | 'json' | 'github' | 'sarif', io: Io): void {
  const { diagnostics, texts, shown } = checked
  switch (format) {
    case 'pretty':
      io.stdout(`${diagnostics.length === 0 ? '' : `${renderPretty(diagnostics, shown, { colour: io.colour })}\n`}${summaryOf(checked)}`)
      break
    case 'github':
      io.stdout(`${renderGithub(diagnostics, pathsOf(checked, pathFrom))}${summaryOf(checked)}`)
      break
    case 'json': {
      const { revision, files, rules } = checked
      io.stdout(`${JSON.stringify({ ok: isGood(checked), revision, files, rules, diagnostics }, null, 2)}\n`)
      break
    }
    case 'sarif':
      io.stdout(`${JSON.stringify(sarifLog(diagnostics, { sources: texts, version, pathOf: pathsOf(checked, uriFrom), digest }), null, 2)}\n`)
  }
}

function summaryOf (checked: Checked): string {
  const { ok, files, rules, revision, warnings, maxWarnings } = checked
  const tooMany = ok && warnings > maxWarnings ? `${warnings} warnings are more than the ${maxWarnings} allowed\n` : ''
  return `${counted(files, 'file')}, ${counted(rules, 'rule')}: ${ok ? `valid, revision ${revision}` : 'invalid'}\n${tooMany}`
}

/** Names as paths from the root of the repository, as those need them who were given no directory. Those of a bundle stay. */
function pathsOf ({ directories, config }: Checked, show: (root: string, path: string) => string): (name: string) => string {
  const root = repositoryRoot()
  const find = fileFinder(directories)
  return name => {
    if (name === config?.source.name) return show(root, resolve(name))
    return directories.length === 0 ? name : show(root, find(name))
  }
}

function digest (text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}

function maxWarningsOf (args: Arguments): number {
  const text = textOption(args, 'max-warnings')
  if (text === undefined) return Infinity
  if (!/^\d+$/.test(text)) throw new UsageError(`--max-warnings takes a whole number, not \`${text}\``)
  return Number(text)
}
