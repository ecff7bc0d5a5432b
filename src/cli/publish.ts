// `publish`: checks, tests and compares a policy set, and puts it into the store that a fleet of gateways reads.
import { renderPretty } from '../diagnostic/render.ts'
import { runPolicyTests } from '../inspect/policy-tests.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import { isSameServer } from '../source/url.ts'
import { Refused, textOption, UsageError, type Arguments, type Command, type Io } from './command.ts'
import { publishSet } from './fleet/publication.ts'
import { publicationOf, publishOptions, publishSettingsOf, publishUsage } from './fleet/publish-options.ts'
import { storeOf, storeUsage, withStore } from './fleet/store.ts'
import { loadSet, momentOf, settingsOf } from './load.ts'
import { loadTests } from './load-tests.ts'
import { loginOptions, withoutLogin } from './login.ts'
import type { Policies } from './policies.ts'
import { reportPretty } from './test-report.ts'

export const publishCommand: Command = {
  name: 'publish',
  summary: 'Checks, tests and compares a policy set, and publishes it to a fleet of gateways.',
  usage: `Usage: cors-gateway publish [DIR...] --to URL [options]

  DIR...                 the policy directories, one set together (./policies); or the URL of a bundle,
                         or of another store, to which the flags log in too where it is on the same server
  --to URL               the store, in NATS JetStream
${publishUsage}  --config FILE          compare as the gateway of this gateway.yaml decides; its policies unless DIR is given

${storeUsage}
Exit status: 0 published, or published before; 1 invalid, a policy test failed, too large, somebody else was first,
--fail-on, or --wait; 2 wrong usage; 3 the store could not be reached, or may not be written.
`,
  options: {
    to: { type: 'string' },
    ...publishOptions,
    ...loginOptions
  },
  run: publish
}

async function publish (args: Arguments, io: Io): Promise<number> {
  const to = textOption(args, 'to')
  if (to === undefined) throw new UsageError('publish needs --to URL: the store, such as tls://nats.example.com/cors-policies')
  const place = storeOf(args, to, '--to')
  const settings = await publishSettingsOf(args)
  const at = momentOf(args)
  // What is a secret to others than the store is none of theirs.
  const isShared = args.positionals.some(each => isSameServer(each, to))
  const { policies, build } = await settingsOf(isShared ? args : withoutLogin(args))
  if (args.positionals.length === 0 && policies.directories.length === 0) {
    throw new UsageError(`the gateway of --config has its policies from ${policies.names.join()}: name the directories to publish`)
  }
  const loaded = await loadSet(policies, { at, ...build, expiredAcceptance: 'error' })
  const set = publicationOf(loaded, build, at, io)
  await runTests(policies, set.snapshot, io)
  return withStore(place, { create: !settings.isDryRun }, store => publishSet(store, place, set, settings, io))
}

/** The policy tests beside the set, where there are any: one that fails ends the command. */
async function runTests ({ directories, mayShow }: Policies, snapshot: Snapshot, io: Io): Promise<void> {
  if (directories.length === 0) return
  const { texts, tests, diagnostics } = await loadTests(directories, snapshot)
  if (diagnostics.some(({ severity }) => severity === 'error')) {
    throw new Refused(`${renderPretty(diagnostics, texts.filter(mayShow), { colour: io.colour })}\nnothing was published: the policy tests can't be read`)
  }
  const results = runPolicyTests(snapshot, tests)
  if (results.every(({ result }) => result.ok)) return
  const report = reportPretty({ results, coverage: null, revision: snapshot.revision, ok: false, findings: [] }, io.colour)
  throw new Refused(`${report}nothing was published: a policy test failed`)
}
