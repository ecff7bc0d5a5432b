// `diff`: between directories and git revisions, as text, JSON and Markdown, and its exit status.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import t, { type Test } from 'tap'
import { run } from './run.ts'

const policies = resolve(import.meta.dirname, '../../policies')
const at = ['--at', '2026-11-25T00:00:00Z']

const old = `version: 1
rules:
  - name: shop
    routes: [/cart/**]
    allowOrigins: [https://shop.example.com, https://m.shop.example.com]
    maxAge: 60
  - name: partner
    hosts: [partners.example.com]
    routes: [/orders]
    allowOrigins: ["https://*.partner.example"]
    expires: 2027-06-01T00:00:00Z
guardrails:
  - name: carts-are-ours
    routes: [/cart/**]
    originsOutside: ["https://*.example.com"]
    never: { read: true }
`
const now = old
  .replace('    maxAge: 60\n', '    allowMethods: [GET, HEAD, POST, PUT]\n    allowHeaders: [content-type]\n    allowCredentials: true\n    maxAge: 10m\n')
  .replace('https://*.partner.example', 'https://eu-*.partner.example').replace('2027-06-01', '2028-06-01').replace(/guardrails:[^]*/, '')

const less = old.replace(', https://m.shop.example.com', '')

function sets (t: Test): Record<'old' | 'now' | 'less' | 'broken', string> {
  const root = t.testdir({
    old: { 'a.yaml': old, 'a.test.yaml': 'no policy' }, now: { 'a.yaml': now }, less: { 'a.yaml': less }, broken: { 'a.yaml': 'version: 2\n' }
  })
  return { old: join(root, 'old'), now: join(root, 'now'), less: join(root, 'less'), broken: join(root, 'broken') }
}

t.test('golden', async t => {
  const { old, now } = sets(t)
  for (const [name, argv] of [
    ['for a terminal', [old, now]], ['backwards', [now, old]], ['as Markdown', [old, now, '--format', 'markdown']],
    ['nothing changes', [policies, policies]], ['nothing changes, as Markdown', [policies, policies, '--format', 'markdown']]
  ] as const) {
    const result = await run('diff', ...argv, ...at)
    t.match(result, { exit: 0, stderr: '' }, name)
    t.matchSnapshot(result.stdout, name)
  }
})

t.test('a set that breaks a guardrail is compared all the same', async t => {
  const root = t.testdir({ old: { 'a.yaml': old }, evil: { 'a.yaml': old.replace('https://m.shop.example.com', '"https://*.evil.example"') } })
  const [good, evil] = [join(root, 'old'), join(root, 'evil')]
  const opened = await run('diff', good, evil, ...at)
  t.match(opened, { exit: 1, stdout: /^\+ \/cart, \/cart\/\*: read\n +for https:\/\/\*\.evil\.example$/m, stderr: /a\.yaml:13:11: error guardrail[^]*guardrail-broken[\s\S]*the policies of \S+evil break their guardrails: no gateway takes them\n$/ })
  t.match(await run('diff', good, evil, '--format', 'json', ...at), { exit: 1, stdout: /"witness"/ })
  t.match(await run('diff', evil, good, ...at), { exit: 0, stdout: /^- \/cart, \/cart\/\*: read\n +for https:\/\/\*\.evil\.example$/m, stderr: /break their guardrails/ }, 'the way back is free')
  t.match(await run('check', evil, ...at), { exit: 1, stdout: /guardrail-broken/ })
})

t.test('the JSON has the contract\'s keys', async t => {
  const { old, now } = sets(t)
  const found = JSON.parse((await run('diff', old, now, '--format', 'json', ...at)).stdout)
  t.strictSame(Object.keys(found), ['equal', 'widened', 'narrowed', 'changed', 'assurance', 'exact'])
  t.match(found.widened[0], {
    host: null, route: '/cart', origins: 'https://m.shop.example.com', what: 'credentials', old: { rule: 'shop', file: 'a.yaml', line: 3 },
    new: { rule: 'shop', file: 'a.yaml', line: 3 },
    witness: { origin: 'https://m.shop.example.com', method: 'GET', url: 'https://api.example.com/cart', headers: {}, credentials: 'include' }
  })
  t.match(found.assurance, [{ what: 'guardrail-removed', name: 'carts-are-ours', old: { file: 'a.yaml', line: 13 }, new: null }])
})

t.test('exit status', async t => {
  const { old, now, less, broken } = sets(t)
  const cases: [argv: string[], exit: number, says?: RegExp][] = [
    [[old, now], 0], [[old, now, '--fail-on', 'any'], 1], [[old, now, '--fail-on', 'widened'], 1], [[old, old, '--fail-on', 'any'], 0],
    [[old, less, '--fail-on', 'widened'], 0], [[old, less, '--fail-on', 'any'], 1],
    [[old, now, '--fail-on', 'all'], 2, /--fail-on takes any or widened/],
    [[old], 2, /diff takes two sets/], [[old, now, now], 2, /diff takes two sets/],
    [[old, broken], 1, /`version` must be 1 [^]*the policies of .*broken are invalid/], [[old, '/no/such/directory'], 3, /there is no directory/],
    [[old, now, '--at', 'soon'], 2, /--at takes/], [[old, now, '--format', 'yaml'], 2, /--format takes/]
  ]
  for (const [argv, exit, says] of cases) {
    const result = await run('diff', ...argv, ...argv.includes('--at') ? [] : at)
    t.equal(result.exit, exit, argv.join(' '))
    if (says !== undefined) t.match(result.stderr, says)
  }
})

t.test('git revisions', async t => {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'cors-gateway-diff-')))
  const home = process.cwd()
  t.teardown(() => {
    process.chdir(home)
    rmSync(root, { recursive: true, force: true })
  })
  const git = (...args: string[]): string =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  const write = (name: string, text: string): void => { writeFileSync(join(root, name), text) }
  mkdirSync(join(root, 'policies/deep'), { recursive: true })
  mkdirSync(join(root, 'sub dir'))
  git('init', '-q', '-b', 'main')
  write('policies/a.yaml', old)
  write('policies/deep/b.yml', 'version: 1\nrules:\n  - {name: b, routes: [/b], allowOrigins: [https://b.example]}\n')
  write('policies/.hidden.yaml', 'not: a policy')
  write('policies/a.test.yaml', 'not: a policy')
  write('policies/notes.txt', 'nothing')
  symlinkSync('../sub dir/c.yaml', join(root, 'policies/out.yaml'))
  git('add', '.')
  git('commit', '-q', '-m', 'one')
  const outside = await run('diff', `git:HEAD:${join(root, 'policies')}`, policies)
  process.chdir(root)
  t.match(await run('diff', 'git:HEAD', 'git:HEAD', ...at), { exit: 1, stderr: /out\.yaml:1:1: error this link leads to no regular file/ })
  rmSync(join(root, 'policies/out.yaml'))
  symlinkSync('deep/b.yml', join(root, 'policies/link.yaml'))
  git('add', '.')
  git('commit', '-q', '-m', 'two')
  t.match(await run('diff', 'git:main', 'git:HEAD', ...at), { exit: 1, stderr: /duplicate-name/ }, 'a link inside the directory is one more file')
  rmSync(join(root, 'policies/link.yaml'))
  git('add', '.')
  git('commit', '-q', '-m', 'three')
  git('tag', 'v1')
  write('policies/a.yaml', now)

  t.match(await run('diff', 'git:v1', 'policies', ...at), { exit: 0, stdout: /^wider .*\n\nassurance\n! guardrail carts-are-ours removed/ })
  t.match(await run('diff', 'git:v1', 'git:HEAD:policies', ...at), { exit: 0, stdout: /^no decision changes/ })
  t.match(await run('diff', 'git:v1:policies/deep', 'policies/deep', ...at), { exit: 0, stdout: /^no decision changes/ })
  t.match(await run('diff', 'git:v1:./policies/', 'git:v1', ...at), { exit: 0, stdout: /^no decision changes/ })
  process.chdir(join(root, 'sub dir'))
  t.match(await run('diff', 'git:HEAD:../policies', '../policies', ...at), { exit: 0, stdout: /^wider/ }, 'from another directory')
  t.match(await run('diff', `git:HEAD:${join(root, 'policies')}`, '../policies', ...at), { exit: 0, stdout: /^wider/ }, 'by an absolute path')
  process.chdir(join(root, 'policies'))
  t.match(await run('diff', 'git:HEAD:', '.', ...at), { exit: 0, stdout: /^wider/ }, 'the present directory')
  process.chdir(root)
  const refused: [string, RegExp][] = [
    ['git:nope', /git:nope: there is no revision `nope`/], ['git:HEAD:nope', /no directory `nope`/], ['git:', /no revision/],
    ['git:--output=x', /`--output=x` is no revision/], ['git:-h', /is no revision/], ['git:HEAD:policies/a.yaml', /no directory/], ['git:HEAD:../..', /no directory/]
  ]
  for (const [place, says] of refused) t.match(await run('diff', place, 'policies', ...at), { exit: 3, stderr: says }, place)
  t.equal(git('status', '--porcelain'), ' M policies/a.yaml\n', 'the work tree is as it was')
  t.match(outside, { exit: 3 })

  // A clone of one branch, without history, as CI checks it out.
  git('commit', '-q', '-a', '-m', 'four')
  git('checkout', '-q', '-b', 'feature')
  git('clone', '-q', '--depth', '1', '--branch', 'feature', `file://${root}`, join(root, 'clone'))
  process.chdir(join(root, 'clone'))
  const lacking = async (...cases: [place: string, help: string][]): Promise<void> => {
    for (const [place, help] of cases) {
      const said = `cors-gateway: git:${place}: there is no revision \`${place.split(':')[0]}\`${help}\n`
      const { exit, stderr } = await run('diff', `git:${place}`, 'policies', ...at)
      t.strictSame({ exit, stderr }, { exit: 3, stderr: said }, place)
    }
  }
  const fetching = (place: string): string => '; a clone or a checkout in CI may lack a branch: ' +
    `fetch it with \`git fetch origin main:refs/remotes/origin/main\`, and name it \`git:origin/${place}\``
  const shallow = '; this clone is shallow: fetch the rest with `git fetch --unshallow`'
  await lacking(['main', fetching('main')], ['origin/main', fetching('main')], ['main:deep', fetching('main:deep')])
  await lacking(['HEAD~2', shallow], ['0123abcd', shallow], ['a; b', ''])
  git('-C', 'clone', 'fetch', '-q', 'origin', 'main:refs/remotes/origin/main')
  const there = (place: string): string => `; the branch of the remote is \`git:origin/${place}\``
  await lacking(['main', there('main')], ['main:deep', there('main:deep')])
  t.match(await run('diff', 'git:origin/main', 'policies', ...at), { exit: 0, stdout: /^no decision changes/ })
  git('-C', 'clone', 'remote', 'remove', 'origin')
  await lacking(['main', ''])
})
