// The error of a start with an invalid set: it holds every finding, and its message lists them.
import type { Diagnostic } from '../diagnostic/diagnostic.ts'
import { renderPretty } from '../diagnostic/render.ts'
import type { SourceText } from '../diagnostic/span.ts'

/** A policy set that cannot be used. */
export class PolicyError extends Error {
  override readonly name = 'PolicyError'
  readonly code = 'CORS_GATEWAY_INVALID_POLICIES'
  readonly diagnostics: readonly Diagnostic[]

  constructor (diagnostics: readonly Diagnostic[], texts: readonly SourceText[]) {
    super(`the policy set is invalid\n${renderPretty(diagnostics, texts)}`)
    this.diagnostics = diagnostics
  }
}
