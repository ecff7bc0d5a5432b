// Bytes to text: strict UTF-8, and a bound.
import t from 'tap'
import { decodeSource, maxFileSize } from '../../src/document/bytes.ts'

t.test('UTF-8 is decoded, a byte order mark kept', async t => {
  t.strictSame(decodeSource('a', new TextEncoder().encode('a: é😀\n')), { text: 'a: é😀\n' })
  t.strictSame(decodeSource('a', Uint8Array.of(0xef, 0xbb, 0xbf, 0x61)), { text: '\ufeffa' })
})

t.test('anything else is told at its place', async t => {
  const cases: readonly [hex: string, line: number, column: number, message: RegExp][] = [
    ['76657273696f6e3a2031800a', 1, 11, /0x80/],
    ['613a20c0af0a', 1, 4, /0xC0/],
    ['610a623a20fffe0a', 2, 4, /0xFF/],
    ['61eda080', 1, 2, /0xED/],
    ['61c3', 1, 2, /ends inside|0xC3/]
  ]
  for (const [hex, line, column, message] of cases) {
    t.match(decodeSource('a.yaml', Buffer.from(hex, 'hex')).diagnostic, { code: 'not-utf8', file: 'a.yaml', line, column, message }, hex)
  }
})

t.test('a file may have 1 MiB', async t => {
  t.equal(decodeSource('a', new Uint8Array(maxFileSize).fill(35)).text?.length, maxFileSize)
  t.match(decodeSource('a', new Uint8Array(maxFileSize + 1).fill(35)).diagnostic, { code: 'file-too-large', line: 1, column: 1 })
})
