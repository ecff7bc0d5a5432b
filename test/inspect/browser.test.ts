// The browser model held to what Chromium, Firefox and WebKit really did with given server answers.
import { readFileSync } from 'node:fs'
import t from 'tap'
import { planRequest, type CredentialsMode } from '../../src/inspect/browser.ts'
import { corsCheck, exposedNames, isReadable, preflightCheck, type BrowserCheck, type BrowserResponse } from '../../src/inspect/cors-check.ts'
import { actualFacts, preflightFacts } from '../../src/inspect/facts.ts'
import { isSafelisted, unsafeHeaderNames, type PageHeader } from '../../src/inspect/safelist.ts'

type Headers = PageHeader[] | Record<string, string>
interface Answer { status?: number, headers?: Headers, kind?: string }
interface Case {
  id: string
  topic: string
  via?: string
  frame?: string
  steps?: unknown[]
  request: { url: string, method?: string, headers?: Headers, credentials?: CredentialsMode, mode?: string, crossorigin?: string }
  server: { path: string, preflight?: Answer, actual: Answer }[]
  expect: { outcome: string, preflight?: boolean, reason?: string, status?: number, origins?: (string | null)[], exposed?: string[] }
  expectAcrh?: string
}

const { cases } = JSON.parse(readFileSync(new URL('../fixtures/browser-cases.json', import.meta.url), 'utf8')) as { cases: Case[] }

/** Why a case is not one request with one answer to each thing sent; null: it is. */
function reasonToSkip ({ topic, steps, request, server, via, expect }: Case): string | null {
  if (steps !== undefined) return 'several requests over a cache or cookies'
  if (request.mode === 'no-cors') return 'mode no-cors'
  if (via === 'css' && request.crossorigin === undefined) return 'mode no-cors'
  const { status = 200 } = server[0]!.actual
  // A redirect that fails the CORS check itself is one answer; any other leads on.
  const isFirstHop = expect.reason === 'origin-missing' && expect.origins?.length === 1
  return topic === 'redirect' && status >= 300 && status < 400 && !isFirstHop ? 'a redirect that is followed' : null
}

const places: Record<string, string> = {
  page: 'http://app.localhost:8001', 'page.host': 'app.localhost:8001', 'page.scheme': 'http', 'page.parent': 'localhost:8001',
  page2: 'http://other.localhost:8001', api: 'http://api.localhost:8002', 'api.host': 'api.localhost:8002', 'api.scheme': 'http',
  api2: 'http://api2.localhost:8003', m: 'm'
}

function fill<T> (value: T, origin: string): T {
  const text = JSON.stringify(value).replaceAll(/\{([a-z0-9.]+)\}/g, (whole, name: string) => name === 'origin' ? origin : places[name] ?? whole)
  return JSON.parse(text) as T
}

/** Frames without an origin of their own share the opaque one. */
function originOf ({ frame }: Case): string {
  return frame === 'sandbox' || frame === 'sandbox-srcdoc' || frame === 'data' ? 'null' : places['page']!
}

function responseOf (answer: Answer | undefined): BrowserResponse {
  return { status: answer?.status ?? 200, headers: answer?.headers ?? [] }
}

interface Played {
  outcome: string
  preflight: boolean
  reason: string | undefined
  origin: string | null
  exposed: string[]
  status: number
  asked: string
}

function play (test: Case): Played {
  const origin = originOf(test)
  const { request, server } = fill({ request: test.request, server: test.server }, origin)
  const plan = planRequest({
    origin,
    url: test.via === 'websocket' ? request.url.replace(/^http/, 'ws') : request.url,
    method: request.method,
    headers: request.headers,
    credentials: request.credentials ?? (request.crossorigin === 'use-credentials' ? 'include' : undefined)
  })
  const { preflight, actual } = server[0]!
  const facts = actualFacts(plan)
  const asked = plan.preflight?.headers.join() ?? ''
  const done = { preflight: plan.preflight !== null, origin: facts.origin ?? null, asked, exposed: [], status: actual.status ?? 200 }
  if (plan.preflight !== null) {
    const check = preflightCheck(plan, plan.preflight, responseOf(preflight))
    const { refusal } = check
    if (refusal !== null) return { ...done, outcome: 'blocked', reason: refusal === 'origin-missing' ? 'preflight-origin-missing' : refusal }
  }
  if (plan.isWebSocket) return { ...done, outcome: 'open', reason: undefined }
  const response = responseOf(actual)
  const check: BrowserCheck = plan.isSameOrigin ? { refusal: null, detail: '' } : corsCheck(plan, response)
  if (check.refusal !== null) return { ...done, outcome: 'blocked', reason: check.refusal }
  const names = Array.isArray(response.headers) ? response.headers.map(([name]) => String(name)) : Object.keys(response.headers)
  const exposed = exposedNames(plan, response)
  // The lab's server adds these two to every answer.
  const all = new Set([...names, 'cache-control', 'content-type'].map(name => name.toLowerCase()))
  return { ...done, outcome: 'readable', reason: undefined, exposed: [...all].filter(name => isReadable(name, exposed)).sort() }
}

t.test('what real browsers did', t => {
  const skipped: Record<string, number> = {}
  let covered = 0
  for (const test of cases) {
    const reason = reasonToSkip(test)
    if (reason !== null) {
      skipped[reason] = (skipped[reason] ?? 0) + 1
      continue
    }
    covered++
    const { outcome, preflight, reason: why, status, origins, exposed } = fill(test.expect, originOf(test))
    const got = play(test)
    t.match(got, {
      outcome,
      ...preflight !== undefined && { preflight },
      ...why !== undefined && { reason: why },
      ...status !== undefined && { status },
      ...origins !== undefined && { origin: origins[0] }
    }, test.id)
    if (exposed !== undefined) t.same(got.exposed, [...exposed].sort(), `${test.id}: what the page may read`)
    if (test.expectAcrh !== undefined) t.equal(got.asked, test.expectAcrh, `${test.id}: what the preflight asks`)
  }
  t.same(skipped, { 'several requests over a cache or cookies': 14, 'mode no-cors': 5, 'a redirect that is followed': 23 }, 'what a pure model cannot be asked')
  t.equal(covered, cases.length - 42)
  t.end()
})

t.test('which headers a preflight asks for', t => {
  const table: [headers: PageHeader[], asked: string][] = [
    [[['Accept', 'a/b'], ['Content-Type', 'TEXT/plain; charset=utf-8'], ['Range', 'bytes=0-']], ''],
    [[['X-B', '1'], ['x-a', '1'], ['X-b', '2'], ['content-type', 'application/json']], 'content-type,x-a,x-b'],
    [[['accept', 'a'.repeat(128)]], ''],
    [[['accept', 'a'.repeat(129)]], 'accept'],
    [Array.from({ length: 8 }, () => ['accept', 'a'.repeat(128)] as const), ''],
    [[...Array.from({ length: 8 }, () => ['accept', 'a'.repeat(128)] as const), ['accept-language', 'e']], 'accept,accept-language'],
    [[['accept-language', 'de,*;q=0.5'], ['content-language', 'de_AT']], 'content-language']
  ]
  for (const [headers, asked] of table) t.equal(unsafeHeaderNames(headers).join(), asked, JSON.stringify(headers).slice(0, 60))
  const values: [name: string, value: string, safe: boolean][] = [
    ['accept', '*/*', true], ['accept', 'a\tb', true], ['accept', 'a"b', false], ['accept', 'é', true],
    ['content-type', 'multipart/form-data; boundary=x', true], ['content-type', 'text/plain; a="b"', false], ['content-type', 'text/plainx', false],
    ['content-type', '', false], ['range', 'bytes=1-2', true], ['range', 'bytes=2-1', false], ['range', 'bytes=-1', false], ['range', 'bytes=1', false],
    ['x-a', '', false], ['save-data', 'on', false]
  ]
  for (const [name, value, safe] of values) t.equal(isSafelisted(name, value), safe, `${name}: ${value}`)
  t.end()
})

t.test('what is sent', t => {
  const page = { origin: 'https://a.example', url: 'https://b.example:443/x/../y?q=1#f' }
  const plan = planRequest({ ...page, method: 'put', headers: { Cookie: 'a=b', 'X-HTTP-Method-Override': 'GET, trace', 'X-A': ' 1 ' } })
  t.match(plan, { method: 'PUT', dropped: ['cookie', 'x-http-method-override'], headers: [['X-A', '1']] })
  t.same(plan.preflight, { because: ['method PUT', 'header x-a'], method: 'PUT', headers: ['x-a'] })
  t.match(preflightFacts(plan, plan.preflight!), {
    method: 'OPTIONS', target: '/y?q=1', host: 'b.example', scheme: 'https', origin: 'https://a.example', requestedMethod: 'PUT', requestedHeaders: 'x-a'
  })
  t.equal(planRequest({ ...page, method: 'patch' }).method, 'patch', 'patch is not among the names that are upper-cased')
  t.equal(planRequest({ ...page, method: 'trace' }).refused?.reason, 'method-not-allowed')
  t.equal(planRequest({ ...page, method: 'A B' }).refused?.reason, 'method-not-allowed')
  t.equal(planRequest({ ...page, headers: { 'a b': '' } }).refused?.reason, 'header-not-allowed')
  t.equal(planRequest({ ...page, url: 'https://u:p@b.example/' }).refused?.reason, 'credentials-not-allowed')
  t.equal(planRequest({ ...page, url: 'wss://a.example/x' }).isSameOrigin, true)
  t.equal(planRequest({ origin: 'null', url: 'https://b.example/' }).isSameOrigin, false)
  t.equal(actualFacts(planRequest({ ...page, url: 'https://a.example/x' })).origin, undefined)
  t.equal(actualFacts(planRequest({ ...page, url: 'https://a.example/x', method: 'POST' })).origin, 'https://a.example')
  for (const url of ['/x', 'ftp://a.example/', '', 'https://']) t.throws(() => planRequest({ ...page, url }), TypeError, url)
  t.end()
})
