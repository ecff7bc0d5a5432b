// Without any setting, a path is read as Fastify reads it by default, and in every other way as a veto.
import t from 'tap'
import { build } from '../../src/build.ts'
import { decide } from '../../src/snapshot/decide.ts'

const text = `
version: 1
rules:
  - name: files
    routes: [/files/*]
    allowOrigins: [https://app.example.com]
  - name: report
    routes: [/files/report]
    allowOrigins: [https://boss.example.com]
`

const { snapshot } = build([{ name: 'policy.yaml', text }], { at: 0 })

/** `route` is where Fastify's own reading leads. */
const table: readonly (readonly [target: string, route: string | null, reason: string])[] = [
  ['/files/a', '/files/*', 'allowed'],
  ['/files/report', '/files/report', 'origin-not-allowed'],
  ['/files/a/', '/files/*', 'allowed'],
  ['/files/report/', '/files/*', 'path-ambiguous'],
  ['/files/report;x=1', '/files/*', 'path-ambiguous'],
  ['/files/report%3Bx=1', '/files/*', 'path-ambiguous'],
  ['/files/%72eport', '/files/report', 'path-ambiguous'],
  ['/files/%2572eport', '/files/*', 'path-ambiguous'],
  ['/files/REPORT', '/files/*', 'path-ambiguous'],
  ['/files//report', '/files/*', 'path-ambiguous'],
  ['/files/./report', '/files/*', 'path-ambiguous'],
  ['/files/x/../report', '/files/*', 'path-ambiguous'],
  ['/files/x\\..\\report', '/files/*', 'path-ambiguous'],
  ['/Files/a', null, 'path-ambiguous']
]

t.test('readings by default', async t => {
  for (const [target, route, reason] of table) {
    const decision = decide(snapshot!, {
      method: 'GET', target, host: 'api.example.com', scheme: 'https', origin: 'https://app.example.com', requestedMethod: undefined,
      requestedHeaders: undefined, requestsPrivateNetwork: false, fetchSite: undefined, upgrade: false, carriesCredentials: false,
      hostIsAmbiguous: false
    })
    t.same([decision.bucket?.route ?? null, decision.reason], [route, reason], target)
  }
})
