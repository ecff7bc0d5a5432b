// The grammar of origin patterns: a text to a pattern, or to what is wrong with it and what was probably meant.
import {
  defaultPortOf, endsInNumber, isHost, isLabelCharacter, isPort, isScheme, isWebScheme, opaqueOrigin, parseOrigin
} from './origin.ts'
import type { OriginPattern, PortPattern } from './pattern.ts'

/** Why a text is no origin pattern, and the form that was probably meant. */
export interface OriginPatternError {
  readonly reason: 'not-an-origin' | 'not-serialized' | 'wildcard-place' | 'scheme' | 'host' | 'port'
  readonly message: string
  /** The text in the form that a browser serializes, or null where it cannot be known. */
  readonly corrected: string | null
  /** Whether the corrected text is the very same origin, written as browsers do, and not a guess at what was meant. */
  readonly certain: boolean
}

/** The result of parsing: a pattern or an error, never both. */
export type ParsedOriginPattern =
  | { readonly pattern: OriginPattern, readonly error?: undefined }
  | { readonly error: OriginPatternError, readonly pattern?: undefined }

/** There may be very many patterns, and nearly all are of these schemes: one text each serves them all. */
const usualSchemes = new Map(['https', 'http'].map(scheme => [scheme, scheme]))

const schemesWithoutOrigins = new Set(['file', 'data', 'blob', 'javascript', 'about', 'ws', 'wss'])

/**
 * Parses an entry of `allowOrigins`. It must be in the form that a browser serializes (RFC 6454, section 6.2):
 * lower case, punycode, no default port, no path. Anything else is an error that carries the corrected form.
 */
export function parseOriginPattern (text: string): ParsedOriginPattern {
  if (text === '*') return { pattern: { kind: 'any', text } }
  if (text === opaqueOrigin) return { pattern: { kind: 'opaque', text } }
  const schemeEnd = text.indexOf('://')
  const scheme = schemeOf(text, schemeEnd)
  if (!isScheme(scheme)) return fail('scheme', explainScheme(text, scheme), text)
  if (schemesWithoutOrigins.has(scheme)) return fail('scheme', schemeRefusal(scheme), text)

  const authority = text.slice(schemeEnd + 3)
  const bracket = authority.startsWith('[') ? authority.indexOf(']') : -1
  const colon = authority.indexOf(':', bracket + 1)
  const host = colon === -1 ? authority : authority.slice(0, colon)
  const port = colon === -1 ? '' : authority.slice(colon + 1)
  if (colon !== -1 && port !== '*') {
    if (port === defaultPortOf(scheme)) return fail('not-serialized', `a browser does not show the default port ${port} of ${scheme}`, text)
    if (!isPort(port)) return fail('port', explainPort(port, text), text)
  }
  if (host === '*') return { pattern: { kind: 'any-host', text, scheme, port } }
  if (!host.includes('*')) {
    if (!isPolicyHost(host, scheme)) return fail('host', explainHost(host, scheme), text)
    // The port aside, an exact pattern is itself an origin.
    if (parseOrigin(port === '*' ? `${scheme}://${host}` : text) === null) return fail('not-an-origin', 'this is not an origin', text)
    return { pattern: { kind: 'exact', text, scheme, host, port } }
  }
  return parseWildcardHost(text, scheme, host, port)
}

function schemeOf (text: string, end: number): string {
  const scheme = text.slice(0, Math.max(0, end))
  return usualSchemes.get(scheme) ?? scheme
}

function parseWildcardHost (text: string, scheme: string, host: string, port: PortPattern): ParsedOriginPattern {
  const misplaced = explainWildcard(host)
  if (misplaced !== null) return fail('wildcard-place', misplaced, text)
  // The star stands for at least one character: with one in its place the host must be one that a browser could send.
  if (!isPolicyHost(host.replace('*', 'a'), scheme)) return fail('host', explainHost(host, scheme), text)
  const labels = host.split('.')
  const at = labels.findIndex(label => label.includes('*'))
  if (labels[at] === '*') return { pattern: { kind: 'subdomains', text, scheme, suffix: host.slice(1), port } }
  const [prefix = '', suffix = ''] = labels[at]!.split('*')
  return { pattern: { kind: 'label-glob', text, scheme, port, before: labels.slice(0, at), after: labels.slice(at + 1), prefix, suffix } }
}

/** Browsers send labels with a hyphen at either end, but nobody can register one: in a policy it is a slip. */
function isPolicyHost (host: string, scheme: string): boolean {
  return isHost(host, scheme) && !/(?:^|\.)-|-(?:\.|$)/.test(host)
}

function explainWildcard (host: string): string | null {
  if (host.split('*').length > 2) {
    return host.includes('**')
      ? 'a host holds one `*`; `*.` in front already stands for any depth'
      : 'a host holds one `*`, so that a reader can see what it opens'
  }
  const labels = host.split('.')
  const at = labels.findIndex(label => label.includes('*'))
  const label = labels[at]!
  const isLast = at === labels.length - 1 || (at === labels.length - 2 && labels.at(-1) === '')
  if (isLast) return 'the last label of a host cannot hold a `*`'
  if (label === '*' && at > 0) return 'a label that is only `*` stands in front of the host'
  if (endsInNumber(host)) return 'an IP address has no subdomains'
  return null
}

function explainScheme (text: string, scheme: string): string {
  if (text.trim() !== text) return 'an origin has no space around it'
  if (scheme.includes('*') || text.startsWith('*')) return 'an origin starts with its scheme, and a scheme cannot hold a `*`'
  if (scheme !== '' && isScheme(scheme.toLowerCase())) return 'a browser sends the scheme in lower case'
  return 'an origin starts with its scheme, such as `https://`'
}

function schemeRefusal (scheme: string): string {
  return scheme === 'ws' || scheme === 'wss'
    ? `a page's origin is never ${scheme}: a WebSocket handshake carries the page's http or https origin`
    : `pages of the scheme ${scheme} have an opaque origin, which browsers send as \`null\``
}

function explainPort (port: string, text: string): string {
  if (/[/?#]/.test(port)) return afterOrigin(port)
  if (text.includes('@')) return 'an origin has no user name or password'
  if (/^[0-9a-f:]+$/i.test(port) && port.includes(':')) return 'an IPv6 address stands in brackets'
  return /^0*[0-9]+$/.test(port) ? 'a port is a number from 1 to 65535, without leading zeros' : 'a port is a number from 1 to 65535, or `*`'
}

function afterOrigin (text: string): string {
  return /[/?#]$/.test(text) && text.replace(/[/?#]/g, '') === text.slice(0, -1)
    ? `an origin has no trailing \`${text.at(-1)}\``
    : 'an origin ends with its host or port: it has no path, query or fragment'
}

function explainHost (host: string, scheme: string): string {
  if (host === '') return 'an origin has a host'
  if (/[{}$<>]/.test(host)) return 'the host still holds a placeholder; write the hosts that it stands for'
  if (host.includes('@')) return 'an origin has no user name or password'
  if (/[/?#\\]/.test(host)) return afterOrigin(host)
  const strange = /[^\x21-\x7e]/u.exec(host)
  if (strange !== null) {
    const codePoint = strange[0].codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')
    return `a browser sends host names in punycode: U+${codePoint} cannot be in one`
  }
  if (host.startsWith('[')) return 'not an IPv6 address in its compressed form'
  if (host !== host.toLowerCase()) return 'a browser sends the host in lower case'
  if (isWebScheme(scheme) && endsInNumber(host)) return 'a browser sends an IPv4 address as four decimal numbers'
  const bad = [...host].find(character => character !== '.' && character !== '*' && !isLabelCharacter(character.charCodeAt(0)))
  if (bad !== undefined) return `a host name cannot hold \`${bad}\``
  if (/^\.|\.\./.test(host)) return 'a host name has no empty label'
  if (/(?:^|\.)-|-(?:\.|$)/.test(host)) return 'a label of a host name does not begin or end with a hyphen'
  return 'a label is at most 63 characters, a host 253'
}

function fail (reason: OriginPatternError['reason'], message: string, text: string): ParsedOriginPattern {
  const corrected = correct(text)
  const certain = corrected !== null && /^[a-z][a-z0-9+.-]*:\/\/[^/?#]+\/?$/i.test(text.trim())
  return { error: { reason, message, corrected, certain } }
}

/** What a browser would send for a text, or null where it can't be read as an origin. A missing scheme is taken to be https. */
function correct (text: string): string | null {
  const trimmed = text.trim()
  if (trimmed.toLowerCase() === opaqueOrigin) return opaqueOrigin
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed) ? trimmed : `https://${trimmed.replace(/^\/\//, '')}`
  const [, scheme = '', rest = ''] = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/is.exec(withScheme) ?? []
  if (/[{}$<>\s@]|\/\//.test(rest)) return null
  // The star is no host character of a URL: a stand-in takes its place while the URL parser reads the rest.
  const standIn = 'zqz'
  const anyPort = /:\*(?=$|[/?#])/.test(rest)
  const readable = rest.replace(/:\*(?=$|[/?#])/, '').replaceAll('*', standIn)
  const url = `${isWebScheme(scheme.toLowerCase()) ? scheme : 'https'}://${readable}`
  if (!URL.canParse(url)) return null
  const parsed = new URL(url)
  const host = parsed.hostname.replaceAll(standIn, '*')
  const port = anyPort ? ':*' : parsed.port === '' ? '' : `:${parsed.port}`
  const corrected = `${scheme.toLowerCase()}://${host}${port}`
  // A corrected text that is itself corrected once more is no correction; since it differs from the text, this ends.
  const isSerialized = corrected !== text && corrected === corrected.trim().toLowerCase()
  return isSerialized && parseOriginPattern(corrected).pattern !== undefined ? corrected : null
}
