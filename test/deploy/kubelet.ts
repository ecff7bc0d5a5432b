// A volume of a ConfigMap or a Secret as the kubelet lays it out and changes it (pkg/volume/util/atomic_writer.go).
import { existsSync, mkdirSync, readdirSync, readlinkSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

let count = 0

/**
 * Puts the data into the directory: a new directory with the files, a link to it renamed over `..data`, links for new
 * keys, none for old ones; then the directory of before goes.
 */
export function project (directory: string, data: Readonly<Record<string, string>>): void {
  const link = join(directory, '..data')
  const before = existsSync(link) ? readlinkSync(link) : null
  const name = `..2026_11_25_19_00_${String(count++).padStart(2, '0')}.${String(Math.random()).slice(2, 12)}`
  mkdirSync(join(directory, name), { recursive: true })
  for (const [key, text] of Object.entries(data)) writeFileSync(join(directory, name, key), text)
  symlinkSync(name, join(directory, '..data_tmp'))
  renameSync(join(directory, '..data_tmp'), link)
  const shown = readdirSync(directory).filter(key => !key.startsWith('..'))
  for (const key of Object.keys(data)) {
    if (!shown.includes(key)) symlinkSync(`..data/${key}`, join(directory, key))
  }
  for (const key of shown) {
    if (!(key in data)) rmSync(join(directory, key))
  }
  if (before !== null) rmSync(join(directory, before), { recursive: true })
}
