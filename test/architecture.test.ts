// The floor plan as a test: who may import whom, one door for each package, one sentence at the top of each file.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import t from 'tap'
import ts from 'typescript'

const src = resolve(import.meta.dirname, '../src')
const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.ts')).sort()

interface Import { readonly specifier: string, readonly isTypeOnly: boolean }
interface File { readonly name: string, readonly room: string, readonly text: string, readonly imports: readonly Import[] }

function roomOf (name: string): string {
  return name.includes('/') ? name.slice(0, name.indexOf('/')) : name
}

/** Every statement by itself: one file may import the types of a package and its values. */
function importsOf (text: string): readonly Import[] {
  return [...text.matchAll(/^(?:import|export)\s+(type\s)?[^'"]*?from\s+'([^']+)'|^import\s+'([^']+)'|\bimport\(\s*'([^']+)'/gm)]
    .map(([, type, from, bare, dynamic]) => ({ specifier: from ?? bare ?? dynamic!, isTypeOnly: type !== undefined }))
}

const parsed: readonly File[] = files.map(name => {
  const text = readFileSync(join(src, name), 'utf8')
  return { name, room: roomOf(name), text, imports: importsOf(text) }
})

function relativeOf ({ imports }: File): readonly string[] {
  return imports.map(({ specifier }) => specifier).filter(specifier => specifier.startsWith('.'))
}

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
  'index.ts': ['plugin', 'source', 'build.ts', 'snapshot', 'inspect', 'diagnostic', 'fetch', 'route']
}

t.test('rooms import only what the plan allows', async t => {
  for (const file of parsed) {
    const may = allowed[file.room]
    t.ok(may, `${file.room} is on the plan`)
    for (const specifier of relativeOf(file)) {
      const target = targetOf(file, specifier)
      const isAllowed = roomOf(target) === file.room || may?.includes(roomOf(target)) === true || may?.includes(target) === true
      if (!isAllowed) t.fail(`${file.name} may not import ${target}`)
    }
  }
})

t.test('files do not import each other in a circle', async t => {
  const graph = new Map(parsed.map(file => [file.name, relativeOf(file).map(each => targetOf(file, each))]))
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
    // Types are words, not a dependency; values of the host framework are built only in the gateway.
    const values = file.imports.filter(({ isTypeOnly }) => !isTypeOnly).map(({ specifier }) => specifier)
    for (const specifier of values.filter(each => !each.startsWith('.') && !each.startsWith('node:'))) {
      const name = specifier.startsWith('@') ? specifier.split('/').slice(0, 2).join('/') : specifier.split('/')[0]!
      doors.set(name, (doors.get(name) ?? new Set()).add(file.room === 'gateway' && name === 'fastify' ? 'gateway' : file.name))
    }
  }
  t.ok(doors.size > 10, `${doors.size} packages were found`)
  for (const [name, importers] of doors) t.equal(importers.size, 1, `${name}: ${[...importers].join(', ')}`)
})

t.test('imports are told apart statement by statement', async t => {
  const table: [text: string, imports: string[]][] = [
    ["import a from 'p'", ['p']],
    ["import { a,\n  b } from 'p'", ['p']],
    ["import 'p'", ['p']],
    ["export { a } from 'p'", ['p']],
    ["export * from 'p'", ['p']],
    ["import type { A } from 'p'", ['type p']],
    ["import type * as p from 'p'", ['type p']],
    ["export type { A } from 'p'", ['type p']],
    ["import { type A } from 'p'", ['p']],
    ["import typed from 'p'", ['p']],
    ["import type { A } from 'p'\nimport { a } from 'p'", ['type p', 'p']],
    ["import type { A } from 'p'\nconst { a } = await import('p')", ['type p', 'p']],
    ["import { a } from 'p'\nimport type { Q } from 'q'", ['p', 'type q']]
  ]
  for (const [text, wanted] of table) {
    t.strictSame(importsOf(text).map(({ specifier, isTypeOnly }) => `${isTypeOnly ? 'type ' : ''}${specifier}`), wanted, text)
  }
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

/** What is looked at from outside only: of what it is made is promised to nobody. */
const opaque = new Set(['Snapshot', 'PolicySet', 'CompiledRule', 'Bucket'])

/** What a declaration names of this package where others see it: no bodies, no private fields, no first values. */
function namesIn (declaration: ts.Node, checker: ts.TypeChecker): readonly ts.Symbol[] {
  const named: ts.Symbol[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isBlock(node) || ts.isPrivateIdentifier((node as Partial<ts.NamedDeclaration>).name ?? node)) return
    if (ts.isIdentifier(node) && (ts.isTypeReferenceNode(node.parent) || ts.isExpressionWithTypeArguments(node.parent))) {
      const symbol = checker.getSymbolAtLocation(node)
      if (symbol !== undefined) named.push(symbol)
    }
    const { initializer } = node as Partial<ts.PropertyDeclaration>
    ts.forEachChild(node, child => { if (child !== initializer) visit(child) })
  }
  visit(declaration)
  return named
}

t.test('whoever can get at a type can name it: the doors export every type that their types name', async t => {
  const host = { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => {} }
  const { options } = ts.getParsedCommandLineOfConfigFile(join(src, 'tsconfig.json'), {}, host)!
  const entries = ['index.ts', 'engine.ts'].map(name => join(src, name))
  const program = ts.createProgram(entries, { ...options, noEmit: true })
  const checker = program.getTypeChecker()
  const meant = (symbol: ts.Symbol): ts.Symbol => (symbol.flags & ts.SymbolFlags.Alias) === 0 ? symbol : checker.getAliasedSymbol(symbol)
  const isOwn = ({ flags, declarations = [] }: ts.Symbol): boolean => {
    const files = declarations.map(each => each.getSourceFile().fileName)
    return (flags & ts.SymbolFlags.TypeParameter) === 0 && files.length > 0 && files.every(name => name.startsWith(src))
  }
  for (const entry of entries) {
    const exported = new Set(checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(entry)!)!).map(meant))
    t.ok(exported.size > 30, `${relative(src, entry)} exports ${exported.size} names`)
    for (const symbol of [...exported].filter(({ name }) => !opaque.has(name))) {
      const named = (symbol.declarations ?? []).flatMap(each => namesIn(each, checker)).map(meant)
      const missing = named.filter(each => isOwn(each) && !exported.has(each)).map(({ name }) => name)
      t.strictSame(missing, [], `${relative(src, entry)}: ${symbol.name}`)
    }
  }
})

t.test('the core is pure', async t => {
  const pure = new Set(['fetch', 'origin', 'route', 'diagnostic', 'document', 'policy', 'snapshot', 'inspect', 'build.ts', 'engine.ts'])
  for (const file of parsed.filter(each => pure.has(each.room))) {
    const impure = file.imports.filter(({ specifier }) => /^node:|^fastify|^chokidar/.test(specifier))
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
