// The origins that some patterns tell apart: one for each set of patterns that some origin matches.
import { defaultPortOf, opaqueOrigin, parseOrigin } from '../../origin/origin.ts'
import { globMatches, type OriginPattern } from '../../origin/pattern.ts'
import { freshWord, labelClasses } from './labels.ts'

/** Origins, one of each kind, and whether they are all kinds. */
export interface OriginAtoms {
  readonly origins: readonly string[]
  readonly isExact: boolean
}

type TuplePattern = Extract<OriginPattern, { scheme: string }>

/** A pattern by its number, and its port. */
interface Mark { readonly id: number, readonly port: string }

/** The labels of hosts from the last to the first. */
interface Node {
  readonly id: number
  readonly literals: Map<string, Node>
  readonly globs: { readonly prefix: string, readonly suffix: string, readonly next: Node }[]
  /** The patterns whose host ends here. */
  readonly ends: Mark[]
  /** The patterns that take every longer host. */
  readonly below: Mark[]
}

/** A kind of beginning that hosts have, read from their end. */
interface State {
  readonly host: string | null
  readonly nodes: readonly Node[]
  /** What takes every host that goes on from here. */
  readonly taken: readonly Mark[]
}

/** So many kinds of hosts are told apart, and more for each pattern. */
const maxStates = 5_000
const maxStatesOfPattern = 40
/** Behind a longer host than this, the shortest label is taken, so that no host grows beyond its bound for being readable. */
const readableLength = 200

/**
 * Finds the atoms of patterns. Two origins of one atom are matched by the very same patterns; what matches none is one
 * atom, and so is the malformed value, which no pattern but `*` takes. An origin of the web comes before all others.
 */
export function originAtoms (patterns: readonly OriginPattern[]): OriginAtoms {
  const maker = new AtomMaker(patterns.length)
  const schemes = new Map<string, Scheme>([['https', new Scheme()], ['http', new Scheme()]])
  for (const [id, pattern] of patterns.entries()) {
    if (!('scheme' in pattern)) continue
    let scheme = schemes.get(pattern.scheme)
    if (scheme === undefined) schemes.set(pattern.scheme, scheme = new Scheme())
    scheme.add(id, pattern)
  }
  for (const [name, scheme] of schemes) maker.addScheme(name, scheme)
  let unknown = 'other'
  while (schemes.has(unknown)) unknown += '-other'
  maker.add(`${unknown}://other.example`, [])
  for (const [id, { kind }] of patterns.entries()) if (kind === 'opaque') maker.add(opaqueOrigin, [id])
  return { origins: [...maker.origins.values()], isExact: maker.isExact }
}

/** The patterns of one scheme. */
class Scheme {
  readonly anyHost: Mark[] = []
  #count = 0
  readonly root = this.#newNode()

  #newNode (): Node {
    return { id: this.#count++, literals: new Map(), globs: [], ends: [], below: [] }
  }

  add (id: number, pattern: TuplePattern): void {
    const mark = { id, port: pattern.port }
    switch (pattern.kind) {
      case 'any-host': this.anyHost.push(mark); break
      case 'subdomains': this.#follow(this.root, pattern.suffix.slice(1).split('.')).below.push(mark); break
      case 'exact': this.#follow(this.root, pattern.host.split('.')).ends.push(mark); break
      case 'label-glob': {
        const node = this.#follow(this.root, pattern.after)
        let glob = node.globs.find(({ prefix, suffix }) => prefix === pattern.prefix && suffix === pattern.suffix)
        if (glob === undefined) node.globs.push(glob = { prefix: pattern.prefix, suffix: pattern.suffix, next: this.#newNode() })
        this.#follow(glob.next, pattern.before).ends.push(mark)
      }
    }
  }

  #follow (from: Node, labels: readonly string[]): Node {
    let node = from
    for (const label of [...labels].reverse()) {
      let next = node.literals.get(label)
      if (next === undefined) node.literals.set(label, next = this.#newNode())
      node = next
    }
    return node
  }
}

class AtomMaker {
  /** By the numbers of the patterns that match. */
  readonly origins = new Map<string, string>()
  isExact = true
  readonly #maxStates: number
  #states = 0

  constructor (patterns: number) {
    this.#maxStates = maxStates + maxStatesOfPattern * patterns
  }

  add (origin: string, ids: readonly number[]): void {
    const key = [...ids].sort((a, b) => a - b).join()
    if (!this.origins.has(key)) this.origins.set(key, origin)
  }

  addScheme (name: string, { root, anyHost }: Scheme): void {
    const queue: State[] = [{ host: null, nodes: [root], taken: anyHost }]
    const seen = new Set<string>()
    for (const state of queue) {
      if (state.host !== null) this.#addHost(`${name}://${state.host}`, name, state)
      for (const next of this.#following(state)) {
        const key = `${next.nodes.map(({ id }) => id).join()} ${next.taken.map(({ id }) => id).join()}`
        if (seen.has(key)) continue
        seen.add(key)
        if (++this.#states > this.#maxStates) {
          this.isExact = false
          return
        }
        queue.push(next)
      }
    }
  }

  /** What one label more can lead to. */
  * #following ({ host, nodes, taken: before }: State): Generator<State> {
    if (nodes.length === 0) return
    const taken = [...before, ...nodes.flatMap(({ below }) => below)]
    const literals = new Set(nodes.flatMap(node => [...node.literals.keys()]))
    const globs = nodes.flatMap(node => node.globs)
    const { classes, isExact } = labelClasses(globs, literals, (host?.length ?? 0) > readableLength)
    if (!isExact) this.isExact = false
    for (const { word, matches } of classes) {
      // A host that goes on from an unknown last label is like that label alone; two labels are easier to read.
      const label = host === null && matches.length === 0 ? unknownDomain(literals) ?? word : word
      yield { host: join(label, host), nodes: inOrder(matches.map(i => globs[i]!.next)), taken }
    }
    for (const word of literals) {
      const next = nodes.flatMap(node => node.literals.get(word) ?? [])
      for (const glob of globs) if (globMatches(glob.prefix, glob.suffix, word)) next.push(glob.next)
      yield { host: join(word, host), nodes: inOrder(next), taken }
    }
  }

  #addHost (origin: string, scheme: string, { nodes, taken }: State): void {
    if (parseOrigin(origin) === null) return
    const marks = [...taken, ...nodes.flatMap(({ ends }) => ends)]
    const ports = new Set(marks.map(({ port }) => port))
    const isOpen = ports.delete('*')
    if (isOpen || ports.size === 0) ports.add(freshPort(ports, scheme))
    for (const port of ports) {
      this.add(port === '' ? origin : `${origin}:${port}`, marks.filter(mark => mark.port === '*' || mark.port === port).map(({ id }) => id))
    }
  }
}

function join (label: string, host: string | null): string {
  return host === null ? label : `${label}.${host}`
}

function inOrder (nodes: readonly Node[]): readonly Node[] {
  return nodes.length < 2 ? nodes : [...new Set(nodes)].sort((a, b) => a.id - b.id)
}

function unknownDomain (known: ReadonlySet<string>): string | null {
  const domain = ['example', 'test', 'invalid'].find(each => !known.has(each))
  return domain === undefined ? null : `${freshWord(new Set())!}.${domain}`
}

/** A port that stands for all others: the default one, unless a pattern names it. */
function freshPort (named: ReadonlySet<string>, scheme: string): string {
  if (!named.has('')) return ''
  let port = 8443
  while (named.has(String(port)) || String(port) === defaultPortOf(scheme)) port++
  return String(port)
}
