// `diff`: what two policy sets decide differently, exactly, with a request that shows each difference.
import { build, type BuildOptions } from '../build.ts'
import type { Diagnostic } from '../diagnostic/diagnostic.ts'
import { renderPretty } from '../diagnostic/render.ts'
import type { SourceText } from '../diagnostic/span.ts'
import { diff } from '../inspect/diff.ts'
import { renderDiff, renderDiffMarkdown } from '../inspect/render-diff.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import { gitSource } from '../source/git.ts'
import { isPolicyUrl, isSameServer, isSameUrl, urlPlaceOf } from '../source/url.ts'
import { choiceOption, Exit, Refused, UsageError, type Arguments, type Command, type Io } from './command.ts'
import { failOnOf, failOnOption, fails } from './fail-on.ts'
import { decisionOptions, decisionSettingsOf, momentOf, readSet, validConfigOf, type CommandConfig } from './load.ts'
import { loginOptions, loginUsage, refuseLogin, withoutLogin } from './login.ts'
import { policiesOf, type Policies } from './policies.ts'

export const diffCommand: Command = {
  name: 'diff',
  summary: 'Tells what two policy sets decide differently, exactly, with a request that shows each difference.',
  usage: `Usage: cors-gateway diff OLD NEW [options]

  OLD, NEW          policy directories, or git:REV[:DIR]: as they are at a revision (DIR is ./policies);
                    or the URL of a bundle or of a store
  --fail-on WORD    any: exit 1 where anything changes; widened: where pages may do more, a guardrail
                    is gone or changed, or a risk is accepted anew
  --at TIME         as of this moment, and of every later one at which a rule starts or ends
  --config FILE     decide as the gateway of this gateway.yaml does; its URL is asked as it says
  --unmatched WORD  deny (default) or passthrough: paths without a policy
  --format WORD     pretty (default), json or markdown

${loginUsage}
Exit status: 0, 1 by --fail-on, where NEW breaks its guardrails, or where a set is invalid otherwise, 2 wrong usage, 3 no such directory or
revision, or a URL could not be read.
`,
  options: {
    ...failOnOption,
    ...decisionOptions,
    ...loginOptions
  },
  run: diffSets
}

async function diffSets (args: Arguments, io: Io): Promise<number> {
  const format = choiceOption(args, 'format', ['pretty', 'json', 'markdown'], 'pretty')
  const failOn = failOnOf(args)
  const [old, now, more] = args.positionals
  if (old === undefined || now === undefined || more !== undefined) throw new UsageError('diff takes two sets, OLD and NEW: directories, git:REV[:DIR], or URLs')
  const config = await validConfigOf(args)
  const options = { ...decisionSettingsOf(args, config), allowEmpty: true, at: momentOf(args) }
  const [oldPlace, newPlace] = placesOf([old, now], args, config)
  const [before, after] = [await comparableOf(oldPlace!, options, io), await comparableOf(newPlace!, options, io)]
  const found = diff(before.snapshot, after.snapshot)
  io.stdout(format === 'json' ? `${JSON.stringify(found, null, 2)}\n` : format === 'markdown' ? renderDiffMarkdown(found) : renderDiff(found, io.colour))
  for (const { name, broken, texts } of [before, after]) {
    if (broken.length > 0) io.stderr(`${renderPretty(broken, texts, { colour: io.colour })}\nthe policies of ${name} break their guardrails: no gateway takes them\n`)
  }
  return after.broken.length > 0 || (failOn !== null && fails(found, failOn)) ? Exit.findings : Exit.ok
}

/** A set that can be compared, and the guardrails that it breaks: what opens too much is to be seen all the more. */
interface Comparable {
  readonly name: string
  readonly texts: readonly SourceText[]
  readonly snapshot: Snapshot
  readonly broken: readonly Diagnostic[]
}

/** One of the two sets. */
interface Place extends Pick<Policies, 'source' | 'inWords'> {
  readonly name: string
}

/** Where the sets are. The flags log in at one server: a secret of one is none of another's business. */
function placesOf (names: readonly string[], args: Arguments, config: CommandConfig | null): Place[] {
  const policies = config?.config.policies ?? null
  const urls = names.filter(isPolicyUrl)
  const isMixed = urls.length === 2 && !isSameServer(urls[0]!, urls[1]!)
  const configured = policies !== null && 'url' in policies ? policies.url : null
  const flagged = isMixed ? urls.filter(url => configured === null || !isSameUrl(url, configured)) : urls
  if (flagged.length === 0) refuseLogin(args, 'is for a set at a URL, and neither OLD nor NEW is one that it is for')
  if (isMixed && flagged.length === 2) refuseLogin(args, `is for one server, and ${urls.map(urlPlaceOf).join(' and ')} are two: the login of one of them may stand in the gateway.yaml of --config`)
  return names.map(name => {
    if (name.startsWith('git:')) return { name, source: gitSource(name.slice(4)), inWords: message => message }
    const own = flagged.includes(name) ? args : withoutLogin(args)
    const { source, names: [shown = name], inWords } = policiesOf({ ...own, positionals: [name] }, config)
    return { name: shown, source, inWords }
  })
}

async function comparableOf (place: Place, options: BuildOptions, io: Io): Promise<Comparable> {
  const { texts, diagnostics: found = [] } = await readSet(place)
  const { snapshot, diagnostics } = build(texts, { ...options, found, brokenGuardrail: 'warning' })
  const broken = diagnostics.filter(({ code }) => code === 'guardrail-broken').map(each => ({ ...each, severity: 'error' as const }))
  if (snapshot !== null) return { name: place.name, texts, snapshot, broken }
  const errors = diagnostics.filter(({ severity }) => severity === 'error')
  throw new Refused(`${renderPretty(errors, texts, { colour: io.colour })}\nthe policies of ${place.name} are invalid, so there is nothing to compare`)
}
