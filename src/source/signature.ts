// Signatures of bundles: Ed25519, with keys in PEM form as `openssl` writes them.
import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto'
import { systemReason } from './finding.ts'
import { readSmallFile } from './small-file.ts'
import { SourceError } from './source.ts'

/** The keys that may have signed a bundle, and the text that they were read from. */
export interface PublicKeys {
  readonly keys: readonly KeyObject[]
  /** Equal for equal keys. */
  readonly pem: string
}

/** Where a bundle is to be read, as who signs and who verifies know by themselves: what is signed for one place holds at no other. */
export type Audience = 'url' | `bucket ${string}`

/** Who has to have signed a bundle, and for where. */
export interface Trust {
  readonly keys: PublicKeys
  readonly audience: Audience
}

/** A text that holds no key of the kind that is asked for: its message tells, behind the text's name. */
export class UnfitKey extends Error {}

const howToMake = '`openssl genpkey -algorithm ed25519` makes one'
const label = /-----BEGIN ([A-Z0-9 ]+)-----/g

/** The private key in a text. Throws {@link UnfitKey}. */
export function privateKeyOf (pem: string): KeyObject {
  const labels = labelsOf(pem)
  if (labels.includes('ENCRYPTED PRIVATE KEY')) throw new UnfitKey('holds a private key that is encrypted: give it without a passphrase')
  if (labels.length > 1) throw new UnfitKey('holds more than one key: one signs')
  if (labels[0]?.endsWith('PRIVATE KEY') !== true) {
    throw new UnfitKey(labels[0] === undefined ? `holds no private key in PEM form: ${howToMake}` : `holds a ${labels[0].toLowerCase()}, no private key: ${howToMake}`)
  }
  return ofEd25519(keyOf(() => createPrivateKey(pem), 'private'), 'private')
}

/** The public keys in a text: one, or several one after the other. Throws {@link UnfitKey}. */
export function publicKeysOf (pem: string): PublicKeys {
  const labels = labelsOf(pem)
  if (labels.length === 0) throw new UnfitKey('holds no public key in PEM form: `openssl pkey -in FILE -pubout` prints that of a private key')
  const other = labels.find(each => each !== 'PUBLIC KEY')
  if (other?.endsWith('PRIVATE KEY') === true) throw new UnfitKey('holds a private key, which only the publisher may have: give the public one (`openssl pkey -in FILE -pubout`)')
  if (other !== undefined) throw new UnfitKey(`holds a ${other.toLowerCase()}, no public key: \`openssl pkey -in FILE -pubout\` prints that of a private key`)
  const blocks = pem.match(/-----BEGIN PUBLIC KEY-----[^-]*-----END PUBLIC KEY-----/g) ?? []
  if (blocks.length < labels.length) throw new UnfitKey('holds a public key that is not whole')
  return { keys: blocks.map(block => ofEd25519(keyOf(() => createPublicKey(block), 'public'), 'public')), pem }
}

/** Reads the public keys that a file holds. Rejects with {@link SourceError}. */
export async function readPublicKeys (place: string, path: string): Promise<PublicKeys> {
  try {
    return publicKeysOf((await readSmallFile(path)).toString())
  } catch (error) {
    if (error instanceof UnfitKey) throw new SourceError(place, `the file ${path} ${error.message}`, { help: 'correct `publicKeyFile`' })
    const help = 'correct `publicKeyFile`, or let the gateway\'s user read the file'
    throw new SourceError(place, `the file ${path} can't be read: ${systemReason(error)}`, { help, cause: error })
  }
}

/** The readers of a bucket. Buckets of one name on two servers have the same ones. */
export function ofBucket (name: string): Audience {
  return `bucket ${name}`
}

/** Signs a text: base64. */
export function signText (text: string, key: KeyObject): string {
  return sign(null, Buffer.from(text), key).toString('base64')
}

/** Whether a text is a signature as {@link signText} writes it: of 64 bytes, in the one way in which base64 writes those. */
export function isSignature (text: string): boolean {
  const bytes = Buffer.from(text, 'base64')
  return bytes.length === 64 && bytes.toString('base64') === text
}

/** Whether one of the keys has signed the text. */
export function isSignedBy ({ keys }: PublicKeys, text: string, signature: string): boolean {
  const [bytes, signed] = [Buffer.from(text), Buffer.from(signature, 'base64')]
  return keys.some(key => verify(null, bytes, key, signed))
}

function labelsOf (pem: string): string[] {
  return [...pem.matchAll(label)].map(([, name]) => name!)
}

function keyOf (read: () => KeyObject, kind: 'private' | 'public'): KeyObject {
  try {
    return read()
  } catch {
    // The reason of OpenSSL names its own source.
    throw new UnfitKey(`holds a ${kind} key that is not whole, or none that is known here`)
  }
}

function ofEd25519 (key: KeyObject, kind: 'private' | 'public'): KeyObject {
  if (key.asymmetricKeyType === 'ed25519') return key
  throw new UnfitKey(`holds a ${kind} key of the kind ${key.asymmetricKeyType}, but only Ed25519 is taken: ${howToMake}`)
}
