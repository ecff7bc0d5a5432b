// Which of the parser's errors are worth telling: those that do not follow from another one.

/** What is read of an error of the parser. */
interface ParserError {
  readonly code: string
  readonly message: string
  readonly pos: readonly [start: number, end: number]
}

/** The tabs that indent, and the errors that follow neither from one of these nor from another error. */
export interface Causes<Given> {
  readonly tabs: readonly number[]
  readonly told: Iterable<Given>
}

/** So many errors are looked at for tabs: each may take a look at a long line. */
const maxLooks = 100
const maxTabs = 20

/** Leaves out what follows from other errors. The errors are in the order in which the parser met them. */
export function withoutCascades<Given extends ParserError> (text: string, errors: readonly Given[]): Causes<Given> {
  const { tabs, from } = text.includes('\t') ? findTabs(text, errors) : { tabs: [], from: Infinity }
  return { tabs, told: firstOfLines(text, errors, from) }
}

/**
 * Tabs in the indentation of lines at which the parser found fault, as elsewhere they may stand in a text of many lines;
 * and from where on faults are theirs.
 */
function findTabs (text: string, errors: readonly ParserError[]): { readonly tabs: readonly number[], readonly from: number } {
  const found = new Set<number>()
  let first = Infinity
  for (const error of errors.slice(0, maxLooks)) {
    const { code, pos: [start, end] } = error
    if (standsAlone(error)) continue
    const known = found.size
    if (code === 'TAB_AS_INDENT') found.add(text.indexOf('\t', start))
    const from = lineStart(text, start)
    for (const { index, 0: indentation } of text.slice(from, lineEnd(text, Math.max(end - 1, start))).matchAll(/^ *\t/gm)) {
      // A line of space alone indents nothing.
      const tab = from + index + indentation.length - 1
      if (/^[ \t]*[^\s#]/.test(text.slice(tab, tab + maxLooks))) found.add(tab)
    }
    if (found.size > known) first = Math.min(first, from)
  }
  return { tabs: [...found].sort((a, b) => a - b).slice(0, maxTabs), from: first }
}

/** Leaves out what follows from a tab or from the end of the document, and a second error about one line. */
function* firstOfLines<Given extends ParserError> (text: string, errors: readonly Given[], tabLine: number): Generator<Given> {
  let [start, end] = [-1, -1]
  for (const [i, error] of errors.entries()) {
    if (i > 0 && / in YAML stream(?:$|:)/.test(error.message)) continue
    if (!standsAlone(error) && error.pos[0] >= tabLine) continue
    if (isAboutLines(error)) {
      const place = nextContent(text, error.pos[0])
      if (place >= start && place <= end) continue
      [start, end] = [lineStart(text, place), lineEnd(text, place)]
    }
    yield error
  }
}

/** Whether an error is what it is, however the lines around it are indented. */
function standsAlone ({ code, message }: ParserError): boolean {
  return code === 'BAD_DQ_ESCAPE' || code === 'BAD_ALIAS' || (code === 'MISSING_CHAR' && message.endsWith('quote'))
}

/** Whether an error says that a line does not fit among the others. */
function isAboutLines ({ code, message }: ParserError): boolean {
  return code === 'MULTILINE_IMPLICIT_KEY' || code === 'BLOCK_AS_IMPLICIT_KEY' || message.startsWith('Implicit map keys') ||
    message.startsWith('Sequence item without -') || (code === 'BAD_INDENT' && message.endsWith('same column'))
}

/** Where the line of a place begins. */
export function lineStart (text: string, place: number): number {
  return place === 0 ? 0 : text.lastIndexOf('\n', place - 1) + 1
}

function lineEnd (text: string, place: number): number {
  const end = text.indexOf('\n', place)
  return end === -1 ? text.length : end
}

/** The parser often points before the line that it means, at an empty one: the first place from there that is no space. */
export function nextContent (text: string, place: number): number {
  const content = /\S/g
  content.lastIndex = place
  return content.exec(text)?.index ?? place
}
