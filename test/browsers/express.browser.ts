// A service whose own CORS code lets everybody read, behind the gateway: the browser sees the policy, not the mistake.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo, Server } from 'node:net'
import cors from 'cors'
import express from 'express'
import t from 'tap'
import { startGateway } from '../../src/gateway/gateway.ts'
import { memorySource } from '../../src/source/memory.ts'
import { Chromium } from './chromium.ts'

async function portOf (server: Server): Promise<number> {
  if (!server.listening) await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

const shop = express()
shop.use(cors({ origin: true, credentials: true }))
shop.get('/cart/:id', (request, response) => { response.json({ cart: request.params['id'] }) })
shop.put('/cart/:id', (_request, response) => { response.json({ saved: true }) })
const service = shop.listen(0, '127.0.0.1')
const pages = createServer((_request, response) => { response.setHeader('content-type', 'text/html').end('<!doctype html><title>A page</title>') })
pages.listen(0, '127.0.0.1')
t.teardown(() => { for (const server of [service, pages]) server.close() })

t.test('an Express service with a CORS middleware that echoes every origin', async t => {
  const [servicePort, pagePort] = [await portOf(service), await portOf(pages)]
  const origin = (name: string): string => `http://${name}.localhost:${pagePort}`
  const gateway = await startGateway({
    plugin: {
      policies: memorySource([{
        name: 'shop.yaml',
        text: `version: 1\nrules:\n  - name: shop\n    routes: [/cart/*]\n    allowOrigins: ["${origin('shop')}"]\n    allowMethods: [GET]\n    allowCredentials: true\n`
      }])
    },
    listen: { host: '127.0.0.1', port: 0 },
    admin: null,
    upstreams: [{ prefix: '/', url: `http://127.0.0.1:${servicePort}` }],
    logger: false
  })
  t.teardown(() => gateway.close())
  const browser = await Chromium.launch()
  t.teardown(() => browser.close())
  const doors = { service: `http://api.localhost:${servicePort}`, gateway: `http://api.localhost:${new URL(gateway.url).port}` }
  const cases: readonly (readonly [page: string, door: keyof typeof doors, method: string, got: string])[] = [
    ['shop', 'service', 'GET', '{"cart":"7"}'],
    ['evil', 'service', 'GET', '{"cart":"7"}'],
    ['evil', 'service', 'PUT', '{"saved":true}'],
    ['shop', 'gateway', 'GET', '{"cart":"7"}'],
    ['evil', 'gateway', 'GET', 'TypeError'],
    ['shop', 'gateway', 'PUT', 'TypeError'],
    ['evil', 'gateway', 'PUT', 'TypeError']
  ]
  for (const name of ['shop', 'evil']) {
    const page = await browser.newPage(`${origin(name)}/`)
    for (const [, door, method, got] of cases.filter(([each]) => each === name)) {
      const request = JSON.stringify({ method, credentials: 'include' })
      const answer = await page.evaluate(`fetch('${doors[door]}/cart/7', ${request}).then(response => response.text(), error => error.name)`)
      t.equal(answer, got, `a page of ${name} sends ${method} to the ${door}`)
      if (door === 'gateway') {
        const { outcome } = gateway.face.explain({ origin: origin(name), url: `${doors.gateway}/cart/7`, method, credentials: 'include', headers: [] })
        t.equal(outcome, got === 'TypeError' ? 'blocked' : 'readable', 'and explain says so')
      }
    }
    await page.close()
  }
})
