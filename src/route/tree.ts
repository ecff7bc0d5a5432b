// Many route patterns, compiled into one lookup.
import type { RoutePattern } from './pattern.ts'

interface Node<T> {
  /** Null for a leaf: most nodes are. */
  literals: Map<string, Node<T>> | null
  parameter: Node<T> | null
  /** The value of a route that ends here, or undefined. */
  end: T | undefined
  /** The value of a route that ends with `*` here, or undefined. */
  below: T | undefined
}

function newNode<T> (): Node<T> {
  return { literals: null, parameter: null, end: undefined, below: undefined }
}

/**
 * Finds the most specific route that matches a path: segment by segment from the left, a literal before a parameter
 * before `*`, which is find-my-way's choice. The time depends on the path alone, not on the number of routes.
 */
export class RouteTree<T> {
  readonly #root: Node<T> = newNode()
  /** Routes without parameters: a literal at every segment is as specific as can be. */
  readonly #literal = new Map<string, T>()
  /** The length of the longest of them: a longer path need not be hashed. */
  #longestLiteral = 0
  /** Whether any route holds a parameter or `*`; where none does, the map above has the whole answer. */
  #hasPatterns = false

  /** The value at a pattern's place, made if there is none yet. */
  at (pattern: RoutePattern, make: () => T): T {
    let node = this.#root
    for (const segment of pattern.segments) {
      if (segment.kind === 'wildcard') {
        this.#hasPatterns = true
        return node.below ??= make()
      }
      let next: Node<T> | null | undefined
      if (segment.kind === 'static') {
        node.literals ??= new Map()
        next = node.literals.get(segment.text)
        if (next === undefined) node.literals.set(segment.text, next = newNode())
      } else {
        this.#hasPatterns = true
        next = node.parameter ??= newNode()
      }
      node = next
    }
    node.end ??= make()
    if (pattern.segments.every(segment => segment.kind === 'static')) {
      this.#literal.set(pattern.text, node.end)
      this.#longestLiteral = Math.max(this.#longestLiteral, pattern.text.length)
    }
    return node.end
  }

  /** The value of the most specific route that matches, or undefined. `path` begins with `/`. */
  find (path: string): T | undefined {
    const found = path.length > this.#longestLiteral ? undefined : this.#literal.get(path)
    return found !== undefined || !this.#hasPatterns ? found : descend(this.#root, path, 1)
  }
}

/** Tries the children of a node in falling specificity. Each node is visited at most once, as the tree has no shared parts. */
function descend<T> (node: Node<T>, path: string, start: number): T | undefined {
  const slash = path.indexOf('/', start)
  const isLast = slash === -1
  const literal = node.literals?.get(isLast ? path.slice(start) : path.slice(start, slash))
  if (literal !== undefined) {
    const found = isLast ? literal.end : descend(literal, path, slash + 1)
    if (found !== undefined) return found
  }
  if (node.parameter !== null) {
    const found = isLast ? node.parameter.end : descend(node.parameter, path, slash + 1)
    if (found !== undefined) return found
  }
  return node.below
}
