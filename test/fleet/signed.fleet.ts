// What was signed for one place and turns up at another: bundles between the buckets of one server, and between a bucket and a URL.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { httpSource, natsSource, type PolicySource } from '../../src/index.ts'
import { createKeeper, type Keeper } from '../../src/source/keeper.ts'
import { openStore, type Store } from '../../src/source/nats/client.ts'
import { run, type Run } from '../cli/run.ts'
import { serving, startBundleServer } from '../source/bundle-server.ts'
import { makeKeys } from '../source/keys.ts'
import { freshDirectory, policy, rulesOf, until, writeFiles } from '../source/lab.ts'
import { startNats, type Nats } from './nats.ts'

/** A server that lets everybody in, and a publisher with one key for all that it publishes there. */
interface Scene {
  readonly nats: Nats
  readonly publicKeyFile: string
  readonly signKey: string
  /** The set of one rule in a directory. */
  readonly directory: (name: string) => string
  readonly publish: (name: string, bucket: string, ...more: readonly string[]) => Promise<Run>
  readonly store: (bucket: string) => Promise<Store>
  /** Puts bytes where the head of a bucket is, as whoever can write there does. */
  readonly put: (bucket: string, bytes: Uint8Array | string) => Promise<void>
}

async function startScene (t: Test): Promise<Scene> {
  const nats = await startNats(t, { trust: '' })
  const keys = makeKeys()
  const folder = freshDirectory(t)
  const [publicKeyFile, signKey] = [join(folder, 'public.pem'), join(folder, 'private.pem')]
  writeFileSync(publicKeyFile, keys.publicPem)
  writeFileSync(signKey, keys.privatePem)
  const directory = (name: string): string => {
    const path = freshDirectory(t)
    writeFiles(path, { [`${name}.yaml`]: policy(name) })
    return path
  }
  const store = async (bucket: string): Promise<Store> => {
    const store = await openStore(`${nats.url}/${bucket}`, {}, { create: true })
    t.teardown(() => store.close())
    return store
  }
  return {
    nats,
    publicKeyFile,
    signKey,
    directory,
    publish: (name, bucket, ...more) => run('publish', directory(name), '--to', `${nats.url}/${bucket}`, '--sign-key', signKey, ...more),
    store,
    put: async (bucket, bytes) => {
      const there = await store(bucket)
      if (await there.put(Buffer.from(bytes), (await there.head())?.sequence ?? 0) === null) throw new Error('somebody else was first')
    }
  }
}

async function keep (t: Test, source: PolicySource): Promise<Keeper> {
  const keeper = await createKeeper({ source })
  t.teardown(() => keeper.close())
  return keeper
}

const complaintOf = (keeper: Keeper): string => keeper.status().rejected?.diagnostics[0]?.message ?? ''

t.test('what is signed for one bucket is taken from no other', async t => {
  const { nats, publicKeyFile, publish, put, store } = await startScene(t)
  t.match(await publish('one', 'production'), { exit: 0 })
  t.match(await publish('two', 'staging'), { exit: 0, stdout: /generation 1, .*, signed\n/ })
  t.match(await publish('evil', 'staging'), { exit: 0, stdout: /generation 2/ })
  const gateway = await keep(t, natsSource(`${nats.url}/production`, { publicKeyFile, instance: 'a' }))
  const { bytes } = (await (await store('staging')).head())!
  await put('production', bytes)
  const refusal = /the signature of the bundle is not by the one key that is trusted here or not for the bucket production, or the bundle was changed since/
  t.ok(await until(() => refusal.test(complaintOf(gateway))), complaintOf(gateway))
  t.equal(rulesOf(gateway), 'one')
  await t.rejects(natsSource(`${nats.url}/production`, { publicKeyFile }).read(new AbortController().signal), { message: refusal }, 'nor by one that starts anew')
  t.match(await natsSource(`${nats.url}/staging`, { publicKeyFile }).read(new AbortController().signal), { stamp: { generation: 2 } })

  // The set that is there, signed as it should be, is another publication.
  t.match(await publish('evil', 'production', '--wait'), { exit: 0, stdout: /generation 3, .*, signed\n[\s\S]*the one live gateway runs/ })
  t.equal(rulesOf(gateway), 'evil')
})

t.test('nothing is gone back to that was signed for another bucket', async t => {
  const { nats, publish, put, signKey, store } = await startScene(t)
  t.match(await publish('other', 'staging'), { exit: 0 })
  await put('production', (await (await store('staging')).head())!.bytes)
  t.match(await publish('one', 'production'), { exit: 0, stdout: /generation 2/ })
  const back = await run('fleet', 'rollback', `${nats.url}/production`, '--sign-key', signKey)
  t.match(back, { exit: 1, stdout: '', stderr: /^generation 1 is not signed for this bucket by the key of --sign-key, and anybody may have put it there: publish it from/ })
  t.match(await publish('two', 'production'), { exit: 0, stdout: /generation 3/ })
  t.match(await run('fleet', 'rollback', `${nats.url}/production`, '--sign-key', signKey), { exit: 0, stderr: /^back to generation 2/, stdout: /generation 4, .*, signed\n/ })
})

t.test('what is signed for a URL is taken from no bucket, and the reverse', async t => {
  const { nats, directory, publicKeyFile, publish, put, signKey, store } = await startScene(t)
  const file = join(freshDirectory(t), 'cors.json')
  t.match(await run('bundle', directory('page'), '--sign-key', signKey, '--output', file), { exit: 0 })
  t.match(await publish('one', 'production'), { exit: 0 })
  const stored = Buffer.from((await (await store('production')).head())!.bytes).toString()
  const server = await startBundleServer(t, serving(readFileSync(file, 'utf8')))
  const [ofBucket, ofUrl] = [
    await keep(t, natsSource(`${nats.url}/production`, { publicKeyFile })),
    await keep(t, httpSource(server.url, { publicKeyFile, pollInterval: 50 }))
  ]
  await put('production', readFileSync(file))
  server.answer = serving(stored)
  t.ok(await until(() => complaintOf(ofBucket).includes('or not for the bucket production, ')), complaintOf(ofBucket))
  t.ok(await until(() => complaintOf(ofUrl).includes('or not for a bundle at a URL, ')), complaintOf(ofUrl))
  t.same([rulesOf(ofBucket), rulesOf(ofUrl)], ['one', 'page'])
})

t.test('a signed set is compared with what gateways that ask for signatures run', async t => {
  const { nats, publish, directory, put } = await startScene(t)
  const bucket = 'compared'
  const unsigned = (name: string): Promise<Run> => run('publish', directory(name), '--to', `${nats.url}/${bucket}`)
  t.match(await unsigned('zero'), { exit: 0 })
  t.match(await publish('zero', bucket, '--fail-on', 'any'), { exit: 1, stderr: /nothing in the store is signed by this key: [\s\S]*nothing was published: --fail-on any needs a set that this key has signed to compare with/ })
  t.match(await publish('one', bucket), { exit: 0, stdout: /\+ \/one[\s\S]*generation 2.*, signed/ })
  t.match(await unsigned('two'), { exit: 0, stderr: /what is published is signed, and this is not/ }, 'as anybody may who can write there')
  const widened = await publish('two', bucket, '--fail-on', 'widened')
  t.match(widened, { exit: 1, stdout: /\+ \/two/, stderr: /not signed by this key: this is compared with generation 2, the last set that is\n[\s\S]*nothing was published: pages may do more/ })
  t.match(await publish('two', bucket), { exit: 0, stdout: /\+ \/two[\s\S]*generation 4.*, signed/ })
  t.match(await publish('two', bucket, '--fail-on', 'any'), { exit: 0, stdout: /published already/, stderr: '' })
  await put(bucket, 'no bundle')
  const after = await publish('one', bucket, '--fail-on', 'widened')
  t.match(after, { exit: 1, stdout: /\+ \/one/, stderr: /^what is published at \S+ can't be read: .*\nwhat is published is not signed by this key: this is compared with generation 4,/ }, 'nor does what is no bundle hide it')
})
