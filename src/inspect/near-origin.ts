// How near an origin comes to a pattern that it does not match: by scheme, port or host alone.
import { opaqueOrigin, parseOrigin, type Origin } from '../origin/origin.ts'
import { parseOriginPattern } from '../origin/parse.ts'
import { matchesOrigin, type OriginPattern } from '../origin/pattern.ts'
import { isOneEditAway } from './edit.ts'

/** The one thing that differs, and how helpful it is to know: less is more. */
export interface NearOrigin {
  readonly differs: 'scheme' | 'port' | 'host'
  readonly text: string
  readonly rank: number
}

/** What a pattern and an origin that it does not match differ in, if in one thing only. */
export function nearOrigins (pattern: OriginPattern, value: string): NearOrigin[] {
  if (pattern.kind === 'any' || pattern.kind === 'opaque' || value === opaqueOrigin) return []
  const origin = parseOrigin(value)
  if (origin === null) return nearMalformed(pattern, value)
  const near = matches(pattern, { ...origin, scheme: pattern.scheme })
    ? { differs: 'scheme', text: `${pattern.text} differs in the scheme only: ${pattern.scheme}, not ${origin.scheme}`, rank: 0 } as const
    : matches(pattern, { ...origin, port: pattern.port === '*' ? '' : pattern.port })
      ? { differs: 'port', text: `${pattern.text} differs in the port only: ${sayPort(pattern.port)}, not ${sayPort(origin.port)}`, rank: 1 } as const
      : nearHost(pattern, origin)
  return near === null ? [] : [near]
}

type HostPattern = Exclude<OriginPattern, { kind: 'any' | 'opaque' }>

function matches (pattern: HostPattern, origin: Origin): boolean {
  return matchesOrigin(pattern, '', origin)
}

function sayPort (port: string): string {
  return port === '' ? 'the default one' : port === '*' ? 'any' : port
}

/** A text that is an origin but for how it is written: what a browser would send might be allowed. */
function nearMalformed (pattern: HostPattern, value: string): NearOrigin[] {
  const { error } = parseOriginPattern(value)
  const corrected = error?.corrected ?? ''
  const origin = parseOrigin(corrected)
  if (origin === null || !matches(pattern, origin)) return []
  const differs = /:\d+\/?$/.test(value) && origin.port === '' ? 'port' : value.startsWith(`${origin.scheme}://`) ? 'host' : 'scheme'
  const why = hasScheme(value) ? '' : 'an origin begins with its scheme; '
  return [{ differs, text: `${why}${pattern.text} would match it in the form that a browser sends: ${corrected}`, rank: 0 }]
}

function hasScheme (value: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(value)
}

function nearHost (pattern: HostPattern, origin: Origin): NearOrigin | null {
  const { host } = origin
  const tryHost = (other: string, why: string, rank: number): NearOrigin | null =>
    matches(pattern, { ...origin, host: other }) ? { differs: 'host', text: `${pattern.text}: ${why}`, rank } : null
  const dot = host.indexOf('.')
  return tryHost(host.endsWith('.') ? host.slice(0, -1) : `${host}.`, 'the trailing dot of a host makes another origin', 2) ??
    (pattern.kind === 'subdomains' ? tryHost(`x.${host}`, `\`*.\` stands for hosts below ${host}, not for ${host} itself`, 2) : null) ??
    (dot === -1 ? null : tryHost(host.slice(dot + 1), `${host} is one label too deep`, 4)) ??
    (pattern.kind === 'exact' && pattern.host.endsWith(`.${host}`) && pattern.host.split('.').length === host.split('.').length + 1
      ? tryHost(pattern.host, `the host is ${pattern.host}, not ${host}`, 4)
      : null) ??
    nearTypo(pattern, origin)
}

/** The fixed labels of a pattern's host, after whatever its wildcard stands for. */
function fixedPart (pattern: HostPattern): string {
  switch (pattern.kind) {
    case 'exact': return pattern.host
    case 'subdomains': return pattern.suffix.slice(1)
    case 'label-glob': return pattern.after.join('.')
    case 'any-host': return ''
  }
}

function nearTypo (pattern: HostPattern, origin: Origin): NearOrigin | null {
  const fixed = fixedPart(pattern)
  const labels = origin.host.split('.')
  const count = fixed.split('.').length
  const front = labels.slice(0, -count)
  const said = pattern.kind === 'exact' ? origin.host : labels.slice(-count).join('.')
  // Short words are all near one another.
  if (fixed.length < 5 || !isOneEditAway(fixed, said)) return null
  const mended = pattern.kind === 'exact' ? fixed : [...front, fixed].join('.')
  return matches(pattern, { ...origin, host: mended }) ? { differs: 'host', text: `${pattern.text}: the host has ${fixed}, not ${said}`, rank: 3 } : null
}
