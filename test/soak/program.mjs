// The programs that a soak or a bench starts: the real gateway and the load, each answering one message at a time.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const pathOf = name => fileURLToPath(new URL(name, import.meta.url))

/** A child process that answers each message with one. */
export class Program {
  child
  #isAsked = Promise.resolve()

  constructor (execArgv, args, options = {}) {
    this.child = spawn(process.execPath, [...execArgv, ...args], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'], ...options })
  }

  ask (message) {
    const answer = this.#isAsked.then(async () => {
      const ending = new AbortController()
      try {
        this.child.send(message)
        return await Promise.race([
          once(this.child, 'message', ending).then(([value]) => value),
          once(this.child, 'exit', ending).then(([code]) => { throw new Error(`the process ended: ${code}`) })
        ])
      } finally {
        ending.abort()
      }
    })
    this.#isAsked = answer.catch(() => {})
    return answer
  }

  /** Sends a signal and waits for the exit status, for at most 15 seconds. */
  async end (signal) {
    const { child } = this
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode ?? child.signalCode
    const exit = once(child, 'exit')
    child.kill(signal)
    const timer = setTimeout(() => child.kill('SIGKILL'), 15_000)
    const [code, killedBy] = await exit
    clearTimeout(timer)
    return code ?? killedBy
  }
}

/** The gateway as it is installed, in front of its own echo upstream. `onLine` gets each line of its log. */
export class GatewayProgram extends Program {
  url = ''
  admin = ''

  static async start (directory, onLine, { execArgv = [] } = {}) {
    const program = new GatewayProgram(
      ['--expose-gc', '--import', new URL('./probe.mjs', import.meta.url).href, ...execArgv],
      [pathOf('../../dist/cli/bin.js'), 'serve', directory, '--debug', '--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0']
    )
    createInterface({ input: program.child.stderr }).on('line', onLine)
    const lines = createInterface({ input: program.child.stdout })
    for await (const line of lines) {
      program.url ||= /listens on (\S+?),/.exec(line)?.[1] ?? ''
      program.admin = /console\s+(http:\S+)\//.exec(line)?.[1] ?? ''
      if (program.admin !== '') break
    }
    program.child.stdout.resume()
    if (program.admin === '') throw new Error('the gateway did not start')
    return program
  }

  async status () {
    const response = await fetch(`${this.admin}/api/status`)
    return await response.json()
  }

  /** Open descriptors, inotify watches and resident memory in MiB, as the system counts them. */
  handles () {
    const { pid } = this.child
    const descriptors = readdirSync(`/proc/${pid}/fd`)
    let watches = 0
    for (const fd of descriptors) {
      try {
        watches += readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8').match(/^inotify /gm)?.length ?? 0
      } catch {
        // Closed since it was listed.
      }
    }
    const resident = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024
    return { descriptors: descriptors.length, watches, resident }
  }
}

/** The load on a gateway; see its file. `pause` is the mean time between two questions of one connection, in milliseconds. */
export function startLoad (url, { seed, connections, pause }) {
  return new Program([], [pathOf('./load.mjs'), url, seed, connections, pause].map(String), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
}
