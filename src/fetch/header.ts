// The header names: safelisted, forbidden, CORS's own; and the list that a preflight asks for.
import { isToken } from './method.ts'

/** Request headers that a page may send without asking, within bounds on their values (Fetch standard, "Headers"). */
const safelistedRequestHeaders = new Set(['accept', 'accept-language', 'content-language', 'content-type', 'range'])

/** Response headers that a page may read without being told so (Fetch standard, "Headers"). */
const safelistedResponseHeaders = new Set([
  'cache-control', 'content-language', 'content-length', 'content-type', 'expires', 'last-modified', 'pragma'
])

/** Request headers that only the browser sets (Fetch standard, "forbidden request-header"). */
const forbiddenRequestHeaders = new Set([
  'accept-charset', 'accept-encoding', 'access-control-request-headers', 'access-control-request-method',
  'access-control-request-private-network', 'connection', 'content-length', 'cookie', 'cookie2', 'date', 'dnt', 'expect', 'host',
  'keep-alive', 'origin', 'referer', 'set-cookie', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'via'
])

/** Response headers that no page can read (Fetch standard, "forbidden response-header name"). */
const forbiddenResponseHeaders = new Set(['set-cookie', 'set-cookie2'])

export function isSafelistedRequestHeader (name: string): boolean {
  return safelistedRequestHeaders.has(name.toLowerCase())
}

export function isSafelistedResponseHeader (name: string): boolean {
  return safelistedResponseHeaders.has(name.toLowerCase())
}

export function isForbiddenRequestHeader (name: string): boolean {
  const lower = name.toLowerCase()
  return forbiddenRequestHeaders.has(lower) || lower.startsWith('proxy-') || lower.startsWith('sec-')
}

export function isForbiddenResponseHeader (name: string): boolean {
  return forbiddenResponseHeaders.has(name.toLowerCase())
}

/** The names that belong to the CORS protocol itself (Fetch standard, "CORS protocol"). */
export function isCorsHeader (name: string): boolean {
  return name.toLowerCase().startsWith('access-control-')
}

/** What a preflight may ask for at most; beyond it nothing is granted and nothing is echoed. */
const maxRequestedNames = 64
/** In bytes, over all lines. */
export const maxRequestedLength = 1024

const none: readonly string[] = []

/**
 * The names in `Access-Control-Request-Headers`, lower case, each once, in their order; null where the value is
 * beyond the bounds or holds what is no token. Any case, repetition, spacing and empty elements (RFC 9110, section
 * 5.6.1) are taken.
 */
export function parseHeaderNames (value: string | undefined): readonly string[] | null {
  if (value === undefined || value === '') return none
  if (value.length > maxRequestedLength) return null
  const names: string[] = []
  let count = 0
  for (const element of value.split(',')) {
    const name = trimSpace(element)
    if (name === '') continue
    if (++count > maxRequestedNames || !isToken(name)) return null
    const lower = name.toLowerCase()
    if (!names.includes(lower)) names.push(lower)
  }
  return names
}

/** Spaces and tabs only: other white space is no part of a list (RFC 9110, section 5.6.3). */
function trimSpace (text: string): string {
  let [start, end] = [0, text.length]
  while (start < end && isSpace(text.charCodeAt(start))) start++
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

function isSpace (c: number): boolean {
  return c === 32 || c === 9
}
