// `--generation`: a place in the order of what was published.
import { textOption, UsageError, type Arguments } from './command.ts'

/** The generation that is asked for, or null. */
export function generationOf (args: Arguments): number | null {
  const text = textOption(args, 'generation')
  if (text === undefined) return null
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new UsageError(`--generation takes a whole number from 1, not \`${text}\``)
  return Number(text)
}
