// The report of `test` as JUnit XML, as GitLab, Jenkins and others read it: a suite for each file.
import { visible } from '../diagnostic/render.ts'
import type { TestRun } from '../inspect/policy-tests.ts'
import { differenceOf, explainFailure, type TestReport } from './test-report.ts'

/** Writes the report; where nothing could be tested, each finding is a case with an error. */
export function reportJunit ({ results, coverage, findings }: TestReport): string {
  const failed = results.filter(({ result }) => !result.ok).length
  const lines = ['<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites${attributes({ name: 'cors-gateway', tests: results.length + findings.length, failures: failed, errors: findings.length })}>`]
  if (findings.length > 0) {
    lines.push(`  <testsuite${attributes({ name: 'files', tests: findings.length, failures: 0, errors: findings.length, skipped: 0 })}>`)
    for (const { file, line, column, code, message } of findings) {
      lines.push(`    <testcase${attributes({ name: `${file}:${line}:${column}`, classname: file, file, line })}>`)
      lines.push(`      <error${attributes({ type: code, message })}/>`, '    </testcase>')
    }
    lines.push('  </testsuite>')
  }
  const files = new Map<string, TestRun[]>()
  for (const run of results) {
    const runs = files.get(run.result.file)
    if (runs === undefined) files.set(run.result.file, [run])
    else runs.push(run)
  }
  for (const [file, runs] of files) {
    const failures = runs.filter(({ result }) => !result.ok).length
    lines.push(`  <testsuite${attributes({ name: file, tests: runs.length, failures, errors: 0, skipped: 0 })}>`)
    if (coverage !== null) lines.push(`    <properties><property${attributes({ name: 'coverage', value: coverage.percent })}/></properties>`)
    for (const run of runs) lines.push(...caseOf(run))
    lines.push('  </testsuite>')
  }
  return `${[...lines, '</testsuites>'].join('\n')}\n`
}

function caseOf (run: TestRun): string[] {
  const { name, file, line, ok, differs } = run.result
  const opening = `    <testcase${attributes({ name, classname: file, file, line })}`
  if (ok) return [`${opening}/>`]
  const text = explainFailure(run).map(each => escape(each)).join('\n')
  return [`${opening}>`, `      <failure${attributes({ type: differs[0]!.what, message: differenceOf(run.result) })}>${text}</failure>`, '    </testcase>']
}

function attributes (values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values).map(([name, value]) => ` ${name}="${escape(String(value))}"`).join('')
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\'': '&apos;' }

/** XML has no control characters, not even escaped. */
function escape (text: string): string {
  return visible(text).replace(/[&<>"']/g, character => entities[character]!)
}
