// What fuzzing starts from: every policy file that the project holds, as an example, a test or documentation.
import { readdirSync, readFileSync } from 'node:fs'

const root = new URL('../../', import.meta.url)
const read = name => readFileSync(new URL(name, root), 'utf8')
const list = (folder, ending) => readdirSync(new URL(folder, root), { recursive: true, encoding: 'utf8' })
  .filter(name => name.endsWith(ending)).sort().map(name => `${folder}${name}`)

/** The texts, in an order that is the same everywhere. */
export function corpus () {
  const documents = ['README.md', ...list('docs/', '.md')].flatMap(name => [...read(name).matchAll(/^```ya?ml\n([\s\S]*?)^```/gm)].map(([, text]) => text))
  const bad = JSON.parse(read('test/fixtures/bad-policies.json')).cases.map(({ yamlFragment }) => yamlFragment)
  const files = [...list('policies/', '.yaml'), ...list('test/diagnostics/', '.yaml'), ...list('test/fixtures/', '.yaml')].map(read)
  return [...new Set([...files, ...documents, ...bad])].filter(text => typeof text === 'string' && text !== '')
}
