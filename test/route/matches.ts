// Whether a route matches a path: the definition against which the tree and the guardrails are tested.
import { matchesSegments, splitPath, type RoutePattern } from '../../src/route/pattern.ts'

export function routeMatches (pattern: RoutePattern, path: string): boolean {
  return matchesSegments(pattern, splitPath(path))
}
