// What a real NATS server refuses, in words that say what to do: full and sealed buckets, and certificates that it does not know.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { jetstreamManager, type StreamConfig } from '@nats-io/jetstream'
import { Kvm, type KvOptions } from '@nats-io/kv'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import t, { type Test } from 'tap'
import { run, type Run } from '../cli/run.ts'
import { freshDirectory, policy, writeFiles } from '../source/lab.ts'
import { startNats, type Nats } from './nats.ts'
import { makeAuthority } from './nginx.ts'

async function connectAs (t: Test, nats: Nats, user: string): Promise<NatsConnection> {
  const connection = await connect({ port: nats.port, user, pass: `${user}-secret`, tls: null })
  t.teardown(() => connection.close())
  return connection
}

/** Publishes a set of so many bytes, more or less. */
async function publish (t: Test, nats: Nats, bytes: number = 0, ...more: readonly string[]): Promise<Run> {
  const directory = freshDirectory(t)
  writeFiles(directory, { 'one.yaml': `${policy('one')}# ${'x'.repeat(bytes)}\n` })
  return run('publish', directory, '--to', nats.url, ...nats.publisherFlags, ...more)
}

t.test('a bucket that takes nothing', async t => {
  const cases: Readonly<Record<string, [says: RegExp, options: Partial<KvOptions>, seal: boolean]>> = {
    full: [/^cors-gateway: nats:\S+: the bucket is full; raise the limits of its stream \(`max_bytes`, `max_msgs`\), or delete it: the next publish makes it anew\n$/, { max_bytes: 2_000 }, false],
    'with a bound for each message': [/^cors-gateway: nats:\S+: the bucket takes nothing of that size; raise `max_msg_size` of its stream\n$/, { maxValueSize: 1_000 }, false],
    sealed: [/^cors-gateway: nats:\S+: the bucket is sealed: nothing is written into it any more; name another bucket in the URL, or delete/, {}, true]
  }
  for (const [name, [says, options, seal]] of Object.entries(cases)) {
    const nats = await startNats(t)
    const connection = await connectAs(t, nats, 'operator')
    await new Kvm(connection).create('cors-policies', { history: 10, ...options })
    if (seal) {
      const { streams } = await jetstreamManager(connection)
      const sealed: Partial<StreamConfig> = { sealed: true }
      await streams.update('KV_cors-policies', sealed)
    }
    t.match(await publish(t, nats, 3_000), { exit: 3, stderr: says }, name)
  }
})

t.test('an account that may store nothing more', async t => {
  const account = (limit: string): string => `accounts { fleet {
    jetstream: { ${limit} }
    users: [ { user: publisher, password: publisher-secret } ]
  } }`
  const says = /^cors-gateway: nats:\S+: JetStream has no room left there; raise what the server or the account may store/
  const full = await startNats(t, { trust: account('max_file: 40000') })
  t.match(await publish(t, full), { exit: 3, stderr: says }, 'the buckets do not fit in')
  const kvm = new Kvm(await connectAs(t, full, 'publisher'))
  for (const name of ['cors-policies', 'cors-policies-status']) await kvm.create(name, { history: 10 })
  t.match(await publish(t, full, 1_000), { exit: 0, stderr: '' }, 'those that were made beforehand do')
  t.match(await publish(t, full, 60_000), { exit: 3, stderr: says })
  const none = await startNats(t, { trust: account('max_file: 200000000, max_streams: 1') })
  t.match(await publish(t, none), { exit: 3, stderr: /the account may have no more streams; raise `max_streams` of the account/ })
})

t.test('certificates of this side', async t => {
  const nats = await startNats(t, { tls: true, verify: true })
  const folder = freshDirectory(t)
  await makeAuthority(folder)
  const { certFile, keyFile } = nats.publisher
  const [otherCert, otherKey, chain] = [join(folder, 'server.crt'), join(folder, 'server.key'), join(folder, 'chain.crt')]
  const own = (cert: string, key: string): string[] => ['--cert-file', cert, '--key-file', key]
  t.match(await publish(t, nats, 0, ...own(certFile!, keyFile!)), { exit: 0 })
  t.match(await publish(t, nats, 0, ...own(certFile!, otherKey)), { exit: 3, stderr: /: the key in \S+server\.key is not that of the certificate in \S+server\.crt; correct --cert-file or --key-file;/ })
  t.match(await publish(t, nats, 0, ...own(otherCert, otherKey)), { exit: 3, stderr: /does not take the certificate of this side|it may not take the certificate of this side \(--cert-file\)/ })
  t.match(await publish(t, nats), { exit: 3, stderr: /the server wants a certificate of this side|it may want a certificate of this side \(--cert-file and --key-file\)/ })
  writeFileSync(chain, `${readFileSync(otherCert, 'utf8')}-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n`)
  t.match(await publish(t, nats, 0, ...own(chain, otherKey)), { exit: 3, stderr: /: the certificate in \S+chain\.crt can't be used for TLS: [^;]*; correct --cert-file: some of a chain/ })
})
