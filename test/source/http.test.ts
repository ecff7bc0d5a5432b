// Policies from a URL: real servers that behave, misbehave, lie about changes, and send us elsewhere.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import type { OutgoingHttpHeaders, RequestListener } from 'node:http'
import { createServer as createTcpServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { makeCertificate } from '../gateway/lab.ts'
import { httpSource, type HttpOptions } from '../../src/source/http.ts'
import { createKeeper, type Keeper } from '../../src/source/keeper.ts'
import type { PolicySource } from '../../src/source/source.ts'
import { printBundle } from '../../src/source/bundle.ts'
import { bundleOf, serving, startBundleServer } from './bundle-server.ts'
import { testSource } from './contract.ts'
import { makeKeys } from './keys.ts'
import { policyText, rulesOf, until } from './lab.ts'

const often = { pollInterval: 40 } as const
const one = bundleOf(policyText('one'))
const two = bundleOf(policyText('two'))

const read = (source: PolicySource, signal: AbortSignal = new AbortController().signal): ReturnType<PolicySource['read']> => source.read(signal)

async function namesIn (source: PolicySource): Promise<string> {
  return (await read(source)).texts.map(({ name }) => name).join(' ')
}

t.test('the contract of sources', async t => {
  testSource(t, async t => {
    const server = await startBundleServer(t, serving(bundleOf()))
    return {
      source: httpSource(server.url, often),
      put: texts => { server.answer = serving(bundleOf(...texts)) },
      sever: () => { server.answer = (_request, response) => { response.writeHead(503).end() } }
    }
  })
})

/** What a server says, and what is to be made of it. */
const faults: Readonly<Record<string, { answer: RequestListener, says: RegExp, options?: HttpOptions }>> = {
  'the whole answer is late': {
    answer: (_request, response) => { response.write('{') },
    says: /no whole answer within 150 ms; look at the server, and at the network between here and there$/,
    options: { timeout: 150 }
  },
  'no answer at all': { answer: () => {}, says: /no whole answer within 150 ms/, options: { timeout: 150 } },
  'cut in the middle': {
    answer: (_request, response) => {
      response.writeHead(200, { 'content-length': one.length }).write(one.slice(0, 50), () => { response.destroy() })
    },
    says: /the connection was closed before the answer was whole \(ECONNRESET\)/
  },
  'cut in the middle of a chunked answer': {
    answer: (_request, response) => { response.write(one.slice(0, 50), () => { response.destroy() }) },
    says: /the connection was closed before the answer was whole/
  },
  'cut where the end of the connection is the end of the answer': {
    answer: ({ socket }) => { socket.end(`HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n${one.slice(0, 50)}`) },
    says: /no policy bundle: it is not JSON, or not all of it; publish what `cors-gateway bundle` prints/
  },
  'not HTTP': { answer: ({ socket }) => { socket.end('SSH-2.0-x\r\n') }, says: /the answer is not HTTP \(HPE_\w+\)/ },
  'more than said': {
    answer: (_request, response) => { response.writeHead(200, { 'content-length': 1001 }).flushHeaders() },
    says: /more than 1,000 bytes; is that a bundle\? If so, set a larger `maxBytes`/,
    options: { maxBytes: 1000 }
  },
  'without an end': {
    answer: (_request, response) => {
      // Node 26 calls back at once where the connection is gone, and says so.
      const more = (error?: Error | null): void => { if (!error && !response.destroyed) response.write('x'.repeat(10_000), more) }
      more()
    },
    says: /more than 100,000 bytes/,
    options: { maxBytes: 100_000 }
  },
  compressed: { answer: answering(200, { 'content-encoding': 'gzip' }, 'x'), says: /the answer is compressed \(gzip\)/ },
  'a page': { answer: answering(200, {}, '<html>secret</html>'), says: /no policy bundle: it is not JSON, or not all of it; publish/ },
  nothing: { answer: answering(200), says: /no policy bundle: it is empty/ },
  'no content': { answer: answering(204), says: /answered 204; serve the bundle with the status 200/ },
  'a part': { answer: answering(206, {}, one), says: /answered 206; serve/ },
  'unchanged, though the whole was asked for': { answer: answering(304), says: /answered 304: it was asked for the whole bundle; look at the cache/ },
  'no such file': { answer: answering(404), says: /answered 404: there is no bundle; publish what `cors-gateway bundle` prints there, or correct the URL/ },
  'not for us': { answer: answering(401), says: /answered 401: it is not for everybody; give `token` or `tokenFile`/ },
  'a wrong token': { answer: answering(401), says: /answered 401: the token is not accepted; check what `token` or `tokenFile` gives/, options: { token: 'hunter2' } },
  'a token without the right': { answer: answering(403), says: /answered 403: the token may not read this/, options: { token: 'hunter2' } },
  'a server in need': { answer: answering(500), says: /answered 500; look at the server; it is asked again/ },
  'a redirect without a place': { answer: answering(302), says: /answered 302 without a place to go to/ },
  'a redirect to itself': { answer: answering(302, { location: '/cors.json' }), says: /is redirected more than 3 times; name the URL/ },
  'a redirect to another host': {
    answer: answering(301, { location: 'https://elsewhere.example/a.json?signature=hunter2' }),
    says: /is redirected to another server, https:\/\/elsewhere\.example, and not followed there; if that is right, name it: https:\/\/elsewhere\.example\/a\.json\?…/
  },
  'a redirect to what is no server': { answer: answering(302, { location: 'file:///etc/passwd' }), says: /is redirected to another server/ }
}

function answering (status: number, headers: OutgoingHttpHeaders = {}, body = ''): RequestListener {
  return (_request, response) => { response.writeHead(status, headers).end(body) }
}

t.test('what goes wrong is told, and what to do', async t => {
  for (const [name, { answer, says, options }] of Object.entries(faults)) {
    const server = await startBundleServer(t, answer)
    const place = server.url
    const error = await read(httpSource(`${server.url}?signature=hunter2`, options)).then(() => null, (error: unknown) => error as Error)
    t.match(error, { name: 'SourceError', place: `${place}?…`, message: says }, name)
    t.notMatch(error?.message, /hunter2|secret/, `${name}: no secret, and nothing of the answer, is told`)
    await server.close()
  }
})

t.test('where no server is', async t => {
  const server = await startBundleServer(t, serving(one))
  await server.close()
  await t.rejects(read(httpSource(server.url)), { name: 'SourceError', message: /nothing listens there \(ECONNREFUSED\); is the server running/ })
  await t.rejects(read(httpSource('https://policies.invalid/cors.json')), { name: 'SourceError', message: /^https:\/\/policies\.invalid\/cors\.json: (?:there is no such host|the name of the host can't be resolved now)/ })
})

t.test('the bounds of directories are those of bundles', async t => {
  const server = await startBundleServer(t, serving(bundleOf({ name: 'a.yaml', text: 'üüü' }, { name: 'b.yaml', text: 'b' })))
  t.match(await read(httpSource(server.url, { maxFileBytes: 5 })), { texts: [{ name: 'b.yaml' }], diagnostics: [{ code: 'file-too-large', file: 'a.yaml', message: /6 bytes/ }] })
  t.match(await read(httpSource(server.url, { maxFiles: 1 })), { texts: [], diagnostics: [{ code: 'set-too-large', message: /more than 1 policy files/ }] })
})

/** How a server tells that nothing changed, and which of the requests ask by it. */
const validators: Readonly<Record<string, { headers: (body: string) => OutgoingHttpHeaders, asks: object }>> = {
  'a strong tag': { headers: body => ({ etag: `"${body.length}"` }), asks: { 'if-none-match': `"${one.length}"`, 'if-modified-since': undefined } },
  'a weak tag': { headers: body => ({ etag: `W/"${body.length}"` }), asks: { 'if-none-match': `W/"${one.length}"` } },
  'a time': {
    headers: () => ({ 'last-modified': 'Mon, 01 Jan 2024 00:00:00 GMT' }),
    asks: { 'if-none-match': undefined, 'if-modified-since': 'Mon, 01 Jan 2024 00:00:00 GMT' }
  },
  both: {
    headers: () => ({ etag: '"x"', 'last-modified': 'Mon, 01 Jan 2024 00:00:00 GMT' }),
    asks: { 'if-none-match': '"x"', 'if-modified-since': 'Mon, 01 Jan 2024 00:00:00 GMT' }
  },
  nothing: { headers: () => ({}), asks: { 'if-none-match': undefined, 'if-modified-since': undefined } },
  'a time that is too young to tell two states apart': {
    headers: () => ({ etag: '"x"', 'last-modified': new Date().toUTCString() }),
    asks: { 'if-none-match': undefined, 'if-modified-since': undefined }
  }
}

for (const [name, { headers, asks }] of Object.entries(validators)) {
  t.test(`what did not change is not loaded again: the server gives ${name}`, async t => {
    let body = one
    const server = await startBundleServer(t, ({ headers: asked }, response) => {
      const isConditional = asked['if-none-match'] !== undefined || asked['if-modified-since'] !== undefined
      // Without a tag, as some servers do.
      if (isConditional && body === one) response.writeHead(304).end()
      else response.writeHead(200, headers(body)).end(body)
    })
    const keeper = await createKeeper({ source: httpSource(server.url, often) })
    t.teardown(() => keeper.close())
    t.ok(await until(() => server.heard.length > 8))
    t.match(server.heard[0]!.headers, { 'if-none-match': undefined, 'if-modified-since': undefined, 'cache-control': 'no-cache', 'accept-encoding': 'identity' })
    t.match(server.heard[8]!.headers, asks)
    t.match(keeper.status(), { generation: 1, state: 'ok', watch: 'poll' })
    t.equal(keeper.status().history.length, 1, 'nothing happened')
    body = two
    t.ok(await until(() => rulesOf(keeper) === 'two'))
    t.equal(keeper.current.generation, 2)
  })
}

t.test('the same bytes are no change, also where the server gives nothing to ask by', async t => {
  const server = await startBundleServer(t, answering(200, {}, one))
  const source = httpSource(server.url, often)
  const first = await read(source)
  let told = 0
  const stop = source.watch!(() => { told++ })
  t.ok(await until(() => server.heard.length > 8))
  t.equal(told, 1, 'whoever begins to watch is told once')
  t.equal((await read(source)).texts, first.texts)
  await stop()
})

t.test('a change that the server does not tell is found all the same', async t => {
  let body = one
  // The tag of a file of the same size and time, as a reproducible image has.
  const server = await startBundleServer(t, ({ headers }, response) => {
    response.setHeader('etag', '"same"')
    if (headers['if-none-match'] === '"same"') response.writeHead(304).end()
    else response.end(body)
  })
  const source = httpSource(server.url, often)
  const stop = source.watch!(() => {})
  t.equal(await namesIn(source), 'one.yaml')
  body = two
  t.ok(await until(() => server.heard.length > 3))
  await stop()
  t.equal(await namesIn(source), 'two.yaml', 'by whoever reads unasked')

  body = one
  const keeper = await createKeeper({ source: httpSource(server.url, often) })
  t.teardown(() => keeper.close())
  body = two
  t.ok(await until(() => rulesOf(keeper) === 'two'), 'by a look, now and then')
})

t.test('redirects of the same server are followed, the token with them', async t => {
  const server = await startBundleServer(t, ({ url }, response) => {
    const next = { '/cors.json': '/a?x=1', '/a?x=1': 'b', '/b': `http://127.0.0.1:${server.port}/c` }[url!]
    if (next === undefined) response.end(one)
    else response.writeHead(307, { location: next }).end()
  })
  t.equal(await namesIn(httpSource(server.url, { token: 't' })), 'one.yaml')
  t.same(server.heard.map(({ url, headers }) => `${url} ${headers.authorization}`), ['/cors.json', '/a?x=1', '/b', '/c'].map(url => `${url} Bearer t`))
  const other = await startBundleServer(t, answering(302, { location: server.url }))
  await t.rejects(read(httpSource(other.url, { token: 't' })), { message: /another server/ })
  t.equal(server.heard.length, 4, 'the other server is not asked')
})

t.test('a token file is read for each request', async t => {
  const server = await startBundleServer(t, ({ headers }, response) => { response.writeHead(headers.authorization === 'Bearer new' ? 200 : 401).end(one) })
  const tokenFile = join(t.testdir({ token: 'old\n' }), 'token')
  const source = httpSource(server.url, { tokenFile })
  await t.rejects(read(source), { message: /answered 401: the token is not accepted/ })
  writeFileSync(tokenFile, 'new\n')
  t.equal(await namesIn(source), 'one.yaml')
  for (const [text, says] of [['', /holds no token; a token is 1 to 8,192 visible/], ['a b', /holds no token/], ['ä', /holds no token/], ['x'.repeat(1_100_000), /larger than 1,048,576 bytes/]] as const) {
    writeFileSync(tokenFile, text)
    await t.rejects(read(source), { name: 'SourceError', message: says })
  }
  await t.rejects(read(httpSource(server.url, { tokenFile: `${tokenFile}.gone` })), { name: 'SourceError', message: /the file .*\.gone can't be read: ENOENT.*; correct `tokenFile`, or let/ })
})

t.test('only what is signed by a key that is trusted, as of each look', async t => {
  const [mine, next] = [makeKeys(), makeKeys()]
  const signed = printBundle([policyText('one')], { sign: { key: mine.key, audience: 'url' } })
  const server = await startBundleServer(t, serving(signed))
  t.equal(await namesIn(httpSource(server.url, { publicKey: mine.publicPem })), 'one.yaml')
  await t.rejects(read(httpSource(server.url, { publicKey: next.publicPem })), { name: 'SourceError', place: server.url, message: /the signature of the bundle is not by the one key/ })
  server.answer = serving(printBundle([policyText('one')], { sign: { key: mine.key, audience: 'bucket cors-policies' } }))
  const forBucket = { name: 'SourceError', message: /trusted here or not for a bundle at a URL, or the bundle was changed since; print it by `cors-gateway bundle`/ }
  await t.rejects(read(httpSource(server.url, { publicKey: mine.publicPem })), forBucket, 'what was signed for a bucket')
  server.answer = serving(signed)

  const publicKeyFile = join(t.testdir({ key: mine.publicPem }), 'key')
  const keeper = await createKeeper({ source: httpSource(server.url, { ...often, publicKeyFile }) })
  t.teardown(() => keeper.close())
  t.ok(await until(() => server.heard.length > 3))
  const reason = (): string | undefined => keeper.status().rejected?.diagnostics[0]?.message
  writeFileSync(publicKeyFile, next.publicPem)
  t.ok(await until(() => reason()?.includes('the signature of the bundle is not by') === true), 'a key that is withdrawn is trusted no more, though the bundle is as it was')
  writeFileSync(publicKeyFile, mine.publicPem + next.publicPem)
  t.ok(await until(() => keeper.status().state === 'ok'))
  server.answer = serving(printBundle([policyText('two')], { sign: { key: next.key, audience: 'url' } }))
  t.ok(await until(() => rulesOf(keeper) === 'two'), 'a new key beside the old one')
  server.answer = serving(bundleOf(policyText('three')))
  t.ok(await until(() => reason()?.startsWith('the bundle is not signed') === true))
  t.match(keeper.status().rejected?.diagnostics, [{ code: 'refused-source' }])
  t.equal(rulesOf(keeper), 'two')
  server.answer = serving(printBundle([policyText('two')], { sign: { key: next.key, audience: 'url' } }).replace('/two', '/*'))
  t.ok(await until(() => reason()?.includes('or the bundle was changed since') === true))
  for (const [text, says] of [['', /holds no public key in PEM form/], [mine.privatePem, /holds a private key, which only the publisher may have/]] as const) {
    writeFileSync(publicKeyFile, text)
    t.ok(await until(() => says.test(reason() ?? '')), String(says))
  }
  await t.rejects(read(httpSource(server.url, { publicKeyFile: `${publicKeyFile}.gone` })), { name: 'SourceError', message: /the file .*\.gone can't be read: ENOENT.*; correct `publicKeyFile`, or let/ })
})

t.test('only over TLS, by an authority that is trusted', async t => {
  const folder = t.testdir({})
  const { cert, key } = await makeCertificate(folder)
  const [pem, other] = [readFileSync(cert, 'utf8'), readFileSync((await makeCertificate(folder, 'other')).cert, 'utf8')]
  const server = await startBundleServer(t, serving(one), { tls: { cert: pem, key: readFileSync(key, 'utf8') } })
  t.equal(await namesIn(httpSource(server.url, { ca: pem })), 'one.yaml')
  const untrusted = { name: 'SourceError', message: /its certificate is signed by no authority that is trusted here \(\w+\); give the certificate of that authority as `ca`/ }
  t.equal(await namesIn(httpSource(server.url, { caFile: cert })), 'one.yaml')
  await t.rejects(read(httpSource(server.url, { caFile: key })), { name: 'SourceError', message: /the file .*\.key holds no certificate in PEM form; correct `caFile`/ })
  await t.rejects(read(httpSource(server.url)), untrusted)
  await t.rejects(read(httpSource(server.url, { ca: other })), untrusted)
  await t.rejects(read(httpSource(server.url.replace('127.0.0.1', '127.0.0.2'), { ca: pem })), { name: 'SourceError' })
  const plain = await startBundleServer(t, serving(one))
  await t.rejects(read(httpSource(plain.url.replace('http:', 'https:'))), { name: 'SourceError', message: /it speaks no TLS/ })
})

t.test('what makes no sense is refused at once', async t => {
  const cases: [says: RegExp, url: string, options?: object][] = [
    [/needs the https URL of a bundle/, 'policies'],
    [/needs the https URL of a bundle/, 'ftp://a.example/cors.json'],
    [/^http:\/\/a\.example\/cors\.json\?…: over http anybody on the way can change the policies/, 'http://a.example/cors.json?s=hunter2'],
    [/over http/, 'http://localhost.example/cors.json'],
    [/over http/, 'http://127.0.0.1.example/cors.json'],
    [/holds a user name or password; use `token`/, 'https://user:hunter2@a.example/cors.json'],
    [/has no fragment/, 'https://a.example/cors.json#x'],
    [/no option `tokn`; did you mean `token`\?/, 'https://a.example', { tokn: 'x' }],
    [/`token` or `tokenFile`, not both/, 'https://a.example', { token: 'x', tokenFile: 'y' }],
    [/`token` is 1 to 8,192 visible ASCII/, 'https://a.example', { token: 'hunter2\r\nx: y' }],
    [/`ca` holds no certificate/, 'https://a.example', { ca: 'x' }],
    [/`ca` or `caFile`, not both/, 'https://a.example', { ca: 'x', caFile: 'y' }],
    [/`publicKey` holds no public key in PEM form/, 'https://a.example', { publicKey: 'x' }],
    [/`publicKey` holds a private key, which only the publisher may have/, 'https://a.example', { publicKey: makeKeys().privatePem }],
    [/`publicKey` or `publicKeyFile`, not both/, 'https://a.example', { publicKey: makeKeys().publicPem, publicKeyFile: 'y' }],
    [/`pollInterval` is a whole number from 1 to 86400000, not 0/, 'https://a.example', { pollInterval: 0 }],
    [/`maxBytes` is a whole number/, 'https://a.example', { maxBytes: 1.5 }]
  ]
  for (const [says, url, options] of cases) {
    const error = await Promise.resolve().then(() => httpSource(url, options)).catch((error: unknown) => error)
    t.match(error, { name: 'TypeError', message: says }, url)
    t.notMatch(String(error), /hunter2/)
  }
  t.ok(httpSource(new URL('http://a.example/cors.json'), { allowInsecure: true }))
  for (const host of ['localhost', '127.1', '[::1]']) t.ok(httpSource(`http://${host}:1/`), host)
})

t.test('a number is never gone below', async t => {
  const lastKnownGood = join(t.testdir({}), 'last-good.json')
  const numbered = (rule: string, generation?: number): RequestListener => serving(printBundle([policyText(rule)], generation === undefined
    ? {}
    : { stamp: { epoch: 1, generation, publishedAt: '2026-11-25T12:00:00.000Z' } }))
  const server = await startBundleServer(t, numbered('one'))
  const start = (): ReturnType<typeof createKeeper> => createKeeper({ source: httpSource(server.url, often), lastKnownGood })
  const keeper = await start()
  t.equal(keeper.status().published, null, 'without a number there is no order')
  server.answer = numbered('seven', 7)
  t.ok(await until(() => rulesOf(keeper) === 'seven'))
  t.match(keeper.status(), { published: { epoch: 1, generation: 7 }, source: { seen: { epoch: 1, generation: 7 } } })
  const older: [answer: RequestListener, says: RegExp][] = [
    [numbered('six', 6), /^refused-source the server went back: generation 6 \(epoch 1\) is there, but generation 7 \(epoch 1\) was there before$/],
    [numbered('other', 7), /^refused-source there are two of generation 7 \(epoch 1\): revision [0-9a-f]{12} is there, but [0-9a-f]{12} was there before/],
    [numbered('one'), /^refused-source what is there has no generation, though generation 7 \(epoch 1\) was there before/]
  ]
  const refused = (keeper: Keeper): string => keeper.status().rejected?.diagnostics.map(({ code, message }) => `${code} ${message}`).join() ?? ''
  for (const [answer, says] of older) {
    server.answer = answer
    t.notOk((await keeper.reload()).ok)
    t.match(refused(keeper), says)
    t.equal(rulesOf(keeper), 'seven')
  }
  server.answer = numbered('seven', 7)
  t.ok((await keeper.reload()).ok, 'what runs is there again')
  server.answer = numbered('eight', 8)
  t.ok(await until(() => rulesOf(keeper) === 'eight'))
  await until(() => readFileSync(lastKnownGood, 'utf8').includes('eight'))
  await keeper.close()
  server.answer = numbered('seven', 7)
  const restarted = await start()
  t.teardown(() => restarted.close())
  t.equal(rulesOf(restarted), 'eight', 'over a restart too')
  t.match(restarted.status().rejected?.diagnostics, [{ code: 'refused-source', help: /^serve the newest bundle, or print what is meant with a higher `--generation`$/ }])
})

t.test('a keeper keeps the last good set, says why once, and comes back', async t => {
  const server = await startBundleServer(t, serving(one))
  const keeper = await createKeeper({ source: httpSource(server.url, often), retryAfter: 20 })
  t.teardown(() => keeper.close())
  const rejected = (): readonly string[] => keeper.status().history.filter(({ what }) => what === 'rejected').map(({ what }) => what)
  const broken: RequestListener[] = [answering(500), answering(200, {}, one.slice(0, 99)), serving(bundleOf({ name: 'a.yaml', text: 'rules: {' }))]
  for (const [i, answer] of broken.entries()) {
    server.answer = answer
    t.ok(await until(() => rejected().length === i + 1))
    t.equal(rulesOf(keeper), 'one')
  }
  server.answer = serving(one)
  t.ok(await until(() => keeper.status().state === 'ok'))
  server.answer = answering(500)
  t.ok(await until(() => keeper.status().state === 'degraded'))
  t.match(keeper.status().rejected, { diagnostics: [{ code: 'unreachable-source', file: server.url, message: 'answered 500', help: 'look at the server; it is asked again' }] })
  const asked = server.heard.length
  await sleep(400)
  t.ok(server.heard.length - asked <= 1, 'it is asked more seldom while it fails')
  const { lastAttempt: { at }, history } = keeper.status()
  t.ok(await until(() => keeper.status().lastAttempt.at > at), 'the status has the time of the last look')
  const status = keeper.status()
  t.match(status, { lastAttempt: { ok: false }, published: null, source: { lookedAt: status.lastAttempt.at } })
  t.same(status.history, history, 'and the history is not longer for it')
  server.answer = serving(two)
  t.ok(await until(() => rulesOf(keeper) === 'two'))
})

t.test('a reading that was given up leaves no doubt behind', async t => {
  const serve = serving(one)
  const server = await startBundleServer(t, serve)
  const keeper = await createKeeper({ source: httpSource(server.url, often), readTimeout: 150 })
  t.teardown(() => keeper.close())
  t.ok(await until(() => server.heard.length > 3))
  // Looks go on finding that nothing changed, and the next reading of the whole waits for good.
  server.answer = (request, response) => {
    if (request.headers['if-none-match'] !== undefined) serve(request, response)
    else server.answer = serve
  }
  t.match(await keeper.reload(), { ok: false, diagnostics: [{ message: 'not read after 150 ms' }] })
  t.ok(await until(() => keeper.status().state === 'ok'))
})

t.test('a reading ends with its signal, wherever it is', async t => {
  const server = await startBundleServer(t, () => {})
  for (const answer of [() => {}, (_request, response) => { response.write('{') }] satisfies RequestListener[]) {
    server.answer = answer
    const controller = new AbortController()
    const asked = server.heard.length
    const reading = read(httpSource(server.url), controller.signal)
    await until(() => server.heard.length > asked)
    controller.abort(new Error('enough'))
    await t.rejects(reading, { message: 'enough' })
  }
})

t.test('the end of watching ends the request under way', async t => {
  const server = await startBundleServer(t, serving(one))
  const source = httpSource(server.url, often)
  server.answer = () => {}
  const stop = source.watch!(() => { t.fail('told after the end') })
  await until(() => server.heard.length > 0)
  const [request] = server.heard
  const closed = new Promise(resolve => { request!.on('close', resolve).on('error', () => {}) })
  await stop()
  await closed
  server.answer = serving(one)
  await sleep(200)
  t.equal(server.heard.length, 1)
  t.equal(await namesIn(source), 'one.yaml', 'it can still be read')
})

t.test('a process ends that reads and watches no more', async t => {
  await endsByItself(t, 'closing-http.ts', (await startBundleServer(t, serving(one))).url)
  const silent = createTcpServer().listen(0, '127.0.0.1')
  await once(silent, 'listening')
  t.teardown(() => { silent.close() })
  await endsByItself(t, 'closing-http.ts', `http://127.0.0.1:${(silent.address() as AddressInfo).port}/`)
})

async function endsByItself (t: Test, program: string, ...args: string[]): Promise<void> {
  const child = fork(join(import.meta.dirname, program), args, { stdio: 'pipe' })
  let output = ''
  child.stdout!.on('data', chunk => { output += String(chunk) })
  const [status] = await once(child, 'close') as [number]
  t.match([status, output], [0, /^closed/])
}
