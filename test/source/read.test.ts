// What a reading of real directories gives: names, limits, and files that must never be opened.
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { defaultLimits, type Limits } from '../../src/source/limits.ts'
import { readDirectories } from '../../src/source/read.ts'
import type { SourceSet } from '../../src/source/source.ts'
import { freshDirectory, shell, writeFiles } from './lab.ts'

const secret = 'top-secret-content'

function read (directories: string | readonly string[], limits: Partial<Limits> = {}): Promise<SourceSet> {
  return readDirectories([directories].flat(), { ...defaultLimits, ...limits }, new AbortController().signal)
}

const names = (set: SourceSet): string[] => set.texts.map(({ name }) => name)
const findings = (set: SourceSet): string[] => set.diagnostics!.map(({ file, code }) => `${file} ${code}`).sort()

t.test('a set is every policy file below the directory, and nothing else', async t => {
  const root = freshDirectory(t)
  writeFiles(root, {
    'b.yaml': 'b', 'a.yml': 'a', 'sub/deep/c.yaml': 'c', 'ü.yaml': 'u',
    'README.md': 'x', 'a.test.yaml': 'x', 'sub/b.test.yml': 'x', '.hidden.yaml': 'x', '.git/d.yaml': 'x', '..data/e.yaml': 'x',
    'b.yaml~': 'x', '#b.yaml#': 'x', 'c.yaml.swp': 'x', yaml: 'x', 'd.YAML': 'x', 'e.json': 'x'
  })
  symlinkSync('someone@host.1234', join(root, '.#b.yaml'))
  const set = await read(root)
  t.same(set.texts, [
    { name: 'a.yml', text: 'a' }, { name: 'b.yaml', text: 'b' }, { name: 'sub/deep/c.yaml', text: 'c' }, { name: 'ü.yaml', text: 'u' }
  ])
  t.same(set.diagnostics, [])
})

t.test('several directories are told apart by their names', async t => {
  const root = freshDirectory(t)
  writeFiles(root, { 'base/a.yaml': '1', 'prod/a.yaml': '2', 'other/base/a.yaml': '3', 'base-2/a.yaml': '4' })
  t.same(names(await read([join(root, 'base'), join(root, 'prod')])), ['base/a.yaml', 'prod/a.yaml'])
  t.same(names(await read(['base', 'other/base', 'base-2'].map(name => join(root, name)))),
    ['base-2-2/a.yaml', 'base-2/a.yaml', 'base/a.yaml'])
})

t.test('a ConfigMap is read through its links', async t => {
  const root = freshDirectory(t)
  writeFiles(root, { '..2026/a.yaml': 'a', '..2026/sub/b.yaml': 'b' })
  symlinkSync('..2026', join(root, '..data'))
  symlinkSync('..data/a.yaml', join(root, 'a.yaml'))
  symlinkSync('..data/sub', join(root, 'sub'))
  const set = await read(root)
  t.same(names(set), ['a.yaml', 'sub/b.yaml'])
  t.same(set.diagnostics, [])
})

t.test('the directory itself may be a link', async t => {
  const root = freshDirectory(t)
  writeFiles(root, { 'release-1/a.yaml': 'a' })
  symlinkSync('release-1', join(root, 'current'))
  t.same(names(await read(join(root, 'current'))), ['a.yaml'])
})

t.test('links neither loop nor multiply', async t => {
  const root = freshDirectory(t)
  writeFiles(root, { 'a/x.yaml': 'x', 'b/y.yaml': 'y' })
  for (const [link, target] of [['a/self', '.'], ['a/up', '..'], ['a/b', '../b'], ['b/a', '../a'], ['z', 'a']] as const) {
    symlinkSync(target, join(root, link))
  }
  symlinkSync('loop.yaml', join(root, 'loop.yaml'))
  const set = await read(root)
  t.same(names(set), ['a/x.yaml', 'b/y.yaml'])
  t.same(findings(set), ['loop.yaml not-a-regular-file'])
})

t.test('security 19: what is no regular file of the directory is named and never opened', async t => {
  const outside = freshDirectory(t)
  writeFiles(outside, { 'secret.yaml': secret, 'more/secret.yaml': secret })
  const root = freshDirectory(t)
  writeFiles(root, { 'good.yaml': 'good' })
  execFileSync('mkfifo', [join(root, 'fifo.yaml')])
  symlinkSync(join(outside, 'secret.yaml'), join(root, 'file.yaml'))
  symlinkSync(join(outside, 'more'), join(root, 'folder'))
  symlinkSync('/dev/zero', join(root, 'zero.yaml'))
  symlinkSync('/etc/passwd', join(root, 'passwd.yaml'))
  symlinkSync('missing', join(root, 'dangling.yaml'))
  symlinkSync('fifo.yaml', join(root, 'linked-fifo.yaml'))
  symlinkSync('missing', join(root, 'dangling.txt'))
  symlinkSync('/etc/hosts', join(root, 'hosts'))
  const server = createServer().listen(join(root, 'socket.yaml'))
  t.teardown(() => new Promise(resolve => server.close(resolve)))
  const set = await read(root)
  t.same(set.texts, [{ name: 'good.yaml', text: 'good' }])
  t.same(findings(set), [
    'dangling.yaml', 'fifo.yaml', 'file.yaml', 'folder', 'linked-fifo.yaml', 'passwd.yaml', 'socket.yaml', 'zero.yaml'
  ].map(name => `${name} not-a-regular-file`))
  t.notMatch(JSON.stringify(set), /top-secret|root:/)
})

t.test('security 19: sizes, numbers and depths are bounded', async t => {
  const root = freshDirectory(t)
  writeFiles(root, { 'a.yaml': 'a'.repeat(100), 'b.yaml': 'b'.repeat(101), 'c/d/e.yaml': 'e' })
  const bounded = await read(root, { maxFileBytes: 100 })
  t.same(names(bounded), ['a.yaml', 'c/d/e.yaml'])
  t.same(findings(bounded), ['b.yaml file-too-large'])
  t.same((await read(root, { maxFiles: 3 })).diagnostics, [])
  t.same(findings(await read(root, { maxFiles: 2 })), ['. set-too-large'])
  t.same((await read(root, { maxDepth: 2 })).diagnostics, [])
  t.same(findings(await read(root, { maxDepth: 1 })), ['. set-too-large'])
  writeFiles(root, { 'big.yaml': new Uint8Array(1_048_577), 'fits.yaml': new Uint8Array(1_048_576) })
  t.same(findings(await read(root)), ['big.yaml file-too-large'])
})

t.test('a file that can\'t be read is named with the system\'s reason, and the others are read', async t => {
  const root = freshDirectory(t)
  writeFiles(root, { 'locked.yaml': secret, 'open.yaml': 'open', 'closed/a.yaml': secret })
  chmodSync(join(root, 'locked.yaml'), 0)
  chmodSync(join(root, 'closed'), 0)
  const isRoot = process.getuid?.() === 0
  // Permissions hold for other users only.
  if (isRoot) process.seteuid!(65_534)
  try {
    const set = await read(root)
    t.same(names(set), ['open.yaml'])
    t.same(findings(set), ['closed unreadable-file', 'locked.yaml unreadable-file'])
    t.match(set.diagnostics!.map(({ message }) => message).join(), /EACCES: permission denied/)
  } finally {
    if (isRoot) process.seteuid!(0)
    chmodSync(join(root, 'closed'), 0o755)
  }
})

t.test('what is no UTF-8 is a finding; a byte order mark is none', async t => {
  const root = freshDirectory(t)
  writeFiles(root, { 'bad.yaml': Uint8Array.of(0x61, 0xff, 0x62), 'mark.yaml': Uint8Array.of(0xef, 0xbb, 0xbf, 0x61) })
  writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Uint8Array.of(0xff), Buffer.from('.yaml')]), 'x')
  const set = await read(root)
  t.same(set.texts, [{ name: 'mark.yaml', text: '\ufeffa' }])
  t.same(findings(set), ['bad.yaml not-utf8', '\ufffd.yaml unreadable-file'])
})

t.test('a directory that can\'t be read as a whole rejects with a clear message', async t => {
  const root = freshDirectory(t)
  writeFiles(root, { 'file.yaml': 'x' })
  for (const [path, message] of [['missing', 'no such directory'], ['file.yaml', 'not a directory'], ['file.yaml/x', 'not a directory']] as const) {
    await t.rejects(read(join(root, path)), { name: 'SourceError', message: `${join(root, path)}: ${message}` })
  }
  const controller = new AbortController()
  controller.abort()
  await t.rejects(readDirectories([root], defaultLimits, controller.signal), { name: 'AbortError' })
})

t.test('a reading never mixes two trees, however fast they are swapped', async t => {
  const root = freshDirectory(t)
  for (const tree of ['a', 'b']) writeFiles(join(root, tree), Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`${i}.yaml`, tree])))
  symlinkSync('a', join(root, 'current'))
  let isDone = false
  const swapping = shell(root, 'for i in $(seq 1 150); do for tree in b a; do ln -s $tree tmp; mv -T tmp current; done; sleep 0.01; done')
    .finally(() => { isDone = true })
  let readings = 0
  while (!isDone) {
    const { texts, diagnostics } = await read(join(root, 'current'))
    readings++
    t.same([...new Set(texts.map(({ text }) => text))].length, 1)
    t.equal(texts.length, 30)
    t.same(diagnostics, [])
  }
  await swapping
  t.ok(readings > 3, `${readings} readings`)
})

t.test('files that are written while they are read are read whole', async t => {
  const root = freshDirectory(t)
  writeFiles(root, { 'a.yaml': 'a'.repeat(200_000), 'b.yaml': 'b' })
  let isDone = false
  const writing = shell(root, `for i in $(seq 1 60); do for letter in x y; do
    head -c 200000 /dev/zero | tr '\\0' $letter > .tmp; mv .tmp a.yaml; rm b.yaml; printf $letter > b.yaml; done; sleep 0.02; done`)
    .finally(() => { isDone = true })
  while (!isDone) {
    const { texts: [a] } = await read(root)
    t.equal(a!.text.length, 200_000)
    t.equal(new Set(a!.text).size, 1)
  }
  await writing
})

t.test('nor where a directory is renamed away and another in, at whatever step of a reading', async t => {
  const possible = ['2/x.yaml old', '0/y.yaml new,2/x.yaml new']
  const seen = new Set<string>()
  for (let step = 1; step <= 25; step++) {
    const root = freshDirectory(t)
    // Whoever lists the first directory in one tree and the last one in the other sees a set that never was.
    for (const name of ['current/0', 'current/1', 'next/1']) mkdirSync(join(root, name), { recursive: true })
    writeFiles(root, { 'current/2/x.yaml': 'old', 'next/0/y.yaml': 'new', 'next/2/x.yaml': 'new' })
    const { signal } = new AbortController()
    let steps = 0
    // A reading asks its signal before each directory and each file.
    signal.throwIfAborted = () => {
      if (++steps !== step) return
      renameSync(join(root, 'current'), join(root, 'old'))
      renameSync(join(root, 'next'), join(root, 'current'))
    }
    const { texts } = await readDirectories([join(root, 'current')], defaultLimits, signal)
    seen.add(texts.map(({ name, text }) => `${name} ${text}`).join())
  }
  t.same([...seen].sort(), [...possible].sort())
})
