// The paths that the routes of some sets tell apart: one for each way in which routes match, read as it is, folded or trimmed.
import type { HostPattern } from '../../route/host.ts'
import type { RoutePattern } from '../../route/pattern.ts'
import { foldRoute } from '../../snapshot/compile.ts'
import type { HostAtom } from './hosts.ts'

/** A route of a host, and who has it. */
export interface Planting {
  /** Null for every host. */
  readonly host: HostPattern | null
  readonly route: RoutePattern
  /** The sets that have it, a bit for each; 0 for a region that is only to be told apart. */
  readonly sides: number
}

interface Node {
  readonly id: number
  readonly literals: Map<string, Node>
  parameter: Node | null
  /** The sets that have a route which ends with `*` here; null where there is none. */
  below: number | null
}

interface Tries { readonly plain: Node, readonly folded: Node }

/** A node that the path so far leads to, and the rank of its host: 0 for the most specific, below 0 for a region. */
interface Live { readonly node: Node, readonly rank: number }

/** The path so far, as it is and folded: where it leads, and what took all that lies below. */
interface Reading { readonly live: readonly Live[], readonly taken: readonly Live[] }

interface State { readonly path: string, readonly plain: Reading, readonly folded: Reading }

const ownRegion = -1
const otherRegion = -2
/** So many states are gone through, and more for each node of the routes: the time stays about linear in the size of the sets. */
const maxStates = 10_000
const maxStatesOfNode = 40

/** Finds the paths that stand for all plain ones: those of ordinary characters, without dot segments or empty ones, the last aside. */
export class PathAtoms {
  readonly #rules = new Map<string, Tries>()
  readonly #regions = new Map<string, Tries>()
  readonly #allSides: number
  readonly #folds: boolean
  #nodes = 0
  #states = 0
  isExact = true

  /** `folds` says whether letter case is ever ignored: then paths that differ from routes in it are told apart as well. */
  constructor (plantings: Iterable<Planting>, folds: boolean) {
    let allSides = 0
    for (const { host, route, sides } of plantings) {
      allSides |= sides
      const { plain, folded } = this.#triesOf(sides === 0 ? this.#regions : this.#rules, host)
      this.#plant(plain, route, sides)
      if (folds) this.#plant(folded, foldRoute(route), sides)
    }
    this.#allSides = allSides
    this.#folds = folds
  }

  #triesOf (tries: Map<string, Tries>, host: HostPattern | null): Tries {
    const text = host?.text ?? ''
    let found = tries.get(text)
    if (found === undefined) tries.set(text, found = { plain: this.#newNode(), folded: this.#newNode() })
    return found
  }

  #newNode (): Node {
    return { id: this.#nodes++, literals: new Map(), parameter: null, below: null }
  }

  #plant (root: Node, route: RoutePattern, sides: number): void {
    let node = root
    for (const segment of route.segments) {
      if (segment.kind === 'wildcard') {
        node.below = (node.below ?? 0) | sides
        return
      }
      if (segment.kind === 'parameter') {
        node = node.parameter ??= this.#newNode()
      } else {
        let next = node.literals.get(segment.text)
        if (next === undefined) node.literals.set(segment.text, next = this.#newNode())
        node = next
      }
    }
  }

  /**
   * The paths of a host. Those to which none of its most specific pattern's routes matches are left out, as there the
   * host is like the one that only the other patterns match.
   */
  pathsOf ({ chain }: HostAtom): readonly string[] {
    const roots = this.#rootsOf(chain)
    const start: State = { path: '', plain: { live: roots.plain, taken: [] }, folded: { live: roots.folded, taken: [] } }
    const queue: State[] = isOwn(start) ? [start] : []
    const seen = new Set<string>()
    for (const state of queue) {
      for (const [text, fold] of symbolsOf(state, this.#folds)) {
        const next = { path: `${state.path}/${text}`, plain: this.#read(state.plain, text), folded: this.#read(state.folded, fold) }
        const key = `${keyOf(next.plain)} ${keyOf(next.folded)}`
        if (seen.has(key) || !isOwn(next)) continue
        seen.add(key)
        if (++this.#states > maxStates + maxStatesOfNode * this.#nodes) {
          this.isExact = false
          break
        }
        queue.push(next)
      }
    }
    // The plainest come first, since the first one found is shown to people.
    return [...queue.slice(1).map(({ path }) => path), ...queue.map(({ path }) => `${path}/`)]
  }

  #rootsOf (chain: readonly HostPattern[]): { plain: readonly Live[], folded: readonly Live[] } {
    const found: [Tries, number][] = []
    for (const [rank, text] of [...chain.map(({ text }) => text), ''].entries()) {
      const [rules, region] = [this.#rules.get(text), this.#regions.get(text)]
      if (rules !== undefined) found.push([rules, rank])
      if (region !== undefined) found.push([region, rank === 0 ? ownRegion : otherRegion])
    }
    return {
      plain: found.map(([{ plain }, rank]) => ({ node: plain, rank })),
      folded: this.#folds ? found.map(([{ folded }, rank]) => ({ node: folded, rank })) : []
    }
  }

  #read ({ live, taken: before }: Reading, text: string): Reading {
    const taken = [...before, ...live.filter(({ node }) => node.below !== null)]
    const next: Live[] = []
    for (const { node, rank } of live) {
      const literal = node.literals.get(text)
      if (literal !== undefined) next.push({ node: literal, rank })
      if (node.parameter !== null) next.push({ node: node.parameter, rank })
    }
    const last = this.#lastRank(taken)
    const isOpen = ({ rank }: Live): boolean => rank <= last
    return { live: next.filter(isOpen), taken: taken.filter(isOpen) }
  }

  /** Where each set has a route of some host that takes all below, no less specific host is asked any more. */
  #lastRank (taken: readonly Live[]): number {
    let last = -1
    for (let side = 1; side <= this.#allSides; side <<= 1) {
      if ((this.#allSides & side) === 0) continue
      const ranks = taken.filter(({ node, rank }) => rank >= 0 && (node.below! & side) !== 0).map(({ rank }) => rank)
      last = Math.max(last, ranks.length === 0 ? Infinity : Math.min(...ranks))
    }
    return last
  }
}

function isOwn ({ plain, folded }: State): boolean {
  const isOwnLive = ({ rank }: Live): boolean => rank === 0 || rank === ownRegion
  return [plain, folded].some(({ live, taken }) => live.some(isOwnLive) || taken.some(isOwnLive))
}

function keyOf ({ live, taken }: Reading): string {
  return `${idsOf(live)}/${idsOf(taken)}`
}

function idsOf (list: readonly Live[]): string {
  return list.length < 2 ? String(list[0]?.node.id ?? '') : list.map(({ node }) => node.id).sort((a, b) => a - b).join()
}

/** The segments that can go on a path, one of each kind, with what they fold to. */
function* symbolsOf ({ plain, folded }: State, folds: boolean): Generator<readonly [text: string, fold: string]> {
  if (plain.live.length === 0 && folded.live.length === 0) return
  const texts = keysOf(plain.live)
  const folds_ = keysOf(folded.live)
  for (const text of texts) yield [text, text.toLowerCase()]
  const fresh = freshSegment(texts, folds_)
  yield [fresh, fresh]
  if (!folds) return
  for (const fold of folds_) {
    if (!texts.has(fold)) yield [fold, fold]
    else for (const text of otherCase(fold, texts)) yield [text, fold]
  }
}

function keysOf (live: readonly Live[]): Set<string> {
  const keys = new Set(live.flatMap(({ node }) => [...node.literals.keys()]))
  keys.delete('')
  return keys
}

function freshSegment (texts: ReadonlySet<string>, folds: ReadonlySet<string>): string {
  const isKnown = (text: string): boolean => texts.has(text) || folds.has(text)
  let text = 'x'
  for (let i = 1; isKnown(text); i++) text = `x${i}`
  return text
}

/** A spelling in other letter case that no route has, or nothing where there is none. */
function* otherCase (text: string, known: ReadonlySet<string>): Generator<string> {
  const letters = [...text].flatMap((character, i) => character >= 'a' && character <= 'z' ? [i] : [])
  const upper = text.toUpperCase()
  if (letters.length > 0 && !known.has(upper)) {
    yield upper
    return
  }
  // As many spellings as there are routes, and one more, are enough to find one that is free.
  const spellings = Math.min(2 ** letters.length - 1, known.size + 1)
  for (let bits = 1; bits <= spellings; bits++) {
    const spelling = [...text].map((character, i) => {
      const bit = letters.indexOf(i)
      return bit >= 0 && bit < 31 && (bits >> bit & 1) === 1 ? character.toUpperCase() : character
    }).join('')
    if (known.has(spelling)) continue
    yield spelling
    return
  }
}
