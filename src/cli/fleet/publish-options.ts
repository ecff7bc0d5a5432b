// What `publish` and `fleet rollback` take alike: how a set is checked, compared, signed, published and waited for.
import { renderPretty } from '../../diagnostic/render.ts'
import { parseDuration } from '../../policy/time.ts'
import { Refused, textOption, UsageError, type Arguments, type Command, type Io } from '../command.ts'
import { failOnOf, failOnOption } from '../fail-on.ts'
import { configOption, type DecisionSettings, type LoadedSet } from '../load.ts'
import { signKeyOf, signKeyOption } from '../sign-key.ts'
import type { Publication, PublishSettings } from './publication.ts'

export const publishOptions: Command['options'] = {
  ...failOnOption,
  'dry-run': { type: 'boolean' },
  ...signKeyOption,
  wait: { type: 'boolean' },
  timeout: { type: 'string' },
  at: { type: 'string' },
  'allow-empty': { type: 'boolean' },
  ...configOption
}

export const publishUsage: string = `  --fail-on WORD         any: exit 1 and publish nothing where anything changes; widened: where pages may do more,
                         a guardrail is gone or changed, or a risk is accepted anew
  --dry-run              do everything but publish
  --sign-key FILE        sign it with this private key: Ed25519, in PEM form
  --wait                 until all live gateways run it; exit 1 where one rejects it, not all do in time, or none of a
                         fleet that told of itself in the last day is live
  --timeout TIME         how long to wait at most (60s)
  --at TIME              judge validity windows and acceptances as of this moment
  --allow-empty          a set without any rule is valid
`

/** How a set is to be published, by the flags. */
export async function publishSettingsOf (args: Arguments): Promise<PublishSettings> {
  const isDryRun = args.values['dry-run'] === true
  const patience = patienceOf(args)
  if (isDryRun && patience !== null) throw new UsageError('--dry-run publishes nothing that --wait could wait for')
  return { failOn: failOnOf(args), isDryRun, key: await signKeyOf(args), patience }
}

function patienceOf (args: Arguments): number | null {
  const text = textOption(args, 'timeout')
  const seconds = parseDuration(text ?? '60s')
  if (seconds === null || seconds === 0 || seconds > 86_400) throw new UsageError(`--timeout takes a duration such as 60s or 5m, up to 24h, not \`${text}\``)
  if (args.values['wait'] === true) return seconds * 1000
  if (text !== undefined) throw new UsageError('--timeout is for --wait')
  return null
}

/** A set that was loaded, to be published; an invalid one ends the command, with its findings. */
export function publicationOf (loaded: LoadedSet, build: DecisionSettings, at: number, io: Io): Publication {
  const { texts, shown, snapshot, diagnostics, files, rules } = loaded
  if (diagnostics.length > 0) io.stderr(`${renderPretty(diagnostics, shown, { colour: io.colour })}\n`)
  if (snapshot === null) throw new Refused('nothing was published: the policies are invalid')
  return { texts, snapshot, files, rules, build: { ...build, at } }
}
