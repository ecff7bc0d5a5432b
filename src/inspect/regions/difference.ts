// What one profile grants and another does not, each difference with a request that shows it.
import { isSafelistedMethod } from '../../fetch/method.ts'
import type { CredentialsMode } from '../browser.ts'
import type { BareAnswer, Profile, Vocabulary } from './profile.ts'

/** More is granted, less is, or something else happens. */
export type Direction = 'widened' | 'narrowed' | 'changed'

/** A request of a page that shows a difference, but for origin and URL. */
export interface Ask {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly credentials: CredentialsMode
  readonly isWebSocket: boolean
}

/** One difference between two profiles. */
export interface Difference {
  /** In words, such as `read`, `credentials`, `method PUT` or `max age 60 → 600 s`. */
  readonly what: string
  readonly direction: Direction
  /** The lower, the more dangerous. */
  readonly danger: number
  readonly ask: Ask
}

/** The kinds of difference, the most dangerous first. */
const dangers = ['passthrough', 'credentials', 'read', 'method', 'header', 'expose', 'private network', 'websocket', 'timing', 'max age', 'other'] as const

/** A browser without a `Max-Age` keeps a preflight for 5 seconds (Fetch standard, CORS protocol, "HTTP responses"). */
const defaultMaxAge = 5

/** All differences between what pages could get and what they can get now. */
export function differencesOf (old: Profile, now: Profile, names: Vocabulary): readonly Difference[] {
  return [...compare(old, now, names)]
}

/**
 * The differences between an answer to requests without `Origin` that carries a grant, since one rule answers everyone
 * alike, and one that does not: a cache sees the grant, and any page the timing of what it loads so. Both follow where
 * pages of no particular origin gain or lose all that they can read, and are not told then.
 */
export function bareDifferencesOf (
  old: BareAnswer, now: BareAnswer, [before, after]: readonly [before: Profile, after: Profile]
): readonly Difference[] {
  if (before.passthrough !== after.passthrough || isGranting(before) !== isGranting(after)) return []
  const ask = askOf((now.method ?? old.method)!)
  const what = `access-control-allow-origin ${old.method === null ? 'none → *' : '* → none'}`
  return [
    ...old.timing === now.timing ? [] : [found('timing', 'timing', now.timing, ask)],
    { ...found('other', what, true, ask), direction: 'changed' }
  ]
}

function* compare (old: Profile, now: Profile, names: Vocabulary): Generator<Difference> {
  if (old.passthrough !== now.passthrough) {
    yield found('passthrough', 'passthrough', now.passthrough, askOf('GET'))
    return
  }
  yield* compareGrants(old, now, names)
  yield* comparePreflights(old, now)
  yield* compareSockets(old, now)
  yield* compareDenials(old, now)
}

function* compareGrants (old: Profile, now: Profile, { otherMethod, otherHeader }: Vocabulary): Generator<Difference> {
  const isWhole = isGranting(old) !== isGranting(now)
  const more = isGranting(now) ? now : old
  const [readable] = more.methods
  if (isWhole) yield found('read', 'read', isGranting(now), askOf(readable!))
  if (old.credentials !== now.credentials) {
    const method = [...old.credentials ? old.methods : now.methods][0]!
    yield found('credentials', 'credentials', now.credentials, { ...askOf(method), credentials: 'include' })
  }
  for (const [method, isMore] of unshared(old.methods, now.methods)) {
    if (isWhole && isSafelistedMethod(method)) continue
    yield found('method', `method ${method === otherMethod ? '*' : method}`, isMore, askOf(method))
  }
  for (const [name, isMore] of unshared(old.headers, now.headers)) {
    const [method] = (isMore ? now : old).preflights
    yield found('header', `header ${name === otherHeader ? '*' : name}`, isMore, { ...askOf(method!), headers: { [name]: valueFor(name) } })
  }
  for (const [name, isMore] of unshared(old.exposed, now.exposed)) {
    const [method] = (isMore ? now : old).methods
    yield found('expose', `expose ${name === otherHeader ? '*' : name}`, isMore, askOf(method!))
  }
  if (old.timing !== now.timing) yield found('timing', 'timing', now.timing, askOf([...(now.timing ? now : old).methods][0]!))
}

/** What only a preflight tells; where no method passes on both sides, there is nothing to compare. */
function* comparePreflights (old: Profile, now: Profile): Generator<Difference> {
  if (old.privateNetwork !== now.privateNetwork) {
    const [method] = (now.privateNetwork ? now : old).preflights
    yield found('private network', 'private network', now.privateNetwork, { ...askOf(method!), headers: { 'access-control-request-private-network': 'true' } })
  }
  const both = [...old.preflights].filter(method => now.preflights.has(method))
  const method = both.find(method => !isSafelistedMethod(method)) ?? both[0]
  if (method === undefined) return
  // A preflight is sent for a header too, where a method needs none.
  const name = [...old.headers].find(name => now.headers.has(name))
  const ask = { ...askOf(method), ...isSafelistedMethod(method) && name !== undefined && { headers: { [name]: valueFor(name) } } }
  if (old.maxAge !== now.maxAge) {
    const [before, after] = [secondsOf(old.maxAge), secondsOf(now.maxAge)]
    const what = `max age ${old.maxAge ?? 'none'} → ${now.maxAge ?? 'none'}${now.maxAge === null ? '' : ' s'}`
    yield { ...found('max age', what, after > before, ask), ...before === after && { direction: 'changed' } }
  }
  if (old.cacheControl !== now.cacheControl) {
    yield { ...found('other', `cache-control of preflights ${old.cacheControl ?? 'none'} → ${now.cacheControl ?? 'none'}`, true, ask), direction: 'changed' }
  }
}

/** A socket opens where an answer can be read, so that it is told only where it does not follow from that. */
function* compareSockets (old: Profile, now: Profile): Generator<Difference> {
  const follows = isGranting(old) !== isGranting(now) && isGranting(now) === now.webSocket
  if (old.webSocket !== now.webSocket && !follows) {
    yield found('websocket', 'websocket', now.webSocket, { ...askOf('GET'), isWebSocket: true })
  }
  const followsToo = old.credentials !== now.credentials && now.credentials === now.webSocketCredentials
  if (old.webSocketCredentials !== now.webSocketCredentials && !followsToo) {
    yield found('websocket', 'websocket with credentials', now.webSocketCredentials, { ...askOf('GET'), credentials: 'include', isWebSocket: true })
  }
}

/** What no page can see, but a handler or a cache. */
function* compareDenials (old: Profile, now: Profile): Generator<Difference> {
  for (const [method, isMore] of unshared(old.rejected, now.rejected)) {
    if (old.answers.has(method) || now.answers.has(method)) continue
    const [before, after] = isMore ? ['forward', 'reject'] : ['reject', 'forward']
    yield { ...found('other', `denied requests ${before} → ${after}`, isMore, askOf(method)), direction: 'changed' }
    break
  }
  const isExplained = isGranting(old) !== isGranting(now) || old.methods.has('OPTIONS') !== now.methods.has('OPTIONS')
  if (old.answers.has('OPTIONS') === now.answers.has('OPTIONS') || isExplained) return
  yield { ...found('other', 'answer to OPTIONS without a preflight', now.answers.has('OPTIONS'), askOf('OPTIONS')), direction: 'changed' }
}

function found (kind: typeof dangers[number], what: string, isMore: boolean, ask: Ask): Difference {
  return { what, direction: isMore ? 'widened' : 'narrowed', danger: dangers.indexOf(kind), ask }
}

/** A request that needs nothing but its method. */
export function askOf (method: string): Ask {
  return { method, headers: {}, credentials: 'omit', isWebSocket: false }
}

/** Whether a page can read anything at all. */
function isGranting (profile: Profile): boolean {
  return profile.methods.size > 0
}

/** Each name that only one of two sets holds, and whether it is the second. */
function* unshared (old: ReadonlySet<string>, now: ReadonlySet<string>): Generator<readonly [name: string, isMore: boolean]> {
  for (const name of now) if (!old.has(name)) yield [name, true]
  for (const name of old) if (!now.has(name)) yield [name, false]
}

/** A value with which no header is safelisted, so that a browser asks first. */
export function valueFor (name: string): string {
  return name === 'content-type' ? 'application/json' : '"1"'
}

/** How long a browser keeps a preflight with this `Max-Age`. */
export function secondsOf (maxAge: string | null): number {
  return maxAge === null ? defaultMaxAge : Math.max(0, Number(maxAge))
}
