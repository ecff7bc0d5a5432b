// Runs every case in one browser and holds what it did to what `explain` says.
import t, { type Test } from 'tap'
import { judgeCache } from './cache.ts'
import { places, type Frame, type Place } from './case.ts'
import { topics } from './cases.ts'
import { divergences } from './divergences.ts'
import type { Engine } from './engine.ts'
import type { Reason } from '../../src/snapshot/decision.ts'
import { foretell, originOf, prepare, type Prepared } from './foretell.ts'
import { startLab, type Arrival, type Lab } from './lab.ts'
import { ownHeaders } from './upstream.ts'

/** What a page tells of a request. */
interface Seen {
  readonly outcome: 'readable' | 'blocked' | 'no end'
  readonly status?: number
  readonly headers?: readonly string[]
}

/** Starts a browser, asks it everything, and compares. A browser that can't be started is a failure. */
export async function judgeBrowser (launch: () => Promise<Engine>): Promise<void> {
  const lab = await startLab()
  t.teardown(() => lab.close())
  const engine = await launch()
  t.teardown(() => engine.close())
  const cases = Object.values(topics).flat().map((test, i) => prepare(test, String(i), lab.ports))
  const seen = await askAll(engine, lab, cases)
  for (const [topic, tests] of Object.entries(topics)) {
    t.test(topic, t => {
      for (const prepared of cases.filter(({ test }) => tests.includes(test))) compare(t, engine, lab, prepared, seen.get(prepared)!)
      t.end()
    })
  }
  t.test('every divergence was met', t => {
    for (const { engines, why, applies } of divergences) {
      if (engines.includes(engine.name)) t.ok(cases.some(({ test }) => applies(test)), why)
    }
    t.end()
  })
  const steps = judgeCache(engine, lab)
  t.comment(`${engine.name} ${engine.version}: ${cases.length} cases, and ${steps} requests over the preflight cache`)
}

/** Cases of the same page and frame go together. */
async function askAll (engine: Engine, lab: Lab, cases: readonly Prepared[]): Promise<Map<Prepared, Seen>> {
  const seen = new Map<Prepared, Seen>()
  for (const group of groupsOf(cases)) {
    const { from, frame } = group[0]!.test
    const page = await engine.newPage(`${originOf(from, lab.ports)}/page`)
    if (from === 'site') await page.evaluate(`lab.run([${JSON.stringify(login(lab))}])`)
    const orders = JSON.stringify(group.map(orderOf))
    const results = await page.evaluate(frame === undefined ? `lab.run(${orders})` : `lab.runIn('${frame}', ${orders})`) as Seen[]
    for (const [i, prepared] of group.entries()) seen.set(prepared, results[i]!)
  }
  return seen
}

function groupsOf (cases: readonly Prepared[]): Prepared[][] {
  const groups = new Map<string, Prepared[]>()
  for (const prepared of cases) {
    const { from, frame } = prepared.test
    const key: `${Place} ${Frame | ''}` = `${from} ${frame ?? ''}`
    const group = groups.get(key) ?? []
    groups.set(key, group)
    group.push(prepared)
  }
  return [...groups.values()]
}

interface Order {
  readonly kind: string
  readonly url: string
  readonly method: string
  readonly headers: Prepared['headers']
  readonly credentials: string
  readonly body?: string
  readonly upload?: true
}

function orderOf ({ test, urls, method, headers, credentials }: Prepared): Order {
  const hasBody = /^(?:post|put|patch)$/i.test(method)
  return {
    kind: test.kind ?? 'fetch', url: urls[0]!, method, headers, credentials,
    ...hasBody && { body: 'x' }, ...test.upload && { upload: true }
  }
}

/** Gives the same-site page a cookie for the host that it asks. */
function login ({ ports }: Lab): Order {
  const url = `http://${places.site.asks}:${ports.gateway}/shop/x?login`
  return { kind: 'fetch', url, method: 'GET', headers: [], credentials: 'include' }
}

/** A page reads what is of its own origin all the way, and what a rule allows. */
function whyReadable ({ urls, origin }: Prepared): Reason {
  return urls.every(url => new URL(url.replace(/^ws/, 'http')).origin === origin) ? 'same-origin' : 'allowed'
}

function compare (t: Test, engine: Engine, lab: Lab, prepared: Prepared, seen: Seen): void {
  const { test, mark } = prepared
  const said = foretell(prepared, lab.explain)
  const name = `${test.name} (${test.from}${test.frame === undefined ? '' : ` ${test.frame}`}: ${test.kind ?? 'fetch'} ${test.ask})`
  const arrivals = lab.arrivals(mark)
  const other = divergences.find(each => each.engines.includes(engine.name) && each.applies(test))
  t.equal(said.reason, test.is === 'readable' ? whyReadable(prepared) : test.is, `${name}: explain's reason`)
  t.equal(said.outcome, test.is === 'readable' ? 'readable' : 'blocked', `${name}: explain's outcome`)
  t.equal(seen.outcome, other?.outcome ?? said.outcome, `${name}: the browser's outcome${other === undefined ? '' : `, known to differ: ${other.why}`}`)
  if (test.kind !== 'websocket') t.same(arrivals.map(show), other?.arrivals?.(said.arrivals, prepared.origin) ?? said.arrivals, `${name}: what arrives`)
  if (said.outcome === 'readable' && seen.headers !== undefined && !test.ask.includes('/down/')) {
    const readable = ownHeaders.filter(each => said.exposed.includes('*') || said.exposed.includes(each)).sort()
    const read = ownHeaders.filter(each => seen.headers!.includes(each)).sort()
    t.same(read, readable, `${name}: the headers that are read`)
    if (test.reads !== undefined) t.equal(read.join(' '), test.reads, `${name}: the headers that should be read`)
    t.notOk(seen.headers.includes('set-cookie'), `${name}: no cookie is read`)
  }
  checkCookies(t, prepared, arrivals, name)
}

function checkCookies (t: Test, { test, credentials }: Prepared, arrivals: readonly Arrival[], name: string): void {
  for (const { method, requestedMethod, cookie } of arrivals) {
    const isPreflight = method === 'OPTIONS' && requestedMethod !== undefined
    const isDue = test.from === 'site' && credentials === 'include' && !isPreflight
    t.equal(cookie, isDue ? 'session=1' : undefined, `${name}: ${isDue ? 'its cookie' : 'no cookie'} with ${method}`)
  }
}

function show ({ method, origin, requestedMethod, requestedHeaders }: Arrival): string {
  const sent = `${method} from ${origin ?? 'nobody'}`
  return requestedMethod === undefined ? sent : `${sent} for ${requestedMethod} ${requestedHeaders ?? ''}`
}
