// The path of a target, when it is plain, and all the ways in which servers may read it, with the words for each.
import fc from 'fast-check'
import t from 'tap'
import { readEveryWay } from '../../src/inspect/readings.ts'
import { hasUpperCase, isMalformed, isPlain, pathOfTarget, readingsOf, readingSteps, type ReadingStep } from '../../src/route/path.ts'
import { runs } from '../inspect/arbitrary.ts'

t.test('the path of a target', t => {
  const host = 'api.example:8080'
  const table: [target: string, path: string | null][] = [
    ['/', '/'], ['/a/b', '/a/b'], ['/a?', '/a'], ['/a?x=/b', '/a'], ['/a?b?c', '/a'], ['/?', '/'], ['*', '*'], ['/*', '/*'], ['', null], ['a/b', null], ['?', null],
    ['http://api.example:8080/a', '/a'], ['HTTPS://API.example:8080/A', '/A'], ['http://api.example:8080', '/'], ['http://api.example:8080?x', '/'],
    ['http://api.example:8080/a\nb', '/a\nb'], ['http://api.example:8080#x', '/#x'], ['http://api.example:8080/a?b', '/a'],
    ['http://api.example/a', null], ['http://other.test/a', null], ['http:///a', null], ['http://', null], ['ftp://api.example:8080/a', null],
    ['x-http://api.example:8080/a', null], ['http:/api.example:8080/a', null], [' /a', null]
  ]
  for (const [target, path] of table) t.equal(pathOfTarget(target, host), path, JSON.stringify(target))
  t.equal(pathOfTarget('http://api.example/a', 'API.example'), '/a', 'letter case of the host')
  t.equal(pathOfTarget('http:///a', ''), null, 'no host is no authority')
  t.equal(pathOfTarget('http://mutant/a', ''), null)
  t.end()
})

t.test('which paths are plain', t => {
  const plain = ['/', '/a', '/A/b', '/a.b', '/.a', '/..a', '/...', '/a/.well-known/x', '/a..', '/a.', '/a/b.c-_~!$&\'()*+,=:@"^`{|}<>[]0', '/aa/bb/cc']
  const odd = ['/a/', '//', '//a', '/a//b', '/.', '/..', '/a/.', '/a/..', '/a/./b', '/a/../b', './a', '/a b', '/a\tb', '/%61', '/a;b', '/a\\b', '/é', '/a\u007f', '/a#b']
  for (const path of plain) t.ok(isPlain(path), path)
  for (const path of odd.filter(path => path.startsWith('/'))) t.notOk(isPlain(path), JSON.stringify(path))
  t.end()
})

t.test('which paths hold a letter that folds', t => {
  for (const path of ['/A', '/Z', '/aZ', '/a/M/b', '/É', '/éA', '/aİ']) t.ok(hasUpperCase(path), path)
  for (const path of ['/', '/a', '/@', '/[', '/z', '/0', '/é', '/\u0080']) t.notOk(hasUpperCase(path), path)
  t.end()
})

t.test('which paths no server should act on', t => {
  const malformed = ['/#', '/a#b', '/%', '/%2', '/%zz', '/%c3', '/%c3%28', '/\0', '/\u001f', '/a\n', '/\u007f', '/%00', '/%1f', '/%1F', '/%7f', '/%2500', '/%251f', '/%257F']
  const fine = ['/', '/a b', '/~', '/%20', '/%41', '/%25', '/%2525', '/%25zz', '/%c3%a9', '/\u0080', '/%23', '/%2523', '/%7e', '/!']
  for (const path of malformed) t.ok(isMalformed(path), JSON.stringify(path))
  for (const path of fine) t.notOk(isMalformed(path), path)
  t.end()
})

const piece = fc.constantFrom('/', '/', '/', 'a', 'b', 'A', '.', '..', '//', '///', '/./', '/../', '%2e', '%2E', '%2f', '%5c', '\\', ';', ';x', ';x/y', '%3b', '%61', '%41', '%2561',
  '%252f', '%252e%252e', '%255c', '%25', '%C3%A9', 'é', 'É', '~', '%E2%84%AA', 'Z', '%5a')
const path = fc.array(piece, { maxLength: 9, size: 'max' }).map(pieces => `/${pieces.join('')}`).filter(path => !isMalformed(path))
const steps = fc.oneof(fc.constant([...readingSteps]), fc.subarray([...readingSteps])).map(steps => new Set<ReadingStep>(steps))

t.test('the readings are those that the plain definition gives', t => {
  const key = ({ folded, trimmed, path }: { folded: boolean, trimmed: boolean, path: string }): string => `${folded} ${trimmed} ${path}`
  fc.assert(fc.property(path, steps, (path, steps) => {
    const [ours, plain] = [readingsOf(path, steps), readEveryWay(path, steps)].map(readings => [...new Set(readings.map(key))].sort().join('\n'))
    if (ours !== plain) throw new Error(`${path}:\n${ours}\n\n${plain}`)
  }), runs)
  t.end()
})

t.test('a plain path reads one way, letter case aside', t => {
  let plain = 0
  fc.assert(fc.property(fc.oneof(path, fc.string({ maxLength: 8 }).map(text => `/${text}`)), path => {
    if (!isPlain(path)) return
    plain++
    for (const reading of readEveryWay(path, new Set(readingSteps))) {
      if (reading.path !== path && !(reading.folded && reading.path === path.toLowerCase())) throw new Error(`${path}: ${reading.path}`)
      if (reading.path !== path && !hasUpperCase(path)) throw new Error(`${path} holds an upper-case letter`)
    }
  }), runs)
  t.ok(plain > runs.numRuns / 20, `${plain} paths were plain, and matched some reading`)
  t.end()
})

t.test('a reading says the steps that led to it, and the fewest', t => {
  const table: [path: string, readings: Readonly<Record<string, string>>][] = [
    ['/a', { '/a': '' }],
    ['/a%2fb', { '/a%2fb': '', '/a/b': 'percent-decoded' }],
    ['/%2561', { '/%2561': '', '/%61': 'percent-decoded', '/a': 'percent-decoded twice' }],
    ['/a\\b', { '/a\\b': '', '/a/b': 'backslash as slash' }],
    ['/a;x/b', { '/a;x/b': '', '/a/b': ';parameters dropped' }],
    ['/a;x/b;', { '/a;x/b;': '', '/a/b': ';parameters dropped' }],
    ['/a//b', { '/a//b': '', '/a/b': 'empty segments merged' }],
    ['/a/./b', { '/a/./b': '', '/a/b': 'dot segments resolved' }],
    ['/a/b/../c', { '/a/b/../c': '', '/a/c': 'dot segments resolved' }],
    ['/a//../b', {
      '/a//../b': '', '/a/../b': 'empty segments merged', '/a/b': 'dot segments resolved', '/b': 'empty segments merged, then dot segments resolved'
    }],
    ['/a/.//b', {
      '/a/.//b': '', '/a/./b': 'empty segments merged', '/a//b': 'dot segments resolved', '/a/b': 'empty segments merged, then dot segments resolved'
    }],
    ['/a//..//b', {
      '/a//..//b': '', '/a/../b': 'empty segments merged', '/a//b': 'dot segments resolved', '/b': 'empty segments merged, then dot segments resolved',
      '/a/b': 'dot segments resolved, then empty segments merged'
    }],
    ['/a%5cb', { '/a%5cb': '', '/a\\b': 'percent-decoded', '/a/b': 'percent-decoded, backslash as slash' }]
  ]
  const without = new Set(readingSteps.filter(step => step !== 'case' && step !== 'trailing-slash'))
  for (const [path, readings] of table) {
    t.strictSame(Object.fromEntries(readingsOf(path, without).map(({ path, steps }) => [path, steps.join(', ')])), readings, path)
  }
  t.strictSame(readingsOf('/A//', new Set(['slashes', 'case', 'trailing-slash'])).map(({ path, folded, trimmed, steps }) => [path, folded, trimmed, steps.join(', ')]), [
    ['/A//', false, false, ''],
    ['/A/', false, true, 'trailing slash dropped'],
    ['/a//', true, false, 'letter case folded'],
    ['/a/', true, true, 'letter case folded, trailing slash dropped'],
    ['/A/', false, false, 'empty segments merged'],
    ['/A', false, true, 'empty segments merged, trailing slash dropped'],
    ['/a/', true, false, 'empty segments merged, letter case folded'],
    ['/a', true, true, 'empty segments merged, letter case folded, trailing slash dropped']
  ], 'letter case and trailing slash')
  t.end()
})
