// Request vectors of other CORS libraries, put to the plugin over a real socket and judged by the Fetch standard.
import { readFileSync } from 'node:fs'
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import Fastify from 'fastify'
import t from 'tap'
import corsGateway, { memorySource } from '../../src/index.ts'

interface Vector {
  readonly id: string
  readonly kind: 'actual' | 'preflight' | 'no-origin'
  readonly policy: {
    readonly origins: readonly string[] | null
    readonly methods: readonly string[] | null
    readonly headers: readonly string[] | null
    readonly exposeHeaders: readonly string[] | null
    readonly credentials: boolean
    readonly maxAge: number | null
    readonly passthrough?: boolean
    readonly privateNetwork?: boolean
  }
  readonly before?: { readonly headers: Record<string, string> }
  readonly upstream?: { readonly status: number, readonly headers: Record<string, string> }
  readonly request: { readonly method: string, readonly headers: Record<string, string | string[]> }
  readonly expect: {
    readonly handler: boolean
    readonly headers: Record<string, string | null>
    readonly browser?: { readonly anonymous: Verdict, readonly credentialed: Verdict }
  }
}

type Verdict = 'allow' | 'deny' | 'n/a'

const { cases } = JSON.parse(readFileSync(new URL('../fixtures/peer-vectors.json', import.meta.url), 'utf8')) as { cases: Vector[] }

/** Vectors that the language cannot express, on purpose, or that assert another library's dialect. */
const inexpressible: Readonly<Record<string, string>> = {
  'rs-spec-alloworiginrequestfuncnotmatch': 'the origin is judged by code that sees the request; policies are data'
}

const risks = [
  'any-host-credentials', 'null-origin', 'insecure-origin', 'public-suffix-wildcard', 'any-port-credentials', 'all-headers-credentials', 'loopback-origin'
]

function policyOf ({ policy }: Vector): string {
  const rule = policy.passthrough
    ? { name: 'vector', routes: ['/**'], passthrough: true }
    : {
        name: 'vector',
        routes: ['/**'],
        allowOrigins: policy.origins ?? [],
        ...policy.methods && { allowMethods: policy.methods },
        ...policy.headers && { allowHeaders: policy.headers },
        ...policy.exposeHeaders && { exposeHeaders: policy.exposeHeaders },
        ...policy.credentials && { allowCredentials: true },
        ...policy.maxAge !== null && { maxAge: policy.maxAge },
        ...policy.privateNetwork && { allowPrivateNetwork: true },
        acceptRisks: risks.map(risk => ({ risk, reason: 'the vector asks for it' }))
      }
  // JSON is YAML.
  return JSON.stringify({ version: 1, rules: [rule] })
}

interface Answer { readonly status: number, readonly headers: IncomingHttpHeaders }

function send (port: number, { request }: Vector): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const client = httpRequest({ host: '127.0.0.1', port, path: '/', method: request.method, headers: { ...request.headers, connection: 'close' } }, response => {
      response.resume()
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers }))
    })
    client.on('error', reject)
    client.end()
  })
}

/** Fetch standard, sections 4.9 and 4.10: the CORS check, and for a preflight the methods and header names. */
function judge (vector: Vector, { status, headers }: Answer, mode: 'anonymous' | 'credentialed'): 'allow' | 'deny' {
  const { origin } = vector.request.headers
  const allowed = headers['access-control-allow-origin']
  const passesCheck = mode === 'anonymous' ? allowed === '*' || allowed === origin : allowed === origin && headers['access-control-allow-credentials'] === 'true'
  if (!passesCheck) return 'deny'
  if (vector.kind !== 'preflight') return 'allow'
  const list = (name: string): string[] => String(headers[name] ?? '').split(',').map(each => each.trim()).filter(each => each !== '')
  const method = String(vector.request.headers['access-control-request-method'])
  const methods = list('access-control-allow-methods')
  const star = (names: readonly string[]): boolean => mode === 'anonymous' && names.includes('*')
  if (!methods.includes(method) && !['GET', 'HEAD', 'POST'].includes(method) && !star(methods)) return 'deny'
  const names = list('access-control-allow-headers').map(name => name.toLowerCase())
  const asked = String(vector.request.headers['access-control-request-headers'] ?? '').split(',').map(name => name.trim().toLowerCase()).filter(name => name !== '')
  const granted = (name: string): boolean => names.includes(name) || (star(names) && name !== 'authorization')
  return status >= 200 && status < 300 && asked.every(granted) ? 'allow' : 'deny'
}

t.test('peer vectors', async t => {
  let judged = 0
  for (const vector of cases) {
    if (vector.id in inexpressible) continue
    judged++
    await t.test(vector.id, async t => {
      let handled = false
      const app = Fastify()
      t.teardown(() => app.close())
      await app.register(corsGateway, { policies: memorySource([{ name: 'vector.yaml', text: policyOf(vector) }]), watch: false })
      if (vector.before) app.addHook('onRequest', async (_request, reply) => { reply.headers(vector.before!.headers) })
      app.route({
        method: ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'],
        url: '/*',
        exposeHeadRoute: false,
        handler: async (_request, reply) => {
          handled = true
          return reply.code(vector.upstream?.status ?? 200).headers(vector.upstream?.headers ?? {}).send('handled')
        }
      })
      await app.listen({ host: '127.0.0.1', port: 0 })
      const answer = await send((app.server.address() as AddressInfo).port, vector)
      const { browser } = vector.expect
      if (browser !== undefined && browser.anonymous !== 'n/a') {
        t.equal(judge(vector, answer, 'anonymous'), browser.anonymous, 'a browser without credentials')
        t.equal(judge(vector, answer, 'credentialed'), browser.credentialed, 'a browser with credentials')
      }
      t.equal(handled, vector.expect.handler, 'whether the handler ran')
      if (judge(vector, answer, 'anonymous') === 'deny') {
        for (const [name, value] of Object.entries(vector.expect.headers)) {
          // An origin that is allowed gets the true lists even where its preflight fails, so that a console can name what is missing.
          if (value === null && answer.status !== 204) t.equal(answer.headers[name], undefined, `no ${name} on a denial`)
        }
      }
    })
  }
  t.equal(judged, cases.length - Object.keys(inexpressible).length)
  t.ok(judged >= 105, `${judged} vectors are judged`)
})
