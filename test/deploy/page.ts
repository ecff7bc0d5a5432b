// The fenced blocks of a page about a deployment, so that what is shown is what is tested.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

const root = resolve(import.meta.dirname, '../..')

/** The program, as built. */
export const program: string = resolve(root, 'dist/cli/bin.js')

/** The text of each block that has a name behind its language, by that name. */
export function blocksOf (page: string): ReadonlyMap<string, string> {
  const text = readFileSync(resolve(root, 'docs/deploy', page), 'utf8')
  return new Map([...text.matchAll(/^```\w+ (\S+)\n([\s\S]*?)^```$/gm)].map(([, name, text]) => [name!, text!]))
}
