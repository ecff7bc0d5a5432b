// Why a path is ambiguous, for the log: the first reading that leads elsewhere.
import { isAuthority } from '../route/host.ts'
import { isMalformed, pathOfTarget, readingsOf } from '../route/path.ts'
import { findReading, vetoes } from '../snapshot/lookup.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import type { Exchange } from './exchange.ts'
import { showValue } from './log.ts'

/** Which reading of a path leads where. */
export interface AmbiguityFields {
  readonly reading: string
  /** Cut and escaped. */
  readonly path: string
  /** The rules to which the reading leads; the first few. */
  readonly rules: readonly string[]
}

const maxNamed = 5

/** The ambiguity of a request that was denied as `path-ambiguous` by this snapshot. */
export function ambiguityFields (snapshot: Snapshot, { facts, decision }: Exchange): AmbiguityFields {
  const { target, host, hostIsAmbiguous } = facts
  const path = pathOfTarget(target, host)
  if (hostIsAmbiguous) return { reading: isAuthority(host) ? 'two hosts' : 'malformed host', path: showValue(target), rules: [] }
  if (path === null || target.includes('#') || isMalformed(path)) return { reading: 'malformed', path: showValue(target), rules: [] }
  for (const reading of readingsOf(path, snapshot.settings.pathReadings)) {
    const other = findReading(snapshot, host, reading)
    if (!vetoes(reading, decision.bucket, other)) continue
    const rules = (other?.group.rules ?? []).slice(0, maxNamed).map(rule => rule.name)
    return { reading: reading.steps.join(', ') || 'undecoded', path: showValue(reading.path), rules }
  }
  return { reading: 'unknown', path: showValue(target), rules: [] }
}
