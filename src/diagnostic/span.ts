// A stretch of one source text, and where it stands in lines and columns.

/** A policy file as it was read: its name relative to the policy directory, and its text. */
export interface SourceText {
  readonly name: string
  readonly text: string
  /** What messages call a file that is no policy file, with its article. */
  readonly kind?: string
}

/** What messages call a file, with its article. */
export function whatOf ({ kind = 'a policy file' }: SourceText): string {
  return kind
}

/** The half-open stretch [start, end) of a source text, in UTF-16 code units. */
export interface Span {
  readonly source: SourceText
  readonly start: number
  readonly end: number
}

/** A span in the words of an editor: lines and columns count from 1, the end is exclusive. */
export interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly endLine: number
  readonly endColumn: number
}

const lineStarts = new WeakMap<SourceText, readonly number[]>()

/** The offsets at which the lines of a text begin; `\n`, `\r\n` and a lone `\r` end a line, as in YAML 1.2. */
export function lineStartsOf (source: SourceText): readonly number[] {
  const known = lineStarts.get(source)
  if (known !== undefined) return known
  const { text } = source
  const starts = [0]
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 10 || (code === 13 && text.charCodeAt(i + 1) !== 10)) starts.push(i + 1)
  }
  lineStarts.set(source, starts)
  return starts
}

function positionOf (source: SourceText, offset: number): { line: number, column: number } {
  const starts = lineStartsOf(source)
  let low = 0
  let high = starts.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (starts[middle]! <= offset) low = middle
    else high = middle - 1
  }
  // A byte order mark takes no column.
  const mark = low === 0 && source.text.charCodeAt(0) === 0xfeff ? 1 : 0
  return { line: low + 1, column: Math.max(1, offset - starts[low]! + 1 - mark) }
}

/** Where a span stands, in lines and columns. */
export function placeOf (span: Span): Place {
  const start = positionOf(span.source, span.start)
  const end = positionOf(span.source, span.end)
  return { file: span.source.name, line: start.line, column: start.column, endLine: end.line, endColumn: end.column }
}
