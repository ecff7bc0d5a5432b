// What a gateway says of itself in the store: printed by the gateway, and read by whoever watches over a fleet.

/** The status of one instance. */
export interface InstanceStatus {
  readonly instance: string
  /** Of this package. */
  readonly version: string
  readonly state: 'ok' | 'degraded'
  /** Of the set that is in force. */
  readonly revision: string
  /** The highest pair that it has seen, whatever became of it: it takes nothing below. Null where it has seen none. */
  readonly epoch: number | null
  readonly generation: number | null
  /** The store's number of what it was given last, which all of this is about; null for nothing. */
  readonly sequence: number | null
  /** What it was given and does not take, and the first reason; null where all is well. */
  readonly rejected: { readonly revision: string | null, readonly reason: string } | null
  /** RFC 3339, UTC. */
  readonly startedAt: string
  /** Another gateway writes under the same name, over this one's status. */
  readonly shared?: boolean
}

/** Reads a status; null for bytes that are none. */
export function parseStatus (bytes: Uint8Array): InstanceStatus | null {
  try {
    const value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as Partial<Record<keyof InstanceStatus, unknown>> | null
    return value !== null && isStatus(value) ? value : null
  } catch {
    return null
  }
}

function isStatus (value: Partial<Record<keyof InstanceStatus, unknown>>): value is InstanceStatus {
  const { instance, version, state, revision, epoch, generation, sequence, rejected, startedAt, shared } = value
  return [instance, version, revision, startedAt].every(isText) && (state === 'ok' || state === 'degraded') &&
    [epoch, generation, sequence].every(each => each === null || (Number.isSafeInteger(each) && (each as number) >= 1)) &&
    (rejected === null || isRejection(rejected)) && (shared === undefined || typeof shared === 'boolean')
}

function isRejection (value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const { revision, reason } = value as Record<string, unknown>
  return (revision === null || isText(revision)) && isText(reason)
}

/** Whoever may write a status may write anything: what no gateway would is not shown to people. */
function isText (value: unknown): value is string {
  return typeof value === 'string' && value.length <= maxText
}

const maxText = 1_000
