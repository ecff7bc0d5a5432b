// The project's TypeScript files as modules that can be loaded again and again, each time with one file changed.
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import ts from 'typescript'

const nodeRequire = createRequire(import.meta.url)
const compilerOptions = { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2023, esModuleInterop: true, verbatimModuleSyntax: false }

/** Compiles a text to a function of `exports`, `require` and what stands for `import.meta`. */
function compile (text, file) {
  const { outputText } = ts.transpileModule(text, { compilerOptions, fileName: file })
  const code = outputText.replaceAll('import.meta', '__meta')
  const imports = [...code.matchAll(/require\("(\.[^"]+)"\)/g)].map(([, specifier]) => resolve(dirname(file), specifier))
  return { imports, run: new Function('exports', 'require', '__meta', `${code}\n//# sourceURL=${file}`) }
}

const compiled = new Map()
function compiledFile (file) {
  if (!compiled.has(file)) compiled.set(file, compile(readFileSync(file, 'utf8'), file))
  return compiled.get(file)
}

/** Whether a file imports another, by any way. */
function reaches (file, target, seen = new Map()) {
  if (file === target) return true
  if (!seen.has(file)) {
    seen.set(file, false)
    if (existsSync(file)) seen.set(file, compiledFile(file).imports.some(each => reaches(each, target, seen)))
  }
  return seen.get(file)
}

/** Counts the turns of every loop in a text, so that a mutant that never ends is told from one that waits for its turn. */
function guarded (text, file) {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2023, true)
  const edits = []
  const visit = node => {
    if (ts.isIterationStatement(node, false)) edits.push([node.statement.getStart(source), '{ globalThis.countTurn();'], [node.statement.getEnd(), '}'])
    ts.forEachChild(node, visit)
  }
  visit(source)
  return edits.sort(([a], [b]) => b - a).reduce((text, [at, put]) => text.slice(0, at) + put + text.slice(at), text)
}

let turns = 0

/** More than all tests together take of one file's loops. */
const maxTurns = 30_000_000

globalThis.countTurn = () => {
  if (++turns > maxTurns) throw new Error('a loop that never ends')
}

const shared = new Map()

/** Loads modules. `changed` names a file and the text to take for it; `substitutes` stand for packages. Files beside the way share instances. */
export function loader (changed, substitutes = {}) {
  turns = 0
  const own = new Map()
  const load = file => {
    const isShared = changed === null ? false : !file.includes('/test/') && !reaches(file, changed.file)
    const instances = isShared ? shared : own
    const known = instances.get(file)
    if (known !== undefined) return known
    const exports = {}
    Object.defineProperty(exports, '__esModule', { value: true })
    instances.set(file, exports)
    const { run } = file === changed?.file ? compile(guarded(changed.text, file), file) : compiledFile(file)
    const require = specifier => substitutes[specifier] ?? (specifier.startsWith('.') ? load(resolve(dirname(file), specifier)) : nodeRequire(specifier))
    run(exports, require, { url: pathToFileURL(file).href, filename: file, dirname: dirname(file) })
    return exports
  }
  return load
}
