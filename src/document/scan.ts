// Looks over the tokens of a YAML document: how deep they nest, which tags there are, which quotes and brackets are open.
import { diagnose, type Diagnostic } from '../diagnostic/diagnostic.ts'
import { whatOf, type SourceText } from '../diagnostic/span.ts'

/** What is read of a token of YAML's concrete syntax. */
export interface SyntaxToken {
  readonly type: string
  readonly offset: number
  readonly source?: string
  /** `start` of a collection in flow style is a single token, everywhere else a list. */
  readonly start?: unknown
  readonly props?: unknown
  readonly value?: unknown
  readonly end?: unknown
  readonly items?: readonly {
    readonly start: readonly unknown[]
    readonly key?: unknown
    readonly sep?: readonly unknown[]
    readonly value?: unknown
  }[]
}

/** Policies need less than ten levels. */
const maxDepth = 64
const maxTags = 10

/**
 * Tells where a document is nested too deeply for anything recursive to be built from it; null where it is not. Without
 * recursion itself, and without a look at what cannot nest, as every file goes through here.
 */
export function findExcessiveDepth (root: SyntaxToken, source: SourceText): Diagnostic | null {
  const stack: SyntaxToken[] = [root]
  const depths: number[] = [0]
  for (let token = stack.pop(); token !== undefined; token = stack.pop()) {
    const depth = depths.pop()!
    if (depth > maxDepth) {
      return tooDeep(source, token.offset)
    }
    for (const child of token.items ?? [token]) {
      const { key, value } = child as { readonly key?: unknown, readonly value?: unknown }
      for (const nested of [key, value]) {
        if (!canNest(nested)) continue
        stack.push(nested)
        depths.push(depth + 1)
      }
    }
  }
  return null
}

function tooDeep (source: SourceText, start: number): Diagnostic {
  return diagnose('too-complex', { source, start, end: start + 1 }, `more than ${maxDepth} levels are nested here`)
}

/** The same finding for a text that nests too deeply to be taken apart at all: at the line that opens most levels. */
export function tooDeepLine (source: SourceText): Diagnostic {
  let [deepest, most] = [0, -1]
  for (const { index, 0: opening } of source.text.matchAll(/^[ \t]*(?:[-?:][ \t]+)*/gm)) {
    if (opening.length > most) [deepest, most] = [index, opening.length]
  }
  return tooDeep(source, deepest)
}

function canNest (value: unknown): value is SyntaxToken {
  return typeof value === 'object' && value !== null && 'items' in value
}

/** Finds explicit tags, wherever a node's properties may stand. */
export function findTags (root: SyntaxToken, source: SourceText): Diagnostic[] {
  const found: Diagnostic[] = []
  for (const token of tokensBelow(root)) {
    if (token.type !== 'tag' || found.length === maxTags) continue
    const text = token.source ?? '!'
    found.push(diagnose('yaml-tag', { source, start: token.offset, end: token.offset + text.length }, `${whatOf(source)} has no explicit tags`))
  }
  return found
}

/** Finds where quoted texts begin that nobody closed. */
export function findUnclosedQuotes (root: SyntaxToken): number[] {
  const found: number[] = []
  for (const { type, source = '', offset } of tokensBelow(root)) {
    const quote = type === 'double-quoted-scalar' ? '"' : type === 'single-quoted-scalar' ? '\'' : ''
    if (quote !== '' && (source.length < 2 || !source.endsWith(quote))) found.push(offset)
  }
  return found
}

/** Finds where lists and maps in brackets begin that nobody closed, from first to last. */
export function findUnclosedBrackets (root: SyntaxToken): number[] {
  const open: { readonly offset: number, readonly closer: string, readonly found: string | undefined }[] = []
  for (const { type, start, end, offset } of tokensBelow(root)) {
    if (type !== 'flow-collection') continue
    const closer = (start as SyntaxToken).type === 'flow-map-start' ? '}' : ']'
    const found = (end as readonly SyntaxToken[])[0]?.source
    if (found !== closer) open.push({ offset, closer, found })
  }
  open.sort((a, b) => a.offset - b.offset)
  const unclosed: typeof open = []
  for (const each of open) {
    // In `{a: [b}` the list has taken the closing bracket of the map around it, which is none the worse for it.
    const around = unclosed.slice(-maxDepth).findLast(({ closer, found }) => closer === each.found && found === undefined)
    if (around !== undefined) unclosed.splice(unclosed.lastIndexOf(around), 1)
    unclosed.push(each)
  }
  return unclosed.map(({ offset }) => offset)
}

/** Every token of a document, in no certain order, without recursion. */
function* tokensBelow (root: SyntaxToken): Generator<SyntaxToken> {
  const stack: unknown[] = [root]
  while (stack.length > 0) {
    const next = stack.pop()
    if (Array.isArray(next)) {
      for (const child of next) stack.push(child)
    } else if (typeof next === 'object' && next !== null) {
      const token = next as SyntaxToken & { readonly key?: unknown, readonly sep?: unknown }
      if (typeof token.type === 'string') yield token
      stack.push(token.start, token.props, token.value, token.items, token.key, token.sep)
    }
  }
}
