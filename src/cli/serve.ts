// `serve`: runs the gateway.
import { isLoopback, parseAddress, type ListenAddress } from '../gateway/address.ts'
import { startGateway, type Gateway } from '../gateway/gateway.ts'
import type { Upstream } from '../gateway/proxy.ts'
import { PolicyError } from '../source/keeper.ts'
import { CannotRun, choiceOption, Exit, listOption, textOption, UsageError, type Arguments, type Command, type Io } from './command.ts'
import { directoriesOf } from './load.ts'

export const serveCommand: Command = {
  name: 'serve',
  summary: 'Runs the gateway: policies in front of one or more upstreams.',
  usage: `Usage: cors-gateway serve [DIR] [options]

  DIR                      the policy directory (./policies)
  --listen HOST:PORT       where the gateway answers (127.0.0.1:8080)
  --admin HOST:PORT        health, status, metrics and reload (127.0.0.1:9901)
  --admin-token TOKEN      required by the admin listener; needed where it is not on loopback
  --upstream URL           where all requests go; without one, a built-in echo upstream answers
  --route /prefix=URL      where requests below a prefix go; may be given more than once
  --unmatched WORD         deny (default) or passthrough: paths without a policy
  --debug                  adds the response header x-cors-gateway: what was decided, and why
  --allow-empty            a policy set without any rule is not a fault
  --min-kept SHARE         reject a reload that keeps less of the rules or origins, 0 to 1 (0)
  --last-known-good FILE   keep the last good set there, for a start with a broken one
  --no-watch               do not reload when files change; SIGHUP still does

SIGHUP reloads. SIGTERM and SIGINT let requests in flight end, then exit 0.
`,
  options: {
    listen: { type: 'string' },
    admin: { type: 'string' },
    'admin-token': { type: 'string' },
    upstream: { type: 'string' },
    route: { type: 'string', multiple: true },
    unmatched: { type: 'string' },
    debug: { type: 'boolean' },
    'allow-empty': { type: 'boolean' },
    'min-kept': { type: 'string' },
    'last-known-good': { type: 'string' },
    'no-watch': { type: 'boolean' }
  },
  run: serve
}

async function serve (args: Arguments, io: Io): Promise<number> {
  const listen = addressOption(args, 'listen', '127.0.0.1:8080')
  const admin = addressOption(args, 'admin', '127.0.0.1:9901')
  const adminToken = textOption(args, 'admin-token')
  if (!isLoopback(admin.host) && adminToken === undefined) {
    throw new UsageError(`--admin ${textOption(args, 'admin')} can be reached from other machines: give an --admin-token, or a loopback address`)
  }
  const upstreams = upstreamsOf(args)
  const policies = directoriesOf(args)
  const lastKnownGood = textOption(args, 'last-known-good')
  let gateway: Gateway
  try {
    gateway = await startGateway({
      listen,
      admin,
      upstreams,
      ...adminToken !== undefined && { adminToken },
      logger: { level: 'info', stream: { write: io.stderr } },
      plugin: {
        policies,
        watch: args.values['no-watch'] !== true,
        unmatched: choiceOption(args, 'unmatched', ['deny', 'passthrough'], 'deny'),
        debug: args.values['debug'] === true,
        allowEmpty: args.values['allow-empty'] === true,
        minKept: shareOption(args, 'min-kept'),
        ...lastKnownGood !== undefined && { lastKnownGood }
      }
    })
  } catch (error) {
    return explainFailure(error, io)
  }
  io.stdout(banner(gateway, upstreams, policies))
  await new Promise<void>(resolve => {
    io.onSignal({
      reload: () => { void gateway.face.reload() },
      end: async () => {
        await gateway.close()
        resolve()
      }
    })
  })
  return Exit.ok
}

function explainFailure (error: unknown, io: Io): number {
  if (error instanceof Error && error.cause instanceof PolicyError) {
    io.stderr(`cors-gateway: ${error.message}\n`)
    return Exit.findings
  }
  const { code, address, port } = error as { code?: unknown, address?: string, port?: number }
  if (code === 'EADDRINUSE') throw new CannotRun(`${address}:${port} is in use: is another gateway running? Choose another address with --listen or --admin`)
  if (code === 'EACCES' && port !== undefined) throw new CannotRun(`no permission to listen on ${address}:${port}`)
  if (code === 'EADDRNOTAVAIL') throw new CannotRun(`this machine has no address ${address}`)
  throw error
}

function addressOption (args: Arguments, name: string, otherwise: string): ListenAddress {
  const text = textOption(args, name) ?? otherwise
  const address = parseAddress(text)
  if (address === null) throw new UsageError(`--${name} takes HOST:PORT, not \`${text}\``)
  return address
}

function shareOption (args: Arguments, name: string): number {
  const text = textOption(args, name) ?? '0'
  if (/^(?:0(?:\.\d+)?|1(?:\.0+)?)$/.test(text)) return Number(text)
  throw new UsageError(`--${name} takes a share from 0 to 1, such as 0.5, not \`${text}\``)
}

function upstreamsOf (args: Arguments): Upstream[] {
  const upstreams = listOption(args, 'route').map(text => {
    const equals = text.indexOf('=')
    const prefix = text.slice(0, equals)
    if (equals === -1 || !/^\/[A-Za-z0-9\-._~/]*$/.test(prefix)) throw new UsageError(`--route takes /prefix=URL, not \`${text}\``)
    return { prefix: prefix.length > 1 ? prefix.replace(/\/+$/, '') : prefix, url: upstreamUrl(text.slice(equals + 1), '--route') }
  })
  const upstream = textOption(args, 'upstream')
  if (upstream !== undefined) upstreams.push({ prefix: '/', url: upstreamUrl(upstream, '--upstream') })
  const repeated = upstreams.find(({ prefix }, i) => upstreams.findIndex(other => other.prefix === prefix) !== i)
  if (repeated !== undefined) throw new UsageError(`two upstreams for ${repeated.prefix}`)
  return upstreams
}

function upstreamUrl (text: string, option: string): string {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !/^https?:$/.test(url.protocol)) throw new UsageError(`${option} takes an http or https URL, not \`${text}\``)
  // The path that the policy judged is the one that the upstream gets, so an upstream adds none of its own.
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') throw new UsageError(`${option} takes scheme, host and port only: \`${url.origin}\``)
  return url.origin
}

function banner (gateway: Gateway, upstreams: readonly Upstream[], policies: readonly string[]): string {
  const { rules, generation, revision } = gateway.face.snapshot
  const targets = gateway.echoes ? 'a built-in echo upstream' : upstreams.map(({ prefix, url }) => `${prefix} → ${url}`).join(', ')
  return [
    `cors-gateway listens on ${gateway.url}, in front of ${targets}`,
    `  policies  ${policies.join(', ')}: ${rules} ${rules === 1 ? 'rule' : 'rules'}, generation ${generation}, revision ${revision}`,
    ...gateway.adminUrl === null ? [] : [`  admin     ${gateway.adminUrl}/api/status`],
    ''
  ].join('\n')
}
