// `--sign-key`: the private key that a publisher signs bundles with.
import { createPublicKey, type KeyObject } from 'node:crypto'
import { systemReason } from '../source/finding.ts'
import { privateKeyOf, publicKeysOf, UnfitKey, type Audience, type Trust } from '../source/signature.ts'
import { readSmallFile, UnfitFile } from '../source/small-file.ts'
import { CannotRun, textOption, type Arguments, type Command } from './command.ts'

/** The option of every command that prints or publishes a bundle. */
export const signKeyOption: Command['options'] = { 'sign-key': { type: 'string' } }

/** The key that the option names, or undefined without it. */
export async function signKeyOf (args: Arguments): Promise<KeyObject | undefined> {
  const path = textOption(args, 'sign-key')
  if (path === undefined) return undefined
  try {
    return privateKeyOf((await readSmallFile(path)).toString())
  } catch (error) {
    if (error instanceof UnfitKey) throw new CannotRun(`the file ${path} ${error.message}`)
    if ((error as { code?: unknown }).code === undefined && !(error instanceof UnfitFile)) throw error
    throw new CannotRun(`the file ${path} cannot be read: ${systemReason(error)}`)
  }
}

/** Trust in what a private key has signed for a place, and in nothing else. */
export function trustIn (key: KeyObject, audience: Audience): Trust {
  return { keys: publicKeysOf(createPublicKey(key).export({ format: 'pem', type: 'spki' }).toString()), audience }
}
