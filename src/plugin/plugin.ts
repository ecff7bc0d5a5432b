// The Fastify plugin: keeps the policies, decides every request, and owns the CORS headers of its answers.
import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import fp from 'fastify-plugin'
import { directorySource } from '../source/directory.ts'
import { Emitter } from '../source/emitter.ts'
import { createKeeper, PolicyError, type Keeper } from '../source/keeper.ts'
import { earlierIn, prepareContext, reportNeighbours, type Earlier } from './context.ts'
import { DebugSwitch } from './debug-switch.ts'
import { policyError } from './errors.ts'
import { exchangeOf, viewOf, type RequestCors } from './exchange.ts'
import { rememberHook } from './framework-errors.ts'
import { makeHandle, type CorsGateway } from './handle.ts'
import { enforcingHook, observingHook } from './hook.ts'
import { rememberInternals } from './internals.ts'
import type { CorsFields } from './log.ts'
import { resolveOptions, type CorsGatewayOptions, type ResolvedOptions } from './options.ts'
import { Recorder } from './recorder.ts'
import { describe, reportPolicies } from './report.ts'
import { openShadow, shadowingHook, type Shadow } from './shadow.ts'

export type { CorsGateway, CorsGatewayOptions, RequestCors }

declare module 'fastify' {
  interface FastifyInstance {
    /** The running gateway. */
    readonly corsGateway: CorsGateway
  }
  interface FastifyRequest {
    /** What was decided about this request; null before, and where no gateway decides. */
    readonly cors: RequestCors | null
  }
}

const register: FastifyPluginAsync<CorsGatewayOptions> = async function corsGateway (instance, given) {
  const options = resolveOptions(given, instance)
  prepareContext(instance)
  const earlier = earlierIn(instance)
  const debug = new DebugSwitch(options.debug)
  const keeper = await openKeeper(options, debug, instance)
  instance.addHook('onClose', () => keeper.close())

  const denials = new Emitter<{ denied: CorsFields }>(err => { instance.log.error({ err }, 'a listener of corsGateway failed') })
  const recorder = new Recorder(instance.log, denials, options.maxRuleLabels)
  instance.addHook('onClose', async () => {
    recorder.close()
    debug.stop()
  })
  reportPolicies(instance, keeper)

  const shadow = await openCandidate(options, keeper, instance)
  if (shadow !== null) instance.addHook('onClose', () => shadow.close())

  instance.decorate('corsGateway', makeHandle({ keeper, recorder, denials, shadow, maxRuleLabels: options.maxRuleLabels }))
  rememberInternals(instance.corsGateway, { snapshot: () => keeper.current, feed: recorder.feed, debug })
  instance.decorateRequest('cors', { getter () { return corsOf(this) } })
  const decidingHook = options.mode === 'observe' ? observingHook(keeper, recorder) : enforcingHook(keeper, recorder, debug)
  const hook = shadow === null ? decidingHook : shadowingHook(decidingHook, keeper, shadow)
  rememberHook(instance, hook)
  instance.addHook('onRequest', hook)
  instance.addHook('onReady', async () => { reportStart(instance, keeper, options, earlier) })
}

function corsOf (request: Parameters<typeof exchangeOf>[0]): RequestCors | null {
  const exchange = exchangeOf(request)
  return exchange === undefined ? null : viewOf(exchange)
}

async function openKeeper (options: ResolvedOptions, debugSwitch: DebugSwitch, instance: FastifyInstance): Promise<Keeper> {
  const { policies, watch, reload, minKept, mode, maxRuleLabels, unmatched, pathReadings, router, allowEmpty, lastKnownGood } = options
  const warn = (message: string): void => { instance.log.warn(message) }
  try {
    return await createKeeper({
      source: 'read' in policies ? policies : directorySource(policies, { warn }),
      build: { unmatched, pathReadings, router, allowEmpty },
      watch,
      reload,
      minKept,
      ...lastKnownGood !== null && { lastKnownGood },
      // The status copies them each time that it is asked for.
      settings: { mode, get debug () { return debugSwitch.isOn }, maxRuleLabels },
      warn
    })
  } catch (error) {
    if (error instanceof PolicyError) throw policyError(error.message, error.diagnostics, error)
    throw policyError(`the policies cannot be read: ${error instanceof Error ? error.message : String(error)}`, [], error)
  }
}

async function openCandidate (options: ResolvedOptions, keeper: Keeper, instance: FastifyInstance): Promise<Shadow | null> {
  const { shadow, watch, reload, maxRuleLabels, unmatched, pathReadings, router, allowEmpty } = options
  if (shadow === null) return null
  const warn = (message: string): void => { instance.log.warn(message) }
  const source = 'read' in shadow ? shadow : directorySource(shadow, { warn })
  const build = { unmatched, pathReadings, router, allowEmpty }
  return openShadow(source, keeper, instance.log, { build, watch, reload, maxRuleLabels, warn })
}

function reportStart (instance: FastifyInstance, keeper: Keeper, { mode }: ResolvedOptions, earlier: Earlier): void {
  const { log } = instance
  const { generation, revision } = keeper.current
  const { diagnostics } = keeper.status().lastAttempt
  log.info({ generation, revision, ...diagnostics.length > 0 && { diagnostics } }, describe(keeper.current, mode))
  reportNeighbours(instance, earlier, mode)
}

/**
 * The plugin. Register it first, at the root or in a context with a prefix of its own. Fails with a code that starts
 * with `FST_CORS_GATEWAY_` for unknown or invalid options, in a place where it can't work, and for policies that are
 * invalid or can't be read: then with every finding.
 */
export const corsGateway: FastifyPluginAsync<CorsGatewayOptions> = fp(register, { fastify: '5.x', name: 'fastify-cors-gateway' })

export default corsGateway
