// YAML text to a value that knows where each part was written.
import { Composer, isAlias, isMap, isScalar, isSeq, Parser, type Alias, type Document, type Scalar, type YAMLMap, type YAMLSeq } from 'yaml'
import type { DiagnosticCode } from '../diagnostic/catalogue.ts'
import { diagnose, type Diagnostic } from '../diagnostic/diagnostic.ts'
import { whatOf, type SourceText, type Span } from '../diagnostic/span.ts'
import type { LocatedDocument, LocatedEntry, LocatedScalar, LocatedValue } from './located.ts'
import { aliasAsKey, collectionAsKey, explainAlias, findKeyFault, isForList, shorten } from './faults.ts'
import { withoutCascades } from './cascades.ts'
import { findExcessiveDepth, findTags, findUnclosedBrackets, findUnclosedQuotes, tooDeepLine, type SyntaxToken } from './scan.ts'
import { diagnoseBrackets, diagnoseSyntax, diagnoseTab, findControlCharacters, isAboutBracket, oddIndentation } from './syntax.ts'

/** What reading a file as YAML gives: the document unless it is no well-formed one, and every finding. */
export interface ParsedDocument {
  readonly document: LocatedDocument | null
  readonly diagnostics: readonly Diagnostic[]
  /** The lists and maps from which something was left out because it was reported, and all that hold them. */
  readonly broken: ReadonlySet<LocatedValue>
}

const unbroken: ReadonlySet<LocatedValue> = new Set()

/** What aliases may add to a document, beside what is written out. */
const maxAliasNodes = 1_000_000
const maxAliasLength = 32 * 1024 * 1024
const maxSyntaxErrors = 20
/** More findings of one file than this are counted, not kept. */
const maxReports = 100

/** Reads one file. Never throws; the work is bounded by the length of the text and the bounds on aliases. */
export function parseDocument (source: SourceText): ParsedDocument {
  const diagnostics = findControlCharacters(source)
  // The parser does not take a lone carriage return for a line break, as YAML 1.2 does; no offset changes.
  const text = source.text.includes('\r') ? source.text.replace(/\r(?!\n)/g, '\n') : source.text
  const { node, found, isReadable } = quietly(() => composeInBounds(source, text))
  diagnostics.push(...found)
  if (!isReadable) return { document: null, diagnostics, broken: unbroken }
  if (node === null || (isScalar(node) && node.value === null)) {
    if (diagnostics.length === 0) diagnostics.push(diagnose('empty-file', { source, start: 0, end: 0 }, source.kind === undefined ? 'the file holds no policy' : 'the file is empty'))
    return { document: null, diagnostics, broken: unbroken }
  }
  const walk = new Walk(source)
  const root = walk.visit(node)
  diagnostics.push(...walk.diagnostics)
  return { document: root === null || walk.isTooBig ? null : { source, root }, diagnostics, broken: walk.broken }
}

interface Composed { readonly node: Document.Parsed['contents'], readonly found: Diagnostic[], readonly isReadable: boolean }

/** The parser recurses where many levels end at once: a text that nests deeper than its stack is refused as too deep. */
function composeInBounds (source: SourceText, text: string): Composed {
  try {
    return compose(source, text)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return { node: null, found: [tooDeepLine(source)], isReadable: false }
  }
}

function compose (source: SourceText, text: string): Composed {
  const composer = new Composer({ version: '1.2', schema: 'core', strict: true, uniqueKeys: false, merge: false, resolveKnownTags: false, logLevel: 'silent' })
  const found: Diagnostic[] = []
  let root: SyntaxToken | null = null
  let document: Document.Parsed | null = null
  for (const token of new Parser().parse(text)) {
    if (token.type === 'directive') {
      const end = token.offset + token.source.trimEnd().length
      if (found.length < maxSyntaxErrors) found.push(diagnose('yaml-directive', { source, start: token.offset, end }, `${whatOf(source)} has no YAML directives`))
      continue
    }
    if (token.type === 'document') {
      if (root !== null) {
        const start = token.offset
        found.push(diagnose('yaml-documents', { source, start, end: Math.min(start + 3, text.length) }, `${whatOf(source)} is exactly one document`))
        break
      }
      root = token
      const tooDeep = findExcessiveDepth(root, source)
      if (tooDeep !== null) return { node: null, found: [...found, tooDeep], isReadable: false }
      if (text.includes('!')) found.push(...findTags(root, source))
    }
    for (const composed of composer.next(token)) document ??= composed
  }
  for (const composed of composer.end(true, text.length)) document ??= composed
  const errors = document!.errors.filter(error => error.code !== 'TAG_RESOLVE_FAILED' && error.code !== 'MULTIPLE_DOCS')
  const unclosed = errors.length > 0 && root !== null ? findUnclosedQuotes(root) : []
  const open = root !== null && errors.some(isAboutBracket) ? findUnclosedBrackets(root).slice(0, maxSyntaxErrors) : []
  const brackets = diagnoseBrackets(source, open)
  found.push(...brackets)
  const { tabs, told } = withoutCascades(text, brackets.length === 0 ? errors : errors.filter(error => !isAboutBracket(error)))
  found.push(...tabs.map(start => diagnoseTab(source, start)))
  const places = new Set<number>()
  for (const error of told) {
    // What else the parser says of the same place follows from what it said first.
    if (places.has(error.pos[0])) continue
    if (places.size === maxSyntaxErrors) break
    places.add(error.pos[0])
    found.push(diagnoseSyntax(source, { code: error.code, message: error.message, start: error.pos[0], end: error.pos[1] }, unclosed))
  }
  if (errors.length > 0) found.push(...oddlyIndentedLines(source))
  return { node: document!.contents, found, isReadable: errors.length === 0 }
}

/** The parser makes an error object for each error; without stack traces a file of a million errors is read in seconds. */
function quietly<T> (work: () => T): T {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 0
  try {
    return work()
  } finally {
    Error.stackTraceLimit = limit
  }
}

function oddlyIndentedLines (source: SourceText): Diagnostic[] {
  const found: Diagnostic[] = []
  for (const { index, 0: line } of source.text.matchAll(/^[ \t]*[^\x21-\x7e\s]\S{0,3}|^[ \t]*[^\S \t\r\n]/gm)) {
    const odd = oddIndentation(line)
    if (odd === null || (index === 0 && line.startsWith('\ufeff'))) continue
    found.push(diagnose('yaml-indentation', { source, start: index, end: index + line.length }, `${odd} looks like a space and is none`))
    if (found.length === maxSyntaxErrors) break
  }
  return found
}

/** Goes through the nodes of one document, following aliases with a count of what they stand for. */
class Walk {
  readonly diagnostics: Diagnostic[] = []
  readonly broken = new Set<LocatedValue>()
  /** Aliases stand for more than may be read. */
  isTooBig = false
  readonly #source: SourceText
  /** What each anchor stands for, once its value is complete; null until then. */
  readonly #anchors = new Map<string, LocatedValue | null>()
  /** The number of nodes and characters that a value stands for, aliases followed. */
  readonly #sizes = new Map<LocatedValue, { nodes: number, length: number }>()
  #reports = 0
  #nodes = 0
  #length = 0
  /** What aliases have added so far, to the document as a whole. */
  #aliasNodes = 0
  #aliasLength = 0

  constructor (source: SourceText) {
    this.#source = source
  }

  /** The value of a node; null where it was reported and is left out. */
  visit (node: unknown): LocatedValue | null {
    if (isAlias(node)) return this.#follow(node)
    const { anchor, tag } = node as { anchor?: string, tag?: string }
    const before = this.#reports
    if (anchor === undefined) return this.#build(node, before, tag)
    this.#anchors.set(anchor, null)
    const [nodes, length] = [this.#nodes, this.#length]
    const value = this.#build(node, before, tag)
    if (value === null) this.#anchors.delete(anchor)
    else this.#anchors.set(anchor, value)
    if (value !== null) this.#sizes.set(value, { nodes: this.#nodes - nodes, length: this.#length - length })
    return value
  }

  #build (node: unknown, before: number, tag: string | undefined): LocatedValue | null {
    this.#nodes++
    const value = isMap(node) ? this.#map(node) : isSeq(node) ? this.#list(node) : this.#scalar(node as Scalar)
    if (this.#reports > before) this.broken.add(value)
    // Explicit tags have been reported by the scan.
    return tag === undefined ? value : null
  }

  #list ({ items, range }: YAMLSeq): LocatedValue {
    const [start, end] = range!
    const values = items.map(item => this.visit(item))
    const list: LocatedValue = { kind: 'list', items: values.filter(value => value !== null), start, end }
    if (list.items.length < values.length) this.broken.add(list)
    return list
  }

  #scalar (node: Scalar, isKey = false): LocatedScalar {
    const [start, end] = node.range!
    this.#length += end - start
    const { value } = node
    if (!isKey && node.type === 'PLAIN' && typeof value === 'string' && value.charCodeAt(0) > 0x9f) this.#checkIndentation(value, start)
    const isKnown = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' || value === null
    return { kind: 'scalar', value: isKnown ? value : null, start, end }
  }

  #checkIndentation (value: string, start: number): void {
    const odd = oddIndentation(value)
    if (odd !== null) this.#report('yaml-indentation', start, start + 1, `${odd} looks like a space and is none`)
  }

  #map (node: YAMLMap): LocatedValue {
    const [start, end] = node.range!
    const entries = new Map<string, LocatedEntry>()
    const map: LocatedValue = { kind: 'map', entries, start, end }
    for (const pair of node.items) {
      const key = this.#key(pair.key, start)
      // `? key` without a value has no node for it.
      const absent = { kind: 'scalar' as const, value: null, start: key?.end ?? start, end: key?.end ?? start }
      const value = pair.value === null ? absent : this.visit(pair.value)
      if (key === null || value === null) {
        this.broken.add(map)
        continue
      }
      const first = entries.get(key.name)
      if (first === undefined) {
        entries.set(key.name, { keyStart: key.start, keyEnd: key.end, value })
      } else {
        this.#report('duplicate-key', key.start, key.end, `\`${shorten(key.name)}\` is given twice`, undefined,
          [{ span: this.#span(first.keyStart, first.keyEnd), message: 'first given here' }])
      }
    }
    return map
  }

  /** The name of a key, or null where it is none; then that has been reported. */
  #key (node: unknown, mapStart: number): { name: string, start: number, end: number } | null {
    if (!isScalar(node)) {
      const [start = mapStart, end = 0] = (node as { range?: readonly number[] } | null)?.range ?? []
      const fault = isAlias(node) ? aliasAsKey : collectionAsKey
      this.#report(fault.code, start, Math.max(start + 1, Math.min(end, start + 80)), fault.message, fault.help)
      return null
    }
    const { value: name, start, end } = this.#scalar(node, true)
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, { kind: 'scalar', value: name, start, end })
    if (node.type === 'PLAIN' && typeof name === 'string' && oddIndentation(name) !== null) {
      this.#checkIndentation(name, start)
      return null
    }
    const fault = findKeyFault(name, whatOf(this.#source))
    if (fault !== null) {
      this.#report(fault.code, start, Math.max(start + 1, end), fault.message, fault.help)
      return null
    }
    return { name: name as string, start, end }
  }

  #follow (node: Alias): LocatedValue | null {
    const [start, end] = node.range!
    const value = this.#anchors.get(node.source)
    if (value === undefined || value === null) {
      const fault = explainAlias(node.source, value === null, isForList(this.#source.text, start))
      const fix = this.#source.text.slice(start, end) === `*${node.source}` ? fault.fix : undefined
      this.#report(fault.code, start, end, fault.message, fault.help, [], fix)
      return null
    }
    const size = this.#sizes.get(value) ?? { nodes: 1, length: 0 }
    this.#nodes += size.nodes
    this.#length += size.length
    this.#aliasNodes += size.nodes
    this.#aliasLength += size.length
    if (!this.isTooBig && (this.#aliasNodes > maxAliasNodes || this.#aliasLength > maxAliasLength)) {
      this.isTooBig = true
      this.#report('too-complex', start, end, 'with this alias, the aliases of the file stand for more than any policy needs')
    }
    return value
  }

  #report (
    code: DiagnosticCode, start: number, end: number, message: string, help?: string,
    related: { span: Span, message: string }[] = [], fix?: string
  ): void {
    this.#reports++
    if (this.#reports > maxReports) return
    this.diagnostics.push(diagnose(code, this.#span(start, end), message, {
      related, ...help !== undefined && { help }, ...fix !== undefined && { fix: { text: fix } }
    }))
  }

  #span (start: number, end: number): Span {
    return { source: this.#source, start, end }
  }
}
