// What `serve` is to run: the settings of its configuration, and the flags, which win over it.
import { isLoopback, parseAddress, printAddress, type ListenAddress } from '../gateway/address.ts'
import { defaultAdmin, defaultListen, type GatewayConfig } from '../gateway/config.ts'
import { isAdminToken, readNamedFiles, readTokenFile, tokenFileForm } from '../gateway/config-files.ts'
import { parseUpstreamUrl } from '../gateway/config-values.ts'
import type { GatewayOptions } from '../gateway/gateway.ts'
import type { Upstream } from '../gateway/routing.ts'
import { systemReason } from '../source/finding.ts'
import { CannotRun, choiceOption, listOption, textOption, UsageError, type Arguments } from './command.ts'
import { refusal, validConfigOf, type CommandConfig } from './load.ts'
import { policiesOf, type Policies } from './policies.ts'

/** Everything but the logger, and where the policies are, for people to see. */
export type ServeSettings = Omit<GatewayOptions, 'logger'> & { readonly policyNames: readonly string[] } & Pick<Policies, 'inWords'>

/** Reads the words of the command and the files that they name, or ends the command. */
export async function serveSettings (args: Arguments): Promise<ServeSettings> {
  const read = await validConfigOf(args)
  const token = await tokenOption(args) ?? (read === null ? null : await tokenOf(read))
  const { source, directories, names, inWords } = policiesOf(args, read, 'trusted')
  const flagged = upstreamsOf(args)
  const { gateway = { upstreams: [] }, plugin = {} } = read?.config ?? {}
  return {
    ...gateway,
    upstreams: flagged.length > 0 ? flagged : gateway.upstreams,
    listen: addressOption(args, 'listen', read?.config.listen ?? defaultListen),
    admin: adminOf(args, read?.config, token),
    ...token !== null && { adminToken: token },
    plugin: { ...plugin, ...pluginFlags(args, plugin), policies: directories.length > 0 ? directories : source },
    policyNames: names,
    inWords
  }
}

/** The admin token that the words of the command give, or name the file of. */
async function tokenOption (args: Arguments): Promise<string | null> {
  const [given, path] = [textOption(args, 'admin-token'), textOption(args, 'admin-token-file')]
  if (given !== undefined && path !== undefined) throw new UsageError('give one of --admin-token and --admin-token-file')
  // An unset variable of a shell is an empty text: it would let everybody in.
  if (given !== undefined && !isAdminToken(given)) throw new UsageError('--admin-token takes 1 to 1,024 visible ASCII characters; what is given is no token')
  if (path === undefined) return given ?? null
  const token = await readTokenFile(path).catch((error: unknown) => { throw new CannotRun(`--admin-token-file: ${path} can't be read: ${systemReason(error)}`) })
  if (token === null) throw new UsageError(`--admin-token-file: ${path} holds no token: ${tokenFileForm}`)
  return token
}

/** The admin token of a configuration, if its files can be used as they are. */
async function tokenOf (read: CommandConfig): Promise<string | null> {
  const { config: { files, admin }, diagnostics } = read
  const { token, diagnostics: found } = await readNamedFiles(files, 'error')
  if (found.length > 0) throw refusal(read, [...diagnostics, ...found])
  return token ?? (admin === 'off' ? null : admin.token)
}

function adminOf (args: Arguments, config: GatewayConfig | undefined, token: string | null): ListenAddress | null {
  const admin = config?.admin ?? { listen: null }
  if (admin === 'off' && textOption(args, 'admin') === undefined) return null
  const address = addressOption(args, 'admin', (admin === 'off' ? null : admin.listen) ?? defaultAdmin)
  if (!isLoopback(address.host) && token === null) {
    throw new UsageError(`--admin ${printAddress(address)} can be reached from other machines: give an --admin-token-file, or a loopback address`)
  }
  return address
}

function pluginFlags (args: Arguments, plugin: GatewayConfig['plugin']): GatewayConfig['plugin'] {
  const minKept = textOption(args, 'min-kept')
  const lastKnownGood = textOption(args, 'last-known-good')
  const shadow = textOption(args, 'shadow')
  return {
    unmatched: choiceOption(args, 'unmatched', ['deny', 'passthrough'], plugin.unmatched ?? 'deny'),
    ...args.values['no-watch'] === true && { watch: false },
    ...args.values['debug'] === true && { debug: true },
    ...args.values['allow-empty'] === true && { allowEmpty: true },
    ...minKept !== undefined && { minKept: shareOf(minKept, '--min-kept') },
    ...lastKnownGood !== undefined && { lastKnownGood },
    ...shadow !== undefined && { shadow }
  }
}

function addressOption (args: Arguments, name: string, otherwise: ListenAddress): ListenAddress {
  const text = textOption(args, name)
  if (text === undefined) return otherwise
  const address = parseAddress(text)
  if (address === null) throw new UsageError(`--${name} takes HOST:PORT, not \`${text}\``)
  return address
}

function shareOf (text: string, option: string): number {
  if (/^(?:0(?:\.\d+)?|1(?:\.0+)?)$/.test(text)) return Number(text)
  throw new UsageError(`${option} takes a share from 0 to 1, such as 0.5, not \`${text}\``)
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
  const parsed = parseUpstreamUrl(text)
  if ('url' in parsed) return parsed.url
  throw new UsageError(`${option} takes ${parsed.takes}`)
}
