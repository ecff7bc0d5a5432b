// One file's text to a document that was held against a schema: what it says, and what of it is to be left out.
import type { SourceText } from '../diagnostic/span.ts'
import { parseDocument, type ParsedDocument } from './document.ts'
import type { LocatedDocument, LocatedValue } from './located.ts'
import { validateDocument } from './schema.ts'

/** A document, and the values of it that are at fault. */
export interface ValidatedDocument {
  readonly document: LocatedDocument
  readonly broken: ReadonlySet<LocatedValue>
}

/** Reads a file and validates it. `broken` holds all that either found fault with. Never throws for anything that the text says. */
export function readDocument (source: SourceText, schema: Readonly<Record<string, unknown>>): ParsedDocument {
  const parsed = parseDocument(source)
  if (parsed.document === null) return parsed
  const { broken, diagnostics } = validateDocument(parsed.document, schema, parsed.broken)
  return { document: parsed.document, broken, diagnostics: [...parsed.diagnostics, ...diagnostics] }
}
