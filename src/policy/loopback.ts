// Loopback hosts: names and addresses that never leave the user's machine.
import type { OriginPattern } from '../origin/pattern.ts'

/**
 * Whether every host that a pattern matches is a loopback host: `localhost` and all below it (RFC 6761, section 6.3),
 * 127.0.0.0/8, `[::1]`, and the IPv6 form of the IPv4 addresses.
 */
export function isLoopback (pattern: OriginPattern): boolean {
  switch (pattern.kind) {
    case 'exact': return isLoopbackHost(pattern.host)
    case 'subdomains': return isLocalName(pattern.suffix.slice(1))
    case 'label-glob': return isLocalName(pattern.after.join('.'))
    case 'opaque': case 'any-host': case 'any': return false
  }
}

function isLoopbackHost (host: string): boolean {
  return isLocalName(host) || /^127(?:\.[0-9]{1,3}){3}$/.test(host) || host === '[::1]' || /^\[::ffff:7f[0-9a-f]{2}:[0-9a-f]{1,4}\]$/.test(host)
}

function isLocalName (name: string): boolean {
  const host = name.endsWith('.') ? name.slice(0, -1) : name
  return host === 'localhost' || host.endsWith('.localhost')
}
