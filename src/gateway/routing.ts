// Which upstream a request goes to: the one of its host, and of the longest prefix of its path.
import { hostOf, parseHostPattern } from '../route/host.ts'
import { pathOfTarget, routerDecode, settle, type RouterOptions } from '../route/path.ts'

/** Requests of a host whose path begins with a prefix go to an upstream; the path is passed on as it came, prefix included. */
export interface Upstream {
  /** `/` for every path. */
  readonly prefix: string
  /** Scheme, host and port. */
  readonly url: string
  /** Exact hosts, or `*.suffix` for every host below one; without them the upstream serves every host. */
  readonly hosts?: readonly string[]
}

/**
 * Finds the upstream of a request: its target as it came, its host as the server trusts it. As with policies, the most
 * specific host that has a matching prefix decides: exact host, then longest suffix, then upstreams without hosts.
 */
export type UpstreamFinder = (host: string, target: string) => Upstream | null

/** A prefix as paths are compared with it, `''` for every path. */
interface Mount { readonly prefix: string, readonly upstream: Upstream }

/** The mounts of a host, the longest prefix first. */
type Mounts = readonly Mount[]

/** Prepares the look-up. Throws for a host that is none, and for two upstreams that would serve the same requests. */
export function upstreamFinder (upstreams: readonly Upstream[], router: RouterOptions): UpstreamFinder {
  const byHost = new Map<string, Mount[]>()
  for (const upstream of upstreams) {
    const prefix = settle(upstream.prefix, { ...router, ignoreTrailingSlash: true, useSemicolonDelimiter: false })
    const mount = { prefix: prefix === '/' ? '' : prefix, upstream }
    for (const host of upstream.hosts ?? ['']) addMount(byHost, host, mount)
  }
  for (const mounts of byHost.values()) mounts.sort((a, b) => b.prefix.length - a.prefix.length)
  const everyHost = byHost.get('') ?? []
  const suffixes = [...byHost].filter(([host]) => host.startsWith('*.')).map(([host, mounts]) => [host.slice(1), mounts] as const)
    .sort(([a], [b]) => b.length - a.length)
  return (authority, target) => {
    const path = pathOf(target, authority, router)
    if (path === null) return null
    const host = hostOf(authority)
    // The empty key is no host's.
    const exact = host === '' ? null : mountedAt(byHost.get(host), path)
    if (exact !== null) return exact
    for (const [suffix, mounts] of suffixes) {
      const found = host.length > suffix.length && host.endsWith(suffix) ? mountedAt(mounts, path) : null
      if (found !== null) return found
    }
    return mountedAt(everyHost, path)
  }
}

function addMount (byHost: Map<string, Mount[]>, host: string, mount: Mount): void {
  if (host !== '') {
    const read = parseHostPattern(host)
    if ('error' in read) throw new TypeError(`\`${host}\` among the hosts of ${mount.upstream.url}: ${read.error.message}${read.error.corrected === null ? '' : `; write \`${read.error.corrected}\``}`)
  }
  const mounts = byHost.get(host) ?? []
  const other = mounts.find(({ prefix }) => prefix === mount.prefix)
  if (other !== undefined) {
    throw new TypeError(`two upstreams for ${mount.upstream.prefix}${host === '' ? '' : ` of ${host}`}: ${other.upstream.url} and ${mount.upstream.url}`)
  }
  byHost.set(host, [...mounts, mount])
}

/** The path as Fastify's router compares it, so that an upstream and a policy are found by the same reading. */
function pathOf (target: string, authority: string, router: RouterOptions): string | null {
  const path = pathOfTarget(target, authority)
  const decoded = path === null ? null : routerDecode(path)
  return decoded === null || !decoded.startsWith('/') ? null : settle(decoded, router)
}

function mountedAt (mounts: Mounts | undefined, path: string): Upstream | null {
  for (const { prefix, upstream } of mounts ?? []) {
    if (path.startsWith(prefix) && (path.length === prefix.length || path.charCodeAt(prefix.length) === 47)) return upstream
  }
  return null
}
