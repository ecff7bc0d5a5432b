// `explain`: what a browser would do with a request, step by step, and which line decided.
import { renderPretty } from '../diagnostic/render.ts'
import { explain, type Explanation } from '../inspect/explain.ts'
import { renderExplanation } from '../inspect/render-story.ts'
import { choiceOption, Exit, listOption, textOption, UsageError, type Arguments, type Command, type Io } from './command.ts'
import { decisionOptions, loadSet, momentOf, settingsOf } from './load.ts'
import { loginOptions, loginUsage } from './login.ts'

export const explainCommand: Command = {
  name: 'explain',
  summary: 'Tells what a browser would do with a request, step by step, and which line decided.',
  usage: `Usage: cors-gateway explain [DIR...] --origin ORIGIN --url URL [options]

  DIR...                  the policy directories, one set together (./policies); or the URL of a bundle or of a store
  --origin ORIGIN         the page's origin, such as https://shop.example.com
  --url URL               what the page asks for; ws: and wss: ask about a WebSocket
  --method METHOD         GET unless given
  --header 'NAME: VALUE'  a header that the page sets; may be given more than once
  --credentials WORD      omit, same-origin (default) or include, as in fetch
  --at TIME               as of this moment
  --config FILE           decide as the gateway of this gateway.yaml does, on its policies unless DIR is given
  --unmatched WORD        deny (default) or passthrough: paths without a policy
  --format WORD           pretty (default) or json

${loginUsage}
Exit status: 0 readable, 1 blocked or invalid files, 2 wrong usage, 3 no such directory, or a URL could not be read.
`,
  options: {
    origin: { type: 'string' },
    url: { type: 'string' },
    method: { type: 'string' },
    header: { type: 'string', multiple: true },
    credentials: { type: 'string' },
    ...decisionOptions,
    ...loginOptions
  },
  run: explainRequest
}

async function explainRequest (args: Arguments, io: Io): Promise<number> {
  const format = choiceOption(args, 'format', ['pretty', 'json'], 'pretty')
  const origin = textOption(args, 'origin')
  const url = textOption(args, 'url')
  if (origin === undefined || url === undefined) throw new UsageError('explain needs --origin and --url')
  if (!/^(?:https?|wss?):\/\/[^/?#]/i.test(url)) throw new UsageError(`--url takes an absolute http, https, ws or wss URL, not \`${url}\``)
  const at = momentOf(args)
  const { policies, build } = await settingsOf(args)
  const loaded = await loadSet(policies, { at, ...build })
  if (loaded.snapshot === null) {
    io.stderr(`${renderPretty(loaded.diagnostics, loaded.shown, { colour: io.colour })}\nthe policies are invalid, so nothing can be explained by them\n`)
    return Exit.findings
  }
  const explanation: Explanation = explain(loaded.snapshot, {
    origin,
    url,
    method: textOption(args, 'method') ?? 'GET',
    headers: listOption(args, 'header').map(headerOf),
    credentials: choiceOption(args, 'credentials', ['omit', 'same-origin', 'include'], 'same-origin')
  })
  io.stdout(format === 'json' ? `${JSON.stringify(explanation, null, 2)}\n` : renderExplanation(explanation, io.colour))
  return explanation.outcome === 'readable' ? Exit.ok : Exit.findings
}

function headerOf (text: string): [name: string, value: string] {
  const colon = text.indexOf(':')
  if (colon <= 0) throw new UsageError(`--header takes 'NAME: VALUE', not \`${text}\``)
  return [text.slice(0, colon).trim(), text.slice(colon + 1).trim()]
}
