// The map for few entries finds what a `Map` finds, while it is a chain and after it has become one.
import fc from 'fast-check'
import t from 'tap'
import { Few, setLowest } from '../../src/origin/few.ts'
import { runs } from '../inspect/arbitrary.ts'

/** So many keys that a list of writes holds some of them twice. */
const keys = ['', 'a', 'b', 'c', 'd', 'ab', 'https', '__proto__', 'constructor', '*']
const key = fc.constantFrom(...keys)
/** What a careless map would take for nothing is a value as well. */
const value = fc.constantFrom(undefined, null, 0, -1, '', 'x', false)

t.test('Few is a Map, on both sides of four entries', t => {
  const sizes = new Map<number, number>()
  let overwrites = 0
  fc.assert(fc.property(fc.array(fc.tuple(key, value), { maxLength: 16, size: 'max' }), writes => {
    const [few, map] = [new Few<unknown>(), new Map<string, unknown>()]
    for (const [written, value] of writes) {
      if (map.has(written)) overwrites++
      few.set(written, value)
      map.set(written, value)
      // Each write may move entries: all are read after each.
      for (const key of [...keys, 'never']) if (few.get(key) !== map.get(key)) throw new Error(`${key}: ${String(few.get(key))}, not ${String(map.get(key))}`)
      sizes.set(map.size, (sizes.get(map.size) ?? 0) + 1)
    }
  }), runs)
  for (let size = 1; size <= 7; size++) t.ok(sizes.get(size), `${sizes.get(size)} times with ${size} entries`)
  t.ok(overwrites > runs.numRuns, `${overwrites} overwrites`)
  t.end()
})

t.test('an empty one holds nothing', t => {
  for (const key of keys) t.equal(new Few<number>().get(key), undefined, key)
  t.end()
})

t.test('setLowest keeps the lowest value of each key', t => {
  fc.assert(fc.property(fc.array(fc.tuple(key, fc.integer({ min: 0, max: 9 })), { maxLength: 16, size: 'max' }), writes => {
    const few = new Few<number>()
    for (const [key, slot] of writes) setLowest(few, key, slot)
    for (const key of keys) {
      const slots = writes.filter(([written]) => written === key).map(([, slot]) => slot)
      const lowest = slots.length === 0 ? undefined : Math.min(...slots)
      if (few.get(key) !== lowest) throw new Error(`${key}: ${few.get(key)}, not ${lowest}`)
    }
  }), runs)
  t.pass()
  t.end()
})
