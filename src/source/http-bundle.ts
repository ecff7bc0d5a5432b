// A policy set as one JSON text, `cors-policies/1`: printed whole, and believed only where every part is as it must be.
import type { Diagnostic } from '../diagnostic/diagnostic.ts'
import type { SourceText } from '../diagnostic/span.ts'
import { suggest } from '../diagnostic/suggest.ts'
import { tooLarge } from '../document/bytes.ts'
import { aboutFile } from './finding.ts'
import type { Limits } from './limits.ts'
import { isPolicyFile, isSkipped } from './name.ts'
import { SourceError, type SourceSet } from './source.ts'

/** The name and version of the format. */
const format = 'cors-policies/1'

/** Prints texts as a bundle; the same texts give the same bytes, in whatever order. */
export function printBundle (texts: readonly SourceText[]): string {
  const files = byName(texts).map(({ name, text }) => ({ name, text }))
  return `${JSON.stringify({ format, files }, null, 2)}\n`
}

/**
 * Reads a bundle. Throws {@link SourceError}, with what is wrong first, for bytes that are none. A file or a number of
 * files that is too large is a finding, as it is in a directory.
 */
export function parseBundle (place: string, bytes: Uint8Array, limits: Limits): SourceSet {
  const faulty = (reason: string): SourceError => new SourceError(place, `the answer is no policy bundle: ${reason}`, { help })
  const { format: named, files, ...rest } = membersOf(jsonOf(bytes, faulty), 'it', faulty)
  if (named !== format) throw faulty(`\`format\` is ${shown(named)}, not "${format}"`)
  refuseOthers(rest, 'it', ['format', 'files'], faulty)
  if (!Array.isArray(files)) throw faulty(`\`files\` is ${shown(files)}, not a list`)
  if (files.length > limits.maxFiles) {
    return { texts: [], diagnostics: [aboutFile('set-too-large', '.', `more than ${limits.maxFiles} policy files`)] }
  }
  const texts = files.map((file: unknown, i) => fileOf(file, `files[${i}]`, limits, faulty))
  const names = new Set<string>()
  for (const { name } of texts) {
    if (names.has(name)) throw faulty(`the name ${shown(name)} is given twice`)
    names.add(name)
  }
  return withinBounds(texts, limits)
}

type Faulty = (reason: string) => SourceError

const help = 'publish what `cors-gateway bundle` prints'

function jsonOf (bytes: Uint8Array, faulty: Faulty): unknown {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw faulty('it is not UTF-8')
  }
  try {
    return JSON.parse(text)
  } catch {
    // The parser's own message would quote it.
    throw faulty(text.trim() === '' ? 'it is empty' : 'it is not JSON, or not all of it')
  }
}

function membersOf (value: unknown, what: string, faulty: Faulty): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw faulty(`${what} is ${shown(value)}, not an object`)
}

function refuseOthers (rest: object, what: string, expected: readonly string[], faulty: Faulty): void {
  const [name] = Object.keys(rest)
  if (name === undefined) return
  const meant = suggest(name, expected)
  throw faulty(`${what} has a member ${shown(name)}${meant === null ? '' : `; did you mean "${meant}"?`}, but takes only ${expected.join(' and ')}`)
}

function fileOf (value: unknown, what: string, limits: Limits, faulty: Faulty): SourceText {
  const { name, text, ...rest } = membersOf(value, what, faulty)
  if (typeof name !== 'string') throw faulty(`\`${what}.name\` is ${shown(name)}, not a text`)
  if (typeof text !== 'string') throw faulty(`\`${what}.text\` (${shown(name)}) is ${shown(text)}, not a text`)
  refuseOthers(rest, what, ['name', 'text'], faulty)
  const reason = faultOfName(name, limits)
  if (reason !== null) throw faulty(`\`${what}.name\` is ${shown(name)}: ${reason}`)
  if (/\p{Surrogate}/u.test(text)) throw faulty(`\`${what}.text\` (${shown(name)}) holds half a character (a lone surrogate)`)
  return { name, text }
}

/** Why a file of a policy directory can't have this name, or null. */
function faultOfName (name: string, { maxDepth }: Limits): string | null {
  const parts = name.split('/')
  if (name.length > 4096) return 'it is longer than 4096 characters'
  if (/[\0-\x1f\x7f]|\p{Surrogate}/u.test(name)) return 'it holds a character that a name can\'t have'
  if (parts.some(part => part === '' || part === '.' || part === '..')) return 'it is no relative path with `/`, without `.`, `..` and empty parts'
  if (parts.some(isSkipped)) return 'hidden files and those that editors leave behind are no policy files'
  if (!isPolicyFile(parts.at(-1)!)) return /\.test\.ya?ml$/.test(name) ? 'policy tests are no part of the set' : 'a policy file ends in `.yaml` or `.yml`'
  return parts.length - 1 > maxDepth ? `it lies deeper than ${maxDepth} directories` : null
}

function withinBounds (texts: readonly SourceText[], { maxFileBytes }: Limits): SourceSet {
  const diagnostics: Diagnostic[] = []
  const fitting = texts.filter(({ name, text }) => {
    const size = Buffer.byteLength(text)
    if (size > maxFileBytes) diagnostics.push(tooLarge(name, size, maxFileBytes))
    return size <= maxFileBytes
  })
  return { texts: byName(fitting), diagnostics }
}

function byName (texts: readonly SourceText[]): SourceText[] {
  return [...texts].sort((a, b) => a.name < b.name ? -1 : 1)
}

/** A value for people to see, cut short. */
function shown (value: unknown): string {
  if (value === undefined) return 'missing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object' && value !== null) return 'an object'
  const text = JSON.stringify(value)
  return text.length <= 80 ? text : `${text.slice(0, 80)}…`
}
