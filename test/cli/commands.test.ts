// The commands that answer and end: what they print, where, and their exit status.
import { resolve } from 'node:path'
import t from 'tap'
import { bundleCommand } from '../../src/cli/bundle.ts'
import { checkCommand } from '../../src/cli/check.ts'
import { diffCommand } from '../../src/cli/diff.ts'
import { explainCommand } from '../../src/cli/explain.ts'
import { fleetCommand } from '../../src/cli/fleet.ts'
import { initCommand } from '../../src/cli/init.ts'
import { publishCommand } from '../../src/cli/publish.ts'
import { rulesCommand } from '../../src/cli/rules.ts'
import { serveCommand } from '../../src/cli/serve.ts'
import { testCommand } from '../../src/cli/test.ts'
import { run } from './run.ts'

const policies = resolve(import.meta.dirname, '../../policies')
const at = '2026-11-25T00:00:00Z'

const valid = `version: 1
rules:
  - name: shop
    routes: [/cart/**]
    allowOrigins: [https://shop.example.com]
    allowMethods: [GET, HEAD, POST, PUT]
    allowHeaders: [content-type]
`
const broken = `version: 1
rules:
  - name: shop
    routes: [/cart/**]
    allowOrgins: [https://shop.example.com]
  - name: admin
    routes: [/admin/*, admin]
    allowOrigins: [https://Admin.example.com/]
`
const schema = resolve(policies, '../schemas/policy.schema.json')
const warned = valid.replace('/cart/**', '/cart/*')

t.test('usage', async t => {
  const cases: [argv: string[], exit: number, stream: 'stdout' | 'stderr', says: RegExp][] = [
    [[], 2, 'stdout', /Usage: cors-gateway <command>/],
    [['--help'], 0, 'stdout', /serve .*\n.*check .*\n.*explain /],
    [['--version'], 0, 'stdout', /^\d+\.\d+\.\d+\n$/],
    [['chek'], 2, 'stderr', /there is no command `chek`; did you mean `check`\?/],
    [['check', '--help'], 0, 'stdout', /Usage: cors-gateway check/],
    [['check', '--fromat', 'json'], 2, 'stderr', /there is no option `--fromat`; did you mean `--format`\?/],
    [['serve', policies, '--admin-token', ''], 2, 'stderr', /what is given is no token/],
    [['serve', policies, '--admin-token', 'abc', '--admin-token-file', schema], 2, 'stderr', /--admin-token and --admin-token-file/],
    [['serve', policies, '--admin-token-file', '/no/such/file'], 3, 'stderr', /\/no\/such\/file can't be read: /],
    [['serve', policies, '--admin-token-file', policies], 3, 'stderr', /can't be read: not a regular file/],
    [['serve', policies, '--admin-token-file', schema], 2, 'stderr', /policy\.schema\.json holds no token: a token is 1 to 1,024 visible ASCII characters and spaces, and stands in its file alone/],
    [['help', 'check'], 0, 'stdout', /Usage: cors-gateway check/],
    [['check', '--format', 'json', '--format', 'pretty'], 2, 'stderr', /--format is given twice\nSee `cors-gateway check --help`/],
    [['check', '--format'], 2, 'stderr', /--format takes a value/],
    [['explain', '--credentials'], 2, 'stderr', /--credentials takes a value, as in\n {2}--credentials WORD +omit, same-origin \(default\) or include/],
    [['rules', policies, '--origin', 'https://shop.example.com/'], 2, 'stderr', /not `https:\/\/shop.example.com\/`; did you mean `https:\/\/shop.example.com`\?/],
    [['check', policies, '--format', 'xml'], 2, 'stderr', /--format takes pretty, json, github or sarif, not `xml`/],
    [['check', policies, '--max-warnings', 'many'], 2, 'stderr', /--max-warnings takes a whole number/],
    [['check', policies, '--at', 'yesterday'], 2, 'stderr', /--at takes a date/],
    [['check', '/no/such/directory'], 3, 'stderr', /there is no directory \/no\/such\/directory/],
    [['check', resolve(policies, 'storefront.yaml')], 3, 'stderr', /is not a directory/],
    [['explain', policies], 2, 'stderr', /explain needs --origin and --url/],
    [['explain', policies, '--origin', 'https://a.example', '--url', '/cart'], 2, 'stderr', /--url takes an absolute/],
    [['explain', policies, '--origin', 'https://a.example', '--url', 'https://b.example/', '--header', 'x'], 2, 'stderr', /--header takes/],
    [['explain', policies, '--origin', 'https://a.example', '--url', 'https://b.example/', '--credentials', 'yes'], 2, 'stderr', /--credentials takes/],
    [['serve', policies, '--listen', 'here'], 2, 'stderr', /--listen takes HOST:PORT/],
    [['serve', policies, '--upstream', 'ftp://a.example'], 2, 'stderr', /--upstream takes an http or https URL/],
    [['serve', policies, '--upstream', 'http://a.example/base'], 2, 'stderr', /scheme, host and port only: `http:\/\/a\.example`/],
    [['serve', policies, '--route', 'a=http://a.example'], 2, 'stderr', /--route takes \/prefix=URL/],
    [['serve', policies, '--route', '/a=http://a.example', '--route', '/a/=http://b.example'], 2, 'stderr', /two upstreams for \/a/],
    [['serve', policies, '--admin', '0.0.0.0:0'], 2, 'stderr', /can be reached from other machines/]
  ]
  for (const [argv, exit, stream, says] of cases) {
    const result = await run(...argv)
    t.equal(result.exit, exit, `${argv.join(' ')}: exit status`)
    t.match(result[stream], says, argv.join(' '))
    t.equal(result[stream === 'stdout' ? 'stderr' : 'stdout'], '', `${argv.join(' ')}: the other stream is silent`)
  }
})

t.test('the help of a command names its options, and no other', async t => {
  const commands = [
    bundleCommand, checkCommand, diffCommand, explainCommand, fleetCommand, initCommand, publishCommand, rulesCommand, serveCommand,
    testCommand
  ]
  for (const { name, usage, options } of commands) {
    t.strictSame([...usage.matchAll(/^ {2}--([a-z-]+)/gm)].map(([, option]) => option).sort(), Object.keys(options).sort(), name)
  }
})

t.test('check', async t => {
  const good = t.testdir({ 'shop.yaml': valid })
  const result = await run('check', good, '--at', at)
  t.equal(result.exit, 0)
  t.matchSnapshot(result.stdout, 'a valid set')
  const json = JSON.parse((await run('check', good, '--at', at, '--format', 'json')).stdout)
  t.match(json, { ok: true, revision: /^[0-9a-f]{12}$/, files: 1, rules: 1, diagnostics: [] })
  t.same(Object.keys(json), ['ok', 'revision', 'files', 'rules', 'diagnostics'])

  const bad = t.testdir({ 'shop.yaml': broken })
  const failed = await run('check', bad, '--at', at)
  t.equal(failed.exit, 1)
  t.equal(failed.stderr, '')
  t.matchSnapshot(failed.stdout, 'an invalid set')
  const failedJson = await run('check', bad, '--at', at, '--format', 'json')
  t.equal(failedJson.exit, 1)
  t.matchSnapshot(failedJson.stdout, 'an invalid set as json')

  const warning = t.testdir({ 'shop.yaml': warned })
  t.equal((await run('check', warning, '--at', at)).exit, 0, 'warnings do not fail')
  const tooMany = await run('check', warning, '--at', at, '--max-warnings', '0')
  t.equal(tooMany.exit, 1)
  t.match(tooMany.stdout, /1 warnings are more than the 0 allowed/)

  t.equal((await run('check', t.testdir({ 'readme.txt': '' }))).exit, 1, 'an empty set is a fault')
  t.equal((await run('check', t.testdir({ 'readme.txt': '' }), '--allow-empty')).exit, 0)
})

t.test('check takes several directories as one set', async t => {
  const base = t.testdir({ a: { 'base.yaml': valid.replace('[https://shop.example.com]', '[$shop]') }, b: { 'prod.yaml': 'version: 1\noriginSets:\n  shop: [https://shop.example.com]\n' } })
  const alone = await run('check', resolve(base, 'a'), '--at', at)
  t.equal(alone.exit, 1)
  const both = JSON.parse((await run('check', resolve(base, 'a'), resolve(base, 'b'), '--at', at, '--format', 'json')).stdout)
  t.match(both, { ok: true, files: 2, rules: 1 })
})

t.test('our own policies are valid without a warning', async t => {
  const { exit, stdout } = await run('check', policies, '--at', at, '--max-warnings', '0')
  t.equal(exit, 0, stdout)
  t.match(stdout, /^4 files, 6 rules: valid/)
})

t.test('explain', async t => {
  const shop = ['--origin', 'https://shop.example.com', '--url', 'https://api.example.com/cart/7', '--at', at]
  const cases: [name: string, argv: string[], exit: number][] = [
    ['a session', [...shop, '--method', 'PUT', '--header', 'content-type: application/json', '--credentials', 'include'], 0],
    ['a look-alike', ['--origin', 'https://shop.example.com.evil.example', '--url', 'https://api.example.com/cart/7', '--at', at], 1],
    ['a method that is not listed', [...shop, '--method', 'PATCH'], 1],
    ['all but the port', ['--origin', 'https://shop.example.com:8443', '--url', 'https://api.example.com/cart/7', '--at', at], 1],
    ['an ambiguous path', ['--origin', 'https://shop.example.com', '--url', 'https://api.example.com/cart/..%2fadmin/users', '--at', at], 1],
    ['a preview may not send cookies', ['--origin', 'https://pr-7.preview.example.com', '--url', 'https://api.example.com/cart/7', '--credentials', 'include', '--at', at], 1],
    ['before the pilot', ['--origin', 'https://portal.acme.example', '--url', 'https://api.example.com/partners/returns/1', '--at', '2026-10-01T00:00:00Z'], 1],
    ['the public catalogue', ['--origin', 'null', '--url', 'https://api.example.com/catalogue/books', '--at', at], 0]
  ]
  for (const [name, argv, exit] of cases) {
    const result = await run('explain', policies, ...argv)
    t.equal(result.exit, exit, name)
    t.matchSnapshot(result.stdout, name)
    const json = await run('explain', policies, ...argv, '--format', 'json')
    t.equal(json.exit, exit)
    t.same(Object.keys(JSON.parse(json.stdout)), ['outcome', 'reason', 'rule', 'route', 'host', 'originPattern', 'preflight', 'actual',
      'exposedHeaders', 'steps', 'decision', 'nearest', 'ambiguity', 'settings', 'revision'])
  }
  const invalid = await run('explain', t.testdir({ 'shop.yaml': broken }), ...shop)
  t.equal(invalid.exit, 1)
  t.match(invalid.stderr, /the policies are invalid, so nothing can be explained by them/)
  t.equal(invalid.stdout, '')
})
