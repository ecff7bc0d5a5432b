// Listen addresses: `host:port`, `[ipv6]:port`, or a port alone.

/** Where a server listens. */
export interface ListenAddress {
  readonly host: string
  readonly port: number
}

/** Reads a listen address, or gives null. A port alone means loopback. */
export function parseAddress (text: string): ListenAddress | null {
  const [, bracketed, name, digits] = /^(?:(?:\[([0-9a-f:.]+)\]|([^:[\]]+)):)?(\d{1,5})$/i.exec(text) ?? []
  const port = Number(digits)
  return digits === undefined || port > 65535 ? null : { host: bracketed ?? name ?? '127.0.0.1', port }
}

/** An address as it stands in a URL. */
export function printAddress ({ host, port }: ListenAddress): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** Whether only this machine can reach the address. */
export function isLoopback (host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host)
}
