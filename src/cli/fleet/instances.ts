// The gateways of a fleet, as each last told of itself.
import type { StoredStatus } from '../../source/nats/client.ts'
import { parseStatus, type InstanceStatus } from '../../source/nats/status.ts'
import { compareStamps, type SourceStamp } from '../../source/stamp.ts'

/** A gateway, and how long ago it told. */
export interface Instance {
  readonly name: string
  /** Null where what it told can't be read. */
  readonly status: InstanceStatus | null
  /** Milliseconds. */
  readonly age: number
  /** Whether it told of itself lately; gateways do every 15 s. */
  readonly isLive: boolean
  /** Epoch milliseconds by the server's clock. */
  readonly at: number
}

const liveFor = 45_000

/** The instances by name, with their ages as of a moment of the server's clock. */
export function instancesOf (statuses: readonly StoredStatus[], now: number): Instance[] {
  return statuses.map(({ instance, bytes, at }) => {
    // A status can be written after the clock was read.
    const age = Math.max(now - at, 0)
    return { name: instance, status: parseStatus(bytes), age, isLive: age < liveFor, at }
  }).sort((a, b) => a.name < b.name ? -1 : 1)
}

/** The place of what a gateway saw last, or null. */
export function seenBy ({ status }: Instance): SourceStamp | null {
  const { epoch = null, generation = null } = status ?? {}
  return epoch === null || generation === null ? null : { epoch, generation }
}

/** Whether a gateway runs what was published at a place. */
export function isRunning (instance: Instance, revision: string, place: SourceStamp): boolean {
  const { status } = instance
  const seen = seenBy(instance)
  return status?.state === 'ok' && status.revision === revision && seen !== null && compareStamps(seen, place) === 0
}

/** Whether a gateway has seen something later than a place. */
export function isBeyond (instance: Instance, place: SourceStamp): boolean {
  const seen = seenBy(instance)
  return seen !== null && compareStamps(seen, place) > 0
}
