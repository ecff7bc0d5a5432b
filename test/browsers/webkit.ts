// WebKitGTK's MiniBrowser, driven by WebDriver on a display that nobody sees.
import { readdirSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Engine, EnginePage } from './engine.ts'
import { findProgram, removeScratch, scratch, start, type Running } from './process.ts'

interface Session {
  sessionId: string
  capabilities: { browserVersion: string }
}

/** A running WebKitGTK. */
export class WebKit implements Engine {
  readonly name = 'WebKit'
  readonly version: string
  readonly #driver: Driver

  private constructor (driver: Driver, version: string) {
    this.#driver = driver
    this.version = version
  }

  static async launch (): Promise<WebKit> {
    const driver = await Driver.start()
    try {
      return new WebKit(driver, await driver.begin(findMiniBrowser()))
    } catch (error) {
      await driver.end()
      throw error
    }
  }

  async newPage (url: string): Promise<EnginePage> {
    await this.#driver.ask('POST', '/url', { url })
    return { evaluate: expression => this.#evaluate(expression) }
  }

  async #evaluate (expression: string): Promise<unknown> {
    const script = `const done = arguments[arguments.length - 1]
      Promise.resolve().then(() => (${expression}))
        .then(value => done(JSON.stringify({ value })), error => done(JSON.stringify({ error: String(error) })))`
    const { value, error } = JSON.parse(await this.#driver.ask('POST', '/execute/async', { script, args: [] }) as string) as { value?: unknown, error?: string }
    if (error !== undefined) throw new Error(error)
    return value
  }

  async close (): Promise<void> {
    await this.#driver.end()
  }
}

/** The display, the driver on it, and the one session of that. */
class Driver {
  readonly #display: Running
  readonly #running: Running
  readonly #directory: string
  readonly #url: string
  #session = ''

  private constructor (display: Running, running: Running, directory: string, url: string) {
    this.#display = display
    this.#running = running
    this.#directory = directory
    this.#url = url
  }

  static async start (): Promise<Driver> {
    const [xvfb, program] = [findProgram(['Xvfb'], 'xvfb'), findProgram(['WebKitWebDriver'], 'webkit2gtk-driver')]
    const directory = scratch('webkit')
    // The server finds a free number and prints it.
    const display = await start({ program: xvfb, args: ['-displayfd', '1', '-nolisten', 'tcp', '-screen', '0', '1024x768x24'], ready: /^(\d+)\n/m })
    try {
      const port = await freePort()
      const home = Object.fromEntries(['HOME', 'XDG_CONFIG_HOME', 'XDG_CACHE_HOME', 'XDG_DATA_HOME', 'XDG_RUNTIME_DIR'].map(name => [name, directory]))
      const env = { ...home, DISPLAY: `:${display.captured}`, GDK_BACKEND: 'x11', NO_AT_BRIDGE: '1', WEBKIT_DISABLE_COMPOSITING_MODE: '1' }
      const running = await start({ program, args: [`--port=${port}`, '--host=127.0.0.1'], env, ready: null })
      return new Driver(display, running, directory, `http://127.0.0.1:${port}`)
    } catch (error) {
      await display.end()
      throw error
    }
  }

  /** Starts the browser; returns its version. */
  async begin (binary: string): Promise<string> {
    await this.#listening()
    const options = { binary, args: ['--automation', '--cookies-policy=always'] }
    const session = await this.#call('POST', '/session', {
      capabilities: { alwaysMatch: { 'webkitgtk:browserOptions': options, timeouts: { script: 60_000, pageLoad: 60_000 } } }
    }) as Session
    this.#session = `/session/${session.sessionId}`
    return session.capabilities.browserVersion
  }

  async ask (method: string, path: string, body: unknown): Promise<unknown> {
    return this.#call(method, this.#session + path, body)
  }

  /** The driver says nothing when it is ready. */
  async #listening (): Promise<void> {
    for (let tries = 0; ; tries++) {
      try {
        await fetch(`${this.#url}/status`)
        return
      } catch (error) {
        if (tries === 600) throw error
        await new Promise(resolve => setTimeout(resolve, 50))
      }
    }
  }

  async #call (method: string, path: string, body: unknown): Promise<unknown> {
    const response = await fetch(this.#url + path, { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
    const { value } = await response.json() as { value: unknown }
    if (!response.ok) throw new Error(`${method} ${path}: ${JSON.stringify(value)}`)
    return value
  }

  async end (): Promise<void> {
    await this.#running.end()
    await this.#display.end()
    removeScratch(this.#directory)
  }
}

/** The browser that comes with the library; it is not on the PATH. */
function findMiniBrowser (): string {
  for (const library of ['/usr/lib', ...readdirSync('/usr/lib').filter(name => name.endsWith('-linux-gnu')).map(name => join('/usr/lib', name))]) {
    const found = readdirSync(library).filter(name => /^webkit2?gtk-/.test(name)).map(name => join(library, name))
      .find(directory => readdirSync(directory).includes('MiniBrowser'))
    if (found !== undefined) return join(found, 'MiniBrowser')
  }
  throw new Error('MiniBrowser is not installed. Install it: apt-get install -y --no-install-recommends webkit2gtk-driver')
}

/** A port that was free a moment ago: the driver takes no 0. */
async function freePort (): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  return port
}
