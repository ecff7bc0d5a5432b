// `diff`: what two policy sets decide differently, exactly, with a request that shows each difference.
import { build, type BuildOptions } from '../build.ts'
import { renderPretty } from '../diagnostic/render.ts'
import { diff } from '../inspect/diff.ts'
import { renderDiff, renderDiffMarkdown } from '../inspect/render-diff.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import { gitSource } from '../source/git.ts'
import { SourceError, type SourceSet } from '../source/source.ts'
import { CannotRun, choiceOption, Exit, Refused, UsageError, type Arguments, type Command, type Io } from './command.ts'
import { failOnOf, failOnOption, fails } from './fail-on.ts'
import { decisionOptions, decisionSettingsOf, momentOf, validConfigOf } from './load.ts'
import { policiesOf } from './policies.ts'

export const diffCommand: Command = {
  name: 'diff',
  summary: 'Tells what two policy sets decide differently, exactly, with a request that shows each difference.',
  usage: `Usage: cors-gateway diff OLD NEW [options]

  OLD, NEW          policy directories, or git:REV[:DIR]: as they are at a revision (DIR is ./policies)
  --fail-on WORD    any: exit 1 where anything changes; widened: where pages may do more, a guardrail
                    is gone or changed, or a risk is accepted anew
  --at TIME         as of this moment, and of every later one at which a rule starts or ends
  --config FILE     decide as the gateway of this gateway.yaml does
  --unmatched WORD  deny (default) or passthrough: paths without a policy
  --format WORD     pretty (default), json or markdown

Exit status: 0, 1 by --fail-on or invalid files, 2 wrong usage, 3 no such directory or revision.
`,
  options: {
    ...failOnOption,
    ...decisionOptions
  },
  run: diffSets
}

async function diffSets (args: Arguments, io: Io): Promise<number> {
  const format = choiceOption(args, 'format', ['pretty', 'json', 'markdown'], 'pretty')
  const failOn = failOnOf(args)
  const [old, now, more] = args.positionals
  if (old === undefined || now === undefined || more !== undefined) throw new UsageError('diff takes two sets, OLD and NEW: directories, or git:REV[:DIR]')
  const options = { ...decisionSettingsOf(args, await validConfigOf(args)), allowEmpty: true, at: momentOf(args) }
  const found = diff(await snapshotOf(old, options, io), await snapshotOf(now, options, io))
  io.stdout(format === 'json' ? `${JSON.stringify(found, null, 2)}\n` : format === 'markdown' ? renderDiffMarkdown(found) : renderDiff(found, io.colour))
  return failOn !== null && fails(found, failOn) ? Exit.findings : Exit.ok
}

async function snapshotOf (place: string, options: BuildOptions, io: Io): Promise<Snapshot> {
  const { texts, diagnostics: found = [] } = await readSet(place)
  const { snapshot, diagnostics } = build(texts, { ...options, found })
  if (snapshot !== null) return snapshot
  const errors = diagnostics.filter(({ severity }) => severity === 'error')
  throw new Refused(`${renderPretty(errors, texts, { colour: io.colour })}\nthe policies of ${place} are invalid, so there is nothing to compare`)
}

async function readSet (place: string): Promise<SourceSet> {
  const source = place.startsWith('git:') ? gitSource(place.slice(4)) : policiesOf({ positionals: [place], values: {} }).source
  try {
    return await source.read(new AbortController().signal)
  } catch (error) {
    if (error instanceof SourceError) throw new CannotRun(error.message)
    throw error
  }
}
