// What is one well-formed serialized origin: the bounds one by one, and the URL standard as the judge of all else.
import fc from 'fast-check'
import t from 'tap'
import { defaultPortOf, endsInNumber, originOf, parseOrigin } from '../../src/origin/origin.ts'
import { runs } from '../inspect/arbitrary.ts'

const label = (length: number): string => 'a'.repeat(length)
/** A host of so many characters, in labels of 63 and less. */
function hostOf (length: number): string {
  const labels: string[] = []
  for (let left = length; left > 0; left -= 64) labels.push(label(Math.min(63, left)))
  return labels.join('.')
}

t.test('well-formed origins, taken apart', t => {
  const table: [text: string, scheme: string, host: string, port: string][] = [
    ['https://a.example', 'https', 'a.example', ''], ['https://a.example:1', 'https', 'a.example', '1'], ['https://a.example:65535', 'https', 'a.example', '65535'],
    ['https://a.example:9', 'https', 'a.example', '9'], ['http://a.example:443', 'http', 'a.example', '443'], ['https://a.example:80', 'https', 'a.example', '80'],
    ['https://localhost', 'https', 'localhost', ''], ['https://0-z_a.9z', 'https', '0-z_a.9z', ''], ['https://-a.example', 'https', '-a.example', ''],
    ['https://a.example.', 'https', 'a.example.', ''], ['https://[::1]', 'https', '[::1]', ''], ['https://[::1]:8443', 'https', '[::1]', '8443'],
    ['a://b', 'a', 'b', ''], ['z://b', 'z', 'b', ''], ['a1+-.z://b:80', 'a1+-.z', 'b', '80'], ['a0://b', 'a0', 'b', ''], ['a9://b', 'a9', 'b', ''], ['app://1', 'app', '1', ''],
    [`${label(64)}://a`, label(64), 'a', ''], [`https://${label(63)}.a`, 'https', `${label(63)}.a`, ''],
    [`https://${hostOf(253)}`, 'https', hostOf(253), ''], [`https://${hostOf(252)}.`, 'https', `${hostOf(252)}.`, ''],
    [`${label(64)}://${hostOf(253)}:65535`, label(64), hostOf(253), '65535']
  ]
  for (const [text, scheme, host, port] of table) t.strictSame(parseOrigin(text), { scheme, host, port }, text)
  t.end()
})

t.test('everything else is none', t => {
  const table = [
    '', 'null', 'https', 'https:', 'https:/', 'https://', '://a', 'a', '//a', 'https:a', 'https:/a', 'https:///a', 'https://https://a', 'a://b://c',
    // Schemes.
    'HTTPS://a', 'httpS://a', '1a://b', '+a://b', '-a://b', '.a://b', 'a_b://c', 'a*b://c', 'a,b://c', 'a/b://c', 'a b://c', 'a`://b', 'a{://b', 'a:://b', '`://b', '{://b', ' a://b',
    `${label(65)}://a`,
    // Ports.
    'https://a:', 'https://a:0', 'https://a:00', 'https://a:01', 'https://a:443', 'http://a:80', 'https://a:65536', 'https://a:99999', 'https://a:100000', 'https://a:-1', 'https://a:+1',
    'https://a:1 ', 'https://a: 1', 'https://a:1:2', 'https://a:1a', 'https://a:/1', 'https://a:1/', 'https://a::', 'https://a:8e1', 'https://a:0x1', 'https://a:1.5', 'https://:1', 'https://[::1]:',
    'https://[::1]1', 'https://[::1]:443', 'https://[::1]x:1', 'ftp://a:21', 'ws://a:80', 'wss://a:443',
    // Hosts.
    'https://A', 'https://.', 'https://..', 'https://.a', 'https://a..b', 'https://a..', 'https://a/', 'https://a/b', 'https://a?b', 'https://a#b', 'https://u@a', 'https://a@b',
    'https://a b', 'https://a\t', 'https://a\n', 'https://\0a', 'https://a%61', 'https://a*', 'https://*.a', 'https://a`', 'https://a{', 'https://a[', 'https://é', 'https://a\\b', 'https://a,b',
    'https://a, https://a', `https://${label(64)}`, `https://${label(64)}.a`, `https://a.${label(64)}`, `https://${hostOf(254)}`, `https://${hostOf(253)}.`,
    // Addresses: only as they are serialized.
    'https://1', 'https://0', 'https://1.2.3', 'https://1.2.3.4.5', 'https://1.2.3.256', 'https://256.2.3.4', 'https://1.2.3.04', 'https://01.2.3.4', 'https://1.2.3.4.', 'https://1.2.3.0x4', 'https://a.1',
    'https://a.0x', 'https://a.0xf', 'https://0x7f000001', 'http://a.1', 'https://a.1.', 'https://1.2.3.1000',
    'https://[]', 'https://[', 'https://]', 'https://[::1', 'https://::1', 'https://[::1]]', 'https://[[::1]]', 'https://[1]', 'https://[:]', 'https://[:::]', 'https://[::1::]', 'https://[1::2::3]',
    'https://[1:2:3:4:5:6:7]', 'https://[1:2:3:4:5:6:7:8:9]', 'https://[1:2:3:4:5:6:7::8]', 'https://[::1:2:3:4:5:6:7:8]', 'https://[0:0:0:0:0:0:0:1]', 'https://[::0]', 'https://[::01]',
    'https://[::A]', 'https://[::g]', 'https://[::12345]', 'https://[::1.2.3.4]', 'https://[::1%25a]', 'https://[1:0:0:2:0:0:0:3]', 'https://[1::0:2]', 'https://[::x1]', 'https://[::1x]', 'https://[1:]', 'https://[:1]'
  ]
  for (const text of table) t.equal(parseOrigin(text), null, JSON.stringify(text))
  t.end()
})

t.test('which last labels make a host an address', t => {
  for (const host of ['1', '0', 'a.1', '1.2.3.4', 'a.12.', '0x', '1.', '0x7f', 'a.0xabcdef09', 'a.0x.']) t.ok(endsInNumber(host), host)
  for (const host of ['a', '1a', 'a1', '1.a', 'a.1a', 'a.x1', '0xg', 'a.0x1g', 'x0x1', '1.0x1.a', 'a.b.']) t.notOk(endsInNumber(host), host)
  t.end()
})

t.test('default ports are not shown', t => {
  t.strictSame(['http', 'https', 'ws', 'wss', 'ftp', 'app', ''].map(defaultPortOf), ['80', '443', '80', '443', '21', '', ''])
  const table: [scheme: string, authority: string, origin: string][] = [
    ['https', 'a.example:443', 'https://a.example'], ['http', 'a.example:80', 'http://a.example'], ['http', 'a.example:443', 'http://a.example:443'],
    ['https', 'a.example', 'https://a.example'], ['https', 'A.Example:8443', 'https://a.example:8443'], ['https', '[::1]:443', 'https://[::1]'],
    ['https', '443', 'https://443'], ['app', 'a:80', 'app://a:80'], ['app', 'a:', 'app://a:'], ['https', 'a:1443', 'https://a:1443']
  ]
  for (const [scheme, authority, origin] of table) t.equal(originOf(scheme, authority), origin, authority)
  t.end()
})

const hex = fc.oneof({ weight: 3, arbitrary: fc.constantFrom('0', '0', '0', '1', 'ffff', 'a0', '10', '1000') }, fc.nat(0xffff).map(piece => piece.toString(16)))
const ipv6 = fc.tuple(fc.array(hex, { maxLength: 9, size: 'max' }), fc.constantFrom(-1, 0, 1, 2, 3, 4, 5, 6, 7), fc.constantFrom('', '', '', '0', ':', 'A', '.', '::')).map(([pieces, gap, odd]) => {
  const text = gap < 0 ? pieces.join(':') : `${pieces.slice(0, gap).join(':')}::${pieces.slice(gap).join(':')}`
  return `[${odd}${text}]`
})
/** An address of eight pieces as it is serialized, by the URL standard itself. */
const serialized = fc.array(hex, { minLength: 8, maxLength: 8, size: 'max' }).map(pieces => new URL(`http://[${pieces.join(':')}]`).hostname)
const number = fc.constantFrom('0', '1', '9', '10', '99', '100', '249', '255', '256', '300', '01', '00', '0x1', '0x', '1000', 'a', '')
const ipv4 = fc.array(number, { minLength: 1, maxLength: 5, size: 'max' }).map(parts => parts.join('.'))
const name = fc.array(fc.string({ unit: fc.constantFrom(...'az09-_'), minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 4 }).map(labels => labels.join('.'))
const port = fc.oneof(fc.constantFrom('', '', '', ':80', ':443', ':65535', ':65536', ':08', ':', ':a', ':80a'), fc.nat(70_000).map(port => `:${port}`))
const web = fc.tuple(fc.constantFrom('https', 'http'), fc.oneof(ipv6, serialized, ipv4, name, name.map(name => `${name}.`)), port).map(([scheme, host, port]) => `${scheme}://${host}${port}`)

/** What the URL standard serializes as the origin of a text, or null where that is no URL. */
function standardOrigin (text: string): string | null {
  return URL.canParse(text) ? new URL(text).origin : null
}

t.test('of the web\'s origins those are well-formed that the URL standard serializes so', t => {
  let [some, none] = [0, 0]
  fc.assert(fc.property(web, text => {
    const isOrigin = parseOrigin(text) !== null
    if (isOrigin) some++; else none++
    // The standard has no bounds on names, takes empty labels and port 0, and refuses what is no valid punycode.
    if (/\/\/[^[\]]*\.\.|\/\/\.|:0$|xn--/.test(text)) return
    if (isOrigin !== (standardOrigin(text) === text)) throw new Error(`${text}: ${isOrigin ? '' : 'not '}well-formed, but ${standardOrigin(text)}`)
  }), runs)
  t.ok(some > runs.numRuns / 4 && none > runs.numRuns / 4, `${some} and ${none} origins matched some form`)
  t.end()
})
