// Counts decisions and shows them, with the state of the policies, as Prometheus text.
import { requestKinds, type RequestKind } from '../fetch/request.ts'
import { reasons, type Decision, type Outcome, type Reason } from '../snapshot/decision.ts'
import { tableOf } from './table.ts'

/** Above this many rules, unless set, the `rule` label is `_`: one time series a rule is then too many. */
export const maxRuleLabels = 1000

const outcomes = ['allowed', 'denied', 'passthrough', 'none'] as const satisfies readonly Outcome[]
const kindNumbers = tableOf(requestKinds, (_kind, i) => i)
const outcomeNumbers = tableOf(outcomes, (_outcome, i) => i)
const reasonNumbers = tableOf(reasons, (_reason, i) => i)
const width = requestKinds.length * outcomes.length * reasons.length

/**
 * Counters by kind, outcome, reason and rule. The labels are words of the contract and names of the policy set; no
 * value of a request ever becomes one.
 */
export class DecisionCounters {
  /** One row of counters a rule, by the rule's name; `''` where no rule decided. */
  readonly #rows = new Map<string, Float64Array>()
  readonly #maxRules: number

  /** Above `maxRules` rules they share the label `_`. */
  constructor (maxRules: number = maxRuleLabels) {
    this.#maxRules = maxRules
  }

  /** Counts a decision of a set with so many rules. */
  count ({ kind, outcome, reason, rule }: Decision, rules: number): void {
    const row = this.#rowOf(rule === null ? '' : rules > this.#maxRules ? '_' : rule.name)
    const slot = (kindNumbers[kind] * outcomes.length + outcomeNumbers[outcome]) * reasons.length + reasonNumbers[reason]
    row[slot]! += 1
  }

  #rowOf (label: string): Float64Array {
    let row = this.#rows.get(label)
    if (row === undefined) {
      // Names of rules come and go with reloads: their number stays bounded in any case.
      if (this.#rows.size > this.#maxRules && label !== '_') return this.#rowOf('_')
      this.#rows.set(label, row = new Float64Array(width))
    }
    return row
  }

  /** The counters as samples of a metric. */
  samplesOf (metric: string): string[] {
    const samples: string[] = []
    for (const [rule, row] of this.#rows) {
      for (const [slot, count] of row.entries()) {
        if (count > 0) samples.push(sample(metric, { ...labelsOf(slot), rule }, count))
      }
    }
    return samples
  }
}

function labelsOf (slot: number): { kind: RequestKind, outcome: Outcome, reason: Reason } {
  const rest = Math.floor(slot / reasons.length)
  const kind = requestKinds[Math.floor(rest / outcomes.length)]!
  return { kind, outcome: outcomes[rest % outcomes.length]!, reason: reasons[slot % reasons.length]! }
}

/** The upper bounds of the reload histogram's buckets, in seconds. */
const bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** How long reloads take, in seconds. */
export class DurationHistogram {
  readonly #counts = new Float64Array(bounds.length + 1)
  #sum = 0

  observe (seconds: number): void {
    const bucket = bounds.findIndex(bound => seconds <= bound)
    this.#counts[bucket === -1 ? bounds.length : bucket]! += 1
    this.#sum += seconds
  }

  samplesOf (metric: string): string[] {
    let total = 0
    const buckets = [...bounds.map(String), '+Inf'].map((le, i) => sample(`${metric}_bucket`, { le }, total += this.#counts[i]!))
    return [...buckets, sample(`${metric}_sum`, {}, this.#sum), sample(`${metric}_count`, {}, total)]
  }
}

/** One sample line (Prometheus text format, version 0.0.4). */
export function sample (metric: string, labels: Readonly<Record<string, string>>, value: number): string {
  const pairs = Object.entries(labels).map(([name, label]) => `${name}="${label.replace(/[\\"\n]/g, c => (c === '\n' ? '\\n' : `\\${c}`))}"`)
  return `${metric}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`
}

/** A metric with its help, its type and its samples; nothing where there are none. */
export function family (metric: string, type: 'counter' | 'gauge' | 'histogram', help: string, samples: readonly string[]): string {
  return samples.length === 0 ? '' : `# HELP ${metric} ${help}\n# TYPE ${metric} ${type}\n${samples.join('\n')}\n`
}
