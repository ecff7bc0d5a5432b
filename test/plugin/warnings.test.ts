// What the start says of hooks and of @fastify/cors beside the gateway, each held to what a real server then does.
import fastifyCors, { type FastifyCorsOptions } from '@fastify/cors'
import Fastify, { type FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import corsGateway, { memorySource, type CorsGatewayOptions } from '../../src/index.ts'
import { evil, shop, type Lines } from './cases.ts'
import { levels, linesOf, type LogLine } from './lines.ts'
import { corsHeaders, listen, request } from './wire.ts'

const text = `version: 1\nrules:\n  - name: shop\n    routes: [/shop/**]\n    allowOrigins: ["${shop}"]\n`

type Step = (app: FastifyInstance) => unknown
const gateway = (options: Partial<CorsGatewayOptions> = {}): Step => app =>
  app.register(corsGateway, { policies: memorySource([{ name: 'shop.yaml', text }]), ...options })
const cors = (options: FastifyCorsOptions = {}): Step => app =>
  app.register(fastifyCors, { origin: true, methods: ['GET', 'DELETE'], ...options })
const guard: Step = app => app.addHook('onRequest', async function guard (request, reply) {
  if (request.headers['authorization'] === undefined) return reply.code(401).header('access-control-allow-origin', '*').send('who?')
})
const quiet: Step = app => app.addHook('onRequest', async () => {})

interface Case {
  readonly steps: readonly Step[]
  /** What is said at the levels of warnings and of information, beside the policies themselves. */
  readonly warned?: readonly RegExp[]
  readonly informed?: readonly RegExp[]
  /** The status and the allowed origin of a preflight of an evil page for DELETE, and whether a decision was taken down. */
  readonly preflight: readonly [status: number, origin: string | undefined, isDecided: boolean]
  /** The allowed origin of the same page's GET. */
  readonly actual: string | undefined
}

const observe = { mode: 'observe' } as const
const hooksSaid = /: guard; what .* answers itself, a preflight for one, is answered without any policy; register \S+ first$/
const hooksObserved = /: guard; what .* answers itself, a preflight for one, is not observed; register \S+ first$/
const corsFirst = /^@fastify\/cors was registered before .* preflights that it answers never reach a policy; .* take it out, or .* first$/
const corsFirstObserved = /^@fastify\/cors was registered before .* are not observed; nothing is removed .* register \S+ first$/
const corsLater = /^@fastify\/cors is registered too: on managed paths its headers are removed;/
const corsLaterObserved = /^@fastify\/cors is registered too: it answers as before, and nothing is removed/

const cases: Readonly<Record<string, Case>> = {
  'the gateway alone': { steps: [gateway()], preflight: [403, undefined, true], actual: undefined },
  'a hook first': { steps: [guard, gateway()], warned: [hooksSaid], preflight: [401, '*', false], actual: '*' },
  'a hook first, observed': { steps: [guard, gateway(observe)], warned: [hooksObserved], preflight: [401, '*', false], actual: '*' },
  'a hook later': { steps: [gateway(), guard], preflight: [403, undefined, true], actual: undefined },
  '@fastify/cors first': { steps: [cors(), gateway()], warned: [corsFirst], preflight: [204, evil, false], actual: undefined },
  '@fastify/cors first, by a delegator': {
    steps: [cors({ delegator: (_request, callback) => { callback(null, { origin: true }) } }), gateway()],
    warned: [corsFirst], preflight: [204, evil, false], actual: undefined
  },
  '@fastify/cors first, observed': {
    steps: [cors(), gateway(observe)], warned: [corsFirstObserved], preflight: [204, evil, false], actual: evil
  },
  '@fastify/cors and a hook first': {
    steps: [cors(), guard, gateway()], warned: [hooksSaid, corsFirst], preflight: [204, evil, false], actual: '*'
  },
  '@fastify/cors first, but by a later hook': {
    steps: [cors({ hook: 'preHandler' }), gateway()], warned: [corsLater], preflight: [403, undefined, true], actual: undefined
  },
  '@fastify/cors first by a later hook, and another hook first': {
    steps: [quiet, cors({ hook: 'preHandler' }), gateway()], warned: [/: anonymous; what such a hook/, corsLater],
    preflight: [403, undefined, true], actual: undefined
  },
  '@fastify/cors later': { steps: [gateway(), cors()], warned: [corsLater], preflight: [403, undefined, true], actual: undefined },
  '@fastify/cors later, observed': {
    steps: [gateway(observe), cors()], informed: [corsLaterObserved], preflight: [204, evil, true], actual: evil
  }
}

const preflight: Lines = [['Origin', evil], ['Access-Control-Request-Method', 'DELETE']]

async function started (t: Test, steps: readonly Step[]): Promise<{ app: FastifyInstance, port: number, lines: LogLine[] }> {
  const { logger, lines } = linesOf()
  const app = Fastify({ logger: logger! })
  t.teardown(() => app.close())
  for (const step of steps) await step(app)
  app.get('/shop/x', async () => 'x')
  return { app, port: await listen(app), lines }
}

t.test('what is said is what happens', async t => {
  for (const [name, { steps, warned = [], informed = [], preflight: [status, origin, isDecided], actual }] of Object.entries(cases)) {
    const { app, port, lines } = await started(t, steps)
    const said = (level: number): string[] => lines.filter(line => line.level === level).map(({ msg }) => msg)
      .filter(msg => !/^(1 rule on|Server listening|observed)/.test(msg))
    t.match(said(levels.warn), warned, name)
    t.equal(said(levels.warn).length, warned.length, name)
    t.match(said(levels.info), informed, name)
    t.equal(said(levels.info).length, informed.length, name)
    const answer = await request(port, 'OPTIONS', '/shop/x', preflight)
    t.strictSame([answer.status, answer.headers['access-control-allow-origin']], [status, origin], `${name}: preflight`)
    t.equal(/^cors_gateway_decisions_total\{kind="preflight".* 1$/m.test(app.corsGateway.metrics()), isDecided, `${name}: decided`)
    const { headers } = await request(port, 'GET', '/shop/x', [['Origin', evil]])
    t.equal(corsHeaders(headers)['access-control-allow-origin'], actual, `${name}: actual request`)
  }
})

t.test('@fastify/cors has its paths where the gateway passes them', async t => {
  const { port } = await started(t, [gateway({ unmatched: 'passthrough' }), cors({ credentials: true })])
  t.strictSame(corsHeaders((await request(port, 'GET', '/shop/x', [['Origin', evil]])).headers), {}, 'managed')
  t.equal((await request(port, 'GET', '/free', [['Origin', evil]])).headers['access-control-allow-origin'], evil, 'untouched')
})

t.test('@fastify/cors at the root comes before a gateway of a context', async t => {
  const inContext: Step = app => app.register(async child => { await gateway()(child) }, { prefix: '/shop' })
  const { port, lines } = await started(t, [cors(), inContext])
  t.match(lines.filter(({ level }) => level === levels.warn), [{ msg: corsFirst }])
  t.match(await request(port, 'OPTIONS', '/shop/x', preflight), { status: 204, headers: { 'access-control-allow-origin': evil } })
})
