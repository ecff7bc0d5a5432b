// Draws diagnostics as GitHub's workflow commands, so that they show up at their lines in a pull request.
import { catalogue, type Severity } from './catalogue.ts'
import type { Diagnostic } from './diagnostic.ts'
import { visible } from './render.ts'

const commands: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', info: 'notice' }

/** One workflow command a finding, a line each. `pathOf` turns a file's name into its path from the repository's root. */
export function renderGithub (diagnostics: readonly Diagnostic[], pathOf: (file: string) => string): string {
  return diagnostics.map(diagnostic => `${drawCommand(diagnostic, pathOf)}\n`).join('')
}

function drawCommand (diagnostic: Diagnostic, pathOf: (file: string) => string): string {
  const { severity, code, file, message, help, related = [] } = diagnostic
  const lines = [
    message,
    ...related.map(place => `${pathOf(place.file)}:${place.line}:${place.column}: ${place.message}`),
    ...help === undefined ? [] : [`help: ${help}`]
  ]
  const properties = [['file', pathOf(file)], ...placeOf(diagnostic), ['title', `${catalogue[code].title} [${code}]`]]
  const text = lines.map(line => escapeData(visible(line))).join('%0A')
  return `::${commands[severity]} ${properties.map(([name, value]) => `${name}=${escapeProperty(String(value))}`).join(',')}::${text}`
}

/** The runner drops the columns of what spans lines, with a complaint, and an end that is not behind its start. */
function placeOf ({ line, column, endLine, endColumn }: Diagnostic): (readonly [string, number])[] {
  if (endLine !== line) return [['line', line], ['endLine', endLine]]
  return [['line', line], ['col', column], ['endLine', endLine], ['endColumn', Math.max(column, endColumn)]]
}

function escapeData (text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function escapeProperty (text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
