// What an entry of `allowOrigins` may say, what it means, and the corrected form of what it may not.
import t from 'tap'
import { parseOrigin } from '../../src/origin/origin.ts'
import { parseOriginPattern } from '../../src/origin/parse.ts'
import { matchesOrigin, type OriginPattern } from '../../src/origin/pattern.ts'
import { compareSpecificity, coversPattern, patternsOverlap } from '../../src/origin/relation.ts'

function patternOf (text: string): OriginPattern {
  const { pattern, error } = parseOriginPattern(text)
  if (pattern === undefined) throw new Error(`${text}: ${error.message}`)
  return pattern
}

t.test('every form', t => {
  const table: [text: string, meaning: Partial<OriginPattern>][] = [
    ['https://app.example.com', { kind: 'exact', scheme: 'https', host: 'app.example.com', port: '' }],
    ['https://app.example.com:8443', { kind: 'exact', host: 'app.example.com', port: '8443' }],
    ['https://app.example.com:*', { kind: 'exact', host: 'app.example.com', port: '*' }],
    ['http://example.com:443', { kind: 'exact', port: '443' }],
    ['https://app.example.com.', { kind: 'exact', host: 'app.example.com.' }],
    ['http://localhost:3000', { kind: 'exact', host: 'localhost' }],
    ['http://192.0.2.1', { kind: 'exact', host: '192.0.2.1' }],
    ['http://[::1]:3000', { kind: 'exact', host: '[::1]', port: '3000' }],
    ['http://[::1]:*', { kind: 'exact', host: '[::1]', port: '*' }],
    ['https://xn--bcher-kva.example', { kind: 'exact', host: 'xn--bcher-kva.example' }],
    ['https://a_b.example', { kind: 'exact', host: 'a_b.example' }],
    ['capacitor://localhost', { kind: 'exact', scheme: 'capacitor' }],
    ['chrome-extension://abcdefghijklmnopabcdefghijklmnop', { kind: 'exact', scheme: 'chrome-extension' }],
    ['null', { kind: 'opaque' }],
    ['*', { kind: 'any' }],
    ['https://*', { kind: 'any-host', scheme: 'https', port: '' }],
    ['https://*:*', { kind: 'any-host', port: '*' }],
    ['moz-extension://*', { kind: 'any-host', scheme: 'moz-extension' }],
    ['https://*.example.com', { kind: 'subdomains', suffix: '.example.com', port: '' }],
    ['https://*.example.com:8443', { kind: 'subdomains', port: '8443' }],
    ['https://*.com', { kind: 'subdomains', suffix: '.com' }],
    ['https://pr-*.preview.example.com', { kind: 'label-glob', before: [], prefix: 'pr-', suffix: '', after: ['preview', 'example', 'com'] }],
    ['https://app-*-team.example.app', { kind: 'label-glob', prefix: 'app-', suffix: '-team' }],
    ['https://api.pr-*.example.com:*', { kind: 'label-glob', before: ['api'], prefix: 'pr-', after: ['example', 'com'], port: '*' }]
  ]
  for (const [text, meaning] of table) t.match(patternOf(text), { text, ...meaning }, text.replaceAll('*', 'x'))
  t.end()
})

t.test('what is refused, and its corrected form', t => {
  const table: [text: string, reason: string, corrected: string | null, said: RegExp][] = [
    ['https://app.example.com/', 'host', 'https://app.example.com', /trailing `\/`/],
    ['https://app.example.com/path', 'host', 'https://app.example.com', /no path/],
    ['https://app.example.com?x=1', 'host', 'https://app.example.com', /query/],
    ['https://App.Example.com', 'host', 'https://app.example.com', /lower case/],
    ['HTTPS://app.example.com', 'scheme', 'https://app.example.com', /lower case/],
    ['https://app.example.com:443', 'not-serialized', 'https://app.example.com', /default port 443/],
    ['http://app.example.com:80', 'not-serialized', 'http://app.example.com', /default port 80/],
    ['https://bücher.example', 'host', 'https://xn--bcher-kva.example', /punycode/],
    ['http://0x7f.1', 'host', 'http://127.0.0.1', /four decimal/],
    ['http://192.0.2.01', 'host', 'http://192.0.2.1', /four decimal/],
    ['http://[0:0:0:0:0:0:0:1]', 'host', 'http://[::1]', /compressed/],
    ['http://[::FFFF:1]', 'host', 'http://[::ffff:1]', /compressed/],
    ['app.example.com', 'scheme', 'https://app.example.com', /starts with its scheme/],
    ['//app.example.com', 'scheme', 'https://app.example.com', /starts with its scheme/],
    ['*.example.com', 'scheme', 'https://*.example.com', /scheme/],
    ['*://app.example.com', 'scheme', null, /scheme cannot hold/],
    ['https://**.example.com', 'wildcard-place', null, /one `\*`/],
    ['https://*.*.example.com', 'wildcard-place', null, /one `\*`/],
    ['https://a.*.example.com', 'wildcard-place', null, /in front/],
    ['https://example.*', 'wildcard-place', null, /last label/],
    ['https://pr-*', 'wildcard-place', null, /last label/],
    ['https://*.1', 'wildcard-place', null, /IP address/],
    ['https://app.example.com:0', 'port', null, /1 to 65535/],
    ['https://app.example.com:65536', 'port', null, /1 to 65535/],
    ['https://app.example.com:08443', 'port', 'https://app.example.com:8443', /leading zeros/],
    ['https://app.example.com:', 'port', 'https://app.example.com', /port/],
    ['https://user@app.example.com', 'host', null, /user name/],
    ['https://', 'host', null, /has a host/],
    ['', 'scheme', null, /scheme/],
    ['https://app.example.com ', 'host', 'https://app.example.com', /./],
    [' https://app.example.com', 'scheme', 'https://app.example.com', /no space/],
    ['https://-app.example.com', 'host', null, /./],
    ['https://app..example.com', 'host', null, /./],
    ['https://${HOST}', 'host', null, /placeholder/],
    ['file://localhost', 'scheme', null, /`null`/],
    ['data://x', 'scheme', null, /`null`/],
    ['wss://app.example.com', 'scheme', null, /WebSocket/],
    ['https://a.example https://b.example', 'port', null, /./],
    ['NULL', 'scheme', 'null', /./]
  ]
  for (const [text, reason, corrected, said] of table) {
    const { error } = parseOriginPattern(text)
    const name = JSON.stringify(text).replaceAll(/[#*]/g, 'x')
    t.match(error, { reason, corrected }, name)
    t.match(error?.message, said, `${name}: the message`)
    if (corrected !== null) t.ok(parseOriginPattern(corrected).pattern, `${name}: the corrected form is a pattern`)
  }
  t.end()
})

t.test('what a pattern matches', t => {
  const table: [pattern: string, origins: string[], others: string[]][] = [
    ['https://app.example.com', ['https://app.example.com'], ['http://app.example.com', 'https://app.example.com:8443', 'https://app.example.com.', 'null']],
    ['https://app.example.com:*', ['https://app.example.com', 'https://app.example.com:1'], ['https://x.app.example.com', 'https://app.example.com:443']],
    ['https://*.example.com', ['https://a.example.com', 'https://a.b.example.com', 'https://a_b.example.com'],
      ['https://example.com', 'https://xexample.com', 'https://.example.com', 'https://a.example.com:8443', 'https://a.example.com.']],
    ['https://pr-*.example.com', ['https://pr-1.example.com', 'https://pr--.example.com'],
      ['https://pr-.example.com', 'https://pr-a_b.example.com', 'https://pr-1.x.example.com', 'https://x.pr-1.example.com']],
    ['https://*', ['https://a.example', 'https://[::1]'], ['https://a.example:8443', 'http://a.example']],
    ['https://*:*', ['https://a.example:8443', 'https://a.example'], ['app://a.example']],
    ['null', ['null'], ['', 'NULL']],
    ['*', ['https://a.example', 'null', '', 'nonsense'], []]
  ]
  for (const [text, origins, others] of table) {
    const pattern = patternOf(text)
    for (const origin of origins) t.ok(matchesOrigin(pattern, origin, parseOrigin(origin)), `${text.replaceAll('*', 'x')} matches ${origin}`)
    for (const origin of others) t.notOk(matchesOrigin(pattern, origin, parseOrigin(origin)), `${text.replaceAll('*', 'x')} does not match ${origin}`)
  }
  t.end()
})

t.test('from the most specific to the least', t => {
  const falling = [
    'https://a.x.example.com', 'https://a.x.example.com:*', 'https://aa-*.x.example.com', 'https://a*.x.example.com', 'https://a*.x.example.com:*',
    'https://*.x.example.com', 'https://*.x.example.com:*', 'https://*.example.com', 'https://*', 'https://*:*', '*'
  ]
  for (const [i, a] of falling.entries()) {
    for (const [j, b] of falling.entries()) t.equal(Math.sign(compareSpecificity(patternOf(a), patternOf(b))), Math.sign(i - j), `${i} and ${j}`)
  }
  t.equal(compareSpecificity(patternOf('https://a-*.example.com'), patternOf('https://*-b.example.com')), 0, 'two that tie')
  t.end()
})

t.test('which patterns cover or meet each other', t => {
  const table: [a: string, b: string, covers: boolean, meet: boolean][] = [
    ['*', 'null', true, true],
    ['https://*', 'https://a.example', true, true],
    ['https://*', 'https://a.example:1', false, false],
    ['https://*.example', 'https://*.a.example', true, true],
    ['https://*.a.example', 'https://*.example', false, true],
    ['https://*.example', 'https://p-*.example', true, true],
    ['https://*.example', 'https://example', false, false],
    ['https://p-*.example', 'https://p-q-*.example', true, true],
    ['https://p-*.example', 'https://*-q.example', false, true],
    ['https://p-*.example', 'https://q-*.example', false, false],
    ['https://p*.example', 'https://p_*.example', false, false],
    ['https://a.example:*', 'https://a.example', true, true],
    ['https://a.example', 'http://a.example', false, false]
  ]
  for (const [i, [a, b, covers, meet]] of table.entries()) {
    t.equal(coversPattern(patternOf(a), patternOf(b)), covers, `${i}: covers`)
    t.equal(patternsOverlap(patternOf(a), patternOf(b)), meet, `${i}: meet`)
    t.equal(patternsOverlap(patternOf(b), patternOf(a)), meet, `${i}: meet, the other way round`)
  }
  t.end()
})
