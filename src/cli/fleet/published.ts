// What is published in a store, read with as much doubt as a gateway has, and the stamp that comes next.
import type { SourceText } from '../../diagnostic/span.ts'
import { parseBundle } from '../../source/bundle.ts'
import { defaultLimits } from '../../source/limits.ts'
import type { StoredBundle, StoredStatus } from '../../source/nats/client.ts'
import { parseStatus } from '../../source/nats/status.ts'
import type { PublicKeys } from '../../source/signature.ts'
import { SourceError } from '../../source/source.ts'
import type { Stamp } from '../../source/stamp.ts'

/** One bundle of a store. What can't be read has a fault, and nothing else of it is known. */
export interface Published {
  readonly sequence: number
  readonly bytes: number
  readonly stamp: Stamp | null
  readonly revision: string | null
  readonly texts: readonly SourceText[]
  readonly isSigned: boolean
  readonly fault: string | null
}

/** Reads a bundle; with keys, it has to be signed by one of them. */
export function readPublished ({ bytes, sequence }: StoredBundle, keys: PublicKeys | null = null): Published {
  const size = { sequence, bytes: bytes.length }
  try {
    const { set: { texts, diagnostics = [] }, stamp, revision, isSigned } = parseBundle('store', bytes, defaultLimits, keys)
    const fault = diagnostics[0]?.message ?? (stamp === null ? 'it has no generation' : null)
    return { ...size, stamp, revision, texts, isSigned, fault }
  } catch (error) {
    if (!(error instanceof SourceError)) throw error
    return { ...size, stamp: null, revision: null, texts: [], isSigned: false, fault: error.reason }
  }
}

/** Where a set stands in its line. */
export type Place = Pick<Stamp, 'epoch' | 'generation'>

/** Whether the first comes after the second. */
export function isAfter (a: Place, b: Place): boolean {
  return a.epoch > b.epoch || (a.epoch === b.epoch && a.generation > b.generation)
}

/** The highest place that any gateway has seen: it takes nothing below, also where the store has forgotten it. */
export function highestSeen (statuses: readonly StoredStatus[], now: number): Place | null {
  return highest(statuses.map(({ bytes }) => {
    const { epoch, generation } = parseStatus(bytes) ?? {}
    return isNumber(epoch) && isNumber(generation) && isPlausible({ epoch, generation }, now) ? { epoch, generation } : null
  }))
}

/** The place of what is published next: after all that is there or was seen. */
export function nextPlace (head: Place | null, seen: Place | null, now: number): Place {
  const last = highest([head, seen])
  if (last === null) return { epoch: now, generation: 1 }
  const isLast = last.generation >= Number.MAX_SAFE_INTEGER
  return isLast ? { epoch: last.epoch + 1, generation: 1 } : { epoch: last.epoch, generation: last.generation + 1 }
}

const day = 86_400_000

/** Whoever lies could end the line for good, with numbers after which there is none. */
export function isPlausible ({ epoch, generation }: Place, now: number): boolean {
  return epoch <= now + day && generation < 2 ** 32
}

function isNumber (value: number | null | undefined): value is number {
  return typeof value === 'number'
}

function highest (places: readonly (Place | null)[]): Place | null {
  return places.reduce((a, b) => a === null || (b !== null && isAfter(b, a)) ? b : a, null)
}
