// A candidate set, decided beside the one in force for the requests that really come: counted and shown, never enforced.
import type { FastifyBaseLogger, FastifyRequest, onRequestHookHandler } from 'fastify'
import { counted } from '../diagnostic/counted.ts'
import type { Diagnostic } from '../diagnostic/diagnostic.ts'
import { renderPretty } from '../diagnostic/render.ts'
import { decide } from '../snapshot/decide.ts'
import { headersFor } from '../snapshot/headers.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import { Emitter } from '../source/emitter.ts'
import { createKeeper, type Keeper, type KeeperOptions } from '../source/keeper.ts'
import type { PolicySource, SourceReport } from '../source/source.ts'
import { contrast, type Contrast, type Direction } from './contrast.ts'
import { exchangeOf, type Exchange } from './exchange.ts'
import type { CurrentSnapshot } from './hook.ts'
import { corsFields, RepeatLog, type CorsFields } from './log.ts'
import { family, sample } from './metrics.ts'
import { Sample, type ShadowSample } from './shadow-sample.ts'

export type { ShadowSample }

/** One request for which the candidate would have answered otherwise. Values of the request are cut and escaped. */
export interface ShadowDifference extends Contrast {
  /** What was decided. */
  readonly active: CorsFields
  /** What the candidate would have decided. */
  readonly candidate: CorsFields
}

/** What becomes of the requests that one rule decides now and another one, or the same otherwise, in the candidate. */
export interface ShadowEntry {
  /** The rules' names; null where none decides. */
  readonly old: string | null
  readonly new: string | null
  readonly direction: Direction
  readonly count: number
  readonly sample: ShadowSample
}

/** What a gateway tells about its candidate. */
export interface ShadowStatus {
  /** `waiting`: there was no valid candidate yet. `degraded`: what is there now is invalid, and the one before it is compared. */
  readonly state: 'ok' | 'degraded' | 'waiting'
  /** The candidate's, null while there is none. */
  readonly revision: string | null
  readonly generation: number
  readonly rules: number
  readonly rejected: { readonly since: string, readonly revision: string | null, readonly diagnostics: readonly Diagnostic[] } | null
  /**
   * Since when these two sets are compared (ISO 8601, UTC): the counts begin anew with every other set on either side,
   * and where rules of one start or end.
   */
  readonly since: string
  /** Cross-origin requests that both have decided. */
  readonly decisions: number
  /** At most 50 kinds. */
  readonly differences: readonly ShadowEntry[]
  /** Requests whose answers differ in ways that are not listed. */
  readonly unlisted: number
}

/** So many kinds of differences are listed. */
const maxListed = 50
/** So many of them are explained each time that the status is asked for: explaining takes its time, and requests wait for it. */
const maxExplained = 10
/** So many pairs of rules have counters of their own. */
const maxPairs = 1000
/** The start waits so long for the candidate, in milliseconds. */
const patience = 2000

/** How a candidate is kept. */
export interface ShadowOptions extends Pick<KeeperOptions, 'build' | 'watch' | 'reload' | 'warn'> {
  /** Above this many rules the metric's labels are `_`. */
  readonly maxRuleLabels: number
}

/** Starts to keep a candidate beside the active set. Never fails: what is wrong with the candidate is logged and in the status. */
export async function openShadow (
  source: PolicySource, active: Keeper, log: FastifyBaseLogger, { maxRuleLabels, ...options }: ShadowOptions
): Promise<Shadow> {
  const keeper = await createKeeper({ source: withPlaceholder(source), ...options })
  const shadow = new Shadow(keeper, active, log, maxRuleLabels)
  let timer: NodeJS.Timeout | undefined
  await Promise.race([shadow.reload(), new Promise<void>(resolve => { timer = setTimeout(resolve, patience) })])
  clearTimeout(timer)
  return shadow
}

/** A keeper begins with a valid set, which the candidate need not be: it is first given one that is compared with nothing. */
function withPlaceholder (source: PolicySource): PolicySource {
  const text = 'version: 1\nrules:\n  - name: none\n    routes: [/]\n    allowOrigins: []\n'
  let isFirst = true
  return {
    get mode () { return source.mode ?? 'events' },
    read: async signal => {
      if (!isFirst) return source.read(signal)
      isFirst = false
      return { texts: [{ name: 'none.yaml', text }] }
    },
    ...source.watch && { watch: (changed: () => void) => source.watch!(changed) },
    ...source.report && { report: (report: SourceReport) => { source.report!(report) } }
  }
}

interface Entry extends Omit<ShadowEntry, 'count' | 'sample'> {
  count: number
  readonly sample: Sample
}

/** The candidate of a gateway, and what comparing it has shown. */
export class Shadow {
  readonly #keeper: Keeper
  readonly #active: CurrentSnapshot
  readonly #log: FastifyBaseLogger
  readonly #maxRuleLabels: number
  readonly #repeats: RepeatLog
  readonly #events: Emitter<{ shadow: ShadowDifference }>
  /** By old rule, new rule and direction: names of the two policy sets, never of a request. */
  readonly #counters = new Map<string, number>()
  readonly #entries = new Map<string, Entry>()
  #isWaiting = true
  #since = Date.now()
  #decisions = 0
  #total = 0
  #unlisted = 0

  constructor (keeper: Keeper, active: Keeper, log: FastifyBaseLogger, maxRuleLabels: number) {
    this.#keeper = keeper
    this.#active = active
    this.#log = log
    this.#maxRuleLabels = maxRuleLabels
    this.#repeats = new RepeatLog(log, 'differences of the candidate')
    this.#events = new Emitter(err => { log.error({ err }, 'a listener of corsGateway failed') })
    for (const each of [active, keeper]) each.on('window', () => { this.#begin() })
    active.on('reload', () => { this.#begin() })
    keeper.on('reload', ({ snapshot: { revision, rules } }) => {
      this.#isWaiting = false
      this.#begin()
      log.info({ shadow: { revision, rules: rules.length } }, `the candidate is compared from now on: ${counted(rules.length, 'rule')}`)
    })
    keeper.on('rejected', ({ revision, diagnostics, texts }) => {
      log.warn({ shadow: { revision, diagnostics } },
        `the candidate is rejected, ${this.#isWaiting ? 'nothing is compared' : 'the one before it stays compared'}:\n${renderPretty(diagnostics, texts)}`)
    })
  }

  #begin (): void {
    this.#entries.clear()
    this.#since = Date.now()
    this.#decisions = 0
    this.#unlisted = 0
  }

  /** Reads the candidate again. Never rejects. */
  async reload (): Promise<void> {
    await this.#keeper.reload()
  }

  /** Adds a listener, which hears of every difference; the function that it gives back removes it. */
  on (listener: (difference: ShadowDifference) => void): () => void {
    return this.#events.on('shadow', listener)
  }

  /** Decides a request, which `active` has decided, by the candidate as well. */
  compare (request: FastifyRequest, exchange: Exchange, active: Snapshot): void {
    const { decision, facts } = exchange
    // Without a page of another origin there is nobody to whom the answer would make a difference.
    if (this.#isWaiting || decision.outcome === 'none') return
    this.#decisions++
    this.#total++
    const candidate = this.#keeper.current
    const other = decide(candidate, facts)
    const found = contrast(
      { decision, headers: headersFor(decision, facts).set },
      { decision: other, headers: headersFor(other, facts).set }
    )
    if (found === null) return
    const theirs: Exchange = { facts, decision: other, generation: candidate.generation, view: null }
    this.#count(this.#labelOf(exchange, active), this.#labelOf(theirs, candidate), found.direction)
    this.#list(request, exchange, theirs, found.direction)
    this.#tell({ ...found, active: corsFields(exchange), candidate: corsFields(theirs) })
  }

  #labelOf ({ decision: { rule } }: Exchange, { rules }: Snapshot): string {
    return rule === null ? '' : rules.length > this.#maxRuleLabels ? '_' : rule.name
  }

  #count (old: string, next: string, direction: Direction): void {
    const key = `${old} ${next} ${direction}`
    const known = this.#counters.get(key)
    const isNew = known === undefined && this.#counters.size >= maxPairs
    const counted = isNew ? `_ _ ${direction}` : key
    this.#counters.set(counted, (this.#counters.get(counted) ?? 0) + 1)
  }

  #list (request: FastifyRequest, ours: Exchange, theirs: Exchange, direction: Direction): void {
    const [old, next] = [ours.decision.rule?.name ?? null, theirs.decision.rule?.name ?? null]
    const key = `${old ?? ''} ${next ?? ''} ${direction}`
    const known = this.#entries.get(key)
    if (known !== undefined) {
      known.count++
    } else if (this.#entries.size >= maxListed) {
      this.#unlisted++
    } else {
      this.#entries.set(key, { old, new: next, direction, count: 1, sample: new Sample(request, ours) })
    }
  }

  #tell (difference: ShadowDifference): void {
    const { active, candidate: { outcome, reason, rule }, direction, differences } = difference
    this.#events.emit('shadow', difference)
    // Names of the sets and words of the contract, so that requests cannot make up keys.
    const summary = { rule: active.rule, reason: active.reason, route: active.route, candidate: { outcome, reason, rule }, direction }
    if (!this.#repeats.isFirst(JSON.stringify(summary), () => summary)) return
    this.#log.info({ cors: { ...active, candidate: { outcome, reason, rule }, direction, differences } },
      `the candidate would have ${direction} the answer: ${differences.join(', ')} (${active.reason}, then ${reason})`)
  }

  /** The samples of the metrics. */
  metrics (): string[] {
    const metric = 'cors_gateway_shadow_differences_total'
    const samples = [...this.#counters].map(([key, count]) => {
      const [old = '', next = '', direction = ''] = key.split(' ')
      return sample(metric, { old_rule: old, new_rule: next, direction }, count)
    })
    return [
      family('cors_gateway_shadow_decisions_total', 'counter', 'Cross-origin requests that the candidate has decided as well.',
        [sample('cors_gateway_shadow_decisions_total', {}, this.#total)]),
      family(metric, 'counter', 'Requests that the candidate would have answered otherwise.', samples)
    ]
  }

  status (): ShadowStatus {
    const { state, revision, rules, rejected } = this.#keeper.status()
    const generation = this.#keeper.current.generation - 1
    return {
      state: this.#isWaiting ? 'waiting' : state,
      revision: this.#isWaiting ? null : revision,
      generation,
      rules: this.#isWaiting ? 0 : rules,
      rejected,
      since: new Date(this.#since).toISOString(),
      decisions: this.#decisions,
      differences: this.#listed(),
      unlisted: this.#unlisted
    }
  }

  #listed (): ShadowEntry[] {
    const entries = [...this.#entries.values()].sort((a, b) => b.count - a.count)
    // The sets are those that have decided these requests: with any other one all of this begins anew.
    for (const { sample } of entries.filter(({ sample }) => sample.isDue).slice(0, maxExplained)) {
      sample.explain(this.#active.current, this.#keeper.current)
    }
    return entries.map(entry => ({ ...entry, sample: entry.sample.show() }))
  }

  async close (): Promise<void> {
    this.#repeats.flush()
    this.#repeats.stop()
    await this.#keeper.close()
  }
}

/** The hook of a gateway, and after it the comparison. */
export function shadowingHook (hook: onRequestHookHandler, keeper: CurrentSnapshot, shadow: Shadow): onRequestHookHandler {
  return function shadowCors (request, reply, done) {
    const isDecided = exchangeOf(request) !== undefined
    const active = keeper.current
    hook.call(this, request, reply, done)
    const exchange = exchangeOf(request)
    // Another gateway in the same application has a candidate of its own, or none.
    if (!isDecided && exchange !== undefined) shadow.compare(request, exchange, active)
  }
}
