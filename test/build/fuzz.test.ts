// Whatever a file holds: findings at places that exist or a snapshot, never an exception.
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import t from 'tap'
import { build } from '../../src/build.ts'
import { catalogue } from '../../src/diagnostic/catalogue.ts'
import type { Diagnostic } from '../../src/diagnostic/diagnostic.ts'
import { renderPretty } from '../../src/diagnostic/render.ts'
import { lineStartsOf, type SourceText } from '../../src/diagnostic/span.ts'
import { decodeSource } from '../../src/document/bytes.ts'

const at = '2026-11-25T00:00:00Z'
const everything = readFileSync(new URL('../fixtures/everything.yaml', import.meta.url), 'utf8')

/** Why a result breaks the law, or null. */
function judge (texts: readonly SourceText[], found: readonly Diagnostic[] = []): string | null {
  const { ok, snapshot, diagnostics } = build(texts, { at, found })
  if (ok !== (snapshot !== null)) return 'ok without a snapshot, or the reverse'
  if (ok === diagnostics.some(({ severity }) => severity === 'error')) return 'ok and an error, or neither'
  for (const { code, message, help, file, line, column, endLine, endColumn, fix } of diagnostics) {
    if (!(code in catalogue) || message === '' || typeof (help ?? '') !== 'string') return `no such code: ${code}`
    const source = texts.find(({ name }) => name === file)
    if (source === undefined) continue
    const lines = lineStartsOf(source).length
    if (!(line >= 1 && column >= 1 && line <= lines && endLine >= line && endLine <= lines)) return `${code} at ${line}:${column} of ${lines} lines`
    if (endLine === line && endColumn < column) return `${code} ends before it begins`
    if (fix && fix.line !== line) return `${code} fixes another line`
  }
  renderPretty(diagnostics, texts, { colour: true })
  return null
}

const judgeText = (text: string): string | null => judge([{ name: 'a.yaml', text }])

function holds (
  t: { equal: (a: unknown, b: unknown, m: string) => unknown }, arbitrary: fc.Arbitrary<string>, numRuns: number, what: string
): void {
  let worst: string | null = null
  fc.assert(fc.property(arbitrary, text => (worst = judgeText(text)) === null), { numRuns })
  t.equal(worst, null, what)
}

t.test('the file that holds everything is valid', async t => {
  t.match(build([{ name: 'a.yaml', text: everything }], { at }), { ok: true })
})

t.test('keys that every object has are unknown keys', async t => {
  for (const key of ['toString', 'valueOf', 'hasOwnProperty', 'isPrototypeOf']) {
    t.equal(judgeText(`${key}: 1\n`), null)
    t.equal(judgeText(`version: 1\nrules:\n  - ${key}: 1\n`), null)
    t.match(build([{ name: 'a.yaml', text: `${key}: 1\n` }], { at }).diagnostics.map(({ code }) => code), /unknown-key/)
  }
})

t.test('cut off after every line, and after every character of some', async t => {
  const starts = lineStartsOf({ name: '', text: everything })
  for (const start of starts) t.equal(judgeText(everything.slice(0, start)), null)
  let failed: string | null = null
  for (let end = 0; end < 900; end++) failed ??= judgeText(everything.slice(0, end))
  t.equal(failed, null)
})

t.test('random bytes', async t => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), bytes => {
    const decoded = decodeSource('a.yaml', bytes)
    return (decoded.diagnostic ? judge([], [decoded.diagnostic]) : judgeText(decoded.text)) === null
  }), { numRuns: 1500 })
  t.pass('give findings')
})

/** Pieces that mean something to YAML or to the language. */
const piece = fc.constantFrom(
  'version: 1\n', 'rules:\n', '  - name: a\n', '    routes: [/a]\n', '    allowOrigins: ', '[https://a.example]\n', '"*"', '*', '*a', '&a ', '$a', '!x ', '!!str ',
  '<<: ', '? ', ': ', '- ', '[', ']', '{', '}', ',', '"', '\'', '|\n', '>\n', '#', '%YAML 1.1\n', '---\n', '...\n', '\n', '\r', '\r\n', '\t', '  ', '\u00a0', '\ufeff',
  '\0', '\ud800', '__proto__: ', 'constructor: ', 'toString: ', 'null', '~', 'yes', '.nan', '-1', '0x10', '1e400', 'originSets:\n', '  a: [$a, $b.*]\n', 'defaults: ',
  'acceptRisks: ', 'maxAge: 10m\n', 'passthrough: true\n', '😀', 'é'
)

t.test('random heaps of pieces', async t => {
  holds(t, fc.array(piece, { maxLength: 40 }).map(pieces => pieces.join('')), 2500, 'give findings or a snapshot')
})

t.test('random changes of a valid file', async t => {
  const change = fc.record({ at: fc.nat(everything.length), length: fc.nat(12), text: fc.oneof(piece, fc.string({ maxLength: 4 })) })
  holds(t, fc.array(change, { minLength: 1, maxLength: 4 }).map(changes =>
    changes.reduce((text, { at, length, text: put }) => text.slice(0, at) + put + text.slice(at + length), everything)), 1500, 'give findings or a snapshot')
})

t.test('lines of a valid file in any order, some left out', async t => {
  const lines = everything.split(/(?<=\n)/)
  holds(t, fc.shuffledSubarray(lines).map(some => some.join('')), 1000, 'give findings or a snapshot')
})

t.test('floods of one character or pair, 32 KiB of each', async t => {
  const units = ['[', '{', '- ', '? ', '[x,', ',', '}', '!', '!a ', '*', '*a,', '&a ', '%x\n', '---\n', 'a: ', '"', '\\', '#', '\t', ' ', '\n', '\r', '\0', ': ', '|\n', '<<: 1\n', '\u00a0', '\ud800', '[a]: ', '- [']
  for (const unit of units) t.equal(judgeText(unit.repeat(32_768 / unit.length)), null, JSON.stringify(unit))
  for (const unit of units) t.equal(judgeText(`version: 1\nrules: [${unit.repeat(8192 / unit.length)}`), null, `in a list: ${JSON.stringify(unit)}`)
})

t.test('levels that are opened by thousands and end at once', async t => {
  for (const unit of ['- ', '? ', '?  - ', '- a: ']) {
    for (const [before, after] of [['a:\n  ', 'x\nb: 1\n'], ['', 'x\n- y\n'], ['version: 1\n', 'x\r\n    b: 1\r\n']] as const) {
      const text = before + unit.repeat(16_000) + after
      t.equal(judgeText(text), null, JSON.stringify(before + unit))
      t.notOk(build([{ name: 'a.yaml', text }], { at }).ok)
    }
  }
})

t.test('the same mistake 20,000 times', async t => {
  const cases = [
    'rules:\n' + '  - x\n'.repeat(20_000), 'rules:\n  - allowOrigins:\n' + '    - HTTPS://A\n'.repeat(20_000), 'a: 1\n'.repeat(20_000),
    'originSets:\n' + Array.from({ length: 10_000 }, (_, i) => `  a.${i}: [$a.*, $x${i}]\n`).join('')
  ]
  for (const text of cases) {
    t.equal(judgeText(text), null)
    t.ok(build([{ name: 'a.yaml', text }], { at }).diagnostics.length <= 300, 'findings are bounded')
  }
})
