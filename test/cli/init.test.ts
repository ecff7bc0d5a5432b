// `init`: what it writes passes its own checks, its workflow runs, and nothing that is there is ever changed.
import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import process from 'node:process'
import t from 'tap'
import { parse } from 'yaml'
import { version } from '../../src/source/version.ts'
import { run } from './run.ts'

const root = resolve(import.meta.dirname, '../..')
const written = ['policies/cors.yaml', 'policies/cors.test.yaml', '.github/workflows/cors.yml']

interface Step { name?: string, uses?: string, run?: string, if?: string, env?: Record<string, string>, with?: Record<string, unknown> }
interface Job { defaults?: { run: { 'working-directory': string } }, steps: Step[] }

function workflowOf (directory: string): Job {
  const { jobs } = parse(readFileSync(join(directory, '.github/workflows/cors.yml'), 'utf8')) as { jobs: { policies: Job } }
  return jobs.policies
}

function step ({ steps }: Job, name: string): Step {
  const found = steps.find(each => each.name === name)
  if (found === undefined) throw new Error(`the workflow has no step ${name}`)
  return found
}

/** Where the modeline of a file leads. */
function schemaOf (path: string): string {
  const [, schema] = /^# yaml-language-server: \$schema=(.+)\n/.exec(readFileSync(path, 'utf8')) ?? []
  return resolve(dirname(path), schema!)
}

/** Everything below a directory but git's own. */
function filesIn (directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter(name => !name.startsWith('.git/') && !lstatSync(join(directory, name)).isDirectory()).sort()
}

/** Runs in a directory as a shell would there. */
async function inside<T> (directory: string, work: () => Promise<T>): Promise<T> {
  const before = process.cwd()
  process.chdir(directory)
  try {
    return await work()
  } finally {
    process.chdir(before)
  }
}

t.test('what it writes is valid, tested, and known to editors', async t => {
  const directory = t.testdir({ '.git': {} })
  const { exit, stdout, stderr } = await inside(directory, () => run('init'))
  t.strictSame([exit, stderr], [0, ''])
  t.matchSnapshot(stdout, 'what it says')
  t.strictSame(filesIn(directory), [...written].sort())
  for (const file of written) t.matchSnapshot(readFileSync(join(directory, file), 'utf8').replaceAll(version, 'VERSION'), file)

  const policies = join(directory, 'policies')
  const checked = JSON.parse((await run('check', policies, '--max-warnings', '0', '--format', 'json')).stdout)
  t.match(checked, { ok: true, files: 1, rules: 2 })
  t.strictSame(checked.diagnostics, [], 'not even a hint')
  const tested = JSON.parse((await run('test', policies, '--min-coverage', '100', '--format', 'json')).stdout)
  t.match(tested, { ok: true, passed: 4, failed: 0, coverage: { percent: 100 } })

  for (const [file, schema] of [['cors.yaml', 'policy'], ['cors.test.yaml', 'policy-test']] as const) {
    const found = schemaOf(join(policies, file))
    t.equal(found, join(directory, `node_modules/fastify-cors-gateway/schemas/${schema}.schema.json`))
    t.ok(existsSync(join(root, 'schemas', basename(found))), 'the package has this schema')
  }
})

t.test('its workflow does what its steps say', async t => {
  const directory = t.testdir({})
  const git = (...argv: string[]): void => {
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b.example', '-c', 'commit.gpgsign=false', ...argv], { cwd: directory, stdio: 'pipe' })
  }
  git('init', '--quiet')
  git('commit', '--quiet', '--allow-empty', '--message', 'before')
  git('update-ref', 'refs/remotes/origin/main', 'HEAD')
  t.equal((await run('init', join(directory, 'policies'))).exit, 0)
  const job = workflowOf(directory)
  for (const name of ['Check', 'Test']) {
    const [npx, yes, program, ...argv] = step(job, name).run!.split(' ')
    t.strictSame([npx, yes, program], ['npx', '--yes', `fastify-cors-gateway@${version}`])
    const { exit, stdout } = await inside(directory, () => run(...argv))
    t.equal(exit, 0, `${name}: ${stdout}`)
  }

  const compare = step(job, 'Compare with the base branch')
  t.match(compare, { if: 'github.event_name == \'pull_request\'', env: { BASE_REF: '${{ github.base_ref }}' } }, 'a branch\'s name is no part of a script')
  const bin = join(directory, '.git/bin')
  mkdirSync(bin)
  writeFileSync(join(bin, 'npx'), '#!/bin/sh\nfor word; do echo "$word"; done\n')
  chmodSync(join(bin, 'npx'), 0o755)
  const summary = join(directory, '.git/summary')
  const runCompare = (): string => {
    writeFileSync(summary, '')
    const env = { PATH: `${bin}:${process.env['PATH']}`, GITHUB_STEP_SUMMARY: summary, POLICIES: compare.env!['POLICIES'], BASE_REF: 'main' }
    execFileSync('bash', ['--norc', '-e', '-c', compare.run!], { cwd: directory, env })
    return readFileSync(summary, 'utf8')
  }
  t.equal(runCompare(), '', 'the first pull request has nothing to compare with')
  git('add', 'policies')
  git('commit', '--quiet', '--message', 'policies')
  git('update-ref', 'refs/remotes/origin/main', 'HEAD')
  t.strictSame(runCompare().trim().split('\n'),
    ['--yes', `fastify-cors-gateway@${version}`, 'diff', 'git:origin/main:policies', 'policies', '--format', 'markdown'])
})

t.test('in a package below the root of the repository', async t => {
  const directory = t.testdir({
    '.git': {},
    'the app': {
      'package.json': JSON.stringify({ devDependencies: { 'fastify-cors-gateway': '1' } }), 'package-lock.json': '{}', node_modules: { 'fastify-cors-gateway': {} }
    }
  })
  const app = join(directory, 'the app')
  t.equal((await inside(app, () => run('init', 'config/it\'s cors'))).exit, 0)
  t.strictSame(filesIn(directory).filter(name => !name.includes('package')), [
    '.github/workflows/cors.yml', 'the app/config/it\'s cors/cors.test.yaml', 'the app/config/it\'s cors/cors.yaml'
  ])
  t.equal(schemaOf(join(app, 'config/it\'s cors/cors.yaml')), join(app, 'node_modules/fastify-cors-gateway/schemas/policy.schema.json'))
  const job = workflowOf(directory)
  t.equal(job.defaults?.run['working-directory'], 'the app')
  t.ok(job.steps.some(({ run }) => run === 'npm ci'), 'the version that is locked runs')
  const words = execFileSync('bash', ['--norc', '-c', `npx () { printf '%s\\n' "$@"; }; ${step(job, 'Test').run}`], { encoding: 'utf8' }).trim().split('\n')
  t.strictSame(words, ['fastify-cors-gateway', 'test', 'config/it\'s cors', '--min-coverage', '100'])
  t.equal(step(job, 'Compare with the base branch').env!['POLICIES'], 'the app/config/it\'s cors')
  t.equal((await inside(app, () => run('test', ...words.slice(2)))).exit, 0)
})

t.test('a workflow that is there is left as it is, and the rest is written', async t => {
  const directory = t.testdir({ '.git': {}, '.github': { workflows: { 'cors.yml': 'mine' } } })
  const { exit, stdout, stderr } = await inside(directory, () => run('init'))
  t.strictSame([exit, stderr], [0, ''])
  t.match(stdout, '.github/workflows/cors.yml is there already and was left as it is: add `check policies`, `test policies` to it\n')
  t.notMatch(stdout, 'wrote .github')
  t.equal(readFileSync(join(directory, '.github/workflows/cors.yml'), 'utf8'), 'mine')
  t.strictSame(filesIn(directory), [...written].sort())
})

t.test('where no directory can be made', async t => {
  const directory = t.testdir({ file: '' })
  const cases: [where: string, said: RegExp, skip?: boolean][] = [
    [join(directory, 'file/x'), /^[^\n]*file is not a directory: name another place for the policies[^\n]*\n$/],
    [join(directory, 'file/x/y'), /^[^\n]*file is not a directory[^\n]*\n$/],
    ['/proc/x', /^[^\n]*\/proc\/x\/cors\.yaml cannot be written: [^\n]*\n$/, !existsSync('/proc')],
    ['/proc/x/y', /^[^\n]*cannot be written: [^\n]*\n$/, !existsSync('/proc')]
  ]
  for (const [where, said, skip = false] of cases) {
    if (skip) continue
    const { exit, stdout, stderr } = await run('init', where)
    t.strictSame([exit, stdout], [3, ''], where)
    t.match(stderr, said)
  }
  t.strictSame(filesIn(directory), ['file'])
})

t.test('nothing that is there is changed', async t => {
  for (const file of written.slice(0, 2)) {
    const directory = t.testdir({ '.git': {} })
    mkdirSync(dirname(join(directory, file)), { recursive: true })
    writeFileSync(join(directory, file), 'mine')
    const { exit, stdout, stderr } = await run('init', join(directory, 'policies'))
    t.strictSame([exit, stdout], [3, ''], file)
    t.match(stderr, `${relative(process.cwd(), join(directory, file))} is there already, so nothing was written`)
    t.strictSame(filesIn(directory), [file])
    t.equal(readFileSync(join(directory, file), 'utf8'), 'mine')
  }

  const cases: [what: string, content: NonNullable<Parameters<typeof t.testdir>[0]> & object, said: RegExp][] = [
    ['a policy by another name', { policies: { 'shop.yml': '' } }, /policies\/shop\.yml is a policy already/],
    ['a file for a directory', { policies: '' }, /policies is not a directory/],
    ['a link that leads nowhere', { policies: { 'cors.yaml': t.fixture('symlink', '../elsewhere.yaml') } }, /cors\.yaml is there already/]
  ]
  for (const [what, content, said] of cases) {
    const directory = t.testdir({ '.git': {}, ...content })
    const before = filesIn(directory)
    const { exit, stderr } = await run('init', join(directory, 'policies'))
    t.equal(exit, 3, what)
    t.match(stderr, said)
    t.strictSame(filesIn(directory), before, `${what}: nothing was written`)
  }

  const twice = t.testdir({ '.git': {} })
  t.equal((await run('init', join(twice, 'policies'))).exit, 0)
  t.equal((await run('init', join(twice, 'policies'))).exit, 3)
  t.equal((await run('init', 'a', 'b')).exit, 2)
})
