// The generated types are those of the schemas, and each schema explains every key.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { gatewaySchema } from '../../src/gateway/config-schema.ts'
import { policyTestSchema } from '../../src/inspect/policy-test-schema.ts'
import { policySchema } from '../../src/policy/schema.ts'

const path = (name: string): string => fileURLToPath(new URL(`../../${name}`, import.meta.url))

interface Part {
  properties?: Record<string, Part>
  additionalProperties?: unknown
  $ref?: string
  description?: string
  definitions?: Record<string, Part>
}

/** Each schema, what is generated from it, its constant, and how many keys it explains at least. */
const schemas: [name: string, generated: string, constant: unknown, keys: number][] = [
  ['policy', 'src/policy/schema.ts', policySchema, 40],
  ['policy-test', 'src/inspect/policy-test-schema.ts', policyTestSchema, 14],
  ['gateway', 'src/gateway/config-schema.ts', gatewaySchema, 35]
]

for (const [name, generated, constant, least] of schemas) {
  const schema = JSON.parse(readFileSync(path(`schemas/${name}.schema.json`), 'utf8')) as Part & { $schema: string }

  t.test(`${generated} is what \`npm run generate\` writes`, async t => {
    const env = { ...process.env, NODE_OPTIONS: '' }
    const printed = execFileSync(process.execPath, [path('.ci/generate-types.mjs'), '--print', name], { encoding: 'utf8', env })
    t.equal(readFileSync(path(generated), 'utf8'), printed)
    t.strictSame(constant, schema)
  })

  t.test(`every key of ${name} has a description, and every map refuses unknown keys`, async t => {
    let keys = 0
    const visit = (part: Part | null, place: string): void => {
      if (typeof part !== 'object' || part === null) return
      if (part.properties) t.equal(part.additionalProperties, false, `${place} refuses unknown keys`)
      for (const [key, property] of Object.entries(part.properties ?? {})) {
        keys++
        const { description } = property.$ref ? schema.definitions![property.$ref.split('/').pop()!]! : property
        t.match(description, /\S.{9,}/, `${place}.${key} is described`)
      }
      for (const [key, child] of Object.entries(part as Record<string, Part>)) if (key !== 'examples') visit(child, `${place}/${key}`)
    }
    visit(schema, '')
    t.ok(keys >= least, `${keys} keys`)
  })

  t.test(`${name} keeps to the vocabulary of draft-07`, async t => {
    t.equal(schema.$schema, 'http://json-schema.org/draft-07/schema#')
    t.notMatch(JSON.stringify(schema), /"(?:\$defs|unevaluatedProperties|prefixItems|dependentRequired)"/)
  })
}
