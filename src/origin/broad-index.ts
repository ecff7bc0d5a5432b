// The origin patterns that match more than one origin, compiled into one lookup.
import { Few } from './few.ts'
import type { Origin } from './origin.ts'
import { globMatches, type LabelGlob, type OriginPattern } from './pattern.ts'

/** No pattern matches. */
export const noMatch = -1

/** A pattern that stands for more than one origin, but not for all. */
export type BroadPattern = Extract<OriginPattern, { readonly scheme: string }>

/** The slots of one host pattern, by port. */
type Ports = Few<number>

/** The globs that share all labels but one, by the lengths of what stands before and after the star. */
interface GlobFamily {
  /** Longest fixed part first. */
  shapes: readonly { readonly prefixLength: number, readonly suffixLength: number }[]
  /** Keyed by prefix, `*`, suffix. */
  readonly ports: Few<Ports>
}

/** Finds the most specific broad pattern that matches an origin. Of equally specific ones the lowest slot wins. */
export class BroadIndex {
  // Most lists hold one form only, and there may be a list for each of very many rules: nothing is made before it is needed.
  /** Exact hosts with any port, keyed by scheme and host. */
  #anyPort: Few<number> | null = null
  /** Keyed by scheme and host, with `*` for the label that holds the star. */
  #globs: Few<GlobFamily> | null = null
  /** How many labels the globs have, a bit for each number: a host of any other number need not be taken apart. */
  #globDepths = 0
  /** Keyed by scheme and suffix. */
  #subdomains: Few<Ports> | null = null
  /** The length of the longest of these suffixes: what stands before it in a host need not be tried. */
  #longestSuffix = 0
  /** Keyed by scheme. */
  #anyHost: Few<Ports> | null = null

  /** Adds a pattern; an exact one counts as one with any port. */
  add (pattern: BroadPattern, slot: number): void {
    switch (pattern.kind) {
      case 'exact': setLowest(this.#anyPort ??= new Few<number>(), `${pattern.scheme}://${pattern.host}`, slot); break
      case 'label-glob': this.#addGlob(pattern, slot); break
      case 'subdomains':
        setLowest(portsAt(this.#subdomains ??= new Few<Ports>(), pattern.scheme + pattern.suffix), pattern.port, slot)
        this.#longestSuffix = Math.max(this.#longestSuffix, pattern.suffix.length)
        break
      case 'any-host': setLowest(portsAt(this.#anyHost ??= new Few<Ports>(), pattern.scheme), pattern.port, slot); break
    }
  }

  #addGlob (glob: LabelGlob, slot: number): void {
    const key = `${glob.scheme}://${[...glob.before, '*', ...glob.after].join('.')}`
    this.#globs ??= new Few<GlobFamily>()
    this.#globDepths |= depthBit(glob.before.length + 1 + glob.after.length)
    let family = this.#globs.get(key)
    if (family === undefined) this.#globs.set(key, family = { shapes: [], ports: new Few<Ports>() })
    const [prefixLength, suffixLength] = [glob.prefix.length, glob.suffix.length]
    if (!family.shapes.some(shape => shape.prefixLength === prefixLength && shape.suffixLength === suffixLength)) {
      const shapes = [...family.shapes, { prefixLength, suffixLength }]
      family.shapes = shapes.sort((a, b) => b.prefixLength + b.suffixLength - a.prefixLength - a.suffixLength)
    }
    setLowest(portsAt(family.ports, `${glob.prefix}*${glob.suffix}`), glob.port, slot)
  }

  /** The slot of the most specific pattern that matches, or {@link noMatch}. */
  find (origin: Origin): number {
    const anyPort = this.#anyPort?.get(`${origin.scheme}://${origin.host}`)
    if (anyPort !== undefined) return anyPort
    let slot = noMatch
    if (this.#globs !== null && (this.#globDepths & depthBit(countLabels(origin.host))) !== 0) slot = findGlob(this.#globs, origin)
    if (slot === noMatch && this.#subdomains !== null) slot = findSubdomains(this.#subdomains, origin, this.#longestSuffix)
    return slot === noMatch ? atPort(this.#anyHost?.get(origin.scheme), origin.port) : slot
  }
}

/** Tries each label in the star's place; the most literal characters win, after them an exact port, and then the lowest slot. */
function findGlob (globs: Few<GlobFamily>, { scheme, host, port }: Origin): number {
  let best = noMatch
  let bestLength = -1
  let bestIsExactPort = false
  for (let start = 0; start < host.length;) {
    const dot = host.indexOf('.', start)
    const end = dot === -1 ? host.length : dot
    const family = globs.get(`${scheme}://${host.slice(0, start)}*${host.slice(end)}`)
    if (family !== undefined) {
      const label = host.slice(start, end)
      for (const { prefixLength, suffixLength } of family.shapes) {
        const literals = host.length - label.length + prefixLength + suffixLength
        if (literals < bestLength) break
        if (label.length <= prefixLength + suffixLength) continue
        const prefix = label.slice(0, prefixLength)
        const suffix = label.slice(label.length - suffixLength)
        const ports = family.ports.get(`${prefix}*${suffix}`)
        const slot = atPort(ports, port)
        if (slot === noMatch || !globMatches(prefix, suffix, label)) continue
        const isExactPort = ports!.get(port) !== undefined
        if (literals === bestLength && (isExactPort === bestIsExactPort ? slot > best : bestIsExactPort)) continue
        best = slot
        bestLength = literals
        bestIsExactPort = isExactPort
      }
    }
    start = end + 1
  }
  return best
}

function findSubdomains (subdomains: Few<Ports>, { scheme, host, port }: Origin, longestSuffix: number): number {
  for (let dot = host.indexOf('.', host.length - longestSuffix); dot !== -1; dot = host.indexOf('.', dot + 1)) {
    const slot = atPort(subdomains.get(scheme + host.slice(dot)), port)
    if (slot !== noMatch) return slot
  }
  return noMatch
}

function countLabels (host: string): number {
  let labels = 1
  for (let dot = host.indexOf('.'); dot !== -1; dot = host.indexOf('.', dot + 1)) labels++
  return labels
}

function depthBit (labels: number): number {
  return 1 << Math.min(labels, 31)
}

/** Sets the value of a key unless it has a lower one. */
export function setLowest (map: Few<number>, key: string, slot: number): void {
  const known = map.get(key)
  if (known === undefined || slot < known) map.set(key, slot)
}

function portsAt (map: Few<Ports>, key: string): Ports {
  let ports = map.get(key)
  if (ports === undefined) map.set(key, ports = new Few<number>())
  return ports
}

function atPort (ports: Ports | undefined, port: string): number {
  return ports?.get(port) ?? ports?.get('*') ?? noMatch
}
