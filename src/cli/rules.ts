// `rules`: the access review of a policy set, with sets and defaults written out.
import { renderPretty } from '../diagnostic/render.ts'
import { accessOf, type Access } from '../inspect/access.ts'
import { reviewOrigin, reviewRule } from '../inspect/review.ts'
import { parseOriginPattern } from '../origin/parse.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import { choiceOption, Exit, textOption, UsageError, type Arguments, type Command, type Io } from './command.ts'
import { decisionOptions, loadSet, momentOf, settingsOf } from './load.ts'
import { loginOptions, loginUsage } from './login.ts'
import { renderMarkdown, renderTable, type Review } from './review-report.ts'

export const rulesCommand: Command = {
  name: 'rules',
  summary: 'The access review: who may do what where, with sets and defaults written out.',
  usage: `Usage: cors-gateway rules [DIR...] [options]

  DIR...            the policy directories, one set together (./policies); or the URL of a bundle or of a store
  --origin ORIGIN   what this origin may do, by the rule that decides for it on each route
  --url URL         who may do what at this URL
  --at TIME         as of this moment
  --config FILE     decide as the gateway of this gateway.yaml does, on its policies unless DIR is given
  --unmatched WORD  deny (default) or passthrough: paths without a policy
  --format WORD     pretty (default), json or markdown

${loginUsage}
One line a route and origin pattern. Exit status: 0, 1 invalid files, 2 wrong usage, 3 no such directory, or a URL could not be read.
`,
  options: {
    origin: { type: 'string' },
    url: { type: 'string' },
    ...decisionOptions,
    ...loginOptions
  },
  run: reviewRules
}

async function reviewRules (args: Arguments, io: Io): Promise<number> {
  const format = choiceOption(args, 'format', ['pretty', 'json', 'markdown'], 'pretty')
  const at = momentOf(args)
  const { policies, build } = await settingsOf(args)
  const { snapshot, diagnostics, shown } = await loadSet(policies, { at, ...build })
  if (snapshot === null) {
    io.stderr(`${renderPretty(diagnostics, shown, { colour: io.colour })}\nthe policies are invalid, so there is nothing to review\n`)
    return Exit.findings
  }
  const review = reviewAccess(snapshot, accessFor(args, snapshot))
  io.stdout(format === 'json' ? `${JSON.stringify(review, null, 2)}\n` : format === 'markdown' ? renderMarkdown(review) : renderTable(review, io.colour))
  return Exit.ok
}

/** An origin that no browser sends is a slip of who asks: that nobody grants it would be true, and of no use. */
function refuseMalformed (origin: string): void {
  if (origin === 'null') return
  const { pattern, error } = parseOriginPattern(origin)
  if (pattern?.kind === 'exact' && pattern.port !== '*') return
  const corrected = error?.corrected ?? null
  throw new UsageError(`--origin takes an origin as browsers send it, not \`${origin}\`${corrected === null ? '' : `; did you mean \`${corrected}\`?`}`)
}

function accessFor (args: Arguments, snapshot: Snapshot): Access {
  const origin = textOption(args, 'origin') ?? null
  const url = textOption(args, 'url') ?? null
  if (origin !== null) refuseMalformed(origin)
  try {
    return accessOf(snapshot, { origin, url })
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(`--url takes an absolute http, https, ws or wss URL, not \`${url}\``)
    throw error
  }
}

function reviewAccess ({ revision, at, set, settings: { unmatched } }: Snapshot, access: Access): Review {
  const named = new Set(access.rows.map(({ rule }) => rule))
  return {
    revision,
    at: new Date(at).toISOString(),
    unmatched,
    ...access,
    blockedOrigins: set.blockedOrigins.map(reviewOrigin),
    rules: set.rules.filter(({ name }) => named.has(name)).map(rule => reviewRule(rule, at))
  }
}
