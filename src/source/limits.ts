// How much a policy directory may hold, so that no directory can exhaust memory or time.
import { maxFileSize } from '../document/bytes.ts'

/** How much a set may hold. */
export interface Limits {
  /** Bytes a file; 1 MiB unless given. */
  readonly maxFileBytes: number
  /** Files a set, and directories a set; 10,000 unless given. */
  readonly maxFiles: number
  /** Directories below one another; 32 unless given. */
  readonly maxDepth: number
}

/** The limits of a directory unless its host sets others. */
export const defaultLimits: Limits = { maxFileBytes: maxFileSize, maxFiles: 10_000, maxDepth: 32 }
