// `--wait`: until every gateway that lives runs what was published, one rejects it, or the time is up.
import { setTimeout as sleep } from 'node:timers/promises'
import { visible } from '../../diagnostic/render.ts'
import { durationText } from '../../source/duration.ts'
import type { Store } from '../../source/nats/client.ts'
import type { SourceStamp } from '../../source/stamp.ts'
import { Exit, Refused, type Io } from '../command.ts'
import { clockOf } from './clock.ts'
import { instancesOf, isBeyond, isRunning, seenBy, type Instance } from './instances.ts'
import { isPlausible } from './published.ts'

/** What is waited for. */
export interface Target {
  readonly revision: string
  readonly place: SourceStamp
  /** The store's number of it. */
  readonly sequence: number
}

/** The time between two looks unless a gateway tells something, and the least between two, in milliseconds. */
const lookInterval = 1_000
const leastInterval = 50

/** The least time between two lines that tell how far it is, in milliseconds. */
const tellInterval = 1_000

/** Waits. The result is the exit status; a rejection, and the end of the time, end the command. */
export async function awaitGateways (store: Store, target: Target, patience: number, io: Io): Promise<number> {
  const start = performance.now()
  const tell = progressOn(io)
  const met = new Set<string>()
  let wake = (): void => {}
  const stop = await store.watchStatuses(() => { wake() })
  try {
    for (;;) {
      const woken = new Promise<void>(resolve => { wake = resolve })
      const { awaited, silent, now } = await lookAt(store, met)
      refuseRejection(awaited, target, now)
      const missing = awaited.filter(instance => !isRunning(instance, target.revision, target.place))
      // Where all are silent, a fleet was there: none of it is no fleet that runs the set.
      if (missing.length === 0 && (awaited.length > 0 || silent.length === 0)) {
        if (silent.length > 0) io.stderr(`not waited for: ${silenceOf(silent).join('; ')}\n`)
        io.stdout(`${closingOf(awaited.length, target.revision)}\n`)
        return Exit.ok
      }
      const left = patience - (performance.now() - start)
      if (left <= 0 && awaited.length === 0) throw new Refused(silentFleet(silent, patience))
      if (left <= 0) throw new Refused(missingOf(missing, awaited.length, patience, target))
      tell(waitingOf(awaited.length - missing.length, awaited.length))
      await sleep(Math.min(leastInterval, left))
      await Promise.race([woken, sleep(Math.min(lookInterval, left), undefined, { ref: false })])
    }
  } finally {
    await stop()
  }
}

/** Tells how far it is where that is news, and not more than once a second. */
function progressOn (io: Io): (line: string) => void {
  let told = ''
  let at = -Infinity
  return line => {
    const now = performance.now()
    if (line === told || now - at < tellInterval) return
    told = line
    at = now
    io.stderr(`${line}\n`)
  }
}

/** A fleet at a moment of the store's clock. */
interface Look {
  /** Those that live, and those that lived at an earlier look and have not stopped since: they may be hung, or cut off. */
  readonly awaited: readonly Instance[]
  /** Those that were silent all the time. */
  readonly silent: readonly Instance[]
  readonly now: number
}

async function lookAt (store: Store, met: Set<string>): Promise<Look> {
  const statuses = await store.statuses()
  const now = await clockOf(store, statuses)
  const instances = instancesOf(statuses, now)
  for (const { name, isLive } of instances) if (isLive) met.add(name)
  return { awaited: instances.filter(({ name }) => met.has(name)), silent: instances.filter(({ name }) => !met.has(name)), now }
}

function refuseRejection (awaited: readonly Instance[], target: Target, now: number): void {
  const rejecting = awaited.find(instance => isRejecting(instance, target))
  if (rejecting !== undefined) throw new Refused(`${visible(rejecting.name)} rejects it: ${visible(rejecting.status!.rejected!.reason)}`)
  // Whoever lies of what it has seen keeps nobody from waiting for the others.
  const beyond = awaited.find(instance => isBeyond(instance, target.place) && isPlausible(seenBy(instance)!, now))
  if (beyond === undefined) return
  throw new Refused(`something later was published meanwhile (${visible(beyond.name)} has seen generation ${beyond.status!.generation}); \`cors-gateway fleet status\` tells what runs`)
}

/** What it says of what it was given before is no word on this. */
function isRejecting ({ status }: Instance, { sequence }: Target): boolean {
  return status !== null && status.rejected !== null && status.sequence === sequence
}

function waitingOf (running: number, count: number): string {
  if (count === 0) return 'waiting: no gateway is live, though there were some in the last day'
  return `waiting: it runs on ${running} of ${countedLive(count)}`
}

function closingOf (count: number, revision: string): string {
  if (count === 0) return 'no gateway is live: none has told of itself in the last 45 s'
  return count === 1 ? `the one live gateway runs revision ${revision}` : `all ${countedLive(count)} run revision ${revision}`
}

function countedLive (count: number): string {
  return `${count} live gateway${count === 1 ? '' : 's'}`
}

/** So many are named; of a fleet that comes and goes there can be any number. */
const mostNamed = 10

function silenceOf (silent: readonly Instance[]): string[] {
  const lines = silent.slice(0, mostNamed).map(({ name, age }) => `${visible(name)} has not told of itself for ${durationText(age)}`)
  return silent.length <= mostNamed ? lines : [...lines, `and ${silent.length - mostNamed} more`]
}

function silentFleet (silent: readonly Instance[], patience: number): string {
  const lines = silenceOf(silent).map(line => `  ${line}`)
  return [`no gateway is live after ${durationText(patience)}, though there were some in the last day:`, ...lines, 'it stays published: they take it when they are back'].join('\n')
}

function missingOf (missing: readonly Instance[], count: number, patience: number, target: Target): string {
  const lines = missing.map(instance => `  ${visible(instance.name)}: ${saying(instance, target)}`)
  return [`${missing.length} of ${count} live gateways do not run it after ${durationText(patience)}:`, ...lines].join('\n')
}

function saying (instance: Instance, { place }: Target): string {
  const { status, age, isLive } = instance
  if (status === null) return 'what it tells of itself can\'t be read'
  const { state, revision, rejected, generation } = status
  return [
    `${state}, revision ${visible(revision)}`,
    ...isBeyond(instance, place) ? [`has seen generation ${generation}, and takes nothing below`] : [],
    ...isLive ? [] : [`silent for ${durationText(age)}`],
    ...rejected === null ? [] : [`rejects: ${visible(rejected.reason)}`]
  ].join(', ')
}
