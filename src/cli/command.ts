// What a command is, what it may touch, and how it ends.
import type { ParseArgsConfig } from 'node:util'

/** Exit statuses, the same for every command. */
export const Exit = {
  /** As hoped. */
  ok: 0,
  /** Findings: invalid policies, a blocked request. */
  findings: 1,
  /** Wrong usage. */
  usage: 2,
  /** Could not run: no such directory, an address in use. */
  failure: 3
} as const

/** What a command may touch of the world, so that it can be run inside a test. */
export interface Io {
  /** Results. */
  readonly stdout: (text: string) => void
  /** Messages. */
  readonly stderr: (text: string) => void
  /** Whether stdout and stderr show colour. */
  readonly colour: boolean
  /** Whether people read the messages as they come: stderr is a terminal. */
  readonly isTerminal?: boolean
  /** Calls back when the process is told to end, and when it is told to read the policies again. For commands that stay. */
  readonly onSignal: (handlers: SignalHandlers) => void
}

/** What a command that stays does when it is told to. */
export interface SignalHandlers {
  readonly end: (signal: string) => Promise<void>
  readonly reload: () => void
  /** How long ending may take, in milliseconds; the process is given a moment more. */
  readonly patience?: number
}

/** The user's words can't be understood: exit 2, with this message. */
export class UsageError extends Error {}

/** What the command was given has findings, which the message shows: exit 1. */
export class Refused extends Error {}

/** The command understood but cannot run: exit 3, with this message. */
export class CannotRun extends Error {}

/** A command's words after parsing. */
export interface Arguments {
  readonly values: Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>
  readonly positionals: readonly string[]
}

/** One command: what it is called, how it is used, and what it does. */
export interface Command {
  readonly name: string
  readonly summary: string
  /** The usage line behind the program's name, and the options, a line each. */
  readonly usage: string
  readonly options: NonNullable<ParseArgsConfig['options']>
  readonly run: (args: Arguments, io: Io) => Promise<number>
}

/** The value of an option that takes text, or undefined. */
export function textOption ({ values }: Arguments, name: string): string | undefined {
  const value = values[name]
  return typeof value === 'string' ? value : undefined
}

/** The values of an option that may be given more than once. */
export function listOption ({ values }: Arguments, name: string): readonly string[] {
  const value = values[name]
  return Array.isArray(value) ? value.filter(each => typeof each === 'string') : []
}

/** The value of an option that takes one of some words. */
export function choiceOption<const Choice extends string> (
  args: Arguments, name: string, choices: readonly Choice[], otherwise: Choice
): Choice {
  const value = textOption(args, name)
  if (value === undefined) return otherwise
  const found = choices.find(choice => choice === value)
  if (found !== undefined) return found
  throw new UsageError(`--${name} takes ${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}, not \`${value}\``)
}
