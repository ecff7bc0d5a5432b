// The revision of a set: a hash of its files' names and contents, equal on every machine.
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import type { SourceText } from '../diagnostic/span.ts'

/** The first 12 hexadecimal digits of the SHA-256 of all files, whatever their order. */
export function revisionOf (texts: readonly SourceText[]): string {
  const hash = sha256.create()
  for (const { name, text } of [...texts].sort((a, b) => a.name < b.name ? -1 : a.name > b.name ? 1 : 0)) {
    const [nameBytes, bytes] = [utf8ToBytes(name), utf8ToBytes(text)]
    // With the lengths in front, no two lists of files make the same bytes.
    hash.update(utf8ToBytes(`${nameBytes.length} ${bytes.length}\n`)).update(nameBytes).update(bytes)
  }
  return bytesToHex(hash.digest()).slice(0, 12)
}
