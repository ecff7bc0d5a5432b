// The report of `test` in TAP, version 14 (testanything.org), for test harnesses.
import { visible } from '../diagnostic/render.ts'
import type { TestRun } from '../inspect/policy-tests.ts'
import { differenceOf, explainFailure, type TestReport } from './test-report.ts'

/** Writes the report; where nothing could be tested, it bails out. */
export function reportTap ({ results, coverage, findings }: TestReport): string {
  const lines = ['TAP version 14']
  if (findings.length > 0) {
    const { file, line, column, message } = findings[0]!
    const more = findings.length === 1 ? '' : ` (and ${findings.length - 1} more)`
    return `${[...lines, `Bail out! ${escapeText(`${file}:${line}:${column}: ${message}${more}`)}`].join('\n')}\n`
  }
  lines.push(`1..${results.length}${results.length === 0 ? ' # there is no policy test' : ''}`)
  for (const [i, run] of results.entries()) {
    const { result } = run
    lines.push(`${result.ok ? 'ok' : 'not ok'} ${i + 1} - ${escapeText(result.name)}`)
    if (!result.ok) lines.push('  ---', ...diagnosisOf(run).map(line => `  ${line}`), '  ...')
  }
  if (coverage !== null) {
    lines.push(`# coverage ${coverage.percent} %`)
    for (const { file, line, rule, pattern } of coverage.uncovered) lines.push(`# no test: ${visible(file)}:${line} ${rule}${pattern === undefined ? '' : ` ${pattern}`}`)
  }
  return `${lines.join('\n')}\n`
}

/** YAML by way of JSON: every text in double quotes. */
function diagnosisOf (run: TestRun): string[] {
  const { result } = run
  return [
    `message: ${JSON.stringify(differenceOf(result))}`,
    'at:',
    `  fileName: ${JSON.stringify(result.file)}`,
    `  lineNumber: ${result.line}`,
    `expected: ${JSON.stringify(result.expected)}`,
    `got: ${JSON.stringify(result.got)}`,
    `reason: ${JSON.stringify(result.reason)}`,
    'look at:',
    ...explainFailure(run).slice(1).map(line => `  - ${JSON.stringify(line)}`)
  ]
}

/** A `#` would begin a directive. */
function escapeText (text: string): string {
  return visible(text).replace(/[\\#]/g, '\\$&')
}
