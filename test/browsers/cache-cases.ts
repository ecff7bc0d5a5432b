// The preflight cache and hot reload, as data: requests to one URL one after the other, and what each must come to.
import type { CredentialsMode } from '../../src/inspect/browser.ts'
import type { Reason } from '../../src/snapshot/decision.ts'

/** One request; before it, perhaps, a hot reload. */
export interface Step {
  /** The rule's new end: a hot reload comes first. */
  readonly rule?: string
  readonly method: string
  readonly headers?: Readonly<Record<string, string>>
  readonly credentials?: CredentialsMode
  /** Added to the URL. */
  readonly query?: string
  /** Whether the browser asks first. */
  readonly asks: boolean
  /** What `explain` says of the policies as they are now. */
  readonly is: 'readable' | Reason
  /** Why the page still reads what `explain` says it can't: what its browser remembers of an older answer. */
  readonly stale?: string
}

/** Requests that share what the browser remembers. */
export interface Sequence {
  readonly name: string
  readonly steps: readonly Step[]
}

const put = ', allowMethods: [GET, PUT], allowHeaders: [x-a, x-b]'
const long = `${put}, maxAge: 10m`
const onlyGet = ', allowMethods: [GET], allowHeaders: [x-a, x-b], maxAge: 10m'
const fewerHeaders = ', allowMethods: [GET, PUT], allowHeaders: [x-a], maxAge: 10m'

export const sequences: readonly Sequence[] = [
  {
    name: 'maxAge: 10m is kept',
    steps: [
      { rule: long, method: 'PUT', asks: true, is: 'readable' },
      { method: 'PUT', asks: false, is: 'readable' },
      { method: 'PUT', headers: { 'x-b': '1' }, asks: false, is: 'readable' },
      { method: 'GET', headers: { 'x-a': '1' }, asks: false, is: 'readable' },
      { method: 'DELETE', asks: true, is: 'method-not-allowed' },
      { method: 'PUT', headers: { 'x-c': '1' }, asks: true, is: 'header-not-allowed' }
    ]
  },
  {
    name: 'what is remembered holds for one URL',
    steps: [
      { rule: long, method: 'PUT', asks: true, is: 'readable' },
      { method: 'PUT', query: 'other', asks: true, is: 'readable' },
      { method: 'PUT', query: 'other', asks: false, is: 'readable' }
    ]
  },
  {
    name: 'and for one kind of credentials',
    steps: [
      { rule: `${long}, allowCredentials: true`, method: 'PUT', asks: true, is: 'readable' },
      { method: 'PUT', credentials: 'include', asks: true, is: 'readable' },
      { method: 'PUT', credentials: 'include', asks: false, is: 'readable' }
    ]
  },
  {
    name: 'without maxAge it is kept for a moment',
    steps: [
      { rule: put, method: 'PUT', asks: true, is: 'readable' },
      { method: 'PUT', asks: false, is: 'readable' }
    ]
  },
  ...['0', '-1'].map((maxAge): Sequence => ({
    name: `maxAge: ${maxAge} keeps nothing`,
    steps: [
      { rule: `${put}, maxAge: ${maxAge}`, method: 'PUT', asks: true, is: 'readable' },
      { method: 'PUT', asks: true, is: 'readable' }
    ]
  })),
  {
    name: 'a refusal is not remembered',
    steps: [
      { rule: onlyGet, method: 'PUT', asks: true, is: 'method-not-allowed' },
      { method: 'PUT', asks: true, is: 'method-not-allowed' },
      { rule: long, method: 'PUT', asks: true, is: 'readable' }
    ]
  },
  {
    name: 'a method that is withdrawn is refused to the request itself',
    steps: [
      { rule: long, method: 'PUT', asks: true, is: 'readable' },
      { rule: onlyGet, method: 'PUT', asks: false, is: 'method-not-allowed' },
      { method: 'GET', asks: false, is: 'readable' }
    ]
  },
  {
    name: 'an origin that is withdrawn is refused to the request itself',
    steps: [
      { rule: long, method: 'PUT', asks: true, is: 'readable' },
      { rule: ', exceptOrigins: ["http://app.localhost:{pages}"], allowMethods: [PUT]', method: 'PUT', asks: false, is: 'origin-excepted' }
    ]
  },
  {
    name: 'credentials that are withdrawn are refused to the request itself',
    steps: [
      { rule: `${long}, allowCredentials: true`, method: 'PUT', credentials: 'include', asks: true, is: 'readable' },
      { rule: long, method: 'PUT', credentials: 'include', asks: false, is: 'credentials-not-allowed' }
    ]
  },
  {
    name: 'a rule that is over is refused to the request itself',
    steps: [
      { rule: long, method: 'PUT', asks: true, is: 'readable' },
      { rule: `${long}, expires: 2020-01-01T00:00:00Z`, method: 'PUT', asks: false, is: 'outside-validity' }
    ]
  },
  {
    name: 'a header that is withdrawn passes until the answer is forgotten',
    steps: [
      { rule: long, method: 'PUT', headers: { 'x-b': '1' }, asks: true, is: 'readable' },
      {
        rule: fewerHeaders, method: 'PUT', headers: { 'x-b': '1' }, asks: false, is: 'header-not-allowed',
        stale: 'request headers are asked for by preflights alone, so maxAge is how long a withdrawn one may be sent'
      },
      { method: 'PUT', headers: { 'x-b': '1' }, query: 'other', asks: true, is: 'header-not-allowed' }
    ]
  }
]
