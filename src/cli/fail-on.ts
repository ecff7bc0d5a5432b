// `--fail-on`: which differences between two sets a command does not let pass.
import { isWidened, type Diff } from '../inspect/diff.ts'
import { choiceOption, textOption, type Arguments, type Command } from './command.ts'

export type FailOn = 'any' | 'widened'

/** The option of every command that compares two sets. */
export const failOnOption: Command['options'] = { 'fail-on': { type: 'string' } }

/** What the option says, or null without it. */
export function failOnOf (args: Arguments): FailOn | null {
  return textOption(args, 'fail-on') === undefined ? null : choiceOption(args, 'fail-on', ['any', 'widened'], 'any')
}

/** Whether a difference is one that may not pass. */
export function fails (found: Diff, failOn: FailOn): boolean {
  return failOn === 'any' ? !found.equal : isWidened(found)
}
