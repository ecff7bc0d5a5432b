// The values of a gateway's configuration: addresses, paths, durations, sizes, upstreams, and whom to trust.
import { isAbsolute, join } from 'node:path'
import { show } from '../policy/findings.ts'
import { parseDuration } from '../policy/time.ts'
import { parseAddress, type ListenAddress } from './address.ts'
import type { GatewayFile } from './config-schema.ts'
import type { Section } from './config-section.ts'
import { trustOf, type TrustProxy } from './trust.ts'

/** The longest time that the gateway waits for anything, in seconds: a day. */
const longest = 86_400

const units: Readonly<Record<string, number>> = { KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 }

/** The keys with values of some kind. */
export type KeysOf<Keys, Value> = { [Key in keyof Keys]-?: NonNullable<Keys[Key]> extends Value ? Key : never }[keyof Keys] & string

/** Reads a listen address. */
export function readAddress<Keys extends object> (section: Section<Keys>, key: KeysOf<Keys, string>): ListenAddress | null {
  const text = section.get(key) as string | undefined
  if (text === undefined) return null
  const address = parseAddress(text)
  if (address === null) section.refuse(key, `${show(text)} is not a listen address`, 'a port is a number from 0 to 65535')
  return address
}

/** Reads the path of a file; a relative one begins at the folder of the configuration. */
export function readPath<Keys extends object> (section: Section<Keys>, key: KeysOf<Keys, string>, folder: string): string | null {
  const text = section.get(key) as string | undefined
  return text === undefined ? null : pathIn(folder, text)
}

/** A path that begins at a folder, unless it is absolute. */
export function pathIn (folder: string, path: string): string {
  return isAbsolute(path) ? path : join(folder, path)
}

/** Reads a duration: milliseconds. */
export function readDuration<Keys extends object> (section: Section<Keys>, key: KeysOf<Keys, string | number>): number | null {
  const value = section.get(key) as string | number | undefined
  if (value === undefined) return null
  const seconds = typeof value === 'number' ? value : parseDuration(value)!
  if (seconds <= longest) return seconds * 1000
  section.refuse(key, `${show(String(value))} is longer than 24 hours`, 'write `24h` at most')
  return null
}

/** Reads a size between two bounds: bytes. */
export function readSize<Keys extends object> (
  section: Section<Keys>, key: KeysOf<Keys, string | number>, low: string, high: string
): number | null {
  const value = section.get(key) as string | number | undefined
  if (value === undefined) return null
  const bytes = typeof value === 'number' ? value : bytesOf(value)
  if (bytes >= bytesOf(low) && bytes <= bytesOf(high)) return bytes
  section.refuse(key, `\`${key}\` cannot be ${show(String(value))}`, `it takes sizes from \`${low}\` to \`${high}\``)
  return null
}

function bytesOf (size: string): number {
  return parseInt(size) * (units[size.slice(-3)] ?? 1)
}

/** Reads `trustProxy`. */
export function readTrust (section: Section<GatewayFile>): TrustProxy | null {
  const value = section.get('trustProxy')
  if (typeof value !== 'object') return value ?? null
  return section.texts('trustProxy').filter(({ text, span }) => {
    try {
      return trustOf([text]) !== null
    } catch {
      section.refuse(span, `${show(text)} is no address or network`, 'write one such as `10.0.0.0/8`, `::1` or `loopback`')
      return false
    }
  }).map(({ text }) => text)
}

/** The scheme, host and port that an upstream's URL names; or what such a URL takes, as words behind a name. */
export function parseUpstreamUrl (text: string): { readonly url: string } | { readonly takes: string } {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !/^https?:$/.test(url.protocol)) return { takes: `an http or https URL, not ${show(text)}` }
  if (url.username !== '' || url.password !== '') return { takes: 'no user name and no password: the client\'s are passed on' }
  // The path that the policy judged is the one that the upstream gets, so an upstream adds none of its own.
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') return { takes: `scheme, host and port only: \`${url.origin}\`` }
  return { url: url.origin }
}
