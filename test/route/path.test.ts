// The second decoding of a path: what is well-formed is decoded, everything else stays as it is.
import fc from 'fast-check'
import t from 'tap'
import { readingsOf } from '../../src/route/path.ts'

/** The path, percent-decoded twice. */
function twice (path: string): string {
  return readingsOf(path, new Set(['decode'])).at(-1)!.path
}

const escape = (bytes: readonly number[]): string => bytes.map(byte => `%25${byte.toString(16).padStart(2, '0')}`).join('')

t.test('malformed escapes stay, each by itself', t => {
  for (const [bytes, decoded] of [
    [[0x41], 'A'], [[0xc3, 0xa9], 'é'], [[0xe2, 0x82, 0xac], '€'], [[0xf0, 0x9f, 0x98, 0x80], '😀'], [[0xc3, 0xc3, 0xa9], '%c3é'], [[0xa9, 0x41], '%a9A'],
    [[0xc0, 0xae], '%c0%ae'], [[0xe0, 0x80, 0xae], '%e0%80%ae'], [[0xed, 0xa0, 0x80], '%ed%a0%80'], [[0xf4, 0x90, 0x80, 0x80], '%f4%90%80%80'],
    [[0xf5, 0x80, 0x80, 0x80], '%f5%80%80%80'], [[0xe2, 0x82], '%e2%82'], [[0xe2, 0x82, 0x2f], '%e2%82/']
  ] as const) t.equal(twice(`/${escape(bytes)}`), `/${decoded}`, bytes.map(byte => byte.toString(16)).join(' '))
  t.equal(twice('/%25zz%25%2541'), '/%zz%A', 'what is no escape stays')
  t.end()
})

t.test('well-formed runs are what decodeURIComponent makes of them', t => {
  fc.assert(fc.property(fc.string({ unit: 'grapheme' }), text => {
    const path = `/${encodeURIComponent(encodeURIComponent(text))}`
    return twice(path) === `/${text}`
  }), { numRuns: 2000 })
  t.end()
})
