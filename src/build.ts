// Source texts in; a snapshot or diagnostics out.
import { compareDiagnostics, diagnose, type Diagnostic } from './diagnostic/diagnostic.ts'
import type { SourceText } from './diagnostic/span.ts'
import { readDocument, type ValidatedDocument } from './document/read.ts'
import { checkGuardrails } from './inspect/guardrail.ts'
import { checkPolicies } from './policy/check.ts'
import { lowerPolicies } from './policy/lower.ts'
import type { PolicySet } from './policy/policy.ts'
import { revisionOf } from './policy/revision.ts'
import { policySchema } from './policy/schema.ts'
import { parseTime } from './policy/time.ts'
import { defaultRouterOptions, readingSteps, type ReadingStep, type RouterOptions } from './route/path.ts'
import { compile, type CompileOptions } from './snapshot/compile.ts'
import type { Settings, Snapshot } from './snapshot/snapshot.ts'

/** How servers behind may read a path otherwise than Fastify's router: in all ways, in none, or by the steps that are listed. */
export type PathReadings = 'all' | 'router' | readonly ReadingStep[]

/** What a set is built for. Everything has Fastify's or the plugin's default. */
export interface BuildOptions {
  /** The moment at which validity windows are judged: a Date, epoch milliseconds, or RFC 3339 text. Now, unless given. */
  readonly at?: Date | number | string
  /** The generation that the snapshot carries; 1 unless given. */
  readonly generation?: number
  /** What becomes of a path without a policy: nothing is granted there, or it passes untouched. `'deny'` unless given. */
  readonly unmatched?: Settings['unmatched']
  /** How the Fastify instance's router reads a path. Fastify's own defaults unless given, each by itself. */
  readonly router?: Partial<RouterOptions>
  /** How servers behind the gateway may read a path otherwise than the router. `'all'` unless given. */
  readonly pathReadings?: PathReadings
  /** A set without any rule is valid; otherwise it is taken for a fault. `false` unless given. */
  readonly allowEmpty?: boolean
  /** For `check`: a risk acceptance that has run out is an error; for a gateway that runs it is a warning. `'warning'` unless given. */
  readonly expiredAcceptance?: 'error' | 'warning'
  /** Whether a broken guardrail makes the set invalid, or is only told, for whoever compares sets. `'error'` unless given. */
  readonly brokenGuardrail?: 'error' | 'warning'
  /** What the source found while it read the files; an error among it makes the set invalid. Nothing unless given. */
  readonly found?: readonly Diagnostic[]
}

/** A set that was read, validated and checked: everything but compiled. */
export interface PreparedSet {
  /** Whether the set is valid: no finding is an error. */
  readonly ok: boolean
  /** Null for an invalid set. */
  readonly set: PolicySet | null
  /** Every finding, by file and place. */
  readonly diagnostics: readonly Diagnostic[]
  /** Equal for equal files: what a set is called in logs, in the status and for `accept`. */
  readonly revision: string
  /** The number of policy files; files of policy tests are none. */
  readonly files: number
  /** The number of rules that could be read, also of an invalid set. */
  readonly rules: number
}

/** A valid set has a snapshot and perhaps warnings; an invalid one has errors and no snapshot. */
export interface BuildResult extends PreparedSet {
  readonly snapshot: Snapshot | null
}

/**
 * Builds a policy set from the texts of its files. Never throws for anything that a file says.
 * @throws {TypeError} for options that mean nothing: a moment that is none, or a step of `pathReadings` that does not exist.
 */
export function build (texts: readonly SourceText[], options: BuildOptions = {}): BuildResult {
  const compiling = compileOptions(options)
  const prepared = prepare(texts, options)
  return { ...prepared, snapshot: prepared.set && compile(prepared.set, { ...compiling, revision: prepared.revision }) }
}

/**
 * What a prepared set is compiled for.
 * @throws {TypeError} for options that mean nothing.
 */
export function compileOptions (options: BuildOptions): Omit<CompileOptions, 'revision'> {
  return { settings: settingsOf(options), at: momentOf(options.at), generation: options.generation ?? 1 }
}

/** Files as they were parsed, by name, so that a file that did not change is not parsed again. */
export type ParsedFiles = Map<string, ParsedFile>

/** One file, parsed and held against the schema. */
export interface ParsedFile {
  readonly source: SourceText
  /** Null where the text is no document at all. */
  readonly document: ValidatedDocument | null
  readonly diagnostics: readonly Diagnostic[]
}

/** Everything but compiling. `known` holds the files of the last set, and afterwards those of this one. */
export function prepare (texts: readonly SourceText[], options: BuildOptions, known: ParsedFiles = new Map()): PreparedSet {
  const at = momentOf(options.at)
  const files = texts.filter(({ name }) => !isTestFile(name)).sort((a, b) => a.name < b.name ? -1 : a.name > b.name ? 1 : 0)
  const diagnostics: Diagnostic[] = [...options.found ?? []]
  const { set, isComplete } = readPolicies(files, known, diagnostics)
  const expiredAcceptance = options.expiredAcceptance ?? 'warning'
  diagnostics.push(...checkPolicies(set, { at, expiredAcceptance, isComplete }))
  const isFaulty = diagnostics.some(({ severity }) => severity === 'error')
  if (!isFaulty) diagnostics.push(...checkGuardrails(set, settingsOf(options), at).map(found => weigh(found, options.brokenGuardrail ?? 'error')))
  if (!isFaulty && set.rules.length === 0 && options.allowEmpty !== true) diagnostics.push(noRules(files))
  diagnostics.sort(compareDiagnostics)
  const ok = !diagnostics.some(({ severity }) => severity === 'error')
  return { ok, set: ok ? set : null, diagnostics, revision: revisionOf(files), files: files.length, rules: set.rules.length }
}

function weigh (found: Diagnostic, severity: 'error' | 'warning'): Diagnostic {
  return found.code === 'guardrail-broken' ? { ...found, severity } : found
}

/** Whether a file holds policy tests: those are no part of a set. */
export function isTestFile (name: string): boolean {
  return /\.test\.ya?ml$/.test(name)
}

/** Reads every file as far as it goes: what is wrong in one hides nothing of another. */
function readPolicies (
  files: readonly SourceText[], known: ParsedFiles, diagnostics: Diagnostic[]
): { set: PolicySet, isComplete: boolean } {
  const parsed = files.map(source => {
    const earlier = known.get(source.name)
    return earlier?.source.text === source.text ? earlier : parseFile(source)
  })
  known.clear()
  const areMore = diagnostics.some(({ severity }) => severity === 'error')
  const documents: ValidatedDocument[] = []
  const texts: SourceText[] = []
  for (const file of parsed) {
    known.set(file.source.name, file)
    diagnostics.push(...file.diagnostics)
    if (file.document !== null) documents.push(file.document)
    else texts.push(file.source)
  }
  const isWhole = !diagnostics.some(({ severity }) => severity === 'error')
  const lowered = lowerPolicies(documents, { texts, areMore })
  diagnostics.push(...lowered.diagnostics)
  return { set: { ...lowered.set, files: files.length }, isComplete: isWhole && lowered.isComplete }
}

function parseFile (source: SourceText): ParsedFile {
  const { document, broken, diagnostics } = readDocument(source, policySchema)
  return { source, document: document && { document, broken }, diagnostics }
}

function noRules ([first]: readonly SourceText[]): Diagnostic {
  return first === undefined
    ? diagnose('empty-policy', { source: { name: '.', text: '' }, start: 0, end: 0 }, 'there is no policy file')
    : diagnose('empty-policy', { source: first, start: 0, end: 0 }, 'no file of the set holds a rule')
}

function settingsOf ({ unmatched = 'deny', router, pathReadings = 'all' }: BuildOptions): Settings {
  const steps: readonly ReadingStep[] = pathReadings === 'all' ? readingSteps : pathReadings === 'router' ? [] : pathReadings
  // Whoever writes JavaScript is told as well: a step that is passed over would open what it was to close.
  const unknown = steps.find(step => !readingSteps.includes(step))
  if (unknown !== undefined) throw new TypeError(`pathReadings: there is no step "${unknown}"; the steps are ${readingSteps.join(', ')}`)
  return { unmatched, router: { ...defaultRouterOptions, ...router }, pathReadings: new Set(steps) }
}

function momentOf (at: BuildOptions['at']): number {
  if (at === undefined) return Date.now()
  const time = typeof at === 'string' ? parseTime(at) : Number(at)
  if (time === null || Number.isNaN(time)) throw new TypeError(`at: "${String(at)}" is not a time with a zone (RFC 3339)`)
  return time
}
