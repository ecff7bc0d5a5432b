// Host patterns: an exact host, or every host below a suffix.

/** `api.example.com`, or `*.example.com` for every host below it at any depth, not the apex. */
export interface HostPattern {
  readonly text: string
  /** The exact host, or the suffix with its leading dot. */
  readonly host: string
  readonly wildcard: boolean
}

/** Why a text is no host pattern, and the form that was probably meant. */
export interface HostPatternError {
  readonly message: string
  readonly corrected: string | null
}

/** The longest host pattern, with its `*`. */
export const maxHostPatternLength = 255

const label = '[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?'
const hostForm = new RegExp(`^(?:\\*\\.)?${label}(?:\\.${label})*$`)
const ipv6Form = /^\[[0-9a-f:.]+\]$/

/** Parses a host pattern of a policy file: lower case, without port or trailing dot. */
export function parseHostPattern (text: string): { readonly pattern: HostPattern } | { readonly error: HostPatternError } {
  if (text.length <= maxHostPatternLength && (hostForm.test(text) || ipv6Form.test(text))) {
    const wildcard = text.startsWith('*.')
    return { pattern: { text, host: wildcard ? text.slice(1) : text, wildcard } }
  }
  const corrected = correctHost(text)
  const said = text === '*'
    ? 'a host is exact or starts with `*.`; leave `hosts` out to mean every host'
    : /^[a-z]+:\/\//i.test(text)
      ? 'a host has no scheme'
      : /:\d+$/.test(text)
        ? 'a host has no port'
        : text.endsWith('.')
          ? 'a host has no trailing dot'
          : text !== text.toLowerCase() ? 'a host is written in lower case' : 'not a host name'
  return { error: { message: said, corrected } }
}

function correctHost (text: string): string | null {
  const bare = text.toLowerCase().replace(/^[a-z][a-z0-9+.-]*:\/\//, '').replace(/[/?#].*$/, '').replace(/:\d+$/, '').replace(/\.$/, '')
  const wildcard = bare.startsWith('*.')
  const url = `http://${wildcard ? bare.slice(2) : bare}`
  if (!URL.canParse(url)) return null
  const corrected = (wildcard ? '*.' : '') + new URL(url).hostname
  return corrected !== text && hostForm.test(corrected) ? corrected : null
}

/**
 * Whether a text is a host that all servers read alike, with or without a port: a name of letters, digits and `-._~`, an
 * IPv4 address, or an IPv6 address in brackets. Of RFC 3986's authority (section 3.2) this leaves out user names,
 * escapes and sub-delimiters, which no host of a page has. One pass, no allocation.
 */
export function isAuthority (text: string): boolean {
  const end = text.charCodeAt(0) === 91 ? endOfLiteral(text) : endOfName(text)
  return end > 0 && (end === text.length || (text.charCodeAt(end) === 58 && isPortFrom(text, end + 1)))
}

function endOfName (text: string): number {
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (!isLetter(c) && !isDigit(c) && c !== 45 && c !== 46 && c !== 95 && c !== 126) return i
  }
  return text.length
}

/** Behind the closing bracket, or -1 where there is none. */
function endOfLiteral (text: string): number {
  let colons = 0
  for (let i = 1; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === 93) return colons < 2 ? -1 : i + 1
    if (c === 58) colons++
    else if (!isDigit(c) && c !== 46 && !(isLetter(c) && (c | 32) <= 102)) return -1
  }
  return -1
}

function isPortFrom (text: string, start: number): boolean {
  if (start === text.length || text.length - start > 5) return false
  let port = 0
  for (let i = start; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (!isDigit(c)) return false
    port = port * 10 + c - 48
  }
  return port <= 65535
}

function isLetter (c: number): boolean {
  return (c | 32) >= 97 && (c | 32) <= 122
}

function isDigit (c: number): boolean {
  return c >= 48 && c <= 57
}

/** The host of an authority: without port, lower case, without a trailing dot. */
export function hostOf (authority: string): string {
  let host = authority
  const colon = host.lastIndexOf(':')
  if (colon !== -1 && host.indexOf(']', colon) === -1) host = host.slice(0, colon)
  host = host.toLowerCase()
  return host.endsWith('.') ? host.slice(0, -1) : host
}

/** Whether a host pattern matches a host as {@link hostOf} gives it. */
export function hostMatches (pattern: HostPattern, host: string): boolean {
  return pattern.wildcard ? host.length > pattern.host.length && host.endsWith(pattern.host) : host === pattern.host
}
