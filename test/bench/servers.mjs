// The servers that the wire bench compares, each started as a process of its own: `servers.mjs NAME SIZES`.
import { createServer } from 'node:http'
import cors from '@fastify/cors'
import httpProxy from '@fastify/http-proxy'
import express from 'express'
import expressCors from 'cors'
import Fastify from 'fastify'
import corsGateway, { memorySource } from '../../dist/index.js'

export const allowed = 'https://app-0.example.com'
const methods = 'GET, PUT'
const headerNames = 'content-type, x-trace'
const exposed = 'x-request-id'
const body = 'hello'

/** As many rules on as many routes, each for `origins` origins; the first one is asked for. */
function policies ({ rules, origins }) {
  const list = Array.from({ length: origins }, (_, i) => `"https://app-${i}.example.com"`).join(', ')
  const files = []
  for (let from = 0; from < rules; from += 500) {
    const texts = Array.from({ length: Math.min(500, rules - from) }, (_, i) => from + i).map(i => `  - name: rule-${i}
    routes: [${i === 0 ? '/items/*' : `/service-${i}/*`}]
    allowOrigins: [${i === 0 ? list : `"https://app-${i}.example.com"`}]
    allowMethods: [${methods}]
    allowHeaders: [${headerNames}]
    exposeHeaders: [${exposed}]
    allowCredentials: true
    maxAge: 10m
`)
    files.push({ name: `rules-${from}.yaml`, text: `version: 1\nrules:\n${texts.join('')}` })
  }
  return memorySource(files)
}

const originsOf = ({ origins }) => origins === 1 ? allowed : Array.from({ length: origins }, (_, i) => `https://app-${i}.example.com`)

const corsOptions = sizes => ({
  origin: originsOf(sizes), credentials: true, methods: ['GET', 'PUT'], allowedHeaders: ['content-type', 'x-trace'], exposedHeaders: [exposed], maxAge: 600
})

const actual = { 'access-control-allow-origin': allowed, 'access-control-allow-credentials': 'true', 'access-control-expose-headers': exposed, vary: 'Origin' }
const preflight = {
  'access-control-allow-origin': allowed,
  'access-control-allow-credentials': 'true',
  'access-control-allow-methods': methods,
  'access-control-allow-headers': headerNames,
  'access-control-max-age': '600',
  vary: 'Origin'
}

/** What the gateway says to a denied preflight, so that both send the same bytes. */
const problem = JSON.stringify({ type: 'about:blank', title: 'Forbidden', status: 403, detail: 'The cross-origin policy does not allow this preflight.', reason: 'origin-not-allowed' })
const refusal = { vary: 'Origin', 'content-type': 'application/problem+json; charset=utf-8' }

const isPreflight = ({ method, headers }) => method === 'OPTIONS' && headers['access-control-request-method'] !== undefined

/** What somebody who needs no policy would write. Every origin but the one gets `Vary` alone. */
function constantHook (request, reply, done) {
  const isAllowed = request.headers.origin === allowed
  if (isPreflight(request.raw)) {
    if (isAllowed) reply.code(204).headers(preflight).send()
    else reply.code(403).headers(refusal).send(problem)
    return
  }
  reply.headers(isAllowed ? actual : { vary: 'Origin' })
  done()
}

const newApp = ({ logging }) => {
  const app = Fastify({ pluginTimeout: 0, logger: logging ? { level: 'info', stream: { write () {} } } : false })
  app.get('/items/:id', (_request, reply) => { reply.send(body) })
  app.get('/elsewhere', (_request, reply) => { reply.send(body) })
  return app
}

const listening = async app => {
  await app.listen({ host: '127.0.0.1', port: 0 })
  return app.server
}

const plain = handler => new Promise(resolve => {
  const server = createServer(handler)
  server.listen(0, '127.0.0.1', () => { resolve(server) })
})

const servers = {
  'node:http with constants': () => plain((request, response) => {
    request.resume()
    const isAllowed = request.headers.origin === allowed
    if (isPreflight(request)) {
      response.writeHead(isAllowed ? 204 : 403, isAllowed ? preflight : { ...refusal, 'content-length': problem.length })
      response.end(isAllowed ? undefined : problem)
      return
    }
    response.writeHead(200, { ...isAllowed ? actual : { vary: 'Origin' }, 'content-type': 'text/plain; charset=utf-8', 'content-length': body.length })
    response.end(body)
  }),
  'fastify alone': sizes => listening(newApp(sizes)),
  'fastify with a hook of constants': sizes => {
    const app = newApp(sizes)
    app.addHook('onRequest', constantHook)
    return listening(app)
  },
  '@fastify/cors': async sizes => {
    const app = newApp(sizes)
    await app.register(cors, corsOptions(sizes))
    return await listening(app)
  },
  'express with cors': sizes => new Promise(resolve => {
    const app = express()
    app.use(expressCors(corsOptions(sizes)))
    app.get('/items/:id', (_request, response) => { response.send(body) })
    const server = app.listen(0, '127.0.0.1', () => { resolve(server) })
  }),
  'fastify-cors-gateway': async sizes => {
    const app = newApp(sizes)
    await app.register(corsGateway, { policies: policies(sizes), watch: false })
    return await listening(app)
  },
  upstream: () => plain((request, response) => {
    request.resume()
    response.writeHead(200, { 'content-type': 'text/plain', 'content-length': body.length })
    response.end(body)
  }),
  '@fastify/http-proxy alone': async ({ upstream }) => {
    const app = Fastify()
    await app.register(httpProxy, { upstream })
    return await listening(app)
  },
  'cors-gateway as a proxy': async ({ upstream }) => {
    const { startGateway } = await import('../../dist/gateway/gateway.js')
    const gateway = await startGateway({
      plugin: { policies: policies({ rules: 1, origins: 1 }), watch: false },
      listen: { host: '127.0.0.1', port: 0 },
      admin: null,
      upstreams: [{ prefix: '/', url: upstream }],
      logger: false
    })
    return { address: () => ({ port: Number(new URL(gateway.url).port) }) }
  }
}

if (process.send !== undefined) {
  const [name, sizes] = process.argv.slice(2)
  const server = await servers[name](JSON.parse(sizes))
  process.on('message', () => {
    const { user, system } = process.cpuUsage()
    process.send({ microseconds: user + system })
  })
  process.on('disconnect', () => { process.exit() })
  process.send({ port: server.address().port })
}
