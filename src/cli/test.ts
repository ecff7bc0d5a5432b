// `test`: runs the policy tests that stand beside the policies, and tells what of the set they do not cover.
import { renderPretty } from '../diagnostic/render.ts'
import type { Diagnostic } from '../diagnostic/diagnostic.ts'
import type { SourceText } from '../diagnostic/span.ts'
import { runPolicyTests, type TestRun } from '../inspect/policy-tests.ts'
import { suggestTests } from '../inspect/suggest-tests.ts'
import { coverageOf } from '../inspect/test-coverage.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import { CannotRun, choiceOption, Exit, textOption, UsageError, type Arguments, type Command, type Io } from './command.ts'
import { configOption, loadSet, momentOf, settingsOf, type CommandSettings } from './load.ts'
import { loadTests } from './load-tests.ts'
import { reportJunit } from './report-junit.ts'
import { reportTap } from './report-tap.ts'
import { reportPretty, type TestReport } from './test-report.ts'

export const testCommand: Command = {
  name: 'test',
  summary: 'Runs the policy tests (*.test.yaml), and tells what they leave uncovered.',
  usage: `Usage: cors-gateway test [DIR...] [options]

  DIR...               the policy directories, one set together (./policies)
  --format WORD        pretty (default), tap, json or junit
  --coverage           also tell which rules and origin patterns no test went through
  --min-coverage PCT   less coverage than this is a failure
  --suggest            instead of a report, print tests for what is not covered: a file of policy tests
  --at TIME            as of this moment, for tests that say none
  --config FILE        decide as the gateway of this gateway.yaml does, on its policies unless DIR is given

Exit status: 0 all passed, 1 a test failed or there is none, or invalid files, 2 wrong usage, 3 no such directory.
`,
  options: {
    format: { type: 'string' },
    coverage: { type: 'boolean' },
    'min-coverage': { type: 'string' },
    suggest: { type: 'boolean' },
    at: { type: 'string' },
    ...configOption
  },
  run: testPolicies
}

type Format = 'pretty' | 'tap' | 'json' | 'junit'

/** The set and its tests, or what is wrong with either. */
type Loaded =
  | { readonly snapshot: Snapshot, readonly runs: readonly TestRun[] }
  | { readonly diagnostics: readonly Diagnostic[], readonly shown: readonly SourceText[] }

async function testPolicies (args: Arguments, io: Io): Promise<number> {
  const format = choiceOption(args, 'format', ['pretty', 'tap', 'json', 'junit'], 'pretty')
  const suggests = args.values['suggest'] === true
  if (suggests && textOption(args, 'format') !== undefined) throw new UsageError('--suggest prints YAML and takes no --format')
  const minCoverage = minCoverageOf(args)
  const loaded = await load(await settingsOf(args), momentOf(args), suggests)
  if ('diagnostics' in loaded) {
    io.stderr(`${renderPretty(loaded.diagnostics, loaded.shown, { colour: io.colour })}\nnothing was tested: the files are invalid\n`)
    const findings = loaded.diagnostics.filter(({ severity }) => severity === 'error')
    if (!suggests) io.stdout(render({ results: [], coverage: null, revision: null, ok: false, findings }, format, io))
    return Exit.findings
  }
  const { snapshot, runs } = loaded
  if (suggests) return suggest(snapshot, runs, io)
  if (runs.length === 0) io.stderr('there is no policy test: write one into a file *.test.yaml beside the policies, or let `cors-gateway test --suggest` print some\n')
  const coverage = args.values['coverage'] === true || minCoverage !== null ? coverageOf(snapshot, runs) : null
  const isCovered = minCoverage === null || coverage!.percent >= minCoverage
  const ok = runs.length > 0 && runs.every(({ result }) => result.ok) && isCovered
  io.stdout(render({ results: runs, coverage, revision: snapshot.revision, ok, findings: [] }, format, io))
  if (!isCovered) io.stderr(`coverage is ${coverage!.percent} %, less than the ${minCoverage} % asked for\n`)
  return ok ? Exit.ok : Exit.findings
}

async function load ({ policies, build }: CommandSettings, at: number, suggests: boolean): Promise<Loaded> {
  const { directories, names } = policies
  if (directories.length === 0) throw new CannotRun(`policy tests stand beside the policies, and a bundle has none: name the directory, not ${names.join()}`)
  const { snapshot, diagnostics, shown } = await loadSet(policies, { at, ...build })
  // Warnings about the set are for `check`.
  if (snapshot === null) return { diagnostics: diagnostics.filter(({ severity }) => severity === 'error'), shown }
  const { texts, tests, diagnostics: found } = await loadTests(directories, snapshot)
  // The shell has made the file into which the suggestions go, before there is anything in it.
  const findings = found.filter(({ code }) => !(suggests && code === 'empty-file'))
  return findings.some(({ severity }) => severity === 'error')
    ? { diagnostics: findings, shown: texts.filter(policies.mayShow) }
    : { snapshot, runs: runPolicyTests(snapshot, tests) }
}

function render (report: TestReport, format: Format, io: Io): string {
  switch (format) {
    case 'pretty': return reportPretty(report, io.colour)
    case 'tap': return reportTap(report)
    case 'junit': return reportJunit(report)
    case 'json': {
      const { ok, revision, results, coverage, findings } = report
      const passed = results.filter(({ result }) => result.ok).length
      const tests = results.map(({ result }) => result)
      const failed = tests.length - passed
      const extras = { ...coverage !== null && { coverage }, revision, ...findings.length > 0 && { diagnostics: findings } }
      return `${JSON.stringify({ ok, passed, failed, tests, ...extras }, null, 2)}\n`
    }
  }
}

function suggest (snapshot: Snapshot, runs: readonly TestRun[], io: Io): number {
  const { text, count, without } = suggestTests(snapshot, runs)
  io.stdout(text)
  io.stderr(count === 0 && without.length === 0
    ? 'every rule and origin pattern is covered: there is nothing to suggest\n'
    : `${count} ${count === 1 ? 'test' : 'tests'} suggested: they say what the set decides today, so read whether that is what you mean\n`)
  for (const { rule, pattern } of without) {
    io.stderr(`no request was found that rule ${rule} decides${pattern === null ? '' : ` through ${pattern}`}: others may decide all of its own\n`)
  }
  return Exit.ok
}

function minCoverageOf (args: Arguments): number | null {
  const text = textOption(args, 'min-coverage')
  if (text === undefined) return null
  const percent = /^\d{1,3}(?:\.\d+)?$/.test(text) ? Number(text) : NaN
  if (!(percent <= 100)) throw new UsageError(`--min-coverage takes a number from 0 to 100, not \`${text}\``)
  return percent
}
