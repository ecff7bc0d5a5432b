// What two policy sets decide differently: exact over all hosts, plain paths, origins, methods, headers and credentials.
import type { Snapshot } from '../snapshot/snapshot.ts'
import { compareAssurance, isLess, type AssuranceChange } from './assurance.ts'
import { Changes, type Change } from './changes.ts'
import { PairComparer } from './regions/pairs.ts'
import { Numbers, Side } from './regions/side.ts'
import { Places } from './regions/survey.ts'

/** What changes from one set to another: the JSON of `diff`. The most dangerous changes come first. */
export interface Diff {
  /** Nothing changes: neither a decision nor what the set is held to. */
  readonly equal: boolean
  readonly widened: readonly Change[]
  readonly narrowed: readonly Change[]
  /** What no page gains or loses, but a handler or a cache sees. */
  readonly changed: readonly Change[]
  readonly assurance: readonly AssuranceChange[]
  /** Whether all was compared. False where the sets are so entangled that it would take too long: then there may be more. */
  readonly exact: boolean
}

/**
 * Compares what two sets decide. The sets divide all requests into regions within which every request is decided alike;
 * one request of each is put to the same matcher that decides in a gateway. Both snapshots are to be compiled for the
 * same moment; what differs only later, since a rule starts or ends, is told with the moment from which on it does.
 */
export function diff (old: Snapshot, now: Snapshot): Diff {
  const numbers = new Numbers()
  const places = new Places([old, now])
  const comparer = new PairComparer(new Side(old, numbers), new Side(now, numbers), numbers)
  const changes = new Changes(old, now)
  for (const place of places) {
    const findings = comparer.findingsOf(place)
    if (findings.length > 0) changes.add(place, comparer.keyOf(place), findings)
  }
  const [widened, narrowed, changed] = [changes.of('widened'), changes.of('narrowed'), changes.of('changed')]
  const assurance = compareAssurance(old.set, now.set)
  const exact = places.isExact && comparer.isExact && changes.isWhole
  const equal = exact && [widened, narrowed, changed, assurance].every(list => list.length === 0)
  return { equal, widened, narrowed, changed, assurance, exact }
}

/** Whether pages may do more than before, or the set is held to less. */
export function isWidened ({ widened, assurance, exact }: Diff): boolean {
  return !exact || widened.length > 0 || assurance.some(isLess)
}
