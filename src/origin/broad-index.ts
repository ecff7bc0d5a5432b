// The origin patterns that match more than one origin, compiled into one lookup.
import { Few, setLowest } from './few.ts'
import { colonOfPort } from './origin.ts'
import { globMatches, type LabelGlob, type OriginPattern } from './pattern.ts'

/** A pattern that stands for more than one origin, but not for all. */
type BroadPattern = Extract<OriginPattern, { readonly scheme: string }>

/** The slots of one host pattern, by port. */
type Ports = Few<number>

/** The globs that differ only in the label with the star. */
interface GlobFamily {
  /** The lengths of what stands before and after the star in it; the longest in all first. */
  shapes: readonly { readonly prefixLength: number, readonly suffixLength: number }[]
  /** Keyed by prefix, `*`, suffix. */
  readonly ports: Few<Ports>
}

/** A glob that matches. */
interface GlobMatch {
  readonly slot: number
  readonly literals: number
  readonly isExactPort: boolean
}

/**
 * Finds the most specific broad pattern that matches an origin; of equally specific ones the lowest slot wins. All keys
 * are pieces of origins, and an ending is cut out only where a pattern may have one of its length, so that of most origins
 * that match nothing no part is copied.
 */
export class BroadIndex {
  // Most lists hold one form only, and there may be a list for each of very many rules: nothing is made before it is needed.
  /** Exact hosts with any port, keyed by scheme, `://` and host. */
  #anyPort: Few<number> | null = null
  /** Keyed by what stands behind the label with the star, and then by what stands before it: the scheme, `://`, and other labels. */
  #globs: Few<Few<GlobFamily>> | null = null
  /** Keyed by suffix, and then by scheme. */
  #subdomains: Few<Few<Ports>> | null = null
  /** Which lengths the endings in both have, modulo 32: one bit each. */
  #lengths = 0
  /** Keyed by scheme. */
  #anyHost: Few<Ports> | null = null

  /** Adds a pattern; an exact one counts as one with any port. */
  add (pattern: BroadPattern, slot: number): void {
    switch (pattern.kind) {
      case 'exact': setLowest(this.#anyPort ??= new Few(), `${pattern.scheme}://${pattern.host}`, slot); break
      case 'label-glob': this.#addGlob(pattern, slot); break
      case 'subdomains':
        this.#lengths |= lengthBit(pattern.suffix.length)
        setLowest(fewAt<number>(fewAt(this.#subdomains ??= new Few(), pattern.suffix), pattern.scheme), pattern.port, slot)
        break
      case 'any-host': setLowest(fewAt(this.#anyHost ??= new Few(), pattern.scheme), pattern.port, slot); break
    }
  }

  #addGlob ({ scheme, before, after, prefix, suffix, port }: LabelGlob, slot: number): void {
    const [start, ending] = [`${scheme}://${before.map(label => `${label}.`).join('')}`, after.map(label => `.${label}`).join('')]
    this.#lengths |= lengthBit(ending.length)
    const families = fewAt<GlobFamily>(this.#globs ??= new Few(), ending)
    let family = families.get(start)
    if (family === undefined) families.set(start, family = { shapes: [], ports: new Few() })
    const [prefixLength, suffixLength] = [prefix.length, suffix.length]
    if (!family.shapes.some(shape => shape.prefixLength === prefixLength && shape.suffixLength === suffixLength)) {
      const shapes = [...family.shapes, { prefixLength, suffixLength }]
      family.shapes = shapes.sort((a, b) => b.prefixLength + b.suffixLength - a.prefixLength - a.suffixLength)
    }
    setLowest(fewAt(family.ports, `${prefix}*${suffix}`), port, slot)
  }

  /** The slot of the most specific pattern that matches a well-formed origin; undefined where none does. */
  find (origin: string): number | undefined {
    const hostStart = origin.indexOf('://') + 3
    const colon = colonOfPort(origin, hostStart)
    const hostEnd = colon === -1 ? origin.length : colon
    const anyPort = this.#anyPort?.get(colon === -1 ? origin : origin.slice(0, colon))
    if (anyPort !== undefined) return anyPort
    const slot = this.#lengths === 0 ? undefined : this.#findByEnding(origin, hostStart, hostEnd)
    if (slot !== undefined || this.#anyHost === null) return slot
    return atPort(this.#anyHost.get(schemeOf(origin, hostStart)), portOf(origin, hostEnd))
  }

  /** Looks at what stands behind each label: a glob wins over subdomains, and of these the longest suffix, which comes first. */
  #findByEnding (origin: string, hostStart: number, hostEnd: number): number | undefined {
    let best: GlobMatch | null = null
    let subdomains: number | undefined
    for (let start = hostStart; start < hostEnd;) {
      const dot = origin.indexOf('.', start)
      const end = dot === -1 ? hostEnd : dot
      if ((this.#lengths & lengthBit(hostEnd - end)) !== 0) {
        const ending = origin.slice(end, hostEnd)
        const family = this.#globs?.get(ending)?.get(origin.slice(0, start))
        if (family !== undefined) best = bestGlob(family, origin.slice(start, end), hostEnd - hostStart, portOf(origin, hostEnd), best)
        const schemes = subdomains === undefined ? this.#subdomains?.get(ending) : undefined
        if (schemes !== undefined) subdomains = atPort(schemes.get(schemeOf(origin, hostStart)), portOf(origin, hostEnd))
      }
      start = end + 1
    }
    return best === null ? subdomains : best.slot
  }
}

/** The most literal characters win, after them an exact port, and then the lowest slot. */
function bestGlob (family: GlobFamily, label: string, hostLength: number, port: string, known: GlobMatch | null): GlobMatch | null {
  let best = known
  for (const { prefixLength, suffixLength } of family.shapes) {
    const literals = hostLength - label.length + prefixLength + suffixLength
    if (best !== null && literals < best.literals) break
    if (label.length <= prefixLength + suffixLength) continue
    const prefix = label.slice(0, prefixLength)
    const suffix = label.slice(label.length - suffixLength)
    const ports = family.ports.get(`${prefix}*${suffix}`)
    const slot = atPort(ports, port)
    if (slot === undefined || !globMatches(prefix, suffix, label)) continue
    const isExactPort = ports!.get(port) !== undefined
    if (best?.literals === literals && (isExactPort === best.isExactPort ? slot > best.slot : best.isExactPort)) continue
    best = { slot, literals, isExactPort }
  }
  return best
}

function schemeOf (origin: string, hostStart: number): string {
  return origin.slice(0, hostStart - 3)
}

function portOf (origin: string, hostEnd: number): string {
  return origin.slice(hostEnd + 1)
}

function lengthBit (length: number): number {
  return 1 << (length & 31)
}

function fewAt<T> (map: Few<Few<T>>, key: string): Few<T> {
  let few = map.get(key)
  if (few === undefined) map.set(key, few = new Few<T>())
  return few
}

function atPort (ports: Ports | undefined, port: string): number | undefined {
  return ports?.get(port) ?? ports?.get('*')
}
