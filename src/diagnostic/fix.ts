// Writes corrections into a text.
import type { Fix } from './diagnostic.ts'
import { lineStartsOf, type SourceText } from './span.ts'

/** A text with corrections in it. */
export interface Corrected {
  readonly text: string
  /** How many were written; those that overlap one before them have to wait for findings about the new text. */
  readonly count: number
}

/** Writes corrections into the text that they are about. Everything else of it stays, byte for byte. */
export function applyFixes (source: SourceText, fixes: readonly Fix[]): Corrected {
  const edits = fixes
    .map(({ line, column, endLine, endColumn, text }) => {
      return { start: offsetOf(source, line, column), end: offsetOf(source, endLine, endColumn), text }
    })
    .sort((a, b) => a.start - b.start || a.end - b.end)
  let text = ''
  let done = 0
  let count = 0
  for (const edit of edits) {
    if (count > 0 && edit.start < done) continue
    text += source.text.slice(done, edit.start) + edit.text
    done = edit.end
    count++
  }
  return { text: text + source.text.slice(done), count }
}

/** The inverse of a span's place: a byte order mark takes no column. */
function offsetOf (source: SourceText, line: number, column: number): number {
  const mark = line === 1 && source.text.charCodeAt(0) === 0xfeff ? 1 : 0
  return lineStartsOf(source)[line - 1]! + column - 1 + mark
}
