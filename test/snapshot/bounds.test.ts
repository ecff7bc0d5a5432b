// Security 16: what a request brings, at its largest, is decided like any other. The test's own time limit is the measure.
import t from 'tap'
import { build } from '../../src/build.ts'
import { decide } from '../../src/snapshot/decide.ts'
import { headersFor } from '../../src/snapshot/headers.ts'
import type { RequestFacts } from '../../src/fetch/request.ts'

const shop = 'https://shop.example.com'
const { snapshot } = build([{
  name: 'a.yaml',
  text: `version: 1
rules:
  - name: files
    hosts: [api.example.com, "*.example.com", "*.example.org"]
    routes: [/files/*, /:a/:b/:c/*]
    allowOrigins: [${shop}, "https://*.shop.example.com", "https://pr-*.preview.example.com"]
    exceptOrigins: [https://old.shop.example.com]
    allowMethods: ["*"]
    allowHeaders: ["*"]
    allowCredentials: true
    acceptRisks: [{ risk: all-headers-credentials, reason: a test }]
  - name: secret
    routes: [/Files/Secret/**]
    allowOrigins: [https://admin.example.com]
    deniedRequests: reject
`
}])

const size = 15_000
const flood = (piece: string): string => piece.repeat(Math.ceil(size / piece.length)).slice(0, size)
const plain: RequestFacts = {
  method: 'GET', target: '/files/a', host: 'api.example.com', scheme: 'https', origin: shop, requestedMethod: undefined, requestedHeaders: undefined,
  requestsPrivateNetwork: false, fetchSite: undefined, upgrade: false, carriesCredentials: false, hostIsAmbiguous: false
}
const preflight: Partial<RequestFacts> = { method: 'OPTIONS', requestedMethod: 'PUT' }

/** Values that made one look-up a hundred times, or with another even thousands of times, as dear as a plain one. */
const floods: readonly Partial<RequestFacts>[] = [
  ...['a', '/', '../', './', ';', ';a/', '\\', '%25', '%2e%2e%2f', '%25%2e%2f;//', '/./%5c/;/%252e', 'a/%2e%2e/;x//%5c..%252f', '%c3%a9', '%25c3%25a9']
    .map(piece => ({ target: `/files/${flood(piece)}` })),
  // Malformed in the second decoding only.
  ...['%25e9', '%25f0%2580', '%25c3%2525', '%25ff/'].map(piece => ({ target: `/files/${flood(piece).replace(/%.?$/, '')}` })),
  { host: flood('a.') }, { host: `${flood('a.')}example.com` },
  { host: `${flood('a.')}example.com`, target: `/files/${flood('/./%5c/;/%252e')}` },
  ...['a', 'https://', 'a.', ',', ':'].map(piece => ({ origin: flood(piece) })),
  { origin: `https://${flood('a.')}shop.example.com` },
  ...['a,', ',', ' ', 'a', 'x-a, '].map(piece => ({ ...preflight, requestedHeaders: flood(piece) })),
  { ...preflight, requestedMethod: flood('A') }
]

t.test('security 16: floods of 15 KiB cost no more than a machine can bear, and nothing of them is echoed', t => {
  for (let i = 0; i < 20; i++) {
    for (const change of floods) {
      const facts = { ...plain, ...change }
      const { set } = headersFor(decide(snapshot!, facts), facts)
      for (const [name, value] of set) if (value.length > 1024) t.fail(`${name} has ${value.length} bytes`)
    }
  }
  t.end()
})

t.test('a host beyond all bounds is below its suffix like any other', t => {
  const reason = (host: string): string => decide(snapshot!, { ...plain, host }).reason
  t.equal(reason(`${flood('a.')}example.com`), 'allowed')
  t.equal(reason(`${'a'.repeat(size)}.example.com`), 'allowed')
  t.equal(reason(`${flood('a.')}example.net`), 'no-policy')
  t.equal(reason('.example.com'), 'no-policy', 'a label stands before the suffix')
  t.equal(reason('a.example.com'), 'allowed')
  t.end()
})
