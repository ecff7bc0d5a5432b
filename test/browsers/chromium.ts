// Chromium, driven by its own protocol (CDP).
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Engine, EnginePage } from './engine.ts'
import { findProgram, removeScratch, scratch, start, type Running } from './process.ts'
import { RemoteControl } from './socket.ts'

type Params = Record<string, unknown>

// No request but the test's own, and no sandbox, which root can't have.
const flags = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage', '--remote-debugging-port=0'
]

/** A running Chromium. */
export class Chromium implements Engine {
  readonly name = 'Chromium'
  readonly version: string
  readonly #running: Running
  readonly #directory: string
  readonly #control: RemoteControl

  private constructor (running: Running, directory: string, control: RemoteControl, version: string) {
    this.#running = running
    this.#directory = directory
    this.#control = control
    this.version = version
  }

  static async launch (): Promise<Chromium> {
    const program = findProgram(['chromium', 'chromium-browser', 'google-chrome'], 'chromium')
    const directory = scratch('chromium')
    const running = await start({
      program,
      args: [...flags, `--user-data-dir=${join(directory, 'profile')}`, 'about:blank'],
      env: { HOME: directory, XDG_CONFIG_HOME: directory, XDG_CACHE_HOME: directory },
      ready: /DevTools listening on (ws:\S+)/
    })
    const control = await RemoteControl.connect(running.captured)
    const { product } = await control.send('Browser.getVersion')
    return new Chromium(running, directory, control, String(product).replace(/^.*\//, ''))
  }

  /** Opens a page of its own and waits until it is loaded. Everything that it reports from its first byte on is kept. */
  async newPage (url: string): Promise<ChromiumPage> {
    const { targetId } = await this.#control.send('Target.createTarget', { url: 'about:blank' })
    const { sessionId } = await this.#control.send('Target.attachToTarget', { targetId, flatten: true })
    const page = new ChromiumPage(this.#control, targetId as string, sessionId as string)
    await page.open(url)
    return page
  }

  async close (): Promise<void> {
    this.#control.close()
    await this.#running.end()
    removeScratch(this.#directory)
  }
}

/** A page in Chromium. */
export class ChromiumPage implements EnginePage {
  readonly #control: RemoteControl
  readonly #targetId: string
  readonly #session: string
  readonly #stopListening: () => void
  readonly #loads = new Set<() => void>()
  /** What the page wrote to its console, uncaught exceptions and failed requests included: `level: text`. */
  readonly messages: string[] = []
  /** Breaches of the Content Security Policy: `directive: what was blocked`. */
  readonly violations: string[] = []

  constructor (control: RemoteControl, targetId: string, session: string) {
    this.#control = control
    this.#targetId = targetId
    this.#session = session
    this.#stopListening = control.listen((method, params, of) => { if (of === session) this.#hear(method, params) })
  }

  /** Goes to an address and waits for the load event. */
  async open (url: string): Promise<void> {
    for (const domain of ['Page', 'Runtime', 'Log', 'Audits']) await this.send(`${domain}.enable`)
    const loaded = new Promise<void>(resolve => { this.#loads.add(resolve) })
    const { errorText } = await this.send('Page.navigate', { url })
    if (errorText !== undefined) throw new Error(`${url}: ${errorText as string}`)
    await loaded
  }

  async evaluate (expression: string): Promise<unknown> {
    const { result, exceptionDetails } = await this.send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true, userGesture: true })
    if (exceptionDetails !== undefined) {
      const { text, exception } = exceptionDetails as { text: string, exception?: { description?: string } }
      throw new Error(`${text} ${exception?.description ?? ''}`)
    }
    return (result as { value?: unknown }).value
  }

  /** Writes what is seen at a size, in the dark or the light scheme, as PNG. */
  async screenshot (path: string, width: number, height: number, dark = false): Promise<void> {
    await this.send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: false })
    await this.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' }] })
    const { data } = await this.send('Page.captureScreenshot', { format: 'png' })
    writeFileSync(path, Buffer.from(data as string, 'base64'))
  }

  /** Any other command of the protocol, to this page. */
  async send (method: string, params: Params = {}): Promise<Params> {
    return this.#control.send(method, params, this.#session)
  }

  async close (): Promise<void> {
    this.#stopListening()
    await this.#control.send('Target.closeTarget', { targetId: this.#targetId })
  }

  #hear (method: string, params: Params): void {
    if (method === 'Page.loadEventFired') {
      for (const resolve of this.#loads) resolve()
      this.#loads.clear()
    } else if (method === 'Runtime.consoleAPICalled') {
      const { type, args } = params as { type: string, args: { value?: unknown, description?: string }[] }
      this.messages.push(`${type}: ${args.map(({ value, description }) => description ?? String(value)).join(' ')}`)
    } else if (method === 'Runtime.exceptionThrown') {
      const { text, exception } = (params as { exceptionDetails: { text: string, exception?: { description?: string } } }).exceptionDetails
      this.messages.push(`exception: ${exception?.description ?? text}`)
    } else if (method === 'Log.entryAdded') {
      const { level, text, url } = (params as { entry: { level: string, text: string, url?: string } }).entry
      this.messages.push(`${level}: ${text}${url === undefined ? '' : ` (${url})`}`)
    } else if (method === 'Audits.issueAdded') {
      this.#hearIssue((params as { issue: { details: Params } }).issue.details)
    }
  }

  #hearIssue ({ contentSecurityPolicyIssueDetails: breach }: Params): void {
    if (breach === undefined) return
    const { violatedDirective, blockedURL } = breach as { violatedDirective: string, blockedURL?: string }
    this.violations.push(`${violatedDirective}: ${blockedURL ?? 'inline or eval'}`)
  }
}
