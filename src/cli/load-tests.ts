// The policy tests that stand beside a set: read, and resolved against it.
import { compareDiagnostics, type Diagnostic } from '../diagnostic/diagnostic.ts'
import type { SourceText } from '../diagnostic/span.ts'
import { readPolicyTests, type PolicyTest } from '../inspect/test-file.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import { SourceError } from '../source/source.ts'
import { readTestFiles } from '../source/test-files.ts'
import { CannotRun } from './command.ts'

/** The tests of some directories, with what is wrong with their files. */
export interface LoadedTests {
  readonly texts: readonly SourceText[]
  readonly tests: readonly PolicyTest[]
  readonly diagnostics: readonly Diagnostic[]
}

/** Reads the tests below the directories. A directory that can't be read ends the command. */
export async function loadTests (directories: readonly string[], { set }: Snapshot): Promise<LoadedTests> {
  try {
    const { texts, diagnostics: found = [] } = await readTestFiles(directories)
    const { tests, diagnostics } = readPolicyTests(texts, set)
    return { texts, tests, diagnostics: [...found, ...diagnostics].sort(compareDiagnostics) }
  } catch (error) {
    if (error instanceof SourceError) throw new CannotRun(error.message)
    throw error
  }
}
