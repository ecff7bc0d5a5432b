// Decisions as they are made, for whoever watches a gateway at work, and the last denials for who comes later.
import type { Exchange } from './exchange.ts'
import { clipValue, corsFields, placeOf, showValue, type CorsFields, type Decided } from './log.ts'

/** What a watcher is told of one decision. Values of the request are cut and escaped. */
export interface DecisionEvent extends CorsFields {
  /** Rises with each denial, over restarts too; null for what is no denial. */
  readonly id: number | null
  /** Epoch milliseconds. */
  readonly at: number
  /** The host that the request was for. */
  readonly host: string
  /** Without the query, which may hold secrets. */
  readonly path: string
  readonly scheme: string
  /** `Access-Control-Request-Headers` of a preflight, or null. */
  readonly requestedHeaders: string | null
}

/** Somebody who watches. */
export interface Watcher {
  /** Whether decisions that are no denials are wanted too. */
  readonly hearsAll: boolean
  /** Asked before each event is made; whoever has no room counts what it misses. */
  wants (isDenial: boolean): boolean
  take (event: DecisionEvent): void
}

/** So many denials are kept. */
export const maxRecent = 100

/** Tells watchers of decisions. Its memory is a ring of fixed size: nothing is kept under a key. */
export class DecisionFeed {
  /** Whether anybody wants to hear of decisions that are no denials: one look for each request. */
  hearsAll: boolean = false
  readonly #watchers = new Set<Watcher>()
  /** Shown in words when somebody asks for them: in a flood of denials mostly nobody does. */
  readonly #recent: Denial[] = []
  #denials = 0
  readonly #firstId = Date.now() * 1000

  /** Adds a watcher; the function that it gives back removes it. */
  watch (watcher: Watcher): () => void {
    this.#watchers.add(watcher)
    this.#look()
    return () => {
      this.#watchers.delete(watcher)
      this.#look()
    }
  }

  #look (): void {
    this.hearsAll = [...this.#watchers].some(watcher => watcher.hearsAll)
  }

  /** The last denials, oldest first. */
  recent (): readonly DecisionEvent[] {
    const next = this.#denials % maxRecent
    return [...this.#recent.slice(next), ...this.#recent.slice(0, next)].map(({ decided, id, at }) => eventOf(decided, id, at))
  }

  /** Tells of a denial. */
  denied (exchange: Exchange): void {
    const denial = { decided: slim(exchange), id: this.#firstId + this.#denials, at: Date.now() }
    this.#recent[this.#denials++ % maxRecent] = denial
    let event: DecisionEvent | null = null
    for (const watcher of this.#watchers) if (watcher.wants(true)) watcher.take(event ??= eventOf(denial.decided, denial.id, denial.at))
  }

  /** Tells of a decision that is no denial. */
  decided (exchange: Exchange): void {
    let event: DecisionEvent | null = null
    for (const watcher of this.#watchers) {
      if (watcher.hearsAll && watcher.wants(false)) watcher.take(event ??= eventOf(exchange, null, Date.now()))
    }
  }
}

interface Denial {
  readonly decided: Decided
  readonly id: number
  /** Epoch milliseconds. */
  readonly at: number
}

/**
 * What is kept must not keep the snapshot that decided, of which there may have been a hundred since, nor long values: a
 * hundred requests of 16 KB are megabytes that every collection would copy.
 */
function slim ({ decision: { kind, outcome, reason, rule, bucket }, facts, generation }: Exchange): Decided {
  const { method, target, host, scheme, origin, requestedMethod, requestedHeaders } = facts
  return {
    decision: { kind, outcome, reason, rule: rule && { name: rule.name }, bucket: bucket && { route: bucket.route } },
    facts: {
      method,
      target: clipValue(target),
      host: clipValue(host),
      scheme,
      origin: origin && clipValue(origin),
      requestedMethod: requestedMethod && clipValue(requestedMethod),
      requestedHeaders: requestedHeaders && clipValue(requestedHeaders)
    },
    generation
  }
}

function eventOf (decided: Decided, id: number | null, at: number): DecisionEvent {
  const { decision, facts: { scheme, requestedHeaders } } = decided
  return {
    id,
    at,
    ...corsFields(decided),
    ...placeOf(decided),
    scheme,
    requestedHeaders: decision.kind !== 'preflight' || requestedHeaders === undefined ? null : showValue(requestedHeaders)
  }
}
