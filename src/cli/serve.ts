// `serve`: runs the gateway.
import { counted } from '../diagnostic/counted.ts'
import type { Diagnostic } from '../diagnostic/diagnostic.ts'
import { visible } from '../diagnostic/render.ts'
import { startGateway, type Gateway } from '../gateway/gateway.ts'
import type { Upstream } from '../gateway/routing.ts'
import { PolicyError } from '../source/keeper.ts'
import { SourceError } from '../source/source.ts'
import { CannotRun, Exit, type Arguments, type Command, type Io } from './command.ts'
import { configOption } from './load.ts'
import { drawLogLine } from './log-line.ts'
import { loginOptions, loginUsage } from './login.ts'
import { serveSettings, type ServeSettings } from './serve-settings.ts'

export const serveCommand: Command = {
  name: 'serve',
  summary: 'Runs the gateway: policies in front of one or more upstreams.',
  usage: `Usage: cors-gateway serve [DIR | URL] [options]

  DIR                      the policy directory (./policies); or the URL of a bundle or of a store
  --config FILE            a gateway.yaml: these settings and more; what is given here wins over it
  --listen HOST:PORT       where the gateway answers (127.0.0.1:8080)
  --admin HOST:PORT        the console, health, status, metrics and reload (127.0.0.1:9901)
  --admin-token TOKEN      required by the admin listener; needed where it is not on loopback
  --admin-token-file FILE  the same, from a file that holds it alone: other users of this machine see command lines
  --upstream URL           where all requests go; without one, a built-in echo upstream answers
  --route /prefix=URL      where requests below a prefix go; may be given more than once
  --unmatched WORD         deny (default) or passthrough: paths without a policy
  --debug                  adds the response header x-cors-gateway: what was decided, and why
  --allow-empty            a policy set without any rule is not a fault
  --min-kept SHARE         reject a reload that keeps less of the rules or origins, 0 to 1 (0)
  --last-known-good FILE   keep the last good set there, for a start with a broken one
  --shadow DIR             decide this candidate set as well, count what differs, never enforce it
  --no-watch               do not reload when files change; SIGHUP still does

${loginUsage}
SIGHUP reloads. SIGTERM and SIGINT let requests in flight end, then exit 0.
`,
  options: {
    ...configOption,
    listen: { type: 'string' },
    admin: { type: 'string' },
    'admin-token': { type: 'string' },
    'admin-token-file': { type: 'string' },
    upstream: { type: 'string' },
    route: { type: 'string', multiple: true },
    unmatched: { type: 'string' },
    debug: { type: 'boolean' },
    'allow-empty': { type: 'boolean' },
    'min-kept': { type: 'string' },
    'last-known-good': { type: 'string' },
    shadow: { type: 'string' },
    'no-watch': { type: 'boolean' },
    ...loginOptions
  },
  run: serve
}

async function serve (args: Arguments, io: Io): Promise<number> {
  const settings = await serveSettings(args)
  const { drain } = settings.timeouts ?? {}
  const starting = startGateway({ ...settings, logger: { level: 'info', stream: { write: logTo(io) } } })
  // Before it has started too: a hangup would end a process that does not listen for it.
  const ended = new Promise<void>(resolve => {
    io.onSignal({
      ...drain !== undefined && { patience: drain },
      reload: () => { starting.then(({ face }) => face.reload(), () => {}) },
      end: async () => {
        await starting.then(gateway => gateway.close(), () => {})
        resolve()
      }
    })
  })
  let gateway: Gateway
  try {
    gateway = await starting
  } catch (error) {
    return explainFailure(error, settings, io)
  }
  io.stdout(banner(gateway, settings))
  await ended
  return Exit.ok
}

/** JSON, a line each, for whatever collects logs; on a terminal they are drawn for people. */
function logTo ({ stderr, isTerminal = false, colour }: Io): (line: string) => void {
  return isTerminal ? line => { stderr(drawLogLine(line, colour)) } : stderr
}

function explainFailure (error: unknown, settings: ServeSettings, io: Io): number {
  if (error instanceof Error && error.cause instanceof PolicyError) {
    io.stderr(`cors-gateway: ${error.message}\n`)
    return Exit.findings
  }
  if (error instanceof Error && error.cause instanceof SourceError) throw new CannotRun(`the policies cannot be read: ${settings.inWords(error.cause.message)}`)
  const failure = error as SystemFailure
  const { code, syscall, address, port, hostname } = failure
  if (code === 'EADDRINUSE') throw new CannotRun(`${address}:${port} is in use: is another gateway running? Choose another address with ${optionOf(failure, settings)}`)
  if (code === 'EACCES' && port !== undefined) throw new CannotRun(`no permission to listen on ${address}:${port}: choose another address with ${optionOf(failure, settings)}`)
  if (code === 'EADDRNOTAVAIL') throw new CannotRun(`this machine has no address ${address}: choose another one with ${optionOf(failure, settings)}`)
  if (syscall === 'getaddrinfo') throw new CannotRun(`the host ${hostname} is not found (${String(code)}): give ${optionOf(failure, settings)} an address of this machine`)
  throw error
}

/** What the system says of an address that cannot be had. */
interface SystemFailure {
  readonly code?: unknown
  readonly syscall?: string
  readonly address?: string
  readonly port?: number
  readonly hostname?: string
}

/** The option that sets the address: by its port, and by its host where both have the same. */
function optionOf ({ address, port, hostname }: SystemFailure, { listen, admin }: ServeSettings): string {
  const options = [{ name: '--listen', at: listen }, ...admin === null ? [] : [{ name: '--admin', at: admin }]]
  const near = options.filter(({ at }) => port === undefined || at.port === port)
  const same = near.filter(({ at: { host } }) => host === (hostname ?? address))
  return (same.length > 0 ? same : near).map(({ name }) => name).join(' or ')
}

function banner (gateway: Gateway, { upstreams, policyNames }: ServeSettings): string {
  const { rules, generation, revision, state, rejected, shadow } = gateway.face.status()
  const targets = gateway.echoes ? 'a built-in echo upstream' : upstreams.map(targetText).join(', ')
  return [
    `cors-gateway listens on ${gateway.url}, in front of ${targets}`,
    `  policies  ${policyNames.join(', ')}: ${counted(rules, 'rule')}, generation ${generation}, revision ${revision}`,
    ...state === 'ok' ? [] : [`  state     degraded: the last known good set is in force${unused(rejected)}`],
    ...shadow === undefined || shadow.state === 'ok' ? [] : [`  shadow    ${shadow.state}: no candidate is compared${unused(shadow.rejected)}`],
    ...gateway.adminUrl === null ? [] : [`  console   ${gateway.adminUrl}/`],
    ''
  ].join('\n')
}

/** Why the set that is there is not used, as far as one line can tell. */
function unused (rejected: { readonly diagnostics: readonly Diagnostic[] } | null): string {
  const errors = rejected?.diagnostics.filter(({ severity }) => severity === 'error') ?? []
  const [first] = errors
  if (first === undefined) return ''
  const more = errors.length === 1 ? '' : ` (and ${errors.length - 1} more)`
  return `, for ${visible(first.file)}:${first.line}:${first.column}: ${visible(first.message)}${more}`
}

function targetText ({ hosts, prefix, url }: Upstream): string {
  return `${(hosts ?? ['']).map(host => `${host}${prefix}`).join(' and ')} → ${url}`
}
