// What docs/security.md promises stands in the names of tests, each number in one at least.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'

const here = import.meta.dirname
const page = readFileSync(join(here, '../docs/security.md'), 'utf8')
const promised = [...page.matchAll(/^\| (\d+) \| /gm)].map(([, number]) => Number(number))

t.test('each promise has a test, and each number in a test a promise', async t => {
  t.same(promised, promised.map((_number, i) => i + 1), 'numbered in order')
  const held = new Set<number>()
  for (const name of readdirSync(here, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.test.ts') || name === 'security.test.ts') continue
    for (const [numbers] of readFileSync(join(here, name), 'utf8').matchAll(/security \d+(?:(?:, | and )\d+)*/g)) {
      for (const [number] of numbers.matchAll(/\d+/g)) held.add(Number(number))
    }
  }
  t.same([...held].sort((a, b) => a - b), promised)
})
