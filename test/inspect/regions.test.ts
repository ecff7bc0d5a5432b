// The atoms from which regions are built: nothing that exists is left out, by trying everything that is small.
import fc from 'fast-check'
import t from 'tap'
import { hostAtoms } from '../../src/inspect/regions/hosts.ts'
import { labelClasses } from '../../src/inspect/regions/labels.ts'
import { originAtoms } from '../../src/inspect/regions/origins.ts'
import { parseOrigin } from '../../src/origin/origin.ts'
import { parseOriginPattern } from '../../src/origin/parse.ts'
import { globMatches, matchesOrigin, type OriginPattern } from '../../src/origin/pattern.ts'
import { hostMatches, parseHostPattern, type HostPattern } from '../../src/route/host.ts'

const runs = { numRuns: Number(process.env['RUNS'] ?? 300) }

function words (alphabet: string, longest: number): string[] {
  let last = ['']
  const all: string[] = []
  for (let length = 1; length <= longest; length++) {
    last = last.flatMap(word => [...alphabet].map(character => word + character))
    all.push(...last)
  }
  return all
}

const fix = fc.constantFrom('', 'a', 'b', 'ab', 'ba', 'aa', 'bab', 'a_', 'b-a')

t.test('a word for each set of globs that some label matches', async t => {
  const labels = words('ab-_z', 5)
  const globs = fc.array(fc.record({ prefix: fix, suffix: fix }), { maxLength: 4 })
  const taken = fc.uniqueArray(fc.constantFrom<string>('ab', 'a', 'aba', 'zz'), { maxLength: 2 })
  fc.assert(fc.property(globs, taken, (globs, taken) => {
    const matchesOf = (word: string): string =>
      globs.flatMap(({ prefix, suffix }, i) => globMatches(prefix, suffix, word) ? [i] : []).join()
    const { classes, isExact } = labelClasses(globs, new Set(taken))
    const found = new Set(classes.map(({ matches }) => matches.join()))
    const wanted = new Set(labels.filter(word => !taken.includes(word)).map(matchesOf))
    const wrong = classes.find(({ word, matches }) => taken.includes(word) || matchesOf(word) !== matches.join())
    const missing = [...wanted].find(key => !found.has(key))
    if (!isExact || wrong !== undefined || missing !== undefined) throw new Error(JSON.stringify({ isExact, wrong, missing }))
  }), runs)
  t.pass()
})

const labels = ['a', 'b', 'ab', 'a1b', 'p-1', 'p-1-q', 'p-', '1-q', 'x', 'example', '_']
const domains = [...labels, 'a.a', 'a.b', 'b.a', 'x.example', 'a.example', 'b.a.a']
const hosts = [...labels, ...labels.flatMap(one => domains.map(domain => `${one}.${domain}`))]
const ports = ['', ':8443', ':9', ':8444']
const tuples = ['https', 'app', 'http'].flatMap(scheme => hosts.flatMap(host => ports.map(port => `${scheme}://${host}${port}`)))
const values = ['null', ...tuples.filter(value => parseOrigin(value) !== null)]

const label = fc.constantFrom('a', 'b', 'ab', 'example')
const patternText = fc.tuple(
  fc.constantFrom('https', 'https', 'app'),
  fc.oneof(
    fc.constantFrom('*', '*.a', '*.b.a', '*.example'), label,
    fc.tuple(fc.constantFrom('a*', '*b', 'p-*', '*-q', 'p-*-q', 'a', 'ab', 'a*b'), label).map(parts => parts.join('.')),
    fc.tuple(label, fc.constantFrom('a*', '*-q', 'b'), label).map(parts => parts.join('.'))),
  fc.constantFrom('', '', ':8443', ':*')).map(([scheme, host, port]) => `${scheme}://${host}${port}`)
const entry = fc.oneof({ weight: 12, arbitrary: patternText }, { weight: 1, arbitrary: fc.constant('null') })
const patterns: fc.Arbitrary<OriginPattern[]> = fc.uniqueArray(entry, { maxLength: 7 })
  .map(texts => texts.map(text => parseOriginPattern(text).pattern!))

t.test('an origin for each set of patterns that some origin matches', async t => {
  fc.assert(fc.property(patterns, patterns => {
    const keyOf = (value: string): string =>
      patterns.flatMap((pattern, i) => matchesOrigin(pattern, value, parseOrigin(value)) ? [i] : []).join()
    const { origins, isExact } = originAtoms(patterns)
    const found = new Set(origins.map(keyOf))
    const missing = values.find(value => !found.has(keyOf(value)))
    const strange = origins.find(origin => origin !== 'null' && parseOrigin(origin) === null)
    if (!isExact || missing !== undefined || strange !== undefined || found.size !== origins.length) {
      throw new Error(JSON.stringify({ patterns: patterns.map(({ text }) => text), missing, strange, origins }))
    }
  }), runs)
  t.pass()
})

t.test('a host for each chain of patterns', async t => {
  const texts = ['a', 'b.a', '*.a', '*.b.a', 'x.b.a', '*.x.b.a', 'other.a', '1.a', '*.example.com', 'api.example.com', '*.example']
  fc.assert(fc.property(fc.uniqueArray(fc.constantFrom(...texts), { maxLength: 6 }), texts => {
    const patterns = texts.map(text => (parseHostPattern(text) as { pattern: HostPattern }).pattern)
    const keyOf = (host: string): string => patterns.filter(pattern => hostMatches(pattern, host)).map(({ text }) => text).sort().join()
    const atoms = hostAtoms(patterns)
    const wrong = atoms.find(({ host, chain }) => chain.map(({ text }) => text).sort().join() !== keyOf(host))
    const found = new Set(atoms.map(({ host }) => keyOf(host)))
    const missing = [...hosts, ...texts.map(text => text.replace('*', 'q')), 'y.x.b.a', 'q.q.a', 'q'].find(host => !found.has(keyOf(host)))
    if (missing !== undefined || wrong !== undefined) throw new Error(JSON.stringify({ missing, wrong, texts }))
  }), runs)
  t.pass()
})

t.test('what could take too long is told', async t => {
  const many = Array.from({ length: 200 }, (_, i) => ({ prefix: `a${i}`, suffix: `${i}b` }))
  t.equal(labelClasses(many, new Set()).isExact, false)
  const tail = Array.from({ length: 200 }, (_, i) => parseOriginPattern(`https://p${i}-*-s${i}.example.com`).pattern!)
  t.equal(originAtoms(tail).isExact, false)
  const wide = Array.from({ length: 60 }, (_, i) => parseOriginPattern(`https://p${i}-*.example.com`).pattern!)
  t.equal(originAtoms(wide).isExact, true)
})
