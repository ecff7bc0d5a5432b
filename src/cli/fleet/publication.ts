// The one way to publish a set: compared with what is published, shown, put after it or not at all, and waited for.
import type { KeyObject } from 'node:crypto'
import { build, type BuildOptions } from '../../build.ts'
import { counted } from '../../diagnostic/counted.ts'
import { visible } from '../../diagnostic/render.ts'
import type { SourceText } from '../../diagnostic/span.ts'
import { diff } from '../../inspect/diff.ts'
import { renderDiff } from '../../inspect/render-diff.ts'
import type { Snapshot } from '../../snapshot/snapshot.ts'
import { parseBundle, printBundle } from '../../source/bundle.ts'
import { defaultLimits } from '../../source/limits.ts'
import { TooManyStatuses, type Store, type StoredStatus } from '../../source/nats/client.ts'
import { ofBucket, type Trust } from '../../source/signature.ts'
import { compareStamps, type SourceStamp, type Stamp } from '../../source/stamp.ts'
import { Exit, Refused, type Io } from '../command.ts'
import { fails, type FailOn } from '../fail-on.ts'
import { trustIn } from '../sign-key.ts'
import { clockOf } from './clock.ts'
import { highestSeen, isPlausible, nextPlace, readPublished, type Published } from './published.ts'
import type { StorePlace } from './store.ts'
import { awaitGateways } from './wait.ts'

/** A set that was checked, to be published. */
export interface Publication {
  readonly texts: readonly SourceText[]
  readonly snapshot: Snapshot
  readonly files: number
  readonly rules: number
  /** What it was built for, as what is published now is built to be compared. */
  readonly build: BuildOptions
}

/** How it is to be published. */
export interface PublishSettings {
  readonly failOn: FailOn | null
  readonly isDryRun: boolean
  readonly key: KeyObject | undefined
  /** How long gateways are waited for, in milliseconds; null for not at all. */
  readonly patience: number | null
}

/** What the store holds before. */
interface Before {
  readonly head: Published | null
  /** Whether the head is signed as the next one is to be. */
  readonly isSignedAlike: boolean
  /** What gateways that trust the same key run, as far as the store remembers: the last set that it has signed. Without a key, the head. */
  readonly base: Published | null
  /** The place of the head; null also for one that nobody could go above, and that is not signed as the next one is to be. */
  readonly place: SourceStamp | null
  /** The highest place that a gateway has seen. */
  readonly seen: SourceStamp | null
  readonly now: number
}

/** Publishes a set. The result is the exit status of the command; what keeps the set from being published ends the command. */
export async function publishSet (
  store: Store, { name, bucket }: StorePlace, set: Publication, settings: PublishSettings, io: Io
): Promise<number> {
  const { failOn, isDryRun, key, patience } = settings
  const { revision } = set.snapshot
  const audience = ofBucket(bucket)
  const trust = key === undefined ? null : trustIn(key, audience)
  const before = await lookAt(store, trust, patience !== null, io)
  const { head } = before
  if (head !== null && isPublished(before, revision)) {
    io.stdout(`revision ${revision} is published already, as generation ${head.stamp!.generation}: nothing was published\n`)
    if (patience === null || isDryRun) return Exit.ok
    return awaitGateways(store, { revision, place: head.stamp!, sequence: head.sequence }, patience, io)
  }
  warn(name, before, key, io)
  compare(set, before, failOn, io)
  const stamp = { ...nextPlace(before.place, before.seen, before.now), publishedAt: new Date().toISOString() }
  const bytes = Buffer.from(printBundle(set.texts, { stamp, ...key !== undefined && { sign: { key, audience } } }))
  refuseTooLarge(bytes.length, store.maxPayload)
  // What no gateway could read is never published: such as a file whose name a bundle can't have.
  parseBundle(name, bytes, defaultLimits, trust)
  const summary = `${summaryOf(set, stamp, bytes.length)}${key === undefined ? '' : ', signed'}`
  if (isDryRun) {
    io.stdout(`nothing was published (--dry-run): it would be ${summary}\n`)
    return Exit.ok
  }
  const sequence = await store.put(bytes, head?.sequence ?? 0) ?? await refuseOvertaken(store)
  io.stdout(`published at ${name}: ${summary}\n`)
  return patience === null ? Exit.ok : awaitGateways(store, { revision, place: stamp, sequence }, patience, io)
}

function warn (name: string, { head, base, isSignedAlike }: Before, key: KeyObject | undefined, io: Io): void {
  if (head === null) return
  if (head.fault !== null) io.stderr(`what is published at ${name} can't be read${base === null || base === head ? ', and nothing can be compared with it' : ''}: ${visible(head.fault)}\n`)
  if (head.isSigned && key === undefined) io.stderr('warning: what is published is signed, and this is not: gateways that ask for a signature will keep what they have; give --sign-key\n')
  if (isSignedAlike || (head.fault !== null && base === null)) return
  io.stderr(base === null
    ? 'nothing in the store is signed by this key: this is compared with what is published, which gateways that ask for its signature never took\n'
    : `what is published is not signed by this key: this is compared with generation ${base.stamp!.generation}, the last set that is\n`)
}

async function lookAt (store: Store, trust: Trust | null, isWaiting: boolean, io: Io): Promise<Before> {
  const [stored, statuses] = [await store.head(), await statusesIn(store, isWaiting, io)]
  const now = await clockOf(store, statuses)
  const head = stored === null ? null : readPublished(stored)
  const isSignedAlike = trust === null || (stored !== null && readPublished(stored, trust).fault === null)
  const base = trust === null || isSignedAlike || head === null ? head : await lastSigned(store, trust)
  const stamp = head?.stamp ?? null
  return {
    head,
    isSignedAlike,
    base,
    place: stamp !== null && (isSignedAlike || isPlausible(stamp, now)) ? stamp : null,
    seen: highestSeen(statuses, now),
    now
  }
}

async function lastSigned (store: Store, trust: Trust): Promise<Published | null> {
  const history = (await store.history()).map(stored => readPublished(stored, trust))
  return history.findLast(({ fault }) => fault === null) ?? null
}

/** Whoever floods the store with statuses must not keep anybody from publishing; but nobody can wait for gateways that are not known. */
async function statusesIn (store: Store, isWaiting: boolean, io: Io): Promise<readonly StoredStatus[]> {
  try {
    return await store.statuses()
  } catch (error) {
    if (isWaiting || !(error instanceof TooManyStatuses)) throw error
    io.stderr(`${visible(error.message)}\nwhat gateways have seen is not known: this goes above what is published, and no further\n`)
    return []
  }
}

/** Whether there is nothing to publish: neither another set, nor a signature, nor a place above what gateways have seen. */
function isPublished ({ head, seen, isSignedAlike }: Before, revision: string): boolean {
  if (head === null || head.stamp === null || head.revision !== revision) return false
  return isSignedAlike && (seen === null || compareStamps(seen, head.stamp) <= 0)
}

/** Shows what changes, and ends the command where that may not be. */
function compare ({ snapshot, build: options }: Publication, { head, base }: Before, failOn: PublishSettings['failOn'], io: Io): void {
  if (failOn !== null && head?.fault === null && base === null) {
    throw new Refused(`nothing was published: --fail-on ${failOn} needs a set that this key has signed to compare with; publish this one without`)
  }
  const compared = base ?? head
  const isKnown = compared === null || compared.fault === null
  const old = isKnown ? build(compared?.texts ?? [], { ...options, allowEmpty: true }).snapshot : null
  if (old === null) {
    if (isKnown) io.stderr('what is published is not valid by the checks of today, and nothing can be compared with it\n')
    if (failOn !== null) throw new Refused(`nothing was published: --fail-on ${failOn} needs something to compare with; look at the set, and publish it without`)
    return
  }
  const found = diff(old, snapshot)
  io.stdout(`${renderDiff(found, io.colour)}\n`)
  if (failOn === null || !fails(found, failOn)) return
  const first = head === null ? '; nothing is published yet, so that everything is new: publish the first set without' : ''
  throw new Refused(`nothing was published: ${failOn === 'any' ? 'something changes' : 'pages may do more, or the set is held to less'} (--fail-on ${failOn})${first}`)
}

/** The headers of a message count as well: those that a store adds are short. */
const headerRoom = 512

function refuseTooLarge (size: number, maxPayload: number): void {
  if (size + headerRoom <= maxPayload) return
  const [has, takes] = [size, maxPayload - headerRoom].map(bytes => bytes.toLocaleString('en'))
  throw new Refused(`nothing was published: the bundle has ${has} bytes, and the server takes ${takes}: raise \`max_payload\` in its configuration, or take out what no gateway needs (comments count)`)
}

async function refuseOvertaken (store: Store): Promise<never> {
  const stored = await store.head()
  const { stamp = null, revision = null } = stored === null ? {} : readPublished(stored)
  const what = stamp === null ? 'something that can\'t be read' : `generation ${stamp.generation}, revision ${revision}, at ${stamp.publishedAt}`
  throw new Refused(`nothing was published: somebody else was first, with ${what}. Run this again, and look at the diff, which is another one now`)
}

function summaryOf ({ snapshot, files, rules }: Publication, { generation }: Stamp, bytes: number): string {
  return `generation ${generation}, revision ${snapshot.revision}, ${counted(files, 'file')}, ${counted(rules, 'rule')}, ${bytes.toLocaleString('en')} bytes`
}
