// How a command logs in where policies are: its flags, what each means at which kind of URL, and errors in their words.
import type { HttpOptions } from '../source/http.ts'
import { isNatsUrl, type NatsOptions } from '../source/nats/options.ts'
import { textOption, UsageError, type Arguments, type Command } from './command.ts'

/** The options of a source at either kind of URL that say who asks, and whom to trust. */
export type Login = Omit<NatsOptions, 'timeout'> & Pick<HttpOptions, 'tokenFile' | 'caFile' | 'allowInsecure'>

interface LoginFlag {
  /** Of the sources. */
  readonly option: keyof Login
  /** What stands behind it; null for a switch. */
  readonly value: 'NAME' | 'FILE' | null
  /** Whether a server of files has no use for it. */
  readonly isNatsOnly: boolean
  readonly help: string
}

const flags: Readonly<Record<string, LoginFlag>> = {
  user: { option: 'user', value: 'NAME', isNatsOnly: true, help: 'a user, with --password-file' },
  'password-file': { option: 'passwordFile', value: 'FILE', isNatsOnly: true, help: 'the file that holds the password and nothing else' },
  'token-file': { option: 'tokenFile', value: 'FILE', isNatsOnly: false, help: 'a file that holds a token' },
  'creds-file': { option: 'credsFile', value: 'FILE', isNatsOnly: true, help: 'a .creds file' },
  'ca-file': { option: 'caFile', value: 'FILE', isNatsOnly: false, help: 'the authorities to trust instead of the system\'s, in PEM form' },
  'cert-file': { option: 'certFile', value: 'FILE', isNatsOnly: true, help: 'this side\'s certificate, with --key-file' },
  'key-file': { option: 'keyFile', value: 'FILE', isNatsOnly: true, help: 'its key' },
  'allow-insecure': {
    option: 'allowInsecure', value: null, isNatsOnly: false,
    help: 'no TLS to other machines: whoever is on the way can then read what is secret and change the policies'
  }
}

/** The options of every command that connects to a place of policies. */
export const loginOptions: NonNullable<Command['options']> =
  Object.fromEntries(Object.entries(flags).map(([flag, { value }]) => [flag, { type: value === null ? 'boolean' : 'string' }]))

/** What `--help` says of them, a line each; with `marks`, which of them are for NATS alone. */
export function loginLines (marks: boolean): string {
  return Object.entries(flags).map(([flag, { value, isNatsOnly, help }]) =>
    `  ${`--${flag}${value === null ? '' : ` ${value}`}`.padEnd(22)} ${help}${marks && isNatsOnly ? ' (NATS)' : ''}\n`).join('')
}

/** What `--help` says of them where policies are only read. */
export const loginUsage: string = `Where the policies are at a URL, https://… of a bundle, or nats://HOST[:4222][/BUCKET] of a store (tls:// for TLS):
${loginLines(true)}`

/** The flags that are given. */
export function givenLogin ({ values }: Arguments): readonly string[] {
  return Object.keys(flags).filter(flag => values[flag] !== undefined)
}

/** The same words of a command without them. */
export function withoutLogin (args: Arguments): Arguments {
  return { ...args, values: Object.fromEntries(Object.entries(args.values).filter(([name]) => flags[name] === undefined)) }
}

/** Ends the command where one of them is given and means nothing. */
export function refuseLogin (args: Arguments, why: string): void {
  const [flag] = givenLogin(args)
  if (flag !== undefined) throw new UsageError(`--${flag} ${why}`)
}

/** What the flags say for a URL. One that a server of files has no use for ends the command. */
export function loginFor (args: Arguments, url: string): Login {
  const given = givenLogin(args)
  const misplaced = isNatsUrl(url) ? undefined : given.find(flag => flags[flag]!.isNatsOnly)
  if (misplaced !== undefined) throw new UsageError(`--${misplaced} is for a NATS server, not for ${/^https?:/i.exec(url)?.[0] ?? 'this URL'}`)
  return Object.fromEntries(given.map(flag => [flags[flag]!.option, textOption(args, flag) ?? true]))
}

/** Options of a source without those that the flags are about. */
export function withoutLoginOptions<Options extends object> (options: Options): Omit<Options, keyof Login> {
  const names = new Set<string>(Object.values(flags).map(({ option }) => option))
  return Object.fromEntries(Object.entries(options).filter(([name]) => !names.has(name))) as Omit<Options, keyof Login>
}

const flagOf: ReadonlyMap<string, string> = new Map(Object.entries(flags).map(([flag, { option }]) => [option, flag]))

/** An error of a source, with the names of flags instead of those of options. */
export function inFlags (message: string): string {
  return message
    .replace('`allowInsecure: true`', '--allow-insecure')
    .replace('`token` or `tokenFile`', '--token-file')
    .replace('`ca`', '--ca-file')
    .replace(/`(\w+)`/g, (whole, name: string) => flagOf.has(name) ? `--${flagOf.get(name)!}` : whole)
}
