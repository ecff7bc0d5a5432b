// What the log says: denials first of all, of which there may be many, in bounded lines.
import type { FastifyBaseLogger } from 'fastify'
import type { RequestFacts, RequestKind } from '../fetch/request.ts'
import type { Decision, Outcome, Reason } from '../snapshot/decision.ts'

/** Values of a request are shown up to this many bytes. */
const maxShown = 256
/** So many different denials are logged a minute; the others are only counted. */
export const maxKeys = 100
const minute = 60_000

/** The fields of a decision in a log line, and of the event `denied`. */
export interface CorsFields {
  readonly kind: RequestKind
  readonly outcome: Outcome
  readonly reason: Reason
  /** The name of the rule that decided, or null. */
  readonly rule: string | null
  /** The route of the policy set that the path leads to, or null. */
  readonly route: string | null
  /** `Origin`, in printable ASCII of at most 256 bytes, or null. */
  readonly origin: string | null
  /** The request's method, that of a preflight the one that it asks for; shown as the origin is. */
  readonly method: string
  /** The generation of the snapshot that decided. */
  readonly generation: number
}

/** As much of a decided request as can be shown. An exchange is one; it holds on to a whole snapshot, which this need not. */
export interface Decided {
  readonly decision: Pick<Decision, 'kind' | 'outcome' | 'reason'> & {
    readonly rule: { readonly name: string } | null
    readonly bucket: { readonly route: string } | null
  }
  readonly facts: Pick<RequestFacts, 'method' | 'target' | 'host' | 'scheme' | 'origin' | 'requestedMethod' | 'requestedHeaders'>
  readonly generation: number
}

/** The fields of a decided request. Values that the request brought are cut and escaped. */
export function corsFields ({ decision: { kind, outcome, reason, rule, bucket }, facts, generation }: Decided): CorsFields {
  return {
    kind,
    outcome,
    reason,
    rule: rule?.name ?? null,
    route: bucket?.route ?? null,
    origin: facts.origin === undefined ? null : showValue(facts.origin),
    method: showValue((kind === 'preflight' ? facts.requestedMethod : undefined) ?? facts.method),
    generation
  }
}

/** What a request was for, cut and escaped; without the query. */
export function placeOf ({ facts: { host, target } }: Decided): { readonly host: string, readonly path: string } {
  return { host: showValue(host), path: showValue(pathOf(target)) }
}

/** A target without its query, which may hold secrets and decides nothing. */
export function pathOf (target: string): string {
  const query = target.indexOf('?')
  return query === -1 ? target : target.slice(0, query)
}

/** Whether a line at debug would be written: its fields need not be made otherwise. */
export function saysDebug (log: FastifyBaseLogger & { isLevelEnabled?: (level: string) => boolean }): boolean {
  return log.isLevelEnabled?.('debug') ?? (log.level === 'debug' || log.level === 'trace')
}

/** As much of a value as {@link showValue} looks at, in a text of its own: a slice would hold on to the whole. */
export function clipValue (value: string): string {
  return value.length <= maxShown ? value : Buffer.from(value.slice(0, maxShown + 1), 'utf16le').toString('utf16le')
}

/** A request's value in printable ASCII, at most 256 bytes. */
export function showValue (value: string): string {
  if (value.length <= maxShown && /^[\x20-\x5b\x5d-\x7e]*$/.test(value)) return value
  let shown = ''
  for (const c of value) {
    const piece = c === '\\' ? '\\\\' : c >= ' ' && c <= '~' ? c : escapeOf(c)
    if (shown.length + piece.length > maxShown - 3) return `${shown}...`
    shown += piece
  }
  return shown
}

function escapeOf (c: string): string {
  const code = c.codePointAt(0)!
  return code <= 0xff ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`
}

interface Entry {
  readonly fields: object
  /** Since the last line about it. */
  repeated: number
}

/**
 * Logs the first of each kind of event at once and how many more came once a minute. What has not come for a minute
 * is new again. Keys come from the policy set, never from a request.
 */
export class RepeatLog {
  readonly #log: FastifyBaseLogger
  readonly #what: string
  readonly #entries = new Map<string, Entry>()
  #others = 0
  #timer: NodeJS.Timeout | undefined

  /** `what` names the events in the plural. */
  constructor (log: FastifyBaseLogger, what: string) {
    this.#log = log
    this.#what = what
  }

  /** Tells of one event. True if it was the first of its kind and has to be logged in full by the caller. */
  isFirst (key: string, summary: () => object): boolean {
    const entry = this.#entries.get(key)
    if (entry !== undefined) {
      entry.repeated++
      return false
    }
    this.#timer ??= setInterval(() => { this.flush() }, minute).unref()
    if (this.#entries.size >= maxKeys) {
      this.#others++
      return false
    }
    this.#entries.set(key, { fields: summary(), repeated: 0 })
    return true
  }

  /** Logs what was counted since the last time. */
  flush (): void {
    for (const [key, entry] of this.#entries) {
      if (entry.repeated === 0) {
        this.#entries.delete(key)
      } else {
        this.#log.info({ cors: entry.fields, count: entry.repeated }, `${entry.repeated} more of these ${this.#what} in the last minute`)
        entry.repeated = 0
      }
    }
    if (this.#others > 0) {
      this.#log.info({ count: this.#others }, `${this.#others} more ${this.#what} of other rules, reasons and routes in the last minute`)
      this.#others = 0
    }
    if (this.#entries.size === 0) this.stop()
  }

  /** Ends the timer. */
  stop (): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}
