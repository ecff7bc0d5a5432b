// A policy set as one JSON text, `cors-policies/1`: printed whole, and believed only where every part is as it must be.
import type { KeyObject } from 'node:crypto'
import type { Diagnostic } from '../diagnostic/diagnostic.ts'
import type { SourceText } from '../diagnostic/span.ts'
import { suggest } from '../diagnostic/suggest.ts'
import { tooLarge } from '../document/bytes.ts'
import { revisionOf } from '../policy/revision.ts'
import { aboutFile } from './finding.ts'
import type { Limits } from './limits.ts'
import { isPolicyFile, isSkipped } from './name.ts'
import { isSignature, isSignedBy, signText, type Audience, type Trust } from './signature.ts'
import { SourceError, type SourceSet } from './source.ts'
import type { Stamp } from './stamp.ts'

/** The name and version of the format. */
const format = 'cors-policies/1'

/** What a bundle may have beside its texts. */
export interface PrintOptions {
  /** Its place in the line of what was published; the revision of the texts goes with it. */
  readonly stamp?: Stamp
  /** An Ed25519 private key to sign it with, and for where. */
  readonly sign?: { readonly key: KeyObject, readonly audience: Audience }
}

/** A bundle that was read: with public keys given, it is signed by one of them, for the place where it was read. */
export interface Bundle {
  readonly set: SourceSet
  readonly stamp: Stamp | null
  /** Of its texts, where the bundle has it: it is the one that they make. */
  readonly revision: string | null
  readonly isSigned: boolean
  /** Whether its files were read: of one with too many of them nothing is known. */
  readonly isWhole: boolean
}

/** The members of a bundle, in their order; `signature` is of those before it. */
interface Members extends Partial<Stamp> {
  readonly format: typeof format
  readonly revision?: string
  readonly files: readonly SourceText[]
  readonly signature?: string
}

const known = ['format', 'epoch', 'generation', 'publishedAt', 'revision', 'files', 'signature'] as const satisfies readonly (keyof Members)[]

/** Prints texts as a bundle; the same texts, stamp, key and audience give the same bytes, in whatever order. */
export function printBundle (texts: readonly SourceText[], { stamp, sign }: PrintOptions = {}): string {
  const members = membersFor(texts, stamp ?? null, stamp === undefined ? null : revisionOf(texts))
  const signature = sign === undefined ? {} : { signature: signText(signedText(members, sign.audience), sign.key) }
  return `${JSON.stringify({ ...members, ...signature }, null, 2)}\n`
}

/**
 * Reads a bundle. Throws {@link SourceError}, with what is wrong first, for bytes that are none, and for a bundle that
 * is signed by none of the keys, or for elsewhere, where those are given. A file or a number of files that is too large is
 * a finding, as it is in a directory.
 */
export function parseBundle (place: string, bytes: Uint8Array, limits: Limits, trust: Trust | null): Bundle {
  const faulty = (reason: string): SourceError => new SourceError(place, `what is there is no policy bundle: ${reason}`, { help })
  const { format: named, files, epoch, generation, publishedAt, revision, signature, ...rest } = membersOf(jsonOf(bytes, faulty), 'it', faulty)
  if (named !== format) throw faulty(`\`format\` is ${shown(named)}, not "${format}"`)
  refuseOthers(rest, 'it', known, faulty)
  const stamp = stampOf({ epoch, generation, publishedAt }, faulty)
  if (!Array.isArray(files)) throw faulty(`\`files\` is ${shown(files)}, not a list`)
  if (files.length > limits.maxFiles) {
    // Nothing more of it is read, so nothing of it is believed.
    const diagnostics = [aboutFile('set-too-large', '.', `more than ${limits.maxFiles} policy files`)]
    return { set: { texts: [], diagnostics }, stamp: null, revision: null, isSigned: false, isWhole: false }
  }
  const texts = textsOf(files, limits, faulty)
  const made = revision === undefined && stamp === null ? null : revisionOf(texts)
  if (made !== null && revision !== made) throw faulty(`\`revision\` is ${shown(revision)}, but its files make "${made}"`)
  if (signature !== undefined && (typeof signature !== 'string' || !isSignature(signature))) throw faulty(`\`signature\` is ${shown(signature)}, not the base64 of 64 bytes`)
  if (trust !== null) refuseForeign(place, membersFor(texts, stamp, made), signature, trust)
  const set = { ...withinBounds(texts, limits), ...stamp !== null && { stamp: { epoch: stamp.epoch, generation: stamp.generation } } }
  return { set, stamp, revision: made, isSigned: signature !== undefined, isWhole: true }
}

function membersFor (texts: readonly SourceText[], stamp: Stamp | null, revision: string | null): Members {
  const files = byName(texts).map(({ name, text }) => ({ name, text }))
  return {
    format,
    ...stamp !== null && { epoch: stamp.epoch, generation: stamp.generation, publishedAt: stamp.publishedAt },
    ...revision !== null && { revision },
    files
  }
}

/** What is signed: made anew of the values by whoever verifies, so that no two readings of the same bytes can differ in it. */
function signedText (members: Members, audience: Audience): string {
  return [`${format} signature`, JSON.stringify(audience), JSON.stringify(members)].join('\n')
}

function refuseForeign (place: string, members: Members, signature: string | undefined, { keys, audience }: Trust): void {
  if (signature === undefined) {
    throw new SourceError(place, 'the bundle is not signed, and only signed ones are taken here', {
      help: 'publish it with `--sign-key FILE`', isRefusal: true
    })
  }
  if (isSignedBy(keys, signedText(members, audience), signature)) return
  const whose = keys.keys.length === 1 ? 'the one key that is' : `any of the ${keys.keys.length} keys that are`
  const here = audience === 'url' ? 'a bundle at a URL' : `the ${audience}`
  throw new SourceError(place, `the signature of the bundle is not by ${whose} trusted here or not for ${here}, or the bundle was changed since`, {
    help: `${howToSign(audience)} with the private key that belongs to a trusted one, or add the publisher's public key to \`publicKeyFile\``,
    isRefusal: true
  })
}

function howToSign (audience: Audience): string {
  return audience === 'url' ? 'print it by `cors-gateway bundle`' : 'publish it there by `cors-gateway publish`'
}

/** All of the stamp, or nothing of it. */
function stampOf ({ epoch, generation, publishedAt }: Record<keyof Stamp, unknown>, faulty: Faulty): Stamp | null {
  if (epoch === undefined && generation === undefined && publishedAt === undefined) return null
  if (!isCount(epoch)) throw faulty(`\`epoch\` is ${shown(epoch)}, not a whole number from 1`)
  if (!isCount(generation)) throw faulty(`\`generation\` is ${shown(generation)}, not a whole number from 1`)
  if (!isTime(publishedAt)) throw faulty(`\`publishedAt\` is ${shown(publishedAt)}, not a time such as 2026-11-25T12:00:00.000Z`)
  return { epoch, generation, publishedAt }
}

function isCount (value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 1
}

function isTime (value: unknown): value is string {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/.test(value)) return false
  const time = new Date(value)
  // A 30th of February would be a day in March.
  return !Number.isNaN(time.getTime()) && time.toISOString().startsWith(value.slice(0, 10))
}

function textsOf (files: readonly unknown[], limits: Limits, faulty: Faulty): SourceText[] {
  const texts = files.map((file, i) => fileOf(file, `files[${i}]`, limits, faulty))
  const names = new Set<string>()
  for (const { name } of texts) {
    if (names.has(name)) throw faulty(`the name ${shown(name)} is given twice`)
    names.add(name)
  }
  return texts
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
  throw faulty(`${what} has a member ${shown(name)}${meant === null ? '' : `; did you mean "${meant}"?`}, but takes only ${expected.slice(0, -1).join(', ')} and ${expected.at(-1)}`)
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
