// The route tree chooses what Fastify's own router chooses, on random routes, paths and router options.
import fc from 'fast-check'
import findMyWay from 'find-my-way'
import t from 'tap'
import { routerDecode, settle, type RouterOptions } from '../../src/route/path.ts'
import { compareRoutes, parseRoutePattern, type RoutePattern } from '../../src/route/pattern.ts'
import { RouteTree } from '../../src/route/tree.ts'
import { settleRoute } from '../../src/snapshot/compile.ts'
import { router, runs } from '../inspect/arbitrary.ts'
import { routeMatches } from './matches.ts'

const segment = fc.constantFrom('a', 'b', 'ab', 'A', 'a.b', '~', ':x', ':x', ':y')
const route = fc.tuple(fc.array(segment, { maxLength: 4 }), fc.constantFrom('', '', '', '/', '/*', '/*'))
  .map(([parts, end]) => (parts.map(part => `/${part}`).join('') + end) || '/')
const routes = fc.uniqueArray(route, { minLength: 1, maxLength: 12, size: 'max' })

const piece = fc.constantFrom('/', '/', '/', 'a', 'a', 'b', 'A', 'ab', '.b', '~', '//', '%61', '%41', '%2f', '%2F', '%25', '%2561', ';', ';x', '%3b', '.', '..', 'é', '%C3%A9',
  '%20', '+', '\\', '*', ':x', '%3A', '%zz', '%', '%c3', '%E2%84%AA', '%c3%28')
const plain = fc.tuple(fc.array(fc.constantFrom('a', 'b', 'ab', 'A', ''), { maxLength: 5 }), fc.constantFrom('', '/', '//')).map(([parts, end]) => `/${parts.join('/')}${end}`)
const odd = fc.array(piece, { maxLength: 8 }).map(parts => `/${parts.join('')}`)
const target = fc.tuple(fc.oneof(plain, odd), fc.constantFrom('', '', '?', '?a=/b;c')).map(parts => parts.join(''))

/** Each route as the router holds it, the first of those that it can't tell apart. */
function distinct (texts: readonly string[], options: RouterOptions): Map<string, RoutePattern> {
  const patterns = new Map<string, RoutePattern>()
  const shapes = new Set<string>()
  for (const text of texts) {
    const pattern = settleRoute(parseRoutePattern(text).patterns![0]!, options)
    if (!shapes.has(pattern.shape)) patterns.set(text, pattern)
    shapes.add(pattern.shape)
  }
  return patterns
}

t.test('RouteTree, routerDecode and settle choose as find-my-way', t => {
  let hits = 0
  fc.assert(fc.property(routes, router, fc.array(target, { minLength: 1, maxLength: 8, size: 'max' }), (texts, options, targets) => {
    const patterns = distinct(texts, options)
    const theirs = findMyWay({ ...options, maxParamLength: 10_000 })
    const ours = new RouteTree<string>()
    for (const [text, pattern] of patterns) {
      theirs.on('GET', text, () => text)
      ours.at(pattern, () => text)
    }
    for (const target of targets) {
      const found = theirs.find('GET', target)
      const wanted = found === null ? undefined : (found.handler as unknown as () => string)()
      // The router cuts before it decodes; it makes a difference only where something is malformed beyond the cut.
      const decoded = routerDecode(target.split(options.useSemicolonDelimiter ? /[?;]/ : '?')[0]!)
      const got = decoded === null ? undefined : ours.find(settle(decoded, options))
      if (wanted !== undefined) hits++
      if (got !== wanted) throw new Error(`${target}: ${got}, where find-my-way chooses ${wanted}`)
    }
  }), runs)
  t.ok(hits > runs.numRuns, `${hits} paths matched some route`)
  t.end()
})

t.test('RouteTree chooses as a scan by routeMatches and compareRoutes', t => {
  const options = { caseSensitive: true, ignoreTrailingSlash: false, ignoreDuplicateSlashes: false, useSemicolonDelimiter: false }
  fc.assert(fc.property(routes, fc.array(fc.oneof(plain, odd), { minLength: 1, maxLength: 6 }), (texts, paths) => {
    const patterns = [...distinct(texts, options).values()]
    const tree = new RouteTree<string>()
    for (const pattern of patterns) tree.at(pattern, () => pattern.text)
    for (const path of paths) {
      const [best] = patterns.filter(pattern => routeMatches(pattern, path)).sort(compareRoutes)
      if (tree.find(path) !== best?.text) throw new Error(`${path}: ${tree.find(path)}, where a scan finds ${best?.text}`)
    }
  }), runs)
  t.pass()
  t.end()
})
