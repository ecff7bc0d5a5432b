// WebSocket upgrades (security 13): refused before a handler or an upstream hears of them, wherever they pass Fastify's router.
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import httpProxy from '@fastify/http-proxy'
import websocket from '@fastify/websocket'
import Fastify, { type FastifyInstance } from 'fastify'
import t from 'tap'
import { WebSocket, WebSocketServer } from 'ws'
import corsGateway, { memorySource } from '../../src/index.ts'
import { evil, shop } from './cases.ts'
import { listen } from './wire.ts'

const policies = memorySource([{ name: 'a.yaml', text: `
version: 1
rules:
  - name: chat
    routes: [/chat/**]
    allowOrigins: [${shop}]
  - name: private
    routes: [/private]
    allowOrigins: [${shop}]
    allowCredentials: true
    allowMethods: [PUT]
    enforceMethods: true
` }])

interface Attempt {
  readonly path: string
  readonly origin?: string
  readonly cookie?: string
  readonly opens: boolean
  readonly reason?: string
}

const attempts: readonly Attempt[] = [
  { path: '/chat/1', origin: shop, opens: true },
  { path: '/chat/1', opens: true },
  { path: '/chat/1', origin: evil, opens: false, reason: 'origin-not-allowed' },
  { path: '/chat/1', origin: 'null', opens: false, reason: 'origin-not-allowed' },
  { path: '/chat/1', origin: 'https://shop.example.com, https://shop.example.com', opens: false, reason: 'origin-malformed' },
  { path: '/chat/1', origin: shop, cookie: 'a=b', opens: false, reason: 'credentials-not-allowed' },
  { path: '/private', origin: shop, cookie: 'a=b', opens: true },
  { path: '/ch%61t/1', origin: evil, opens: false, reason: 'path-ambiguous' },
  { path: '/elsewhere', origin: shop, opens: false, reason: 'no-policy' }
]

/** `'open'` with the first message, or the status and the body of the refusal. */
function attempt (port: number, { path, origin, cookie }: Attempt): Promise<{ opened: boolean, status?: number, body: string }> {
  return new Promise((resolve, reject) => {
    const headers = { ...origin !== undefined && { origin }, ...cookie !== undefined && { cookie } }
    const client = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers })
    client.on('message', (data: Buffer) => {
      client.close()
      resolve({ opened: true, body: data.toString() })
    })
    client.on('unexpected-response', (_request, response) => {
      let body = ''
      response.on('data', chunk => { body += String(chunk) })
      response.on('close', () => { resolve({ opened: false, status: response.statusCode!, body }) })
    })
    client.on('error', reject)
  })
}

function connections (app: FastifyInstance): Promise<number> {
  return promisify(app.server.getConnections.bind(app.server))()
}

t.test('@fastify/websocket, registered before or after', async t => {
  for (const first of [true, false]) {
    const app = Fastify()
    if (!first) await app.register(websocket)
    await app.register(corsGateway, { policies, watch: false })
    if (first) await app.register(websocket)
    let opened = 0
    app.get('/*', { websocket: true }, (socket, request) => {
      opened++
      socket.send(request.cors!.outcome)
    })
    const port = await listen(app)
    let expected = 0
    for (const each of attempts) {
      const { opened: isOpen, status, body } = await attempt(port, each)
      const said = `${each.path} ${each.origin ?? ''}`
      t.equal(isOpen, each.opens, said)
      if (each.opens) expected++
      else t.strictSame([status, (JSON.parse(body) as { reason: string }).reason], [403, each.reason], said)
    }
    t.equal(opened, expected, 'the handler heard of no other')
    await new Promise(resolve => setTimeout(resolve, 50))
    t.equal(await connections(app), 0, 'no socket is left open')
    const injected = await app.injectWS('/chat/1', { headers: { origin: shop } })
    t.ok(injected, 'an injected upgrade has no raw header lines')
    injected.terminate()
    await t.rejects(app.injectWS('/chat/1', { headers: { origin: evil } }), { message: /403/ })
    await app.close()
  }
})

t.test('@fastify/http-proxy', async t => {
  const upstream = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  let heard = 0
  upstream.on('connection', socket => {
    heard++
    socket.send('hello')
  })
  await new Promise(resolve => upstream.once('listening', resolve))
  const app = Fastify()
  t.teardown(async () => {
    await app.close()
    upstream.close()
  })
  await app.register(corsGateway, { policies, watch: false })
  await app.register(httpProxy, { upstream: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`, prefix: '/', websocket: true })
  const port = await listen(app)
  let expected = 0
  for (const each of attempts) {
    const { opened, status, body } = await attempt(port, each)
    const said = `${each.path} ${each.origin ?? ''}`
    t.equal(opened, each.opens, said)
    if (each.opens) expected++
    else t.strictSame([status, (JSON.parse(body) as { reason: string }).reason], [403, each.reason], said)
  }
  t.equal(heard, expected, 'the upstream heard of no other')
})

t.test('open sockets outlive a reload', async t => {
  const changing = memorySource([{ name: 'a.yaml', text: `version: 1\nrules: [{name: a, routes: [/x], allowOrigins: [${shop}]}]` }])
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(corsGateway, { policies: changing, watch: false })
  await app.register(websocket)
  app.get('/x', { websocket: true }, socket => {
    socket.on('message', data => { socket.send(data as Buffer) })
  })
  const port = await listen(app)
  const client = new WebSocket(`ws://127.0.0.1:${port}/x`, { headers: { origin: shop } })
  await new Promise(resolve => client.once('open', resolve))
  changing.set([{ name: 'a.yaml', text: `version: 1\nrules: [{name: a, routes: [/x], allowOrigins: [${evil}]}]` }])
  await app.corsGateway.reload()
  client.send('still here')
  t.equal(String(await new Promise(resolve => client.once('message', resolve))), 'still here')
  t.match(await attempt(port, { path: '/x', origin: shop, opens: false }), { opened: false, status: 403 })
  client.close()
})
