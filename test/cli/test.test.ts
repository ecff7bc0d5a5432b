// `test`: its reports as people and machines read them, its exit statuses, and the page that shows it.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { XMLParser, XMLValidator } from 'fast-xml-parser'
import t from 'tap'
import { Parser as TapParser } from 'tap-parser'
import { run, type Run } from './run.ts'

const at = '2026-11-25T00:00:00Z'
const root = resolve(import.meta.dirname, '../..')

const policy = `version: 1
rules:
  - name: checkout
    routes: [/cart/**]
    allowOrigins: [https://shop.example.com, "https://pr-*.preview.example.com"]
    allowMethods: [GET, HEAD, POST, PUT]
`
const passing = `version: 1
tests:
  - name: the shop changes a cart
    request: { origin: https://shop.example.com, method: PUT, url: https://api.example.com/cart/7 }
    expect: readable
    rule: checkout
`
const failing = `version: 1
tests:
  - name: a slip of the path
    request: { origin: https://evil.example, url: https://api.example.com/crt/7 }
    expect: blocked
    because: origin-not-allowed
  - name: "# SKIP <b>&\\"quoted\\"</b> ]]> \\\\ \\e[31m \\n new line"
    request: { origin: https://shop.example.com, method: DELETE, url: https://api.example.com/cart/7 }
    expect: readable
  - name: a preview reads a cart
    request: { origin: https://pr-1.preview.example.com, url: https://api.example.com/cart/7 }
    expect: blocked
    rule: checkout
`
const odd = '# SKIP <b>&"quoted"</b> ]]> \\ \u241b[31m \u240a new line'

const formats = ['pretty', 'json', 'tap', 'junit'] as const

async function test (directory: string, ...more: string[]): Promise<Run> {
  return run('test', directory, '--at', at, ...more)
}

interface Point {
  readonly ok: boolean
  readonly name: string
  readonly id: number
  readonly skip: unknown
  readonly diag: Record<string, unknown> | null
}

/** What a harness makes of a report. */
interface Harness { ok: boolean, bailout: unknown, points: Point[], comments: string[], version: number }

function parseTap (text: string): Harness {
  const parser = new TapParser({ strict: true })
  const points: Point[] = []
  const comments: string[] = []
  let version = 0
  let bailout: unknown = false
  parser.on('assert', point => points.push({ ok: point.ok, name: point.name, id: point.id, skip: point.skip, diag: point.diag as Point['diag'] }))
  parser.on('comment', (comment: string) => comments.push(comment.trim()))
  parser.on('version', (found: number | string) => { version = Number(found) })
  parser.on('bailout', (reason: string) => { bailout = reason })
  const failures: unknown[] = []
  parser.on('extra', (line: string) => failures.push(line))
  parser.end(text)
  if (failures.length > 0) throw new Error(`not TAP: ${JSON.stringify(failures)}`)
  return { ok: parser.results?.ok === true, bailout, points, comments, version }
}

interface Case {
  '@name': string
  '@file': string
  '@line': string
  failure?: { '@type': string, '@message': string, '#text': string }
  error?: { '@type': string, '@message': string }
}
interface Suite {
  '@name': string
  '@tests': string
  '@failures': string
  testcase: Case[]
  properties?: { property: { '@name': string, '@value': string } }
}
interface Suites { testsuites: { '@tests': string, '@failures': string, '@errors': string, testsuite?: Suite[] } }

function parseJunit (text: string): Suites['testsuites'] {
  const valid = XMLValidator.validate(text)
  if (valid !== true) throw new Error(JSON.stringify(valid))
  const parser = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '@', parseAttributeValue: false, isArray: name => name === 'testsuite' || name === 'testcase' })
  return (parser.parse(text) as Suites).testsuites
}

t.test('tests that pass', async t => {
  const directory = t.testdir({ 'shop.yaml': policy, deep: { 'shop.test.yml': passing }, 'shop.test.yaml': passing })
  for (const format of formats) {
    const { exit, stdout, stderr } = await test(directory, '--format', format)
    t.strictSame([exit, stderr], [0, ''], format)
    t.matchSnapshot(stdout, format)
  }
  const json = JSON.parse((await test(directory, '--format', 'json')).stdout)
  t.match(json, { ok: true, passed: 2, failed: 0, tests: [{ name: 'the shop changes a cart', file: 'deep/shop.test.yml', line: 3, ok: true, expected: 'readable', got: 'readable', reason: 'allowed' }, {}] })
  t.notOk('coverage' in json)
  const { revision } = JSON.parse((await run('check', directory, '--at', at, '--format', 'json')).stdout) as { revision: string }
  t.equal(json.revision, revision, 'it is the set that `check` sees')
  const base = t.testdir({ base: { 'shop.yaml': policy }, prod: { 'shop.test.yaml': passing } })
  t.match(JSON.parse((await test(join(base, 'base'), join(base, 'prod'), '--format', 'json')).stdout), { ok: true, tests: [{ file: 'prod/shop.test.yaml' }] }, 'several directories are one set')
})

t.test('tests that fail', async t => {
  const directory = t.testdir({ 'shop.yaml': policy, 'a.test.yaml': passing, 'b.test.yaml': failing })
  for (const format of formats) {
    const { exit, stdout, stderr } = await test(directory, '--coverage', '--format', format)
    t.strictSame([exit, stderr], [1, ''], format)
    t.matchSnapshot(stdout, format)
  }

  const json = JSON.parse((await test(directory, '--coverage', '--format', 'json')).stdout)
  t.strictSame(Object.keys(json), ['ok', 'passed', 'failed', 'tests', 'coverage', 'revision'])
  t.match(json, {
    ok: false, passed: 1, failed: 3, coverage: { percent: 100, uncovered: [] },
    tests: [{ ok: true }, { ok: false, differs: [{ what: 'reason', expected: 'origin-not-allowed', got: 'no-policy' }], rule: null }, { ok: false, reason: 'method-not-allowed' }, { got: 'readable' }]
  })

  const tap = parseTap((await test(directory, '--coverage', '--format', 'tap')).stdout)
  t.match(tap, { ok: false, bailout: false, version: 14, comments: ['# coverage 100 %'] })
  t.strictSame(tap.points.map(({ ok }) => ok), [true, false, false, false])
  t.strictSame(tap.points.filter(({ skip }) => skip !== false), [], 'none is skipped')
  t.equal(tap.points[2]!.name, odd, 'no name is a directive')
  t.match(tap.points[1]!.diag, {
    message: 'expected the reason origin-not-allowed, got no-policy', at: { fileName: 'b.test.yaml', lineNumber: 3 }, expected: 'blocked', got: 'blocked', reason: 'no-policy'
  })
  t.match((tap.points[2]!.diag!['look at'] as string[])[0], /^decided by rule checkout at shop\.yaml:3 \(route \/cart\/\*, origin https:\/\/shop\.example\.com\)$/)

  const junit = parseJunit((await test(directory, '--coverage', '--format', 'junit')).stdout)
  t.match(junit, { '@tests': '4', '@failures': '3', '@errors': '0' })
  t.strictSame(junit.testsuite!.map(suite => [suite['@name'], suite['@tests'], suite['@failures'], suite.testcase.length]), [['a.test.yaml', '1', '0', 1], ['b.test.yaml', '3', '3', 3]])
  t.match(junit.testsuite![0]!.properties, { property: { '@name': 'coverage', '@value': '100' } })
  const [slip, strange] = junit.testsuite![1]!.testcase
  t.match(slip, { '@name': 'a slip of the path', '@file': 'b.test.yaml', '@line': '3', failure: { '@type': 'reason', '@message': /got no-policy/, '#text': /near: checkout at shop\.yaml:4/ } })
  t.equal(strange!['@name'], odd)
})

t.test('no name is more than a name', async t => {
  const directory = t.testdir({ '::add-mask::x.yaml': policy, '::debug::x.test.yaml': failing.replace('a slip of the path', '"bad \\uffff \\ufffe \\ufdd0 \\u0085 \\ud800 \\x07"') })
  const { stdout } = await test(directory, '--format', 'junit')
  t.match(stdout, 'bad ')
  // The characters of XML 1.0 (section 2.2).
  t.notMatch(stdout, /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u)
  parseJunit(stdout)
  const pretty = (await test(directory, '--coverage')).stdout
  t.match(pretty, /^\.\/::debug::x\.test\.yaml$/m)
  t.notMatch(pretty, /^\s*::/m, 'and no file of this name begins a command of GitHub\'s runner')
})

t.test('coverage', async t => {
  const directory = t.testdir({ 'shop.yaml': policy, 'shop.test.yaml': passing })
  const { exit, stdout } = await test(directory, '--coverage')
  t.equal(exit, 0)
  t.match(stdout, /\ncoverage 50 %: 1 of 2 rules and origin patterns\n {2}shop\.yaml:5: no test of checkout through https:\/\/pr-\*\.preview\.example\.com\n$/)
  for (const [least, exit] of [['50', 0], ['50.1', 1], ['100', 1], ['0', 0]] as const) {
    for (const format of formats) {
      const least50 = await test(directory, '--min-coverage', least, '--format', format)
      t.equal(least50.exit, exit, `${least} ${format}`)
      t.equal(least50.stderr, exit === 0 ? '' : `coverage is 50 %, less than the ${least} % asked for\n`)
    }
  }
  const json = JSON.parse((await test(directory, '--min-coverage', '60', '--format', 'json')).stdout)
  t.match(json, { ok: false, failed: 0, coverage: { percent: 50, covered: 1, total: 2, uncovered: [{ rule: 'checkout', file: 'shop.yaml', line: 5, pattern: 'https://pr-*.preview.example.com' }] } })
  const tap = parseTap((await test(directory, '--coverage', '--format', 'tap')).stdout)
  t.match(tap, { ok: true, comments: ['# coverage 50 %', '# no test: shop.yaml:5 checkout https://pr-*.preview.example.com'] })
})

t.test('what cannot be tested', async t => {
  const misspelt = passing.replace('rule: checkout', 'rule: chekcout')
  const cases: [what: string, files: Record<string, string>, said: RegExp, code: string][] = [
    ['an invalid set', { 'shop.yaml': policy.replace('routes', 'ruotes'), 'shop.test.yaml': passing }, /^shop\.yaml:4:5: error .*\[unknown-key\]/, 'unknown-key'],
    ['an invalid test', { 'shop.yaml': policy, 'shop.test.yaml': misspelt }, /^shop\.test\.yaml:6:11: error no rule of the set is called `chekcout` \[unknown-rule\]\n6 \| .*\n.*\n.*did you mean `checkout`\?/, 'unknown-rule']
  ]
  for (const [what, files, said, code] of cases) {
    const directory = t.testdir(files)
    for (const format of formats) {
      const { exit, stdout, stderr } = await test(directory, '--format', format)
      t.equal(exit, 1, `${what}: ${format}`)
      t.match(stderr, said)
      t.match(stderr, /\n1 error\nnothing was tested: the files are invalid\n$/)
      if (format === 'pretty') t.equal(stdout, '')
      if (format === 'json') t.match(JSON.parse(stdout), { ok: false, passed: 0, failed: 0, tests: [], diagnostics: [{ code }] })
      if (format === 'tap') t.match(parseTap(stdout), { ok: false, bailout: /^shop\./, points: [] })
      if (format === 'junit') t.match(parseJunit(stdout), { '@errors': '1', testsuite: [{ testcase: [{ error: { '@type': code } }] }] })
    }
  }

  const none = t.testdir({ 'shop.yaml': policy })
  for (const format of formats) {
    const { exit, stdout, stderr } = await test(none, '--format', format)
    t.equal(exit, 1, `no test: ${format}`)
    t.match(stderr, /^there is no policy test: write one into a file \*\.test\.yaml/)
    if (format === 'json') t.match(JSON.parse(stdout), { ok: false, tests: [] })
    if (format === 'tap') t.match(parseTap(stdout), { points: [] })
    if (format === 'junit') t.match(parseJunit(stdout), { '@tests': '0' })
  }
})

t.test('test files are read with the care that policies are', async t => {
  const base = t.testdir({
    'outside.test.yaml': passing,
    policies: { 'shop.yaml': policy, 'shop.test.yaml': passing, '.hidden.test.yaml': 'no YAML: [', 'huge.test.yaml': `# ${'x'.repeat(1024 * 1024)}\n`, 'out.test.yaml': t.fixture('symlink', '../outside.test.yaml') }
  })
  execFileSync('mkfifo', [join(base, 'policies/fifo.test.yaml')])
  writeFileSync(join(base, 'policies/latin.test.yaml'), Buffer.from([0x23, 0xe9, 0x0a]))
  const { exit, stdout } = await test(join(base, 'policies'), '--format', 'json')
  t.equal(exit, 1)
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { file: string, code: string }[] }
  t.strictSame(diagnostics.map(({ file, code }) => `${file} ${code}`), [
    'fifo.test.yaml not-a-regular-file', 'huge.test.yaml file-too-large', 'latin.test.yaml not-utf8', 'out.test.yaml not-a-regular-file'
  ])
  t.equal((await run('check', join(base, 'policies'), '--at', at)).exit, 0, 'and concern nobody else')
})

t.test('suggestions', async t => {
  const directory = t.testdir({ 'shop.yaml': policy, 'shop.test.yaml': passing })
  const { exit, stdout, stderr } = await test(directory, '--suggest')
  t.equal(exit, 0)
  t.matchSnapshot(stdout, 'a suggestion')
  t.match(stderr, /^1 test suggested: /)
  writeFileSync(join(directory, 'more.test.yaml'), '')
  t.equal((await test(directory, '--suggest')).stdout, stdout, 'the shell may have made the file already')
  t.equal((await test(directory)).exit, 1, 'which is a fault otherwise')
  writeFileSync(join(directory, 'more.test.yaml'), stdout)
  t.equal((await test(directory, '--min-coverage', '100')).exit, 0)
  t.strictSame(await test(directory, '--suggest'), { exit: 0, stdout: '', stderr: 'every rule and origin pattern is covered: there is nothing to suggest\n' })

  const shadowed = await test(t.testdir({ 'shop.yaml': policy.replace('rules:', 'blockedOrigins: ["https://*.preview.example.com"]\nrules:'), 'shop.test.yaml': passing }), '--suggest')
  t.strictSame([shadowed.exit, shadowed.stdout], [0, ''])
  t.match(shadowed.stderr, /no request was found that rule checkout decides through https:\/\/pr-\*\.preview\.example\.com/)
})

t.test('it decides as a gateway does', async t => {
  const directory = t.testdir({
    policies: { 'shop.yaml': policy, 'shop.test.yaml': passing.replace('/cart/7', '/Cart/7') },
    'gateway.yaml': 'version: 1\nrouter: { caseSensitive: false }\n'
  })
  t.match(await test(join(directory, 'policies')), { exit: 1, stdout: /got blocked \(path-ambiguous\)/ })
  t.strictSame((await run('test', '--at', at, '--config', join(directory, 'gateway.yaml'))).exit, 0, 'with its router, on its policies')
  writeFileSync(join(directory, 'policies/shop.yaml'), 'version: 1\n')
  writeFileSync(join(directory, 'policies/shop.test.yaml'), passing.replace('    rule: checkout\n', '').replace('readable', 'blocked'))
  writeFileSync(join(directory, 'gateway.yaml'), 'version: 1\nallowEmpty: true\n')
  const { exit, stdout } = await run('test', '--at', at, '--config', join(directory, 'gateway.yaml'), '--min-coverage', '100')
  t.equal(exit, 0, 'an empty set has nothing to cover')
  t.match(stdout, /coverage 100 %: 0 of 0/)
})

t.test('usage', async t => {
  const directory = t.testdir({ 'shop.yaml': policy, 'shop.test.yaml': passing })
  const cases: [argv: string[], exit: number, said: RegExp][] = [
    [[directory, '--format', 'xml'], 2, /--format takes pretty, tap, json or junit, not `xml`/],
    [[directory, '--min-coverage', '101'], 2, /--min-coverage takes a number from 0 to 100/],
    [[directory, '--min-coverage', 'all'], 2, /--min-coverage takes a number/],
    [[directory, '--suggest', '--format', 'json'], 2, /--suggest prints YAML/],
    [[directory, '--covrage'], 2, /did you mean `--coverage`/],
    [[join(directory, 'nowhere')], 3, /there is no directory/]
  ]
  for (const [argv, exit, said] of cases) {
    const result = await run('test', ...argv)
    t.equal(result.exit, exit, argv.slice(1).join(' '))
    t.match(result.stderr, said)
    t.equal(result.stdout, '')
  }
  t.match((await run('test', '--help')).stdout, /--min-coverage PCT/)
})

t.test('our own policies are covered by their tests', async t => {
  const { exit, stdout, stderr } = await test(join(root, 'policies'), '--min-coverage', '100')
  t.strictSame([exit, stderr], [0, ''], stdout)
  t.match(stdout, /\ncoverage 100 %: (\d+) of \1 rules and origin patterns\n$/)
})

t.test('the page about policy tests shows what happens', async t => {
  const page = readFileSync(join(root, 'docs/policy-tests.md'), 'utf8')
  const blocks = [...page.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)].map(([, info, text]) => ({ info: info!, text: text! }))
  const directory = t.testdir({})
  for (const { info, text } of blocks.filter(({ info }) => info.startsWith('yaml '))) {
    const path = join(directory, info.slice('yaml '.length))
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
  const consoles = blocks.filter(({ info }) => info === 'console')
  t.equal(consoles.length, 2)
  for (const { text } of consoles) {
    const [command, ...output] = text.split('\n')
    const { exit, stdout } = await run(...command!.split(' ').slice(2), join(directory, 'policies'))
    t.equal(exit, 0, command!)
    t.equal(stdout, output.join('\n'))
  }
})
