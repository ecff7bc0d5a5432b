// `check --fix`: what is certain is written as it was meant, everything else stays byte for byte.
import { lstatSync, readdirSync, readFileSync, statSync, symlinkSync, chmodSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import fc from 'fast-check'
import t from 'tap'
import { build } from '../../src/build.ts'
import { correctTexts } from '../../src/cli/fix.ts'
import type { PolicySet } from '../../src/policy/policy.ts'
import { run } from './run.ts'

const at = '2026-11-25T00:00:00Z'
const options = { at, expiredAcceptance: 'error' } as const

function correct (text: string): { text: string, findings: number } {
  const judged = [{ name: 'a.yaml', text }]
  const { texts, findings } = correctTexts({ texts: judged, diagnostics: build(judged, options).diagnostics }, options)
  return { text: texts[0]!.text, findings }
}

/** A file around some lines of a rule. */
function fileOf (lines: string, head = 'version: 1\n'): string {
  const given = (key: string): boolean => new RegExp(`^    "?${key}`, 'm').test(lines)
  const rest = given('routes') ? '' : '    routes: [/x/**]\n'
  const origins = /^ {4}"?allow[-_]?origins/im.test(lines) ? '' : '    allowOrigins: [https://a.example]\n'
  return `${head}rules:\n  - name: a   # the one\n${rest}${origins}${lines}`
}

const cases: [name: string, before: string, after: string | null, findings?: number][] = [
  ['method-case', fileOf('    allowMethods: [get, "patch", \'put\', POST]\n'), fileOf('    allowMethods: [GET, "PATCH", \'PUT\', POST]\n'), 3],
  ['invalid-origin', fileOf('    allowOrigins: [https://Shop.example.com/, "https://b.example:443"] # ours\n'), fileOf('    allowOrigins: [https://shop.example.com, "https://b.example"] # ours\n'), 2],
  ['an origin that needs punycode', fileOf('    allowOrigins: [https://bücher.example]\n'), fileOf('    allowOrigins: [https://xn--bcher-kva.example]\n')],
  ['an origin without its scheme is a guess', fileOf('    allowOrigins: [shop.example.com]\n'), null],
  ['an origin with a path is a guess', fileOf('    allowOrigins: [https://shop.example.com/cart]\n'), null],
  ['invalid-host', fileOf('    hosts: [API.example.com., "*.EXAMPLE.com"]\n'), fileOf('    hosts: [api.example.com, "*.example.com"]\n'), 2],
  ['a host with a port is a guess', fileOf('    hosts: ["api.example.com:8443"]\n'), null],
  ['duplicate-entry, in brackets', fileOf('    allowMethods: [GET, PUT, GET, "PUT" , HEAD]\n'), fileOf('    allowMethods: [GET, PUT , HEAD]\n'), 2],
  ['duplicate-entry, over lines in brackets', fileOf('    allowHeaders: [\n      x-a,\n      X-A,\n      x-b\n    ]\n'), fileOf('    allowHeaders: [\n      x-a,\n      x-b\n    ]\n')],
  ['duplicate-entry, a line each', fileOf('    allowHeaders:\n      - x-a\n      - x-b   \n      - "x-b"\n      # why\n      - x-a\n'), fileOf('    allowHeaders:\n      - x-a\n      - x-b   \n      # why\n'), 2],
  ['duplicate-entry, without a line end', fileOf('    allowHeaders:\n    - x-a\n    - x-a'), fileOf('    allowHeaders:\n    - x-a\n')],
  ['duplicate-entry, beside a comment', fileOf('    allowHeaders:\n      - x-a\n      - x-a # for the app\n'), null],
  ['duplicate-entry, behind a comment in brackets', fileOf('    allowHeaders: [x-a, # old\n      x-a]\n'), null],
  ['duplicate-entry twice over', fileOf('    allowHeaders: [x-a, x-a, x-a, x-a]\n'), fileOf('    allowHeaders: [x-a]\n'), 3],
  ['duplicate-entry by an alias', fileOf('    allowHeaders: [&a x-a, x-b, *a, x-b]\n'), null],
  ['safelisted-header, exposed', fileOf('    exposeHeaders: [cache-control, x-a, Expires]\n'), fileOf('    exposeHeaders: [x-a]\n'), 2],
  ['safelisted-header, a line each', fileOf('    exposeHeaders:\n      - cache-control\n      - expires\n      - x-a\n'), fileOf('    exposeHeaders:\n      - x-a\n'), 2],
  ['safelisted-header, where none would stay', fileOf('    exposeHeaders:\n      - cache-control\n      - cache-control\n'), fileOf('    exposeHeaders:\n      - cache-control\n')],
  ['safelisted-header, of a request: unusual values have to be asked for', fileOf('    allowHeaders: [accept, x-a]\n'), null],
  ['safelisted-header, of a list that is a request\'s as well', fileOf('    allowHeaders: &h [content-language, x-a]\n    exposeHeaders: *h\n'), null],
  ['an unquoted star', fileOf('    allowOrigins: [*]\n    allowMethods:\n      - *\n    allowHeaders: [*, x-a]\n'), fileOf('    allowOrigins: ["*"]\n    allowMethods:\n      - "*"\n    allowHeaders: ["*", x-a]\n'), 3],
  ['an unquoted pattern', fileOf('    hosts: [*.example.com]\n'), fileOf('    hosts: ["*.example.com"]\n')],
  ['an alias that may be misspelt', fileOf('    hosts: [*shop]\n'), null],
  ['truth values of YAML 1.1', fileOf('    allowCredentials: yes\n    enforceMethods: "False"\n    timingAllowOrigin: off\n'), fileOf('    allowCredentials: true\n    enforceMethods: false\n    timingAllowOrigin: false\n'), 3],
  ['a text that may mean anything', fileOf('    allowCredentials: maybe\n'), null],
  ['one entry without brackets', fileOf('    routes: /x/:id\n    allowOrigins: \'https://a.example\'\n    allowMethods: PUT # only\n'), fileOf('    routes: [/x/:id]\n    allowOrigins: [\'https://a.example\']\n    allowMethods: [PUT] # only\n'), 3],
  ['more than one without brackets', fileOf('    allowMethods: GET, PUT\n    allowHeaders: "x-a x-b"\n'), null],
  ['one entry and its case', fileOf('    allowMethods: put\n'), fileOf('    allowMethods: [PUT]\n'), 2],
  ['a space before the port', fileOf('    allowOrigins:\n      - https://a.example: 8443\n      - https://b.example:   443\n'), fileOf('    allowOrigins:\n      - https://a.example:8443\n      - https://b.example\n'), 3],
  ['a map that is no port', fileOf('    allowOrigins:\n      - https://a.example: no\n      - {https://b.example: 1}\n'), null],
  ['an opaque origin is never a guess', fileOf('    allowOrigins: [null]\n'), null],
  ['durations', fileOf('    maxAge: "0600"\n'), fileOf('    maxAge: 600\n')],
  ['durations with a space', fileOf('    maxAge: 10  m\n'), fileOf('    maxAge: 10m\n')],
  ['durations in other words', fileOf('    maxAge: 10min\n'), null],
  ['a text over lines', fileOf('    allowMethods:\n      - >-\n        put\n      - PATCH\n'), null],
  ['the version as a text', fileOf('', 'version: "1"\n'), fileOf('', 'version: 1\n')],
  ['a word in another case', fileOf('    deniedRequests: Reject\n'), fileOf('    deniedRequests: reject\n')],
  ['a key in another spelling', fileOf('    allow-origins: [https://a.example]\n    "MaxAge": 10m\n'), fileOf('    allowOrigins: [https://a.example]\n    maxAge: 10m\n'), 2],
  ['a key that is misspelt', fileOf('    allowOrgins: [https://a.example]\n'), null],
  ['a key in two other spellings', fileOf('    max-age: 10m\n    max_age: 20m\n'), null],
  ['a key in another spelling beside the right one', fileOf('    maxAge: 10m\n    max-age: 20m\n'), null],
  ['a key of other tools', fileOf('    credentials: true\n'), null],
  ['a valid file', fileOf('    allowMethods: [PUT]\n'), null],
  ['no YAML at all', 'rules: [\n', null]
]

t.test('what is certain, and what is not', async t => {
  for (const [name, before, after, findings = after === null ? 0 : 1] of cases) {
    const variants: [string, (text: string) => string][] = [
      ['', text => text], [', with CRLF', text => text.replaceAll('\n', '\r\n')], [', with a byte order mark', text => `\ufeff${text}`]
    ]
    for (const [variant, change] of variants) {
      const result = correct(change(before))
      t.equal(result.text, change(after ?? before), name + variant)
      t.equal(result.findings, findings, `${name + variant}: the number of corrections`)
    }
  }
})

t.test('the files', async t => {
  const broken = fileOf('    allowMethods: [put]\n')
  const fixed = fileOf('    allowMethods: [PUT]\n')
  const other = fileOf('    allowOrgins: [https://a.example]\n').replace('name: a ', 'name: b ').replaceAll('/x/', '/y/')
  const directory = t.testdir({
    policies: {
      'broken.yaml': `\ufeff${broken.replaceAll('\n', '\r\n')}`,
      sub: { 'other.yaml': other },
      'linked.yaml': t.fixture('symlink', 'data/real.yml'),
      data: { 'real.yml': broken.replace('name: a ', 'name: c ').replaceAll('/x/', '/z/'), 'readme.txt': 'allowMethods: [put]' }
    }
  })
  const policies = join(directory, 'policies')
  chmodSync(join(policies, 'broken.yaml'), 0o640)
  const before = statSync(join(policies, 'sub/other.yaml'), { bigint: true })
  // The link and its target are two files of one set, and so one rule twice.
  const run1 = await run('check', policies, '--at', at, '--fix')
  t.equal(run1.exit, 1)
  t.equal(run1.stderr, 'fixed 3 findings in 2 files\n')
  t.match(run1.stdout, /sub\/other\.yaml:6:5: error .*\[unknown-key\]/, 'what is left is reported')
  t.notMatch(run1.stdout, /method-case/)
  t.equal(readFileSync(join(policies, 'broken.yaml'), 'utf8'), `\ufeff${fixed.replaceAll('\n', '\r\n')}`)
  t.equal(statSync(join(policies, 'broken.yaml')).mode & 0o777, 0o640, 'the mode stays')
  t.ok(lstatSync(join(policies, 'linked.yaml')).isSymbolicLink(), 'a link stays a link')
  t.match(readFileSync(join(policies, 'data/real.yml'), 'utf8'), /\[PUT\]/, 'its target is corrected')
  t.equal(readFileSync(join(policies, 'data/readme.txt'), 'utf8'), 'allowMethods: [put]', 'other files are none of its business')
  const after = statSync(join(policies, 'sub/other.yaml'), { bigint: true })
  t.equal(after.ino, before.ino, 'a file without corrections is not written')
  t.equal(after.mtimeNs, before.mtimeNs)
  t.strictSame(readdirSync(policies, { recursive: true }).sort(), ['broken.yaml', 'data', 'data/readme.txt', 'data/real.yml', 'linked.yaml', 'sub', 'sub/other.yaml'], 'nothing is left behind')
  t.equal((await run('check', policies, '--at', at, '--fix')).stderr, 'fixed 0 findings in 0 files\n', 'once is enough')
})

t.test('the exit status is that of what is left', async t => {
  const directory = t.testdir({ 'a.yaml': fileOf('    allowMethods: [put]\n    allowHeaders: [x-a, x-a]\n') })
  const { exit, stdout, stderr } = await run('check', directory, '--at', at, '--fix', '--format', 'json', '--max-warnings', '0')
  t.equal(exit, 0, stdout)
  t.equal(stderr, 'fixed 2 findings in 1 file\n')
  t.match(JSON.parse(stdout), { ok: true, files: 1, rules: 1 })
})

t.test('nothing is written outside', async t => {
  const base = t.testdir({ policies: { 'good.yaml': fileOf('') }, outside: { 'a.yaml': fileOf('    allowMethods: [put]\n') } })
  symlinkSync('../outside/a.yaml', join(base, 'policies/a.yaml'))
  const { exit, stdout } = await run('check', join(base, 'policies'), '--at', at, '--fix')
  t.equal(exit, 1)
  t.match(stdout, /not-a-regular-file/)
  t.match(readFileSync(join(base, 'outside/a.yaml'), 'utf8'), /\[put\]/)
})

t.test('a file that cannot be written stays as it is', async t => {
  const directory = t.testdir({ 'a.yaml': fileOf('    allowMethods: [put]\n'), [`.a.yaml.${process.pid}.tmp`]: {} })
  const { exit, stderr } = await run('check', directory, '--at', at, '--fix')
  t.equal(exit, 3)
  t.match(stderr, /a\.yaml cannot be corrected: EEXIST/)
  t.equal(readFileSync(join(directory, 'a.yaml'), 'utf8'), fileOf('    allowMethods: [put]\n'))
})

/** A set without its places. */
function meaningOf (set: PolicySet | null): string {
  return JSON.stringify(set, (key, value: unknown) => key === 'span' || key === 'spans' ? undefined : value)
}

const safe = ['cache-control', 'expires']

type Pair = readonly [right: string, other: string]

/** What can be written rightly, and otherwise: pairs of texts. A list stays a list of the same entries. */
const methods = fc.subarray([['PUT', 'put'], ['PATCH', '"patch"'], ['DELETE', 'delete'], ['GET', '\'get\'']] as const, { minLength: 1 })
const origins = fc.subarray([
  ['https://a.example', 'https://A.example/'], ['https://b.example', '"https://b.example:443"'], ['https://c.example:8443', 'https://C.example:8443'],
  ['https://xn--bcher-kva.example', 'https://Bücher.example'], ['http://192.0.2.1', 'http://192.0.513'], ['https://*.d.example', 'https://*.D.example']
] as const, { minLength: 1 })
const flags = fc.constantFrom<Pair>(['true', 'yes'], ['false', '"off"'], ['true', '"y"'])
const ages = fc.constantFrom<Pair>(['600', '"600"'], ['10m', '10 m'], ['0', '"0"'])
const layout = fc.record({
  isBlock: fc.boolean(), isSpoiled: fc.boolean(), indent: fc.constantFrom('', '  '), lineEnd: fc.constantFrom('\n', '\r\n'), mark: fc.constantFrom('', '\ufeff'),
  keys: fc.constantFrom((key: string) => key, (key: string) => key.toLowerCase(), (key: string) => key.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)),
  twice: fc.nat(3), exposed: fc.subarray(['x-a', 'x-b', ...safe], { minLength: 1 })
})

t.test('a spoiled file becomes what it was meant to be, and stays that', async t => {
  let corrections = 0
  fc.assert(fc.property(methods, origins, flags, ages, layout, (methods, origins, flag, age, layout) => {
    const { isBlock, indent, lineEnd, mark, keys, twice, exposed } = layout
    const write = (spoiled: boolean): string => {
      const pick = ([right, other]: Pair): string => spoiled ? other : right
      const key = (name: string): string => spoiled ? keys(name) : name
      const list = (name: string, entries: readonly string[]): string => {
        const repeated = spoiled && entries.length > 0 ? [...entries, ...Array<string>(twice).fill(entries[0]!)] : entries
        return isBlock ? `    ${key(name)}:\n${repeated.map(entry => `    ${indent}- ${entry}\n`).join('')}` : `    ${key(name)}: [${repeated.join(', ')}]\n`
      }
      const kept = exposed.some(name => !safe.includes(name)) ? exposed.filter(name => spoiled || !safe.includes(name)) : exposed
      const text = [
        `version: ${spoiled ? '"1"' : '1'}\nrules:\n  - name: a # comment\n`,
        list('routes', ['/x/**']), list('allowOrigins', origins.map(pick)), list('allowMethods', methods.map(pick)), list('exposeHeaders', kept),
        `    ${key('allowCredentials')}: ${pick(flag)}\n    ${key('maxAge')}: ${pick(age)}\n`,
        '    acceptRisks:\n      - { risk: insecure-origin, reason: kiosk }\n'
      ].join('')
      return mark + text.replaceAll('\n', lineEnd)
    }
    const meant = build([{ name: 'a.yaml', text: write(false) }], options)
    if (!meant.ok) throw new Error(JSON.stringify(meant.diagnostics))
    const once = correct(write(layout.isSpoiled))
    corrections += once.findings
    const got = build([{ name: 'a.yaml', text: once.text }], options)
    if (meaningOf(got.set) !== meaningOf(meant.set)) throw new Error(`${once.text}\nmeans something else: ${JSON.stringify(got.diagnostics)}`)
    if (correct(once.text).findings !== 0) throw new Error(`${once.text}\nis not at rest`)
    if (!layout.isSpoiled && once.text !== write(false)) throw new Error('what is right was changed')
  }), { numRuns: 300 })
  t.ok(corrections > 1000, `${corrections} corrections`)
})

/** A page may read these in any case. */
function withoutSafe (set: PolicySet): PolicySet {
  return { ...set, rules: set.rules.map(rule => ({ ...rule, exposeHeaders: rule.exposeHeaders.filter(name => !safe.includes(name)) })) }
}

t.test('a file without an error has none afterwards, however it was cut up', async t => {
  const pieces = ['put', 'PUT', '"put"', 'x-a', 'X-A', 'cache-control', '*', '"*"', '&a x', '*a', '# c', ', ', ',', '\n      - ', '\n    ', ': ', '[', ']', '{', '}', '|\n', 'yes', 'null', '~', 'https://A.example/', '\r\n', '\ufeff']
  let valid = 0
  fc.assert(fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 8 }), fc.constantFrom('allowMethods', 'exposeHeaders', 'allowOrigins', 'maxAge', 'allowCredentials'), (parts, key) => {
    const text = fileOf(`    ${key}: [x-a, ${parts.join('')}]\n`.replace('[x-a, \n', '\n').replace(/(\n {6}- [^\n]*)\]\n$/, '$1\n'))
    const before = build([{ name: 'a.yaml', text }], options)
    const { text: after } = correct(text)
    const result = build([{ name: 'a.yaml', text: after }], options)
    if (before.ok) {
      valid++
      if (!result.ok) throw new Error(`${text}\nbecame invalid:\n${after}`)
      if (meaningOf(withoutSafe(result.set!)) !== meaningOf(withoutSafe(before.set!))) throw new Error(`${text}\nnow means something else:\n${after}`)
    }
    if (correct(after).text !== after) throw new Error(`${text}\nis not at rest:\n${after}`)
  }), { numRuns: 1000 })
  t.ok(valid > 20, `${valid} valid files`)
})
