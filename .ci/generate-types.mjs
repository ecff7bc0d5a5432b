// Writes src/policy/schema.ts, the types and the constant of the JSON Schema; `--print` shows it instead.
import { readFile, writeFile } from 'node:fs/promises'
import { compile } from 'json-schema-to-typescript'

const from = new URL('../schemas/policy.schema.json', import.meta.url)
const to = new URL('../src/policy/schema.ts', import.meta.url)

const schema = JSON.parse(await readFile(from, 'utf8'))
const types = await compile(structuredClone(schema), 'PolicyFile', {
  bannerComment: '',
  additionalProperties: false,
  ignoreMinAndMaxItems: true,
  style: { semi: false, singleQuote: true, printWidth: 120, trailingComma: 'none' }
})

const generated = `// The JSON Schema of a policy file and its types, generated from schemas/policy.schema.json by \`npm run generate\`.
/* eslint-disable */

${types.trim()}

/** The JSON Schema itself: code that reads no files needs it too. */
export const policySchema: Readonly<Record<string, unknown>> = ${JSON.stringify(schema, null, 2)}
`

if (process.argv.includes('--print')) process.stdout.write(generated)
else await writeFile(to, generated)
