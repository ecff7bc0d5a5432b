// What a browser does with a page's request before anything is sent: a pure model (Fetch standard, sections 2.2 and 4).
import { isForbiddenRequestHeader } from '../fetch/header.ts'
import { isForbiddenMethod, isSafelistedMethod, isToken, normalizeMethod } from '../fetch/method.ts'
import { opaqueOrigin } from '../origin/origin.ts'
import { unsafeHeaderNames, type PageHeader } from './safelist.ts'

/** What a page says about cookies and other credentials (Fetch standard, "Requests"). */
export type CredentialsMode = 'omit' | 'same-origin' | 'include'

/** A request as a page makes it. */
export interface PageRequest {
  /** The page's serialized origin; `null` for an opaque one. */
  readonly origin: string
  /** An absolute URL of the scheme http, https, ws or wss; the last two ask for a WebSocket. */
  readonly url: string
  /** `GET`, unless given. */
  readonly method?: string | undefined
  /** In the order in which the page sets them; a name may occur more than once. */
  readonly headers?: readonly PageHeader[] | Readonly<Record<string, string>> | undefined
  /** `same-origin`, unless given, as in `fetch`. */
  readonly credentials?: CredentialsMode | undefined
}

/** What goes out for a page's request. */
export interface BrowserPlan {
  readonly origin: string
  readonly url: URL
  /** Normalised. */
  readonly method: string
  readonly credentials: CredentialsMode
  readonly headers: readonly PageHeader[]
  /** The names of headers that only the browser may set: what the page said of them is dropped. */
  readonly dropped: readonly string[]
  readonly isWebSocket: boolean
  /** The page reads from its own origin: the CORS protocol takes no part. */
  readonly isSameOrigin: boolean
  /** Why the browser throws before anything is sent, or null. */
  readonly refused: BrowserThrow | null
  /** What a preflight asks and why it is needed, or null where none is. */
  readonly preflight: PreflightPlan | null
}

/** What makes a browser throw instead of sending anything: the nearest of the gateway's own reasons, and what is wrong. */
export interface BrowserThrow {
  readonly reason: 'method-not-allowed' | 'header-not-allowed' | 'credentials-not-allowed'
  readonly detail: string
}

/** A preflight as the browser sends it. */
export interface PreflightPlan {
  /** What makes it necessary: the method, and each header. */
  readonly because: readonly string[]
  /** `Access-Control-Request-Method`. */
  readonly method: string
  /** `Access-Control-Request-Headers`: lower case, sorted; joined by a comma without a space on the wire. */
  readonly headers: readonly string[]
}

/**
 * Plans a page's request as a browser would.
 * @throws {TypeError} where the URL is not an absolute one of the scheme http, https, ws or wss.
 */
export function planRequest (request: PageRequest): BrowserPlan {
  const url = parseTarget(request.url)
  const isWebSocket = url.protocol === 'ws:' || url.protocol === 'wss:'
  const method = isWebSocket ? 'GET' : normalizeMethod(request.method ?? 'GET')
  const { headers, dropped } = settableHeaders(listHeaders(request.headers))
  const isSameOrigin = request.origin !== opaqueOrigin && request.origin === pageOriginOf(url)
  return {
    origin: request.origin,
    url,
    method,
    credentials: request.credentials ?? 'same-origin',
    headers,
    dropped,
    isWebSocket,
    isSameOrigin,
    refused: refusalOf(method, headers, url),
    preflight: isSameOrigin || isWebSocket ? null : planPreflight(method, headers)
  }
}

function parseTarget (text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !/^(?:https?|wss?):$/.test(url.protocol)) {
    throw new TypeError(`not an absolute URL of the scheme http, https, ws or wss: ${text}`)
  }
  return url
}

/** The origin of the pages that a URL's server serves: a WebSocket's is the one of its http counterpart. */
function pageOriginOf (url: URL): string {
  return url.origin.replace(/^ws/, 'http')
}

function listHeaders (headers: PageRequest['headers'] = []): readonly PageHeader[] {
  const list = isList(headers) ? headers : Object.entries(headers)
  // A value is normalised when it is set (Fetch standard, "normalize a byte sequence").
  return list.map(([name, value]) => [name, value.replace(/^[\t\n\r ]+|[\t\n\r ]+$/g, '')])
}

function isList (headers: readonly PageHeader[] | Readonly<Record<string, string>>): headers is readonly PageHeader[] {
  return Array.isArray(headers)
}

/** What a page sets under a forbidden name is dropped without a word ("forbidden request-header"). */
function settableHeaders (headers: readonly PageHeader[]): Pick<BrowserPlan, 'headers' | 'dropped'> {
  const kept = headers.filter(([name, value]) => !isForbiddenRequestHeader(name) && !overridesMethod(name, value))
  return { headers: kept, dropped: headers.filter(header => !kept.includes(header)).map(([name]) => name.toLowerCase()) }
}

/** A header that would smuggle a forbidden method past the rule above. */
function overridesMethod (name: string, value: string): boolean {
  return /^x-(?:http-method|http-method-override|method-override)$/i.test(name) &&
    value.split(',').some(method => isForbiddenMethod(method.trim()))
}

function refusalOf (method: string, headers: readonly PageHeader[], url: URL): BrowserThrow | null {
  if (!isToken(method)) return { reason: 'method-not-allowed', detail: `\`${method}\` is not a method` }
  if (isForbiddenMethod(method)) return { reason: 'method-not-allowed', detail: `no page may send ${method}` }
  const strange = headers.find(([name, value]) => !isToken(name) || /[\0\r\n]/.test(value))
  if (strange !== undefined) return { reason: 'header-not-allowed', detail: `\`${strange[0]}\` is not a header that can be sent` }
  return url.username === '' && url.password === ''
    ? null
    : { reason: 'credentials-not-allowed', detail: 'a URL with a user name or password is not fetched' }
}

function planPreflight (method: string, headers: readonly PageHeader[]): PreflightPlan | null {
  const names = unsafeHeaderNames(headers)
  const because = names.map(name => `header ${name}`)
  if (!isSafelistedMethod(method)) because.unshift(`method ${method}`)
  return because.length === 0 ? null : { because, method, headers: names }
}
