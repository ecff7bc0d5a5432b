// The log on a terminal: a line for people, whatever is in it; JSON for everything else.
import { resolve } from 'node:path'
import t from 'tap'
import { drawLogLine } from '../../src/cli/log-line.ts'
import { main } from '../../src/cli/main.ts'

const time = new Date(2026, 10, 25, 14, 3, 22).getTime()
const line = (more: object, level = 30): string => `${JSON.stringify({ level, time, pid: 7, hostname: 'here', ...more })}\n`

t.test('time, level, message and main fields', async t => {
  const cases: [name: string, line: string, drawn: string][] = [
    ['a message', line({ msg: 'Server listening' }), '14:03:22 info Server listening\n'],
    ['fields', line({ generation: 2, revision: 'ab12', msg: 'policies reloaded' }), '14:03:22 info policies reloaded generation=2 revision=ab12\n'],
    ['a decision', line({ cors: { kind: 'actual', rule: null, origin: 'https://a.example' }, msg: 'denied' }), '14:03:22 info denied kind=actual origin=https://a.example\n'],
    ['what needs quotes', line({ path: '/a b', empty: '', said: 'a "b"' }), '14:03:22 info  path="/a b" empty="" said="a \\"b\\""\n'],
    ['lists', line({ msg: 'x', hooks: ['a', 'b'], diagnostics: [{ code: 'c' }, { code: 'd' }], none: [] }, 40), '14:03:22 warn x hooks=a,b diagnostics=2 none=""\n'],
    ['frames', line({ generation: 1, msg: 'rejected:\na.yaml:1:1: error\n  |  ^' }, 50), '14:03:22 error rejected: generation=1\na.yaml:1:1: error\n  |  ^\n'],
    ['a number', line({ msg: 7 }), '14:03:22 info 7\n'],
    ['an error', line({ msg: 'a request failed', err: { type: 'Error', message: 'x', stack: 'Error: x\n    at y' } }, 50), '14:03:22 error a request failed\n  Error: x\n      at y\n'],
    ['what moves a cursor', line({ msg: '\u001b[2J\r', path: '\u001b[2J', 'x\u001b': 1, err: { message: '\u001b[2J' } }),
      '14:03:22 info \u241b[2J\u240d path=\u241b[2J x\u241b=1\n  \u241b[2J\n'],
    ['no JSON', 'cors-gateway: hello\n', 'cors-gateway: hello\n'],
    ['no line of a log', '7\n', '7\n']
  ]
  for (const [name, written, drawn] of cases) t.equal(drawLogLine(written, false), drawn, name)
  t.equal(drawLogLine(line({ msg: 'x' }, 50), true), '14:03:22 \u001b[31merror\u001b[0m x\n')
  t.equal(drawLogLine(line({ msg: 'x' }), true), '14:03:22 info x\n')
})

t.test('`serve` draws them on a terminal only', async t => {
  for (const isTerminal of [true, false]) {
    let messages = ''
    const ended = new Promise<number>((resolve_, reject) => {
      const io = {
        stdout: (text: string) => { if (text.includes('listens on')) setImmediate(() => { void stop('SIGTERM') }) },
        stderr: (text: string) => { messages += text },
        colour: false,
        isTerminal,
        onSignal: ({ end }: { end: (signal: string) => Promise<void> }) => { stop = end }
      }
      let stop: (signal: string) => Promise<void> = async () => {}
      main(['serve', resolve(import.meta.dirname, '../../policies'), '--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0'], io).then(resolve_, reject)
    })
    t.equal(await ended, 0)
    const started = messages.split('\n').find(text => text.includes('every other path is denied'))!
    if (isTerminal) t.match(started, /^\d\d:\d\d:\d\d info 6 rules on .*unmatched: deny\) generation=1 revision=/)
    else t.match(JSON.parse(started), { level: 30, generation: 1 })
  }
})
