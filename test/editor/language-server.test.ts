// The schemas in an editor: what yaml-language-server completes, explains and underlines in a file that begins with the modeline.
import { join, relative, resolve } from 'node:path'
import t, { type Test } from 'tap'
import { startEditor, type Editor, type Position } from './client.ts'

const root = resolve(import.meta.dirname, '../..')
const schemas = join(root, 'schemas')

/** A text with the cursor taken out, and where it was. */
function atCursor (text: string): { text: string, position: Position } {
  const before = text.slice(0, text.indexOf('‸')).split('\n')
  return { text: text.replace('‸', ''), position: { line: before.length - 1, character: before.at(-1)!.length } }
}

const editor: Editor = await startEditor(root)
t.teardown(() => editor.close())

let files = 0

/** Opens a text below a folder, as the file that is told its schema by a relative path. */
async function open (t: Test, schema: string, marked: string): Promise<{ path: string, position: Position, errors: string[] }> {
  const path = join(t.testdirName, 'policies', `${++files}.yaml`)
  const modeline = `# yaml-language-server: $schema=${relative(join(t.testdirName, 'policies'), join(schemas, `${schema}.schema.json`))}\n`
  const { text, position } = atCursor(modeline + marked)
  const found = await editor.open(path, text)
  return { path, position, errors: found.map(({ range: { start }, message }) => `${start.line}:${start.character} ${message}`) }
}

const policy = 'version: 1\nrules:\n  - name: shop\n    routes: [/cart/**]\n    allowOrigins: [https://shop.example.com]\n'
const policyTest = 'version: 1\ntests:\n  - name: the shop\n    request:\n      origin: https://shop.example.com\n      url: https://api.example.com/cart/7\n    expect: readable\n'
const gateway = 'version: 1\npolicies: ./policies\n'

t.test('what is right is not underlined', async t => {
  t.testdir({ policies: {} })
  for (const [schema, text] of [['policy', policy], ['policy-test', policyTest], ['gateway', gateway]] as const) {
    const { errors } = await open(t, schema, `${text}‸`)
    t.strictSame(errors, [], schema)
  }
})

t.test('what is wrong is underlined where it stands', async t => {
  t.testdir({ policies: {} })
  const cases: [name: string, schema: string, text: string, error: RegExp][] = [
    ['an unknown key', 'policy', `${policy}    allowOrgins: []\n`, /^6:4 Property allowOrgins is not allowed/],
    ['an unknown key of the file', 'policy', `${policy}guards: []\n`, /^6:0 Property guards is not allowed/],
    ['a value of another kind', 'policy', `${policy}    allowCredentials: sure\n`, /^6:22 Incorrect type/],
    ['a word that is none of those', 'policy', `${policy}    deniedRequests: drop\n`, /^6:20 Value is not accepted/],
    ['a key that is missing', 'policy', 'version: 1\nrules:\n  - routes: [/x]\n', /^3:4 Missing property "name"/],
    ['an unknown key of a test', 'policy-test', `${policyTest}    expects: blocked\n`, /^8:4 Property expects is not allowed/],
    ['a reason that there is not', 'policy-test', `${policyTest}    because: origin-bad\n`, /^8:13 Value is not accepted/],
    ['an unknown key of a gateway', 'gateway', `${gateway}upstream: http://127.0.0.1:3000\n`, /^3:0 Property upstream is not allowed/]
  ]
  for (const [name, schema, text, error] of cases) {
    const { errors } = await open(t, schema, `${text}‸`)
    t.match(errors, [error], name)
    t.equal(errors.length, 1, `${name}: nothing else`)
  }
})

t.test('keys and values are completed', async t => {
  t.testdir({ policies: {} })
  const cases: [name: string, schema: string, text: string, offered: string[], not: string[]][] = [
    ['the keys of a file', 'policy', 'version: 1\n‸', ['rules', 'originSets', 'blockedOrigins', 'defaults', 'hosts'], ['allowOrigins', 'name']],
    ['the keys of a rule', 'policy', `${policy}    ‸\n`, ['allowMethods', 'allowCredentials', 'maxAge', 'acceptRisks', 'expires'], ['routes', 'originSets']],
    ['a key that has been begun', 'policy', `${policy}    max‸\n`, ['maxAge'], []],
    ['the words of a value', 'policy', `${policy}    deniedRequests: ‸\n`, ['forward', 'reject'], []],
    ['methods', 'policy', `${policy}    allowMethods:\n      - ‸\n`, ['PUT', 'DELETE'], []],
    ['routes', 'policy', 'version: 1\nrules:\n  - name: x\n    routes:\n      - ‸\n', ['/cart/:id', '/checkout/**'], []],
    ['origins', 'policy', 'version: 1\nblockedOrigins:\n  - ‸\n', ['https://*.example.com', '$storefront'], []],
    ['header names', 'policy', `${policy}    allowHeaders:\n      - ‸\n`, ['content-type', 'authorization'], []],
    ['risks', 'policy', `${policy}    acceptRisks:\n      - risk: ‸\n`, ['insecure-origin', 'null-origin'], ['any-origin-credentials']],
    ['the keys of an acceptance', 'policy', `${policy}    acceptRisks:\n      - risk: null-origin\n        ‸\n`, ['reason', 'until', 'origins'], []],
    ['the keys of defaults', 'policy', 'version: 1\ndefaults:\n  ‸\n', ['maxAge', 'allowOrigins'], ['name', 'routes', 'expires']],
    ['a first rule', 'policy', 'version: 1\nrules:\n  - ‸\n', ['name', 'routes'], []],
    ['the keys of a test', 'policy-test', `${policyTest}    ‸\n`, ['because', 'rule', 'at'], ['expect']],
    ['the keys of a request', 'policy-test', 'version: 1\ntests:\n  - name: x\n    request:\n      ‸\n', ['origin', 'url', 'method', 'headers', 'credentials'], ['expect']],
    ['reasons', 'policy-test', `${policyTest}    because: ‸\n`, ['origin-not-allowed', 'path-ambiguous', 'allowed'], []],
    ['the keys of a gateway', 'gateway', `${gateway}‸\n`, ['listen', 'admin', 'upstreams'], ['policies']]
  ]
  for (const [name, schema, text, offered, not] of cases) {
    const { path, position } = await open(t, schema, text)
    const labels = (await editor.complete(path, position)).map(({ label }) => label)
    for (const label of offered) t.ok(labels.includes(label), `${name}: ${label} (${labels.join(', ')})`)
    for (const label of not) t.notOk(labels.includes(label), `${name}: not ${label}`)
  }
})

t.test('a completed text means itself', async t => {
  t.testdir({ policies: {} })
  const { path, position } = await open(t, 'policy', `${policy}    allowMethods:\n      - ‸\n`)
  const star = (await editor.complete(path, position)).find(({ label }) => label.includes('*'))
  t.equal(star?.insertText, '"*"', 'a bare star would be an alias')
})

t.test('a completed key says what it means', async t => {
  t.testdir({ policies: {} })
  const { path, position } = await open(t, 'policy', `${policy}    maxA‸\n`)
  const item = (await editor.complete(path, position)).find(({ label }) => label === 'maxAge')
  t.match(JSON.stringify(item?.documentation), /preflight/)
})

t.test('a key is explained where the pointer rests', async t => {
  t.testdir({ policies: {} })
  const cases: [schema: string, text: string, shown: RegExp][] = [
    ['policy', `${policy}    max‸Age: 10m\n`, /preflight.*24 h/is],
    ['policy', `${policy}    allowCred‸entials: true\n`, /cookies/i],
    ['policy', `${policy}    enforce‸Methods: true\n`, /GET/],
    ['policy', policy.replace('routes', 'rou‸tes'), /Fastify/],
    ['policy-test', policyTest.replace('expect', 'exp‸ect'), /readable/],
    ['gateway', `${gateway}lis‸ten: 127.0.0.1:8080\n`, /host:port/]
  ]
  for (const [schema, text, shown] of cases) {
    const { path, position } = await open(t, schema, text)
    t.match(await editor.hover(path, position), shown, text.split('\n').find(line => line.includes('‸'))!.trim())
  }
})
