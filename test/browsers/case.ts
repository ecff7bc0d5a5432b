// A case: one request of a page to the gateway, as data.
import type { CredentialsMode, PageRequest } from '../../src/inspect/browser.ts'
import type { Reason } from '../../src/snapshot/decision.ts'

/** Where a page is served from, and the hosts of the gateway that its requests go to. */
export const places = {
  app: { host: 'app.localhost', port: 'pages', asks: 'api.localhost' },
  other: { host: 'app.localhost', port: 'morePages', asks: 'api.localhost' },
  evil: { host: 'evil.localhost', port: 'pages', asks: 'api.localhost' },
  preview: { host: 'preview.localhost', port: 'pages', asks: 'api.localhost' },
  pr: { host: 'pr-7.preview.localhost', port: 'pages', asks: 'api.localhost' },
  deep: { host: 'pr-7.a.preview.localhost', port: 'pages', asks: 'api.localhost' },
  old: { host: 'old.preview.localhost', port: 'pages', asks: 'api.localhost' },
  blocked: { host: 'blocked.preview.localhost', port: 'pages', asks: 'api.localhost' },
  address: { host: '127.0.0.1', port: 'pages', asks: 'api.localhost' },
  umlaut: { host: 'xn--bcher-kva.localhost', port: 'pages', asks: 'api.localhost' },
  underscore: { host: 'a_b.localhost', port: 'pages', asks: 'api.localhost' },
  /** Of the same site as what it asks, so that its cookies travel. */
  site: { host: 'a.site.localhost', port: 'pages', asks: 'b.site.localhost' },
  /** Behind the gateway itself. */
  own: { host: 'api.localhost', port: 'gateway', asks: 'api.localhost' }
} as const

export type Place = keyof typeof places
export type Kind = 'fetch' | 'xhr' | 'font' | 'image' | 'module' | 'script' | 'style' | 'eventsource' | 'websocket'
/** Inside a page: the first three have an origin of their own (`null`), the others the page's. */
export type Frame = 'sandbox' | 'sandbox-srcdoc' | 'data' | 'srcdoc' | 'sandbox-same-origin' | 'worker'

/** One request of a page. */
export interface Case {
  readonly name: string
  readonly from: Place
  readonly frame?: Frame
  /** `fetch`, unless given. */
  readonly kind?: Kind
  /** Method and path; the path may hold a query. */
  readonly ask: string
  readonly headers?: NonNullable<PageRequest['headers']>
  /** `same-origin`, unless given. */
  readonly credentials?: CredentialsMode
  /** Where the answer leads, hop by hop: status, host (the same where it is `-`) and path. */
  readonly hops?: readonly string[] | undefined
  /** The upload's progress is listened to, which makes the browser ask first, whatever the request is. */
  readonly upload?: true
  /** The host that is asked, where it is another one. */
  readonly host?: string
  /** What becomes of it: the page reads the answer, or why not. */
  readonly is: 'readable' | Reason
  /** Of what the upstream sends, the headers that the page reads beside the safelisted ones; where it is worth saying. */
  readonly reads?: string
}
