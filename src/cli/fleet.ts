// `fleet`: what a fleet of gateways runs and was given before, and the way back.
import { build } from '../build.ts'
import { ofBucket } from '../source/signature.ts'
import { choiceOption, UsageError, type Arguments, type Command, type Io } from './command.ts'
import { earlierSet, showHistory } from './fleet/history.ts'
import { publishSet } from './fleet/publication.ts'
import { publicationOf, publishOptions, publishSettingsOf, publishUsage } from './fleet/publish-options.ts'
import { showStatus } from './fleet/status.ts'
import { refuseMissing, storeOf, storeUsage, withStore, type StorePlace } from './fleet/store.ts'
import { generationOf } from './generation.ts'
import { decisionSettingsOf, momentOf, validConfigOf } from './load.ts'
import { loginOptions } from './login.ts'
import { trustIn } from './sign-key.ts'

export const fleetCommand: Command = {
  name: 'fleet',
  summary: 'Tells what a fleet of gateways runs and was given before, and goes back to that.',
  usage: `Usage: cors-gateway fleet status|history|rollback URL [options]

  status     what is published, and what each gateway runs; exit 1 where a live one does not run it
  history    what was published, the latest first, as far as the store remembers
  rollback   publishes an earlier set as a new generation, by the same way as \`publish\`

A generation is the number of a publication in the store; not the count of sets that a gateway's log and /api/status tell.

For status and history:
  --format WORD          pretty (default) or json

For rollback:
  --generation N         the set of this generation; unless given, the last one that is another than now
${publishUsage}  --config FILE          compare as the gateway of this gateway.yaml decides

${storeUsage}
Exit status: 0, 1 as said and as \`publish\` does, 2 wrong usage, 3 the store could not be reached, has no
such bucket, or may not be read or written.
`,
  options: {
    format: { type: 'string' },
    generation: { type: 'string' },
    ...publishOptions,
    ...loginOptions
  },
  run: fleet
}

async function fleet (args: Arguments, io: Io): Promise<number> {
  const [what, url, more] = args.positionals
  if (what !== 'status' && what !== 'history' && what !== 'rollback') {
    throw new UsageError(`fleet takes status, history or rollback${what === undefined ? '' : `, not \`${what}\``}`)
  }
  if (url === undefined || more !== undefined) throw new UsageError(`fleet ${what} takes one URL: the store, such as tls://nats.example.com/cors-policies`)
  refuseOthers(args, what)
  const place = storeOf(args, url, `fleet ${what}`)
  if (what === 'rollback') return rollBack(args, place, io)
  const format = choiceOption(args, 'format', ['pretty', 'json'], 'pretty')
  return withStore(place, { create: false }, async store => {
    await refuseMissing(store, place)
    return what === 'status' ? showStatus(store, format, io) : showHistory(store, format, io)
  })
}

async function rollBack (args: Arguments, place: StorePlace, io: Io): Promise<number> {
  const generation = generationOf(args)
  const settings = await publishSettingsOf(args)
  const at = momentOf(args)
  const options = decisionSettingsOf(args, await validConfigOf(args))
  return withStore(place, { create: false }, async store => {
    await refuseMissing(store, place)
    const trust = settings.key === undefined ? null : trustIn(settings.key, ofBucket(place.bucket))
    const { texts, stamp } = await earlierSet(store, generation, trust)
    io.stderr(`back to generation ${stamp!.generation}, published ${stamp!.publishedAt}\n`)
    const loaded = { ...build(texts, { at, ...options, expiredAcceptance: 'error' }), texts, shown: texts }
    return publishSet(store, place, publicationOf(loaded, options, at, io), settings, io)
  })
}

/** An option of one of the three means nothing to the others. */
function refuseOthers ({ values }: Arguments, what: 'status' | 'history' | 'rollback'): void {
  const own = what === 'rollback' ? ['generation', ...Object.keys(publishOptions)] : ['format']
  const other = Object.keys(values).find(name => !own.includes(name) && loginOptions[name] === undefined)
  if (other !== undefined) throw new UsageError(`fleet ${what} takes no --${other}`)
}
