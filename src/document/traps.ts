// Values of the wrong type, and the traps of YAML that lead to them.
import { diagnose, type Diagnostic, type DiagnosticExtras } from '../diagnostic/diagnostic.ts'
import { whatOf, type SourceText } from '../diagnostic/span.ts'
import { spanOfKey, spanOfValue, type LocatedEntry, type LocatedMap, type LocatedValue } from './located.ts'

/** Tells that a value is not of the type that its key takes, with a hint where YAML itself is the likely cause. */
export function explainType (source: SourceText, { value, key, entry }: Location, wanted: unknown): Diagnostic {
  const types = (Array.isArray(wanted) ? wanted : [wanted]) as readonly string[]
  const isEntry = key !== null && entry === null
  const subject = key === null ? whatOf(source) : isEntry ? `an entry of \`${key}\`` : `\`${key}\``
  const text = source.text.slice(value.start, value.end)
  const takes = types.map(type => typeNames[type] ?? type).join(' or ')
  const message = key === null ? `${subject} is ${takes}, not ${kindOf(value)}` : `${subject} takes ${takes}, and this is ${kindOf(value)}`
  return diagnose('wrong-type', placeOf(source, value), message, hint(value, text, types, isEntry) ?? {})
}

/** A value, its own entry of a map if it has one, and the name of the nearest key above it. */
interface Location {
  readonly value: LocatedValue
  readonly entry: LocatedEntry | null
  readonly key: string | null
}

/** What to do, and the text that does it where that is certain. */
type Hint = Pick<DiagnosticExtras, 'fix'> & { readonly help: string }

const typeNames: Readonly<Record<string, string>> = {
  string: 'a text', integer: 'a whole number', number: 'a number', boolean: 'true or false', array: 'a list', object: 'a map of keys', null: 'null'
}

function kindOf (value: LocatedValue): string {
  if (value.kind !== 'scalar') return value.kind === 'list' ? 'a list' : 'a map'
  if (value.value === null) return 'null'
  if (typeof value.value === 'string') return 'a text'
  return typeof value.value === 'boolean' ? `the truth value ${String(value.value)}` : 'a number'
}

function placeOf (source: SourceText, value: LocatedValue): { source: SourceText, start: number, end: number } {
  const [first] = value.kind === 'map' ? value.entries.values() : []
  return first === undefined ? spanOfValue(source, value) : { ...spanOfKey(source, first), end: Math.max(first.keyEnd, first.value.end) }
}

function hint (value: LocatedValue, text: string, types: readonly string[], isEntry: boolean): Hint | null {
  if (value.kind === 'map') return mapHint(value, text, types)
  if (value.kind === 'list') return types.includes('string') ? { help: 'write a single text here' } : null
  return scalarHint(value.value, text, types, isEntry ? 'entry' : 'line')
}

function mapHint ({ entries, start }: LocatedMap, text: string, types: readonly string[]): Hint | null {
  const [first] = entries
  if (first === undefined || !types.includes('string')) return types.includes('array') ? { help: 'begin each entry with `- `' } : null
  const [name, { value: inner, keyStart }] = first
  const isPort = entries.size === 1 && inner.kind === 'scalar' && (typeof inner.value === 'number' || inner.value === null || inner.value === '*')
  if (!isPort || !name.includes('://')) return { help: 'a colon and a space make this a map: put the text in quotes' }
  const [, port] = keyStart === start ? /^[^\s,[\]{}#"']+:[ \t]+(\d+)$/.exec(text.trimEnd()) ?? [] : []
  return {
    help: `a space after the colon makes this a map: write \`${name}:${inner.value ?? 'PORT'}\`, without the space`,
    ...port !== undefined && { fix: { text: `${name}:${port}` } }
  }
}

/** Texts that mean the same between brackets as without; one with a comma or a space was perhaps meant as several. */
const singleEntry = /^(?:[A-Za-z0-9/$][^\s,[\]{}#"'`]*(?<!:)|"[^\s,"\\]+"|'[^\s,']+')$/

function scalarHint (
  value: string | number | boolean | null, text: string, types: readonly string[], place: 'entry' | 'line'
): Hint | null {
  if (types.includes('array') && value !== null) {
    const isSingle = typeof value === 'string' && singleEntry.test(text)
    return { help: 'write a list, such as `[…]` or lines that begin with `- `', ...isSingle && { fix: { text: `[${text}]` } } }
  }
  if (types.includes('string') && value === null) {
    return { help: text === 'null' ? 'write `"null"`, in quotes, if the opaque origin is meant' : `write a value, or remove the ${place}` }
  }
  if (types.includes('boolean') && typeof value === 'string') {
    if (/^(?:yes|on|y|true)$/i.test(value)) return { help: 'write `true`', fix: { text: 'true' } }
    if (/^(?:no|off|n|false)$/i.test(value)) return { help: 'write `false`', fix: { text: 'false' } }
  }
  if (types.includes('string') && value !== null && typeof value !== 'string') return { help: `put it in quotes if the text is meant: \`"${text}"\`` }
  return value === null ? { help: `write a value, or remove the ${place}` } : null
}
