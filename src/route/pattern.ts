// A route pattern: Fastify's route syntax, restricted to whole segments.

/** One segment of a route: a literal, any one segment (`:name`), or everything below (`*`, always last). */
export type Segment =
  | { readonly kind: 'static', readonly text: string }
  | { readonly kind: 'parameter' }
  | { readonly kind: 'wildcard' }

/** A parsed route. Two routes match the same paths exactly if their shapes are equal. */
export interface RoutePattern {
  /** As Fastify would be given it: `/x/**` has become `/x` or `/x/*`. */
  readonly text: string
  readonly segments: readonly Segment[]
  /** The text with every parameter's name left out: names mean nothing. */
  readonly shape: string
}

/** Why a text is no route pattern, and what to write instead. */
export interface RoutePatternError {
  readonly message: string
  readonly help: string | null
}

/** The result of parsing: one pattern, two for `/x/**`, or an error. */
export type ParsedRoutePattern =
  | { readonly patterns: readonly RoutePattern[], readonly error?: undefined }
  | { readonly error: RoutePatternError, readonly patterns?: undefined }

const staticSegment = /^[A-Za-z0-9\-._~!$'+,=@&]*$/
const parameterName = /^:[A-Za-z_][A-Za-z0-9_]*$/

const parameter: Segment = { kind: 'parameter' }
const wildcard: Segment = { kind: 'wildcard' }

/** Parses an entry of `routes`. */
export function parseRoutePattern (text: string): ParsedRoutePattern {
  if (text.endsWith('/**')) {
    const stem = text.slice(0, -3)
    const below = parseRoutePattern(`${stem}/*`)
    if (below.patterns === undefined || stem === '') return below
    const apex = parseRoutePattern(stem)
    return apex.patterns === undefined ? apex : { patterns: [...apex.patterns, ...below.patterns] }
  }
  if (!text.startsWith('/')) return { error: { message: 'a route starts with `/`', help: suggest(`/${text.replace(/^\/*/, '')}`, text) } }
  const parts = text.slice(1).split('/')
  const segments: Segment[] = []
  for (const [i, part] of parts.entries()) {
    const isLast = i === parts.length - 1
    if (part === '*' && isLast) {
      segments.push(wildcard)
    } else if (parameterName.test(part)) {
      segments.push(parameter)
    } else if (staticSegment.test(part) && part !== '.' && part !== '..' && (part !== '' || isLast)) {
      segments.push({ kind: 'static', text: part })
    } else {
      return { error: explainSegment(part, isLast) }
    }
  }
  // Joined as a whole, a text holds its characters itself; one put together from others would keep them all.
  const shape = ['', ...segments.map(printSegment)].join('/')
  // A list that has grown keeps room for more; there may be very many.
  return { patterns: [{ text, segments: segments.slice(), shape: shape === text ? text : shape }] }
}

function printSegment (segment: Segment): string {
  return segment.kind === 'static' ? segment.text : segment.kind === 'parameter' ? ':' : '*'
}

function suggest (corrected: string, text: string): string | null {
  return corrected !== text && parseRoutePattern(corrected).patterns !== undefined ? `write \`${corrected}\`` : null
}

function explainSegment (part: string, isLast: boolean): RoutePatternError {
  if (part === '') return { message: 'a route has no empty segment', help: 'write one `/` only' }
  if (part === '.' || part === '..') return { message: 'a route has no dot segment', help: 'write the path that it resolves to' }
  if (part === '*' || part === '**') {
    return isLast
      ? { message: '`**` stands for a whole segment', help: null }
      : { message: '`*` is the last segment of a route', help: 'write `:name` for any one segment in the middle' }
  }
  if (part.includes('*')) return { message: '`*` stands for a whole segment', help: 'list the routes, or write `:name` or `*` for the whole segment' }
  if (part.includes('?')) {
    return part.startsWith(':')
      ? { message: 'a parameter cannot be optional here', help: 'list both routes, with and without it' }
      : { message: 'a route has no query', help: 'the query is never part of the path that is matched' }
  }
  if (part.includes('#')) return { message: 'a route has no fragment', help: 'browsers do not send it' }
  if (part.includes('(') || part.includes(')')) return { message: 'a route has no regular expression', help: 'list the routes' }
  if (part.includes(':')) {
    return { message: '`:name` stands for a whole segment, with a name of letters, digits and `_`', help: 'list the routes, or make the segment a parameter' }
  }
  if (part.includes('{') || part.includes('}')) return { message: 'a parameter is written `:name`', help: `write \`:${part.replace(/\W/g, '') || 'name'}\`` }
  if (part.includes('%')) return { message: 'a route is matched after percent-decoding', help: 'write the characters themselves, or `:name`' }
  const strange = /[^A-Za-z0-9\-._~!$'+,=@&]/u.exec(part)![0]
  const shown = /[\x21-\x7e]/.test(strange) ? `\`${strange}\`` : `U+${strange.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`
  return { message: `a segment cannot hold ${shown}`, help: 'write `:name` for a segment that may hold it' }
}

/** The segments of a path, as patterns are compared with them. */
export function splitPath (path: string): readonly string[] {
  return path.slice(1).split('/')
}

/** Whether a pattern matches a path, by the plain definition. The path is split already: a long one is tried against many patterns. */
export function matchesSegments ({ segments }: RoutePattern, parts: readonly string[]): boolean {
  for (const [i, segment] of segments.entries()) {
    if (segment.kind === 'wildcard') return parts.length > i
    if (i >= parts.length || (segment.kind === 'static' && segment.text !== parts[i])) return false
  }
  return parts.length === segments.length
}

const rank: Record<Segment['kind'], number> = { static: 0, parameter: 1, wildcard: 2 }

/** Orders routes that match one path: below zero where `a` is more specific, segment by segment from the left. */
export function compareRoutes (a: RoutePattern, b: RoutePattern): number {
  const shared = Math.min(a.segments.length, b.segments.length)
  for (let i = 0; i < shared; i++) {
    const difference = rank[a.segments[i]!.kind] - rank[b.segments[i]!.kind]
    if (difference !== 0) return difference
  }
  return 0
}
