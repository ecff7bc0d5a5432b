// `--wait`: until every gateway that lives runs what was published, one rejects it, or the time is up.
import { setTimeout as sleep } from 'node:timers/promises'
import { visible } from '../../diagnostic/render.ts'
import type { Store } from '../../source/nats/client.ts'
import type { SourceStamp } from '../../source/stamp.ts'
import { Exit, Refused, type Io } from '../command.ts'
import { clockOf } from './clock.ts'
import { instancesOf, isBeyond, isRunning, type Instance } from './instances.ts'

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

/** Waits. The result is the exit status; a rejection, and the end of the time, end the command. */
export async function awaitGateways (store: Store, target: Target, patience: number, io: Io): Promise<number> {
  const start = performance.now()
  let wake = (): void => {}
  const stop = await store.watchStatuses(() => { wake() })
  try {
    for (;;) {
      const woken = new Promise<void>(resolve => { wake = resolve })
      const live = await lookAt(store)
      refuseRejection(live, target)
      const missing = live.filter(instance => !isRunning(instance, target.revision, target.place))
      if (missing.length === 0) {
        io.stdout(`${closingOf(live.length, target.revision)}\n`)
        return Exit.ok
      }
      const left = patience - (performance.now() - start)
      if (left <= 0) throw new Refused(missingOf(missing, live.length, patience))
      await sleep(Math.min(leastInterval, left))
      await Promise.race([woken, sleep(Math.min(lookInterval, left), undefined, { ref: false })])
    }
  } finally {
    await stop()
  }
}

async function lookAt (store: Store): Promise<Instance[]> {
  const statuses = await store.statuses()
  return instancesOf(statuses, await clockOf(store, statuses)).filter(({ isLive }) => isLive)
}

function refuseRejection (live: readonly Instance[], target: Target): void {
  const [rejecting] = live.filter(instance => isRejecting(instance, target))
  if (rejecting !== undefined) throw new Refused(`${visible(rejecting.name)} rejects it: ${visible(rejecting.status!.rejected!.reason)}`)
  const beyond = live.find(instance => isBeyond(instance, target.place))
  if (beyond === undefined) return
  throw new Refused(`something later was published meanwhile (${visible(beyond.name)} has seen generation ${beyond.status!.generation}); \`cors-gateway fleet status\` tells what runs`)
}

/** What it says of what it was given before is no word on this. */
function isRejecting ({ status }: Instance, { sequence }: Target): boolean {
  return status !== null && status.rejected !== null && status.sequence === sequence
}

function closingOf (count: number, revision: string): string {
  if (count === 0) return 'no gateway is live: none has told of itself in the last 45 s'
  return count === 1 ? `the one live gateway runs revision ${revision}` : `all ${count} live gateways run revision ${revision}`
}

function missingOf (missing: readonly Instance[], count: number, patience: number): string {
  const lines = missing.map(({ name, status }) => `  ${visible(name)}: ${saying(status)}`)
  return [`${missing.length} of ${count} live gateways do not run it after ${Math.round(patience / 1000)} s:`, ...lines].join('\n')
}

function saying (status: Instance['status']): string {
  if (status === null) return 'what it tells of itself can\'t be read'
  const { state, revision, rejected } = status
  return `${state}, revision ${visible(revision)}${rejected === null ? '' : `, rejects: ${visible(rejected.reason)}`}`
}
