// Which proxies in front may say who asks, for which host, by which scheme.
import { BlockList, isIP } from 'node:net'

/**
 * `true`: every peer. A number: that many proxies stand in front, and nobody reaches the gateway but through them.
 * A list: addresses and networks (`10.0.0.0/8`, `::1`), or the names `loopback`, `linklocal` and `uniquelocal`.
 */
export type TrustProxy = boolean | number | readonly string[]

/** Whether a proxy is trusted: its address, and how many proxies stand between it and the gateway. */
export type Trust = (address: string | undefined, hop: number) => boolean

const named: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1'],
  linklocal: ['169.254.0.0/16', 'fe80::/10'],
  uniquelocal: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7']
}

/** The trust that a setting means, or null for none. Throws for a list with an entry that is no address or network. */
export function trustOf (setting: TrustProxy | undefined): Trust | null {
  if (setting === undefined || setting === false || setting === 0) return null
  if (setting === true) return () => true
  // Fastify itself takes a number to trust nobody, since it cannot tell whether a peer is one of the proxies: the setting asserts it.
  if (typeof setting === 'number') return (_address, hop) => hop < setting
  if (setting.length === 0) return null
  const list = new BlockList()
  for (const entry of setting) for (const network of Object.hasOwn(named, entry) ? named[entry]! : [entry]) addNetwork(list, network)
  return address => {
    const bare = address?.split('%', 1)[0] ?? ''
    const version = isIP(bare)
    return version !== 0 && list.check(bare, version === 4 ? 'ipv4' : 'ipv6')
  }
}

function addNetwork (list: BlockList, text: string): void {
  const [, address = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const version = isIP(address)
  const longest = version === 4 ? 32 : 128
  const prefix = bits === undefined ? longest : Number(bits)
  if (version === 0 || address.includes('%') || prefix > longest) {
    throw new TypeError(`\`trustProxy\` lists \`${text}\`, which is no address or network: write one such as 10.0.0.0/8, ::1 or loopback`)
  }
  list.addSubnet(address, prefix, version === 4 ? 'ipv4' : 'ipv6')
}
