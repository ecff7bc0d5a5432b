// The packed package, installed like any other: it must work from ESM and from CommonJS, and carry its own command.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import t from 'tap'

const root = resolve(import.meta.dirname, '..')
// What the test runner puts into the environment must not reach the programs that a user would run.
const env = { ...process.env, NODE_OPTIONS: '' }

function run (command: string, args: readonly string[], cwd: string): string {
  return execFileSync(command, args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

const policy = 'version: 1\nrules:\n  - name: app\n    routes: [/**]\n    allowOrigins: [https://abc.com]\n'

const use = `
  const app = Fastify()
  app.get('/', async () => 'hello')
  await app.register(PLUGIN, { policies: './policies' })
  const { headers } = await app.inject({ url: '/', headers: { origin: 'https://abc.com' } })
  console.log(headers['access-control-allow-origin'], app.corsGateway.snapshot.rules)
  await app.close()
`

t.test('the packed package', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'cors-gateway-'))
  t.teardown(() => { rmSync(folder, { recursive: true, force: true }) })
  const [packed] = JSON.parse(run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], root)) as { filename: string, files: { path: string }[] }[]
  const paths = packed!.files.map(({ path }) => path)
  for (const needed of ['dist/index.js', 'dist/index.d.ts', 'dist/engine.js', 'dist/source/contract.js', 'dist/source/contract.d.ts', 'dist/cli/bin.js', 'schemas/policy.schema.json', 'src/gateway/console/console.html', 'LICENSE', 'README.md']) {
    t.ok(paths.includes(needed), `holds ${needed}`)
  }
  t.notOk(paths.some(path => /^(?:src|test|policies|\.)/.test(path) && !path.startsWith('src/gateway/console/')), 'holds no sources, tests or dotfiles')

  writeFileSync(join(folder, 'package.json'), '{"private":true}')
  run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', join(folder, packed!.filename)], folder)
  run('mkdir', ['policies'], folder)
  writeFileSync(join(folder, 'policies/app.yaml'), policy)

  const programs: [name: string, text: string][] = [
    ['default.mjs', `import Fastify from 'fastify'\nimport corsGateway from 'fastify-cors-gateway'\n${use.replace('PLUGIN', 'corsGateway')}`],
    ['named.mjs', `import Fastify from 'fastify'\nimport { corsGateway } from 'fastify-cors-gateway'\n${use.replace('PLUGIN', 'corsGateway')}`],
    ['required.cjs', `const Fastify = require('fastify')\n;(async () => {${use.replace('PLUGIN', "require('fastify-cors-gateway')")}})()`],
    ['required-default.cjs', `const Fastify = require('fastify')\n;(async () => {${use.replace('PLUGIN', "require('fastify-cors-gateway').default")}})()`]
  ]
  for (const [name, text] of programs) {
    writeFileSync(join(folder, name), text)
    t.equal(run(process.execPath, [name], folder), 'https://abc.com 1\n', name)
  }
  writeFileSync(join(folder, 'engine.mjs'), `
    import { build, decide, parseOriginPattern } from 'fastify-cors-gateway/engine'
    const { ok } = build([{ name: 'a.yaml', text: ${JSON.stringify(policy)} }], { at: '2026-11-25T00:00:00Z' })
    console.log(ok, typeof decide, parseOriginPattern('https://ABC.com/').error.corrected)
  `)
  t.equal(run(process.execPath, ['engine.mjs'], folder), 'true function https://abc.com\n', 'the engine')
  writeFileSync(join(folder, 'contract.mjs'), `
    import { httpSource, memorySource } from 'fastify-cors-gateway'
    import { sourceContract } from 'fastify-cors-gateway/source-contract'
    const checks = sourceContract(() => {
      const source = memorySource([])
      return { source, put: texts => source.set(texts) }
    })
    for (const { run } of checks) await run()
    console.log(checks.length, typeof httpSource('https://a.example/cors.json').read)
  `)
  t.equal(run(process.execPath, ['contract.mjs'], folder), '10 function\n', 'the contract of sources')
  writeFileSync(join(folder, 'nats.mjs'), `
    import { natsSource } from 'fastify-cors-gateway'
    const source = natsSource('nats://127.0.0.1:1')
    await source.read(new AbortController().signal).catch(error => console.log(error.name, error.message))
  `)
  t.equal(run(process.execPath, ['nats.mjs'], folder),
    'SourceError nats://127.0.0.1:1: the client of NATS is not installed; npm install @nats-io/transport-node @nats-io/jetstream @nats-io/kv (with --global where this package is installed with it)\n',
    'the client of NATS is asked for where it is used')
  for (const command of ['cors-gateway', 'fastify-cors-gateway']) {
    t.match(run('npx', ['--no-install', command, 'check', 'policies'], folder), /^1 file, 1 rule: valid/m, `npx ${command}`)
  }
  t.match(run(process.execPath, ['-e', "console.log(require.resolve('fastify-cors-gateway/schemas/policy.schema.json'))"], folder), /policy\.schema\.json/)
})
