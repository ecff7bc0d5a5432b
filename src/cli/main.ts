// The command line: finds the command, runs it, and turns every end into an exit status.
import { parseArgs } from 'node:util'
import { suggest } from '../diagnostic/suggest.ts'
import { version } from '../source/version.ts'
import { checkCommand } from './check.ts'
import { CannotRun, Exit, Refused, UsageError, type Command, type Io } from './command.ts'
import { explainCommand } from './explain.ts'
import { initCommand } from './init.ts'
import { rulesCommand } from './rules.ts'
import { serveCommand } from './serve.ts'
import { testCommand } from './test.ts'

const commands: readonly Command[] = [serveCommand, checkCommand, explainCommand, rulesCommand, testCommand, initCommand]

/** Runs the command line. `argv` holds the words behind the program's name. Never throws. */
export async function main (argv: readonly string[], io: Io): Promise<number> {
  const [name, ...words] = argv
  try {
    if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
      io.stdout(overview())
      return name === undefined ? Exit.usage : Exit.ok
    }
    if (name === '--version' || name === '-v') {
      io.stdout(`${version}\n`)
      return Exit.ok
    }
    const command = commands.find(each => each.name === name)
    if (command === undefined) throw new UsageError(`there is no command \`${name}\`${didYouMean(name, commands.map(each => each.name))}`)
    return await runCommand(command, words, io)
  } catch (error) {
    if (error instanceof UsageError) {
      io.stderr(`cors-gateway: ${error.message}\nSee \`cors-gateway${name === undefined || error.cause === undefined ? '' : ` ${name}`} --help\`.\n`)
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
    parsed = parseArgs({ args: [...words], options, allowPositionals: true, strict: true })
  } catch (error) {
    throw new UsageError(explainParseError(error, Object.keys(options)), { cause: command })
  }
  if (parsed.values.help === true) {
    io.stdout(`${command.summary}\n\n${command.usage}`)
    return Exit.ok
  }
  return command.run(parsed, io)
}

function explainParseError (error: unknown, options: readonly string[]): string {
  const message = error instanceof Error ? error.message : String(error)
  const unknown = /Unknown option '--?([^']*)'/.exec(message)?.[1]
  if (unknown === undefined) return message.split('. ')[0]!
  return `there is no option \`--${unknown}\`${didYouMean(unknown, options)}`
}

function didYouMean (word: string, words: readonly string[]): string {
  const near = suggest(word, words)
  return near === null ? '' : `; did you mean \`${near}\`?`
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
    '`cors-gateway <command> --help` tells more. Exit status: 0 as hoped, 1 findings, 2 wrong usage, 3 could not run.',
    ''
  ].join('\n')
}

function describe (error: unknown): string {
  return error instanceof Error ? error.stack ?? error.message : String(error)
}
