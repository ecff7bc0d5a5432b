// What `test` reports, and how a terminal shows it.
import type { Diagnostic } from '../diagnostic/diagnostic.ts'
import { leading, visible } from '../diagnostic/render.ts'
import { decidingStep, type TestResult, type TestRun } from '../inspect/policy-tests.ts'
import type { Coverage } from '../inspect/test-coverage.ts'

/** What became of all tests. */
export interface TestReport {
  readonly results: readonly TestRun[]
  /** Null unless asked for. */
  readonly coverage: Coverage | null
  /** Of the set that was tested; null where it is invalid. */
  readonly revision: string | null
  readonly ok: boolean
  /** The errors because of which nothing was tested. */
  readonly findings: readonly Diagnostic[]
}

const styles = { ok: '32', no: '31', bold: '1', dim: '2' } as const

type Paint = (style: keyof typeof styles, text: string) => string

/** Draws the report for people; failed tests tell what to look at. */
export function reportPretty ({ results, coverage, findings }: TestReport, colour: boolean): string {
  if (findings.length > 0) return ''
  const paint: Paint = (style, text) => colour ? `\u001b[${styles[style]}m${text}\u001b[0m` : text
  const lines: string[] = []
  let file = ''
  for (const run of results) {
    const { result } = run
    if (result.file !== file) {
      if (file !== '') lines.push('')
      file = result.file
      lines.push(paint('bold', leading(file)))
    }
    lines.push(`  ${result.ok ? paint('ok', 'ok') : paint('no', 'no')}  ${visible(result.name)}`)
    if (!result.ok) lines.push(...explainFailure(run).map(line => `      ${line}`))
  }
  if (results.length > 0) lines.push('')
  lines.push(summaryOf(results, paint))
  if (coverage !== null) lines.push(...coverageLines(coverage, paint))
  return `${lines.join('\n')}\n`
}

function summaryOf (results: readonly TestRun[], paint: Paint): string {
  const failed = results.filter(({ result }) => !result.ok).length
  const tests = `${results.length} ${results.length === 1 ? 'test' : 'tests'}`
  return failed === 0 ? `${tests}: ${paint('ok', `${results.length} passed`)}` : `${tests}: ${results.length - failed} passed, ${paint('no', `${failed} failed`)}`
}

function coverageLines ({ percent, covered, total, uncovered }: Coverage, paint: Paint): string[] {
  const lines = [`coverage ${percent} %: ${covered} of ${total} rules and origin patterns`]
  for (const { file, line, rule, pattern } of uncovered) {
    lines.push(`  ${leading(file)}:${line}: ${paint('no', 'no test')} of ${rule}${pattern === undefined ? '' : ` through ${pattern}`}`)
  }
  return lines
}

/** What a failed test expected and got, which line decided, the step that settled it, and what was near. */
export function explainFailure ({ result, explanation }: TestRun): string[] {
  const { nearest, route, originPattern } = explanation
  const lines = [`at ${visible(result.file)}:${result.line}: ${differenceOf(result)}`]
  if (result.rule !== null) {
    const { name, file, line } = result.rule
    lines.push(`decided by rule ${name} at ${visible(file)}:${line} (route ${route}${originPattern === null ? '' : `, origin ${originPattern}`})`)
  }
  const ended = decidingStep(explanation)
  if (ended !== undefined) lines.push(`${ended.step}: ${visible(ended.detail)}`)
  for (const { rule, file, line, text } of nearest.slice(0, 2)) lines.push(`near: ${rule} at ${visible(file)}:${line}: ${visible(text)}`)
  return lines
}

/** In one line what a failed test expected and got. */
export function differenceOf ({ differs, reason }: TestResult): string {
  const isReasonTold = differs.some(({ what }) => what === 'reason')
  return differs.map(({ what, expected, got }) => what === 'outcome'
    ? `expected ${expected}, got ${got}${isReasonTold ? '' : ` (${reason})`}`
    : `expected the ${what} ${visible(expected)}, got ${got}`).join('; ')
}
