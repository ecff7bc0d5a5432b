// Bytes of a file to its text, if they are strict UTF-8 and not too many.
import { diagnose, type Diagnostic } from '../diagnostic/diagnostic.ts'

/** The largest file unless a host says otherwise: 1 MiB. */
export const maxFileSize: number = 1024 * 1024

/** The text of a file, or why it has none. */
export type DecodedSource =
  | { readonly text: string, readonly diagnostic?: undefined }
  | { readonly diagnostic: Diagnostic, readonly text?: undefined }

/** Decodes a file. A byte order mark is accepted and kept, so that offsets stay true. `name` is the file's name in findings. */
export function decodeSource (name: string, bytes: Uint8Array, limit: number = maxFileSize): DecodedSource {
  if (bytes.length > limit) return { diagnostic: tooLarge(name, bytes.length, limit) }
  try {
    return { text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) }
  } catch {
    return { diagnostic: notUtf8(name, bytes) }
  }
}

/** The finding for a file of too many bytes, for whoever knows its size before it is read. */
export function tooLarge (name: string, size: number, limit: number = maxFileSize): Diagnostic {
  return diagnose('file-too-large', { source: { name, text: '' }, start: 0, end: 0 },
    `the file has ${size.toLocaleString('en')} bytes; at most ${limit.toLocaleString('en')} are read`)
}

function notUtf8 (name: string, bytes: Uint8Array): Diagnostic {
  const valid = validPrefix(bytes)
  const byte = bytes[new TextEncoder().encode(valid).length]
  const span = { source: { name, text: valid }, start: valid.length, end: valid.length }
  return diagnose('not-utf8', span, byte === undefined
    ? 'the file ends inside a character'
    : `the byte 0x${byte.toString(16).toUpperCase().padStart(2, '0')} is not UTF-8 here`)
}

/** The text before the first byte that is no UTF-8. */
function validPrefix (bytes: Uint8Array): string {
  let [low, high] = [0, bytes.length]
  const decode = (end: number): string | null => {
    try {
      // In a stream an unfinished character at the end is no error yet.
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.subarray(0, end), { stream: true })
    } catch {
      return null
    }
  }
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (decode(middle) === null) high = middle - 1
    else low = middle
  }
  return decode(low) ?? ''
}
