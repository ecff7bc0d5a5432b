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
