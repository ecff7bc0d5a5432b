// `--config gateway.yaml`: every command decides as that gateway does, flags win, and what is wrong is told at its place.
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join, relative } from 'node:path'
import process from 'node:process'
import t, { type Test } from 'tap'
import { makeCertificate, startUpstream } from '../gateway/lab.ts'
import { run, start, type Program } from './run.ts'

const policy = `version: 1
rules:
  - name: shop
    routes: [/Cart/**]
    allowOrigins: [https://shop.example.com]
`

/** A folder with a configuration and its policies. */
function deploy (t: Test, text: string, policies: string = policy): { folder: string, config: string } {
  const folder = t.testdir({ 'gateway.yaml': `version: 1\n${text}\n`, policies: { 'shop.yaml': policies } })
  return { folder, config: join(folder, 'gateway.yaml') }
}

const question = (path: string): string[] => ['--origin', 'https://shop.example.com', '--url', `https://api.example.com${path}`, '--format', 'json']

t.test('explain decides as the gateway does', async t => {
  const cases: [text: string, path: string, flags: string[], expected: object][] = [
    ['', '/cart/7', [], { reason: 'path-ambiguous', settings: { unmatched: 'deny', router: { caseSensitive: true } } }],
    ['router: { caseSensitive: false }', '/cart/7', [], { reason: 'allowed', rule: { name: 'shop' }, settings: { router: { caseSensitive: false } } }],
    ['pathReadings: router', '/cart/7', [], { reason: 'no-policy', settings: { pathReadings: [] } }],
    ['pathReadings: [decode]', '/Cart/%2e', [], { reason: 'allowed', settings: { pathReadings: ['decode'] } }],
    ['router: { ignoreDuplicateSlashes: true }', '//Cart//7', [], { reason: 'allowed' }],
    ['unmatched: passthrough', '/other', [], { decision: { actual: { outcome: 'passthrough' } }, settings: { unmatched: 'passthrough' } }],
    ['unmatched: passthrough', '/other', ['--unmatched', 'deny'], { decision: { actual: { outcome: 'denied' } }, settings: { unmatched: 'deny' } }]
  ]
  for (const [text, path, flags, expected] of cases) {
    const { config } = deploy(t, text)
    const { stdout } = await run('explain', '--config', config, ...question(path), ...flags)
    t.match(JSON.parse(stdout), expected, `${text} ${path} ${flags.join(' ')}`)
  }
})

t.test('policies are found from the folder of the file; a directory that is given wins', async t => {
  const { folder, config } = deploy(t, 'policies: [base, prod]')
  for (const name of ['base', 'prod']) {
    mkdirSync(join(folder, name))
    writeFileSync(join(folder, name, 'a.yaml'), policy.replaceAll(/shop\b/g, name).replace('/Cart', `/${name}`))
  }
  t.match(JSON.parse((await run('check', '--config', config, '--format', 'json')).stdout), { ok: true, files: 2, rules: 2 })
  t.match(JSON.parse((await run('check', join(folder, 'policies'), '--config', config, '--format', 'json')).stdout), { ok: true, files: 1, rules: 1 })
  const near = relative(process.cwd(), config)
  t.match(JSON.parse((await run('check', '--config', near, '--format', 'json')).stdout), { ok: true, files: 2 }, 'wherever it is called from')
  const missing = await run('check', '--config', deploy(t, 'policies: gone').config)
  t.equal(missing.exit, 3)
  t.match(missing.stderr, /there is no directory \S+\/gone, which \S+gateway\.yaml names/)
})

t.test('check reports the configuration too', async t => {
  const { folder, config } = deploy(t, 'listen: here\nunmatched: passthrough', policy.replace('com]', 'com/]'))
  const { exit, stdout, stderr } = await run('check', '--config', config, '--format', 'json')
  t.equal(exit, 1)
  t.equal(stderr, '')
  t.match(JSON.parse(stdout), {
    ok: false,
    files: 1,
    diagnostics: [{ file: config, line: 2, column: 9, code: 'wrong-value' }, { file: 'shop.yaml', line: 5, column: 20, code: 'invalid-origin' }]
  })
  const pretty = await run('check', '--config', relative(process.cwd(), config))
  t.match(pretty.stdout, /^\.\/\S+gateway\.yaml:2:9: error `listen` cannot be `here` \[wrong-value\]\n2 \| listen: here\n {2}\| +\^{4}\n/)
  t.match(pretty.stdout, /2 errors\n1 file, 0 rules: invalid\n$/)
  const path = relative(process.cwd(), folder)
  const github = await run('check', '--config', config, '--format', 'github')
  t.match(github.stdout, `::error file=${path}/gateway.yaml,line=2,`)
  t.match(github.stdout, `::error file=${path}/policies/shop.yaml,line=5,`)
  const sarif = JSON.parse((await run('check', '--config', config, '--format', 'sarif')).stdout)
  t.match(sarif.runs[0].results[0], { ruleId: 'wrong-value', locations: [{ physicalLocation: { artifactLocation: { uri: `${path}/gateway.yaml` } } }] })
})

t.test('check and what the configuration says of the set', async t => {
  const empty = deploy(t, 'allowEmpty: true', 'version: 1\n')
  t.equal((await run('check', '--config', empty.config)).exit, 0)
  t.equal((await run('check', join(empty.folder, 'policies'))).exit, 1)
  const secrets = deploy(t, 'tls: { cert: /no/such.crt, key: /no/such.key }')
  t.equal((await run('check', '--config', secrets.config)).exit, 0, 'secrets may lie on another machine')
  t.match(JSON.parse((await run('check', '--config', secrets.config, '--format', 'json', '--max-warnings', '0')).stdout),
    { ok: false, diagnostics: [{ severity: 'warning', code: 'unreadable-file', line: 2, column: 14 }, { column: 33 }] })
  const lost = deploy(t, 'policies: 7')
  t.match(JSON.parse((await run('check', '--config', lost.config, '--format', 'json')).stdout),
    { ok: false, files: 0, diagnostics: [{ code: 'wrong-type', line: 2, column: 11 }] }, 'where no policies can be found, the rest is told')
  t.match(JSON.parse((await run('check', join(lost.folder, 'policies'), '--config', lost.config, '--format', 'json')).stdout), { ok: false, files: 1, rules: 1 })
})

t.test('a directory that is missing hides no error of the configuration', async t => {
  const { folder, config } = deploy(t, 'policies: gone\nlisten: here')
  for (const where of [[], [join(folder, 'lost')]]) {
    const { exit, stdout, stderr } = await run('check', ...where, '--config', config, '--format', 'json')
    t.equal(exit, 1)
    t.match(JSON.parse(stdout), { ok: false, files: 0, diagnostics: [{ code: 'wrong-value', line: 3, column: 9 }] })
    t.equal(JSON.parse(stdout).diagnostics.length, 1)
    t.match(stderr, /^there is no directory \S+\/(?:gone, which \S+gateway\.yaml names|lost)\n$/)
  }
})

t.test('check --fix leaves the configuration to its writer', async t => {
  const { config } = deploy(t, 'router: { CaseSensitive: false }', policy.replace('com]', 'com/]'))
  const { exit, stdout, stderr } = await run('check', '--config', config, '--fix')
  t.equal(exit, 1)
  t.match(stderr, /fixed 1 finding in 1 file/)
  t.match(stdout, /gateway\.yaml:2:11: error `router` has no key `CaseSensitive`[\s\S]*1 error\n1 file, 1 rule: invalid/)
})

t.test('security 19: nothing that lies outside of the configuration\'s folder is shown', async t => {
  const secret = 'users:\n  - password: hunter2\nversion: hunter2\n'
  const folder = t.testdir({
    home: { 'config.yaml': secret, 'a.test.yaml': secret, cred: 'secret=hunter2\n' },
    repo: { 'gateway.yaml': '', policies: { 'shop.yaml': policy.replace('com]', 'com/]') }, good: { 'shop.yaml': policy }, data: { 'gateway.yaml': 'version: 1\nlisten: here\n' } }
  })
  const config = join(folder, 'repo/gateway.yaml')
  const tell = async (...words: string[]): Promise<string> => {
    const { stdout, stderr } = await run(...words, '--config', config)
    return stdout + stderr
  }
  symlinkSync('../home', join(folder, 'repo/link'))
  for (const policies of ['../home', 'link', '[good, ../home]']) {
    writeFileSync(config, `version: 1\npolicies: ${policies}\n`)
    for (const words of [['check'], ['check', '--format', 'github'], ['check', '--format', 'json'], ['rules'], ['test'], ['bundle'], ['explain', ...question('/')]]) {
      const told = await tell(...words)
      t.match(told, 'config.yaml', `${policies}: ${words.join(' ')}`)
      t.notMatch(told, 'hunter2', `${policies}: ${words.join(' ')}`)
    }
  }
  t.match(await tell('check', join(folder, 'home')), /1 \| users:/, 'a directory that is given is shown')
  writeFileSync(config, 'version: 1\npolicies: [policies, ../home]\n')
  t.match(await tell('check'), /5 \| {5}allowOrigins: /, 'and so is one beside the configuration')
  rmSync(config)
  symlinkSync('../home/cred', config)
  for (const words of [['check'], ['serve']]) {
    const told = await tell(...words)
    t.match(told, 'gateway.yaml:1:1: error')
    t.notMatch(told, 'hunter2', words.join(' '))
  }
  rmSync(config)
  symlinkSync('data/gateway.yaml', config)
  t.match(await tell('check'), /2 \| listen: here/, 'a link that stays in the folder, as Kubernetes makes them')
})

t.test('a configuration that cannot be used ends every other command', async t => {
  const { folder, config } = deploy(t, 'mode: observ')
  const commands: string[][] = [['explain', ...question('/Cart/7')], ['serve']]
  for (const words of commands) {
    const { exit, stdout, stderr } = await run(...words, '--config', config)
    t.equal(exit, 1, words.join(' '))
    t.equal(stdout, '')
    t.match(stderr, /gateway\.yaml:2:7: error `mode` cannot be `observ` \[wrong-value\]\n2 \| mode: observ\n[\s\S]*the configuration \S+gateway\.yaml is invalid\n$/)
    t.equal((await run(...words, '--config', join(folder, 'gone.yaml'))).exit, 3)
    t.match((await run(...words, '--config', folder)).stderr, /is not a file: --config takes the configuration of a gateway/)
  }
  const secrets = deploy(t, 'admin: { tokenFile: gone }')
  const { exit, stderr } = await run('serve', '--config', secrets.config)
  t.equal(exit, 1)
  t.match(stderr, /gateway\.yaml:2:21: error \S+gone can't be read: ENOENT/)
})

t.test('no command but `serve` sends a secret of this machine to a URL that the configuration names', async t => {
  const folder = t.testdir({
    secrets: { token: 'a-secret-of-this-machine' },
    config: { token: 'its-own', policies: { 'shop.yaml': policy }, link: t.fixture('symlink', '../secrets/token'), linked: t.fixture('symlink', '../secrets') }
  })
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.headers.authorization ?? 'nothing')
    response.end('{"version":1,"files":[]}')
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/set.json`
  const gateway = join(folder, 'config', 'gateway.yaml')
  const commands: [name: string, ...argv: string[]][] = [
    ['check'], ['test'], ['rules'], ['bundle'], ['explain', '--origin', 'https://a.example', '--url', 'https://api.example.com/']
  ]
  for (const tokenFile of [join(folder, 'secrets', 'token'), '../secrets/token', 'link', 'linked/token', join(folder, 'secrets', 'none')]) {
    writeFileSync(gateway, `version: 1\npolicies: {url: "${url}", tokenFile: "${tokenFile}"}\n`)
    for (const [name, ...argv] of commands) {
      const { exit, stdout, stderr } = await run(name, '--config', gateway, ...argv)
      t.equal(exit, 3, `${name} with ${tokenFile}`)
      t.match(stderr, /gateway\.yaml names a `tokenFile` outside of its folder; only `serve` sends such a file to a URL[\s\S]*name the policies as DIR/)
      t.equal(stdout, '')
    }
  }
  t.strictSame(asked, [], 'the server heard nothing')

  t.equal((await run('check', join(folder, 'config', 'policies'), '--config', gateway)).exit, 0, 'policies that are named are looked at')
  t.strictSame(asked, [])
  writeFileSync(gateway, `version: 1\npolicies: {url: "${url}", tokenFile: token}\n`)
  await run('check', '--config', gateway)
  writeFileSync(gateway, `version: 1\npolicies: {url: "${url}", caFile: ${join(folder, 'secrets', 'token')}}\n`)
  await run('check', '--config', gateway)
  t.strictSame(asked.slice(0, 1), ['Bearer its-own'], 'a file of its own is sent')
})

interface Served { readonly program: Program, readonly url: string, readonly admin: string | null }

async function serve (t: Test, config: string, ...flags: string[]): Promise<Served> {
  const program = start('serve', '--config', config, ...flags)
  t.teardown(() => { program.child.kill('SIGKILL') })
  const [, url] = await program.find(/listens on (https?:\S+),/)
  const [, rules] = await program.find(/policies {2}.*: (\d+) rules?,.*\n(?: {2}console .*\n)?/)
  t.ok(rules)
  const banner = await program.find(/generation 1.*\n(?: {2}console +(http:\S+)\/)?/)
  return { program, url: url!, admin: banner[1] ?? null }
}

interface Asked { readonly status: number, readonly body: string, readonly headers: Record<string, string | string[] | undefined> }

function ask (url: string, path: string, headers: Record<string, string> = {}, body: string | null = null): Promise<Asked> {
  const send = url.startsWith('https:') ? httpsRequest : httpRequest
  return new Promise((resolve, reject) => {
    const request = send(`${url}${path}`, { method: body === null ? 'GET' : 'POST', headers, rejectUnauthorized: false, agent: false }, response => {
      let text = ''
      response.on('data', chunk => { text += String(chunk) })
      response.on('end', () => { resolve({ status: response.statusCode!, body: text, headers: response.headers }) })
    })
    request.on('error', reject).end(body ?? undefined)
  })
}

t.test('serve runs what the file says', async t => {
  const shop = await startUpstream(t, 'shop')
  const search = await startUpstream(t, 'search')
  const rest = await startUpstream(t, 'rest')
  const { folder, config } = deploy(t, `listen: 127.0.0.1:0
admin: { listen: 127.0.0.1:0, tokenFile: token }
upstreams:
  - { url: ${shop.url}, hosts: [shop.example.com] }
  - { url: ${search.url}, hosts: [shop.example.com], prefix: /search }
  - { url: ${rest.url}, hosts: ["*.example.com"] }
router: { caseSensitive: false }
trustProxy: [loopback]
limits: { body: 1KiB }
timeouts: { upstream: 5s, drain: 2s }
debug: true
unmatched: passthrough
metrics: { maxRules: 0 }`)
  writeFileSync(join(folder, 'token'), 'open sesame\n')
  const { program, url, admin } = await serve(t, config)

  const bodyOf = async (host: string, path: string): Promise<string> => (await ask(url, path, { host })).body
  t.equal(await bodyOf('shop.example.com', '/cart/7'), 'shop')
  t.equal(await bodyOf('shop.example.com', '/SEARCH/x'), 'search', 'as the router reads paths')
  t.equal(await bodyOf('other.example.com', '/search/x'), 'rest')
  t.equal((await ask(url, '/', { host: 'elsewhere.example' })).status, 404)

  const origin = 'https://shop.example.com'
  const granted = await ask(url, '/cart/7', { host: 'api.example.com', origin })
  t.match(granted.headers, { 'access-control-allow-origin': origin, 'x-cors-gateway': 'allowed; reason=allowed; rule=shop' })
  t.notOk('x-cors-gateway' in (await ask(url, '/other', { host: 'api.example.com', origin })).headers, 'what no rule names passes untouched')
  t.match((await ask(url, '/cart/7', { host: 'api.example.com', origin: 'https://www.example.org', 'x-forwarded-host': 'www.example.org', 'x-forwarded-proto': 'https' })).headers,
    { 'x-cors-gateway': /reason=same-origin/ }, 'a trusted proxy says which host it is')
  t.equal((await ask(url, '/', { host: 'shop.example.com' }, 'x'.repeat(1025))).status, 413)

  t.equal((await ask(admin!, '/api/status')).status, 401)
  const status = JSON.parse((await ask(admin!, '/api/status', { authorization: 'Bearer open sesame' })).body)
  t.match(status, { state: 'ok', settings: { unmatched: 'passthrough', debug: true, maxRuleLabels: 0, router: { caseSensitive: false } } })
  t.match((await ask(admin!, '/metrics', { authorization: 'Bearer open sesame' })).body, /rule="_"/)
  program.child.kill('SIGTERM')
  t.equal((await program.ended).exit, 0)
})

t.test('flags win over the file', async t => {
  const [one, other] = [await startUpstream(t, 'one'), await startUpstream(t, 'other')]
  const { folder, config } = deploy(t, `policies: gone
listen: 192.0.2.1:1
admin: false
upstreams: [{ url: "${one.url}" }]
unmatched: passthrough
watch: false`)
  const { url, admin } = await serve(t, config, join(folder, 'policies'), '--listen', '127.0.0.1:0', '--upstream', other.url)
  t.equal(admin, null, 'no admin listener')
  t.equal((await ask(url, '/')).body, 'other')
  const second = await serve(t, config, join(folder, 'policies'), '--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0', '--admin-token', 'abc', '--unmatched', 'deny', '--min-kept', '0.5', '--debug')
  t.equal((await ask(second.url, '/')).body, 'one', 'the rest is the file\'s')
  t.equal((await ask(second.admin!, '/api/status')).status, 401)
  t.match(JSON.parse((await ask(second.admin!, '/api/status', { authorization: 'Bearer abc' })).body), { watch: 'off', settings: { unmatched: 'deny', minKept: 0.5, debug: true } })
  writeFileSync(join(folder, 'token'), 'open sesame\n')
  const third = await serve(t, config, join(folder, 'policies'), '--listen', '127.0.0.1:0', '--admin', '0.0.0.0:0', '--admin-token-file', join(folder, 'token'))
  const asked = async (token: string): Promise<number | undefined> => (await ask(third.admin!.replace('0.0.0.0', '127.0.0.1'), '/api/status', { authorization: `Bearer ${token}` })).status
  t.strictSame([await asked('abc'), await asked('open sesame')], [401, 200])
})

t.test('tls', async t => {
  const { folder, config } = deploy(t, 'listen: 127.0.0.1:0\nadmin: false\ntls: { cert: tls.crt, key: tls.key }')
  await makeCertificate(folder)
  const { url } = await serve(t, config)
  t.match(url, /^https:/)
  t.equal((await ask(url, '/Cart/7', { origin: 'https://shop.example.com' })).headers['access-control-allow-origin'], 'https://shop.example.com')
  await makeCertificate(folder, 'other')
  writeFileSync(config, 'version: 1\ntls: { cert: tls.crt, key: other.key }\n')
  const { exit, stderr } = await run('serve', '--config', config)
  t.equal(exit, 1)
  t.match(stderr, /gateway\.yaml:2:14: error the private key in \S+other\.key is not that of the certificate/)
})
