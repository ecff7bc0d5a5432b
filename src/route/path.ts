// The path of a request target: as Fastify's router reads it, and in every way a server behind it might.
import { decodeLeniently, decodeOnce } from './percent.ts'

/** The options of the Fastify instance that decide how its router reads a path. */
export interface RouterOptions {
  readonly caseSensitive: boolean
  readonly ignoreTrailingSlash: boolean
  readonly ignoreDuplicateSlashes: boolean
  readonly useSemicolonDelimiter: boolean
}

/** Fastify's defaults. */
export const defaultRouterOptions: RouterOptions = {
  caseSensitive: true, ignoreTrailingSlash: false, ignoreDuplicateSlashes: false, useSemicolonDelimiter: false
}

/** The steps by which a server may read a path otherwise than Fastify's router. */
export const readingSteps = ['decode', 'backslash', 'parameters', 'slashes', 'dots', 'case', 'trailing-slash'] as const

/** One of the steps above. */
export type ReadingStep = typeof readingSteps[number]

/** One reading of a path, and the words for the steps that lead to it. */
export interface Reading {
  readonly path: string
  /** Letter case is folded: to be looked up among routes folded likewise. */
  readonly folded: boolean
  /** A trailing slash was dropped: such a reading vetoes only where it leads to rules. */
  readonly trimmed: boolean
  readonly steps: readonly string[]
}

/**
 * The path of a request target, or null for one that no two servers need read alike: neither origin-form nor an
 * absolute form whose authority is the request's own host (RFC 9112, section 3.2). `*` is given back as it is.
 */
export function pathOfTarget (target: string, host: string): string | null {
  let rest = target
  if (target.charCodeAt(0) !== 47) {
    if (target === '*') return target
    const [, authority, path] = /^https?:\/\/([^/?#]*)(.*)$/is.exec(target) ?? []
    if (authority === undefined || authority === '' || authority.toLowerCase() !== host.toLowerCase()) return null
    rest = path!.startsWith('/') ? path! : `/${path!}`
  }
  const query = rest.indexOf('?')
  return query === -1 ? rest : rest.slice(0, query)
}

/** Whether a path holds nothing that any step could change, letter case aside. One pass, no allocation. */
export function isPlain (path: string): boolean {
  let previous = 47
  for (let i = 1; i < path.length; i++) {
    const c = path.charCodeAt(i)
    if (c <= 32 || c === 35 || c === 37 || c === 59 || c === 92 || c >= 127) return false
    if (previous === 47 && (c === 47 || (c === 46 && isDotSegment(path, i)))) return false
    previous = c
  }
  return previous !== 47 || path.length === 1
}

function isDotSegment (path: string, start: number): boolean {
  const slash = path.indexOf('/', start)
  const length = (slash === -1 ? path.length : slash) - start
  return length === 1 || (length === 2 && path.charCodeAt(start + 1) === 46)
}

/** Whether a path holds a letter that folding would change. */
export function hasUpperCase (path: string): boolean {
  for (let i = 1; i < path.length; i++) {
    const c = path.charCodeAt(i)
    if (c >= 65 && c <= 90) return true
    if (c > 127) return path !== path.toLowerCase()
  }
  return false
}

/**
 * The path as Fastify's router decodes it before it matches: every escape but those of reserved characters, once.
 * Null for a malformed escape, which the router refuses with 400.
 */
export function routerDecode (path: string): string | null {
  if (!path.includes('%')) return path
  try {
    // decodeURI keeps the escapes of reserved characters; `%25` is kept by escaping it once more.
    return decodeURI(path.replaceAll('%25', '%2525'))
  } catch {
    return null
  }
}

/** What the router ignores of a path, by its options; letter case is folded where routes are matched without it. */
export function settle (path: string, options: RouterOptions): string {
  let settled = path
  if (options.useSemicolonDelimiter) {
    const semicolon = settled.indexOf(';', 1)
    if (semicolon !== -1) settled = settled.slice(0, semicolon)
  }
  if (options.ignoreDuplicateSlashes) settled = settled.replaceAll(/\/\/+/g, '/')
  if (options.ignoreTrailingSlash) settled = trimSlash(settled)
  return options.caseSensitive ? settled : settled.toLowerCase()
}

function trimSlash (path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
}

/** Whether a path says something that no server should act on: a `#`, a malformed escape, a control byte, raw or decoded. */
export function isMalformed (path: string): boolean {
  if (path.includes('#') || hasControl(path)) return true
  if (!path.includes('%')) return false
  const once = decodeOnce(path)
  return once === null || hasControl(once) || hasControl(decodeLeniently(once))
}

function hasControl (text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c < 32 || c === 127) return true
  }
  return false
}

interface Draft { readonly path: string, readonly steps: readonly string[] }

/** Adds the outcome of a step to each draft, where the step changes anything. Equal paths are kept once, with the fewest steps. */
function extend (drafts: readonly Draft[], ...changes: readonly (readonly [step: string, change: (path: string) => string])[]): Draft[] {
  const known = new Map(drafts.map(draft => [draft.path, draft]))
  for (const draft of drafts) {
    for (const [step, change] of changes) {
      const path = change(draft.path)
      if (!known.has(path)) known.set(path, { path, steps: [...draft.steps, step] })
    }
  }
  return [...known.values()]
}

/** Adds what merging empty segments and resolving dot segments makes of each draft, in either order. */
function extendBySegments (drafts: readonly Draft[], slashes: boolean, dots: boolean): Draft[] {
  const known = new Map(drafts.map(draft => [draft.path, draft]))
  const add = (path: string, { path: from, steps }: Draft, step: string): void => {
    if (path !== from && !known.has(path)) known.set(path, { path, steps: [...steps, step] })
  }
  for (const draft of drafts) {
    const { path } = draft
    const merged = slashes ? mergeSlashes(path) : path
    const resolved = dots ? resolveDots(path) : path
    add(merged, draft, 'empty segments merged')
    add(resolved, draft, 'dot segments resolved')
    if (!slashes || !dots) continue
    // What one step leaves as it is, the other alone has settled.
    if (merged !== path) add(resolveDots(merged), draft, 'empty segments merged, then dot segments resolved')
    if (resolved !== path) add(mergeSlashes(resolved), draft, 'dot segments resolved, then empty segments merged')
  }
  return [...known.values()]
}

function mergeSlashes (path: string): string {
  let merged = ''
  let start = 0
  for (let slashes = path.indexOf('//'); slashes !== -1; slashes = path.indexOf('//', start)) {
    merged += path.slice(start, slashes)
    start = slashes + 1
    while (path.charCodeAt(start + 1) === 47) start++
  }
  return start === 0 ? path : merged + path.slice(start)
}

function dropParameters (path: string): string {
  let dropped = ''
  let start = 0
  for (let semicolon = path.indexOf(';'); semicolon !== -1; semicolon = path.indexOf(';', start)) {
    dropped += path.slice(start, semicolon)
    const slash = path.indexOf('/', semicolon)
    if (slash === -1) return dropped
    start = slash
  }
  return start === 0 ? path : dropped + path.slice(start)
}

/**
 * Every reading of a well-formed path by the enabled steps, in all combinations, in the order in which servers take
 * them. Readings that come to the same are given once. Without `decode`, the path is taken as the router decodes it.
 */
export function readingsOf (path: string, enabled: ReadonlySet<ReadingStep>): Reading[] {
  let drafts: Draft[]
  if (enabled.has('decode')) {
    const once = decodeOnce(path) ?? path
    drafts = extend([{ path, steps: [] }], ['percent-decoded', () => once])
    drafts = extend(drafts, ['percent-decoded twice', () => decodeLeniently(once)])
  } else {
    drafts = [{ path: routerDecode(path) ?? path, steps: [] }]
  }
  if (enabled.has('backslash')) drafts = extend(drafts, ['backslash as slash', path => path.replaceAll('\\', '/')])
  if (enabled.has('parameters')) drafts = extend(drafts, [';parameters dropped', dropParameters])
  drafts = extendBySegments(drafts, enabled.has('slashes'), enabled.has('dots'))
  const readings: Reading[] = []
  for (const { path, steps } of drafts) {
    const short = enabled.has('trailing-slash') ? trimSlash(path) : path
    for (const folded of enabled.has('case') ? [false, true] : [false]) {
      const said = folded ? [...steps, 'letter case folded'] : steps
      readings.push({ path: folded ? path.toLowerCase() : path, folded, trimmed: false, steps: said })
      if (short !== path) {
        readings.push({ path: folded ? short.toLowerCase() : short, folded, trimmed: true, steps: [...said, 'trailing slash dropped'] })
      }
    }
  }
  return readings
}

/** Resolves `.` and `..` segments (RFC 3986, section 5.2.4). */
function resolveDots (path: string): string {
  if (!path.includes('/.')) return path
  // Where the segments that stay begin, each with the slash before it, and where they end.
  const starts: number[] = []
  const ends: number[] = []
  let start = 0
  for (let i = 1; i <= path.length; i++) {
    if (i < path.length && path.charCodeAt(i) !== 47) continue
    const isDot = path.charCodeAt(start + 1) === 46 && (i === start + 2 || (i === start + 3 && path.charCodeAt(start + 2) === 46))
    if (!isDot) {
      starts.push(start)
      ends.push(i)
    } else if (i === start + 3) {
      starts.pop()
      ends.pop()
    }
    if (isDot && i === path.length) return `${joinPieces(path, starts, ends)}/`
    start = i
  }
  return joinPieces(path, starts, ends)
}

/** The pieces of a text one after another; those that are neighbours are cut out as one. */
function joinPieces (text: string, starts: readonly number[], ends: readonly number[]): string {
  let joined = ''
  for (let i = 0; i < starts.length;) {
    const start = starts[i]!
    let end = ends[i]!
    for (i++; i < starts.length && starts[i] === end; i++) end = ends[i]!
    joined += text.slice(start, end)
  }
  return joined
}
