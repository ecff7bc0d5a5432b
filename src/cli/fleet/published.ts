// What is published in a store, read with as much doubt as a gateway has, and the stamp that comes next.
import type { SourceText } from '../../diagnostic/span.ts'
import { parseBundle } from '../../source/bundle.ts'
import { defaultLimits } from '../../source/limits.ts'
import type { StoredBundle, StoredStatus } from '../../source/nats/client.ts'
import { parseStatus } from '../../source/nats/status.ts'
import type { Trust } from '../../source/signature.ts'
import { SourceError } from '../../source/source.ts'
import { compareStamps, type SourceStamp, type Stamp } from '../../source/stamp.ts'

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

/** Reads a bundle; with trust given, it has to be signed by one of its keys, for the bucket. */
export function readPublished ({ bytes, sequence }: StoredBundle, trust: Trust | null = null): Published {
  const size = { sequence, bytes: bytes.length }
  try {
    const { set: { texts, diagnostics = [] }, stamp, revision, isSigned } = parseBundle('store', bytes, defaultLimits, trust)
    const fault = diagnostics[0]?.message ?? (stamp === null ? 'it has no generation' : null)
    return { ...size, stamp, revision, texts, isSigned, fault }
  } catch (error) {
    if (!(error instanceof SourceError)) throw error
    return { ...size, stamp: null, revision: null, texts: [], isSigned: false, fault: error.reason }
  }
}

/** The highest place that any gateway has seen: it takes nothing below, also where the store has forgotten it. */
export function highestSeen (statuses: readonly StoredStatus[], now: number): SourceStamp | null {
  return highest(statuses.map(({ bytes }) => {
    const { epoch, generation } = parseStatus(bytes) ?? {}
    return isNumber(epoch) && isNumber(generation) && isPlausible({ epoch, generation }, now) ? { epoch, generation } : null
  }))
}

/** The place of what is published next: after all that is there or was seen. */
export function nextPlace (head: SourceStamp | null, seen: SourceStamp | null, now: number): SourceStamp {
  const last = highest([head, seen])
  if (last === null) return { epoch: now, generation: 1 }
  const isLast = last.generation >= Number.MAX_SAFE_INTEGER
  return isLast ? { epoch: last.epoch + 1, generation: 1 } : { epoch: last.epoch, generation: last.generation + 1 }
}

const day = 86_400_000

/** Whoever lies could end the line for good, with numbers after which there is none. */
export function isPlausible ({ epoch, generation }: SourceStamp, now: number): boolean {
  return epoch <= now + day && generation < 2 ** 32
}

function isNumber (value: number | null | undefined): value is number {
  return typeof value === 'number'
}

function highest (places: readonly (SourceStamp | null)[]): SourceStamp | null {
  return places.reduce((a, b) => a === null || (b !== null && compareStamps(b, a) > 0) ? b : a, null)
}
