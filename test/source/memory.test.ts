// Policies from memory keep the promise of every source.
import t from 'tap'
import { memorySource } from '../../src/source/memory.ts'
import { testSource } from './contract.ts'

testSource(t, () => {
  const source = memorySource([])
  return { source, put: texts => source.set(texts) }
})

t.test('the caller\'s array and texts are copied', async t => {
  const text = { name: 'a.yaml', text: '1' }
  const texts = [text]
  const source = memorySource(texts)
  text.text = '2'
  texts.push({ name: 'b.yaml', text: '3' })
  t.same((await source.read(new AbortController().signal)).texts, [{ name: 'a.yaml', text: '1' }])
})
