// The hosts that some host patterns tell apart: one for each pattern, and one that none matches.
import { hostMatches, type HostPattern } from '../../route/host.ts'
import { freshWord } from './labels.ts'

/** A host that stands for all to which the very same patterns lead. */
export interface HostAtom {
  readonly host: string
  /** The patterns that match, the most specific first; every host's own rules come after them. */
  readonly chain: readonly HostPattern[]
}

/** The atoms of host patterns; the first is the host that none of them matches. */
export function hostAtoms (patterns: Iterable<HostPattern>): readonly HostAtom[] {
  const known = new Map<string, HostPattern>()
  for (const pattern of patterns) known.set(pattern.text, pattern)
  const exact = new Set([...known.values()].filter(({ wildcard }) => !wildcard).map(({ host }) => host))
  const chainOf = (host: string): HostPattern[] => suffixesOf(host).flatMap(text => known.get(text) ?? [])
  const atoms: HostAtom[] = [{ host: unknownHost([...known.values()]), chain: [] }]
  for (const { text, host, wildcard } of known.values()) {
    const here = wildcard ? hostBelow(host, exact) : host
    const chain = wildcard ? chainOf(here) : [known.get(text)!, ...chainOf(here)]
    atoms.push({ host: here, chain })
  }
  return atoms
}

/** The texts of all patterns `*.suffix` that match a host, the longest first. */
function suffixesOf (host: string): string[] {
  const texts: string[] = []
  for (let dot = host.indexOf('.', 1); dot !== -1; dot = host.indexOf('.', dot + 1)) texts.push(`*${host.slice(dot)}`)
  return texts
}

function hostBelow (suffix: string, exact: ReadonlySet<string>): string {
  const taken = new Set([...exact].filter(host => host.endsWith(suffix)).map(host => host.slice(0, -suffix.length)))
  return freshWord(taken)! + suffix
}

function unknownHost (patterns: readonly HostPattern[]): string {
  const isUnknown = (host: string): boolean => !patterns.some(pattern => hostMatches(pattern, host))
  for (const host of ['api.example.com', 'api.example', 'api.test', 'api.invalid']) if (isUnknown(host)) return host
  return freshWord(new Set(patterns.map(({ host }) => host.slice(host.lastIndexOf('.') + 1))))!
}
