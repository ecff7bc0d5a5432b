// `fleet status`: what is published, and what each gateway runs.
import { visible } from '../../diagnostic/render.ts'
import { durationText } from '../../source/duration.ts'
import type { Store } from '../../source/nats/client.ts'
import { Exit, type Io } from '../command.ts'
import { clockOf } from './clock.ts'
import { instancesOf, isRunning, type Instance } from './instances.ts'
import { readPublished, type Published } from './published.ts'
import { tableOf } from './table.ts'

/** Shows the fleet. The result is the exit status: 1 where a live gateway does not run what is published. */
export async function showStatus (store: Store, format: 'pretty' | 'json', io: Io): Promise<number> {
  const [stored, statuses] = [await store.head(), await store.statuses()]
  const head = stored === null ? null : readPublished(stored)
  const instances = instancesOf(statuses, await clockOf(store, statuses))
  const isGood = instances.every(instance => !instance.isLive || isInStep(instance, head))
  io.stdout(format === 'json' ? `${JSON.stringify(reportOf(head, instances, isGood), null, 2)}\n` : pretty(head, instances))
  return isGood ? Exit.ok : Exit.findings
}

/** Whether a gateway has nothing to complain of and runs what is published. */
function isInStep (instance: Instance, head: Published | null): boolean {
  return head !== null && head.stamp !== null && isRunning(instance, head.revision!, head.stamp)
}

function reportOf (head: Published | null, instances: readonly Instance[], ok: boolean): object {
  return {
    ok,
    published: head === null ? null : publishedReport(head),
    instances: instances.map(instance => {
      const { name, status, age, isLive } = instance
      return { ...status, instance: name, live: isLive, inStep: isInStep(instance, head), age: Math.round(age / 1000) }
    })
  }
}

/** The JSON of a bundle of the store. */
export function publishedReport ({ stamp, revision, bytes, isSigned, fault }: Published): object {
  return fault === null ? { ...stamp, revision, bytes, signed: isSigned } : { bytes, fault }
}

function pretty (head: Published | null, instances: readonly Instance[]): string {
  const published = headlineOf(head)
  if (instances.length === 0) return `${published}\nno gateway has told of itself in the last day\n`
  const rows = instances.map(instance => [
    instance.name, instance.status?.state ?? '?', String(instance.status?.generation ?? '-'), instance.status?.revision ?? '-',
    `${durationText(instance.age)} ago`, noteOf(instance, head)
  ])
  return `${published}\n\n${tableOf(['instance', 'state', 'seen', 'revision', 'told', 'note'], rows)}`
}

function headlineOf (head: Published | null): string {
  if (head === null) return 'nothing is published'
  if (head.stamp === null) return `what is published can't be read: ${visible(head.fault!)}`
  const { stamp: { generation, publishedAt }, revision, isSigned } = head
  return `published: generation ${generation}, revision ${revision}, ${publishedAt}${isSigned ? ', signed' : ''}`
}

function noteOf (instance: Instance, head: Published | null): string {
  const { status, isLive } = instance
  if (status === null) return 'what it tells of itself can\'t be read'
  const rejects = status.rejected === null ? null : `rejects: ${status.rejected.reason}`
  const shared = status.shared === true ? 'another gateway has the same name' : null
  const pace = !isLive ? 'silent' : rejects === null && !isInStep(instance, head) ? 'behind' : null
  return [pace, shared, rejects].filter(note => note !== null).join(', ')
}
