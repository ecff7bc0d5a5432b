// The generated types are those of the schema, and the schema explains every key.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { policySchema } from '../../src/policy/schema.ts'

const path = (name: string): string => fileURLToPath(new URL(`../../${name}`, import.meta.url))
const schema = JSON.parse(readFileSync(path('schemas/policy.schema.json'), 'utf8'))

t.test('src/policy/schema.ts is what `npm run generate` writes', async t => {
  const env = { ...process.env, NODE_OPTIONS: '' }
  const printed = execFileSync(process.execPath, [path('.ci/generate-types.mjs'), '--print'], { encoding: 'utf8', env })
  t.equal(readFileSync(path('src/policy/schema.ts'), 'utf8'), printed)
  t.strictSame(policySchema, schema)
})

t.test('every key has a description, and every map refuses unknown keys', async t => {
  let keys = 0
  interface Part { properties?: Record<string, Part>, additionalProperties?: unknown, $ref?: string, description?: string }
  const visit = (part: Part | null, place: string): void => {
    if (typeof part !== 'object' || part === null) return
    if (part.properties) t.equal(part.additionalProperties, false, `${place} refuses unknown keys`)
    for (const [name, property] of Object.entries(part.properties ?? {})) {
      keys++
      const { description } = property.$ref ? schema.definitions[property.$ref.split('/').pop()!] : property
      t.match(description, /\S.{9,}/, `${place}.${name} is described`)
    }
    for (const [name, child] of Object.entries(part as Record<string, Part>)) if (name !== 'examples') visit(child, `${place}/${name}`)
  }
  visit(schema, '')
  t.ok(keys > 40)
})

t.test('it keeps to the vocabulary of draft-07', async t => {
  t.equal(schema.$schema, 'http://json-schema.org/draft-07/schema#')
  t.notMatch(JSON.stringify(schema), /"(?:\$defs|unevaluatedProperties|prefixItems|dependentRequired)"/)
})
