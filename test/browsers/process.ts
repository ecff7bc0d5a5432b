// Starts a browser so that it never outlives the test: in a process group of its own, with a directory of its own.
import { spawn, type ChildProcess } from 'node:child_process'
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A program that runs, its first words awaited. */
export interface Running {
  /** What the expression in `ready` captured. */
  readonly captured: string
  /** Ends it and all that it started, and waits for that. */
  end (): Promise<void>
}

/** What to start. */
export interface Start {
  readonly program: string
  readonly args: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  /** Awaited in the output, standard and error, a minute at most; null for a program that says nothing. */
  readonly ready: RegExp | null
}

// The shell waits for its standard input to end, which happens whatever becomes of this process, and then ends the whole
// group, itself included. It also ends the group where the browser ends by itself.
const guard = '("$@" </dev/null; kill -KILL 0) & read -r _; kill -KILL 0'
const directories = new Set<string>()
const groups = new Set<number>()

process.on('exit', () => {
  for (const group of groups) killGroup(group)
  for (const directory of directories) rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
})
for (const [signal, status] of [['SIGINT', 130], ['SIGTERM', 143], ['SIGHUP', 129]] as const) {
  process.on(signal, () => { process.exit(status) })
}

/** Makes an empty directory that is removed with the process, at the latest. */
export function scratch (name: string): string {
  const directory = mkdtempSync(join(tmpdir(), `cors-gateway-${name}-`))
  directories.add(directory)
  return directory
}

/** Removes such a directory. */
export function removeScratch (directory: string): void {
  rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
  directories.delete(directory)
}

/** Finds the first of some programs on the PATH. */
export function findProgram (names: readonly string[], debianPackage: string): string {
  for (const directory of (process.env['PATH'] ?? '').split(':')) {
    for (const name of names) {
      const file = join(directory, name)
      if (isExecutable(file)) return file
    }
  }
  throw new Error(`${names.join(' or ')} is not installed. Install it: apt-get install -y --no-install-recommends ${debianPackage}`)
}

function isExecutable (file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Starts a program and waits for its first words. */
export async function start ({ program, args, env, ready }: Start): Promise<Running> {
  const child = spawn('/bin/sh', ['-c', guard, 'sh', program, ...args], {
    detached: true, stdio: 'pipe', env: { ...process.env, ...env }
  })
  const group = child.pid!
  groups.add(group)
  const ended = new Promise<void>(resolve => child.once('close', () => { resolve() }))
  const end = async (): Promise<void> => {
    killGroup(group)
    await ended
    groups.delete(group)
  }
  try {
    return { captured: ready === null ? '' : await words(child, ready, program), end }
  } catch (error) {
    await end()
    throw error
  }
}

function words (child: ChildProcess, ready: RegExp, program: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = ''
    const fail = (why: string): void => { reject(new Error(`${program} ${why}; its last words:\n${output.slice(-2000)}`)) }
    const timer = setTimeout(() => { fail(`did not say ${String(ready)} within a minute`) }, 60_000)
    const look = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-20_000)
      const found = ready.exec(output)
      if (found === null) return
      clearTimeout(timer)
      resolve(found[1] ?? '')
    }
    child.stdout!.on('data', look)
    child.stderr!.on('data', look)
    child.once('close', () => {
      clearTimeout(timer)
      fail('ended')
    })
  })
}

function killGroup (group: number): void {
  try {
    process.kill(-group, 'SIGKILL')
  } catch {
    // It has ended already.
  }
}
