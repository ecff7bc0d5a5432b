// `bundle`: prints a policy set as one file, which any server can hold for many gateways.
import { counted } from '../diagnostic/counted.ts'
import { renderPretty } from '../diagnostic/render.ts'
import { printBundle } from '../source/bundle.ts'
import { replaceFile } from '../source/replace-file.ts'
import { CannotRun, Exit, textOption, type Arguments, type Command, type Io } from './command.ts'
import { generationOf } from './generation.ts'
import { configOption, loadSet, momentOf, settingsOf } from './load.ts'
import { loginOptions, loginUsage } from './login.ts'
import { signKeyOf, signKeyOption } from './sign-key.ts'

export const bundleCommand: Command = {
  name: 'bundle',
  summary: 'Prints a valid policy set as one file, for gateways that read it from a URL.',
  usage: `Usage: cors-gateway bundle [DIR...] [options]

  DIR...            the policy directories, one set together (./policies); or the URL of a bundle or of a store
  --output FILE     write it there, as a whole or not at all, instead of printing it
  --sign-key FILE   sign it with this private key: Ed25519, in PEM form
  --generation N    number it: gateways that have seen this number take none below it, nor a bundle without one
  --at TIME         judge validity windows and acceptances as of this moment
  --allow-empty     a set without any rule is valid
  --config FILE     the policies of this gateway.yaml unless DIR is given, checked as that gateway reads them

${loginUsage}
Exit status: 0 valid, 1 invalid: nothing is printed or written, 2 wrong usage, 3 no such directory or key, a URL could not be read,
or nothing could be written.
`,
  options: {
    output: { type: 'string' },
    generation: { type: 'string' },
    ...signKeyOption,
    at: { type: 'string' },
    'allow-empty': { type: 'boolean' },
    ...configOption,
    ...loginOptions
  },
  run: bundle
}

/** Whoever numbers bundles by hand has one line of numbers. */
const onlyEpoch = 1

async function bundle (args: Arguments, io: Io): Promise<number> {
  const at = momentOf(args)
  const key = await signKeyOf(args)
  const generation = generationOf(args)
  const { policies, build } = await settingsOf(args)
  const { ok, diagnostics, texts, shown, files, rules, revision } = await loadSet(policies, { at, ...build, expiredAcceptance: 'error' })
  if (diagnostics.length > 0) io.stderr(`${renderPretty(diagnostics, shown, { colour: io.colour })}\n`)
  if (!ok) {
    io.stderr('there is no bundle: the policies are invalid\n')
    return Exit.findings
  }
  const text = printBundle(texts, {
    ...generation !== null && { stamp: { epoch: onlyEpoch, generation, publishedAt: new Date(at).toISOString() } },
    ...key !== undefined && { sign: { key, audience: 'url' } }
  })
  const output = textOption(args, 'output')
  if (output === undefined) io.stdout(text)
  else await write(output, text)
  const numbered = generation === null ? '' : `, generation ${generation}`
  const what = `${counted(files, 'file')}, ${counted(rules, 'rule')}, revision ${revision}${numbered}`
  io.stderr(`${what}${output === undefined ? '' : `: written to ${output}`}\n`)
  return Exit.ok
}

async function write (path: string, text: string): Promise<void> {
  try {
    await replaceFile(path, text)
  } catch (error) {
    throw new CannotRun(`${path} cannot be written: ${(error as Error).message}`)
  }
}
