// Broken and hostile policy files, put into this project's vocabulary: each is refused, with a finding at a place.
import { readFileSync } from 'node:fs'
import t from 'tap'
import { build, type BuildResult } from '../../src/build.ts'
import type { Diagnostic } from '../../src/diagnostic/diagnostic.ts'
import { renderPretty } from '../../src/diagnostic/render.ts'
import type { SourceText } from '../../src/diagnostic/span.ts'
import { decodeSource } from '../../src/document/bytes.ts'

interface Case {
  readonly id: string
  readonly description: string
  readonly expect: string
  readonly messageMust?: string
  readonly yamlFragment?: string
  readonly files?: Readonly<Record<string, string>>
  readonly generator?: {
    readonly bytes?: string
    readonly text?: string
    readonly fs?: string
    readonly anchorRepeat?: { readonly size: number, readonly aliases: number }
    readonly repeat?: { readonly prefix?: string, readonly unit: string, readonly n: number, readonly suffix?: string }
  }
}

const { cases } = JSON.parse(readFileSync(new URL('../fixtures/bad-policies.json', import.meta.url), 'utf8')) as { cases: readonly Case[] }
const at = '2026-11-25T00:00:00Z'

/** Cases that are no statement about this policy language, and why. */
const untranslatable: Readonly<Record<string, string>> = {
  BP259: 'the directory source opens files; its tests hold it to this',
  BP266: 'the directory source opens files; its tests hold it to this',
  BP269: 'the command line takes directories; its tests hold it to this',
  BP274: 'names of files are opaque here',
  BP277: 'a hard link cannot be told from a file'
}

/** Cases in which the vector leaves the choice, or this language decides otherwise: what happens here. */
const decided: Readonly<Record<string, { readonly ok: boolean, readonly code?: string, readonly why: string }>> = {
  BP112: { ok: true, code: 'public-suffix-wildcard', why: 'a label glob is a form of the language; one right below a public suffix is a warning without credentials' },
  BP114: { ok: true, why: 'any host of a scheme is a form of the language, and a risk with credentials only' },
  BP215: { ok: true, why: 'of two rules of a route the one with the more specific origin decides, in whatever order their files are' },
  BP088: { ok: true, why: '0600 is 600 in YAML 1.2' }
}

/** The codes and words that a case must bring, where the vector's own words do not say it. */
const wanted: Readonly<Record<string, RegExp>> = {
  BP003: /yaml-syntax.*quote is never closed/, BP005: /yaml-syntax/, BP011: /yaml-tag/, BP012: /yaml-tag/, BP014: /yaml-tag/,
  BP016: /yaml-documents.*exactly one document/, BP022: /wrong-type/, BP030: /not-utf8/, BP031: /not-utf8/, BP032: /control-character.*U\+0000/,
  BP039: /invalid-origin.*U\+200B/, BP042: /yaml-indentation.*U\+00A0/, BP044: /yaml-key/, BP045: /too-complex/, BP051: /file-too-large/,
  BP054: /duplicate-entry/, BP056: /file-too-large/, BP057: /invalid-origin.*one `\*`/, BP059: /yaml-key.*__proto__/, BP060: /yaml-key/, BP063: /yaml-merge-key|yaml-key/,
  BP067: /unknown-key.*orgins/, BP069: /duplicate-key/, BP074: /wrong-value/, BP076: /wrong-type/, BP085: /wrong-type/,
  BP092: /invalid-origin.*https:\/\/app\.example\.com/, BP102: /invalid-origin.*https:\/\/app/, BP105: /invalid-origin.*http:\/\/app\.example\.com/,
  BP132: /invalid-origin.*xn--bcher-kva/, BP144: /wrong-type.*"null"/, BP164: /any-origin-credentials/, BP171: /expose-all-credentials/,
  BP179: /invalid-token/, BP185: /forbidden-header/, BP197: /invalid-token/, BP203: /wrong-type/,
  BP222: /invalid-route.*query/, BP223: /invalid-route.*fragment/, BP227: /invalid-route/, BP235: /unknown-key.*upstream/, BP237: /unknown-key.*upstream/,
  BP245: /unknown-key/, BP279: /unknown-key/, BP283: /wrong-value.*longer/, BP143: /null-origin/
}

/** Another vocabulary to this one: `routes` of `path`s to named `rules`, and the names of the keys. */
function translate (text: string): string {
  let rules = 0
  return text
    .replace(/^routes:/gm, 'rules:')
    .replace(/([{,] ?|^ *(?:- )?)path:( *)("[^"\n]*"?|[^\n,}]*)/gm, (_, before: string, space: string, route: string) => {
      const name = `r${++rules}`
      return before.includes('{') ? `${before}name: ${name}, routes: [${route}]` : `${before}name: ${name}\n${' '.repeat(before.length)}routes:${space}[${route}]`
    })
    .replace(/\borigins:/g, 'allowOrigins:').replace(/\bmethods:/g, 'allowMethods:').replace(/\bheaders:/g, 'allowHeaders:')
    .replace(/\bcredentials:/g, 'allowCredentials:')
}

function bytesOf ({ yamlFragment, generator = {} }: Case): Uint8Array {
  if (generator.bytes !== undefined) return Buffer.from(generator.bytes, 'hex')
  if (generator.anchorRepeat) {
    const { size, aliases } = generator.anchorRepeat
    return Buffer.from(`version: 1\na: &a ${'x'.repeat(size)}\nb:\n${'  - *a\n'.repeat(aliases)}`)
  }
  if (generator.repeat) {
    const { prefix = '', unit, n, suffix = '' } = generator.repeat
    return Buffer.from(translate(prefix) + unit.repeat(n) + translate(suffix))
  }
  return Buffer.from(translate(yamlFragment ?? generator.text ?? ''))
}

/** Reads and builds as a directory source does. */
function judge (one: Case): BuildResult & { readonly texts: readonly SourceText[] } {
  const files = one.files === undefined
    ? [{ name: 'a.yaml', bytes: bytesOf(one) }]
    : Object.entries(one.files).map(([name, text]) => ({ name, bytes: Buffer.from(translate(text).replaceAll('name: r1', `name: ${name}`)) }))
  const found: Diagnostic[] = []
  const texts: SourceText[] = []
  for (const { name, bytes } of files) {
    // The vector of 100,000 origins asks what becomes of them, not of the size of their file.
    const decoded = decodeSource(name, bytes, one.id === 'BP054' ? 16 * 1024 * 1024 : undefined)
    if (decoded.diagnostic) found.push(decoded.diagnostic)
    else texts.push({ name, text: decoded.text })
  }
  return { ...build(texts, { at, found, allowEmpty: true, expiredAcceptance: 'error' }), texts }
}

for (const one of cases) {
  t.test(`${one.id} ${one.description}`, async t => {
    const reason = untranslatable[one.id]
    if (reason !== undefined) return t.pass(reason)
    const { ok, snapshot, diagnostics, texts } = judge(one)
    const expected = decided[one.id]?.ok ?? (one.expect === 'accept' || one.id === 'BP038' || one.id === 'BP054')
    t.equal(ok, expected, decided[one.id]?.why ?? one.expect)
    t.equal(snapshot !== null, ok)
    const said = diagnostics.map(({ code, message, help }) => `${code} ${message} ${help}`).join('\n')
    t.match(said, wanted[one.id] ?? (decided[one.id]?.code === undefined ? /^(?:$|[a-z])/ : new RegExp(decided[one.id]!.code!)))
    if (!expected) t.ok(diagnostics.some(({ severity, file, line }) => severity === 'error' && file.endsWith('.yaml') && line >= 1), 'an error at a place')
    for (const line of renderPretty(diagnostics, texts).split('\n')) t.ok(line.length < 900, 'excerpts are bounded')
  })
}

t.test('the first of several findings are at the right lines, whatever ends them', async t => {
  for (const end of ['\n', '\r\n', '\r']) {
    const { diagnostics } = build([{ name: 'a.yaml', text: ['version: 1', '# x', 'nonsense: 1', ''].join(end) }], { at })
    t.match(diagnostics, [{ line: 3, column: 1, endLine: 3, endColumn: 9 }])
  }
})

t.test('two files that tie on a route are told with both places', async t => {
  const file = (name: string): SourceText => ({ name: `${name}.yaml`, text: `version: 1\nrules: [{name: ${name}, routes: [/api/*], allowOrigins: [https://a.example]}]\n` })
  const { ok, diagnostics } = build([file('b'), file('a')], { at })
  t.notOk(ok)
  t.match(diagnostics.filter(({ severity }) => severity === 'error'), [{ code: 'conflict', file: 'b.yaml', line: 2, related: [{ file: 'a.yaml', line: 2 }] }])
})
