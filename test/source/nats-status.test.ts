// How a gateway writes its status, without a server: what stands in the way, who else writes it, and what is asked of the client.
import * as jetstream from '@nats-io/jetstream'
import * as kv from '@nats-io/kv'
import * as transport from '@nats-io/transport-node'
import t from 'tap'
import { connect, type Library } from '../../src/source/nats/connection.ts'
import { resolveNats } from '../../src/source/nats/options.ts'
import { parseStatus, type InstanceStatus } from '../../src/source/nats/status.ts'
import { StatusWriter, type StatusStore } from '../../src/source/nats/status-writer.ts'
import { SourceError } from '../../src/source/source.ts'

/** A bucket in memory that numbers what is written, as JetStream does, and fails as it is told. */
class Bucket implements StatusStore {
  sequence = 0
  last: number | null = null
  text = ''
  fault: Error | null = null

  async putStatus (_instance: string, bytes: Uint8Array, previous: number | null = null): Promise<number | null> {
    if (this.fault !== null) throw this.fault
    if (previous !== null && previous !== this.last) return null
    this.text = new TextDecoder().decode(bytes)
    this.last = ++this.sequence
    return this.last
  }

  async removeStatus (_instance: string, previous: number | null = null): Promise<void> {
    if (this.fault !== null) throw this.fault
    if (previous !== null && previous !== this.last) return
    this.sequence++
    this.last = null
  }
}

interface Writing {
  readonly writer: StatusWriter
  readonly told: string[]
  readonly state: { isConnected: boolean }
}

function writing (name: string, now: () => number): Writing {
  const told: string[] = []
  const state = { isConnected: true }
  const writer = new StatusWriter({
    place: 'nats://x', instance: 'eu-1', now, warn: message => { told.push(message) }, isConnected: () => state.isConnected,
    status: isShared => new TextEncoder().encode(isShared ? `${name} shared` : name)
  })
  return { writer, told, state }
}

t.test('a failure is told once for each cause, and once when it is over', async t => {
  const bucket = new Bucket()
  const { writer, told, state } = writing('a', () => 1_000)
  await writer.write(bucket)
  t.same([writer.fault, writer.writtenAt, told], [null, 1_000, []])
  const full = new SourceError('nats://x', 'the bucket is full', { help: 'make room' })
  const says = 'nats://x: the status of eu-1 can\'t be written, and whoever publishes doesn\'t see this gateway: the bucket is full; make room'
  bucket.fault = full
  for (let i = 0; i < 3; i++) await writer.write(bucket)
  t.same([writer.fault, told], [says, [says]])
  bucket.fault = new SourceError('nats://x', 'the connection was lost', { help: 'look at the server' })
  await writer.write(bucket)
  bucket.fault = new SourceError('nats://x', 'nothing listens there')
  state.isConnected = false
  await writer.write(bucket)
  t.same(told.length, 1, 'of a connection that ends, readings tell')
  state.isConnected = true
  bucket.fault = new SourceError('nats://x', 'the user may not do that')
  await writer.write(bucket)
  t.match(told, { length: 2, 1: /: the user may not do that$/ })
  bucket.fault = null
  await writer.write(bucket)
  await writer.write(bucket)
  t.same([writer.fault, told.slice(2)], [null, ['nats://x: the status of eu-1 is written again']])
})

t.test('two of one name find out, and what only looks like it is no sign', async t => {
  let now = 0
  const bucket = new Bucket()
  const [a, b] = [writing('a', () => now), writing('b', () => now)]
  const turns = async (count: number, ...those: Writing[]): Promise<void> => {
    for (let i = 0; i < count; i++) {
      now += 15_000
      for (const { writer } of those) await writer.write(bucket)
    }
  }
  await turns(5, a)
  t.same(a.told, [], 'one alone')
  // The bucket is made anew beneath it.
  bucket.last = null
  bucket.sequence = 0
  await turns(5, a)
  t.same(a.told, [], 'a new bucket is no other gateway')
  await turns(1, a, b)
  await turns(4, b)
  t.same([a.told, b.told], [[], []], 'the next process takes over')
  await turns(4, a, b)
  const says = 'nats://x: another gateway tells of itself as eu-1, and each writes over the other\'s status; give each its own `instance`'
  t.same([a.told, b.told, a.writer.fault, b.writer.fault], [[says], [says], says, says], 'both are told, once')
  t.equal(bucket.text, 'b shared', 'and tell whoever publishes')
  await a.writer.remove(bucket)
  t.equal(bucket.text, 'b shared')
  t.not(bucket.last, null, 'who stops takes its own status away, and not that of the other')
  await turns(6, b)
  t.same(b.told, [says, 'nats://x: nobody else writes the status of eu-1 any more'])
  t.equal(bucket.text, 'b')
  await b.writer.remove(bucket)
  t.equal(bucket.last, null)
})

t.test('a write of which nobody knows what became is no other gateway', async t => {
  const bucket = new Bucket()
  const { writer, told } = writing('a', () => 0)
  for (let i = 0; i < 5; i++) {
    await writer.write(bucket)
    // It arrives, but its acknowledgement does not.
    await writer.write({
      putStatus: async (...given) => {
        await bucket.putStatus(...given)
        throw new SourceError('nats://x', 'the connection was lost')
      },
      removeStatus: () => Promise.resolve()
    })
  }
  t.same(told, [])
  bucket.fault = new Error('gone')
  await writer.remove(bucket)
  t.pass('the end does not fail for it')
})

t.test('a status says that it is shared, or nothing of it', async t => {
  const status: InstanceStatus = {
    instance: 'a', version: '1', state: 'ok', revision: 'b', epoch: 1, generation: 1, sequence: 1, rejected: null, startedAt: '2026-01-01T00:00:00.000Z'
  }
  const parsed = (value: object): InstanceStatus | null => parseStatus(new TextEncoder().encode(JSON.stringify(value)))
  t.same(parsed(status), status)
  t.same(parsed({ ...status, shared: true }), { ...status, shared: true })
  t.equal(parsed({ ...status, shared: 'yes' }), null)
})

t.test('the client is told to count a connection as dead after one ping without an answer', async t => {
  const given: (transport.NodeConnectionOptions | undefined)[] = []
  const library: Library = {
    jetstream,
    kv,
    transport: { ...transport, connect: async options => {
      given.push(options)
      throw new Error('not now')
    } }
  }
  await t.rejects(connect(library, resolveNats('nats://127.0.0.1:1', {}, 'test'), new AbortController().signal), { message: /not now/ })
  t.match(given, [{ pingInterval: 10_000, maxPingOut: 1, reconnect: false }])
})
