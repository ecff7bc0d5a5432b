// `rules`: the access review, as a table, as JSON and as Markdown.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import t from 'tap'
import { run } from './run.ts'

const policies = resolve(import.meta.dirname, '../../policies')
const everything = resolve(import.meta.dirname, '../fixtures/everything.yaml')
const at = '2026-11-25T00:00:00Z'

t.test('golden', async t => {
  const all = t.testdir({ 'everything.yaml': readFileSync(everything, 'utf8') })
  const cases: [name: string, argv: string[]][] = [
    ['our own policies', [policies, '--at', at]],
    ['every key of the language', [all, '--at', at]],
    ['an origin that two rules know', [policies, '--at', at, '--origin', 'https://shop.example.com']],
    ['an origin of a wildcard', [policies, '--at', at, '--origin', 'https://ops.corp.example.com']],
    ['an excepted origin', [policies, '--at', at, '--origin', 'https://wiki.corp.example.com']],
    ['a blocked origin', [policies, '--at', at, '--origin', 'https://old-console.corp.example.com']],
    ['a stranger', [policies, '--at', at, '--origin', 'https://evil.example']],
    ['a partner before the pilot', [policies, '--at', '2026-10-01', '--origin', 'https://portal.acme.example']],
    ['a URL', [policies, '--at', at, '--url', 'https://api.example.com/cart/7']],
    ['a URL and an origin', [policies, '--at', at, '--url', 'https://api.example.com/cart/7', '--origin', 'https://pr-7.preview.example.com']],
    ['the page\'s own URL', [policies, '--at', at, '--url', 'https://shop.example.com/cart/7', '--origin', 'https://shop.example.com']],
    ['a path without a policy', [policies, '--at', at, '--url', 'https://api.example.com/nowhere']],
    ['an ambiguous path', [policies, '--at', at, '--url', 'https://api.example.com/cart/..%2fadmin']]
  ]
  for (const [name, argv] of cases) {
    const result = await run('rules', ...argv)
    t.equal(result.exit, 0, name)
    t.equal(result.stderr, '')
    t.matchSnapshot(result.stdout, name)
  }
  t.matchSnapshot((await run('rules', all, '--at', at, '--format', 'markdown')).stdout, 'as Markdown')
  t.matchSnapshot((await run('rules', policies, '--at', at, '--url', 'https://api.example.com/cart/7', '--format', 'json')).stdout, 'as JSON')
})

t.test('the JSON form is complete', async t => {
  const { stdout } = await run('rules', policies, '--at', at, '--format', 'json')
  const review = JSON.parse(stdout)
  t.same(Object.keys(review), ['revision', 'at', 'unmatched', 'origin', 'url', 'place', 'ambiguity', 'isSameOrigin', 'blockedBy', 'rows', 'blockedOrigins', 'rules'])
  t.same(review.rules.map((rule: { name: string }) => rule.name), ['acme-returns-pilot', 'back-office', 'catalogue', 'checkout', 'partner-orders', 'previews'])
  t.match(review.rules[0], {
    name: 'acme-returns-pilot', file: 'partners.yaml', line: 19, routes: ['/partners/returns', '/partners/returns/*'],
    origins: [{ pattern: 'https://portal.acme.example', file: 'partners.yaml', line: 6, set: 'partners.acme' }],
    methods: ['GET', 'HEAD', 'POST', 'PUT'], headers: ['authorization', 'content-type'],
    window: { notBefore: '2026-11-01T00:00:00.000Z', expires: '2028-11-01T00:00:00.000Z', inForce: true }
  })
})

t.test('as a gateway with its own settings decides', async t => {
  const directory = t.testdir({
    'gateway.yaml': 'version: 1\npolicies: [policies]\nunmatched: passthrough\nrouter: {ignoreTrailingSlash: true}\n',
    policies: { 'a.yaml': 'version: 1\nrules:\n  - {name: a, routes: [/x/, /x], allowOrigins: [https://a.example]}\n' }
  })
  const review = async (...argv: string[]): Promise<{ unmatched: string, rows: { route: string }[] }> => JSON.parse((await run('rules', ...argv, '--format', 'json')).stdout)
  const configured = await review('--config', resolve(directory, 'gateway.yaml'))
  t.equal(configured.unmatched, 'passthrough')
  t.same(configured.rows.map(({ route }) => route), ['/x/'], 'one route to a router that ignores the slash')
  t.equal((await review(resolve(directory, 'policies'))).rows.length, 2, 'and two to one that does not')
  t.equal((await review('--config', resolve(directory, 'gateway.yaml'), '--unmatched', 'deny')).unmatched, 'deny')
})

t.test('the name of a file moves no cursor and ends no cell', async t => {
  const directory = t.testdir({ 'a|b`c\u001b[2J.yaml': 'version: 1\nblockedOrigins: [https://b.example]\nrules:\n  - {name: a, routes: [/x], allowOrigins: [https://a.example]}\n' })
  const table = (await run('rules', directory)).stdout
  t.notMatch(table, /\u001b/)
  t.match(table, 'a|b`c\u241b[2J.yaml:4')
  t.match(table, 'https://b.example at a|b`c\u241b[2J.yaml:2')
  t.match((await run('rules', directory, '--format', 'markdown')).stdout, '| `a\\|b\'c\u241b[2J.yaml:4` |')
})

t.test('what cannot be reviewed', async t => {
  const bad = t.testdir({ 'bad.yaml': 'version: 1\nrules:\n  - name: a\n    routes: [/a]\n    allowOrigins: [https://a.example/]\n' })
  const cases: [argv: string[], exit: number, says: RegExp][] = [
    [[bad], 1, /bad\.yaml:5:20[\s\S]*the policies are invalid, so there is nothing to review/],
    [[policies, '--url', '/cart'], 2, /--url takes an absolute http, https, ws or wss URL, not `\/cart`/],
    [[policies, '--format', 'yaml'], 2, /--format takes pretty, json or markdown/],
    [['/no/such/directory'], 3, /there is no directory/]
  ]
  for (const [argv, exit, says] of cases) {
    const result = await run('rules', ...argv)
    t.equal(result.exit, exit, argv.join(' '))
    t.match(result.stderr, says)
    t.equal(result.stdout, '')
  }
})
