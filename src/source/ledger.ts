// The keeper's memory: what runs since when, what was tried last, what was rejected and why.
import type { Diagnostic } from '../diagnostic/diagnostic.ts'
import { renderFrame } from '../diagnostic/render.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import type { Attempt } from './attempt.ts'
import type { SourceState } from './source.ts'
import type { SourceStamp } from './stamp.ts'
import { upcomingOf, type Boundary } from './window.ts'

/** One line of the history. */
export interface HistoryEntry {
  /** ISO 8601, UTC. */
  readonly at: string
  /**
   * `last-known-good`: a start with the set that was kept in a file. `restored`: the disk is back at the set that runs,
   * after something else was rejected.
   */
  readonly what: 'start' | 'last-known-good' | 'reload' | 'rejected' | 'restored' | 'window'
  /** That of the snapshot that ran afterwards. */
  readonly generation: number
  /** That of the set that was read; null where nothing could be read. */
  readonly revision: string | null
  readonly errors: number
  readonly warnings: number
}

/** A finding in a rejected set. */
export interface FramedDiagnostic extends Diagnostic {
  /** The source line with the place underlined, as text. Left out where there is no such line, and after the first hundred. */
  readonly frame?: string
}

/** What a gateway tells about its policies. Times are ISO 8601, UTC. */
export interface Status {
  readonly state: 'ok' | 'degraded'
  readonly generation: number
  readonly revision: string
  readonly rules: number
  readonly origins: number
  /** When the running set came into force; a window that opens or closes doesn't count. */
  readonly loadedAt: string
  /** `at` is the last time at which a reading, or a look of the source by itself, came to this. */
  readonly lastAttempt: { readonly at: string, readonly ok: boolean, readonly diagnostics: readonly Diagnostic[] }
  /** The set that is there and is not used, since when; `revision` is null where it could not even be read. */
  readonly rejected: { readonly since: string, readonly revision: string | null, readonly diagnostics: readonly FramedDiagnostic[] } | null
  /** Where the set in force stands in the order of what was published; null for a source without one. */
  readonly published: SourceStamp | null
  /** What the source tells of itself; null for one that tells nothing. */
  readonly source: SourceState | null
  readonly watch: 'events' | 'poll' | 'off'
  readonly upcoming: readonly Boundary[]
  /** Newest last; bounded. */
  readonly history: readonly HistoryEntry[]
  readonly settings: Readonly<Record<string, unknown>>
  readonly version: string
}

const maxHistory = 100
const maxFrames = 100

const timeText = (time: number): string => new Date(time).toISOString()

const count = (diagnostics: readonly Diagnostic[], severity: Diagnostic['severity']): number =>
  diagnostics.filter(diagnostic => diagnostic.severity === severity).length

/** Drawn once: a status is asked for often. */
function withFrames ({ diagnostics, texts }: Attempt): readonly FramedDiagnostic[] {
  return diagnostics.map((diagnostic, i) => {
    const frame = i < maxFrames ? renderFrame(diagnostic, texts) : ''
    return frame === '' ? diagnostic : { ...diagnostic, frame }
  })
}

/** Records what happens, as it happens. */
export class Ledger {
  readonly #history: HistoryEntry[] = []
  #loadedAt = 0
  #lastAttempt: Status['lastAttempt'] = { at: '', ok: false, diagnostics: [] }
  /** The attempt whose set runs. */
  active: Attempt
  /** The attempt whose set was rejected and is still there; null while all is well. */
  rejected: Attempt | null = null
  #rejectedSince = 0
  #rejectedFindings: readonly FramedDiagnostic[] = []

  constructor (active: Attempt) {
    this.active = active
  }

  tried (attempt: Attempt, isOk: boolean, now: number): void {
    this.#lastAttempt = { at: timeText(now), ok: isOk, diagnostics: attempt.diagnostics }
  }

  /** A set is in force from now on. */
  loaded (attempt: Attempt, what: 'start' | 'last-known-good' | 'reload', generation: number, now: number): void {
    this.active = attempt
    this.rejected = null
    this.#loadedAt = now
    this.#add(what, generation, attempt, now)
  }

  reject (attempt: Attempt, generation: number, now: number): void {
    if (this.rejected === null) this.#rejectedSince = now
    this.rejected = attempt
    this.#rejectedFindings = withFrames(attempt)
    this.#add('rejected', generation, attempt, now)
  }

  /** The set that runs is there again. */
  restored (generation: number, now: number): void {
    this.rejected = null
    this.#add('restored', generation, this.active, now)
  }

  windowPassed (generation: number, now: number): void {
    this.#add('window', generation, this.active, now)
  }

  #add (what: HistoryEntry['what'], generation: number, { revision, diagnostics }: Attempt, now: number): void {
    this.#history.push({
      at: timeText(now), what, generation, revision, errors: count(diagnostics, 'error'), warnings: count(diagnostics, 'warning')
    })
    if (this.#history.length > maxHistory) this.#history.shift()
  }

  /** `lookedAt`: when the source last looked by itself. It would have been read again, had that come to anything else. */
  status (snapshot: Snapshot, now: number, lookedAt: string | null): Omit<Status, 'source' | 'watch' | 'settings' | 'version'> {
    const { generation, revision, rules, origins, set } = snapshot
    const { rejected } = this
    const isLater = lookedAt !== null && Date.parse(lookedAt) > Date.parse(this.#lastAttempt.at)
    return {
      state: rejected === null ? 'ok' : 'degraded',
      generation,
      revision,
      rules: rules.length,
      origins,
      loadedAt: timeText(this.#loadedAt),
      lastAttempt: isLater ? { ...this.#lastAttempt, at: lookedAt } : this.#lastAttempt,
      rejected: rejected && { since: timeText(this.#rejectedSince), revision: rejected.revision, diagnostics: this.#rejectedFindings },
      published: this.active.stamp ?? null,
      upcoming: upcomingOf(set, now),
      history: [...this.#history]
    }
  }
}
