// The format of bundles: what is printed is read back, and what is signed is taken only as it was signed.
import { generateKeyPairSync, sign } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import type { SourceText } from '../../src/diagnostic/span.ts'
import { parseBundle, printBundle, type Bundle } from '../../src/source/bundle.ts'
import { defaultLimits } from '../../src/source/limits.ts'
import { privateKeyOf, publicKeysOf, type Audience } from '../../src/source/signature.ts'
import { makeKeys } from './keys.ts'

const time = '2026-11-25T12:00:00.000Z'
const stamp = { epoch: 1_795_000_000_000, generation: 3, publishedAt: time }
const [mine, next, foreign] = [makeKeys(), makeKeys(), makeKeys()]

const audience: Audience = 'bucket cors-policies'

function parse (text: string | Uint8Array, publicPem: string | null = null, here: Audience = audience): Bundle {
  return parseBundle('here', Buffer.from(text as string), defaultLimits, publicPem === null ? null : { keys: publicKeysOf(publicPem), audience: here })
}

function faultOf (text: string | Uint8Array, publicPem: string | null = null, here: Audience = audience): Error | null {
  try {
    parse(text, publicPem, here)
    return null
  } catch (error) {
    return error as Error
  }
}

function bundleWith (members: object): string {
  return JSON.stringify({ format: 'cors-policies/1', files: [], ...members })
}

const good = '{"name":"a.yaml","text":"a"}'
const surrogate = '{"name":"a.yaml","text":"\\ud800"}'

t.test('a bundle is believed only where every part is as it must be', async t => {
  const cases: [says: RegExp, body: string | Uint8Array][] = [
    [/it is not UTF-8/, Uint8Array.of(0xff)],
    [/it is a list, not an object/, '[]'],
    [/`format` is missing, not "cors-policies\/1"/, '{}'],
    [/`format` is "cors-policies\/2", not/, '{"format":"cors-policies/2","files":[]}'],
    [/`files` is missing, not a list/, '{"format":"cors-policies/1"}'],
    [/it has a member "file"; did you mean "files"\?/, '{"format":"cors-policies/1","file":[]}'],
    [/`epoch` is missing, not a whole number/, '{"format":"cors-policies/1","generation":1,"files":[]}'],
    ...[0, -1, 1.5, 2 ** 53, '1', null].flatMap((value): [RegExp, string][] => ['epoch', 'generation'].map(name => [
      new RegExp(`\`${name}\` is .*, not a whole number from 1`), bundleWith({ epoch: 1, generation: 1, publishedAt: time, [name]: value })
    ])),
    ...['', '2026-11-25', '2026-11-25T12:00:00+01:00', '2026-02-30T00:00:00Z', '2026-11-25T24:30:00Z', 7, null].map((publishedAt): [RegExp, string] => [
      /`publishedAt` is .*, not a time/, bundleWith({ epoch: 1, generation: 1, publishedAt })
    ]),
    [/`publishedAt` is missing/, bundleWith({ epoch: 1, generation: 1 })],
    [/`revision` is missing, but its files make "[0-9a-f]{12}"/, bundleWith({ epoch: 1, generation: 1, publishedAt: time })],
    [/`revision` is "abc", but its files make/, bundleWith({ revision: 'abc' })],
    [/`revision` is null, but its files make/, bundleWith({ revision: null })],
    ...['', 'x', 7, null, 'A'.repeat(86), `${'A'.repeat(85)}B==`].map((signature): [RegExp, string] => [/`signature` is .*, not the base64 of 64 bytes/, bundleWith({ signature })]),
    [/it has a member "sgnature"; did you mean "signature"\?/, bundleWith({ sgnature: '' })],
    [/`files` is an object, not a list/, '{"format":"cors-policies/1","files":{}}'],
    [/files\[1\] is null, not an object/, files(good, 'null')],
    [/`files\[0\]\.name` is missing, not a text/, files('{"text":"a"}')],
    [/`files\[0\]\.text` \("a\.yaml"\) is 7, not a text/, files('{"name":"a.yaml","text":7}')],
    [/files\[0\] has a member "mode", but takes only name and text/, files('{"name":"a.yaml","text":"","mode":1}')],
    [/the name "a\.yaml" is given twice/, files(good, good)],
    [/`files\[0\]\.text` \("a\.yaml"\) holds half a character/, files(surrogate)],
    ...([
      ['../a.yaml', /is no relative path/], ['/a.yaml', /is no relative path/], ['a//b.yaml', /is no relative path/], ['./a.yaml', /is no relative path/],
      ['', /is no relative path/], ['.a.yaml', /hidden files/], ['..data/a.yaml', /hidden files/], ['a.yaml~', /hidden files/], ['#a.yaml#', /hidden files/],
      ['a.json', /ends in `\.yaml` or `\.yml`/], ['a.test.yaml', /policy tests are no part/], ['a\0.yaml', /a character that a name can't have/],
      ['a\n.yaml', /a character that a name can't have/], [`${'a/'.repeat(33)}a.yaml`, /deeper than 32/], [`${'a'.repeat(5000)}.yaml`, /longer than 4096/]
    ] as const).map(([name, says]): [RegExp, string] => [says, files(JSON.stringify({ name, text: '' }))])
  ]
  for (const [says, body] of cases) {
    const error = faultOf(body)
    t.match(error, { name: 'SourceError', place: 'here', message: says }, String(body).slice(0, 80))
  }
})

function files (...items: readonly string[]): string {
  return `{"format":"cors-policies/1","files":[${items.join()}]}`
}

t.test('what is printed is read back, in one order', async t => {
  const texts = [{ name: 'b/c.yml', text: 'ü\r\n\u2028' }, { name: 'a.yaml', text: '\ufeff"\\' }, { name: 'B.yaml', text: '' }]
  const again = parse(printBundle(texts)).set.texts
  t.same(again, [texts[2], texts[1], texts[0]])
  t.equal(printBundle(again), printBundle(texts))
  t.same(parse(`\ufeff${printBundle(texts)}`).set.texts, again, 'with a byte order mark')
})

const texts = [{ name: 'b/c.yml', text: 'a: "\u00fc\u2028\\"\n' }, { name: 'a.yaml', text: 'b' }]

t.test('a stamp, and the revision that goes with it', async t => {
  const { set, ...rest } = parse(printBundle(texts, { stamp }))
  t.match(rest, { stamp, revision: /^[0-9a-f]{12}$/, isSigned: false })
  t.match(parse(printBundle(texts)), { stamp: null, revision: null, isSigned: false })
  t.match(parse(JSON.stringify({ revision: rest.revision, files: set.texts, format: 'cors-policies/1' })), { stamp: null, revision: rest.revision }, 'in any order, the revision alone')
  t.match(parse(printBundle(texts, { stamp: { ...stamp, publishedAt: '2026-11-25T12:00:00Z' } })).stamp, { publishedAt: '2026-11-25T12:00:00Z' })
})

t.test('what is signed, to the letter, so that others can sign and verify', async t => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const files = [{ name: 'a.yaml', text: 'b' }]
  const publicPem = publicKey.export({ format: 'pem', type: 'spki' }).toString()
  for (const [audience, line] of [['url', '"url"'], ['bucket cors-policies', '"bucket cors-policies"']] as const) {
    const text = `cors-policies/1 signature\n${line}\n{"format":"cors-policies/1","files":[{"name":"a.yaml","text":"b"}]}`
    const signature = sign(null, Buffer.from(text), privateKey).toString('base64')
    t.equal(JSON.parse(printBundle(files, { sign: { key: privateKey, audience } })).signature, signature)
    t.match(parse(bundleWith({ signature, files }), publicPem, audience), { isSigned: true, set: { texts: files } })
  }
})

t.test('with keys, only what one of them has signed is taken', async t => {
  const signed = printBundle(texts, { stamp, sign: { key: mine.key, audience } })
  const both = `# the old one\n${mine.publicPem}\n# the new one\n${next.publicPem}`
  t.match(parse(signed, mine.publicPem), { stamp, isSigned: true })
  t.match(parse(signed, both), { isSigned: true })
  t.match(parse(printBundle(texts, { sign: { key: next.key, audience } }), both), { isSigned: true })
  t.match(parse(signed), { isSigned: true }, 'without keys a signature is not looked at')
  t.match(faultOf(printBundle(texts), mine.publicPem), { name: 'SourceError', message: /^here: the bundle is not signed, and only signed ones are taken here; publish it with `--sign-key FILE`$/ })
  t.match(faultOf(signed, foreign.publicPem), { name: 'SourceError', message: /the signature of the bundle is not by the one key that is trusted here or not for the bucket cors-policies, or the bundle was changed since; publish it there by `cors-gateway publish` with the private key/ })
  t.match(faultOf(printBundle(texts, { sign: { key: foreign.key, audience } }), both), { message: /not by any of the 2 keys that are trusted/ })
})

t.test('what is signed for one place is taken at no other', async t => {
  const places = ['url', 'bucket cors-policies', 'bucket cors-policie', 'bucket cors-policies-status', 'bucket url', 'bucket CORS-policies'] as const
  for (const audience of places) {
    const signed = printBundle(texts, { stamp, sign: { key: mine.key, audience } })
    t.same(places.filter(here => faultOf(signed, mine.publicPem, here) === null), [audience])
  }
  const ofUrl = printBundle(texts, { sign: { key: mine.key, audience: 'url' } })
  const ofBucket = printBundle(texts, { sign: { key: mine.key, audience } })
  t.match(faultOf(ofUrl, mine.publicPem), { message: /or not for the bucket cors-policies, .*; publish it there by `cors-gateway publish` with/ })
  t.match(faultOf(ofBucket, mine.publicPem, 'url'), { message: /or not for a bundle at a URL, .*; print it by `cors-gateway bundle` with/ })
})

t.test('a set that is too large to be read is not believed in anything, whoever signed it', async t => {
  const { stamp: read, set } = parseBundle('here', Buffer.from(printBundle(texts, { stamp, sign: { key: foreign.key, audience } })), { ...defaultLimits, maxFiles: 1 }, { keys: publicKeysOf(mine.publicPem), audience })
  t.match({ read, set }, { read: null, set: { texts: [], diagnostics: [{ code: 'set-too-large', severity: 'error' }] } })
  const large = { ...defaultLimits, maxFileBytes: 5 }
  t.match(parseBundle('here', Buffer.from(printBundle(texts, { sign: { key: mine.key, audience } })), large, { keys: publicKeysOf(mine.publicPem), audience }).set, { texts: [texts[1]], diagnostics: [{ code: 'file-too-large' }] })
  t.throws(() => parseBundle('here', Buffer.from(printBundle(texts, { sign: { key: foreign.key, audience } })), large, { keys: publicKeysOf(mine.publicPem), audience }), { message: /signature/ })
})

t.test('each byte counts', async t => {
  const bytes = Buffer.from(printBundle(texts, { stamp, sign: { key: mine.key, audience } }))
  const taken: number[] = []
  for (let i = 0; i < bytes.length; i++) {
    for (const bit of [1, 2, 4]) {
      const changed = Buffer.from(bytes)
      changed[i]! ^= bit
      if (faultOf(changed, mine.publicPem) === null) taken.push(i)
    }
  }
  t.same(taken, [], 'changed')
  const cut = [...bytes.keys()].filter(length => faultOf(bytes.subarray(0, length), mine.publicPem) === null)
  t.same(cut, [bytes.length - 1], 'cut, but for the last end of line')
})

const name = fc.array(fc.stringMatching(/^[a-zA-Z0-9_\u00e4 -]{1,8}$/), { minLength: 1, maxLength: 3 }).map(parts => `${parts.join('/')}.yaml`)
const someTexts = fc.uniqueArray(fc.record({ name, text: fc.string({ unit: 'binary' }) }), { maxLength: 4, selector: ({ name }) => name })
const someStamp = fc.option(fc.record({
  epoch: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  generation: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  publishedAt: fc.date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true }).map(date => date.toISOString())
}), { nil: undefined })

function sorted (texts: readonly SourceText[]): SourceText[] {
  return [...texts].sort((a, b) => a.name < b.name ? -1 : 1)
}

t.test('what is printed is what is read, whatever it is', async t => {
  t.doesNotThrow(() => fc.assert(fc.property(someTexts, someStamp, fc.boolean(), (texts, stamp, isSigned) => {
    const options = { ...stamp !== undefined && { stamp }, ...isSigned && { sign: { key: mine.key, audience } } }
    const text = printBundle(texts, options)
    const read = parse(text, isSigned ? mine.publicPem : null)
    const same = JSON.stringify([read.set.texts, read.stamp, read.isSigned]) === JSON.stringify([sorted(texts), stamp ?? null, isSigned])
    return same && printBundle(read.set.texts, options) === text
  })))
})

type Tampering = (bundle: Record<string, unknown> & { files: SourceText[] }, texts: readonly SourceText[]) => void

t.test('a member that is changed after signing is refused, whatever it is', async t => {
  const change = fc.constantFrom<Tampering>(
    bundle => { bundle['epoch'] = (bundle['epoch'] as number | undefined ?? 0) + 1 },
    bundle => { bundle['generation'] = (bundle['generation'] as number | undefined ?? 0) + 1 },
    bundle => { bundle['publishedAt'] = '2026-11-25T12:00:00.001Z' },
    bundle => { for (const member of ['epoch', 'generation', 'publishedAt', 'revision']) bundle[member] = undefined },
    bundle => { bundle['revision'] = '0123456789ab' },
    bundle => { bundle['signature'] = undefined },
    bundle => { bundle['signature'] = Buffer.alloc(64).toString('base64') },
    bundle => { bundle.files = bundle.files.slice(1) },
    bundle => { bundle.files.push({ name: 'zzz/added.yaml', text: '' }) },
    (bundle, texts) => { bundle.files.push(...texts.filter(({ name }) => !bundle.files.some(file => file.name === name))) },
    bundle => { bundle.files = bundle.files.map(({ name, text }) => ({ name: `x${name}`, text })) },
    bundle => { bundle.files = bundle.files.map(({ name, text }) => ({ name, text: `${text} ` })) }
  )
  t.doesNotThrow(() => fc.assert(fc.property(someTexts, someStamp, someTexts, change, (texts, stamp, others, change) => {
    const text = printBundle(texts, { ...stamp !== undefined && { stamp }, sign: { key: mine.key, audience } })
    const bundle = JSON.parse(text) as Parameters<Tampering>[0]
    change(bundle, others)
    const changed = `${JSON.stringify(bundle, null, 2)}\n`
    // The revision is made anew, as whoever tampers would do.
    const revision = /but its files make "(\w+)"/.exec(faultOf(changed)?.message ?? '')?.[1]
    const forged = revision === undefined ? changed : `${JSON.stringify({ ...JSON.parse(changed) as object, revision }, null, 2)}\n`
    return [changed, forged].every(each => (faultOf(each, mine.publicPem) === null) === (each === text))
  })))
})

t.test('a key of another kind is refused, and it is told why', async t => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const pkcs8 = { format: 'pem', type: 'pkcs8' } as const
  const rsaPem = rsa.privateKey.export(pkcs8).toString()
  const encrypted = mine.key.export({ ...pkcs8, cipher: 'aes-256-cbc', passphrase: 'x' }).toString()
  const cases: [says: RegExp, pem: string, read: (pem: string) => unknown][] = [
    [/^holds a private key of the kind rsa, but only Ed25519 is taken: `openssl genpkey -algorithm ed25519` makes one$/, rsaPem, privateKeyOf],
    [/^holds a private key of the kind rsa/, rsa.privateKey.export({ format: 'pem', type: 'pkcs1' }).toString(), privateKeyOf],
    [/^holds a private key that is encrypted: give it without a passphrase/, encrypted, privateKeyOf],
    [/^holds a public key, no private key/, mine.publicPem, privateKeyOf],
    [/^holds no private key in PEM form/, 'x', privateKeyOf],
    [/^holds more than one key/, mine.privatePem + next.privatePem, privateKeyOf],
    [/^holds a private key that is not whole/, mine.privatePem.replace('MC4C', ''), privateKeyOf],
    [/^holds a public key of the kind rsa, but only Ed25519/, rsa.publicKey.export({ format: 'pem', type: 'spki' }).toString(), publicKeysOf],
    [/^holds a public key of the kind rsa/, mine.publicPem + rsa.publicKey.export({ format: 'pem', type: 'spki' }).toString(), publicKeysOf],
    [/^holds a rsa public key, no public key/, rsa.publicKey.export({ format: 'pem', type: 'pkcs1' }).toString(), publicKeysOf],
    [/^holds a private key, which only the publisher may have/, mine.privatePem, publicKeysOf],
    [/^holds a private key, which only the publisher may have/, mine.publicPem + mine.privatePem, publicKeysOf],
    [/^holds no public key in PEM form/, '', publicKeysOf],
    [/^holds a public key that is not whole/, mine.publicPem + next.publicPem.slice(0, 60), publicKeysOf],
    [/^holds a public key that is not whole/, mine.publicPem.replace('MCow', ''), publicKeysOf],
    [/^holds a certificate, no public key/, '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n', publicKeysOf]
  ]
  for (const [says, pem, read] of cases) t.throws(() => read(pem), { message: says }, String(says))
  t.equal(privateKeyOf(`# mine\n${mine.privatePem}`).asymmetricKeyType, 'ed25519')
})
