// Reads small files whole, such as certificates: regular ones only, of bounded size, and never in a wait for a writer.
import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { maxFileSize } from '../document/bytes.ts'

/** A file that is not read: its message tells why. */
export class UnfitFile extends Error {
  /** Bytes, as far as they were counted, where it has too many. */
  readonly size: number | null

  constructor (message: string, size: number | null = null) {
    super(message)
    this.size = size
  }
}

/** Reads a file. Rejects with {@link UnfitFile} for one that is none or too large, else with the error of the system. */
export async function readSmallFile (path: string, maxBytes: number = maxFileSize): Promise<Buffer> {
  // Neither waits for the writer of a FIFO, nor for what a file of the system has yet to tell.
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
  try {
    const stats = await handle.stat()
    if (!stats.isFile()) throw new UnfitFile('not a regular file')
    if (stats.size > maxBytes) throw tooLarge(maxBytes, stats.size)
    const bytes = await readUpTo(handle, maxBytes + 1, stats.size)
    if (bytes.length > maxBytes) throw tooLarge(maxBytes, bytes.length)
    return bytes
  } finally {
    await handle.close()
  }
}

/** Reads to the end, whatever the file says of its size, but no more than so many bytes. */
async function readUpTo (handle: FileHandle, most: number, expected: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  for (let length = 0; length < most;) {
    const chunk = Buffer.allocUnsafe(Math.min(most - length, Math.max(expected - length + 1, 65_536)))
    const { bytesRead } = await handle.read(chunk, 0, chunk.length, null)
    if (bytesRead === 0) break
    chunks.push(chunk.subarray(0, bytesRead))
    length += bytesRead
  }
  return Buffer.concat(chunks)
}

function tooLarge (maxBytes: number, size: number): UnfitFile {
  return new UnfitFile(`larger than ${maxBytes.toLocaleString('en')} bytes`, size)
}
