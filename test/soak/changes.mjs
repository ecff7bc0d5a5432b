// The ways in which policy files really change: each leaves a numbered set, or something that is none, on the disk.
import {
  appendFileSync, lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, truncateSync, unlinkSync, utimesSync,
  writeFileSync
} from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** The policy directory, by whatever layout it has, and the place beside it. */
export class Disk {
  #root
  #count = 0
  directory
  /** What the directory is: `plain`, `linked` (its own name is a link), or `mounted` as a ConfigMap is. */
  layout = 'plain'
  /** Where the link leads, and the directory that `..data` leads to. */
  release = null
  version = null

  constructor (root) {
    this.#root = root
    this.directory = join(root, 'policies')
    mkdirSync(this.directory)
  }

  path (name) {
    return join(this.directory, name)
  }

  fresh (word) {
    return join(this.#root, `${word}-${++this.#count}`)
  }

  /** The files of the set that are there, whatever they hold. */
  names () {
    try {
      return readdirSync(this.directory, { recursive: true }).filter(name => /\.ya?ml$/.test(name) && !/(?:^|\/)\./.test(name))
    } catch {
      return []
    }
  }

  write (name, text) {
    mkdirSync(dirname(this.path(name)), { recursive: true })
    writeFileSync(this.path(name), text)
  }

  rename (name, text) {
    mkdirSync(dirname(this.path(name)), { recursive: true })
    writeFileSync(this.path('.new'), text)
    renameSync(this.path('.new'), this.path(name))
  }
}

function populate (directory, files) {
  for (const [name, text] of files) {
    mkdirSync(dirname(join(directory, name)), { recursive: true })
    writeFileSync(join(directory, name), text)
  }
}

/**
 * Makes the disk hold a guarded set, file by file. The first write makes an invalid set of what was there and the last
 * one makes it whole, so that no state between is valid, however long the machine pauses.
 */
async function replaceFiles (disk, { files }, random, write) {
  const { 'sets.yaml': last, 'alpha.yaml': first } = Object.fromEntries(files)
  const stale = disk.names().filter(name => !files.has(name)).map(name => () => { rmSync(disk.path(name), { recursive: true }) })
  const others = [...files].filter(([name]) => name !== 'sets.yaml' && name !== 'alpha.yaml').map(([name, text]) => () => write(name, text))
  await write('alpha.yaml', first)
  for (const step of random.shuffle([...stale, ...others])) await step()
  await write('sets.yaml', last)
  if (disk.layout === 'mounted') disk.layout = 'plain'
}

const inPlace = (disk, set, random) => replaceFiles(disk, set, random, (name, text) => disk.write(name, text))

const byRename = (disk, set, random) => replaceFiles(disk, set, random, (name, text) => disk.rename(name, text))

/** Truncates each of the small files, and writes the rest after a pause; a long pause once. */
async function inPieces (disk, set, random) {
  let longPauses = 1
  await replaceFiles(disk, set, random, async (name, text) => {
    const cut = random.between(1, text.length - 3)
    disk.write(name, text.slice(0, cut))
    if (!name.startsWith('more/')) await sleep(longPauses-- > 0 ? random.between(0, 700) : random.between(1, 40))
    appendFileSync(disk.path(name), text.slice(cut))
  })
}

async function madeAgain (disk, { files }, random) {
  rmSync(disk.path('sets.yaml'), { force: true })
  if (lstatSync(disk.directory).isSymbolicLink()) unlinkSync(disk.directory)
  else rmSync(disk.directory, { recursive: true })
  await sleep(random.pick([0, 0, 20, 300, 1000]))
  mkdirSync(disk.directory)
  populate(disk.directory, [...files].filter(([name]) => name !== 'sets.yaml'))
  disk.write('sets.yaml', files.get('sets.yaml'))
  disk.layout = 'plain'
}

/** Another directory takes the name, in one or two renames. */
async function swapped (disk, { files }, random, { make = populate, layout = 'plain' } = {}) {
  const [next, old] = [disk.fresh('next'), disk.fresh('old')]
  mkdirSync(next)
  make(next, files)
  renameSync(disk.directory, old)
  if (random.chance(0.4)) await sleep(random.between(1, 400))
  renameSync(next, disk.directory)
  disk.layout = layout
  rmSync(old, { recursive: true })
}

/** As git-sync does: the name is a link, and the link is replaced. */
async function linkSwapped (disk, { files }, random) {
  const [release, link] = [disk.fresh('release'), disk.fresh('link')]
  mkdirSync(release)
  populate(release, files)
  symlinkSync(release, link)
  if (disk.layout !== 'linked') renameSync(disk.directory, disk.fresh('old'))
  renameSync(link, disk.directory)
  disk.layout = 'linked'
  if (disk.release !== null && random.chance(0.5)) rmSync(disk.release, { recursive: true, force: true })
  disk.release = release
}

const mountedKeys = ['sets.yaml', 'alpha.yaml', 'beta.yaml', 'only.yaml']

/** As the kubelet does: files are links through `..data`, and that link is replaced. */
async function mountSwapped (disk, { files }, random) {
  let version = `..${process.hrtime.bigint()}`
  if (disk.layout !== 'mounted') {
    await swapped(disk, { files }, random, {
      layout: 'mounted',
      make: directory => {
        populate(join(directory, version), files)
        symlinkSync(version, join(directory, '..data'))
        for (const key of mountedKeys) symlinkSync(`..data/${key}`, join(directory, key))
      }
    })
    disk.version = version
    return
  }
  populate(disk.path(version), files)
  symlinkSync(version, disk.path('..data_tmp'))
  renameSync(disk.path('..data_tmp'), disk.path('..data'));
  [disk.version, version] = [version, disk.version]
  rmSync(disk.path(version), { recursive: true })
}

/** Ways to a set. `isAtomic`: the disk never holds parts of two sets, so that the new one needs no guard. */
export const ways = {
  'written in place': { change: inPlace },
  'written in pieces': { change: inPieces },
  'written aside and renamed': { change: byRename },
  'a checkout of many files': { change: byRename, more: 60 },
  'a large set': { change: inPlace, rules: 500 },
  'removed and made again': { change: madeAgain },
  'another directory renamed in': { change: swapped, isAtomic: true },
  'a linked root swapped': { change: linkSwapped, isAtomic: true },
  'a ConfigMap swapped': { change: mountSwapped, isAtomic: true }
}

/** Ways to spoil the set that is there; each gives back the way to mend it. */
export const faults = {
  'broken syntax': disk => added(disk, 'version: 1\nrules: [\n'),
  'half a file': disk => added(disk, '{ "version": 1, "rules": [{ "name": "half", "routes": ["/ha'),
  'an unknown key': disk => added(disk, '{ "version": 1, "rule": [] }'),
  'a risk': disk => added(disk, '{ "version": 1, "rules": [{ "name": "any", "routes": ["/any"], "allowOrigins": ["*"], "allowCredentials": true }] }'),
  'a conflict': disk => added(disk, '{ "version": 1, "rules": [{ "name": "alpha", "routes": ["/alpha/*"], "allowOrigins": ["https://always.example.com"] }] }'),
  'bytes that are no text': disk => added(disk, Buffer.from([0x76, 0xff, 0xfe, 0x00])),
  'a huge file': disk => added(disk, '#'.repeat(2 << 20)),
  'an empty file': disk => added(disk, ''),
  'a link that leads out': disk => {
    symlinkSync('/etc/hostname', disk.path('fault.yaml'))
    return () => { unlinkSync(disk.path('fault.yaml')) }
  },
  'a file is truncated': disk => {
    const text = readFileSync(disk.path('beta.yaml'))
    truncateSync(disk.path('beta.yaml'), 40)
    return () => { writeFileSync(disk.path('beta.yaml'), text) }
  },
  'a needed file is missing': disk => {
    renameSync(disk.path('sets.yaml'), disk.path('sets.away'))
    return () => { renameSync(disk.path('sets.away'), disk.path('sets.yaml')) }
  },
  'no directory': disk => {
    const away = disk.fresh('away')
    renameSync(disk.directory, away)
    return () => { renameSync(away, disk.directory) }
  },
  'an empty directory': disk => {
    const away = disk.fresh('away')
    renameSync(disk.directory, away)
    mkdirSync(disk.directory)
    return () => {
      rmSync(disk.directory, { recursive: true })
      renameSync(away, disk.directory)
    }
  }
}

function added (disk, text) {
  disk.write('fault.yaml', text)
  return () => { rmSync(disk.path('fault.yaml')) }
}

/** Gives every file another time, and none another content. */
export function touch (disk) {
  for (const name of disk.names()) utimesSync(disk.path(name), new Date(), new Date())
}
