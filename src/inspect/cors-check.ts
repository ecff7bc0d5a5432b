// What a browser makes of the answers: the CORS check, the preflight's lists, and what a page may read.
import { isForbiddenResponseHeader, isSafelistedResponseHeader } from '../fetch/header.ts'
import { isSafelistedMethod, isToken } from '../fetch/method.ts'
import type { BrowserPlan, PreflightPlan } from './browser.ts'
import type { PageHeader } from './safelist.ts'

/** A response as the browser sees it. */
export interface BrowserResponse {
  readonly status: number
  readonly headers: readonly PageHeader[] | Readonly<Record<string, string>>
}

/** Why a browser keeps an answer from the page. */
export type BrowserRefusal =
  | 'origin-missing' | 'origin-mismatch' | 'wildcard-with-credentials' | 'credentials-not-true'
  | 'preflight-status' | 'list-malformed' | 'method-not-allowed' | 'header-not-allowed'

/** A check's result: null where it passes; else why not, and the value that failed. */
export interface BrowserCheck {
  readonly refusal: BrowserRefusal | null
  readonly detail: string
}

type Asked = Pick<BrowserPlan, 'origin' | 'credentials' | 'method'>

/** The values of a header, all lines joined; null where it is absent ("get a value from a header list"). */
function valueOf (response: BrowserResponse, name: string): string | null {
  const { headers } = response
  const list = Array.isArray(headers) ? headers as readonly PageHeader[] : Object.entries(headers as Readonly<Record<string, string>>)
  const values = list.filter(([other]) => other.toLowerCase() === name).map(([, value]) => value.replace(/^[\t ]+|[\t ]+$/g, ''))
  return values.length === 0 ? null : values.join(', ')
}

/** The CORS check (Fetch standard, "CORS check"). */
export function corsCheck ({ origin, credentials }: Asked, response: BrowserResponse): BrowserCheck {
  const allowed = valueOf(response, 'access-control-allow-origin')
  if (allowed === null) return { refusal: 'origin-missing', detail: 'the answer has no Access-Control-Allow-Origin' }
  const includes = credentials === 'include'
  if (allowed === '*' && includes) {
    return { refusal: 'wildcard-with-credentials', detail: 'Access-Control-Allow-Origin is `*`, which no request with credentials passes' }
  }
  if (allowed !== '*' && allowed !== origin) {
    return { refusal: 'origin-mismatch', detail: `Access-Control-Allow-Origin is \`${allowed}\`, not \`${origin}\`` }
  }
  const says = `Access-Control-Allow-Origin is \`${allowed}\``
  if (!includes) return { refusal: null, detail: says }
  const withCredentials = valueOf(response, 'access-control-allow-credentials')
  return withCredentials === 'true'
    ? { refusal: null, detail: `${says} and Access-Control-Allow-Credentials is \`true\`` }
    : { refusal: 'credentials-not-true', detail: 'the request has credentials, and Access-Control-Allow-Credentials is not `true`' }
}

/** Whether a preflight's answer lets the request through (Fetch standard, "CORS-preflight fetch", from step 7). */
export function preflightCheck (asked: Asked, preflight: PreflightPlan, response: BrowserResponse): BrowserCheck {
  const check = corsCheck(asked, response)
  if (check.refusal !== null) return check
  if (response.status < 200 || response.status > 299) {
    return { refusal: 'preflight-status', detail: `a preflight must be answered with a status of 200 to 299, not ${response.status}` }
  }
  const methods = listOf(response, 'access-control-allow-methods')
  const names = listOf(response, 'access-control-allow-headers')?.map(name => name.toLowerCase())
  if (methods === undefined || names === undefined) {
    return { refusal: 'list-malformed', detail: 'Access-Control-Allow-Methods or -Allow-Headers holds something that is no token' }
  }
  const starCounts = asked.credentials !== 'include'
  const { method } = preflight
  if (!methods.includes(method) && !isSafelistedMethod(method) && !(starCounts && methods.includes('*'))) {
    return { refusal: 'method-not-allowed', detail: `${method} is not in Access-Control-Allow-Methods: ${methods.join(', ') || '(nothing)'}` }
  }
  for (const name of preflight.headers) {
    // `authorization` is the one name that the standard has `*` not cover.
    const covered = names.includes(name) || (starCounts && names.includes('*') && name !== 'authorization')
    if (!covered) return { refusal: 'header-not-allowed', detail: `${name} is not in Access-Control-Allow-Headers: ${names.join(', ') || '(nothing)'}` }
  }
  return { refusal: null, detail: `${check.detail}; the method and every header asked for are allowed` }
}

/** The elements of a list of tokens; undefined where one is none ("extract header list values"). */
function listOf (response: BrowserResponse, name: string): string[] | undefined {
  const elements = (valueOf(response, name) ?? '').split(',').map(element => element.replace(/^[\t ]+|[\t ]+$/g, '')).filter(element => element !== '')
  return elements.every(isToken) ? elements : undefined
}

/** The names that `Access-Control-Expose-Headers` opens to the page, lower case; `*` for all. Safelisted ones are open in any case. */
export function exposedNames ({ credentials }: Asked, response: BrowserResponse): string[] {
  const names = (listOf(response, 'access-control-expose-headers') ?? []).map(name => name.toLowerCase())
  if (credentials !== 'include' && names.includes('*')) return ['*']
  return names.filter((name, i) => !isForbiddenResponseHeader(name) && names.indexOf(name) === i)
}

/** Whether a page may read a response header, given the names that are exposed to it. */
export function isReadable (name: string, exposed: readonly string[]): boolean {
  const lower = name.toLowerCase()
  return !isForbiddenResponseHeader(lower) && (isSafelistedResponseHeader(lower) || exposed.includes('*') || exposed.includes(lower))
}
