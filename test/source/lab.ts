// What the tests of sources share: directories, waiting, and a second process that changes files.
import { execFile } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import type { SourceText } from '../../src/diagnostic/span.ts'
import type { Keeper } from '../../src/source/keeper.ts'

/** A fresh directory in a place that any user may enter. */
export function freshDirectory (t: Test): string {
  const path = mkdtempSync(join(tmpdir(), 'policies-'))
  chmodSync(path, 0o755)
  t.teardown(() => rmSync(path, { recursive: true, force: true }))
  return path
}

export function writeFiles (root: string, files: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), text)
  }
}

/** Waits for a state. The deadline is generous, since time is never what a test asserts. */
export async function until (condition: () => boolean, deadline = 10_000): Promise<boolean> {
  const end = performance.now() + deadline
  while (!condition()) {
    if (performance.now() > end) return false
    await sleep(10)
  }
  return true
}

/** A policy file with one rule, named after its only route and origin. */
export function policy (name: string, extra = ''): string {
  return `version: 1\nrules:\n  - name: ${name}\n    routes: [/${name}]\n    allowOrigins: ["https://${name}.example.com"]\n${extra}`
}

export function policyText (name: string, extra = ''): SourceText {
  return { name: `${name}.yaml`, text: policy(name, extra) }
}

/** The names of the rules that are in force. */
export function rulesOf ({ current }: Pick<Keeper, 'current'>): string {
  return current.rules.map(({ name }) => name).sort().join(' ')
}

/** `policy` as a shell function; `cut` prints the part of such a file that no parser takes for whole. */
const prelude = `set -e
policy () { printf 'version: 1\\nrules:\\n  - name: %s\\n    routes: [/%s]\\n    allowOrigins: ["https://%s.example.com"]\\n' "$1" "$1" "$1"; }
start () { policy "$1" | head -c 60; }
rest () { policy "$1" | tail -c +61; }
`

/** Runs a shell script in a process of its own. */
export async function shell (cwd: string, script: string): Promise<void> {
  await promisify(execFile)('sh', ['-c', prelude + script], { cwd })
}
