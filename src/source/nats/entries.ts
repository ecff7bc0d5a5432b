// What a bucket holds, by questions that have one answer each: a client's own list of a bucket that changes may wait for good.
import type { MsgRequest, StoredMsg, StreamAPI } from '@nats-io/jetstream'

/** A value of a bucket. */
export interface Entry {
  readonly key: string
  readonly bytes: Uint8Array
  readonly sequence: number
  /** Epoch milliseconds by the server's clock. */
  readonly at: number
}

/** As many questions are asked at a time. */
const atATime = 50

/** The value of a key; null where there is none. */
export async function entryOf (streams: StreamAPI, bucket: string, key: string): Promise<Entry | null> {
  const message = await streams.getMessage(`KV_${bucket}`, { last_by_subj: `$KV.${bucket}.${key}` })
  return message === null ? null : asEntry(message, bucket)
}

/** The values that a key had, as far as the bucket keeps them, the oldest first. */
export async function historyOf (streams: StreamAPI, bucket: string, key: string): Promise<Entry[]> {
  const entries: Entry[] = []
  for (let seq = 1; ;) {
    // Servers answer this since 2.9; the client's types don't know.
    const query = { seq, next_by_subj: `$KV.${bucket}.${key}` } as unknown as MsgRequest
    const message = await streams.getMessage(`KV_${bucket}`, query)
    if (message === null) return entries
    const entry = asEntry(message, bucket)
    if (entry !== null) entries.push(entry)
    seq = message.seq + 1
  }
}

/** How many keys a bucket holds, those included whose values were deleted lately. */
export async function countOf (streams: StreamAPI, bucket: string): Promise<number> {
  const { state } = await streams.info(`KV_${bucket}`)
  return state.num_subjects ?? 0
}

/** The value of every key. */
export async function allEntriesOf (streams: StreamAPI, bucket: string): Promise<Entry[]> {
  const { state } = await streams.info(`KV_${bucket}`, { subjects_filter: `$KV.${bucket}.>` })
  const keys = Object.keys(state.subjects ?? {}).map(subject => keyOf(subject, bucket))
  const entries: Entry[] = []
  for (let i = 0; i < keys.length; i += atATime) {
    const some = await Promise.all(keys.slice(i, i + atATime).map(key => entryOf(streams, bucket, key)))
    entries.push(...some.filter(entry => entry !== null))
  }
  return entries
}

/** Null for the mark of a value that was deleted. */
function asEntry ({ subject, data, seq, time, header }: StoredMsg, bucket: string): Entry | null {
  const isMark = header.has('KV-Operation') || header.has('Nats-Marker-Reason')
  return isMark ? null : { key: keyOf(subject, bucket), bytes: data, sequence: seq, at: time.getTime() }
}

function keyOf (subject: string, bucket: string): string {
  return subject.slice(`$KV.${bucket}.`.length)
}
