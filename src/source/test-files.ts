// Reads the policy tests that stand beside the policies, within the same bounds and by the same care as those.
import { isTestFile } from '../build.ts'
import { defaultLimits } from './limits.ts'
import { readDirectories } from './read.ts'
import type { SourceSet } from './source.ts'

/** Every `*.test.yaml` and `*.test.yml` below the directories, named as files of their set are. */
export async function readTestFiles (directories: readonly string[]): Promise<SourceSet> {
  const { texts, diagnostics = [] } = await readDirectories(directories, defaultLimits, new AbortController().signal, isTestFile)
  return { texts, diagnostics }
}
