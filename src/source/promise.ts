// What a keeper is told, what it tells, and what it promises.
import type { BuildOptions } from '../build.ts'
import type { Diagnostic } from '../diagnostic/diagnostic.ts'
import type { SourceText } from '../diagnostic/span.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import type { Status } from './ledger.ts'
import type { PolicySource } from './source.ts'

/** What a keeper needs to know. */
export interface KeeperOptions {
  readonly source: PolicySource
  /** What sets are built for. */
  readonly build?: Omit<BuildOptions, 'at' | 'generation' | 'expiredAcceptance'>
  /** Reload when the source says that it may have changed; true unless given. */
  readonly watch?: boolean
  /** `'manual'`: only `reload()` reads the source again. */
  readonly reload?: 'auto' | 'manual'
  /** The share of the running rules, and of the origins, that one reload must keep, 0 to 1; 0 unless given. */
  readonly minKept?: number
  /** A file in which the last good set is kept, for a start with a broken one. */
  readonly lastKnownGood?: string
  /** Further settings that the status shows. */
  readonly settings?: Readonly<Record<string, unknown>>
  /** The version that the status shows; this package's unless given. */
  readonly version?: string
  /** The clock, in epoch milliseconds. */
  readonly now?: () => number
  /** Told what listeners and sources throw where nobody waits for it. */
  readonly warn?: (message: string) => void
  /** Milliseconds after which a reading is given up; 30 s unless given. */
  readonly readTimeout?: number
  /** Milliseconds after which a source that could not be read is read again while it is watched; 5 s unless given. */
  readonly retryAfter?: number
  /** Milliseconds after which the clock is looked at again while rules have windows; a minute unless given. */
  readonly clockCheck?: number
}

/** What became of a reading. */
export interface ReloadResult {
  /** Whether what is there now is what runs. */
  readonly ok: boolean
  /** That of the snapshot that runs now. */
  readonly generation: number
  readonly diagnostics: readonly Diagnostic[]
}

/** What a keeper tells whoever listens. */
export interface KeeperEvents {
  /** A new set came into force. */
  reload: {
    readonly previous: Snapshot
    readonly snapshot: Snapshot
    readonly diagnostics: readonly Diagnostic[]
    /** What was read, for code frames. */
    readonly texts: readonly SourceText[]
    /** From the first look at the source to the swap. */
    readonly milliseconds: number
  }
  /** A set was not used; the one before stays. Told once a set. */
  rejected: {
    readonly snapshot: Snapshot
    /** Null where nothing could be read. */
    readonly revision: string | null
    readonly diagnostics: readonly Diagnostic[]
    readonly texts: readonly SourceText[]
  }
  /** After a rejection the source is back at the very set that runs. */
  restored: { readonly snapshot: Snapshot }
  /** The same set, as rules of it start or end. */
  window: { readonly previous: Snapshot, readonly snapshot: Snapshot }
}

/** Holds the snapshot that decides. */
export interface Keeper {
  /** The snapshot that decides now; a request takes it once. */
  readonly current: Snapshot
  /** Adds a listener; the function that it gives back removes it. */
  on<Name extends keyof KeeperEvents> (event: Name, listener: (payload: KeeperEvents[Name]) => void): () => void
  /**
   * Reads the source; resolves when its present state was read, and in force if it is valid. Never rejects.
   * `accept` names the revision of a set that may keep less than `minKept`.
   */
  reload (options?: { readonly accept?: string }): Promise<ReloadResult>
  status (): Status
  /** Ends watching and every timer. A reading that is under way changes nothing any more. */
  close (): Promise<void>
}
