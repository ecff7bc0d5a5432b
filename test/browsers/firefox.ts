// Firefox, driven by WebDriver BiDi.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Engine, EnginePage } from './engine.ts'
import { findProgram, removeScratch, scratch, start, type Running } from './process.ts'
import { RemoteControl } from './socket.ts'

// No request but the test's own: no updates, telemetry, portal detection, lists, prefetching.
const preferences: Readonly<Record<string, boolean | number | string>> = {
  'app.normandy.enabled': false,
  'app.update.enabled': false,
  'app.update.disabledForTesting': true,
  'browser.aboutwelcome.enabled': false,
  'browser.newtabpage.enabled': false,
  'browser.safebrowsing.blockedURIs.enabled': false,
  'browser.safebrowsing.downloads.enabled': false,
  'browser.safebrowsing.malware.enabled': false,
  'browser.safebrowsing.phishing.enabled': false,
  'browser.search.update': false,
  'browser.shell.checkDefaultBrowser': false,
  'browser.startup.page': 0,
  'datareporting.healthreport.uploadEnabled': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'dom.push.connection.enabled': false,
  'extensions.systemAddon.update.enabled': false,
  'extensions.update.enabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'network.dns.disablePrefetch': true,
  'network.prefetch-next': false,
  'network.http.speculative-parallel-limit': 0,
  'services.settings.server': 'data:,#remote-settings-dummy/v1',
  'toolkit.telemetry.enabled': false,
  'toolkit.telemetry.server': '',
  'toolkit.telemetry.unified': false
}

interface Evaluated {
  type: string
  result?: { value?: string }
  exceptionDetails?: { text: string }
}

/** A running Firefox. */
export class Firefox implements Engine {
  readonly name = 'Firefox'
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

  static async launch (): Promise<Firefox> {
    const program = findProgram(['firefox-esr', 'firefox'], 'firefox-esr')
    const directory = scratch('firefox')
    writeFileSync(join(directory, 'user.js'), Object.entries(preferences)
      .map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`).join(''))
    const running = await start({
      program,
      args: ['--headless', '--no-remote', '--profile', directory, '--remote-debugging-port=0'],
      env: { HOME: directory, XDG_CONFIG_HOME: directory, XDG_CACHE_HOME: directory, MOZ_CRASHREPORTER_DISABLE: '1' },
      ready: /WebDriver BiDi listening on (ws:\S+)/
    })
    const control = await RemoteControl.connect(`${running.captured}/session`)
    const { capabilities } = await control.send('session.new', { capabilities: {} })
    return new Firefox(running, directory, control, (capabilities as { browserVersion: string }).browserVersion)
  }

  async newPage (url: string): Promise<EnginePage> {
    const { contexts } = await this.#control.send('browsingContext.getTree', { maxDepth: 0 })
    const [{ context }] = contexts as [{ context: string }]
    await this.#control.send('browsingContext.navigate', { context, url, wait: 'complete' })
    return { evaluate: expression => this.#evaluate(context, expression) }
  }

  async #evaluate (context: string, expression: string): Promise<unknown> {
    const { type, result, exceptionDetails } = await this.#control.send('script.evaluate', {
      expression: `Promise.resolve(${expression}).then(value => JSON.stringify(value))`,
      target: { context },
      awaitPromise: true
    }) as unknown as Evaluated
    if (type === 'exception') throw new Error(exceptionDetails?.text)
    return result?.value === undefined ? undefined : JSON.parse(result.value)
  }

  async close (): Promise<void> {
    this.#control.close()
    await this.#running.end()
    removeScratch(this.#directory)
  }
}
