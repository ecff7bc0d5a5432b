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

/**
 * Where policies come from. A source is level-triggered: `changed` says no more than "read again", may be called too
 * often or for nothing, and every reading gives the complete set. `fastify-cors-gateway/source-contract` puts one to
 * the test.
 */
export interface PolicySource {
  /** Reads the complete set. Rejects where the source itself cannot be reached; the last good set then stays. */
  read (signal: AbortSignal): Promise<SourceSet>
  /** Starts to watch; the function that it gives back ends that. A source that cannot tell leaves this out. */
  watch? (changed: () => void): () => void | Promise<void>
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
}

/** What can be said beside the reason. */
export interface SourceErrorOptions extends ErrorOptions {
  /** What to do about it. */
  readonly help?: string
}

/** The source as a whole cannot be read: no such directory, no answer, or no moment at which it stands still. */
export class SourceError extends Error {
  override readonly name = 'SourceError'
  /** What cannot be reached, as the operator named it. */
  readonly place: string
  readonly reason: string
  readonly help: string | undefined

  constructor (place: string, reason: string, { help, ...options }: SourceErrorOptions = {}) {
    super(`${place}: ${reason}${help === undefined ? '' : `; ${help}`}`, options)
    this.place = place
    this.reason = reason
    this.help = help
  }
}
