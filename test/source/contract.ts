// The promise of every source, held up to ours.
import type { Test } from 'tap'
import { sourceContract, type SourceUnderTest } from '../../src/source/contract.ts'

/** Puts a kind of source to the test; `make` gives a fresh one each time. */
export function testSource (t: Test, make: (t: Test) => SourceUnderTest | Promise<SourceUnderTest>): void {
  for (const { name, run } of sourceContract(() => make(t))) {
    t.test(name, async t => {
      await run()
      t.pass('kept')
    })
  }
}
