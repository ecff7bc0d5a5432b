// What `explain` says of a case, redirects followed hop by hop (Fetch standard, section 4.6, "HTTP-redirect fetch").
import type { CredentialsMode } from '../../src/inspect/browser.ts'
import { places, type Case } from './case.ts'
import type { Lab } from './lab.ts'

/** What must be seen: in the page, and at the gateway. */
export interface Foretold {
  readonly outcome: 'readable' | 'blocked'
  readonly reason: string
  /** Names of `explain`'s exposed headers; `*` for all. */
  readonly exposed: readonly string[]
  /** What arrives at the gateway, in order: the method, the origin that it names, and what a preflight asks for. */
  readonly arrivals: readonly string[]
}

/** A case with its ports: what the page is told to do, and what `explain` is asked. */
export interface Prepared {
  readonly test: Case
  readonly mark: string
  readonly origin: string
  readonly urls: readonly string[]
  readonly method: string
  readonly headers: readonly (readonly [string, string])[]
  readonly credentials: CredentialsMode
}

/** Where a place's pages are. */
export function originOf (from: Case['from'], ports: Lab['ports']): string {
  const { host, port } = places[from]
  return `http://${host}:${ports[port]}`
}

const hasOwnOrigin = (frame: Case['frame']): boolean => frame === 'sandbox' || frame === 'sandbox-srcdoc' || frame === 'data'

/** Writes a case's addresses out. The marker ties what arrives at the gateway to it; each hop's address holds the next. */
export function prepare (test: Case, mark: string, ports: Lab['ports']): Prepared {
  const [method, path] = /^(\S+) (.*)$/.exec(test.ask)!.slice(1) as [string, string]
  const scheme = test.kind === 'websocket' ? 'ws' : 'http'
  const hosts = [test.host ?? places[test.from].asks]
  const targets = [path]
  const statuses: string[] = []
  for (const hop of test.hops ?? []) {
    const [status, host, target] = hop.split(' ') as [string, string, string]
    hosts.push(host === '-' ? hosts.at(-1)! : host)
    targets.push(target)
    statuses.push(status)
  }
  const urls: string[] = []
  for (let i = targets.length - 1; i >= 0; i--) {
    const query = new URLSearchParams({ mark, kind: test.kind ?? 'fetch', ...i < statuses.length && { status: statuses[i]!, to: urls[0]! } })
    const target = targets[i]!
    urls.unshift(`${scheme}://${hosts[i]}:${ports.gateway}${target}${target.includes('?') ? '&' : '?'}${String(query)}`)
  }
  return {
    test, mark, urls, method,
    origin: hasOwnOrigin(test.frame) ? 'null' : originOf(test.from, ports),
    headers: Array.isArray(test.headers) ? test.headers as [string, string][] : Object.entries(test.headers ?? {}) as [string, string][],
    credentials: test.credentials ?? 'same-origin'
  }
}

/** Asks `explain` about each hop in turn. */
export function foretell ({ test: { upload: isUpload }, origin, urls, ...first }: Prepared, explain: Lab['explain']): Foretold {
  let { method, headers } = first
  let asOrigin = origin
  const arrivals: string[] = []
  for (const [i, url] of urls.entries()) {
    const said = explain({ origin: asOrigin, url, method, headers, credentials: first.credentials })
    const { preflight } = said
    if (preflight !== null) arrivals.push(`OPTIONS from ${asOrigin} for ${preflight.request.method} ${preflight.request.headers.join(',')}`)
    // Listening to an upload makes the browser ask; `explain` knows no such listener, only whether the request passes.
    if (isUpload) arrivals.push(`OPTIONS from ${asOrigin} for ${method} `)
    if (said.actual !== null && !(isUpload && said.outcome === 'blocked')) arrivals.push(`${normalized(method)} from ${nameOf(asOrigin, url, method)}`)
    const next = urls[i + 1]
    if (said.outcome === 'blocked' || next === undefined) {
      return { outcome: said.outcome, reason: said.reason, exposed: said.exposedHeaders, arrivals }
    }
    const leavesHost = new URL(url).origin !== new URL(next).origin
    if (becomesGet(method, new URL(url).searchParams.get('status')!)) {
      method = 'GET'
      headers = headers.filter(([name]) => !/^content-/i.test(name))
    }
    if (leavesHost) headers = headers.filter(([name]) => !/^authorization$/i.test(name))
    // Two changes of origin, the page's own to the first counted as one, and nobody is named any more.
    if (leavesHost && new URL(url).origin !== origin) asOrigin = 'null'
  }
  throw new Error('a case has no address')
}

function becomesGet (method: string, status: string): boolean {
  return (status === '303' && method !== 'GET' && method !== 'HEAD') || (/^30[12]$/.test(status) && method === 'POST')
}

/** To its own origin a page names none with GET and HEAD. */
function nameOf (origin: string, url: string, method: string): string {
  return origin === new URL(url).origin && /^(?:get|head)$/i.test(method) ? 'nobody' : origin
}

/** As a browser spells it (Fetch standard, "normalize a method"). */
function normalized (method: string): string {
  return /^(?:delete|get|head|options|post|put)$/i.test(method) ? method.toUpperCase() : method
}
