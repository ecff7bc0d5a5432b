// From a file's name in a set to its place on the disk, and to a path as those see it who start at the root of a repository.
import { isAbsolute, join, relative, resolve, sep } from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { prefixed } from '../source/name.ts'

/** Where the file of a name lies, for the names that a set of these directories has. */
export function fileFinder (directories: readonly string[]): (name: string) => string {
  const roots = prefixed(directories).map(([directory, prefix]) => ({ root: resolve(directory), prefix }))
  return name => {
    const { root, prefix } = roots.find(({ prefix }) => `${name}/`.startsWith(prefix))!
    return join(root, name.slice(prefix.length))
  }
}

/** The root from which GitHub reads paths: of the checkout in a workflow, whatever directory a step works in; else where we are. */
export function repositoryRoot (): string {
  const workspace = process.env['GITHUB_WORKSPACE'] ?? ''
  return workspace !== '' && !isOutside(relative(workspace, process.cwd())) ? workspace : process.cwd()
}

/** A path from the root, with `/`. */
export function pathFrom (root: string, path: string): string {
  return relative(root, path).split(sep).join('/')
}

/** The same, or a `file:` URL for what lies outside of the root. */
export function uriFrom (root: string, path: string): string {
  return isOutside(relative(root, path)) ? pathToFileURL(path).href : pathFrom(root, path)
}

/** Whether a relative path leads out of where it starts. */
export function isOutside (path: string): boolean {
  return path === '..' || path.startsWith(`..${sep}`) || isAbsolute(path)
}

/** Whether a path is that of a folder or lies in it, both without links. */
export function isWithin (folder: string, path: string): boolean {
  return !isOutside(relative(folder, path))
}
