// What this package's own gateway may do beyond `app.corsGateway`: no part of the public face.
import type { Snapshot } from '../snapshot/snapshot.ts'
import type { DebugSwitch } from './debug-switch.ts'
import type { DecisionFeed } from './feed.ts'
import type { CorsGateway } from './handle.ts'

/** The inside of a running gateway. */
export interface Internals {
  /** The snapshot that decides now, whole. */
  readonly snapshot: () => Snapshot
  readonly feed: DecisionFeed
  readonly debug: DebugSwitch
}

const known = new WeakMap<CorsGateway, Internals>()

/** Keeps the inside of a gateway under its handle. */
export function rememberInternals (handle: CorsGateway, internals: Internals): void {
  known.set(handle, internals)
}

/** The inside of a gateway. Throws for a handle that no registration made. */
export function internalsOf (handle: CorsGateway): Internals {
  const internals = known.get(handle)
  if (internals === undefined) throw new TypeError('not the handle of a running gateway')
  return internals
}
