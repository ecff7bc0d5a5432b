// `init`: writes a first policy with its tests, and a workflow that checks both on every change.
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import process from 'node:process'
import { isPolicyFile } from '../source/name.ts'
import { CannotRun, Exit, UsageError, type Arguments, type Command, type Io } from './command.ts'
import { firstPolicy, firstTests, workflow as workflowText } from './init-files.ts'

export const initCommand: Command = {
  name: 'init',
  summary: 'Writes a first policy, its tests, and a CI workflow.',
  usage: `Usage: cors-gateway init [DIR]

  DIR   the policy directory to begin (./policies)

Writes DIR/cors.yaml, DIR/cors.test.yaml and, at the root of the repository, .github/workflows/cors.yml.
Nothing that is there already is changed; a workflow of that name is left as it is.

Exit status: 0 written, 2 wrong usage, 3 a policy file is there already, or nothing can be written there.
`,
  options: {},
  run: init
}

async function init ({ positionals }: Arguments, io: Io): Promise<number> {
  if (positionals.length > 1) throw new UsageError('init takes one directory')
  const directory = resolve(positionals[0] ?? 'policies')
  const { policies, workflow } = filesFor(directory)
  refuseWhatIsThere(directory, policies)
  const isWorkflowThere = isThere(workflow.path)
  for (const { path, text } of isWorkflowThere ? policies : [...policies, workflow]) {
    write(path, text)
    io.stdout(`wrote ${show(path)}\n`)
  }
  if (isWorkflowThere) {
    const words = ['check', 'test'].map(word => `\`${word} ${workflow.directory}\``).join(', ')
    io.stdout(`${show(workflow.path)} is there already and was left as it is: add ${words} to it\n`)
  }
  io.stdout(nextSteps(directory))
  return Exit.ok
}

/** Ends the command where a first policy would not be the first, or there can be none. */
function refuseWhatIsThere (directory: string, policies: readonly NewFile[]): void {
  const inTheWay = ancestors(directory).find(each => existsSync(each))!
  if (!statSync(inTheWay).isDirectory()) {
    throw new CannotRun(`${show(inTheWay)} is not a directory: name ${inTheWay === directory ? 'the one that is to hold the policies' : 'another place for the policies'}`)
  }
  for (const { path } of policies) {
    if (isThere(path)) throw new CannotRun(`${show(path)} is there already, so nothing was written: remove it, or name another directory`)
  }
  const other = policyIn(directory)
  if (other !== undefined) throw new CannotRun(`${show(join(directory, other))} is a policy already, so nothing was written: a first one goes into a directory of its own`)
}

/** A link that leads nowhere is there as well. */
function isThere (path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined
}

interface NewFile { readonly path: string, readonly text: string }

/** What is to be written; `directory` of the workflow is the policies' as its commands name it. */
function filesFor (directory: string): { policies: NewFile[], workflow: NewFile & { readonly directory: string } } {
  const root = rootOf(directory)
  const home = homeOf(directory, root)
  const schemas = posix(relative(directory, join(home, 'node_modules/fastify-cors-gateway/schemas')))
  const here = posix(relative(home, directory)) || '.'
  return {
    policies: [
      { path: join(directory, 'cors.yaml'), text: firstPolicy(`${schemas}/policy.schema.json`) },
      { path: join(directory, 'cors.test.yaml'), text: firstTests(`${schemas}/policy-test.schema.json`) }
    ],
    workflow: {
      path: join(root, '.github/workflows/cors.yml'),
      directory: here,
      text: workflowText({
        policies: posix(relative(root, directory)),
        directory: here,
        workingDirectory: posix(relative(root, home)),
        isInstalled: existsSync(join(home, 'package-lock.json')) && dependsOnUs(join(home, 'package.json'))
      })
    }
  }
}

/** The root of the repository that the directory lies in; without one, where we are, or the directory above where that lies elsewhere. */
function rootOf (directory: string): string {
  const here = process.cwd()
  return ancestors(directory).find(each => existsSync(join(each, '.git'))) ?? (`${directory}${sep}`.startsWith(`${here}${sep}`) ? here : dirname(directory))
}

/** Where commands find this package: the nearest directory that has it installed, or is a package, up to the root; or the root. */
function homeOf (directory: string, root: string): string {
  const candidates = ancestors(directory).filter(each => each.startsWith(root))
  const has = (name: string): string | undefined => candidates.find(each => existsSync(join(each, name)))
  return has('node_modules/fastify-cors-gateway') ?? has('package.json') ?? root
}

function ancestors (directory: string): string[] {
  const above = dirname(directory)
  return above === directory ? [directory] : [directory, ...ancestors(above)]
}

function dependsOnUs (packageJson: string): boolean {
  try {
    const { dependencies, devDependencies } = JSON.parse(readFileSync(packageJson, 'utf8')) as Record<string, Record<string, string> | undefined>
    return dependencies?.['fastify-cors-gateway'] !== undefined || devDependencies?.['fastify-cors-gateway'] !== undefined
  } catch {
    return false
  }
}

function policyIn (directory: string): string | undefined {
  return existsSync(directory) ? readdirSync(directory).find(isPolicyFile) : undefined
}

/** Made anew or not at all, whoever else may be writing. */
function write (path: string, text: string): void {
  try {
    // Not `recursive`: Node.js tries for ever below a directory that takes none, as /proc.
    const missing = ancestors(dirname(path)).filter(each => !existsSync(each))
    for (const each of missing.reverse()) mkdirSync(each)
    writeFileSync(path, text, { flag: 'wx' })
  } catch (error) {
    throw new CannotRun(`${show(path)} cannot be written: ${(error as Error).message}`)
  }
}

/** A path as it is shortest to read from where we are. */
function show (path: string): string {
  const near = relative(process.cwd(), path)
  return near === '' ? '.' : near.startsWith(`..${sep}..`) ? path : near
}

function posix (path: string): string {
  return path.split(sep).join('/')
}

function nextSteps (directory: string): string {
  const where = show(directory) === 'policies' ? '' : ` ${show(directory)}`
  return `
Next:
  1. Write your own origins and routes into ${show(join(directory, 'cors.yaml'))}, and what must hold into the tests.
  2. npx fastify-cors-gateway check${where}
  3. npx fastify-cors-gateway test${where} --coverage
  4. npx fastify-cors-gateway serve${where}     # or: app.register(corsGateway, { policies: '${show(directory)}' })
`
}
