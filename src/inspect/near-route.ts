// How near a path comes to a route that it does not match: one segment, a trailing slash, or letter case.
import { matchesSegments, splitPath, type RoutePattern, type Segment } from '../route/pattern.ts'
import { isOneEditAway } from './edit.ts'

/** What would have to differ, and how helpful it is to know: less is more, 0 is a match. */
export interface NearRoute {
  readonly text: string
  readonly rank: number
}

/** A path in the forms in which it is compared with many routes. */
export interface NearPath {
  readonly parts: readonly string[]
  readonly folded: readonly string[]
  /** Without its trailing slash, or with one where it has none. */
  readonly other: readonly string[]
  readonly isTrailing: boolean
}

/** Prepares a path to be compared with routes. */
export function nearPathOf (path: string): NearPath {
  const isTrailing = path.length > 1 && path.endsWith('/')
  const other = isTrailing ? path.slice(0, -1) : `${path}/`
  return { parts: splitPath(path), folded: splitPath(path.toLowerCase()), other: splitPath(other), isTrailing }
}

/** Compares a path with a route; null where they differ in more than one thing, or in one beyond a rank. */
export function nearRoute (route: RoutePattern, path: NearPath, maxRank: number): NearRoute | null {
  const near = compare(route, path)
  return near === null || near.rank > maxRank ? null : near
}

function compare (route: RoutePattern, { parts, folded, other, isTrailing }: NearPath): NearRoute | null {
  if (matchesSegments(route, parts)) return { text: `${route.text} matches`, rank: 0 }
  if (matchesSegments(fold(route), folded)) return { text: `${route.text} differs in letter case only`, rank: 1 }
  if (matchesSegments(route, other)) {
    return { text: `${route.text} matches ${isTrailing ? 'without the trailing slash' : 'with a trailing slash'} only`, rank: 1 }
  }
  return compareSegments(route, parts)
}

function fold (route: RoutePattern): RoutePattern {
  return { ...route, segments: route.segments.map(segment => segment.kind === 'static' ? { ...segment, text: segment.text.toLowerCase() } : segment) }
}

/** The one segment in which they differ; a typo in it is nearer than another word, which counts only beside a segment that agrees. */
function compareSegments (route: RoutePattern, parts: readonly string[]): NearRoute | null {
  const { segments } = route
  const isOpen = segments.at(-1)?.kind === 'wildcard'
  const fixed = isOpen ? segments.slice(0, -1) : segments
  if (isOpen ? parts.length < segments.length : parts.length !== segments.length) return tooDeep(route, parts)
  const wrong = fixed.flatMap((segment, i) => matches(segment, parts[i]!) ? [] : [[segment, parts[i]!] as const])
  const [first] = wrong
  if (wrong.length !== 1 || first === undefined || first[0].kind !== 'static') return null
  const [{ text }, part] = [first[0], first[1]]
  if (isOneEditAway(text, part)) return { text: `${route.text} has \`${text}\` where the path has \`${part}\``, rank: 2 }
  const agrees = fixed.some((segment, i) => segment.kind === 'static' && segment.text !== '' && segment.text === parts[i])
  return agrees ? { text: `${route.text} has \`${text}\` where the path has \`${part}\``, rank: 3 } : null
}

function tooDeep (route: RoutePattern, parts: readonly string[]): NearRoute | null {
  if (parts.length !== route.segments.length + 1) return null
  const above = parts.slice(0, -1)
  return (above.length > 1 || above[0] !== '') && matchesSegments(route, above)
    ? { text: `${route.text} ends one segment before the path; \`/*\` would reach below it`, rank: 4 }
    : null
}

function matches (segment: Segment, part: string): boolean {
  return segment.kind !== 'static' || segment.text === part
}
