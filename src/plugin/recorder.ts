// Keeps account of decisions: counters, the log's lines about denials, and the `denied` event.
import type { FastifyBaseLogger, FastifyRequest } from 'fastify'
import type { Decision } from '../snapshot/decision.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import type { Emitter } from '../source/emitter.ts'
import { ambiguityFields } from './ambiguity.ts'
import { viewOf, type Exchange } from './exchange.ts'
import { DecisionFeed } from './feed.ts'
import { corsFields, placeOf, RepeatLog, saysDebug, type CorsFields } from './log.ts'
import { DecisionCounters } from './metrics.ts'

/** Counts and tells of decisions. Nothing that a listener or a logger does can disturb a request. */
export class Recorder {
  readonly decisions: DecisionCounters
  /** In observe mode: answers of handlers that differ from what the gateway would have sent. */
  readonly differences: DecisionCounters
  /** For watchers of what is decided. */
  readonly feed: DecisionFeed = new DecisionFeed()
  readonly #log: FastifyBaseLogger
  readonly #listeners: Emitter<{ denied: CorsFields }>
  readonly #denials: RepeatLog
  readonly #differing: RepeatLog
  #hasHinted = false
  #lastDenied: Decision | null = null
  #lastKey = ''

  /** `listeners` hear of every denial. Above `maxRuleLabels` rules the counters no longer tell rules apart. */
  constructor (log: FastifyBaseLogger, listeners: Emitter<{ denied: CorsFields }>, maxRuleLabels: number) {
    this.decisions = new DecisionCounters(maxRuleLabels)
    this.differences = new DecisionCounters(maxRuleLabels)
    this.#log = log
    this.#listeners = listeners
    this.#denials = new RepeatLog(log, 'denials')
    this.#differing = new RepeatLog(log, 'differing answers')
  }

  /** Takes down what a snapshot decided. */
  decided (request: FastifyRequest, exchange: Exchange, snapshot: Snapshot): void {
    this.decisions.count(exchange.decision, snapshot.rules.length)
    if (exchange.decision.outcome === 'denied') this.#denied(request, exchange, snapshot)
    else if (this.feed.hearsAll) this.feed.decided(exchange)
  }

  #denied (request: FastifyRequest, exchange: Exchange, snapshot: Snapshot): void {
    this.feed.denied(exchange)
    if (this.#listeners.hears('denied')) this.#listeners.emit('denied', corsFields(exchange))
    const { kind, reason } = exchange.decision
    if (this.#denials.isFirst(this.#denialKey(exchange.decision), () => viewOf(exchange))) {
      const ambiguity = reason === 'path-ambiguous' && { ambiguity: ambiguityFields(snapshot, exchange) }
      request.log.info({ cors: { ...corsFields(exchange), ...placeOf(exchange), ...ambiguity } }, `${kind} denied: ${reason}`)
    } else if (saysDebug(request.log)) {
      request.log.debug({ cors: corsFields(exchange) }, `${kind} denied: ${reason}`)
    }
    if (!this.#hasHinted && isForwardedOrigin(request, exchange.facts.origin)) {
      this.#hasHinted = true
      this.#log.warn({ cors: corsFields(exchange) }, 'a denied Origin is what X-Forwarded-Proto and X-Forwarded-Host name as this server: ' +
        'behind a proxy that sets them, start Fastify with `trustProxy`, and such requests count as same-origin')
    }
  }

  /** A flood is mostly of one kind, whose key need not be made and hashed again. */
  #denialKey (decision: Decision): string {
    const last = this.#lastDenied
    if (last === null || last.rule !== decision.rule || last.reason !== decision.reason || last.bucket !== decision.bucket) {
      this.#lastKey = keyOf(decision)
    }
    this.#lastDenied = decision
    return this.#lastKey
  }

  /** Takes down that the handler's answer differs, and in what. */
  differed (exchange: Exchange, differences: readonly string[], rules: number): void {
    this.differences.count(exchange.decision, rules)
    const key = `${keyOf(exchange.decision)} ${exchange.decision.kind} ${differences.join()}`
    if (!this.#differing.isFirst(key, () => ({ ...viewOf(exchange), differences }))) return
    this.#log.info({ cors: { ...corsFields(exchange), differences } },
      `observed: the answer's ${differences.join(', ')} would have been different (${exchange.decision.reason})`)
  }

  /** Logs what is still only counted, and ends the timers. */
  close (): void {
    for (const repeats of [this.#denials, this.#differing]) {
      repeats.flush()
      repeats.stop()
    }
  }
}

/** Of words of the policy set only, so that requests cannot make up keys. */
function keyOf ({ rule, reason, bucket }: Decision): string {
  return `${rule?.name ?? ''} ${reason} ${bucket?.host ?? ''} ${bucket?.route ?? ''}`
}

/** Whether an origin is what a proxy in front says this server is called, while Fastify trusts no proxy. */
function isForwardedOrigin (request: FastifyRequest, origin: string | undefined): boolean {
  const { 'x-forwarded-host': host, 'x-forwarded-proto': proto } = request.raw.headers
  // Fastify fills `ips` under `trustProxy` alone.
  if (typeof host !== 'string' || typeof proto !== 'string' || request.ips !== undefined) return false
  return origin === `${lastOf(proto)}://${lastOf(host)}`
}

function lastOf (list: string): string {
  return list.slice(list.lastIndexOf(',') + 1).trim()
}
