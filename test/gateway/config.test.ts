// gateway.yaml: what each key becomes, and everything that can be wrong with it, at its place.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import t from 'tap'
import { readConfig } from '../../src/gateway/config.ts'
import { readConfigFile, readNamedFiles } from '../../src/gateway/config-files.ts'
import { gatewaySchema } from '../../src/gateway/config-schema.ts'
import { makeCertificate } from './lab.ts'

const root = resolve(import.meta.dirname, '../..')

const everything = `version: 1
policies: [policies, /etc/policies]
listen: "[::1]:8443"
admin:
  listen: 0.0.0.0:9902
  token: open sesame
upstreams:
  - url: http://127.0.0.1:3000/
  - url: https://search.internal
    prefix: /search/
    hosts: [api.example.com, "*.example.com"]
mode: observe
watch: false
reload: manual
minKept: 0.5
unmatched: passthrough
pathReadings: [decode, dots]
debug: true
allowEmpty: true
lastKnownGood: last-good.json
shadow: next
router:
  caseSensitive: false
  ignoreTrailingSlash: true
  ignoreDuplicateSlashes: true
  useSemicolonDelimiter: true
tls: { cert: tls.crt, key: ../tls.key }
http2: false
trustProxy: [10.0.0.0/8, "::1", loopback]
timeouts: { upstream: 30, request: 5m, keepAlive: 2h, drain: 25s }
limits: { body: 10MiB, header: 32768, message: 64KiB, connections: 100 }
metrics: { maxRules: 200 }
`

t.test('a file that sets everything', async t => {
  const { ok, config: { files, ...config }, diagnostics } = readConfig('gateway.yaml', everything, 'deploy/gateway.yaml')
  t.same(diagnostics, [])
  t.ok(ok)
  t.strictSame(config, {
    policies: ['deploy/policies', '/etc/policies'],
    listen: { host: '::1', port: 8443 },
    admin: { listen: { host: '0.0.0.0', port: 9902 }, token: 'open sesame' },
    plugin: {
      mode: 'observe',
      watch: false,
      reload: 'manual',
      minKept: 0.5,
      unmatched: 'passthrough',
      pathReadings: ['decode', 'dots'],
      debug: true,
      allowEmpty: true,
      lastKnownGood: 'deploy/last-good.json',
      shadow: ['deploy/next']
    },
    gateway: {
      upstreams: [
        { prefix: '/', url: 'http://127.0.0.1:3000' },
        { prefix: '/search', url: 'https://search.internal', hosts: ['api.example.com', '*.example.com'] }
      ],
      router: { caseSensitive: false, ignoreTrailingSlash: true, ignoreDuplicateSlashes: true, useSemicolonDelimiter: true },
      tls: { cert: 'deploy/tls.crt', key: 'tls.key' },
      http2: false,
      trustProxy: ['10.0.0.0/8', '::1', 'loopback'],
      timeouts: { upstream: 30_000, request: 300_000, keepAlive: 7_200_000, drain: 25_000 },
      limits: { body: 10_485_760, header: 32_768, message: 65_536, connections: 100 },
      metrics: { maxRules: 200 }
    }
  })
  t.equal(files.tls?.key.path, 'tls.key')
})

t.test('a file that sets nothing', async t => {
  const { config: { files, ...config }, diagnostics } = readConfig('gateway.yaml', 'version: 1\n')
  t.same(diagnostics, [])
  t.strictSame(config, {
    policies: ['policies'],
    listen: null,
    admin: { listen: null, token: null },
    plugin: {},
    gateway: { upstreams: [], router: {}, timeouts: {}, limits: {}, metrics: {} }
  })
  t.strictSame(files, { tokenFile: null, tls: null })
})

t.test('policies at a URL', async t => {
  const policies = (text: string): unknown => {
    const { config, diagnostics } = readConfig('gateway.yaml', `version: 1\npolicies: ${text}\n`, 'deploy/gateway.yaml')
    t.same(diagnostics, [], text)
    return config.policies
  }
  t.strictSame(policies('tls://nats.example.com/edge'), { url: 'tls://nats.example.com/edge', options: {} })
  t.strictSame(policies('{ url: "https://a.example/cors.json", tokenFile: t, caFile: c, publicKeyFile: p, pollInterval: 10s }'), {
    url: 'https://a.example/cors.json',
    options: { tokenFile: 'deploy/t', caFile: 'deploy/c', publicKeyFile: 'deploy/p', pollInterval: 10_000 }
  })
  const { url, options } = policies(`{ url: "nats://10.0.0.1:4223", allowInsecure: true, user: me, passwordFile: pw, publicKeyFile: p,
    pollInterval: 1m, instance: gw-1 }`) as { url: string, options: object }
  t.equal(url, 'nats://10.0.0.1:4223')
  t.same(options, { user: 'me', passwordFile: 'deploy/pw', publicKeyFile: 'deploy/p', pollInterval: 60_000, instance: 'gw-1', allowInsecure: true })
  t.match(policies('{ url: tls://a.example, credsFile: /run/c, caFile: ca, certFile: c, keyFile: k }'), {
    options: { credsFile: '/run/c', caFile: 'deploy/ca', certFile: 'deploy/c', keyFile: 'deploy/k' }
  })
})

t.test('single values', async t => {
  const admin = (text: string): unknown => readConfig('gateway.yaml', `version: 1\n${text}\n`).config.admin
  t.equal(admin('admin: false'), 'off')
  t.strictSame(admin('admin: true'), { listen: null, token: null })
  t.strictSame(admin('admin: { listen: "9000" }'), { listen: { host: '127.0.0.1', port: 9000 }, token: null })
  for (const trustProxy of [true, false, 2]) t.equal(readConfig('gateway.yaml', `version: 1\ntrustProxy: ${trustProxy}\n`).config.gateway.trustProxy, trustProxy)
  t.equal(readConfig('gateway.yaml', 'version: 1\npathReadings: router\n').config.plugin.pathReadings, 'router')
  t.equal(readConfig('gateway.yaml', 'version: 1\nhttp2: false\n').ok, true, 'what is not there may be denied')
})

/** What stands below `version: 1`, and the findings: code, line, column and a part of the message. */
const broken: [text: string, ...findings: [code: string, line: number, column: number, says: string][]][] = [
  ['lisen: 127.0.0.1:80', ['unknown-key', 2, 1, 'a gateway configuration has no key `lisen`']],
  ['listen: 8080', ['wrong-type', 2, 9, '`listen` takes a text']],
  ['listen: here', ['wrong-value', 2, 9, '`listen` cannot be `here`']],
  ['listen: 127.0.0.1:65536', ['wrong-value', 2, 9, '`127.0.0.1:65536` is not a listen address']],
  ['listen: 127.0.0.1:9901', ['wrong-value', 2, 9, 'is the address of the gateway and of its admin listener']],
  ['admin: { listen: 127.0.0.1:8080 }', ['wrong-value', 2, 18, 'is the address of the gateway and of its admin listener']],
  ['policies: []', ['wrong-value', 2, 11, '`policies` cannot be empty']],
  ['policies: [a, a]', ['duplicate-entry', 2, 15, '`a` is listed twice']],
  ['policies: ["tls://a.example", more]', ['wrong-value', 2, 12, 'a URL holds a whole set']],
  ['policies: nats://a.example', ['wrong-value', 2, 11, 'without TLS anybody on the way can read the password']],
  ['policies: { url: tls://a.example/b/c }', ['wrong-value', 2, 18, 'the path names a bucket']],
  ['policies: { url: tls://me:secret@a.example }', ['wrong-value', 2, 18, 'tls://a.example: the URL holds a user name or password']],
  ['policies: { url: tls://a.example, user: me }', ['wrong-value', 2, 41, '`user` and `passwordFile` belong together']],
  ['policies: { url: tls://a.example, credsFile: a, tokenFile: b }', ['wrong-value', 2, 60, 'give one of `user`, `tokenFile` and `credsFile`']],
  ['policies: { url: nats://localhost, caFile: a }', ['wrong-value', 2, 44, '`caFile` is for TLS']],
  ['policies: { url: tls://a.example, instance: "a b" }', ['wrong-value', 2, 45, '`instance` cannot be `a b`']],
  ['policies: { url: "https://a.example", user: me, passwordFile: a, instance: b }',
    ['wrong-value', 2, 45, '`user` is for a NATS server, not for https:'], ['wrong-value', 2, 63, '`passwordFile` is for'], ['wrong-value', 2, 76, '`instance` is for']],
  ['admin: off', ['wrong-type', 2, 8, '`admin` takes a map of keys or true or false']],
  ['admin: { listen: 0.0.0.0:9901 }', ['wrong-value', 2, 18, 'can be reached from other machines']],
  ['admin: { listen: "[::]:9901" }', ['wrong-value', 2, 18, 'can be reached from other machines']],
  ['admin: { token: abc, tokenFile: token }', ['wrong-value', 2, 33, '`token` is given too']],
  ['admin: { token: "a\\tb" }', ['wrong-value', 2, 17, 'visible ASCII']],
  ['admin: { token: "" }', ['wrong-value', 2, 17, '']],
  ['upstreams: [{ prefix: /a }]', ['missing-key', 2, 15, '`upstreams` has no `url`']],
  ['upstreams:\n  - url: localhost', ['wrong-value', 3, 10, '`url` takes an http or https URL']],
  ['upstreams:\n  - url: ftp://a.example', ['wrong-value', 3, 10, '`url` takes an http or https URL']],
  ['upstreams:\n  - url: http://a.example/base', ['wrong-value', 3, 10, 'scheme, host and port only: `http://a.example`']],
  ['upstreams:\n  - url: http://a.example?x', ['wrong-value', 3, 10, 'scheme, host and port only: `http://a.example`']],
  ['upstreams:\n  - url: http://me:secret@a.example', ['wrong-value', 3, 10, 'no user name and no password']],
  ['upstreams:\n  - url: http://a.example\n    prefix: search', ['wrong-value', 4, 13, '`prefix` cannot be `search`']],
  ['upstreams:\n  - url: http://a.example\n    prefix: /a/../b', ['wrong-value', 4, 13, '`prefix` cannot be `/a/../b`']],
  ['upstreams:\n  - url: http://a.example\n    prefix: /a//b', ['wrong-value', 4, 13, '`prefix` cannot be `/a//b`']],
  ['upstreams:\n  - url: http://a.example\n    hosts: [A.example, "b.example:80"]',
    ['invalid-host', 4, 13, '`A.example`'], ['invalid-host', 4, 24, 'a host has no port']],
  ['upstreams:\n  - url: http://a.example\n  - url: http://b.example', ['wrong-value', 4, 10, 'a second upstream for `/`']],
  ['upstreams:\n  - { url: http://a.example, prefix: /a }\n  - { url: http://b.example, prefix: /a/ }', ['wrong-value', 4, 38, 'a second upstream for `/a`']],
  ['upstreams:\n  - { url: http://a.example, hosts: [a.example, b.example] }\n  - { url: http://b.example, hosts: [c.example, b.example] }',
    ['wrong-value', 4, 49, 'a second upstream for `b.example/`']],
  ['router: { caseSensitive: false }\nupstreams:\n  - { url: http://a.example, prefix: /a }\n  - { url: http://b.example, prefix: /A }',
    ['wrong-value', 5, 38, 'a second upstream for `/A`']],
  ['mode: observ', ['wrong-value', 2, 7, '`mode` cannot be `observ`']],
  ['watch: no', ['wrong-type', 2, 8, '`watch` takes true or false']],
  ['minKept: 2', ['wrong-value', 2, 10, '`minKept` cannot be `2`']],
  ['pathReadings: some', ['wrong-value', 2, 15, '`pathReadings` cannot be `some`']],
  ['pathReadings: [decode, dot]', ['wrong-value', 2, 24, 'an entry of `pathReadings` cannot be `dot`']],
  ['router: { casesensitive: false }', ['unknown-key', 2, 11, '`router` has no key `casesensitive`']],
  ['tls: { cert: a.crt }', ['missing-key', 2, 1, '`tls` has no `key`']],
  ['http2: true', ['wrong-value', 2, 8, '`http2` needs `tls`']],
  ['trustProxy: 0', ['wrong-value', 2, 13, '`trustProxy` cannot be `0`']],
  ['trustProxy: [10.0.0.0/8, 10.0.0.0/33]', ['wrong-value', 2, 26, '`10.0.0.0/33` is no address or network']],
  ['trustProxy: [proxy.internal]', ['wrong-value', 2, 14, '`proxy.internal` is no address or network']],
  ['timeouts: { upstream: 30000ms }', ['wrong-value', 2, 23, '`upstream` cannot be `30000ms`']],
  ['timeouts: { drain: 25h }', ['wrong-value', 2, 20, '`25h` is longer than 24 hours']],
  ['timeouts: { request: 0 }', ['wrong-value', 2, 22, '`request` cannot be `0`']],
  ['limits: { body: 10MB }', ['wrong-value', 2, 17, '`body` cannot be `10MB`']],
  ['limits: { header: 512 }', ['wrong-value', 2, 19, '`header` cannot be `512`']],
  ['limits: { header: 2MiB }', ['wrong-value', 2, 19, '`header` cannot be `2MiB`']],
  ['limits: { message: 2GiB }', ['wrong-value', 2, 20, '`message` cannot be `2GiB`']],
  ['limits: { connections: 0 }', ['wrong-value', 2, 24, '`connections` cannot be `0`']],
  ['metrics: { maxRules: many }', ['wrong-type', 2, 22, '`maxRules` takes a whole number']],
  ['%YAML 1.1', ['yaml-directive', 2, 1, 'a gateway configuration has no YAML directives']],
  ['listen: "127.0.0.1:80', ['yaml-syntax', 2, 9, 'this quote is never closed']],
  ['listen: :80\nwatch: 7', ['wrong-value', 2, 9, ''], ['wrong-type', 3, 8, '']]
]

t.test('everything that can be wrong, at its place', async t => {
  for (const [text, ...findings] of broken) {
    const { ok, diagnostics } = readConfig('gateway.yaml', text.startsWith('%') ? `# none\n${text}\n---\nversion: 1\n` : `version: 1\n${text}\n`)
    t.equal(ok, findings.every(([code]) => code === 'duplicate-entry'), `${text}: only a repetition is no error`)
    t.strictSame(diagnostics.map(({ code, line, column }) => [code, line, column]), findings.map(finding => finding.slice(0, 3)), text)
    for (const [i, [, , , says]] of findings.entries()) t.ok(diagnostics[i]?.message.includes(says), `${text}: ${diagnostics[i]?.message ?? 'nothing'}`)
    for (const { message, help } of diagnostics) {
      t.notMatch(`${message} ${help}`, /policy file|undefined/, 'the words are those of this file')
      t.notMatch(message, /secret/)
    }
  }
})

t.test('what is wrong hides nothing of the rest', async t => {
  const { ok, config } = readConfig('gateway.yaml', `version: 1
listen: here
policies: rules
unmatched: passthrough
router: { caseSensitive: false, ignoreTrailingSlash: 3 }
upstreams: [{ url: http://a.example }, { url: 7 }, { url: http://b.example, hosts: 7 }]
`)
  t.notOk(ok)
  t.equal(config.listen, null)
  t.strictSame(config.policies, ['rules'])
  t.equal(config.plugin.unmatched, 'passthrough')
  t.strictSame(config.gateway.router, { caseSensitive: false })
  t.strictSame(config.gateway.upstreams, [{ prefix: '/', url: 'http://a.example' }])
  for (const text of ['- 1', 'policies: 7', '', '[']) t.equal(readConfig('gateway.yaml', text).config.policies, null, `no policies are guessed: ${text}`)
})

t.test('any beginning of a file gives findings or settings', async t => {
  for (let length = 0; length < everything.length; length += 3) {
    const { ok, diagnostics } = readConfig('gateway.yaml', everything.slice(0, length))
    if (!ok) t.ok(diagnostics.length > 0, `${length} characters`)
  }
})

interface Part { readonly properties?: Readonly<Record<string, Part>>, readonly examples?: readonly unknown[], readonly default?: unknown }

t.test('every key has examples, and they are valid', async t => {
  const { properties, definitions } = gatewaySchema as unknown as { properties: Record<string, Part>, definitions: Record<string, Part> }
  const visit = (part: Part, path: readonly string[], wrap: (value: object) => object): void => {
    for (const [name, child] of Object.entries(part.properties ?? {})) {
      const place = [...path, name].join('.')
      t.ok(child.examples !== undefined && child.examples.length > 0, `${place} has examples`)
      for (const value of [...child.examples ?? [], ...child.default === undefined ? [] : [child.default]]) {
        const { diagnostics } = readConfig('gateway.json', JSON.stringify(wrap({ [name]: value })))
        // A map whose other keys are missing is no example of it as a whole.
        t.same(diagnostics.filter(({ code }) => code !== 'missing-key'), [], `${place}: ${JSON.stringify(value)}`)
      }
      visit(child, [...path, name], value => wrap({ [name]: value }))
    }
  }
  visit({ properties }, [], value => ({ version: 1, ...value }))
  visit(definitions['upstream']!, ['upstreams'], value => ({ version: 1, upstreams: [value] }))
})

t.test('every option of the plugin can be set', async t => {
  const options = readFileSync(join(root, 'src/plugin/options.ts'), 'utf8')
  const known = /const known = \[([^\]]*)\]/.exec(options)![1]!.match(/\w+/g)!
  const keys = Object.keys(gatewaySchema['properties'] as object)
  for (const name of known.filter(name => name !== 'maxRuleLabels')) t.ok(keys.includes(name), name)
})

t.test('the reference page', async t => {
  const page = readFileSync(join(root, 'docs/gateway.md'), 'utf8')
  const examples = [...page.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, text]) => text!)
  t.ok(examples.length >= 6)
  const fleet = /^```yaml\n([\s\S]*?)^```$/m.exec(readFileSync(join(root, 'docs/fleet.md'), 'utf8'))![1]!
  for (const text of [...examples, fleet]) t.same(readConfig('gateway.yaml', text).diagnostics, [], text)
  for (const name of Object.keys(gatewaySchema['properties'] as object)) {
    if (name !== '$schema') t.match(page, new RegExp(`^\\| \`${name}\` \\|`, 'm'), `${name} has its line`)
  }
})

t.test('the files that it names', async t => {
  const folder = t.testdir({ token: 'open sesame\n', empty: '\n', two: 'one\ntwo\n', none: 'no certificate' })
  const files = await makeCertificate(folder)
  const other = await makeCertificate(folder, 'other')
  execFileSync('mkfifo', [join(folder, 'pipe')])
  const named = async (text: string): Promise<{ token: string | null, found: unknown[] }> => {
    const { config, diagnostics } = readConfig('gateway.yaml', `version: 1\n${text}\n`, join(folder, 'gateway.yaml'))
    t.same(diagnostics, [], text)
    const { token, diagnostics: found } = await readNamedFiles(config.files, 'error')
    return { token, found: found.map(({ severity, code, line, column, message }) => [severity, code, line, column, message.replaceAll(`${folder}/`, '')]) }
  }
  t.strictSame(await named('admin: { tokenFile: token }'), { token: 'open sesame', found: [] })
  t.strictSame(await named(`tls: { cert: ${files.cert}, key: ${files.key} }`), { token: null, found: [] })
  const wrong: [text: string, code: string, column: number, says: RegExp][] = [
    ['admin: { tokenFile: gone }', 'unreadable-file', 21, /^gone can't be read: ENOENT/],
    ['admin: { tokenFile: pipe }', 'unreadable-file', 21, /^pipe can't be read: not a regular file/],
    ['admin: { tokenFile: empty }', 'wrong-value', 21, /^empty holds no token/],
    ['admin: { tokenFile: two }', 'wrong-value', 21, /^two holds no token/],
    [`tls: { cert: gone, key: ${files.key} }`, 'unreadable-file', 14, /^gone can't be read/],
    ['tls: { key: gone, cert: tls.crt }', 'unreadable-file', 13, /^gone can't be read/],
    ['tls: { cert: none, key: tls.key }', 'wrong-value', 14, /none holds no certificate/],
    [`tls: { cert: tls.crt, key: ${other.key} }`, 'wrong-value', 14, /is not that of the certificate/]
  ]
  for (const [text, code, column, says] of wrong) {
    const { found } = await named(text)
    t.match(found, [['error', code, 2, column, says]], text)
    t.equal(found.length, 1)
  }
  const { config: { files: gone } } = readConfig('gateway.yaml', 'version: 1\nadmin: { tokenFile: /no/such/token }\n')
  t.match((await readNamedFiles(gone, 'warning')).diagnostics, [{ severity: 'warning', help: /does not start without it/ }])
})

t.test('the file itself', async t => {
  const folder = t.testdir({ 'good.yaml': everything })
  t.ok((await readConfigFile(join(folder, 'good.yaml'), 'good.yaml')).ok)
  writeFileSync(join(folder, 'latin.yaml'), Buffer.from([0x76, 0xe9]))
  t.match(await readConfigFile(join(folder, 'latin.yaml'), 'latin.yaml'), { ok: false, config: { policies: null }, diagnostics: [{ code: 'not-utf8', column: 2 }] })
  writeFileSync(join(folder, 'large.yaml'), ' '.repeat(1024 * 1024 + 1))
  t.match(await readConfigFile(join(folder, 'large.yaml'), 'large.yaml'), { ok: false, diagnostics: [{ code: 'file-too-large', message: /has 1,048,577 bytes/ }] })
  execFileSync('mkfifo', [join(folder, 'pipe')])
  for (const path of [join(folder, 'pipe'), folder]) await t.rejects(readConfigFile(path, path), { message: 'not a regular file' })
})

t.test('a file that says it is empty, and is not', { skip: !existsSync('/proc/kallsyms') }, async t => {
  t.match(await readConfigFile('/proc/kallsyms', 'kallsyms'), { ok: false, diagnostics: [{ code: 'file-too-large', message: /has 1,048,577 bytes/ }] })
})
