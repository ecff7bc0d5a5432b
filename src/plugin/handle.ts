// What the host holds in its hands: `app.corsGateway`.
import type { FastifyRequest } from 'fastify'
import type { PageRequest } from '../inspect/browser.ts'
import { explain, type Explanation } from '../inspect/explain.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import type { Emitter } from '../source/emitter.ts'
import type { Keeper, KeeperEvents, ReloadResult, Status } from '../source/keeper.ts'
import type { CorsFields } from './log.ts'
import { DurationHistogram, family, sample } from './metrics.ts'
import { questionOf } from './question.ts'
import type { Recorder } from './recorder.ts'
import type { Shadow, ShadowDifference, ShadowStatus } from './shadow.ts'

/** The events of a gateway and what each tells. */
export interface CorsGatewayEvents {
  /** A new set came into force. */
  reload: KeeperEvents['reload']
  /** A set was not used; the one before stays. Told once a set. */
  rejected: KeeperEvents['rejected']
  /** The same set, as rules of it start or end. */
  window: KeeperEvents['window']
  /** A request was denied. Values of the request are cut and escaped. */
  denied: CorsFields
  /** The candidate of the option `shadow` would have answered a request otherwise. Values of the request are cut and escaped. */
  shadow: ShadowDifference
}

/** The running gateway of an application or of a part of it. */
export interface CorsGateway {
  /** The snapshot that decides now, in short. */
  readonly snapshot: { readonly generation: number, readonly revision: string, readonly rules: number }
  /** What runs since when, what was tried last, what was rejected and why; and what is known of a candidate, where there is one. */
  status (): Status & { readonly shadow?: ShadowStatus }
  /** Decisions and the state of the policies as Prometheus text (format 0.0.4). */
  metrics (): string
  /**
   * Reads the policies; resolves when their present state was read, and in force if it is valid. Never rejects.
   * `accept` is the revision of a set that may keep less than `minKept`. A candidate is read again as well.
   */
  reload (options?: { readonly accept?: string }): Promise<ReloadResult>
  /**
   * What a browser would do with a page's request, step by step, and which line decided: for a request as a page makes
   * it, or for one that arrived. Slow, for people.
   * @throws {TypeError} where the URL is not an absolute http, https, ws or wss URL.
   * @throws {Error} where the two evaluators differ: an explanation of what doesn't happen is never given.
   */
  explain (request: PageRequest | FastifyRequest): Explanation
  /** Adds a listener; the function that it gives back removes it. What a listener throws is logged and harms nothing. */
  on<Name extends keyof CorsGatewayEvents> (event: Name, listener: (payload: CorsGatewayEvents[Name]) => void): () => void
}

/** What the gateway is put together from. */
export interface HandleParts {
  readonly keeper: Keeper
  readonly recorder: Recorder
  readonly denials: Emitter<{ denied: CorsFields }>
  /** The candidate, if there is one. */
  readonly shadow: Shadow | null
  /** Above this many rules the `rule` label is `_`. */
  readonly maxRuleLabels: number
}

/** Puts the host's handle together. */
export function makeHandle ({ keeper, recorder, denials, shadow, maxRuleLabels }: HandleParts): CorsGateway {
  const durations = new DurationHistogram()
  keeper.on('reload', ({ milliseconds }) => { durations.observe(milliseconds / 1000) })
  return Object.freeze<CorsGateway>({
    get snapshot () {
      const { generation, revision, rules } = keeper.current
      return { generation, revision, rules: rules.length }
    },
    status: () => shadow === null ? keeper.status() : { ...keeper.status(), shadow: shadow.status() },
    metrics: () => [metricsText(keeper, recorder, durations, maxRuleLabels), ...shadow?.metrics() ?? []].join(''),
    reload: async options => {
      const [result] = await Promise.all([keeper.reload(options), shadow?.reload()])
      return result
    },
    explain: request => explain(keeper.current, 'raw' in request ? questionOf(request) : request),
    on (event, listener) {
      if (event === 'denied') return denials.on('denied', listener as (payload: CorsFields) => void)
      if (event === 'shadow') return shadow?.on(listener as (payload: ShadowDifference) => void) ?? (() => {})
      return keeper.on(event, listener as (payload: unknown) => void)
    }
  })
}

function metricsText (keeper: Keeper, recorder: Recorder, durations: DurationHistogram, maxRuleLabels: number): string {
  const status = keeper.status()
  return [
    family('cors_gateway_decisions_total', 'counter', 'Requests decided.', recorder.decisions.samplesOf('cors_gateway_decisions_total')),
    family('cors_gateway_observed_differences_total', 'counter', 'Answers that would have been different (observe mode).',
      recorder.differences.samplesOf('cors_gateway_observed_differences_total')),
    ...gauges(status),
    family('cors_gateway_policy_reload_duration_seconds', 'histogram', 'Time to read and build a set that came into force.',
      durations.samplesOf('cors_gateway_policy_reload_duration_seconds')),
    family('cors_gateway_rule_expires_timestamp_seconds', 'gauge', 'When a rule ends; for the rule _, when the next one does.',
      expirySamples(keeper.current.rules, Date.now(), maxRuleLabels))
  ].join('')
}

/** One sample a rule that ends; with too many rules for that, the soonest end that is still to come. */
function expirySamples (rules: Snapshot['rules'], now: number, maxRuleLabels: number): string[] {
  const metric = 'cors_gateway_rule_expires_timestamp_seconds'
  const ending = rules.filter(({ source }) => source.expires !== null)
  if (rules.length <= maxRuleLabels) return ending.map(({ name, source }) => sample(metric, { rule: name }, source.expires! / 1000))
  const next = ending.reduce((soonest, { source: { expires } }) => expires! > now && expires! < soonest ? expires! : soonest, Infinity)
  return next === Infinity ? [] : [sample(metric, { rule: '_' }, next / 1000)]
}

function gauges (status: Status): string[] {
  const gauge = (name: string, help: string, value: number, labels: Readonly<Record<string, string>> = {}): string =>
    family(`cors_gateway_policy_${name}`, 'gauge', help, [sample(`cors_gateway_policy_${name}`, labels, value)])
  return [
    gauge('generation', 'The generation of the set in force.', status.generation),
    ...status.published === null ? [] : [
      gauge('published_generation', 'The generation of the set in force as its publisher counts, the same at all gateways.', status.published.generation)
    ],
    gauge('info', 'The revision of the set in force.', 1, { revision: status.revision }),
    gauge('rules', 'The number of rules in force.', status.rules),
    gauge('last_reload_successful', 'Whether the last reading was a valid set.', status.lastAttempt.ok ? 1 : 0),
    gauge('last_reload_success_timestamp_seconds', 'When the set in force was loaded.', Date.parse(status.loadedAt) / 1000),
    ...status.rejected === null ? [] : [
      gauge('rejected_since_timestamp_seconds', 'Since when what is there is not used.', Date.parse(status.rejected.since) / 1000)
    ]
  ]
}
