// Source texts in; a snapshot or diagnostics out.
import type { Diagnostic } from './diagnostic/diagnostic.ts'
import type { SourceText } from './diagnostic/span.ts'
import type { PolicySet } from './policy/policy.ts'
import type { RouterOptions } from './route/path.ts'
import type { Settings, Snapshot } from './snapshot/snapshot.ts'

/** What a set is built for. Everything has Fastify's or the plugin's default. */
export interface BuildOptions {
  /** The moment at which validity windows are judged: a Date, epoch milliseconds, or RFC 3339 text. Now, unless given. */
  readonly at?: Date | number | string
  /** The generation that the snapshot carries; 1 unless given. */
  readonly generation?: number
  readonly unmatched?: Settings['unmatched']
  readonly router?: Partial<RouterOptions>
  readonly pathReadings?: 'all' | 'router' | readonly string[]
  /** A set without any rule is valid. */
  readonly allowEmpty?: boolean
  /** For `check`: a risk acceptance that has run out is an error; for a gateway that runs it is a warning. */
  readonly expiredAcceptance?: 'error' | 'warning'
}

/** A valid set has a snapshot and perhaps warnings; an invalid one has errors and no snapshot. */
export interface BuildResult {
  readonly ok: boolean
  readonly snapshot: Snapshot | null
  /** The validated set behind the snapshot, for `explain` and reports. */
  readonly set: PolicySet | null
  readonly diagnostics: readonly Diagnostic[]
  readonly revision: string
  readonly files: number
  readonly rules: number
}

/** Builds a policy set from the texts of its files. Never throws for anything that a file says. */
export declare function build (texts: readonly SourceText[], options?: BuildOptions): BuildResult
