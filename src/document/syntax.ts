// YAML's syntax errors, in words that say what to do.
import { diagnose, type Diagnostic } from '../diagnostic/diagnostic.ts'
import type { DiagnosticCode } from '../diagnostic/catalogue.ts'
import { whatOf, type SourceText, type Span } from '../diagnostic/span.ts'
import { lineStart, nextContent } from './cascades.ts'
import { isForList } from './faults.ts'

/** A syntax error as the parser tells it: its code, its words, and the offsets of the place. */
export interface SyntaxFault {
  readonly code: string
  readonly message: string
  readonly start: number
  readonly end: number
}

interface Wording {
  readonly code?: DiagnosticCode
  readonly message: string
  readonly help?: string
}

const wordings: Readonly<Record<string, Wording>> = {
  ALIAS_PROPS: { message: 'an alias takes no anchor and no tag' },
  BAD_DQ_ESCAPE: { message: 'no such escape in a double-quoted text', help: 'write `\\\\` for a backslash, or use single quotes' },
  BAD_INDENT: { message: 'this line is indented otherwise than its neighbours', help: 'indent entries of one list or map alike' },
  BAD_SCALAR_START: { message: 'a text cannot begin with this character unless it is quoted', help: 'put the text in quotes' },
  BLOCK_AS_IMPLICIT_KEY: { message: 'a second `key: value` cannot follow on one line', help: 'put a text that holds `: ` in quotes' },
  BLOCK_IN_FLOW: { message: 'a block list or map cannot stand inside brackets', help: 'close the bracket before it' },
  KEY_OVER_1024_CHARS: { message: 'a key is at most 1,024 characters long' },
  MULTILINE_IMPLICIT_KEY: { message: 'a key stands on one line', help: 'perhaps a `:` or a closing bracket is missing before it' },
  MULTIPLE_ANCHORS: { message: 'a value takes one anchor' },
  RESOURCE_EXHAUSTION: { code: 'too-complex', message: 'too many levels are nested here' }
}

const strayLine = 'this line is neither `key: value` nor an entry `- …`'
const entryAmongKeys: Wording = {
  message: 'an entry `- …` cannot stand among the keys of a map', help: 'write it below a key that takes a list'
}

/** What the codes alone don't tell, by the parser's own words. */
const precise: readonly (readonly [words: RegExp, wording: Wording])[] = [
  [/^A block sequence may not be used/, entryAmongKeys],
  [/^Sequence item without -/, {
    message: 'among the entries of a list, this line begins with no `- `',
    help: 'indent it like the keys of its entry, or write `- ` before it'
  }],
  [/ at node end$/, {
    message: 'this cannot follow the value before it',
    help: 'put a text in quotes as a whole, or indent the line as it belongs'
  }]
]

/** Turns a parser's error into a finding. `unclosed` tells where quoted texts begin that nobody closed. */
export function diagnoseSyntax (source: SourceText, fault: SyntaxFault, unclosed: readonly number[]): Diagnostic {
  const { text } = source
  const start = Math.min(fault.start, text.length)
  const span = { source, start, end: Math.max(start, Math.min(fault.end, text.length)) }
  if (fault.code === 'MISSING_CHAR' && /quote/.test(fault.message) && unclosed[0] !== undefined) {
    return diagnose('yaml-syntax', { source, start: unclosed[0], end: unclosed[0] + 1 }, 'this quote is never closed',
      { help: 'add the closing quote' })
  }
  if (fault.code === 'BAD_ALIAS') return diagnoseBareStar(span)
  const line = lineAround(text, start)
  const whole = { source, ...line.content }
  if (isStray(fault, line.text)) return diagnose('yaml-syntax', whole, strayLine, { help: strayHelp(line.text) })
  const isEntry = fault.code === 'MULTILINE_IMPLICIT_KEY' && /^-(?:\s|$)/.test(line.text)
  const known = isEntry ? entryAmongKeys : precise.find(([words]) => words.test(fault.message))?.[1]
  const wording = known ?? wordings[fault.code]
  if (wording === undefined) return diagnose('yaml-syntax', span, plainWords(fault.message))
  const { code = 'yaml-syntax', message, help } = wording
  const isAboutLine = known !== undefined && fault.code !== 'UNEXPECTED_TOKEN'
  return diagnose(code, isAboutLine ? whole : span, message, help === undefined ? {} : { help })
}

/** The finding for a tab that indents. */
export function diagnoseTab (source: SourceText, start: number): Diagnostic {
  return diagnose('yaml-indentation', { source, start, end: start + 1 }, 'a tab cannot indent', { help: 'indent with spaces' })
}

interface Line {
  /** Without space around it, and without a comment. */
  readonly text: string
  /** Where that stands. */
  readonly content: { readonly start: number, readonly end: number }
}

/** The line of a place; where it is empty, the next one that is not. */
function lineAround (text: string, place: number): Line {
  const start = nextContent(text, lineStart(text, place))
  const [line = ''] = text.slice(start).split('\n', 1)
  const content = line.replace(/\s+#.*$/, '').trimEnd()
  return { text: content, content: { start, end: start + content.length } }
}

/** Whether the error comes of a line without a colon and without a dash. */
function isStray ({ code, message }: SyntaxFault, line: string): boolean {
  if (/^Implicit map keys need/.test(message)) return true
  const isPlain = /^(?![-?:](?:\s|$))[^"'[\]{}&*!|>%@`#,]/.test(line) && !/:(?:\s|$)/.test(line)
  return isPlain && (code === 'MULTILINE_IMPLICIT_KEY' || / must start at the same column$|^Sequence item without -/.test(message))
}

function strayHelp (line: string): string {
  return /^\w+:\S/.test(line) ? 'write a space behind the colon' : 'complete the line, or remove it'
}

/** Whether an error of the parser says that a list or map in brackets does not end as it should. */
export function isAboutBracket ({ code, message }: Pick<SyntaxFault, 'code' | 'message'>): boolean {
  return (code === 'BAD_INDENT' || code === 'MISSING_CHAR') && /end with a [\]}]$/.test(message)
}

/** Findings for brackets that nobody closes: `offsets` are of those that the parser saw no end of. */
export function diagnoseBrackets (source: SourceText, offsets: readonly number[]): Diagnostic[] {
  return offsets.filter(offset => !isClosedLater(source.text, offset)).map(start => {
    const opener = source.text.charAt(start)
    return diagnose('yaml-syntax', { source, start, end: start + 1 }, `this \`${opener}\` is never closed`,
      { help: `close it with \`${opener === '{' ? '}' : ']'}\`` })
  })
}

/** Brackets, and what may hold some that are none: quoted texts and comments. */
const bracketOrText = /(?<=[\s,:[{])(?:"(?:[^"\\\n]|\\.)*"|'[^'\n]*')|(?<=\s)#.*|[[\]{}]/g

/** The parser sees no end where a line inside brackets is not indented, though the closing bracket stands further below. */
function isClosedLater (text: string, offset: number): boolean {
  const [opener, closer] = text.charAt(offset) === '{' ? ['{', '}'] : ['[', ']']
  let depth = 0
  for (const [found] of text.slice(offset).matchAll(bracketOrText)) {
    if (found === opener) depth++
    else if (found === closer && --depth === 0) return true
  }
  return false
}

function diagnoseBareStar (span: Span): Diagnostic {
  const { source: { text }, start } = span
  const isBare = /^\*(?=[\s,\]}]|$)/.test(text.slice(start, start + 2))
  const inList = isForList(text, start)
  const star = inList ? '["*"]' : '"*"'
  return diagnose('yaml-alias', span, 'an unquoted `*` begins a YAML alias, and here no name follows', {
    help: inList ? 'write `["*"]`: a list, and the star in quotes' : 'write `"*"`, in quotes',
    ...isBare && { fix: { text: star, at: { ...span, end: start + 1 } } }
  })
}

/** The parser's own words, on one bounded line, with a small letter in front. */
function plainWords (message: string): string {
  const line = message.split('\n', 1)[0]!.slice(0, 160)
  return line.charAt(0).toLowerCase() + line.slice(1)
}

const oddIndent = /^[ \t]*([\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000\ufeff])/

/** Finds a no-break space or the like that stands where indentation is meant, at the start of `text`. */
export function oddIndentation (text: string): string | null {
  const found = oddIndent.exec(text)
  return found === null ? null : codePoint(found[1]!)
}

const control = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufeff\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g
const maxControls = 10

/** Finds the characters that YAML 1.2 forbids (section 5.1), and byte order marks that stand inside a text. */
export function findControlCharacters (source: SourceText): Diagnostic[] {
  const found: Diagnostic[] = []
  for (const { index, 0: character } of source.text.matchAll(control)) {
    if (index === 0 && character === '\ufeff') continue
    found.push(diagnose('control-character', { source, start: index, end: index + 1 }, `${whatOf(source)} cannot hold ${codePoint(character)}`))
    if (found.length === maxControls) break
  }
  return found
}

function codePoint (character: string): string {
  return `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`
}
