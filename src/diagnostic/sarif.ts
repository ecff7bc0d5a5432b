// Diagnostics as a SARIF 2.1.0 log, for code scanning and for viewers.
import { catalogue, type DiagnosticCode, type Severity } from './catalogue.ts'
import type { Diagnostic, Fix, RelatedPlace } from './diagnostic.ts'
import { lineStartsOf, type SourceText } from './span.ts'

/** What the log is made with. */
export interface SarifOptions {
  /** The texts of the files that findings are about. */
  readonly sources: readonly SourceText[]
  /** The version of this package; its pages explain the codes. */
  readonly version: string
  /** Turns a file's name into a path from the root of the sources, with `/`, or into an absolute `file:` URL where it lies outside. */
  readonly pathOf: (file: string) => string
  /** A short hash, for fingerprints. */
  readonly digest: (text: string) => string
}

const levels = { error: 'error', warning: 'warning', info: 'note' } as const satisfies Record<Severity, string>

interface Region { startLine: number, startColumn: number, endLine?: number, endColumn?: number }
interface ArtifactLocation { uri: string, uriBaseId?: string }
interface Location { id?: number, physicalLocation: { artifactLocation: ArtifactLocation, region: Region }, message?: { text: string } }

/** A log with one run; the JSON of `check --format sarif`. */
export function sarifLog (diagnostics: readonly Diagnostic[], options: SarifOptions): object {
  const codes = [...new Set(diagnostics.map(({ code }) => code))].sort()
  const fingerprints = fingerprintsOf(diagnostics, options)
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [{
      tool: {
        driver: {
          name: 'fastify-cors-gateway',
          semanticVersion: options.version,
          informationUri: `https://www.npmjs.com/package/fastify-cors-gateway/v/${options.version}`,
          rules: codes.map(code => describeRule(code, options.version))
        }
      },
      columnKind: 'utf16CodeUnits',
      results: diagnostics.map((diagnostic, i) => ({
        ruleId: diagnostic.code,
        ruleIndex: codes.indexOf(diagnostic.code),
        ...describeResult(diagnostic, options.pathOf),
        partialFingerprints: { 'ruleFileLine/v1': fingerprints[i]! }
      }))
    }]
  }
}

function describeRule (code: DiagnosticCode, version: string): object {
  const { severity, title, why, help } = catalogue[code]
  return {
    id: code,
    shortDescription: { text: plain(title) },
    fullDescription: { text: plain(why) },
    help: { text: plain(`${why} To cure it: ${help}.`) },
    helpUri: `https://unpkg.com/fastify-cors-gateway@${version}/docs/diagnostics/${code}.md`,
    defaultConfiguration: { level: levels[severity] }
  }
}

function describeResult (diagnostic: Diagnostic, pathOf: SarifOptions['pathOf']): object {
  const { severity, message, help, file, related = [], fix } = diagnostic
  const artifactLocation = locate(file, pathOf)
  return {
    level: levels[severity],
    message: { text: plain(help === undefined ? message : `${message}\nhelp: ${help}`) },
    locations: [{ physicalLocation: { artifactLocation, region: regionOf(diagnostic) } }],
    ...related.length > 0 && { relatedLocations: related.map((place, id) => describeRelated(place, id, pathOf)) },
    ...fix && { fixes: [describeFix(fix, help, artifactLocation)] }
  }
}

function describeRelated (place: RelatedPlace, id: number, pathOf: SarifOptions['pathOf']): Location {
  const region = { startLine: place.line, startColumn: place.column }
  return { id, physicalLocation: { artifactLocation: locate(place.file, pathOf), region }, message: { text: plain(place.message) } }
}

function describeFix (fix: Fix, help: string | undefined, artifactLocation: ArtifactLocation): object {
  const replacement = { deletedRegion: regionOf(fix), insertedContent: { text: fix.text } }
  return {
    ...help !== undefined && { description: { text: plain(help) } },
    artifactChanges: [{ artifactLocation, replacements: [replacement] }]
  }
}

function regionOf ({ line, column, endLine, endColumn }: Omit<Fix, 'text'>): Region {
  return { startLine: line, startColumn: column, endLine, endColumn }
}

function locate (file: string, pathOf: SarifOptions['pathOf']): ArtifactLocation {
  const path = pathOf(file)
  if (path.startsWith('file:')) return { uri: path }
  return { uri: path.split('/').map(encodeURIComponent).join('/'), uriBaseId: '%SRCROOT%' }
}

/** In a message of SARIF a brace begins a placeholder unless it is doubled (section 3.11.5), and `[text](url)` is a link (3.11.6). */
function plain (text: string): string {
  const escaped = text.includes('](') ? text.replace(/[\\[\]]/g, '\\$&') : text
  return escaped.replace(/[{}]/g, '$&$&')
}

/**
 * Tells findings of two runs apart, whatever was inserted above them: by code, file, the text of the line without its
 * spaces, and the how manieth of these it is.
 */
function fingerprintsOf (diagnostics: readonly Diagnostic[], { sources, pathOf, digest }: SarifOptions): string[] {
  const byName = new Map(sources.map(source => [source.name, source]))
  const seen = new Map<string, number>()
  return diagnostics.map(({ code, file, line }) => {
    const key = JSON.stringify([code, pathOf(file), lineOf(byName.get(file), line)])
    const nth = (seen.get(key) ?? 0) + 1
    seen.set(key, nth)
    return `${digest(key)}:${nth}`
  })
}

function lineOf (source: SourceText | undefined, line: number): string {
  if (source === undefined) return ''
  const starts = lineStartsOf(source)
  return source.text.slice(starts[line - 1] ?? source.text.length, starts[line] ?? source.text.length).replace(/[\s\ufeff]+/g, '')
}
