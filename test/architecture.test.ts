// The floor plan as a test: who may import whom, one door for each package, one sentence at the top of each file.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import t from 'tap'

const src = resolve(import.meta.dirname, '../src')
const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.ts')).sort()

interface File { readonly name: string, readonly room: string, readonly text: string, readonly imports: readonly string[] }

function roomOf (name: string): string {
  return name.includes('/') ? name.slice(0, name.indexOf('/')) : name
}

const parsed: readonly File[] = files.map(name => {
  const text = readFileSync(join(src, name), 'utf8')
  const imports = [...text.matchAll(/^(?:import|export)\s[^'"]*?from\s+'([^']+)'|^import\s+'([^']+)'|\bimport\('([^']+)'\)/gm)].map(match => match[1] ?? match[2] ?? match[3]!)
  return { name, room: roomOf(name), text, imports }
})

function targetOf (file: File, specifier: string): string {
  return relative(src, resolve(dirname(join(src, file.name)), specifier))
}

/** The only arrows between rooms. What a room may import it imports downward. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  fetch: [],
  origin: [],
  route: [],
  diagnostic: [],
  document: ['diagnostic', 'policy/schema.ts'],
  policy: ['document', 'diagnostic', 'fetch', 'origin', 'route'],
  snapshot: ['policy', 'fetch', 'origin', 'route'],
  inspect: ['document', 'policy', 'snapshot', 'diagnostic', 'fetch', 'origin', 'route'],
  'build.ts': ['document', 'policy', 'snapshot', 'inspect', 'diagnostic', 'route'],
  'engine.ts': ['build.ts', 'snapshot', 'inspect', 'diagnostic', 'fetch', 'origin', 'policy', 'route'],
  source: ['build.ts', 'document', 'policy/policy.ts', 'policy/revision.ts', 'policy/transfer.ts', 'snapshot', 'diagnostic'],
  plugin: ['source', 'build.ts', 'snapshot', 'inspect', 'fetch', 'diagnostic', 'origin', 'route'],
  gateway: ['plugin', 'inspect', 'route', 'document', 'diagnostic', 'policy/findings.ts', 'policy/read.ts', 'policy/time.ts', 'source/finding.ts', 'source/nats/options.ts', 'source/small-file.ts', 'source/url.ts'],
  cli: ['build.ts', 'inspect', 'origin', 'snapshot', 'source', 'diagnostic', 'gateway', 'policy/time.ts'],
  'index.ts': ['plugin', 'source', 'build.ts', 'snapshot', 'inspect', 'diagnostic', 'fetch']
}

t.test('rooms import only what the plan allows', async t => {
  for (const file of parsed) {
    const may = allowed[file.room]
    t.ok(may, `${file.room} is on the plan`)
    for (const specifier of file.imports.filter(each => each.startsWith('.'))) {
      const target = targetOf(file, specifier)
      const isAllowed = roomOf(target) === file.room || may?.includes(roomOf(target)) === true || may?.includes(target) === true
      if (!isAllowed) t.fail(`${file.name} may not import ${target}`)
    }
  }
})

t.test('files do not import each other in a circle', async t => {
  const graph = new Map(parsed.map(file => [file.name, file.imports.filter(each => each.startsWith('.')).map(each => targetOf(file, each))]))
  const done = new Set<string>()
  const visit = (name: string, path: readonly string[]): void => {
    if (path.includes(name)) {
      t.fail(`circle: ${[...path.slice(path.indexOf(name)), name].join(' → ')}`)
      return
    }
    if (done.has(name)) return
    for (const next of graph.get(name) ?? []) visit(next, [...path, name])
    done.add(name)
  }
  for (const name of graph.keys()) visit(name, [])
  t.equal(done.size, parsed.length)
})

t.test('each package has one door', async t => {
  const doors = new Map<string, Set<string>>()
  for (const file of parsed) {
    for (const specifier of file.imports.filter(each => !each.startsWith('.') && !each.startsWith('node:'))) {
      const name = specifier.startsWith('@') ? specifier.split('/').slice(0, 2).join('/') : specifier.split('/')[0]!
      // Types of the host framework are words, not a dependency; values of it are built only in the gateway.
      const isTypeOnly = [...file.text.matchAll(/^import\s+type\s[^'"]*?from\s+'([^']+)'/gm)].some(match => match[1] === specifier)
      if (!isTypeOnly) doors.set(name, (doors.get(name) ?? new Set()).add(file.room === 'gateway' && name === 'fastify' ? 'gateway' : file.name))
    }
  }
  for (const [name, importers] of doors) t.equal(importers.size, 1, `${name}: ${[...importers].join(', ')}`)
})

t.test('the doors of the package', async t => {
  const { exports } = JSON.parse(readFileSync(resolve(src, '../package.json'), 'utf8')) as { exports: Record<string, string | Record<string, string>> }
  const doors = Object.entries(exports).filter((door): door is [string, Record<string, string>] => typeof door[1] !== 'string')
  t.same(doors.map(([name]) => name), ['.', './engine', './source-contract'])
  for (const [name, door] of doors) {
    const file = door['default']!.replace('./dist/', '').replace('.js', '.ts')
    t.ok(files.includes(file), `${name} leads to ${file}`)
    t.equal(door['types'], door['default']!.replace('.js', '.d.ts'))
  }
  // It is for any test framework, and loads nothing of the package.
  const { text } = parsed.find(({ name }) => name === 'source/contract.ts')!
  t.same([...text.matchAll(/^import (?!type )[^']*'([^']*)'/gm)].map(([, name]) => name), ['node:assert/strict', 'node:timers/promises'])
})

t.test('the core is pure', async t => {
  const pure = new Set(['fetch', 'origin', 'route', 'diagnostic', 'document', 'policy', 'snapshot', 'inspect', 'build.ts', 'engine.ts'])
  for (const file of parsed.filter(each => pure.has(each.room))) {
    const impure = file.imports.filter(each => /^node:|^fastify|^chokidar/.test(each))
    t.same(impure, [], `${file.name} imports neither Node nor Fastify`)
    // Without `at`, building is for now: the one clock of the core.
    const code = file.text.replace(file.name === 'build.ts' ? 'return Date.now()' : '', '').replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
    t.notMatch(code, /\bprocess\.|\bDate\.now\(|\bnew Date\(\)|\bBuffer\b/, `${file.name} has no clock and no process`)
  }
})

t.test('every file opens with one sentence that says what it is for, and can be read in one sitting', async t => {
  for (const { name, text } of parsed) {
    const lines = text.split('\n')
    const first = lines[0]!.startsWith('#!') ? lines[1]! : lines[0]!
    t.match(first, /^\/\/ \S.*[.:]$/, `${name} opens with a sentence`)
    if (!text.includes('generated from schemas/')) t.ok(lines.length <= 330, `${name} has ${lines.length} lines`)
  }
})
