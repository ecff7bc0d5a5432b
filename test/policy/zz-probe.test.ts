// Probe.
import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { build } from '../../src/build.ts'
for (const code of readdirSync('test/diagnostics', { withFileTypes: true }).filter(e => e.isDirectory()).map(e => e.name)) {
  for (const kind of ['bad', 'good']) {
    const text = readFileSync(`test/diagnostics/${code}/${kind}.yaml`, 'utf8')
    const result = build([{ name: kind + '.yaml', text }], { at: '2026-11-25T00:00:00Z', expiredAcceptance: 'error' })
    const codes = result.diagnostics.map(d => `${d.line}:${d.column} ${d.severity} ${d.code} ${d.message}`)
    t.comment(`${code} ${kind}: ${codes.join(' | ')}`)
  }
}
t.pass()
