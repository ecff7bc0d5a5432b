// Every code with its severity, its why and its cure.
import { checkCatalogue } from './check-catalogue.ts'
import { languageCatalogue } from './language-catalogue.ts'
import { sourceCatalogue } from './source-catalogue.ts'
import { testCatalogue } from './test-catalogue.ts'

/** How bad a finding is: an error makes the whole set invalid. */
export type Severity = 'error' | 'warning' | 'info'

/** What a code means, in the words of its page in `docs/diagnostics`. */
export interface CatalogueEntry {
  /** The severity, unless a rule that knows more says otherwise. */
  readonly severity: Severity
  /** The kind of mistake, in a few words. */
  readonly title: string
  /** Why it matters. */
  readonly why: string
  /** The cure, for findings that bring none of their own. */
  readonly help: string
}

/** The code of a finding. */
export type DiagnosticCode =
  keyof typeof languageCatalogue | keyof typeof checkCatalogue | keyof typeof sourceCatalogue | keyof typeof testCatalogue

/** Each code has a page in `docs/diagnostics`, and an example in `test/diagnostics` unless it needs more than files. */
export const catalogue: Readonly<Record<DiagnosticCode, CatalogueEntry>> = {
  ...languageCatalogue, ...checkCatalogue, ...sourceCatalogue, ...testCatalogue
}
