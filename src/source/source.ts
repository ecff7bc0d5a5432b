// What a policy source promises: always the complete set, and a hint when it may have changed.
import type { Diagnostic } from '../diagnostic/diagnostic.ts'
import type { SourceText } from '../diagnostic/span.ts'
import type { SourceStamp } from './stamp.ts'

/** One complete reading of a source. */
export interface SourceSet {
  readonly texts: readonly SourceText[]
  /** Findings of the reading itself, such as a file that may not be opened; an error among them makes the set invalid. */
  readonly diagnostics?: readonly Diagnostic[]
  /** Where the set stands in the order of what was published, for a source that knows. */
  readonly stamp?: SourceStamp
}

/** What became of the readings of a source, as whoever loads it tells. */
export interface SourceReport {
  /** Of the set that is in force. */
  readonly revision: string
  /** How many sets were in force, this one included. */
  readonly generation: number
  readonly state: 'ok' | 'degraded'
  /** What the source gave and is not in force, with the first error on one line; null where all is well. */
  readonly rejected: { readonly revision: string | null, readonly reason: string } | null
}

/** What a source tells of itself, beside its sets. Times are ISO 8601, UTC. */
export interface SourceState {
  /** When it last looked by itself, and told whoever watches if that was news; null before. */
  readonly lookedAt: string | null
  /** The highest place that it has seen in the order of what was published, whatever became of it: it takes nothing below. */
  readonly seen?: SourceStamp | null
  /** Of a source that is told of changes: why it is not, or null. */
  readonly watch?: { readonly fault: string | null } | null
  /** Of a source that passes on what it is told: when it last did so, and why it can't, or null. */
  readonly status?: { readonly writtenAt: string | null, readonly fault: string | null } | null
}

/**
 * Where policies come from. A source is level-triggered: `changed` says no more than "read again", may be called too
 * often or for nothing, and every reading gives the complete set. `fastify-cors-gateway/source-contract` puts one to
 * the test.
 */
export interface PolicySource {
  /** Reads the complete set. Rejects where the source itself cannot be reached; the last good set then stays. */
  read (signal: AbortSignal): Promise<SourceSet>
  /**
   * Starts to watch; the function that it gives back ends that. A source that cannot tell leaves this out. `warn` is for
   * what goes wrong beside the policies, which stay as good as they are: told once, and once when it is over.
   */
  watch? (changed: () => void, warn?: (message: string) => void): () => void | Promise<void>
  /** How changes are noticed while it is watched: told by the system, or found by looking. `'events'` unless given. */
  readonly mode?: 'events' | 'poll'
  /**
   * Whether it looks again by itself, while it is watched, after it could not be read, and tells when it can be.
   * Otherwise whoever watches reads it again from time to time.
   */
  readonly retries?: boolean
  /** Told what is in force after every reading, also when nothing changed: for a source that passes that on. */
  report? (report: SourceReport): void
  /** Told once, before the first reading, what was in force last, as a file remembers it: for a source that takes nothing older. */
  resume? (stamp: SourceStamp, revision: string): void
  /** What it tells of itself now, for the status to show; asked often. */
  state? (): SourceState
}

/** What can be said beside the reason. */
export interface SourceErrorOptions extends ErrorOptions {
  /** What to do about it. */
  readonly help?: string
  /** There is a set, which is not to be taken: it is not by whom it should be, or older than one that was seen. */
  readonly isRefusal?: boolean
}

/** The source as a whole cannot be read: no such directory, no answer, no moment at which it stands still, or nothing to be taken. */
export class SourceError extends Error {
  override readonly name = 'SourceError'
  /** What cannot be reached, as the operator named it. */
  readonly place: string
  readonly reason: string
  readonly help: string | undefined
  readonly isRefusal: boolean

  constructor (place: string, reason: string, { help, isRefusal = false, ...options }: SourceErrorOptions = {}) {
    super(`${place}: ${inWords(reason, help)}`, options)
    this.place = place
    this.reason = reason
    this.help = help
    this.isRefusal = isRefusal
  }

  /** The message without the place. */
  get words (): string {
    return inWords(this.reason, this.help)
  }
}

function inWords (reason: string, help: string | undefined): string {
  return help === undefined ? reason : `${reason}; ${help}`
}
