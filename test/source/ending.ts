// Runs the program that must end by itself once a store is read and watched no more.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Test } from 'tap'

/** The exit status and what it said; it is killed with the test. */
export async function endingOf (t: Test, ...args: string[]): Promise<[status: number, output: string]> {
  const child = fork(join(import.meta.dirname, 'closing-nats.ts'), args, { stdio: 'pipe' })
  t.teardown(() => { child.kill('SIGKILL') })
  let output = ''
  child.stdout!.on('data', chunk => { output += String(chunk) })
  const [status] = await once(child, 'close') as [number]
  return [status, output]
}
