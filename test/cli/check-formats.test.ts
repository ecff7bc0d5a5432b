// `check` for machines: GitHub's annotations, and SARIF held against its published schema.
import { readFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import process from 'node:process'
import { Ajv, type ValidateFunction } from 'ajv'
import t from 'tap'
import { catalogue } from '../../src/diagnostic/catalogue.ts'
import { version } from '../../src/source/version.ts'
import { run } from './run.ts'

const at = '2026-11-25T00:00:00Z'
const root = resolve(import.meta.dirname, '../..')

const broken = `version: 1
rules:
  - name: shop
    routes: [/cart/**]
    allowOrgins: [https://shop.example.com]
  - name: admin
    routes: [/admin/*, "adm{in}"]
    allowOrigins: [https://Admin.example.com/]
  - name: admin
    routes: [/x]
    allowOrigins: []
`
const warned = `version: 1
rules:
  - name: shop
    routes: [/cart/*]
    allowOrigins: [https://shop.example.com]
    allowMethods: [GET]
`

interface SarifLocation {
  readonly physicalLocation: { readonly artifactLocation: { readonly uri: string, readonly uriBaseId?: string }, readonly region: object }
}
interface SarifResult {
  readonly ruleId: string
  readonly ruleIndex: number
  readonly level: string
  readonly message: { readonly text: string }
  readonly locations: readonly SarifLocation[]
  readonly relatedLocations?: readonly object[]
  readonly partialFingerprints: Readonly<Record<string, string>>
  readonly fixes?: readonly object[]
}
interface SarifRun {
  readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string, readonly helpUri: string }[] } }
  readonly results: readonly SarifResult[]
}

/** The published schema, as @microsoft/jest-sarif ships it. It is of draft 4, and says nothing that newer drafts read otherwise. */
function sarifValidator (): ValidateFunction {
  const text = readFileSync(resolve(root, 'test/fixtures/sarif-2.1.0-rtm.5.json'), 'utf8')
  const schema = JSON.parse(text) as Record<string, unknown>
  for (const key of ['$schema', 'id']) Reflect.deleteProperty(schema, key)
  // Its patterns are older than the `u` flag.
  const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: false })
  ajv.addFormat('uri', value => URL.canParse(value))
  ajv.addFormat('uri-reference', value => URL.canParse(value, 'http://base.example/') && !/[\s\\]/.test(value))
  ajv.addFormat('date-time', value => !Number.isNaN(Date.parse(value)))
  return ajv.compile(schema)
}

const validate = sarifValidator()

async function sarif (...argv: string[]): Promise<SarifRun> {
  const { stdout, stderr } = await run('check', ...argv, '--at', at, '--format', 'sarif')
  if (stderr !== '') throw new Error(stderr)
  const log = JSON.parse(stdout) as { readonly runs: readonly [SarifRun] }
  validate(log)
  t.strictSame(validate.errors, null, 'is valid SARIF')
  return log.runs[0]
}

// Where this very suite runs in a workflow, the runner has set it.
delete process.env['GITHUB_WORKSPACE']

t.test('the schema is no mere formality', async t => {
  t.notOk(validate({ version: '2.1.0', runs: [{ tool: { driver: { name: 'x' } }, results: [{ message: {} }] }] }))
  t.notOk(validate({ version: '2.1.0', runs: [{ tool: { driver: { name: 'x', rules: [{ id: 'a', helpUri: 'no uri' }] } } }] }))
})

t.test('sarif', async t => {
  const directory = t.testdir({ 'a shop.yaml': broken })
  const uri = `${relative(process.cwd(), directory).split('/').map(encodeURIComponent).join('/')}/a%20shop.yaml`
  const { tool: { driver: { rules } }, results } = await sarif(directory)
  t.strictSame(rules.map(({ id }) => id), [...new Set(results.map(({ ruleId }) => ruleId))].sort(), 'the rules are those that results name')
  for (const { id, helpUri } of rules) {
    t.equal(helpUri, `https://unpkg.com/fastify-cors-gateway@${version}/docs/diagnostics/${id}.md`)
    t.ok(readFileSync(join(root, 'docs/diagnostics', `${id}.md`)), 'the page is in the package')
  }
  for (const { ruleId, ruleIndex, level, locations } of results) {
    t.equal(rules[ruleIndex]!.id, ruleId)
    t.equal(level, { error: 'error', warning: 'warning', info: 'note' }[catalogue[ruleId as keyof typeof catalogue].severity])
    t.strictSame(locations[0]!.physicalLocation.artifactLocation, { uri, uriBaseId: '%SRCROOT%' })
  }
  const of = (code: string): SarifResult => results.find(({ ruleId }) => ruleId === code)!
  t.strictSame(of('unknown-key').locations[0]!.physicalLocation.region, { startLine: 5, startColumn: 5, endLine: 5, endColumn: 16 })
  t.match(of('unknown-key').message.text, /^a rule has no key `allowOrgins`\nhelp: did you mean `allowOrigins`\?$/)
  t.match(of('invalid-route').message.text, /^`adm\{\{in\}\}`/, 'a brace would begin a placeholder')
  const linked = await sarif(t.testdir({ 'links.yaml': 'version: 1\nrules:\n  - name: "[a\\\\](https://evil.example)"\n    routes: [/x]\n    allowOrigins: ["[b]"]\n' }))
  t.match(linked.results.map(({ message }) => message.text), [/^`\\\[a\\\\\\\]\(https:\/\/evil\.example\)` /, /^`\[b\]`/], 'a value cannot be a link')
  t.match(of('invalid-origin').fixes, [{ artifactChanges: [{ artifactLocation: { uri }, replacements: [{
    deletedRegion: { startLine: 8, startColumn: 20, endLine: 8, endColumn: 46 }, insertedContent: { text: 'https://admin.example.com' }
  }] }] }])
  t.match(of('duplicate-name').relatedLocations, [{
    id: 0, physicalLocation: { artifactLocation: { uri }, region: { startLine: 6, startColumn: 11 } }, message: { text: /./ }
  }])
  t.match(await sarif(t.testdir({ 'shop.yaml': warned.replace('/cart/*', '/cart/**').replace('[GET]', '[GET, HEAD, POST]') })), { results: [], tool: { driver: { rules: [] } } }, 'a clean set')
})

t.test('fingerprints outlive what is inserted above, and tell equal lines apart', async t => {
  const twice = broken.replace('allowOrigins: []', 'allowOrgins: [https://shop.example.com]')
  const directory = t.testdir({ 'shop.yaml': twice })
  const prints = async (text: string): Promise<Map<string, string>> => {
    t.testdir({ 'shop.yaml': text })
    const { results } = await sarif(directory)
    return new Map(results.map(({ ruleId, message, partialFingerprints }, i) => [`${i} ${ruleId} ${message.text}`, partialFingerprints['ruleFileLine/v1']!]))
  }
  const before = await prints(twice)
  t.equal(new Set(before.values()).size, before.size, 'all differ')
  t.strictSame(await prints(`# a comment\n\n${twice}`), before, 'lines above')
  t.strictSame(await prints(twice.replaceAll('\n', '\r\n')), before, 'other line ends')
  t.strictSame(await prints(twice.replaceAll('\n  ', '\n    ')), before, 'another indentation')
  const named = await prints(twice.replace('    allowOrgins: [https://shop.example.com]', '    allowOrgins: [https://other.example.com]'))
  t.notSame([...named.values()], [...before.values()], 'the line itself')
})

t.test('github', async t => {
  const directory = t.testdir({ 'a,b.yaml': broken.replace('adm{in}', '100%\\n::error::x') })
  const { exit, stdout, stderr } = await run('check', directory, '--at', at, '--format', 'github')
  t.equal(exit, 1)
  t.equal(stderr, '')
  const lines = stdout.trimEnd().split('\n')
  t.match(lines.pop(), /^1 file, \d rules?: invalid$/)
  const path = `${relative(process.cwd(), directory)}/a%2Cb.yaml`
  for (const line of lines) t.ok(line.startsWith(`::error file=${path},line=`) || line.startsWith(`::notice file=${path},line=`), line)
  t.equal(lines.find(line => line.includes('[unknown-key]')),
    `::error file=${path},line=5,col=5,endLine=5,endColumn=16,title=unknown key [unknown-key]::a rule has no key \`allowOrgins\`%0Ahelp: did you mean \`allowOrigins\`?`)
  t.match(lines.find(line => line.includes('[invalid-route]')), /::`100%25\u240a::error::x`: /, 'a value cannot begin a command of its own')
  t.match(lines.find(line => line.includes('[duplicate-name]')), /%0A\S+a,b\.yaml:6:11: /, 'related places')
  const warning = await run('check', t.testdir({ 'shop.yaml': warned }), '--at', at, '--format', 'github', '--max-warnings', '0')
  t.equal(warning.exit, 1)
  t.match(warning.stdout, /^::warning file=.*\[split-prefix\]::/m)
  t.match(warning.stdout, /^::notice file=.*\[safelisted-method\]::/m)
  t.match(warning.stdout, /\n1 file, 1 rule: valid, revision \w+\n1 warnings are more than the 0 allowed\n$/)
})

t.test('a file cannot begin a command of GitHub\'s runner by its name', async t => {
  const { stdout } = await run('check', t.testdir({ '::add-mask::x.yaml': broken, ' ::debug::y.yaml': broken }), '--at', at)
  t.match(stdout, /^\.\/::add-mask::x\.yaml:5:5: error/m)
  t.notMatch(stdout, /^\s*::/m)
})

t.test('paths begin where the repository does', async t => {
  const base = t.testdir({ a: { 'base.yaml': broken }, b: { 'prod.yaml': 'version: 1\noriginSets:\n  shop: [https://Shop.example.com]\n' } })
  const uris = async (): Promise<string[]> => {
    const { results } = await sarif(join(base, 'a'), join(base, 'b'))
    const found = results.map(({ locations: [place] }) => place!.physicalLocation.artifactLocation)
    return [...new Set(found.map(({ uri, uriBaseId = '' }) => `${uriBaseId} ${uri}`))].sort()
  }
  const here = relative(process.cwd(), base)
  t.strictSame(await uris(), [`%SRCROOT% ${here}/a/base.yaml`, `%SRCROOT% ${here}/b/prod.yaml`], 'several directories')
  t.teardown(() => { delete process.env['GITHUB_WORKSPACE'] })
  process.env['GITHUB_WORKSPACE'] = resolve(process.cwd(), '..')
  t.strictSame(await uris(), ['a/base.yaml', 'b/prod.yaml'].map(name => `%SRCROOT% ${relative(resolve('..'), base)}/${name}`), 'a step that works below the checkout')
  process.env['GITHUB_WORKSPACE'] = resolve(base, 'elsewhere')
  t.strictSame(await uris(), [`%SRCROOT% ${here}/a/base.yaml`, `%SRCROOT% ${here}/b/prod.yaml`], 'a step that works beside the checkout')
  process.chdir(join(base, 'b'))
  t.teardown(() => { process.chdir(root) })
  t.strictSame(await uris(), [` file://${join(base, 'a/base.yaml')}`, '%SRCROOT% prod.yaml'], 'what lies outside has a whole URL')
})
