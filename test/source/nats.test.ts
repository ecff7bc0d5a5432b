// Policies from NATS without a server: what makes no sense, what is no NATS server, the order, and what keepers report.
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { hostname } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { createKeeper } from '../../src/source/keeper.ts'
import { memorySource } from '../../src/source/memory.ts'
import { Order } from '../../src/source/order.ts'
import { natsSource } from '../../src/source/nats/source.ts'
import { resolveNatsSource } from '../../src/source/nats/source-options.ts'
import type { PolicySource, SourceReport, SourceSet } from '../../src/source/source.ts'
import { endingOf } from './ending.ts'
import { freshDirectory, policyText, rulesOf } from './lab.ts'

const read = (source: PolicySource, signal: AbortSignal = new AbortController().signal): ReturnType<PolicySource['read']> => source.read(signal)

t.test('what makes no sense is refused at once', async t => {
  const url = 'tls://a.example'
  const user = { user: 'a', passwordFile: 'b' }
  const cases: [says: RegExp, url: string, options?: object][] = [
    [/^natsSource needs the URL of a NATS server, such as tls:\/\/nats\.example\.com:4222\/cors-policies$/, 'a.example'],
    [/needs the URL of a NATS server/, 'https://a.example'],
    [/needs the URL of a NATS server/, 'tls:///bucket'],
    [/needs the URL of a NATS server/, 'tls://a%20b'],
    [/^tls:\/\/a\.example:1\/b: the URL holds a user name or password; use `user` and `passwordFile`/, 'tls://me:hunter2@a.example:1/b'],
    [/nothing follows the name of the bucket/, 'tls://a.example/b?hunter2'],
    [/nothing follows the name of the bucket/, 'tls://a.example/b#x'],
    [/the path names a bucket: up to 64 letters, digits, - and _/, 'tls://a.example/b/'],
    [/the path names a bucket/, 'tls://a.example/b.c'],
    [/the path names a bucket/, `tls://a.example/${'b'.repeat(65)}`],
    [/^nats:\/\/a\.example: without TLS anybody on the way can read the password and change the policies; use tls:/, 'nats://a.example'],
    [/without TLS/, 'nats://127.0.0.1.example'],
    [/no option `passwordfile`; did you mean `passwordFile`\?/, url, { passwordfile: 'x' }],
    [/no option `token` \(the options are user, passwordFile, tokenFile, /, url, { token: 'hunter2' }],
    [/`user` and `passwordFile` belong together/, url, { user: 'a' }],
    [/`user` and `passwordFile` belong together/, url, { passwordFile: 'a' }],
    [/give one of `user`, `tokenFile` and `credsFile`/, url, { ...user, tokenFile: 'c' }],
    [/give one of `user`, `tokenFile` and `credsFile`/, url, { tokenFile: 'c', credsFile: 'd' }],
    [/`certFile` and `keyFile` belong together/, url, { certFile: 'a' }],
    [/^nats:\/\/localhost: `caFile` is for TLS; write tls:/, 'nats://localhost', { caFile: 'a' }],
    [/`certFile` is for TLS/, 'nats://localhost', { certFile: 'a', keyFile: 'b' }],
    [/`pollInterval` is a whole number from 1 to 86400000, not 0/, url, { pollInterval: 0 }],
    [/`timeout` is a whole number/, url, { timeout: 1.5 }],
    [/`maxFiles` is a whole number/, url, { maxFiles: -1 }],
    [/`instance` is up to 64 letters, digits, - and _, not "a\.b"/, url, { instance: 'a.b' }],
    [/`instance` is/, url, { instance: '' }],
    [/`publicKey` or `publicKeyFile`, not both/, url, { publicKey: 'a', publicKeyFile: 'b' }],
    [/`publicKey` holds no public key/, url, { publicKey: 'hunter2' }]
  ]
  for (const [says, url, options] of cases) {
    const error = await Promise.resolve().then(() => natsSource(url, options)).catch((error: unknown) => error)
    t.match(error, { name: 'TypeError', message: says }, url)
    t.notMatch(String(error), /hunter2/)
  }
})

t.test('what is left to default', async t => {
  for (const url of ['nats://localhost', 'nats://127.0.0.1:4222', 'nats://[::1]/b', new URL('tls://nats.example.com'), 'TLS://A.example:1/b_-9']) t.ok(natsSource(url), String(url))
  t.ok(natsSource('nats://10.0.0.1', { allowInsecure: true }))
  const { instance, pollInterval, limits } = resolveNatsSource('tls://a.example', {})
  t.match(instance, /^[\w-]{1,57}-[0-9a-f]{6}$/)
  t.ok(instance.startsWith(hostname().replace(/[^\w-]/g, '-').slice(0, 57)))
  t.not(resolveNatsSource('tls://a.example', {}).instance, instance, 'two of one host are told apart')
  t.same([pollInterval, limits.maxFiles], [30_000, 10_000])
})

/** A server that does what it is told with each connection. */
async function startServer (t: Test, connected: (socket: Socket) => void): Promise<{ url: string, sockets: Set<Socket> }> {
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => { sockets.delete(socket) })
    connected(socket)
    // What nobody reads has no end either.
    socket.resume()
  }).listen(0, '127.0.0.1')
  t.teardown(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  await once(server, 'listening')
  return { url: `nats://127.0.0.1:${(server.address() as AddressInfo).port}`, sockets }
}

const info = (more: object = {}): string => `INFO ${JSON.stringify({ server_id: 'x', version: '2.9.10', proto: 1, headers: true, max_payload: 1_048_576, ...more })}\r\n`

t.test('what is no NATS server, or none that can be used', async t => {
  const cases: Readonly<Record<string, [says: RegExp, connected: (socket: Socket) => void, options?: object]>> = {
    'one that says nothing': [/^nats:\/\/127\.0\.0\.1:\d+: no answer within 200 ms; look at the server, and at the network between here and there$/, () => {}],
    'one that never comes to an end': [/no answer within 200 ms/, socket => { socket.write('INFO {') }],
    'one of another protocol': [/it speaks no NATS; correct the port/, socket => { socket.write('SSH-2.0-x\r\n') }],
    'one that hangs up': [/the connection was closed before the server said anything/, socket => { socket.end() }],
    'one that falls silent': [/no answer within 200 ms/, socket => { socket.write(info()) }],
    'one that hangs up on us': [/./, socket => {
      socket.write(info())
      socket.once('data', () => { socket.end() })
    }],
    'one that refuses': [/the server lets only known users in; give `user`/, socket => { socket.write(`${info({ auth_required: true })}-ERR 'Authorization Violation'\r\n`) }],
    'one that wants TLS': [/the server wants TLS; write tls:/, socket => { socket.write(info({ tls_required: true })) }]
  }
  for (const [name, [says, connected]] of Object.entries(cases)) {
    const { url, sockets } = await startServer(t, connected)
    await t.rejects(read(natsSource(url, { timeout: 200 })), { name: 'SourceError', message: says }, name)
    for (const socket of sockets) await once(socket, 'close')
    t.equal(sockets.size, 0, `${name}: no connection is left open`)
  }
  const { url } = await startServer(t, socket => { socket.write(info()) })
  await t.rejects(read(natsSource(url.replace('nats:', 'tls:'), { timeout: 200 })), { message: /the server offers no TLS/ })
  // A server that misses a certificate may say so too late: the connection can be gone before its words are here.
  const reset = await startServer(t, socket => {
    socket.write(info({ tls_required: true }))
    socket.once('data', () => { socket.resetAndDestroy() })
  })
  const says = /\(ECONNRESET\); look at the server's log: it may want a certificate of this side \(`certFile` and `keyFile`\)$/
  await t.rejects(read(natsSource(reset.url.replace('nats:', 'tls:'))), { name: 'SourceError', message: says })
  await t.rejects(read(natsSource('nats://127.0.0.1:1')), { message: /nothing listens there \(ECONNREFUSED\)/ })
  await t.rejects(read(natsSource('tls://nats.invalid')), { message: /there is no such host|can't be resolved now/ })
})

t.test('files that are no use are named, and nothing of them is shown', async t => {
  const folder = freshDirectory(t)
  const path = (text: string): string => {
    writeFileSync(join(folder, 'file'), text)
    return join(folder, 'file')
  }
  const url = 'nats://127.0.0.1:1'
  const fails = async (options: object, says: RegExp, at = url): Promise<void> => {
    const error = await read(natsSource(at, options)).then(() => null, (error: unknown) => error as Error)
    t.match(error, { name: 'SourceError', message: says })
    t.notMatch(error?.message, /hunter2/)
  }
  await fails({ tokenFile: path('hunter2 x') }, /the file \S+ holds no token; a token is/)
  await fails({ user: 'a', passwordFile: path('\n') }, /the file \S+ holds no password/)
  await fails({ user: 'a', passwordFile: path('hunter2\nhunter2') }, /holds no password; write the password into it, on one line/)
  await fails({ credsFile: join(folder, 'none') }, /none can't be read: ENOENT: no such file or directory; correct `credsFile`/)
  await fails({ credsFile: path('hunter2') }, /the file \S+ holds no credentials of NATS/)
  await fails({ caFile: path('hunter2') }, /the file \S+ holds no certificate in PEM form; correct `caFile`/, 'tls://127.0.0.1:1')
  await fails({ certFile: path('hunter2'), keyFile: path('hunter2') }, /the file \S+ holds no certificate in PEM form; correct `certFile`/, 'tls://127.0.0.1:1')
  await fails({ publicKeyFile: path('hunter2') }, /the file \S+ holds no public key/)
})

t.test('a reading ends with its signal', async t => {
  const { url, sockets } = await startServer(t, () => {})
  const controller = new AbortController()
  const reading = read(natsSource(url, { timeout: 300 }), controller.signal)
  while (sockets.size === 0) await new Promise(resolve => { setTimeout(resolve, 5) })
  controller.abort(new Error('enough'))
  await t.rejects(reading, { message: 'enough' })
  await t.rejects(read(natsSource(url), AbortSignal.abort(new Error('enough'))), { message: 'enough' })
})

t.test('a process ends that reads and watches no more', async t => {
  const { url } = await startServer(t, () => {})
  for (const each of [url, 'nats://127.0.0.1:1']) t.same(await endingOf(t, each), [0, 'closed, given up\n'])
})

t.test('the order of what was published', async t => {
  const seen = (): Order => {
    const order = new Order('the store', 'publish again')
    order.take('x', { epoch: 20, generation: 5 }, 'r5')
    return order
  }
  const taken: [epoch: number, generation: number, revision: string][] = [[20, 5, 'r5'], [20, 6, 'r6'], [20, 99, 'r5'], [21, 1, 'r1']]
  for (const [epoch, generation, revision] of taken) {
    const order = seen()
    order.take('x', { epoch, generation }, revision)
    t.same(order.highest, { epoch, generation })
  }
  const refused: [epoch: number, generation: number, revision: string, says: RegExp][] = [
    [20, 4, 'r4', /^x: the store went back: generation 4 \(epoch 20\) is there, but generation 5 \(epoch 20\) was there before; publish again/],
    [19, 6, 'r6', /generation 6 \(epoch 19\) is there/],
    [20, 5, 'other', /there are two of generation 5 \(epoch 20\): revision other is there, but r5 was there before/]
  ]
  for (const [epoch, generation, revision, says] of refused) {
    const order = seen()
    t.throws(() => { order.take('x', { epoch, generation }, revision) }, { name: 'SourceError', message: says })
    t.same(order.highest, { epoch: 20, generation: 5 })
  }
  t.throws(() => { seen().take('x', null, null) }, { message: /has no generation, though generation 5 \(epoch 20\) was there before/ })
  const fresh = new Order('the store', 'publish again')
  fresh.take('x', null, null)
  t.equal(fresh.highest, null, 'without any stamp there is no order')
  const resumed = seen()
  resumed.resume({ epoch: 20, generation: 4 }, 'r4')
  t.same(resumed.highest, { epoch: 20, generation: 5 }, 'what is remembered is no step back')
  resumed.resume({ epoch: 20, generation: 7 }, 'r7')
  t.throws(() => { resumed.take('x', { epoch: 20, generation: 6 }, 'r6') })
})

t.test('a keeper reports after every reading', async t => {
  const reports: SourceReport[] = []
  const source = memorySource([policyText('one')])
  const keeper = await createKeeper({ source: { ...source, report: report => { reports.push(report) } }, watch: false })
  t.teardown(() => keeper.close())
  const { revision } = keeper.current
  t.strictSame(reports, [{ revision, generation: 1, state: 'ok', rejected: null }])
  await keeper.reload()
  t.equal(reports.length, 2, 'also when nothing changed')
  for (const [count, rule] of [[3, '{ name: a }'], [4, '{ name: a }'], [5, '{}']] as const) {
    source.set([{ name: 'a.yaml', text: `version: 1\nrules:\n  - ${rule}\n` }])
    await keeper.reload()
    t.match(reports, { length: count })
    t.match(reports.at(-1), { revision, generation: 1, state: 'degraded', rejected: { revision: /^[0-9a-f]{12}$/, reason: /^a\.yaml:3: \S/ } })
  }
  source.set([policyText('two')])
  await keeper.reload()
  t.strictSame(reports.at(-1), { revision: keeper.current.revision, generation: 2, state: 'ok', rejected: null })
  t.equal(rulesOf(keeper), 'two')
})

t.test('what a report says of a source that cannot be read, and of one that shrank', async t => {
  const reports: SourceReport[] = []
  const warnings: string[] = []
  let reading: () => Promise<SourceSet> = async () => ({ texts: [policyText('one'), policyText('two')] })
  const source: PolicySource = {
    read: () => reading(),
    report: report => {
      reports.push(report)
      if (reports.length === 3) throw new Error('no')
    }
  }
  const keeper = await createKeeper({ source, watch: false, minKept: 1, warn: message => { warnings.push(message) } })
  t.teardown(() => keeper.close())
  reading = () => Promise.reject(new Error(`line\nbreak ${'x'.repeat(1000)}`))
  await keeper.reload()
  const { revision, reason } = reports.at(-1)!.rejected!
  t.equal(revision, null)
  t.match(reason, /^policies: line break x{300,}…$/)
  reading = async () => ({ texts: [policyText('one')] })
  await keeper.reload()
  t.match(reports.at(-1)!.rejected, { revision: /^[0-9a-f]{12}$/, reason: /^only 1 of 2 rules/ })
  t.match(warnings, [/the source takes no report: no/], 'a source that fails to take it harms nobody')
})

t.test('the last good set remembers its place', async t => {
  const path = join(freshDirectory(t), 'last-good.json')
  const resumed: unknown[] = []
  let set: SourceSet = { texts: [policyText('one')], stamp: { epoch: 20, generation: 5 } }
  const source: PolicySource = { read: async () => set, resume: (stamp, revision) => { resumed.push([stamp, revision]) } }
  const keep = async (): Promise<string> => {
    const keeper = await createKeeper({ source, lastKnownGood: path, watch: false })
    await keeper.reload()
    await keeper.close()
    return keeper.current.revision
  }
  const one = await keep()
  t.same(resumed, [], 'there is nothing to resume at first')
  t.match(JSON.parse(readFileSync(path, 'utf8')), { version: 1, stamp: { epoch: 20, generation: 5 } })
  set = { ...set, stamp: { epoch: 20, generation: 6 } }
  await keep()
  t.strictSame(resumed, [[{ epoch: 20, generation: 5 }, one]])

  const keeper = await createKeeper({ source, lastKnownGood: path, watch: false })
  set = { ...set, stamp: { epoch: 20, generation: 7 } }
  await keeper.reload()
  t.equal(keeper.current.generation, 1, 'the same texts are no reload')
  await keeper.close()
  t.match(JSON.parse(readFileSync(path, 'utf8')), { stamp: { epoch: 20, generation: 7 } }, 'though their place is kept')

  const old = { ...JSON.parse(readFileSync(path, 'utf8')) as object, stamp: undefined }
  resumed.length = 0
  writeFileSync(path, JSON.stringify(old))
  await keep()
  t.same(resumed, [], 'a file of an earlier version has none')
  for (const text of [JSON.stringify({ ...old, stamp: { epoch: 1 } }), JSON.stringify({ ...old, stamp: 7 }), '{', '']) {
    writeFileSync(path, text)
    await keep()
    t.same(resumed, [], 'one that is no use is none')
  }
})
