// The origin index finds what a scan over all patterns finds, whatever the order in which they were given.
import fc from 'fast-check'
import t from 'tap'
import { malformed, noMatch, OriginIndex } from '../../src/origin/lookup.ts'
import { opaqueOrigin, parseOrigin } from '../../src/origin/origin.ts'
import { parseOriginPattern } from '../../src/origin/parse.ts'
import { matchesOrigin, type OriginPattern } from '../../src/origin/pattern.ts'
import { compareSpecificity } from '../../src/origin/relation.ts'
import { runs } from '../inspect/arbitrary.ts'

const label = fc.constantFrom('a', 'b', 'ab', 'p-1', 'p-1-q', 'x_y', '1', 'com', 'p-', '-q', '__proto__', 'constructor')
const domain = fc.tuple(fc.array(label, { maxLength: 3, size: 'max' }), fc.constantFrom('example', 'test', 'example.', 'localhost'))
  .map(([labels, last]) => [...labels, last].join('.'))
const address = fc.constantFrom('192.0.2.1', '[::1]', '[2001:db8::1]', '192.0.2.01', '1', '0x7f.1')
const host = fc.oneof({ weight: 8, arbitrary: domain }, { weight: 1, arbitrary: address })
const scheme = fc.constantFrom('https', 'https', 'https', 'http', 'app')

const glob = fc.constantFrom('p-*', '*-q', 'p-*-q', 'a*', '*b', 'p*', '*')
const wildHost = fc.tuple(fc.constantFrom('', '', 'a.'), glob, host).map(([front, star, rest]) => `${star === '*' ? '' : front}${star}.${rest}`)
const patternText = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.tuple(scheme, fc.oneof(host, wildHost), fc.constantFrom('', '', ':8443', ':*')).map(([scheme, host, port]) => `${scheme}://${host}${port}`)
  },
  { weight: 1, arbitrary: fc.constantFrom('*', 'null', 'https://*', 'https://*:*', 'https://*:8443', 'app://*') })
/** Patterns that mostly match the values beside them, so that many contend for each. */
const denseText = fc.tuple(
  fc.constantFrom('p-*', '*-q', 'p-*-q', 'p*', '*q', 'pp-*', '*-qq', 'p_*', 'a.p-*', 'a.*-q', '*', 'a.p-1-q'), fc.constantFrom('', '', ':*', ':8443'))
  .map(([star, port]) => `https://${star}.b.example${port}`)
const denseValue = fc.tuple(
  fc.constantFrom('', '', 'a.', 'p-1.', 'a.a.'), fc.constantFrom('p-1-q', 'p-1', '1-q', 'pq', 'p-q', 'pp-1-qq', 'p-_-q', 'p_1-q', 'p--q', 'a', 'p', 'q'),
  fc.constantFrom('', '', ':8443', ':1')).map(([front, label, port]) => `https://${front}${label}.b.example${port}`)

const patternOf = (text: fc.Arbitrary<string>): fc.Arbitrary<OriginPattern> => text.map(text => parseOriginPattern(text).pattern)
  .filter((pattern): pattern is OriginPattern => pattern !== undefined)
const pattern = patternOf(patternText)

const value = fc.oneof(
  { weight: 12, arbitrary: fc.tuple(scheme, host, fc.constantFrom('', '', ':8443', ':80', ':443', ':0', ':65536')).map(([scheme, host, port]) => `${scheme}://${host}${port}`) },
  { weight: 1, arbitrary: fc.constantFrom('null', '', '*', 'https://', 'HTTPS://a.example', 'https://a.example/', 'https://a.example, https://b.example', 'https://A.example') })

/** What the index stands for: every pattern is tried, the most specific that matches wins, the first given of equals. */
function scan (patterns: readonly OriginPattern[], value: string): number {
  const origin = parseOrigin(value)
  let best: OriginPattern | null = null
  for (const pattern of patterns) {
    if (matchesOrigin(pattern, value, origin) && (best === null || compareSpecificity(pattern, best) < 0)) best = pattern
  }
  if (best !== null) return patterns.indexOf(best)
  return origin === null && value !== opaqueOrigin ? malformed : noMatch
}

/** Draws patterns and values and compares; gives the number of values that matched. */
function compare (patterns: fc.Arbitrary<OriginPattern>, values: fc.Arbitrary<string>): number {
  let hits = 0
  const lists = fc.array(patterns, { maxLength: 24, size: 'max' })
  fc.assert(fc.property(lists, fc.array(values, { minLength: 1, maxLength: 8, size: 'max' }), (patterns, values) => {
    const index = new OriginIndex(patterns.map((pattern, slot) => ({ pattern, slot })))
    for (const value of values) {
      const [got, wanted] = [index.find(value), scan(patterns, value)]
      if (wanted >= 0) hits++
      if (got !== wanted) throw new Error(`${value}: ${patterns[got]?.text ?? got}, where a scan finds ${patterns[wanted]?.text ?? wanted}`)
    }
  }), runs)
  return hits
}

t.test('security 3: OriginIndex.find is a scan by matchesOrigin and compareSpecificity', t => {
  const hits = compare(pattern, value)
  t.ok(hits > runs.numRuns, `${hits} values matched some pattern`)
  t.end()
})

t.test('also where many patterns contend for each value', t => {
  const hits = compare(patternOf(denseText), denseValue)
  t.ok(hits > runs.numRuns, `${hits} values matched some pattern`)
  t.end()
})

t.test('the order of patterns makes no difference where none tie', t => {
  const shuffled = fc.array(pattern, { maxLength: 12, size: 'max' }).chain(patterns =>
    fc.tuple(fc.constant(patterns), fc.shuffledSubarray(patterns, { minLength: patterns.length })))
  fc.assert(fc.property(shuffled, fc.array(value, { minLength: 1, maxLength: 4 }), ([patterns, others], values) => {
    const [one, other] = [patterns, others]
      .map(list => new OriginIndex(list.map(pattern => ({ pattern, slot: patterns.indexOf(pattern) }))))
    for (const value of values) {
      const [a, b] = [patterns[one!.find(value)], patterns[other!.find(value)]]
      if (a !== b && (a === undefined || b === undefined || compareSpecificity(a, b) !== 0)) throw new Error(`${value}: ${a?.text}, ${b?.text}`)
    }
  }), runs)
  t.pass()
  t.end()
})

/** A label of some length: the letter tells apart endings that are equally long. */
const sized = fc.tuple(fc.constantFrom('a', 'a', 'a', 'a', 'b'), fc.constantFrom(1, 15, 30, 31, 31, 63)).map(([letter, length]) => letter.repeat(length))
const below = fc.array(sized, { minLength: 1, maxLength: 3 }).map(labels => labels.join('.'))
const port = fc.constantFrom('', '', ':8443', ':*')
const sizedText = fc.tuple(fc.constantFrom('*', '*', 'p*', 'a*', 'a.p*'), below, port).map(([star, rest, port]) => `https://${star}.${rest}${port}`)
const sizedValue = fc.tuple(fc.constantFrom('', 'x.', 'p1.', 'aa.', 'a.p1.'), below, fc.constantFrom('', '', ':8443', ':1'))
  .map(([front, rest, port]) => `https://${front}${rest}${port}`)

t.test('endings whose lengths are equal modulo 32, beside others', t => {
  const hits = compare(patternOf(sizedText), sizedValue)
  t.ok(hits > runs.numRuns / 2, `${hits} values matched some pattern`)
  t.end()
})

/** A host with an ending of this length, and endings of all smaller even ones: `.a.a.a`, the last label longer by one for an odd one. */
const hostOfEnding = (length: number, letter = 'a'): string => `${`.${letter}`.repeat(Math.floor(length / 2))}${length % 2 === 0 ? '' : letter}`

t.test('endings of each length against those that are kept, and the empty one behind the last label', t => {
  const table: [name: string, kept: number[]][] = [
    ['one length', [8]],
    ['a length of which the bit is that of the empty ending', [32]],
    ['a length of which the bit is the sign', [31]],
    ['lengths that share one bit', [8, 40, 72, 104]],
    ['lengths that share the bit of the empty ending', [32, 64, 96]],
    ['lengths that share the sign', [31, 63, 95]],
    ['lengths that share bits beside others', [2, 7, 31, 32, 34, 39, 63, 64, 67, 100]],
    ['each length modulo 32', Array.from({ length: 32 }, (_, i) => i + 2)]
  ]
  for (const [name, kept] of table) {
    const patterns = kept.flatMap((length, i) => {
      const ending = hostOfEnding(length)
      return i % 3 === 0 ? [`https://*${ending}`] : i % 3 === 1 ? [`https://p*${ending}:*`] : [`https://*${ending}:*`, `https://a*${ending}`]
    }).map(text => parseOriginPattern(text).pattern!)
    const index = new OriginIndex(patterns.map((pattern, slot) => ({ pattern, slot })))
    const differences: string[] = []
    let hits = 0
    for (let length = 0; length <= 140; length++) {
      for (const label of ['a', 'p1', 'aa', 'a.p1', 'x']) {
        for (const value of ['a', 'b'].flatMap(letter => ['', ':8443'].map(port => `https://${label}${hostOfEnding(length, letter)}${port}`))) {
          const [got, wanted] = [index.find(value), scan(patterns, value)]
          if (wanted >= 0) hits++
          if (got !== wanted) differences.push(`${value}: ${patterns[got]?.text ?? got}, where a scan finds ${patterns[wanted]?.text ?? wanted}`)
        }
      }
    }
    t.strictSame(differences, [], name)
    t.ok(hits > 0, `${hits} values matched some pattern`)
  }
  t.end()
})
