// Draws diagnostics for people: one line that machines can find, and a frame of the source.
import type { Diagnostic } from './diagnostic.ts'
import type { Severity } from './catalogue.ts'
import { lineStartsOf, type SourceText } from './span.ts'

/** How to draw. */
export interface RenderOptions {
  /** Whether the output may hold ANSI escape sequences. */
  readonly colour?: boolean
}

/** What of a source line is shown at most, and how much of it stands before the place. */
const shownLength = 200
const shownBefore = 80

const styles = { error: '31', warning: '33', info: '34', bold: '1', dim: '2', help: '36' } as const

type Paint = (style: keyof typeof styles, text: string) => string

/**
 * Draws findings. Each begins with a line `file:line:column: severity message [code]`; the source line with the place
 * underlined follows, then related places and help. The last line counts. `sources` are the texts of the files named.
 */
export function renderPretty (
  diagnostics: readonly Diagnostic[], sources: readonly SourceText[], { colour = false }: RenderOptions = {}
): string {
  const byName = new Map(sources.map(source => [source.name, source]))
  const paint: Paint = (style, text) => colour ? `\u001b[${styles[style]}m${text}\u001b[0m` : text
  const drawn = diagnostics.map(diagnostic => drawDiagnostic(diagnostic, byName, paint))
  return [...drawn, countFindings(diagnostics)].join('\n\n')
}

/** What a finding is about, without colour: its source line with the place underlined, and the related places with theirs. */
export function renderFrame (diagnostic: Diagnostic, sources: readonly SourceText[]): string {
  const byName = new Map(sources.map(source => [source.name, source]))
  return drawFrames(diagnostic, byName, (_style, text) => text).join('\n')
}

function drawDiagnostic (diagnostic: Diagnostic, sources: ReadonlyMap<string, SourceText>, paint: Paint): string {
  const { file, line, column, severity, message, code, help } = diagnostic
  const lines = [`${leading(file)}:${line}:${column}: ${paint(severity, severity)} ${paint('bold', visible(message))} [${code}]`]
  lines.push(...drawFrames(diagnostic, sources, paint))
  if (help !== undefined) lines.push(`${' '.repeat(gutterWidth(diagnostic))} ${paint('dim', '=')} ${paint('help', 'help:')} ${visible(help)}`)
  return lines.join('\n')
}

/** The name of a file as the beginning of a line, where one that begins with `::` would be a command to GitHub's runner. */
export function leading (file: string): string {
  return visible(file.trimStart().startsWith('::') ? `./${file}` : file)
}

function gutterWidth ({ line, related = [] }: Diagnostic): number {
  return String(Math.max(line, ...related.map(place => place.line))).length
}

function drawFrames (diagnostic: Diagnostic, sources: ReadonlyMap<string, SourceText>, paint: Paint): string[] {
  const { file, line, column, endLine, endColumn, severity, related = [] } = diagnostic
  const width = gutterWidth(diagnostic)
  const end = endLine === line ? endColumn : Infinity
  const lines = frame(sources.get(file), line, column, end, width, text => paint(severity, text), paint)
  for (const place of related) {
    lines.push(`${' '.repeat(width)} ${paint('dim', '=')} ${visible(place.file)}:${place.line}:${place.column}: ${visible(place.message)}`)
    lines.push(...frame(sources.get(place.file), place.line, place.column, 0, width, null, paint))
  }
  return lines
}

/** The source line with its number, and under it a mark from a column to another one, unless `mark` is null. */
function frame (
  source: SourceText | undefined, line: number, column: number, endColumn: number, width: number,
  mark: ((text: string) => string) | null, paint: Paint
): string[] {
  const text = source === undefined ? null : lineOf(source, line)
  if (text === null || (text === '' && mark === null)) return []
  const from = Math.max(0, Math.min(column - 1 - shownBefore, text.length - shownLength))
  const to = Math.min(text.length, from + shownLength)
  const shown = `${from > 0 ? '…' : ''}${visible(text.slice(from, to))}${to < text.length ? '…' : ''}`
  const gutter = (number: string): string => paint('dim', `${number.padStart(width)} |`)
  const drawn = `${gutter(String(line))} ${shown}`.trimEnd()
  if (mark === null) return [drawn]
  const before = column - 1 - from + (from > 0 ? 1 : 0)
  const length = Math.max(1, Math.min(endColumn - 1, to) - (column - 1))
  return [drawn, `${gutter('')} ${' '.repeat(Math.max(0, before))}${mark('^'.repeat(length))}`]
}

/** One line of a source, without its end and without a byte order mark; null where there is none. */
function lineOf (source: SourceText, line: number): string | null {
  const starts = lineStartsOf(source)
  const start = starts[line - 1]
  if (start === undefined) return null
  const text = source.text.slice(start, starts[line] ?? source.text.length).replace(/[\r\n]+$/, '')
  return line === 1 && text.startsWith('\ufeff') ? text.slice(1) : text
}

const invisible = /[\0-\x1f\x7f-\xa0\xad\u061c\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff\ufff9-\ufffb\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g

/** A text with a visible character in place of each that a terminal would not show, or would obey. */
export function visible (text: string): string {
  return text.replace(invisible, character => {
    const code = character.charCodeAt(0)
    if (code === 9) return '→'
    if (code < 32) return String.fromCharCode(0x2400 + code)
    if (code === 127) return '\u2421'
    return code === 0xa0 || code === 0x1680 || (code >= 0x2000 && code <= 0x200a) || code === 0x202f || code === 0x205f || code === 0x3000 ? '\u2423' : '\ufffd'
  })
}

/** Such as `2 errors, 1 warning`. */
function countFindings (diagnostics: readonly Diagnostic[]): string {
  const count = (severity: Severity): number => diagnostics.filter(diagnostic => diagnostic.severity === severity).length
  const parts = ([['error', 'errors'], ['warning', 'warnings'], ['info', 'infos']] as const).flatMap(([severity, plural]) => {
    const number = count(severity)
    return number === 0 ? [] : [`${number} ${number === 1 ? severity : plural}`]
  })
  return parts.length === 0 ? 'no findings' : parts.join(', ')
}
