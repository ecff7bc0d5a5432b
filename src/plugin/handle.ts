// What the host holds in its hands: `app.corsGateway`.
import type { FastifyRequest } from 'fastify'
import type { PageRequest } from '../inspect/browser.ts'
import { explain, type Explanation } from '../inspect/explain.ts'
import type { Emitter } from '../source/emitter.ts'
import type { Keeper, KeeperEvents, ReloadResult, Status } from '../source/keeper.ts'
import type { CorsFields } from './log.ts'
import { DurationHistogram, family, sample } from './metrics.ts'
import { questionOf } from './question.ts'
import type { Recorder } from './recorder.ts'

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
}

/** The running gateway of an application or of a part of it. */
export interface CorsGateway {
  /** The snapshot that decides now, in short. */
  readonly snapshot: { readonly generation: number, readonly revision: string, readonly rules: number }
  /** What runs since when, what was tried last, what was rejected and why. */
  status (): Status
  /** Decisions and the state of the policies as Prometheus text (format 0.0.4). */
  metrics (): string
  /**
   * Reads the policies; resolves when their present state was read, and in force if it is valid. Never rejects.
   * `accept` is the revision of a set that may keep less than `minKept`.
   */
  reload (options?: { readonly accept?: string }): Promise<ReloadResult>
  /**
   * What a browser would do with a page's request, step by step, and which line decided: for a request as a page makes
   * it, or for one that arrived. Slow, for people.
   * @throws {TypeError} where the URL is not an absolute http, https, ws or wss URL.
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
}

/** Puts the host's handle together. */
export function makeHandle ({ keeper, recorder, denials }: HandleParts): CorsGateway {
  const durations = new DurationHistogram()
  keeper.on('reload', ({ milliseconds }) => { durations.observe(milliseconds / 1000) })
  return Object.freeze<CorsGateway>({
    get snapshot () {
      const { generation, revision, rules } = keeper.current
      return { generation, revision, rules: rules.length }
    },
    status: () => keeper.status(),
    metrics: () => metricsText(keeper, recorder, durations),
    reload: options => keeper.reload(options),
    explain: request => explain(keeper.current, 'raw' in request ? questionOf(request) : request),
    on (event, listener) {
      return event === 'denied'
        ? denials.on('denied', listener as (payload: CorsFields) => void)
        : keeper.on(event, listener as (payload: unknown) => void)
    }
  })
}

function metricsText (keeper: Keeper, recorder: Recorder, durations: DurationHistogram): string {
  const status = keeper.status()
  const { rules } = keeper.current
  return [
    family('cors_gateway_decisions_total', 'counter', 'Requests decided.', recorder.decisions.samplesOf('cors_gateway_decisions_total')),
    family('cors_gateway_observed_differences_total', 'counter', 'Answers that would have been different (observe mode).',
      recorder.differences.samplesOf('cors_gateway_observed_differences_total')),
    ...gauges(status),
    family('cors_gateway_policy_reload_duration_seconds', 'histogram', 'Time to read and build a set that came into force.',
      durations.samplesOf('cors_gateway_policy_reload_duration_seconds')),
    family('cors_gateway_rule_expires_timestamp_seconds', 'gauge', 'When a rule ends.', rules
      .filter(({ source }) => source.expires !== null)
      .slice(0, 1000)
      .map(({ name, source }) => sample('cors_gateway_rule_expires_timestamp_seconds', { rule: name }, source.expires! / 1000)))
  ].join('')
}

function gauges (status: Status): string[] {
  const gauge = (name: string, help: string, value: number, labels: Readonly<Record<string, string>> = {}): string =>
    family(`cors_gateway_policy_${name}`, 'gauge', help, [sample(`cors_gateway_policy_${name}`, labels, value)])
  return [
    gauge('generation', 'The generation of the set in force.', status.generation),
    gauge('info', 'The revision of the set in force.', 1, { revision: status.revision }),
    gauge('rules', 'The number of rules in force.', status.rules),
    gauge('last_reload_successful', 'Whether the last reading was a valid set.', status.lastAttempt.ok ? 1 : 0),
    gauge('last_reload_success_timestamp_seconds', 'When the set in force was loaded.', Date.parse(status.loadedAt) / 1000),
    ...status.rejected === null ? [] : [
      gauge('rejected_since_timestamp_seconds', 'Since when what is there is not used.', Date.parse(status.rejected.since) / 1000)
    ]
  ]
}
