// How near a path comes to a route that it does not match: one segment, a trailing slash, or letter case.
import { routeMatches, type RoutePattern, type Segment } from '../route/pattern.ts'
import { isOneEditAway } from './edit.ts'

/** What would have to differ, and how helpful it is to know: less is more, 0 is a match. */
export interface NearRoute {
  readonly text: string
  readonly rank: number
}

/** Compares a path with a route; null where they differ in more than one thing, or in one beyond a rank. */
export function nearRoute (route: RoutePattern, path: string, maxRank: number): NearRoute | null {
  const near = compare(route, path)
  return near === null || near.rank > maxRank ? null : near
}

function compare (route: RoutePattern, path: string): NearRoute | null {
  if (routeMatches(route, path)) return { text: `${route.text} matches`, rank: 0 }
  if (routeMatches(fold(route), path.toLowerCase())) return { text: `${route.text} differs in letter case only`, rank: 1 }
  const isTrailing = path.length > 1 && path.endsWith('/')
  if (routeMatches(route, isTrailing ? path.slice(0, -1) : `${path}/`)) {
    return { text: `${route.text} matches ${isTrailing ? 'without the trailing slash' : 'with a trailing slash'} only`, rank: 1 }
  }
  return compareSegments(route, path.slice(1).split('/'))
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
  const above = `/${parts.slice(0, -1).join('/')}`
  return parts.length > 1 && above !== '/' && routeMatches(route, above)
    ? { text: `${route.text} ends one segment before the path; \`/*\` would reach below it`, rank: 4 }
    : null
}

function matches (segment: Segment, part: string): boolean {
  return segment.kind !== 'static' || segment.text === part
}
