// The command line: finds the command, runs it, and turns every end into an exit status.
import { parseArgs } from 'node:util'
import { suggest } from '../diagnostic/suggest.ts'
import { version } from '../source/version.ts'
import { bundleCommand } from './bundle.ts'
import { checkCommand } from './check.ts'
import { CannotRun, Exit, Refused, UsageError, type Command, type Io } from './command.ts'
import { diffCommand } from './diff.ts'
import { explainCommand } from './explain.ts'
import { fleetCommand } from './fleet.ts'
import { initCommand } from './init.ts'
import { publishCommand } from './publish.ts'
import { rulesCommand } from './rules.ts'
import { serveCommand } from './serve.ts'
import { testCommand } from './test.ts'

const commands: readonly Command[] = [
  serveCommand, checkCommand, explainCommand, rulesCommand, testCommand, diffCommand, bundleCommand, publishCommand, fleetCommand,
  initCommand
]

/** Runs the command line. `argv` holds the words behind the program's name. Never throws. */
export async function main (argv: readonly string[], io: Io): Promise<number> {
  const isHelp = argv[0] === 'help' && argv[1] !== undefined
  const [name, ...words] = isHelp ? [argv[1]!, '--help'] : argv
  let command: Command | undefined
  try {
    if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
      io.stdout(overview())
      return name === undefined ? Exit.usage : Exit.ok
    }
    if (name === '--version' || name === '-v') {
      io.stdout(`${version}\n`)
      return Exit.ok
    }
    command = commands.find(each => each.name === name)
    if (command === undefined) throw new UsageError(`there is no command \`${name}\`${didYouMean(name, commands.map(each => each.name))}`)
    return await runCommand(command, words, io)
  } catch (error) {
    if (error instanceof UsageError) {
      io.stderr(`cors-gateway: ${error.message}\nSee \`cors-gateway${command === undefined ? '' : ` ${command.name}`} --help\`.\n`)
      return Exit.usage
    }
    if (error instanceof Refused) {
      io.stderr(`${error.message}\n`)
      return Exit.findings
    }
    io.stderr(`cors-gateway: ${error instanceof CannotRun ? error.message : describe(error)}\n`)
    return Exit.failure
  }
}

async function runCommand (command: Command, words: readonly string[], io: Io): Promise<number> {
  const options = { ...command.options, help: { type: 'boolean', short: 'h' } } as const
  let parsed
  try {
    parsed = parseArgs({ args: [...words], options, allowPositionals: true, strict: true, tokens: true })
  } catch (error) {
    throw new UsageError(explainParseError(error, Object.keys(options), command.usage))
  }
  refuseRepeated(parsed.tokens, command.options)
  if (parsed.values.help === true) {
    io.stdout(`${command.summary}\n\n${command.usage}`)
    return Exit.ok
  }
  return command.run(parsed, io)
}

/** The last of several would win, and whoever wrote the others would never know. */
function refuseRepeated (tokens: readonly { readonly kind: string, readonly name?: string }[], options: Command['options']): void {
  const seen = new Set<string>()
  for (const { kind, name } of tokens) {
    if (kind !== 'option' || name === undefined || options[name]?.multiple === true) continue
    if (seen.has(name)) throw new UsageError(`--${name} is given twice`)
    seen.add(name)
  }
}

function explainParseError (error: unknown, options: readonly string[], usage: string): string {
  const message = error instanceof Error ? error.message : String(error)
  const unknown = /Unknown option '--?([^']*)'/.exec(message)?.[1]
  const lacking = /Option '(?:-\w, )?(--[^ ']*)/.exec(message)?.[1]
  if (unknown === undefined) {
    if (lacking === undefined || !message.includes('argument missing')) return message.split('. ')[0]!
    const line = usage.split('\n').find(line => line.startsWith(`  ${lacking} `))
    return `${lacking} takes a value${line === undefined ? '' : `, as in\n${line}`}`
  }
  return `there is no option \`--${unknown}\`${didYouMean(unknown, options, '--')}`
}

function didYouMean (word: string, words: readonly string[], before: string = ''): string {
  const near = suggest(word, words)
  return near === null ? '' : `; did you mean \`${before}${near}\`?`
}

function overview (): string {
  const width = Math.max(...commands.map(command => command.name.length))
  return [
    'Declarative CORS: policies in YAML, checked, explained, reloaded while they serve.',
    '',
    'Usage: cors-gateway <command> [options]',
    '',
    ...commands.map(command => `  ${command.name.padEnd(width)}  ${command.summary}`),
    '',
    '`cors-gateway <command> --help` tells more; `--version` tells the version. Exit status: 0 as hoped, 1 findings, 2 wrong usage, 3 could not run.',
    ''
  ].join('\n')
}

function describe (error: unknown): string {
  return error instanceof Error ? error.stack ?? error.message : String(error)
}
