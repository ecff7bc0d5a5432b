// What `fleet status` says of each gateway, by rows that no server has to grow old for.
import t from 'tap'
import type { Io } from '../../src/cli/command.ts'
import { showStatus } from '../../src/cli/fleet/status.ts'
import { printBundle } from '../../src/source/bundle.ts'
import type { Store } from '../../src/source/nats/client.ts'
import type { InstanceStatus } from '../../src/source/nats/status.ts'
import { revisionOf } from '../../src/policy/revision.ts'
import { policyText } from '../source/lab.ts'

const texts = [policyText('one')]
const revision = revisionOf(texts)
const epoch = 1_764_000_000_000
const now = epoch + 3_600_000
const seconds = 1_000
const minutes = 60 * seconds
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** A status of a gateway that runs what is published, and what it has otherwise. */
function told (instance: string, age: number, other: Partial<InstanceStatus> = {}): { instance: string, bytes: Uint8Array, at: number } {
  const status: InstanceStatus = {
    instance, version: '1.0.0', state: 'ok', revision, epoch, generation: 2, sequence: 2, rejected: null, startedAt: '2026-11-25T12:00:00.000Z', ...other
  }
  return { instance, bytes: bytes(JSON.stringify(status)), at: now - age }
}

const head = printBundle(texts, { stamp: { epoch, generation: 2, publishedAt: '2026-11-25T12:00:00.000Z' } })
const published = { bytes: bytes(head), sequence: 2, at: now - 2 * minutes }

/** Asks for the status of a store that holds no more than these. */
async function show (statuses: readonly ReturnType<typeof told>[], format: 'pretty' | 'json' = 'pretty'): Promise<{ exit: number, stdout: string }> {
  const store: Pick<Store, 'head' | 'statuses' | 'now'> = { head: async () => published, statuses: async () => statuses, now: async () => now }
  let stdout = ''
  const io: Io = { stdout: text => { stdout += text }, stderr: () => {}, colour: false, onSignal: () => {} }
  const exit = await showStatus(store as Store, format, io)
  return { exit, stdout }
}

t.test('notes', async t => {
  const old: Partial<InstanceStatus> = { revision: '000000000000', generation: 1, sequence: 1 }
  const rejecting: Partial<InstanceStatus> = { ...old, state: 'degraded', generation: 2, sequence: 2, rejected: { revision, reason: 'a.yaml:3: no such key' } }
  const cases: Readonly<Record<string, [row: ReturnType<typeof told>, line: RegExp, exit: number, live: boolean]>> = {
    'in step': [told('eu-1', seconds), /^eu-1 +ok +2 +[0-9a-f]{12} +1 s ago$/m, 0, true],
    'in step, and about to be late': [told('eu-1', 44 * seconds), /44 s ago$/m, 0, true],
    silent: [told('eu-1', 45 * seconds), /^eu-1 +ok +2 +[0-9a-f]{12} +45 s ago +silent$/m, 0, false],
    'silent for minutes': [told('eu-1', 5 * minutes), / 5 min ago +silent$/m, 0, false],
    'silent for hours, and behind': [told('eu-1', 300 * minutes, old), / 5 h ago +silent$/m, 0, false],
    'silent, with a complaint': [told('eu-1', 5 * minutes, rejecting), /silent, rejects: a\.yaml:3: no such key$/m, 0, false],
    behind: [told('eu-1', seconds, old), /1 s ago +behind$/m, 1, true],
    rejecting: [told('eu-1', seconds, rejecting), /1 s ago +rejects: a\.yaml:3: no such key$/m, 1, true],
    'two of one name': [told('eu-1', seconds, { shared: true }), /1 s ago +another gateway has the same name$/m, 0, true],
    'two of one name, behind': [told('eu-1', seconds, { ...old, shared: true }), /behind, another gateway has the same name$/m, 1, true],
    'told after the clock was read': [told('eu-1', -2 * seconds), / 0 s ago$/m, 0, true]
  }
  for (const [name, [row, line, exit, live]] of Object.entries(cases)) {
    const shown = await show([row])
    t.match(shown.stdout, line, name)
    t.equal(shown.exit, exit, name)
    t.match(JSON.parse((await show([row], 'json')).stdout), { ok: exit === 0, instances: [{ instance: 'eu-1', live }] }, name)
  }
  const { exit, stdout } = await show([told('us-1', 5 * minutes), told('eu-1', seconds, old)])
  t.match(stdout, /^eu-1 [^\n]* behind\nus-1 [^\n]* silent$/m, 'by name')
  t.equal(exit, 1)
})
