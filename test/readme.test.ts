// The README's promises, kept to the letter: its commands are run and must print what it shows.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { createServer, type AddressInfo } from 'node:net'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { run, start } from './cli/run.ts'

const root = resolve(import.meta.dirname, '..')
const readme = readFileSync(join(root, 'README.md'), 'utf8')

interface Block { readonly info: string, readonly text: string }
const blocks: readonly Block[] = [...readme.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)].map(([, info, text]) => ({ info: info!, text: text! }))

/** The commands of a console block, each with the output that is shown for it. */
function commandsOf ({ text }: Block): { command: string, output: string }[] {
  return text.split(/^\$ /m).slice(1).map(part => ({ command: part.slice(0, part.indexOf('\n')), output: part.slice(part.indexOf('\n') + 1) }))
}

const consoles = blocks.filter(({ info }) => info === 'console').flatMap(commandsOf)
const first = blocks.find(({ info }) => info.startsWith('yaml policies/'))!

/** Splits a shell line that uses single quotes only. */
function words (line: string): string[] {
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map(match => match[1] ?? match[2]!)
}

t.test('check', async t => {
  const directory = t.testdir({})
  mkdirSync(join(directory, 'policies'))
  writeFileSync(join(directory, 'policies/app.yaml'), first.text)
  t.equal((await run('check', join(directory, 'policies'))).exit, 0, 'the first policy is valid')
  writeFileSync(join(directory, 'policies/app.yaml'), first.text.replace('https://abc.com]', 'https://abc.com/]'))
  const shown = consoles.find(({ command }) => command === 'cors-gateway check')!
  t.equal((await run('check', join(directory, 'policies'))).stdout, shown.output.trimEnd() + '\n')
})

t.test('explain', async t => {
  const shown = consoles.filter(({ command }) => command.startsWith('cors-gateway explain'))
  t.ok(shown.length > 0)
  for (const { command, output } of shown) {
    const { stdout } = await run('explain', join(root, 'policies'), '--at', '2026-11-25T00:00:00Z', ...words(command).slice(2))
    t.equal(stdout.trimEnd(), output.trimEnd())
  }
})

t.test('diff', async t => {
  const [shown] = blocks.filter(({ info }) => info === 'console diff').flatMap(commandsOf)
  const directory = t.testdir({})
  for (const name of readdirSync(join(root, 'policies'))) {
    const text = readFileSync(join(root, 'policies', name), 'utf8')
    writeFileSync(join(directory, name), text.replace('    - https://shop.example.com\n', '$&    - https://shop.example.net\n'))
  }
  const { stdout, exit } = await run('diff', join(root, 'policies'), directory, '--at', '2026-11-25T00:00:00Z', '--fail-on', 'widened')
  t.equal(stdout.trimEnd(), shown!.output.trimEnd())
  t.equal(exit, 1)
})

t.test('curl', async t => {
  const program = start('serve', join(root, 'policies'), '--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0')
  t.teardown(() => { program.child.kill('SIGKILL') })
  const [, url] = await program.find(/listens on (http:\S+),/)
  const shown = consoles.filter(({ command }) => command.startsWith('curl'))
  t.ok(shown.length >= 3)
  for (const { command, output } of shown) {
    t.equal(await curl(command, url!), output.trimEnd(), command)
  }
  program.child.kill('SIGTERM')
  t.equal((await program.ended).exit, 0)
})

t.test('the gateway in front of a service with a mistake in it', async t => {
  const example = blocks.find(({ info }) => info === 'js shop.mjs')!
  const directory = t.testdir({ 'shop.mjs': example.text.replace('3000', 'Number(process.env.PORT)') })
  const port = await freePort()
  const shop = spawn(process.execPath, [join(directory, 'shop.mjs')], { env: { ...process.env, NODE_OPTIONS: '', PORT: String(port) }, stdio: 'ignore' })
  const program = start('serve', join(root, 'policies'), '--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0', '--upstream', `http://127.0.0.1:${port}`)
  t.teardown(() => { for (const child of [shop, program.child]) child.kill('SIGKILL') })
  const [, url] = await program.find(/listens on (http:\S+),/)
  await answers(`http://127.0.0.1:${port}/cart/1`)
  const shown = blocks.filter(({ info }) => info === 'console express').flatMap(commandsOf)
  t.equal(shown.length, 3)
  for (const { command, output } of shown) {
    t.equal(await curl(command, command.includes(':3000/') ? `http://127.0.0.1:${port}` : url!), output.trimEnd(), command)
  }
})

async function freePort (): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Waits until a program that says nothing is up. */
async function answers (url: string): Promise<void> {
  while (await fetch(url).then(() => false, () => true)) await sleep(50)
}

/** What `curl -si … | grep` would print: the status line and the headers that the pattern lets through. */
async function curl (command: string, url: string): Promise<string> {
  const [asked, filter] = command.split(' | ')
  const args = words(asked!)
  const target = new URL(args.find(word => word.startsWith('http'))!)
  const headers = args.flatMap((word, i) => args[i - 1] === '-H' ? [word.split(': ') as [string, string]] : [])
  const method = args.includes('-X') ? args[args.indexOf('-X') + 1]! : 'GET'
  const pattern = new RegExp(words(filter!).at(-1)!, 'i')
  return new Promise((resolve, reject) => {
    httpRequest(`${url}${target.pathname}`, { method, headers: Object.fromEntries(headers) }, response => {
      response.resume()
      const lines = [`HTTP/1.1 ${response.statusCode} ${response.statusMessage}`]
      for (let i = 0; i < response.rawHeaders.length; i += 2) lines.push(`${response.rawHeaders[i]}: ${response.rawHeaders[i + 1]}`)
      resolve(lines.filter(line => pattern.test(line)).join('\n'))
    }).on('error', reject).end()
  })
}

t.test('every option of the plugin and every command has its line', async t => {
  const options = readFileSync(join(root, 'src/plugin/options.ts'), 'utf8')
  const known = /const known = \[([^\]]*)\]/.exec(options)![1]!.match(/\w+/g)!
  for (const name of known) t.match(readme, new RegExp(`^\\| \`${name}\` \\|`, 'm'), name)
  for (const name of ['serve', 'check', 'explain', 'rules']) t.match(readme, new RegExp(`^\\| \`${name}\\b`, 'm'), name)
})
