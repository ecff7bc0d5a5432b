// Runs the command line inside a test, or as a process of its own.
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { resolve } from 'node:path'
import { main } from '../../src/cli/main.ts'

/** What a command printed and how it ended. */
export interface Run {
  readonly exit: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command in this process. Commands that stay are not for this. */
export async function run (...argv: string[]): Promise<Run> {
  let stdout = ''
  let stderr = ''
  const exit = await main(argv, {
    stdout: text => { stdout += text },
    stderr: text => { stderr += text },
    colour: false,
    onSignal: () => { throw new Error('the command stays') }
  })
  return { exit, stdout, stderr }
}

/** A command as a process: its output so far, its end, and a way to wait for words. */
export interface Program {
  readonly child: ChildProcessWithoutNullStreams
  readonly ended: Promise<Run>
  /** Resolves with the first match in the output; rejects when the process ends without. */
  find (pattern: RegExp): Promise<RegExpExecArray>
}

/** Starts the program itself, as built. */
export function start (...argv: string[]): Program {
  const child = spawn(process.execPath, [resolve(import.meta.dirname, '../../dist/cli/bin.js'), ...argv], { stdio: 'pipe' })
  let stdout = ''
  let stderr = ''
  const waiting = new Set<() => void>()
  const wake = (): void => { for (const look of waiting) look() }
  child.stdout.on('data', chunk => {
    stdout += String(chunk)
    wake()
  })
  child.stderr.on('data', chunk => {
    stderr += String(chunk)
    wake()
  })
  const ended = new Promise<Run>(resolve => child.on('close', code => resolve({ exit: code ?? -1, stdout, stderr })))
  const find = (pattern: RegExp): Promise<RegExpExecArray> => new Promise((resolve, reject) => {
    const look = (): void => {
      const found = pattern.exec(stdout) ?? pattern.exec(stderr)
      if (found === null) return
      waiting.delete(look)
      resolve(found)
    }
    waiting.add(look)
    look()
    void ended.then(run => { reject(new Error(`ended with ${run.exit} before ${String(pattern)}:\n${run.stdout}\n${run.stderr}`)) })
  })
  return { child, ended, find }
}
