// `check`: validates a policy set and shows every finding of one run.
import { renderPretty } from '../diagnostic/render.ts'
import { choiceOption, Exit, textOption, UsageError, type Arguments, type Command, type Io } from './command.ts'
import { directoriesOf, loadSet, momentOf, type LoadedSet } from './load.ts'

export const checkCommand: Command = {
  name: 'check',
  summary: 'Validates a policy set: every finding, with file, line and column.',
  usage: `Usage: cors-gateway check [DIR...] [options]

  DIR...                the policy directories, one set together (./policies)
  --format WORD         pretty (default) or json
  --max-warnings N      more warnings than N are a failure
  --at TIME             judge validity windows and acceptances as of this moment
  --allow-empty         a set without any rule is valid

Exit status: 0 valid, 1 invalid or too many warnings, 2 wrong usage, 3 no such directory.
`,
  options: {
    format: { type: 'string' },
    'max-warnings': { type: 'string' },
    at: { type: 'string' },
    'allow-empty': { type: 'boolean' }
  },
  run: check
}

async function check (args: Arguments, io: Io): Promise<number> {
  const format = choiceOption(args, 'format', ['pretty', 'json'], 'pretty')
  const maxWarnings = maxWarningsOf(args)
  const at = momentOf(args)
  const loaded = await loadSet(directoriesOf(args), { at, allowEmpty: args.values['allow-empty'] === true, expiredAcceptance: 'error' })
  const warnings = loaded.diagnostics.filter(({ severity }) => severity === 'warning').length
  const ok = loaded.ok && warnings <= maxWarnings
  if (format === 'json') {
    const { revision, files, rules, diagnostics } = loaded
    io.stdout(`${JSON.stringify({ ok, revision, files, rules, diagnostics }, null, 2)}\n`)
  } else {
    io.stdout(renderReport(loaded, warnings, maxWarnings, io.colour))
  }
  return ok ? Exit.ok : Exit.findings
}

function renderReport (loaded: LoadedSet, warnings: number, maxWarnings: number, colour: boolean): string {
  const { ok, files, rules, revision, diagnostics, texts } = loaded
  const findings = diagnostics.length === 0 ? '' : `${renderPretty(diagnostics, texts, { colour })}\n`
  const counts = `${files} ${files === 1 ? 'file' : 'files'}, ${rules} ${rules === 1 ? 'rule' : 'rules'}`
  const tooMany = ok && warnings > maxWarnings ? `${warnings} warnings are more than the ${maxWarnings} allowed\n` : ''
  return `${findings}${counts}: ${ok ? `valid, revision ${revision}` : 'invalid'}\n${tooMany}`
}

function maxWarningsOf (args: Arguments): number {
  const text = textOption(args, 'max-warnings')
  if (text === undefined) return Infinity
  if (!/^\d+$/.test(text)) throw new UsageError(`--max-warnings takes a whole number, not \`${text}\``)
  return Number(text)
}
