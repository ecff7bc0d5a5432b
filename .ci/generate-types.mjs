// Writes the types and the constants of the JSON Schemas into src/; `--print NAME` shows those of one schema instead.
import { readFile, writeFile } from 'node:fs/promises'
import { compile } from 'json-schema-to-typescript'

const generated = [
  { schema: 'policy', what: 'a policy file', type: 'PolicyFile', constant: 'policySchema', to: 'src/policy/schema.ts' },
  { schema: 'policy-test', what: 'a file of policy tests', type: 'PolicyTestFile', constant: 'policyTestSchema', to: 'src/inspect/policy-test-schema.ts' },
  { schema: 'gateway', what: 'a gateway configuration', type: 'GatewayFile', constant: 'gatewaySchema', to: 'src/gateway/config-schema.ts' }
]

const [flag, named = 'policy'] = process.argv.slice(2)
const print = flag === '--print'
for (const each of generated.filter(({ schema }) => !print || schema === named)) {
  const text = await generate(each)
  if (print) process.stdout.write(text)
  else await writeFile(new URL(`../${each.to}`, import.meta.url), text)
}

async function generate ({ schema: name, what, type, constant }) {
  const schema = JSON.parse(await readFile(new URL(`../schemas/${name}.schema.json`, import.meta.url), 'utf8'))
  const types = await compile(structuredClone(schema), type, {
    bannerComment: '',
    additionalProperties: false,
    ignoreMinAndMaxItems: true,
    style: { semi: false, singleQuote: true, printWidth: 120, trailingComma: 'none' }
  })
  return `// The JSON Schema of ${what} and its types, generated from schemas/${name}.schema.json by \`npm run generate\`.
/* eslint-disable */

${types.trim()}

/** The JSON Schema itself: code that reads no files needs it too. */
export const ${constant}: Readonly<Record<string, unknown>> = ${JSON.stringify(schema, null, 2)}
`
}
