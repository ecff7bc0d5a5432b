// Holds a document against the JSON Schema and tells each deviation at its place.
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import { diagnose, type Diagnostic, type DiagnosticExtras } from '../diagnostic/diagnostic.ts'
import { whatOf, type SourceText, type Span } from '../diagnostic/span.ts'
import { suggest } from '../diagnostic/suggest.ts'
import { shorten } from './faults.ts'
import { spanOfKey, spanOfValue, toPlain, type LocatedDocument, type LocatedEntry, type LocatedValue } from './located.ts'
import { explainType } from './traps.ts'

/** More findings than this in one file are of no use to anyone. */
const maxFindings = 50
const maxErrors = 1000

type Params = Readonly<Record<string, unknown>>

const validators = new WeakMap<object, ValidateFunction>()

/** What the schema finds. */
export interface Validation {
  readonly diagnostics: readonly Diagnostic[]
  /** The values that are at fault, and all that hold them. */
  readonly broken: ReadonlySet<LocatedValue>
}

/**
 * Validates a document. Nothing is converted, and nothing is filled in. The schema is compiled once, when first needed.
 * `known` holds the values from which something was left out because it has been reported: there nothing is missing.
 */
export function validateDocument (
  document: LocatedDocument, schema: Readonly<Record<string, unknown>>, known: ReadonlySet<LocatedValue> = new Set()
): Validation {
  const validate = validatorOf(schema)
  if (validate(toPlain(document.root))) return { diagnostics: [], broken: known }
  const errors = validate.errors ?? []
  const broken = new Set(known)
  const diagnostics: Diagnostic[] = []
  const seen = new Set<string>()
  const misspelt = misspeltKeys(errors.slice(0, maxErrors))
  for (const error of errors) {
    const location = locate(document.root, error.instancePath, broken)
    const isKnown = (error.keyword === 'required' || error.keyword === 'minItems' || error.keyword === 'minProperties') && known.has(location.value)
    if (isKnown || diagnostics.length >= maxFindings || misspelt.has(`${error.instancePath} ${String((error.params as Params)['missingProperty'])}`)) continue
    const diagnostic = diagnoseError(document, error, location)
    const key = diagnostic && `${diagnostic.line}:${diagnostic.column} ${diagnostic.code} ${diagnostic.message}`
    // A value that aliases share is reported once, at its anchor.
    if (diagnostic === null || seen.has(key!)) continue
    seen.add(key!)
    diagnostics.push(diagnostic)
  }
  return { diagnostics, broken }
}

/** The maps, by pointer, and the keys that they lack only because of a misspelling. */
function misspeltKeys (errors: readonly ErrorObject[]): ReadonlySet<string> {
  const found = new Set<string>()
  for (const { keyword, instancePath, params, parentSchema } of errors) {
    if (keyword !== 'additionalProperties') continue
    const near = nearKey(String((params as Params)['additionalProperty']), Object.keys((parentSchema?.['properties'] ?? {}) as object))
    if (near !== null) found.add(`${instancePath} ${near}`)
  }
  return found
}

function validatorOf (schema: Readonly<Record<string, unknown>>): ValidateFunction {
  let validate = validators.get(schema)
  if (validate === undefined) {
    const ajv = new Ajv({ strict: true, allErrors: true, verbose: true, allowUnionTypes: true, logger: false })
    for (const keyword of ['markdownDescription', 'defaultSnippets', 'patternErrorMessage']) ajv.addKeyword(keyword)
    validators.set(schema, validate = ajv.compile(inlined(schema, schema) as Readonly<Record<string, unknown>>))
  }
  return validate
}

/**
 * A schema without references: ajv copies all errors so far at each reference that it follows, so that a file of
 * 100,000 mistakes would take minutes.
 */
function inlined (part: unknown, root: Readonly<Record<string, unknown>>): unknown {
  if (Array.isArray(part)) return part.map(item => inlined(item, root))
  if (typeof part !== 'object' || part === null) return part
  const { $ref, ...rest } = part as { readonly $ref?: unknown }
  if (typeof $ref === 'string') {
    const [, section = '', name = ''] = $ref.split('/')
    return { ...inlined((root[section] as Readonly<Record<string, unknown>>)[name], root) as object, ...rest }
  }
  return Object.fromEntries(Object.entries(part).filter(([key]) => key !== 'definitions').map(([key, value]) => [key, inlined(value, root)]))
}

/** A place in a document: the value, the entry that holds it if a map does, and the name of the nearest key above it. */
interface Location {
  readonly value: LocatedValue
  readonly entry: LocatedEntry | null
  readonly key: string | null
}

function locate (root: LocatedValue, pointer: string, passed: Set<LocatedValue>): Location {
  let location: Location = { value: root, entry: null, key: null }
  passed.add(root)
  for (const part of pointer.split('/').slice(1)) {
    const { value } = location
    if (value.kind === 'list') {
      const item = value.items[Number(part)]
      if (item !== undefined) location = { value: item, entry: null, key: location.key }
    } else if (value.kind === 'map') {
      const key = part.replaceAll('~1', '/').replaceAll('~0', '~')
      const entry = value.entries.get(key)
      if (entry !== undefined) location = { value: entry.value, entry, key }
    }
    passed.add(location.value)
  }
  return location
}

function diagnoseError (document: LocatedDocument, error: ErrorObject, location: Location): Diagnostic | null {
  const { source } = document
  // What a name does not match is told once, by `propertyNames`.
  if (error.propertyName !== undefined) return null
  const here = spanOfValue(source, location.value)
  const params = error.params as Params
  switch (error.keyword) {
    case 'additionalProperties': return unknownKey(document, location, error, String(params['additionalProperty']))
    case 'required': {
      const name = String(params['missingProperty'])
      return diagnose('missing-key', placeOfMap(document, location), `${nameOf(source, location)} has no \`${name}\``, { help: `add \`${name}:\`` })
    }
    case 'type': return explainType(source, location, params['type'])
    case 'enum': return explainEnum(document, location, (params['allowedValues'] as readonly unknown[]).map(String))
    case 'const': return diagnose('wrong-value', here, constMessage(location, params['allowedValue']), constHelp(location, params['allowedValue']))
    case 'pattern': return explainPattern(document, location, error.parentSchema?.['patternErrorMessage'])
    case 'propertyNames': return nameOfSet(document, location, String(params['propertyName']))
    case 'minProperties': return diagnose('wrong-value', here, `\`${location.key}\` cannot be empty`, { help: `write at least one of ${list(Object.keys(error.parentSchema?.['properties'] as object))}` })
    case 'minItems': return diagnose('wrong-value', here, `\`${location.key}\` cannot be empty`, { help: 'list at least one entry' })
    case 'minLength': return diagnose('wrong-value', here, `${label(location)} cannot be empty`, { help: 'write a value, or remove it' })
    case 'maxLength': return diagnose('wrong-value', here, `${label(location)} is longer than ${Number(params['limit']).toLocaleString('en')} characters`, { help: 'shorten it' })
    case 'minimum': case 'maximum': {
      const [low, high] = [error.parentSchema?.['minimum'], error.parentSchema?.['maximum']].map(String)
      return diagnose('wrong-value', here, `${label(location)} cannot be ${quote(location)}`, { help: `it takes numbers from ${low} to ${high}` })
    }
    default: return diagnose('wrong-value', here, `${label(location)} ${error.message ?? 'is not valid'}`)
  }
}

function unknownKey (document: LocatedDocument, location: Location, error: ErrorObject, name: string): Diagnostic | null {
  const entries = location.value.kind === 'map' ? location.value.entries : null
  const entry = entries?.get(name)
  if (!entries || entry === undefined) return null
  const known = Object.keys((error.parentSchema?.['properties'] ?? {}) as object)
  const span = spanOfKey(document.source, entry)
  const message = `${nameOf(document.source, location)} has no key \`${shorten(name)}\``
  const near = nearKey(name, known)
  if (near === null) {
    const help = elsewhere.get(name) ?? (known.length <= 8 ? `the keys are ${list(known)}` : 'remove the key, or correct its spelling')
    return diagnose('unknown-key', span, message, { help })
  }
  const first = entries.get(near)
  // Where the right key is there as well, the wrong one is perhaps no misspelling of it.
  return diagnose('unknown-key', span, message, first === undefined
    ? { help: `did you mean \`${near}\`?`, ...isOneSpelling(name, near, entries.keys()) && { fix: { text: near } } }
    : { help: `\`${near}\` is given too; remove one of them`, related: [{ span: spanOfKey(document.source, first), message: `\`${near}\` is given here` }] })
}

/** The key that is probably meant: the nearest known one, or the one that other CORS configurations call so. */
function nearKey (name: string, known: readonly string[]): string | null {
  // A key of ours that stands elsewhere is spelt as it should be.
  const near = elsewhere.has(name) ? null : suggest(name, known)
  if (near !== null) return near
  const foreign = Object.hasOwn(synonyms, name) ? name : suggest(name, Object.keys(synonyms))
  const meant = foreign === null ? null : synonyms[foreign]!
  return meant !== null && known.includes(meant) ? meant : null
}

/** Whether a key is another one but for letter case, hyphens and underscores, and no second key of its map is that as well. */
function isOneSpelling (name: string, near: string, given: Iterable<string>): boolean {
  const plain = (key: string): string => key.replace(/[-_]/g, '').toLowerCase()
  return plain(name) === plain(near) && [...given].filter(key => plain(key) === plain(near)).length === 1
}

/** Words of other CORS configurations for our keys. */
const synonyms: Readonly<Record<string, string>> = {
  routes: 'rules', paths: 'routes', path: 'routes', route: 'routes', origin: 'allowOrigins', origins: 'allowOrigins',
  allowedOrigins: 'allowOrigins', methods: 'allowMethods', allowedMethods: 'allowMethods', headers: 'allowHeaders',
  allowedHeaders: 'allowHeaders', exposedHeaders: 'exposeHeaders', credentials: 'allowCredentials', policies: 'rules'
}

/** What may stand in another place only, or in another version. */
const elsewhere: ReadonlyMap<string, string> = new Map([
  ['notBefore', 'a validity window belongs to a single rule'], ['expires', 'a validity window belongs to a single rule'],
  ['name', 'only rules and guardrails have names'], ['routes', 'routes belong to a single rule'],
  ['tests', 'policy tests stand in files whose names end in `.test.yaml`']
])

function nameOfSet ({ source }: LocatedDocument, location: Location, name: string): Diagnostic | null {
  const entry = location.value.kind === 'map' ? location.value.entries.get(name) : undefined
  return entry === undefined ? null : diagnose('wrong-value', spanOfKey(source, entry), `\`${shorten(name)}\` cannot be the name of a set`, { help: nameForm })
}

const nameForm = 'a name is a letter or digit, then up to 63 letters, digits, `.`, `_` and `-`'

function explainPattern ({ source }: LocatedDocument, location: Location, help: unknown): Diagnostic {
  const span = spanOfValue(source, location.value)
  if (typeof help === 'string') return diagnose('wrong-value', span, `${label(location)} cannot be ${quote(location)}`, { help })
  if (location.key === 'name') return diagnose('wrong-value', span, `${quote(location)} cannot be the name of a rule`, { help: nameForm })
  if (location.key === 'reason') return diagnose('wrong-value', span, '`reason` cannot be blank', { help: 'say why the risk is taken' })
  return diagnose('wrong-value', span, `${label(location)} takes visible ASCII characters and spaces only`, { help: 'remove all other characters' })
}

function explainEnum ({ source }: LocatedDocument, location: Location, allowed: readonly string[]): Diagnostic {
  const span = spanOfValue(source, location.value)
  const value = location.value.kind === 'scalar' ? String(location.value.value) : ''
  if (value === 'any-origin-credentials') {
    return diagnose('wrong-value', span, `${quote(location)} cannot be accepted`, { help: 'browsers refuse `*` with credentials: list the origins' })
  }
  const near = suggest(value, allowed)
  return diagnose('wrong-value', span, `${label(location)} cannot be ${quote(location)}`, {
    help: near === null ? `it takes ${list(allowed)}` : `did you mean \`${near}\`?`,
    ...near !== null && value.toLowerCase() === near && { fix: { text: near } }
  })
}

function constMessage (location: Location, allowed: unknown): string {
  return `${label(location)} must be ${String(allowed)}`
}

function constHelp ({ value }: Location, allowed: unknown): DiagnosticExtras {
  return value.kind === 'scalar' && value.value === String(allowed)
    ? { help: `write \`${String(allowed)}\`, without quotes`, fix: { text: String(allowed) } }
    : { help: `write \`${String(allowed)}\`` }
}

/** A map is pointed at by its key, or by its first character where it is an item of a list or the whole file. */
function placeOfMap ({ source }: LocatedDocument, { value, entry }: Location): Span {
  if (entry !== null) return spanOfKey(source, entry)
  const [first] = value.kind === 'map' ? value.entries.values() : []
  return first === undefined ? { source, start: value.start, end: value.start } : spanOfKey(source, first)
}

function nameOf (source: SourceText, location: Location): string {
  if (location.key === null) return whatOf(source)
  if (location.key === 'rules') return 'a rule'
  if (location.key === 'tests') return 'a test'
  if (location.key === 'guardrails') return 'a guardrail'
  return location.key === 'acceptRisks' ? 'an accepted risk' : `\`${location.key}\``
}

function label ({ key, entry }: Location): string {
  return key === null ? 'the file' : entry === null ? `an entry of \`${key}\`` : `\`${key}\``
}

function quote ({ value }: Location): string {
  return value.kind === 'scalar' ? `\`${shorten(String(value.value))}\`` : 'this'
}

function list (words: readonly string[]): string {
  return words.map(word => `\`${word}\``).join(', ')
}
