// Every code has an example that shows it, one that does not, and a page; UPDATE=1 writes what is expected.
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { build, isTestFile } from '../../src/build.ts'
import { catalogue, type DiagnosticCode } from '../../src/diagnostic/catalogue.ts'
import type { Diagnostic } from '../../src/diagnostic/diagnostic.ts'
import { renderPretty } from '../../src/diagnostic/render.ts'
import { sourceCatalogue } from '../../src/diagnostic/source-catalogue.ts'
import type { SourceText } from '../../src/diagnostic/span.ts'
import { decodeSource } from '../../src/document/bytes.ts'
import { readPolicyTests } from '../../src/inspect/test-file.ts'

const at = '2026-11-25T00:00:00Z'
const here = new URL('./', import.meta.url)
const pages = new URL('../../docs/diagnostics/', import.meta.url)

/** Codes whose examples need a file system, or more bytes than an example should have; the sources' tests show them. */
const beyondFiles = new Set<string>([...Object.keys(sourceCatalogue), 'file-too-large'])
/** Codes whose mistake cannot stand in a page of text. */
const beyondText = new Set<string>([...beyondFiles, 'not-utf8', 'control-character'])

interface Example {
  readonly ok: boolean
  readonly diagnostics: readonly Diagnostic[]
  readonly texts: readonly SourceText[]
}

function judge (files: readonly { name: string, bytes: Uint8Array }[]): Example {
  const found: Diagnostic[] = []
  const texts: SourceText[] = []
  for (const { name, bytes } of files) {
    const decoded = decodeSource(name, bytes)
    if (decoded.diagnostic) found.push(decoded.diagnostic)
    else texts.push({ name, text: decoded.text })
  }
  const { ok, diagnostics, set } = build(texts, { at, found, expiredAcceptance: 'error' })
  const tests = set === null ? [] : readPolicyTests(texts.filter(({ name }) => isTestFile(name)), set).diagnostics
  return { ok: ok && tests.length === 0, diagnostics: [...diagnostics, ...tests], texts }
}

/** `bad.yaml`, or every file of `bad/`. */
function readExample (folder: URL, name: string): Example {
  const directory = new URL(`${name}/`, folder)
  if (!existsSync(directory)) return judge([{ name: `${name}.yaml`, bytes: readFileSync(new URL(`${name}.yaml`, folder)) }])
  return judge(readdirSync(directory).sort().map(file => ({ name: file, bytes: readFileSync(new URL(file, directory)) })))
}

/** The YAML blocks under a heading of a page, as the files of one set. */
function readBlocks (page: string, heading: string): Example | null {
  const section = page.split(/^## /m).find(part => part.startsWith(`${heading}\n`)) ?? ''
  const blocks = [...section.matchAll(/```yaml\n(.*?)```/gs)].map(([, text]) => text!)
  return blocks.length === 0 ? null : judge(blocks.map((text, i) => ({ name: `${i}${/^tests:/m.test(text) ? '.test' : ''}.yaml`, bytes: new TextEncoder().encode(text) })))
}

const codes = Object.keys(catalogue) as DiagnosticCode[]

for (const code of codes.filter(code => !beyondFiles.has(code))) {
  t.test(`the example of ${code}`, async t => {
    const folder = new URL(`${code}/`, here)
    if (!t.ok(existsSync(folder), 'exists')) return
    const bad = readExample(folder, 'bad')
    t.ok(bad.diagnostics.some(diagnostic => diagnostic.code === code), 'bad.yaml shows the code')
    const drawn = renderPretty(bad.diagnostics, bad.texts)
    const expected = new URL('expected.txt', folder)
    if (process.env['UPDATE']) writeFileSync(expected, `${drawn}\n`)
    t.equal(drawn, readFileSync(expected, 'utf8').replace(/\n$/, ''), 'expected.txt is what a terminal shows')
    const good = readExample(folder, 'good')
    t.strictSame(good.diagnostics.filter(diagnostic => diagnostic.code === code), [], 'good.yaml does not show it')
    t.ok(good.ok, 'good.yaml is valid')
  })
}

for (const code of codes) {
  t.test(`the page of ${code}`, async t => {
    const file = new URL(`${code}.md`, pages)
    if (!t.ok(existsSync(file), 'exists')) return
    const page = readFileSync(file, 'utf8')
    t.strictSame([...page.replace(/```.*?```/gs, '').matchAll(/^##? (.*)$/gm)].map(([, title]) => title), [code, 'What', 'Why', 'Avoid', 'Prefer'], 'has its headings')
    const [avoid, prefer] = [readBlocks(page, 'Avoid'), readBlocks(page, 'Prefer')]
    if (beyondText.has(code)) return
    t.ok(avoid?.diagnostics.some(diagnostic => diagnostic.code === code), 'what it says to avoid shows the code')
    t.ok(prefer?.ok && !prefer.diagnostics.some(diagnostic => diagnostic.code === code), 'what it prefers does not')
  })
}

t.test('nothing stands there for a code that does not exist', async t => {
  const folders = readdirSync(here).filter(name => statSync(new URL(name, here)).isDirectory())
  t.strictSame(folders.filter(name => !(codes as string[]).includes(name)), [])
  t.strictSame(readdirSync(pages).filter(name => name.endsWith('.md') && name !== 'README.md' && !(codes as string[]).includes(name.slice(0, -3))), [])
})

t.test('the index names every page', async t => {
  const { renderIndex } = await import(new URL('../../.ci/generate-index.mjs', import.meta.url).href) as { renderIndex: (of: typeof catalogue) => string }
  const index = readFileSync(new URL('README.md', pages), 'utf8')
  t.equal(index, renderIndex(catalogue), 'is what `npm run generate` writes')
  t.strictSame([...index.matchAll(/\]\(([a-z0-9-]+)\.md\)/g)].map(([, code]) => code), [...codes].sort())
})
