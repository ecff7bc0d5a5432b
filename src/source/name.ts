// Which names in a policy directory belong to its set, and what they are called in it.
import { basename, resolve } from 'node:path'

/** Whether a file of this name is a policy file; policy tests are not. */
export function isPolicyFile (name: string): boolean {
  return /\.ya?ml$/.test(name) && !/\.test\.ya?ml$/.test(name)
}

/** Whether a name is no part of the set: hidden (swap files, a ConfigMap's `..data`), or left behind by an editor. */
export function isSkipped (name: string): boolean {
  return name.startsWith('.') || name.endsWith('~') || (name.startsWith('#') && name.endsWith('#'))
}

/** Several directories get their base names in front of the names of their files, numbered where those are equal. */
export function prefixed (directories: readonly string[]): [directory: string, prefix: string][] {
  if (directories.length === 1) return [[directories[0]!, '']]
  const taken = new Set<string>()
  return directories.map(directory => {
    const base = basename(resolve(directory))
    let name = base
    for (let number = 2; taken.has(name); number++) name = `${base}-${number}`
    taken.add(name)
    return [directory, `${name}/`]
  })
}
