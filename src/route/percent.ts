// Percent-decoding (RFC 3986, section 2.1), strictly and leniently.

/** Decodes a text, or gives null for one that holds a malformed escape. */
export function decodeOnce (path: string): string | null {
  try {
    return decodeURIComponent(path)
  } catch {
    return null
  }
}

/** Decodes what can be decoded and leaves malformed escapes as they are. Long runs of either cost no more than others. */
export function decodeLeniently (text: string): string {
  return text.includes('%') ? text.replaceAll(/(?:%[0-9a-f]{2})+/gi, decodeRun) : text
}

/** Decodes a run of escapes character by character, without the exceptions by which `decodeURIComponent` tells of each malformed one. */
function decodeRun (run: string): string {
  let decoded = ''
  for (let i = 0; i < run.length;) {
    const first = byteAt(run, i)
    // The first byte tells how many belong to one character (RFC 3629, section 3).
    const length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0
    const codePoint = length === 1 ? first : codePointAt(run, i, first, length)
    decoded += codePoint === -1 ? run.slice(i, i + 3) : String.fromCodePoint(codePoint)
    i += codePoint === -1 ? 3 : length * 3
  }
  return decoded
}

/** The character of several bytes that starts in a run of escapes, or -1: cut off, overlong, a surrogate, or beyond the last one. */
function codePointAt (run: string, start: number, first: number, length: number): number {
  if (length === 0 || start + length * 3 > run.length) return -1
  let codePoint = first & (0x7f >> length)
  for (let i = 1; i < length; i++) {
    const byte = byteAt(run, start + i * 3)
    if ((byte & 0xc0) !== 0x80) return -1
    codePoint = codePoint << 6 | byte & 0x3f
  }
  const isOverlong = (length === 3 && codePoint < 0x800) || (length === 4 && codePoint < 0x10000)
  return isOverlong || codePoint > 0x10ffff || (codePoint >= 0xd800 && codePoint <= 0xdfff) ? -1 : codePoint
}

/** The byte of the escape at a place. */
function byteAt (run: string, start: number): number {
  return digitOf(run.charCodeAt(start + 1)) << 4 | digitOf(run.charCodeAt(start + 2))
}

function digitOf (c: number): number {
  return c <= 57 ? c - 48 : (c | 32) - 87
}
