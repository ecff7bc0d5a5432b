// A serialized origin (RFC 6454, section 6.2), taken apart without ever being normalised.

/** A tuple origin as a browser serializes it. */
export interface Origin {
  readonly scheme: string
  /** A host name in punycode, an IPv4 address, or an IPv6 address in brackets. */
  readonly host: string
  /** Decimal digits, or `''` where the serialization shows none: the scheme's default port. */
  readonly port: string
}

/** The serialization of every opaque origin: sandboxed frames, local files, some redirects. */
export const opaqueOrigin = 'null'

/** The longest well-formed origin, in bytes: a scheme of 64, `://`, a host of 253, `:` and a port of 5. */
const maxOriginLength = 326

const maxSchemeLength = 64
const maxHostLength = 253
/** The longest label of a host name (RFC 1035, section 2.3.4). */
export const maxLabelLength = 63

/** The ports that a serialization never shows (URL standard, section 4.2, special schemes). */
export function defaultPortOf (scheme: string): string {
  switch (scheme) {
    case 'http': case 'ws': return '80'
    case 'https': case 'wss': return '443'
    case 'ftp': return '21'
    default: return ''
  }
}

/**
 * Takes a serialized tuple origin apart, or gives null where the text is not exactly one in the form that
 * browsers send: lower case, no default port, nothing after the port. `null` is no tuple origin. Never throws.
 */
export function parseOrigin (text: string): Origin | null {
  if (!isOrigin(text)) return null
  const schemeEnd = text.indexOf('://')
  const colon = colonOfPort(text, schemeEnd + 3)
  const host = text.slice(schemeEnd + 3, colon === -1 ? text.length : colon)
  return { scheme: text.slice(0, schemeEnd), host, port: colon === -1 ? '' : text.slice(colon + 1) }
}

/** Whether {@link parseOrigin} would take a text apart. Of most texts, without a port and with a host that is a name, nothing is copied. */
export function isOrigin (text: string): boolean {
  if (text.length > maxOriginLength) return false
  const schemeEnd = text.indexOf('://')
  if (!isScheme(text, schemeEnd)) return false
  const colon = colonOfPort(text, schemeEnd + 3)
  if (colon !== -1 && (!isPort(text, colon + 1) || text.slice(colon + 1) === defaultPortOf(text.slice(0, schemeEnd)))) return false
  return isHostBetween(text, schemeEnd + 3, colon === -1 ? text.length : colon, text.startsWith('http://') || text.startsWith('https://'))
}

/** Where the colon before the port of an origin stands, or -1; one inside brackets belongs to an IPv6 address. */
export function colonOfPort (text: string, hostStart: number): number {
  const bracket = text.charCodeAt(hostStart) === 91 ? text.indexOf(']', hostStart) : -1
  return text.indexOf(':', bracket === -1 ? hostStart : bracket)
}

/** Whether a text up to `end` is a scheme as serializations show it: lower case (RFC 3986, section 3.1). */
export function isScheme (text: string, end: number = text.length): boolean {
  if (end <= 0 || end > maxSchemeLength) return false
  for (let i = 0; i < end; i++) {
    const c = text.charCodeAt(i)
    const letter = c >= 97 && c <= 122
    if (!letter && (i === 0 || !(isDigit(c) || c === 43 || c === 45 || c === 46))) return false
  }
  return true
}

/** Whether a text from `start` on is a port in its shortest form, 1 to 65535. */
export function isPort (text: string, start: number = 0): boolean {
  const length = text.length - start
  if (length < 1 || length > 5 || text.charCodeAt(start) === 48) return false
  for (let i = start; i < text.length; i++) if (!isDigit(text.charCodeAt(i))) return false
  return Number(text.slice(start)) <= 65535
}

/** Whether a text is a host as a browser serializes it for this scheme. */
export function isHost (host: string, scheme: string): boolean {
  return isHostBetween(host, 0, host.length, isWebScheme(scheme))
}

function isHostBetween (text: string, start: number, end: number, isWeb: boolean): boolean {
  if (text.charCodeAt(start) === 91) return isCanonicalIpv6(text.slice(start, end))
  const lastLabel = lastLabelOf(text, start, end)
  if (lastLabel === -1) return false
  // Only a label that begins with a digit can make an IPv4 address.
  return !isWeb || !isDigit(text.charCodeAt(lastLabel)) || isName(text.slice(start, end))
}

/** The schemes whose hosts the URL standard parses as domains or addresses. */
export function isWebScheme (scheme: string): boolean {
  return scheme === 'https' || scheme === 'http'
}

/** A name, or else an IPv4 address as the URL standard serializes it. */
function isName (host: string): boolean {
  return !endsInNumber(host) || isCanonicalIpv4(host)
}

/**
 * Where the last label begins of labels of a-z 0-9 - _ parted by dots, each within DNS's bounds; -1 where the text is
 * not that. One trailing dot makes a distinct host and is kept.
 */
function lastLabelOf (text: string, start: number, hostEnd: number): number {
  const end = hostEnd > start && text.charCodeAt(hostEnd - 1) === 46 ? hostEnd - 1 : hostEnd
  if (end === start || hostEnd - start > maxHostLength) return -1
  let labelStart = start
  for (let i = start; i < end; i++) {
    const c = text.charCodeAt(i)
    if (c === 46) {
      if (i === labelStart || i - labelStart > maxLabelLength) return -1
      labelStart = i + 1
    } else if (!isLabelCharacter(c)) {
      return -1
    }
  }
  return labelStart === end || end - labelStart > maxLabelLength ? -1 : labelStart
}

/** Letters in lower case, digits, hyphen, and the underscore, which browsers accept in host names. */
export function isLabelCharacter (c: number): boolean {
  return (c >= 97 && c <= 122) || isDigit(c) || c === 45 || c === 95
}

function isDigit (c: number): boolean {
  return c >= 48 && c <= 57
}

/** Whether the last label makes the URL standard read the host as an IPv4 address (section 3.5, "ends in a number"). */
export function endsInNumber (host: string): boolean {
  const name = host.endsWith('.') ? host.slice(0, -1) : host
  const last = name.slice(name.lastIndexOf('.') + 1)
  return /^(?:[0-9]+|0x[0-9a-f]*)$/.test(last)
}

function isCanonicalIpv4 (host: string): boolean {
  const parts = host.split('.')
  return parts.length === 4 && parts.every(part => /^(?:0|[1-9][0-9]{0,2})$/.test(part) && Number(part) <= 255)
}

/** Whether a bracketed text is an IPv6 address in the URL standard's own serialization (section 3.5, IPv6 serializer). */
function isCanonicalIpv6 (host: string): boolean {
  if (host.length > 41 || !host.endsWith(']')) return false
  const pieces = parseIpv6(host.slice(1, -1))
  return pieces !== null && `[${serializeIpv6(pieces)}]` === host
}

function parseIpv6 (text: string): readonly number[] | null {
  const halves = text.split('::')
  if (halves.length > 2) return null
  const groups = halves.map(half => half === '' ? [] : half.split(':'))
  if (groups.some(half => half.some(group => !/^[0-9a-f]{1,4}$/.test(group)))) return null
  const [head = [], tail = []] = groups.map(half => half.map(group => parseInt(group, 16)))
  const missing = 8 - head.length - tail.length
  if (halves.length === 1 ? missing !== 0 : missing < 1) return null
  return [...head, ...Array<number>(missing).fill(0), ...tail]
}

function serializeIpv6 (pieces: readonly number[]): string {
  let [from, length] = [-1, 1]
  for (let i = 0; i < 8; i++) {
    let end = i
    while (end < 8 && pieces[end] === 0) end++
    if (end - i > length) [from, length] = [i, end - i]
  }
  const hex = (part: readonly number[]): string => part.map(piece => piece.toString(16)).join(':')
  return from === -1 ? hex(pieces) : `${hex(pieces.slice(0, from))}::${hex(pieces.slice(from + length))}`
}

/** An authority's own origin: the default port of the scheme is not shown (RFC 6454, section 4). */
export function originOf (scheme: string, authority: string): string {
  const suffix = ':' + defaultPortOf(scheme)
  const shown = suffix.length > 1 && authority.endsWith(suffix) ? authority.slice(0, -suffix.length) : authority
  return `${scheme}://${shown.toLowerCase()}`
}
