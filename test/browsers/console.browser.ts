// The console in a real browser: what it shows is what the gateway says, and nothing that it shows can act.
import { writeFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { resolve } from 'node:path'
import t, { type Test } from 'tap'
import { startGateway, type Gateway } from '../../src/gateway/gateway.ts'
import { Chromium, type ChromiumPage } from './chromium.ts'

const policy = `version: 1
rules:
  - name: shop
    description: The shop's own pages
    routes: [/cart/**]
    allowOrigins: [https://shop.example.com]
    allowMethods: [GET, HEAD, POST, PUT]
    allowHeaders: [content-type]
    exposeHeaders: [x-request-id]
    allowCredentials: true
`
const broken = policy.replace('[https://shop.example.com]', '[https://shop.example.com/]')
const marker = '    allowOrigins: [https://shop.example.com/]'

const browser = await Chromium.launch()
t.teardown(() => browser.close())

interface Served extends Gateway { readonly admin: string, readonly file: string }

async function serve (t: Test, adminToken?: string): Promise<Served> {
  const directory = t.testdir({ 'shop.yaml': policy })
  const gateway = await startGateway({
    listen: { host: '127.0.0.1', port: 0 },
    admin: { host: '127.0.0.1', port: 0 },
    ...adminToken !== undefined && { adminToken },
    upstreams: [],
    logger: false,
    plugin: { policies: directory }
  })
  t.teardown(() => gateway.close())
  return { ...gateway, admin: gateway.adminUrl!, file: resolve(directory, 'shop.yaml') }
}

/** A way to a server that can be cut off. */
async function startRelay (t: Test, to: string): Promise<{ url: string, cut (): void, mend (): void }> {
  const sockets = new Set<Socket>()
  let isCut = false
  const server = createServer(socket => {
    if (isCut) return socket.destroy()
    const onward = connect(Number(new URL(to).port), '127.0.0.1')
    for (const [from, into] of [[socket, onward], [onward, socket]] as const) {
      sockets.add(from)
      from.on('error', () => {}).on('close', () => {
        into.destroy()
        sockets.delete(from)
      }).pipe(into)
    }
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const cut = (): void => {
    isCut = true
    for (const socket of sockets) socket.destroy()
  }
  t.teardown(() => {
    cut()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, cut, mend: () => { isCut = false } }
}

/** Closes pages. Whatever the browser had to say about them is a fault, unless it is expected. */
async function end (t: Test, pages: readonly ChromiumPage[], expected: RegExp = /^$/): Promise<void> {
  for (const page of pages) {
    t.same(page.violations, [], 'no breach of the content security policy')
    t.same(page.messages.filter(message => !expected.test(message)), [], 'nothing on the browser console')
    await page.close()
  }
}

/** Waits until an expression is true in the page, and gives its value. */
async function until (page: ChromiumPage, expression: string): Promise<unknown> {
  const value = await page.evaluate(`new Promise(resolve => {
    const end = Date.now() + 20000
    const look = () => {
      const value = (() => { try { return ${expression} } catch { return null } })()
      if (value || Date.now() > end) resolve(value)
      else setTimeout(look, 20)
    }
    look()
  })`)
  if (value === null || value === false || value === '' || value === 0) {
    throw new Error(`never true: ${expression}\n${String(await page.evaluate('document.body.innerText'))}`)
  }
  return value
}

const textOf = (selector: string): string => `document.querySelector(${JSON.stringify(selector)}).innerText`
const isSeen = (selector: string): string => `document.querySelector(${JSON.stringify(selector)}).checkVisibility()`

async function click (page: ChromiumPage, selector: string): Promise<void> {
  const place = await until(page, `(() => {
    const element = document.querySelector(${JSON.stringify(selector)})
    element.scrollIntoView({ block: 'center' })
    const { x, y, width, height } = element.getBoundingClientRect()
    return width > 0 && { x: x + width / 2, y: y + height / 2 }
  })()`) as Record<string, number>
  for (const type of ['mousePressed', 'mouseReleased']) await page.send('Input.dispatchMouseEvent', { type, ...place, button: 'left', clickCount: 1 })
}

async function press (page: ChromiumPage, key: string, text?: string): Promise<void> {
  await page.send('Input.dispatchKeyEvent', { type: 'keyDown', key, ...text !== undefined && { text } })
  await page.send('Input.dispatchKeyEvent', { type: 'keyUp', key })
}

const type = (page: ChromiumPage, text: string): Promise<unknown> => page.send('Input.insertText', { text })

/** Sends a request whose header bytes and target are those given, which no browser would send. */
async function send (url: string, path: string, headers: Record<string, string>, method = 'GET'): Promise<void> {
  const { hostname, port } = new URL(url)
  await new Promise<void>((resolve, reject) => {
    httpRequest({ hostname, port, path, method, headers }, response => {
      response.resume()
      response.on('end', resolve)
    }).on('error', reject).end()
  })
}

t.test('it shows what runs and follows it', async t => {
  const { admin, face, file } = await serve(t)
  const page = await browser.newPage(admin)
  const { revision } = face.snapshot
  await until(page, `${textOf('#state')} === 'ok'`)
  t.match(await page.evaluate(textOf('#facts')), new RegExp(`generation\\s+1\\s+revision\\s+${revision}[^]*ago[^]*watch\\s+events`))
  t.match(await until(page, textOf('#view-rules table')), /shop[^]*shop\.yaml:3[^]*\/cart[^]*https:\/\/shop\.example\.com[^]*PUT[^]*content-type/)

  writeFileSync(file, broken)
  await until(page, `${textOf('#state')} === 'degraded'`)
  const rejected = String(await page.evaluate(textOf('#rejected')))
  t.match(rejected, /shop\.yaml:6:20/, 'where')
  t.ok(rejected.includes(`6 | ${marker}`), 'the line itself')
  t.match(rejected, /^ +\| +\^{25}$/m, 'the place, underlined')
  t.match(rejected, /Generation 1 stays in force/)
  t.match(await page.evaluate(textOf('#announcer')), /Degraded/)

  await click(page, '#reload')
  t.match(await until(page, textOf('#notice')), /rejected with 1 error/)

  writeFileSync(file, policy.replace('shop.example.com', 'm.shop.example.com'))
  await until(page, `${textOf('#state')} === 'ok'`)
  t.notOk(await page.evaluate(isSeen('#rejected')))
  t.match(await page.evaluate(textOf('#facts')), /generation\s+2/)
  await until(page, `${textOf('#view-rules table')}.includes('https://m.shop.example.com')`)

  await page.send('Page.bringToFront')
  await press(page, '/', '/')
  t.equal(await page.evaluate('document.activeElement.id'), 'rules-search', 'a key leads to the search')
  await type(page, 'nothing')
  t.match(await until(page, textOf('#rules-body .empty')), /No rule matches/)
  await page.evaluate('document.activeElement.select()')
  await type(page, 'CART shop.yaml')
  t.match(await until(page, textOf('#rules-body table')), /shop/)
  await end(t, [page], /422/)
})

t.test('it explains as the gateway does', async t => {
  const { admin, face } = await serve(t)
  const page = await browser.newPage(`${admin}/#explain`)
  await until(page, isSeen('#question'))
  await page.send('Page.bringToFront')
  const questions = [
    { origin: 'https://shop.example.com', url: 'http://api.example.com/cart/1' },
    { origin: 'https://shop.example.com', url: 'https://api.example.com/cart/1', method: 'PUT', headers: ['content-type: application/json'], credentials: 'include' },
    { origin: 'https://shop.example.com', url: 'https://api.example.com/cart/1', method: 'DELETE' },
    { origin: 'http://shop.example.com', url: 'https://api.example.com/cart/1' },
    { origin: 'null', url: 'https://api.example.com/elsewhere' },
    { origin: 'https://shop.example.com', url: 'wss://api.example.com/cart/1' }
  ] as const
  for (const { origin, url, ...rest } of questions) {
    const { method = 'GET', headers = [], credentials = 'same-origin' } = rest as { method?: string, headers?: readonly string[], credentials?: 'include' | 'same-origin' }
    for (const [name, value] of Object.entries({ origin, url, method, headers: headers.join('\n') })) {
      await page.evaluate(`(field => { field.focus(); field.value = '' })(document.forms.question.elements[${JSON.stringify(name)}])`)
      await type(page, value)
    }
    await page.evaluate(`document.forms.question.elements.credentials.value = ${JSON.stringify(credentials)}; document.querySelector('#answer').replaceChildren()`)
    await click(page, '#question button')
    const { outcome, reason, rule, steps, nearest } = face.explain({
      origin, url, method, credentials, headers: headers.map(header => header.split(': ') as [string, string])
    })
    t.match(await until(page, textOf('#answer .verdict')), new RegExp(`^${outcome}: ${reason}${rule === null ? '' : `\\s+decided by rule ${rule.name} at ${rule.file}:${rule.line} `}`))
    t.same(await page.evaluate(`[...document.querySelectorAll('#answer .steps li')].map(li => [li.className, li.innerText.replace(/^\\S\\s*(?:not )?ok:\\s*/, '')])`),
      steps.map(({ step, ok, detail }) => [ok ? 'ok' : 'no', `${step} ${detail}`]))
    const near = String(await page.evaluate('document.querySelector("#answer .nearest")?.innerText ?? ""'))
    for (const { text, file, line } of nearest) t.ok(near.includes(text) && near.includes(`${file}:${line}`), text)
  }

  const link = String(await page.evaluate('location.href'))
  const other = await browser.newPage(link)
  t.match(await until(other, textOf('#answer .verdict')), /readable: allowed/, 'the address alone asks the same again')
  t.equal(await other.evaluate('document.forms.question.elements.url.value'), 'wss://api.example.com/cart/1')

  const wrong = await browser.newPage(`${admin}/#explain?origin=x&url=nowhere`)
  t.match(await until(wrong, textOf('#answer .notice')), /not an absolute URL/, 'what cannot be asked is told')
  await end(t, [page, other])
  await end(t, [wrong], /400/)
})

t.test('a denial is one click away from its explanation', async t => {
  const { admin, url, face } = await serve(t)
  const page = await browser.newPage(`${admin}/#denials`)
  t.match(await until(page, textOf('#denials-body .empty')), /No denial yet/)
  await until(page, `${textOf('#stream')}.startsWith('live')`)
  for (let i = 0; i < 3; i++) await send(url, `/cart/${i}?secret=1`, { origin: 'https://evil.example' })
  await send(url, '/elsewhere', { origin: 'https://evil.example' })
  await send(url, '/cart/7', { origin: 'https://shop.example.com', 'access-control-request-method': 'DELETE' }, 'OPTIONS')
  await until(page, 'document.querySelectorAll("#denials-body tbody tr").length === 3')
  const rows = await page.evaluate('[...document.querySelectorAll("#denials-body tbody tr")].map(row => [...row.cells].map(cell => cell.innerText))') as string[][]
  const host = new URL(url).host
  t.same(rows.map(([count,, ...rest]) => [count, ...rest.map(text => text.replaceAll(/\s+/g, ' '))]), [
    ['1', '/cart/*', 'https://shop.example.com', 'method-not-allowed by shop', `preflight for DELETE ${host}/cart/7`, 'Explain this denial'],
    ['1', 'no policy', 'https://evil.example', 'no-policy', `GET ${host}/elsewhere`, 'Explain this denial'],
    ['3', '/cart/*', 'https://evil.example', 'origin-not-allowed', `GET ${host}/cart/2`, 'Explain this denial']
  ])
  await click(page, '#denials-body tbody tr:nth-child(3) a')
  const { reason } = face.explain({ origin: 'https://evil.example', url: `${url}/cart/2` })
  t.equal(await until(page, textOf('#answer .verdict')), `blocked: ${reason}\n\non route /cart/*`)
  t.equal(await page.evaluate('document.forms.question.elements.url.value'), `${url}/cart/2`)
  t.equal(await page.evaluate(isSeen('#view-explain')), true)

  const later = await browser.newPage(`${admin}/#denials`)
  await until(later, 'document.querySelectorAll("#denials-body tbody tr").length === 3')
  await end(t, [page, later])
})

t.test('it says when the gateway is gone, and goes on when it is back', async t => {
  const { admin, url } = await serve(t)
  const relay = await startRelay(t, admin)
  const page = await browser.newPage(`${relay.url}/#denials`)
  await until(page, `${textOf('#stream')}.startsWith('live')`)
  await send(url, '/cart/1', { origin: 'https://evil.example' })
  await until(page, `${textOf('#stream')} === 'live, 1 denial'`)

  relay.cut()
  t.match(await until(page, textOf('#failure')), /does not answer\. What is shown is the last/)
  t.equal(await page.evaluate(textOf('#state')), 'no answer')
  await until(page, `${textOf('#stream')}.includes('broke off')`)
  await send(url, '/cart/2', { origin: 'https://evil.example' })
  relay.mend()
  await until(page, `${textOf('#stream')} === 'live, 2 denials'`)
  t.equal(await page.evaluate(textOf('#denials-body tbody td')), '2', 'what came meanwhile is told, and nothing twice')
  await until(page, `!${isSeen('#failure')} && ${textOf('#state')} === 'ok'`)
  await end(t, [page], /net::ERR_/)
})

t.test('nothing that a request brings can act', async t => {
  const { admin, url } = await serve(t)
  const page = await browser.newPage(`${admin}/#denials`)
  await page.evaluate('window.alert = () => { window.owned = true }; null')
  const hostile = [
    '<img src=x onerror=alert(1)>', '"><script>alert(1)</script>', 'javascript:alert(1)', '<svg onload=alert(1)>',
    Buffer.from('https://\u202egro.elpmaxe.live\u2066').toString('latin1'), `https://${'a'.repeat(6000)}.example`, 'https://evil.example\t"\'`${alert(1)}'
  ]
  for (const origin of hostile) await send(url, '/cart/<img/src=x/onerror=alert(1)>', { origin })
  await until(page, `document.querySelectorAll('#denials-body tbody tr').length === ${hostile.length}`)
  const isInert = `[...document.querySelectorAll('#content img, #content script, #content svg, #content iframe, #content [onerror], #content [onload], a[href^=javascript]')].length === 0 && !window.owned`
  const isNarrow = 'document.documentElement.scrollWidth <= innerWidth'
  t.ok(await page.evaluate(isInert), 'no element comes of it')
  const text = String(await page.evaluate(textOf('#denials-body')))
  for (const origin of hostile.slice(0, 4)) t.ok(text.includes(origin), `shown as it is: ${origin}`)
  t.notMatch(text, /[\u202a-\u202e\u2066-\u2069\0-\x08\x0b-\x1f]/, 'no mark that turns the line around')
  for (const width of [1280, 390]) {
    await page.send('Emulation.setDeviceMetricsOverride', { width, height: 800, deviceScaleFactor: 1, mobile: false })
    t.ok(await page.evaluate(isNarrow), `nothing sticks out at a width of ${width}`)
  }
  for (let i = 1; i <= hostile.length; i++) {
    await page.evaluate(`document.querySelector('#answer').replaceChildren(); location.hash = '#denials'`)
    await until(page, isSeen('#denials-body'))
    await page.evaluate(`document.querySelector('#denials-body tbody tr:nth-child(${i}) a').click()`)
    await until(page, textOf('#answer .verdict'))
    t.ok(await page.evaluate(`${isInert} && ${isNarrow}`), 'nor of its explanation')
  }

  const link = new URLSearchParams({ origin: '\u202e<img src=x onerror=alert(1)>\0\ud800', url: 'http://x/cart/<script>alert(1)</script>\u2066', method: 'PUT', denied: '<i>' })
  link.append('header', 'x-hostile: <img src=x onerror=alert(1)>\u202e')
  const linked = await browser.newPage(`${admin}/#explain?${link.toString()}`)
  t.match(await until(linked, textOf('#answer .verdict')), /blocked/)
  t.ok(await linked.evaluate(isInert), 'nor of a link')
  t.notMatch(await linked.evaluate(textOf('#answer')), /[\u202a-\u202e\u2066-\u2069\0]/)
  t.match(await linked.evaluate(textOf('#answer')), /\\u\{202e\}<img src=x/)

  const forced = await browser.newPage(admin)
  await t.rejects(forced.evaluate(`document.body.innerHTML = '<b>x</b>'`), /TrustedHTML/, 'even a mistake of the page could not make markup')
  await forced.evaluate(`new Promise(resolve => { const image = new Image(); image.onerror = resolve; image.src = '${url}/cart' })`)
  t.match(forced.violations.join(), /img-src/, 'what the policy forbids is heard of here')
  await forced.close()
  await end(t, [page, linked])
})

t.test('a listener with a token', async t => {
  const token = 'a secret of some length'
  const { admin, url } = await serve(t, token)
  await send(url, '/cart/1', { origin: 'https://evil.example' })
  const link = `${admin}/#explain?origin=https%3A%2F%2Fevil.example&url=http%3A%2F%2Fx%2Fcart%2F1`
  const page = await browser.newPage(link)
  await until(page, isSeen('#login'))
  t.notOk(await page.evaluate(isSeen('#content')))
  t.equal(await page.evaluate('document.activeElement.id'), 'token')
  await page.send('Page.bringToFront')
  await type(page, 'wrong')
  await click(page, '#login button')
  t.match(await until(page, textOf('#login-failure')), /does not accept/)
  await click(page, '#token')
  await type(page, token)
  await click(page, '#login button')
  t.match(await until(page, textOf('#answer .verdict')), /blocked: origin-not-allowed/, 'what the address asks for follows')
  t.notOk(await page.evaluate(isSeen('#login')))
  await page.evaluate(`location.hash = '#denials'`)
  await until(page, 'document.querySelectorAll("#denials-body tbody tr").length === 1')
  t.equal(await page.evaluate(`Object.keys(localStorage).length + document.cookie.length + (document.documentElement.outerHTML.includes('a secret') ? 1 : 0)`), 0)
  await page.open(admin)
  await until(page, `${textOf('#state')} === 'ok'`)
  await click(page, '#forget')
  await until(page, isSeen('#login'))
  await end(t, [page], /401/)
})
