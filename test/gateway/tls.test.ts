// TLS to the client: which certificate a connection gets, while its files change in every way in which files do.
import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request } from 'node:https'
import { connect as connectTcp } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import { WebSocket, WebSocketServer } from 'ws'
import { linesOf, levels } from '../plugin/lines.ts'
import { askHttp2, granted, makeCertificate, openSession, shop, startTestGateway, startUpstream } from './lab.ts'
import { corsHeaders } from '../plugin/wire.ts'

/** The common name of the certificate that a new connection is shown. */
async function shownName (port: number): Promise<string | string[] | undefined> {
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['h2', 'http/1.1'] })
  await once(socket, 'secureConnect')
  const { subject } = socket.getPeerCertificate()
  socket.destroy()
  return subject.CN
}

/** Waits until something is so; the test's own limit ends it otherwise. */
async function until (isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!await isSo()) await sleep(50)
}

/** Certificates by name: `a` and `b`, of one folder. */
async function makeFolder (t: Test): Promise<{ folder: string, a: { cert: string, key: string }, b: { cert: string, key: string } }> {
  const folder = t.testdir()
  return { folder, a: await makeCertificate(folder, 'a'), b: await makeCertificate(folder, 'b') }
}

t.test('the certificate of a connection follows its files', async t => {
  const { folder, a, b } = await makeFolder(t)
  const bytes = {
    a: { cert: await readFile(a.cert), key: await readFile(a.key) },
    b: { cert: await readFile(b.cert), key: await readFile(b.key) }
  }
  const live = { cert: join(folder, 'live.crt'), key: join(folder, 'live.key') }
  await writeFile(live.cert, bytes.a.cert)
  await writeFile(live.key, bytes.a.key)
  const { logger, lines } = linesOf()
  const errors = (): string[] => lines.filter(({ level }) => level === levels.error).map(({ msg }) => msg)
  const { url } = await startUpstream(t, 'ok')
  const { port } = await startTestGateway(t, { upstreams: [{ prefix: '/', url }], tls: live, logger })
  t.equal(await shownName(port), 'a')
  const session = await openSession(t, port)

  await writeFile(live.key, bytes.b.key)
  await until(() => errors().length === 1)
  t.match(errors()[0], /the certificate is not used, the one before stays: the private key in .*live\.key is not that of the certificate in .*live\.crt/)
  t.equal(await shownName(port), 'a', 'a mismatched pair keeps the last good one')

  await writeFile(live.cert, bytes.b.cert)
  await until(async () => await shownName(port) === 'b')
  t.pass('written in place')
  t.match(lines.find(({ msg }) => msg.endsWith('has changed and is used')), {
    certificate: { subject: 'CN=b', fingerprint256: new X509Certificate(bytes.b.cert).fingerprint256 }
  })
  t.equal((await askHttp2(session, { ':path': '/' })).status, 200, 'a connection outlives the change')

  const faults: readonly [fault: () => Promise<void>, message: RegExp][] = [
    [() => writeFile(live.cert, '-----BEGIN CERTIFICATE-----\nAAAA\n'), /live\.crt holds no certificate in PEM form/],
    [() => truncate(live.cert, 2 ** 21), /the certificate cannot be read from .*live\.crt: larger than 1,048,576 bytes/],
    [() => rm(live.cert), /the certificate cannot be read from .*live\.crt: ENOENT/],
    // Whoever waited for its writer could not even end.
    [async () => { execFileSync('mkfifo', [live.cert]) }, /the certificate cannot be read from .*live\.crt: not a regular file/]
  ]
  for (const [fault, message] of faults) {
    const before = errors().length
    await fault()
    await until(() => errors().length > before)
    t.match(errors().at(-1), message)
    t.equal(await shownName(port), 'b')
  }
  const told = errors().length
  await sleep(2500)
  t.equal(errors().length, told, 'said once')

  await writeFile(join(folder, 'new'), bytes.a.cert)
  await writeFile(live.key, bytes.a.key)
  await rename(join(folder, 'new'), live.cert)
  await until(async () => await shownName(port) === 'a')
  t.pass('renamed into place')
})

t.test('a secret of Kubernetes is swapped by one link', async t => {
  const { folder, a, b } = await makeFolder(t)
  const secret = join(folder, 'secret')
  const fill = async (name: string, from: { cert: string, key: string }): Promise<void> => {
    await mkdir(join(secret, name), { recursive: true })
    await writeFile(join(secret, name, 'tls.crt'), await readFile(from.cert))
    await writeFile(join(secret, name, 'tls.key'), await readFile(from.key))
  }
  await fill('..one', a)
  await symlink('..one', join(secret, '..data'))
  for (const file of ['tls.crt', 'tls.key']) await symlink(`..data/${file}`, join(secret, file))
  const { url } = await startUpstream(t, 'ok')
  const { port } = await startTestGateway(t, { upstreams: [{ prefix: '/', url }], tls: { cert: join(secret, 'tls.crt'), key: join(secret, 'tls.key') } })
  t.equal(await shownName(port), 'a')
  let last = '..one'
  for (const [name, from, wanted] of [['..two', b, 'b'], ['..three', a, 'a']] as const) {
    await fill(name, from)
    await symlink(name, join(secret, '..data_tmp'))
    await rename(join(secret, '..data_tmp'), join(secret, '..data'))
    await rm(join(secret, last), { recursive: true })
    last = name
    await until(async () => await shownName(port) === wanted)
    t.pass(`${name} is used`)
  }
})

t.test('a gateway does not start without a good pair', async t => {
  const { folder, a, b } = await makeFolder(t)
  const empty = join(folder, 'empty')
  await writeFile(empty, '')
  const rows: readonly [{ cert: string, key: string }, RegExp][] = [
    [{ cert: join(folder, 'none'), key: a.key }, /the certificate cannot be read from .*none: ENOENT/],
    [{ cert: a.cert, key: join(folder, 'none') }, /the private key cannot be read from .*none: ENOENT/],
    [{ cert: folder, key: a.key }, /the certificate cannot be read from .*: not a regular file/],
    [{ cert: empty, key: a.key }, /empty holds no certificate in PEM form/],
    [{ cert: a.key, key: a.key }, /a\.key holds no certificate in PEM form/],
    [{ cert: a.cert, key: empty }, /empty holds no private key in PEM form/],
    [{ cert: a.cert, key: a.cert }, /a\.crt holds no private key in PEM form/],
    [{ cert: a.cert, key: b.key }, /the private key in .*b\.key is not that of the certificate in .*a\.crt/]
  ]
  for (const [tls, message] of rows) await t.rejects(startTestGateway(t, { upstreams: [], tls }), { message })
  await t.rejects(startTestGateway(t, { upstreams: [], http2: true }), { message: '`http2` needs `tls`' })
})

t.test('HTTP/1.1 over TLS', async t => {
  const { a } = await makeFolder(t)
  const { server, url } = await startUpstream(t, (request, response) => { response.end(JSON.stringify(request.headers)) })
  const sockets = new WebSocketServer({ server })
  sockets.on('connection', socket => {
    socket.on('message', data => { socket.send(data) })
  })
  t.teardown(() => { sockets.close() })
  for (const http2 of [true, false]) {
    const { port, url: own } = await startTestGateway(t, { upstreams: [{ prefix: '/', url }], tls: a, http2 })
    const said = http2 ? 'beside HTTP/2' : 'alone'
    t.equal(own, `https://127.0.0.1:${port}`, said)
    const [response] = await once(request({ port, rejectUnauthorized: false, headers: { origin: shop }, agent: false }).end(), 'response') as [IncomingMessage]
    let body = ''
    for await (const data of response) body += String(data)
    t.strictSame([response.statusCode, corsHeaders(response.headers)], [200, granted], said)
    t.match(JSON.parse(body), { 'x-forwarded-proto': 'https', forwarded: /proto=https/ }, said)

    const bytes = async (head: string): Promise<string> => {
      const socket: TLSSocket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] })
      await once(socket, 'secureConnect')
      socket.write(head)
      let received = ''
      for await (const data of socket) received += String(data)
      return received
    }
    t.match(await bytes('GET / HTTP/1.1\r\nConnection: close\r\n\r\n'), /^HTTP\/1\.1 400 /, `${said}: no Host`)
    t.match(await bytes('nonsense\r\n\r\n'), /^HTTP\/1\.1 400 [^]*problem\+json/, `${said}: no HTTP`)
    t.match(await bytes(`GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${'a: b\r\n'.repeat(1200)}\r\n`), /^HTTP\/1\.1 431 /, `${said}: more lines than Node keeps`)
    t.match(await bytes(`GET / HTTP/1.1\r\nHost: a\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`), /^HTTP\/1\.1 431 /, `${said}: a head too large`)
    const plain = connectTcp(port, '127.0.0.1').on('error', () => {})
    plain.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    plain.resume()
    await once(plain, 'close')
    t.pass(`${said}: without TLS a connection is closed`)

    const socket = new WebSocket(`wss://127.0.0.1:${port}/chat`, { headers: { origin: shop }, rejectUnauthorized: false })
    await once(socket, 'open')
    socket.send('to and fro')
    t.equal(String((await once(socket, 'message'))[0]), 'to and fro', said)
    socket.terminate()
    const refused = new WebSocket(`wss://127.0.0.1:${port}/chat`, { headers: { origin: 'https://evil.example' }, rejectUnauthorized: false })
    const [, answer] = await once(refused, 'unexpected-response') as [unknown, IncomingMessage]
    t.equal(answer.statusCode, 403, said)
    refused.on('error', () => {}).terminate()
  }
})

t.test('limits and timeouts hold with TLS and without', async t => {
  const { a } = await makeFolder(t)
  const { url } = await startUpstream(t, 'ok')
  for (const protocols of [{}, { tls: a, http2: false }, { tls: a }]) {
    const { port } = await startTestGateway(t, { upstreams: [{ prefix: '/', url }], ...protocols, limits: { header: 4096 }, timeouts: { keepAlive: 200 } })
    const ask = 'tls' in protocols ? request : httpRequest
    const agent = 'tls' in protocols ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true })
    const [first] = await once(ask({ port, agent, rejectUnauthorized: false }).end(), 'response') as [IncomingMessage]
    const { socket } = first
    first.resume()
    await once(socket, 'close')
    t.pass('a connection without requests is closed')
    const [response] = await once(ask({ port, rejectUnauthorized: false, headers: { x: 'x'.repeat(5000) }, agent: false }).end(), 'response') as [IncomingMessage]
    t.equal(response.statusCode, 431)
    response.resume()
  }
})
