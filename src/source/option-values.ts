// The options that sources at URLs have in common, and what their values must be: looked through once, before anything is asked.
import { X509Certificate } from 'node:crypto'
import { suggest } from '../diagnostic/suggest.ts'
import { defaultLimits, type Limits } from './limits.ts'
import { publicKeysOf, UnfitKey, type PublicKeys } from './signature.ts'

/** By which keys a bundle must be signed. */
export interface KeyOptions {
  /** Only bundles that one of these keys has signed are taken: Ed25519, in PEM form, one or several one after the other. */
  readonly publicKey?: string
  /** A file that holds them. It is read at each reading. */
  readonly publicKeyFile?: string
}

/** The same with nothing left to default; at most one of both. */
export interface ResolvedKeys {
  readonly publicKeys: PublicKeys | null
  readonly publicKeyFile: string | null
}

/** Throws a TypeError for an option that `caller` does not have. */
export function refuseUnknown (caller: string, options: object, known: readonly string[]): void {
  const name = Object.keys(options).find(each => !known.includes(each))
  if (name === undefined) return
  const meant = suggest(name, known)
  throw new TypeError(`${caller} has no option \`${name}\`${meant === null ? '' : `; did you mean \`${meant}\`?`} (the options are ${known.join(', ')})`)
}

/** A day, in milliseconds. */
const day = 86_400_000

/** A whole number from 1; of milliseconds, up to a day, unless `most` is given. */
export function count (name: string, value: number | undefined, byDefault: number, most: number = day): number {
  if (value === undefined) return byDefault
  if (Number.isSafeInteger(value) && value >= 1 && value <= most) return value
  throw new TypeError(`\`${name}\` is a whole number from 1 to ${most}, not ${String(value)}`)
}

export function limitsOf ({ maxFileBytes, maxFiles, maxDepth }: Partial<Limits>): Limits {
  return {
    maxFileBytes: count('maxFileBytes', maxFileBytes, defaultLimits.maxFileBytes, 2 ** 29),
    maxFiles: count('maxFiles', maxFiles, defaultLimits.maxFiles, 2 ** 31),
    maxDepth: count('maxDepth', maxDepth, defaultLimits.maxDepth, 2 ** 31)
  }
}

export function keysOf (caller: string, { publicKey, publicKeyFile }: KeyOptions): ResolvedKeys {
  if (publicKey !== undefined && publicKeyFile !== undefined) throw new TypeError(`${caller} takes \`publicKey\` or \`publicKeyFile\`, not both`)
  try {
    return { publicKeys: publicKey === undefined ? null : publicKeysOf(publicKey), publicKeyFile: publicKeyFile ?? null }
  } catch (error) {
    throw error instanceof UnfitKey ? new TypeError(`\`publicKey\` ${error.message}`) : error
  }
}

/** What a token looks like, in words. */
export const tokenForm: string = '1 to 8,192 visible ASCII characters without spaces'

/** Whether a text can stand behind `Bearer` as it is. */
export function isToken (text: string): boolean {
  return /^[!-~]{1,8192}$/.test(text)
}

/** Whether a text begins with a certificate in PEM form. */
export function isCertificate (text: string): boolean {
  try {
    return new X509Certificate(text).raw.length > 0
  } catch {
    return false
  }
}

/** Whether only this machine is meant by a URL's host. */
export function isLoopback (host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(host)
}
