// Policies from directories keep the promise of every source, with the system's events and without them.
import { mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { directorySource, type DirectoryOptions } from '../../src/source/directory.ts'
import { testSource } from './contract.ts'
import { freshDirectory, shell, until, writeFiles } from './lab.ts'

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
          rmSync(root, { recursive: true, force: true })
          renameSync(next, root)
        },
        sever: () => { rmSync(root, { recursive: true }) }
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

t.test('what was read for a moment only is told again, though all is back at what was told before', async t => {
  const root = freshDirectory(t)
  writeFiles(root, { 'a.yaml': 'a' })
  // Long enough ago for the clock of any file system to tell this state from a later one.
  await sleep(2_100)
  const source = directorySource(root, { poll: true, pollInterval: 50, quiet: 1 })
  const readings: number[] = []
  const stop = source.watch!(() => {
    const isFirst = readings.length === 0
    if (isFirst) writeFiles(root, { 'b.yaml': 'b' })
    source.read(new AbortController().signal).then(({ texts }) => {
      readings.push(texts.length)
      if (isFirst) rmSync(join(root, 'b.yaml'))
    }, () => {})
  })
  t.ok(await until(() => readings.length > 1))
  t.same([readings[0], readings.at(-1)], [2, 1])
  await stop()
})

/** Each puts another directory, which holds `b.yaml`, in the place of `policies`. */
const replacements: Readonly<Record<string, string>> = {
  'a linked root swapped': 'mv policies first; ln -s first policies; sleep 1; mkdir next; echo b > next/b.yaml; ln -s next link; mv -T link policies',
  'another directory renamed in': 'mkdir next; echo b > next/b.yaml; mv policies old; mv next policies',
  'removed and made again': 'rm -r policies; sleep 0.5; mkdir policies; echo b > policies/b.yaml'
}

for (const [name, script] of Object.entries(replacements)) {
  t.test(`edits are told by events after this: ${name}`, async t => {
    const parent = freshDirectory(t)
    const root = join(parent, 'policies')
    writeFiles(root, { 'a.yaml': 'a' })
    // Without looks, which would find what events miss.
    const source = directorySource(root, { pollInterval: 0 })
    let read = ''
    const stop = source.watch!(() => {
      source.read(new AbortController().signal).then(({ texts }) => { read = texts.map(({ name, text }) => name + text).join() }, () => {})
    })
    t.ok(await until(() => read === 'a.yamla'))
    await shell(parent, script)
    t.ok(await until(() => read === 'b.yamlb\n'))
    // The watch begins anew meanwhile.
    await sleep(500)
    for (const text of ['c', 'd']) {
      writeFiles(root, { 'b.yaml': text })
      t.ok(await until(() => read === `b.yaml${text}`), text)
    }
    await stop()
  })
}

t.test('a source without a directory is a mistake', async t => {
  t.throws(() => directorySource([]), TypeError)
})
