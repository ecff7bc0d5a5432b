// What is told of troubles beside the policies, and how ages are said.
import t from 'tap'
import { durationText } from '../../src/source/duration.ts'
import { Trouble } from '../../src/source/trouble.ts'

t.test('each cause is told once, and its end once', async t => {
  const told: string[] = []
  const trouble = new Trouble(message => { told.push(message) }, 'well')
  const steps: [what: string | null, fault: string | null, told: string[]][] = [
    [null, null, []],
    ['a', 'a', ['a']],
    ['a', 'a', []],
    ['b', 'b', ['b']],
    ['a', 'a', []],
    [null, null, ['well']],
    [null, null, []],
    ['a', 'a', ['a']]
  ]
  for (const [what, fault, tells] of steps) {
    told.length = 0
    if (what === null) trouble.end()
    else trouble.met(what)
    t.same([trouble.fault, told], [fault, tells])
  }
  for (let i = 0; i < 1000; i++) trouble.met(`cause ${i}`)
  t.ok(told.length <= 20, 'a cause that is always another one does not fill the log')
  t.equal(trouble.fault, 'cause 999')
})

t.test('ages', async t => {
  const cases: [milliseconds: number, text: string][] = [
    [-5_000, '0 s'], [0, '0 s'], [1_400, '1 s'], [119_000, '119 s'], [120_000, '2 min'], [30 * 60_000, '30 min'], [119 * 60_000, '119 min'],
    [120 * 60_000, '2 h'], [47 * 3_600_000, '47 h'], [48 * 3_600_000, '2 days'], [100 * 86_400_000, '100 days']
  ]
  for (const [milliseconds, text] of cases) t.equal(durationText(milliseconds), text)
})
