// A finding about policies: what is wrong, where, how bad, and what to do.
import { catalogue, type DiagnosticCode, type Severity } from './catalogue.ts'
import { placeOf, type Place, type SourceText, type Span } from './span.ts'

/** Another place that a finding is about, such as the first of two definitions. */
export interface RelatedPlace extends Pick<Place, 'file' | 'line' | 'column'> {
  readonly message: string
}

/** A correction that is certain: the text that belongs between the two places. */
export interface Fix extends Omit<Place, 'file'> {
  readonly text: string
}

/** One finding, as `check --format json` prints it. Lines and columns count from 1. */
export interface Diagnostic extends Place {
  readonly severity: Severity
  readonly code: DiagnosticCode
  readonly message: string
  readonly help?: string
  readonly fix?: Fix
  readonly related?: readonly RelatedPlace[]
}

/** What can be said beside the message. */
export interface DiagnosticExtras {
  /** Overrides the catalogue's severity, where it depends on the rule (`public-suffix-wildcard`). */
  readonly severity?: Severity
  readonly help?: string
  /** The text that certainly belongs at `at`, the finding's own span unless given. */
  readonly fix?: { readonly text: string, readonly at?: Span }
  readonly related?: readonly { readonly span: Span, readonly message: string }[]
}

/** Makes a finding of a code at a span. */
export function diagnose (code: DiagnosticCode, span: Span, message: string, extras: DiagnosticExtras = {}): Diagnostic {
  const { severity = catalogue[code].severity, help = catalogue[code].help, fix, related } = extras
  const fixPlace = fix === undefined || !isPlain(fix.at ?? span, fix.text) ? null : placeOf(fix.at ?? span)
  return {
    severity,
    code,
    message,
    ...placeOf(span),
    ...help !== undefined && { help },
    ...fix && fixPlace && {
      fix: { line: fixPlace.line, column: fixPlace.column, endLine: fixPlace.endLine, endColumn: fixPlace.endColumn, text: fix.text }
    },
    ...related && related.length > 0 && {
      related: related.map(({ span, message }) => {
        const { file, line, column } = placeOf(span)
        return { file, line, column, message }
      })
    }
  }
}

/** Whether a correction is what it seems: of a value that stands on one line, in a file whose values mean nothing elsewhere. */
function isPlain ({ source, start, end }: Span, text: string): boolean {
  return !hasAnchors(source) && (text === '' || !/[\r\n]/.test(source.text.slice(start, end)))
}

const anchored = new WeakMap<SourceText, boolean>()

/** Where a file has anchors, aliases may take its values to other places. */
function hasAnchors (source: SourceText): boolean {
  const known = anchored.get(source)
  if (known !== undefined) return known
  const found = /(?:^|[\s,[{])&\S/.test(source.text)
  anchored.set(source, found)
  return found
}

const rank: Record<Severity, number> = { error: 0, warning: 1, info: 2 }

/** Orders findings by file, place, severity, code and message, so that output never depends on the order of checks. */
export function compareDiagnostics (a: Diagnostic, b: Diagnostic): number {
  return compareText(a.file, b.file) || a.line - b.line || a.column - b.column ||
    rank[a.severity] - rank[b.severity] || compareText(a.code, b.code) || compareText(a.message, b.message)
}

function compareText (a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
