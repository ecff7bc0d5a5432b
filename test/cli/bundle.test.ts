// `bundle`, and what other commands make of a URL; the page about both is kept to the letter.
import { execFile } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { corsHeaders, fetchFrom } from '../plugin/wire.ts'
import { serving, startBundleServer } from '../source/bundle-server.ts'
import { makeKeys } from '../source/keys.ts'
import { freshDirectory, writeFiles } from '../source/lab.ts'
import { run, start } from './run.ts'

const root = resolve(import.meta.dirname, '../..')
const page = readFileSync(join(root, 'docs/http-source.md'), 'utf8')
const blocks = [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, kind, text]) => ({ kind: kind!, text: text! }))
const blockOf = (kind: string, holding = ''): string => blocks.find(block => block.kind === kind && block.text.includes(holding))!.text

/** The set of the page's example, as its format has it. */
const example = JSON.parse(blockOf('json')) as { files: { name: string, text: string }[] }

function policies (t: Test, texts: readonly { name: string, text: string }[] = example.files): string {
  const directory = freshDirectory(t)
  writeFiles(directory, Object.fromEntries(texts.map(({ name, text }) => [name, text])))
  return directory
}

const at = ['--at', '2026-11-25T00:00:00Z']

t.test('prints a set that is valid, and nothing of one that is not', async t => {
  const { exit, stdout, stderr } = await run('bundle', policies(t), ...at)
  t.match({ exit, stderr }, { exit: 0, stderr: /^1 file, 1 rule, revision [0-9a-f]{12}\n$/ })
  t.equal(stdout, blockOf('json'), 'as the page shows it')
  t.match(await run('bundle', policies(t, [{ name: 'a.yaml', text: 'rules: {' }])), { exit: 1, stdout: '', stderr: /a\.yaml:1:\d[\s\S]*there is no bundle: the policies are invalid/ })
  t.match(await run('bundle', policies(t, [])), { exit: 1, stdout: '' })
  t.match(await run('bundle', policies(t, []), '--allow-empty'), { exit: 0, stdout: '{\n  "format": "cors-policies/1",\n  "files": []\n}\n' })
  const warned = await run('bundle', policies(t, [{ name: 'a.yaml', text: example.files[0]!.text.replace('/**', '/*') }]))
  t.match(warned, { exit: 0, stdout: /"format"/, stderr: /warning/ })
})

t.test('writes a file as a whole or not at all', async t => {
  const directory = policies(t)
  const folder = t.testdir({ 'cors.json': 'old' })
  const output = join(folder, 'cors.json')
  t.match(await run('bundle', policies(t, [{ name: 'a.yaml', text: '' }]), '--output', output), { exit: 1 })
  t.equal(readFileSync(output, 'utf8'), 'old', 'an invalid set leaves it')
  t.match(await run('bundle', directory, '--output', output, ...at), { exit: 0, stdout: '', stderr: /: written to \S+cors\.json\n$/ })
  t.equal(readFileSync(output, 'utf8'), blockOf('json'))
  t.same(readdirSync(folder), ['cors.json'], 'nothing is left beside it')
  const refused: [output: string, says: string][] = [
    [join(folder, 'gone/cors.json'), `there is no directory ${join(folder, 'gone')}`],
    [join(output, 'cors.json'), `there is no directory ${output}`],
    [directory, 'it is a directory']
  ]
  for (const [path, says] of refused) {
    const { exit, stderr } = await run('bundle', directory, '--output', path, ...at)
    t.strictSame({ exit, stderr }, { exit: 3, stderr: `cors-gateway: ${path} cannot be written: ${says}\n` }, says)
  }
})

t.test('signs with a key, and takes no other one', async t => {
  const keys = makeKeys()
  const folder = t.testdir({ key: keys.privatePem, public: keys.publicPem, 'gateway.yaml': '' })
  const [directory, keyFile] = [policies(t), join(folder, 'key')]
  const { exit, stdout } = await run('bundle', directory, '--sign-key', keyFile, ...at)
  t.match({ exit, stdout }, { exit: 0, stdout: /^ {2}"signature": "[\w+/]{86}=="$/m })
  const server = await startBundleServer(t, serving(stdout))
  const check = async (publicKeyFile: string): Promise<unknown> => {
    writeFileSync(join(folder, 'gateway.yaml'), `version: 1\npolicies: { url: "${server.url}", publicKeyFile: ${publicKeyFile} }\n`)
    return run('check', '--config', join(folder, 'gateway.yaml'), ...at)
  }
  t.match(await check('public'), { exit: 0, stdout: /1 rule: valid/ })
  t.match(await check('key'), { exit: 3, stderr: /the file \S+key holds a private key, which only the publisher may have/ })
  writeFileSync(join(folder, 'public'), makeKeys().publicPem)
  t.match(await check('public'), { exit: 3, stderr: /the signature of the bundle is not by the one key that is trusted here/ })
  server.answer = serving(blockOf('json'))
  t.match(await check('public'), { exit: 3, stderr: /the bundle is not signed, and only signed ones are taken here; publish it with `--sign-key FILE`/ })
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'pem', type: 'pkcs8' })
  writeFileSync(keyFile, rsa)
  t.match(await run('bundle', directory, '--sign-key', keyFile, ...at), { exit: 3, stdout: '', stderr: /the file \S+key holds a private key of the kind rsa, but only Ed25519 is taken/ })
  t.match(await run('bundle', directory, '--sign-key', `${keyFile}.gone`, ...at), { exit: 3, stdout: '', stderr: /the file \S+key\.gone cannot be read: ENOENT/ })
  t.match(await run('bundle', directory, '--sign-key', folder, ...at), { exit: 3, stdout: '', stderr: /cannot be read: not a regular file/ })
})

t.test('numbers a bundle, under the signature too', async t => {
  const keys = makeKeys()
  const folder = t.testdir({ key: keys.privatePem, public: keys.publicPem })
  const directory = policies(t)
  const print = (...more: string[]): ReturnType<typeof run> => run('bundle', directory, ...more, ...at)
  const { exit, stdout, stderr } = await print('--generation', '7')
  t.match({ exit, stderr }, { exit: 0, stderr: /, revision 050ce9d67605, generation 7\n$/ })
  t.match(JSON.parse(stdout), { epoch: 1, generation: 7, publishedAt: '2026-11-25T00:00:00.000Z', revision: '050ce9d67605' })
  for (const wrong of ['0', '-1', '1.5', 'a', '']) t.match(await print(`--generation=${wrong}`), { exit: 2, stderr: /--generation takes a whole number from 1/ }, wrong)
  const signed = (await print('--generation', '7', '--sign-key', join(folder, 'key'))).stdout
  const server = await startBundleServer(t, serving(signed))
  const config = join(folder, 'gateway.yaml')
  writeFileSync(config, `version: 1\npolicies: { url: "${server.url}", publicKeyFile: public }\n`)
  t.match(await run('check', '--config', config, ...at), { exit: 0 })
  server.answer = serving(signed.replace('"generation": 7', '"generation": 8'))
  t.match(await run('check', '--config', config, ...at), { exit: 3, stderr: /or the bundle was changed since/ })
})

t.test('the commands take a URL', async t => {
  const server = await startBundleServer(t, serving(blockOf('json')))
  const { url } = server
  t.match(await run('check', url, ...at), { exit: 0, stdout: /^1 file, 1 rule: valid/ })
  t.match(await run('rules', url, ...at), { exit: 0, stdout: /shop\.example\.com/ })
  t.match(await run('explain', url, ...at, '--origin', 'https://shop.example.com', '--url', 'https://api.example.com/cart/7'), { exit: 0, stdout: /shop\.yaml:3/ })
  t.match(await run('bundle', url, ...at), { exit: 0, stdout: blockOf('json') }, 'a bundle of a bundle is the same')
  t.match(await run('check', url, '--fix'), { exit: 2, stderr: /--fix corrects files in directories, not http/ })
  t.match(await run('test', url), { exit: 3, stderr: /policy tests stand beside the policies/ })
  t.match(await run('check', url, 'policies'), { exit: 2, stderr: /holds a whole set: name nothing beside it/ })
  t.match(await run('check', 'http://a.example/cors.json?s=hunter2'), { exit: 2, stderr: /^(?!.*hunter2).*over http anybody on the way can change the policies/ })
  server.answer = serving(blockOf('json').replace('allowOrigins', 'allowOrigin'))
  for (const format of ['pretty', 'github', 'sarif', 'json']) t.match(await run('check', url, '--format', format, ...at), { exit: 1, stdout: /shop\.yaml/ }, format)
  server.answer = (_request, response) => { response.writeHead(401).end() }
  t.match(await run('check', url), { exit: 3, stderr: /^cors-gateway: http\S+: answered 401: it is not for everybody; give --token-file\n$/ })
})

t.test('a configuration names a URL', async t => {
  const server = await startBundleServer(t, ({ headers }, response) => {
    if (headers.authorization === 'Bearer t') response.end(blockOf('json'))
    else response.writeHead(401).end()
  })
  const check = async (text: string): Promise<{ exit: number, stdout: string, stderr: string }> => {
    const folder = t.testdir({ 'gateway.yaml': `version: 1\n${text}\n`, token: 't\n' })
    return run('check', '--config', join(folder, 'gateway.yaml'), ...at)
  }
  t.match(await check(`policies: { url: "${server.url}", tokenFile: token, pollInterval: 10s }`), { exit: 0, stdout: /1 rule: valid/ })
  t.match(await check(`policies: ${server.url}`), { exit: 3, stderr: /answered 401: it is not for everybody/ })
  t.match(await check(`policies: [${server.url}, more]`), { exit: 1, stdout: /gateway\.yaml:2:12: error a URL holds a whole set \[wrong-value\][\s\S]*name the URL alone/ })
  t.match(await check('policies: http://a.example/cors.json'), { exit: 1, stdout: /gateway\.yaml:2:11: error [^\n]*over http anybody/ })
  t.match(await check('policies: { url: cors.json }'), { exit: 1, stdout: /gateway\.yaml:2:18: error httpSource needs the https URL[^\n]*\[wrong-value\]/ })
  t.match(await check('policies: { tokenFile: token }'), { exit: 1, stdout: /`policies` has no `url`/ })
  t.match(await check('policies: 7'), { exit: 1, stdout: /gateway\.yaml:2:11: error/ })
})

t.test('serve takes a URL', async t => {
  const server = await startBundleServer(t, serving(blockOf('json')))
  const program = start('serve', `${server.url}?signature=hunter2`, '--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0')
  t.teardown(() => { program.child.kill('SIGKILL') })
  const [, url] = await program.find(/listens on (http:\S+),/)
  const { headers } = await fetchFrom(Number(new URL(url!).port), 'GET', '/cart/7', { origin: 'https://shop.example.com' })
  t.match(corsHeaders(headers), { 'access-control-allow-origin': 'https://shop.example.com' })
  program.child.kill('SIGTERM')
  const { exit, stdout, stderr } = await program.ended
  t.equal(exit, 0)
  t.match(stdout, `  policies  ${server.url}?…: 1 rule`)
  t.notMatch(stdout + stderr, 'hunter2')
})

t.test('the page', async t => {
  const folder = t.testdir({ policies: Object.fromEntries(example.files.map(({ name, text }) => [name, text])), public: {} })
  const [, command, output] = /^\$ cors-gateway (.*)\n([\s\S]*)$/.exec(blockOf('console'))!
  const { stderr } = await promisify(execFile)(process.execPath, [join(root, 'dist/cli/bin.js'), ...command!.split(' ')], { cwd: folder })
  t.equal(stderr, output)
  t.equal(readFileSync(join(folder, 'public/cors.json'), 'utf8'), blockOf('json'))

  // What it says of signing, in a shell.
  const bin = join(folder, 'cors-gateway')
  writeFileSync(bin, `#!/bin/sh\nexec ${process.execPath} ${join(root, 'dist/cli/bin.js')} "$@"\n`, { mode: 0o755 })
  await promisify(execFile)('sh', ['-ec', blockOf('sh')], { cwd: folder, env: { ...process.env, PATH: `${folder}:${process.env['PATH']}` } })
  const signed = await startBundleServer(t, serving(readFileSync(join(folder, 'public/cors.json'), 'utf8')))
  writeFileSync(join(folder, 'gateway.yaml'), `version: 1\npolicies: { url: "${signed.url}", publicKeyFile: publisher.pub.pem }\n`)
  t.match(await run('check', '--config', join(folder, 'gateway.yaml'), ...at), { exit: 0, stdout: /1 rule: valid/ })

  // Programs of a folder in which the package is installed.
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(root, join(folder, 'node_modules/fastify-cors-gateway'))
  symlinkSync(join(root, 'node_modules/fastify'), join(folder, 'node_modules/fastify'))
  const server = await startBundleServer(t, serving(blockOf('json')))
  const show = 'console.log(app.corsGateway.snapshot.rules)\nawait app.close()\n'
  const program = blockOf('js', 'httpSource').replace('https://policies.example.com/cors.json', server.url).replace('/run/secrets', '.').replace('/var/lib/cors-gateway', '.')
  writeFileSync(join(folder, 'policies-token'), 't')
  writeFileSync(join(folder, 'app.mjs'), program + show)
  writeFileSync(join(folder, 'contract.mjs'), blockOf('js', 'sourceContract'))
  const env = { ...process.env, NODE_OPTIONS: '', NODE_TEST_CONTEXT: '' }
  const runProgram = async (name: string): Promise<string> => {
    const { stdout } = await promisify(execFile)(process.execPath, [name], { cwd: folder, env })
    return stdout
  }
  t.equal(await runProgram('app.mjs'), '1\n')
  t.equal(server.heard[0]!.headers.authorization, 'Bearer t')
  t.ok(existsSync(join(folder, 'last-good.json')))
  t.match(await runProgram('contract.mjs'), /^[#ℹ] fail 0$/m)
  const yaml = blockOf('yaml').replace('https://policies.example.com/cors.json', server.url).replace('/run/secrets', '.')
  writeFileSync(join(folder, 'gateway.yaml'), yaml)
  t.match(await run('check', '--config', join(folder, 'gateway.yaml'), ...at), { exit: 0, stdout: /1 rule: valid/ })
})
