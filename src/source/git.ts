// Policies from a git revision: read from the object database, without touching the work tree.
import { execFile } from 'node:child_process'
import { posix, relative, sep } from 'node:path'
import process from 'node:process'
import type { Diagnostic } from '../diagnostic/diagnostic.ts'
import type { SourceText } from '../diagnostic/span.ts'
import { decodeSource, tooLarge } from '../document/bytes.ts'
import { aboutFile } from './finding.ts'
import { defaultLimits, type Limits } from './limits.ts'
import { isPolicyFile, isSkipped } from './name.ts'
import { SourceError, type PolicySource } from './source.ts'

/** An entry of a tree: a file, a link or a submodule. */
interface Entry {
  readonly mode: string
  readonly object: string
  readonly size: number
  /** Relative to the policy directory. */
  readonly name: string
}

const link = '120000'
/** What the names of very many files come to at most, in bytes. */
const maxListing = 64 * 1024 * 1024

/**
 * Policies as they are at a revision of the repository that holds the present directory. `text` is `REV` or `REV:DIR`;
 * the directory is relative to the present one, and `policies` unless it is named.
 */
export function gitSource (text: string, limits: Limits = defaultLimits): PolicySource {
  const colon = text.indexOf(':')
  const revision = colon === -1 ? text : text.slice(0, colon)
  const named = colon === -1 ? 'policies' : text.slice(colon + 1)
  const directory = posix.normalize(relative('', named === '' ? '.' : named).split(sep).join('/')).replace(/\/$/, '')
  return {
    read: async signal => {
      const place = `git:${text}`
      // A revision is data: it must never be read as an option.
      if (revision === '' || revision.startsWith('-')) throw new SourceError(place, `\`${revision}\` is no revision`)
      const tree = (await treeOf(place, revision, colon === -1 ? '' : text.slice(colon), signal)).toString('utf8').trim()
      const path = directory === '.' ? './' : `${directory}/`
      const listed = await git(place, ['ls-tree', '-r', '-z', '-l', tree, '--', path], signal, `\`${named}\` is no directory of this repository`)
      const entries = parseListing(listed.toString('utf8'), directory === '.' ? '' : path)
      if (entries.length === 0) throw new SourceError(place, `the revision has no directory \`${named}\``)
      return readEntries(place, entries, limits, signal)
    }
  }
}

/** The tree of a revision; where there is none, what may be meant is told, as a clone need not hold every branch. */
async function treeOf (place: string, revision: string, directory: string, signal: AbortSignal): Promise<Buffer> {
  const refusal = `there is no revision \`${revision}\``
  try {
    return await git(place, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{tree}`], signal, refusal)
  } catch (error) {
    if (!(error instanceof SourceError) || error.reason !== refusal) throw error
    const help = await helpWithout(place, revision, directory, signal).catch(() => undefined)
    throw help === undefined ? error : new SourceError(place, refusal, { help, cause: error.cause })
  }
}

/** What to do about a revision that is not there: name the remote's branch, or fetch it. */
async function helpWithout (place: string, revision: string, directory: string, signal: AbortSignal): Promise<string | undefined> {
  const ask = async (...args: string[]): Promise<string[]> => {
    const answer = await git(place, args, signal, 'it cannot be asked')
    return answer.toString('utf8').split('\n').filter(line => line !== '')
  }
  if (/[~^@]|^[0-9a-f]{7,64}$/.test(revision)) {
    const [isShallow] = await ask('rev-parse', '--is-shallow-repository')
    return isShallow === 'true' ? 'this clone is shallow: fetch the rest with `git fetch --unshallow`' : undefined
  }
  // What is not plainly the name of a branch must not get into a command that someone copies.
  if (!/^\w[\w./-]*$/.test(revision)) return undefined
  const remotes = await ask('remote')
  const remote = remotes.find(name => revision.startsWith(`${name}/`)) ?? remotes.find(name => name === 'origin') ?? remotes[0]
  if (remote === undefined) return undefined
  const branch = revision.startsWith(`${remote}/`) ? revision.slice(remote.length + 1) : revision
  const wanted = `git:${remote}/${branch}${directory}`
  const [known] = await ask('for-each-ref', '--count=1', `refs/remotes/${remote}/${branch}`)
  if (known !== undefined) return `the branch of the remote is \`${wanted}\``
  const fetched = `\`git fetch ${remote} ${branch}:refs/remotes/${remote}/${branch}\``
  return `a clone or a checkout in CI may lack a branch: fetch it with ${fetched}, and name it \`${wanted}\``
}

/** Runs git without a shell, and without what it may do beside reading. */
function git (place: string, args: readonly string[], signal: AbortSignal, refusal: string, input: string = '', maxBuffer: number = maxListing): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, GIT_OPTIONAL_LOCKS: '0', GIT_NO_LAZY_FETCH: '1', LC_ALL: 'C' }
    const child = execFile('git', [...args], { encoding: 'buffer', maxBuffer, signal, env }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout)
      else if (error.code === 'ENOENT') reject(new SourceError(place, 'there is no program `git`', { cause: error }))
      else reject(new SourceError(place, /not a git repository/.test(stderr.toString()) ? 'this is not a git repository' : refusal, { cause: error }))
    })
    // A git that ends before it has read everything is told by its exit.
    child.stdin!.on('error', () => {})
    child.stdin!.end(input)
  })
}

function parseListing (text: string, prefix: string): Entry[] {
  return text.split('\0').flatMap(line => {
    const [, mode, type, object, size, path] = /^(\d+) (\w+) ([0-9a-f]+) +(\d+|-)\t(.*)$/s.exec(line) ?? []
    if (path === undefined || type !== 'blob' || !path.startsWith(prefix)) return []
    return [{ mode: mode!, object: object!, size: Number(size), name: path.slice(prefix.length) }]
  })
}

/** The texts of the policy files among the entries, as a directory with them would give them. */
async function readEntries (
  place: string, entries: readonly Entry[], limits: Limits, signal: AbortSignal
): Promise<{ texts: SourceText[], diagnostics: Diagnostic[] }> {
  const policies = entries.filter(({ name }) => !name.split('/').some(isSkipped) && isPolicyFile(posix.basename(name)))
  if (policies.length > limits.maxFiles) {
    return { texts: [], diagnostics: [aboutFile('set-too-large', '.', `more than ${limits.maxFiles} policy files`)] }
  }
  const [texts, diagnostics]: [SourceText[], Diagnostic[]] = [[], []]
  const targets = await readObjects(place, policies.filter(({ mode }) => mode === link), signal)
  const files: Entry[] = []
  for (const entry of policies) {
    const file = entry.mode === link ? targetOf(entry, targets.get(entry.object)!, entries) : entry
    if (file === null) diagnostics.push(aboutFile('not-a-regular-file', entry.name, 'this link leads to no regular file of the policy directory, so it was not read'))
    else if (file.size > limits.maxFileBytes) diagnostics.push(tooLarge(entry.name, file.size, limits.maxFileBytes))
    else if (entry.name.split('/').length > limits.maxDepth + 1) diagnostics.push(aboutFile('set-too-large', entry.name, `deeper than ${limits.maxDepth} directories`))
    else files.push({ ...file, name: entry.name })
  }
  const objects = await readObjects(place, files, signal)
  for (const { name, object } of files) {
    const { text, diagnostic } = decodeSource(name, objects.get(object)!, Infinity)
    if (diagnostic === undefined) texts.push({ name, text })
    else diagnostics.push(diagnostic)
  }
  return { texts: texts.sort((a, b) => a.name < b.name ? -1 : 1), diagnostics }
}

/** The file that a link leads to directly, inside the directory; null where it leads elsewhere. */
function targetOf ({ name }: Entry, target: Buffer, entries: readonly Entry[]): Entry | null {
  const path = posix.join(posix.dirname(name), target.toString('utf8'))
  const found = entries.find(entry => entry.name === path)
  return found === undefined || found.mode === link || target.includes(0) || target[0] === 47 ? null : found
}

/** The contents of objects, in one run. */
async function readObjects (place: string, entries: readonly Entry[], signal: AbortSignal): Promise<ReadonlyMap<string, Buffer>> {
  const sizes = new Map(entries.map(({ object, size }) => [object, size]))
  const objects = new Map<string, Buffer>()
  if (sizes.size === 0) return objects
  const expected = [...sizes.values()].reduce((sum, size) => sum + size + 256, 0)
  const answer = await git(place, ['cat-file', '--batch'], signal, 'its objects cannot be read', [...sizes.keys()].map(object => `${object}\n`).join(''), expected)
  for (let start = 0; start < answer.length;) {
    const end = answer.indexOf(10, start)
    const [object, type, length] = answer.toString('latin1', start, end).split(' ')
    if (object === undefined || type !== 'blob') throw new SourceError(place, 'its objects cannot be read')
    objects.set(object, answer.subarray(end + 1, end + 1 + Number(length)))
    start = end + 1 + Number(length) + 1
  }
  return objects
}
