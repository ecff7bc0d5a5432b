// What a check says: a diagnostic that does not yet know which of its rules accept it.
import type { DiagnosticCode } from '../diagnostic/catalogue.ts'
import type { DiagnosticExtras } from '../diagnostic/diagnostic.ts'
import type { Span } from '../diagnostic/span.ts'
import type { CheckContext } from './context.ts'
import type { OriginEntry, Rule } from './policy.ts'

/** One thing that a check found. */
export interface Finding extends DiagnosticExtras {
  readonly code: DiagnosticCode
  readonly span: Span
  /** The rules that it is about; those that accept it drop out. Rules that a check names together are one array. */
  readonly rules: readonly Rule[]
  /** The entry that it is about, for acceptances that hold for some entries only. */
  readonly origin?: OriginEntry
  /** The message; `who` names the rules. */
  readonly say: (who: string) => string
  /** Tells apart findings of one code at one place; those that share it are one finding about several rules. */
  readonly key?: string
  /** The rules are named as related places even where there is one only, since the place is not in it. */
  readonly isElsewhere?: boolean
}

/** A check over a validated set. It never throws, and takes a time about linear in the size of the set. */
export type Check = (context: CheckContext) => Iterable<Finding>
