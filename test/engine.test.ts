// The engine is pure: nothing that it reaches knows Node, Fastify, files or the process.
import { readFileSync } from 'node:fs'
import t from 'tap'
import { build } from '../src/build.ts'

const imported = /^(?:import|export)\b[^'"]*?from\s+'([^']+)'|^import\s+'([^']+)'|\bimport\(\s*'([^']+)'/gm

/** Every file that an entry reaches by imports, and every package that these name, each with one file that does. */
function walk (entry: URL): { files: Map<string, string>, packages: Map<string, string> } {
  const files = new Map<string, string>()
  const packages = new Map<string, string>()
  const visit = (url: URL): void => {
    if (files.has(url.href)) return
    const text = readFileSync(url, 'utf8')
    files.set(url.href, text)
    for (const [, from, bare, dynamic] of text.matchAll(imported)) {
      const specifier = from ?? bare ?? dynamic ?? ''
      if (!specifier.startsWith('.')) packages.set(specifier, url.pathname)
      else if (specifier.endsWith('.ts')) visit(new URL(specifier, url))
    }
  }
  visit(entry)
  return { files, packages }
}

t.test('nothing that the engine reaches is impure', t => {
  const { files, packages } = walk(new URL('../src/engine.ts', import.meta.url))
  t.ok(files.size > 20, `${files.size} files were read`)
  const allowed = new Set(['ajv', 'yaml', 'tldts', '@noble/hashes'])
  for (const [name, file] of packages) {
    const root = name.split('/').slice(0, name.startsWith('@') ? 2 : 1).join('/')
    t.ok(allowed.has(root), `${file} imports ${name}`)
  }
  for (const [file, text] of files) {
    const code = text.replaceAll(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, '')
    t.notOk(/\b(?:process|Buffer|__dirname|__filename|require|setTimeout|setInterval)\b(?=[.([])/.test(code), `${file} uses no global of Node`)
    // Where no moment is given, `build` takes the present one; nothing after it does.
    if (!file.endsWith('/src/build.ts')) t.notOk(/\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(/.test(code), `${file} reads no clock and no chance`)
  }
  t.end()
})

t.test('options that mean nothing are told to whoever sets them, also without types', t => {
  const table: [options: object, message: RegExp][] = [
    [{ at: 'tomorrow' }, /^at: "tomorrow" is not a time/],
    [{ at: '2026-11-25T00:00:00' }, /with a zone/],
    [{ at: NaN }, /^at: "NaN"/],
    [{ pathReadings: ['dot'] }, /^pathReadings: there is no step "dot"; the steps are decode, /],
    [{ pathReadings: ['dots', 7] }, /no step "7"/]
  ]
  for (const [options, message] of table) t.throws(() => build([], options), { name: 'TypeError', message }, JSON.stringify(options))
  t.end()
})

t.test('the walk finds what it is to find', t => {
  const { packages } = walk(new URL('./engine.test.ts', import.meta.url))
  for (const name of ['node:fs', 'tap', 'yaml']) t.ok(packages.has(name), name)
  t.end()
})
