// Writes policy tests for what no test covers: they say what the set decides today, for a reader to agree with.
import { showTime } from '../policy/notice.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import { momentsOf, type TestRun } from './policy-tests.ts'
import { findUncovered, type Coverable } from './test-coverage.ts'
import { findWitness, type Witness } from './test-witness.ts'

/** Tests as the text of a file, and what none could be found for. */
export interface SuggestedTests {
  /** A whole file of policy tests; `''` where there is nothing to suggest. */
  readonly text: string
  readonly count: number
  /** Rules and patterns for which no request was found, such as those that others decide for every origin. */
  readonly without: readonly { readonly rule: string, readonly pattern: string | null }[]
}

/** Suggests a test for each rule and origin pattern that no decision went through. Each is met by the snapshot it is made for. */
export function suggestTests (snapshot: Snapshot, runs: readonly TestRun[]): SuggestedTests {
  const inTime = momentsOf(snapshot)
  const written: string[] = []
  const without: { rule: string, pattern: string | null }[] = []
  for (const place of findUncovered(snapshot, runs).uncovered) {
    const witness = findWitness(inTime, place)
    if (witness === null) without.push({ rule: place.rule.name, pattern: place.entry?.pattern.text ?? null })
    else written.push(writeTest(place, witness))
  }
  const text = written.length === 0 ? '' : `version: 1\ntests:\n${written.join('\n')}`
  return { text, count: written.length, without }
}

function writeTest ({ rule, entry }: Coverable, { request, at, explanation }: Witness): string {
  const { outcome, reason } = explanation
  const through = entry === null || entry.pattern.text === request.origin ? '' : ` (${entry.pattern.text})`
  const lines = [
    `  - name: ${quote(`${rule.name}: ${request.origin}${through}`)}`,
    '    request:',
    `      origin: ${quote(request.origin)}`,
    `      url: ${quote(request.url)}`
  ]
  if (request.method !== undefined) lines.push(`      method: ${quote(request.method)}`)
  if (request.credentials !== undefined) lines.push(`      credentials: ${request.credentials}`)
  lines.push(`    expect: ${outcome}`)
  if (outcome === 'blocked') lines.push(`    because: ${reason}`)
  if (explanation.rule !== null) lines.push(`    rule: ${quote(explanation.rule.name)}`)
  if (at !== null) lines.push(`    at: ${showTime(at)}`)
  return `${lines.join('\n')}\n`
}

/** A text as YAML: plain where that can be nothing but a text, else in double quotes. */
function quote (text: string): string {
  const isPlain = /^[A-Za-z][\w.-]*(?::\/\/[\w.-]+)?(?::\d+)?(?:\/[\w./-]*)?$/.test(text) && !/^(?:null|true|false)$/i.test(text)
  return isPlain ? text : JSON.stringify(text)
}
