// An origin pattern: its grammar, its meaning, and how two of them compare.
import {
  defaultPortOf, endsInNumber, maxLabelLength, isHost, isLabelCharacter, isPort, isScheme, isWebScheme, opaqueOrigin, parseOrigin, type Origin
} from './origin.ts'

/** `''` is the scheme's default port, `*` any port, the default one included. */
export type PortPattern = string

/** What an entry of `allowOrigins` means. */
export type OriginPattern =
  | { readonly kind: 'exact', readonly text: string, readonly scheme: string, readonly host: string, readonly port: PortPattern }
  | { readonly kind: 'opaque', readonly text: 'null' }
  | {
    readonly kind: 'label-glob', readonly text: string, readonly scheme: string, readonly port: PortPattern
    /** The host's labels before and after the one that holds the star. */
    readonly before: readonly string[], readonly after: readonly string[]
    /** What stands before and after the star inside its label. */
    readonly prefix: string, readonly suffix: string
  }
  /** `suffix` begins with a dot: every host that is longer and ends with it. */
  | { readonly kind: 'subdomains', readonly text: string, readonly scheme: string, readonly suffix: string, readonly port: PortPattern }
  | { readonly kind: 'any-host', readonly text: string, readonly scheme: string, readonly port: PortPattern }
  | { readonly kind: 'any', readonly text: '*' }

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

const schemesWithoutOrigins = new Set(['file', 'data', 'blob', 'javascript', 'about', 'ws', 'wss'])

/**
 * Parses an entry of `allowOrigins`. It must be in the form that a browser serializes (RFC 6454, section 6.2):
 * lower case, punycode, no default port, no path. Anything else is an error that carries the corrected form.
 */
export function parseOriginPattern (text: string): ParsedOriginPattern {
  if (text === '*') return { pattern: { kind: 'any', text } }
  if (text === opaqueOrigin) return { pattern: { kind: 'opaque', text } }
  const schemeEnd = text.indexOf('://')
  const scheme = text.slice(0, Math.max(0, schemeEnd))
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
  return corrected !== text && corrected === trimToSerialized(corrected) && parseOriginPattern(corrected).pattern !== undefined ? corrected : null
}

function trimToSerialized (text: string): string {
  return text.trim().toLowerCase()
}

/**
 * Whether a pattern matches an `Origin` header's value. `origin` is that value taken apart, or null where it is not
 * a tuple origin. The plain definition of a pattern's meaning, against which the compiled index is tested.
 */
export function matchesOrigin (pattern: OriginPattern, value: string, origin: Origin | null): boolean {
  if (pattern.kind === 'any') return true
  if (pattern.kind === 'opaque') return value === opaqueOrigin
  if (origin === null || origin.scheme !== pattern.scheme) return false
  if (pattern.port !== '*' && pattern.port !== origin.port) return false
  switch (pattern.kind) {
    case 'exact': return pattern.host === origin.host
    case 'any-host': return true
    case 'subdomains': return origin.host.length > pattern.suffix.length && origin.host.endsWith(pattern.suffix)
    case 'label-glob': {
      const labels = origin.host.split('.')
      const at = pattern.before.length
      return labels.length === at + 1 + pattern.after.length &&
        pattern.before.every((label, i) => label === labels[i]) &&
        pattern.after.every((label, i) => label === labels[at + 1 + i]) &&
        globMatches(pattern.prefix, pattern.suffix, labels[at]!)
    }
  }
}

/** Whether a label matches a glob: the star stands for one or more of a-z 0-9 and the hyphen. */
export function globMatches (prefix: string, suffix: string, label: string): boolean {
  if (label.length <= prefix.length + suffix.length || !label.startsWith(prefix) || !label.endsWith(suffix)) return false
  for (let i = prefix.length; i < label.length - suffix.length; i++) if (label.charCodeAt(i) === 95) return false
  return true
}

const kindRank: Record<OriginPattern['kind'], number> = {
  exact: 0, opaque: 0, 'label-glob': 1, subdomains: 2, 'any-host': 3, any: 4
}

/** The number of literal characters of a pattern's host: the more there are, the more specific it is. */
export function literalLength (pattern: OriginPattern): number {
  switch (pattern.kind) {
    case 'exact': return pattern.host.length
    case 'label-glob':
      return pattern.before.join('').length + pattern.after.join('').length + pattern.prefix.length + pattern.suffix.length +
        pattern.before.length + pattern.after.length
    case 'subdomains': return pattern.suffix.length
    case 'opaque': case 'any-host': case 'any': return 0
  }
}

/**
 * Orders patterns that match one origin: below zero where `a` is more specific. The kind decides first, then the
 * number of literal characters of the host, then an exact port before `:*`. Zero: the two tie.
 */
export function compareSpecificity (a: OriginPattern, b: OriginPattern): number {
  return kindRank[a.kind] - kindRank[b.kind] || literalLength(b) - literalLength(a) || portRank(a) - portRank(b)
}

function portRank (pattern: OriginPattern): number {
  return 'port' in pattern && pattern.port === '*' ? 1 : 0
}

/** Whether every origin that `b` matches is matched by `a`: a proof, never a guess. */
export function coversPattern (a: OriginPattern, b: OriginPattern): boolean {
  if (a.kind === 'any') return true
  if (b.kind === 'any' || a.kind === 'opaque' || b.kind === 'opaque') return a.kind === b.kind
  if (a.scheme !== b.scheme || (a.port !== '*' && a.port !== b.port)) return false
  if (a.kind === 'any-host') return true
  if (b.kind === 'any-host') return false
  if (a.kind === 'exact') return b.kind === 'exact' && a.host === b.host
  if (b.kind === 'exact') return matchesOrigin({ ...a, port: '*' }, b.text, { scheme: b.scheme, host: b.host, port: '' })
  if (a.kind === 'subdomains') {
    return b.kind === 'subdomains' ? b.suffix.endsWith(a.suffix) : coversGlob(a.suffix, b)
  }
  return b.kind === 'label-glob' && a.before.length === b.before.length && a.after.length === b.after.length &&
    a.before.every((label, i) => label === b.before[i]) && a.after.every((label, i) => label === b.after[i]) &&
    b.prefix.startsWith(a.prefix) && b.suffix.endsWith(a.suffix) &&
    !(b.prefix.slice(a.prefix.length) + b.suffix.slice(0, b.suffix.length - a.suffix.length)).includes('_')
}

/** Whether all hosts of a glob lie below a suffix: the suffix must end inside what the glob fixes. */
function coversGlob (suffix: string, glob: Extract<OriginPattern, { kind: 'label-glob' }>): boolean {
  // A suffix starts at a dot, so it covers the glob only where that dot is one of the glob's own.
  const fixed = [glob.before.join('.'), ...glob.after].slice(1).map(label => `.${label}`).join('')
  return fixed.endsWith(suffix)
}

/** Whether one origin can match both patterns. */
export function patternsOverlap (a: OriginPattern, b: OriginPattern): boolean {
  if (a.kind === 'any' || b.kind === 'any') return true
  if (a.kind === 'opaque' || b.kind === 'opaque') return a.kind === b.kind
  if (a.scheme !== b.scheme || (a.port !== b.port && a.port !== '*' && b.port !== '*')) return false
  if (a.kind === 'any-host' || b.kind === 'any-host') return true
  if (a.kind === 'exact' || b.kind === 'exact') return a.kind === 'exact' ? coversHost(b, a.host) : coversHost(a, (b as typeof a & { host: string }).host)
  if (a.kind === 'subdomains' && b.kind === 'subdomains') return a.suffix.endsWith(b.suffix) || b.suffix.endsWith(a.suffix)
  if (a.kind === 'subdomains') return globOverlapsSuffix(b as Extract<OriginPattern, { kind: 'label-glob' }>, a.suffix)
  if (b.kind === 'subdomains') return globOverlapsSuffix(a, b.suffix)
  return globsOverlap(a, b)
}

function coversHost (pattern: OriginPattern, host: string): boolean {
  if (!('scheme' in pattern)) return false
  return matchesOrigin({ ...pattern, port: '*' }, '', { scheme: pattern.scheme, host, port: '' })
}

type LabelPattern = readonly [prefix: string, suffix: string] | string

function labelsOf (glob: Extract<OriginPattern, { kind: 'label-glob' }>): readonly LabelPattern[] {
  return [...glob.before, [glob.prefix, glob.suffix] as const, ...glob.after]
}

function globsOverlap (a: Extract<OriginPattern, { kind: 'label-glob' }>, b: Extract<OriginPattern, { kind: 'label-glob' }>): boolean {
  const [left, right] = [labelsOf(a), labelsOf(b)]
  return left.length === right.length && left.every((label, i) => labelPatternsOverlap(label, right[i]!))
}

function globOverlapsSuffix (glob: Extract<OriginPattern, { kind: 'label-glob' }>, suffix: string): boolean {
  const wanted = suffix.slice(1).split('.')
  const labels = labelsOf(glob)
  return labels.length > wanted.length && labels.slice(-wanted.length).every((label, i) => labelPatternsOverlap(label, wanted[i]!))
}

function labelPatternsOverlap (a: LabelPattern, b: LabelPattern): boolean {
  if (typeof a === 'string') return typeof b === 'string' ? a === b : globMatches(b[0], b[1], a)
  if (typeof b === 'string') return globMatches(a[0], a[1], b)
  return globsMeet(a, b)
}

/**
 * Whether one label matches both globs. For each length it could have, the longer beginning and the longer end are
 * fixed, even where they lie over each other, and all between is free; so one try a length decides.
 */
function globsMeet (a: readonly [string, string], b: readonly [string, string]): boolean {
  const prefix = a[0].length >= b[0].length ? a[0] : b[0]
  const suffix = a[1].length >= b[1].length ? a[1] : b[1]
  for (let length = Math.max(prefix.length, suffix.length); length <= maxLabelLength; length++) {
    const shared = Math.max(0, prefix.length + suffix.length - length)
    const free = Math.max(0, length - prefix.length - suffix.length)
    const label = prefix.slice(0, prefix.length - shared) + 'a'.repeat(free) + suffix
    if (label.startsWith(prefix) && globMatches(a[0], a[1], label) && globMatches(b[0], b[1], label)) return true
  }
  return false
}
