// Policies from directories keep the promise of every source, with the system's events and without them.
import { mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { directorySource, type DirectoryOptions } from '../../src/source/directory.ts'
import { testSource } from './contract.ts'
import { freshDirectory, until, writeFiles } from './lab.ts'

const modes: Readonly<Record<string, DirectoryOptions>> = { events: {}, poll: { poll: true, pollInterval: 100 } }

for (const [mode, options] of Object.entries(modes)) {
  t.test(`by ${mode}`, async t => {
    testSource(t, t => {
      const root = join(freshDirectory(t), 'policies')
      mkdirSync(root)
      return {
        source: directorySource(root, options),
        put: texts => {
          const next = `${root}.next`
          mkdirSync(next)
          writeFiles(next, Object.fromEntries(texts.map(({ name, text }) => [name, text])))
          rmSync(root, { recursive: true })
          renameSync(next, root)
        }
      }
    })

    t.test('a directory that is not there yet is noticed when it comes', async t => {
      const root = join(freshDirectory(t), 'parent', 'policies')
      const source = directorySource(root, { pollInterval: 100, ...options })
      await t.rejects(source.read(new AbortController().signal), { message: `${root}: no such directory` })
      let isThere = false
      const stop = source.watch!(() => {
        source.read(new AbortController().signal).then(({ texts }) => { isThere = texts.length === 1 }, () => {})
      })
      await sleep(300)
      writeFiles(root, { 'a.yaml': 'a' })
      t.ok(await until(() => isThere))
      await stop()
    })

    t.test('tells how it notices changes', async t => {
      const source = directorySource(freshDirectory(t), options)
      t.equal(source.mode, mode)
      const stop = source.watch!(() => {})
      t.equal(source.mode, mode)
      await stop()
    })
  })
}

t.test('files that belong to no set cause no reading', async t => {
  const root = freshDirectory(t)
  writeFiles(root, { 'a.yaml': 'a' })
  let told = 0
  const stop = directorySource(root, { pollInterval: 100 }).watch!(() => { told++ })
  // A new file stays unsettled for a while, and is told more than once.
  await until(() => told > 0)
  await sleep(3_000)
  const before = told
  writeFiles(root, { 'README.md': 'x', 'a.test.yaml': 'x', '.a.yaml.swp': 'x', 'a.yaml~': 'x' })
  await sleep(800)
  t.equal(told, before)
  writeFiles(root, { 'b.yaml': 'b' })
  t.ok(await until(() => told > before))
  await stop()
})

t.test('a source without a directory is a mistake', async t => {
  t.throws(() => directorySource([]), TypeError)
})
