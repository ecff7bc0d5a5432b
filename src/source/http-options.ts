// What a host may set for policies from a URL: looked through once, before anything is asked.
import { X509Certificate } from 'node:crypto'
import { suggest } from '../diagnostic/suggest.ts'
import { defaultLimits, type Limits } from './limits.ts'
import { publicKeysOf, UnfitKey, type PublicKeys } from './signature.ts'

/** What a host may set for a URL; every setting has a default. Times are milliseconds. */
export interface HttpOptions extends Partial<Limits> {
  /** The time between two looks; a tenth more or less, so that many gateways don't look in step. 30 s unless given. */
  readonly pollInterval?: number
  /** How long one answer may take, redirects and body included; 10 s unless given. */
  readonly timeout?: number
  /** Sent as `Authorization: Bearer …`. Prefer `tokenFile`. */
  readonly token?: string
  /** A file that holds the token and nothing else. It is read for each request, so the token in it may be replaced. */
  readonly tokenFile?: string
  /** Certificates of the authorities to trust instead of the system's, in PEM form. */
  readonly ca?: string
  /** A file that holds them. It is read for each request. */
  readonly caFile?: string
  /** Only bundles that one of these keys has signed are taken: Ed25519, in PEM form, one or several one after the other. */
  readonly publicKey?: string
  /** A file that holds them. It is read for each request. */
  readonly publicKeyFile?: string
  /** `http:` is allowed for hosts other than this one: whoever is on the way can then change the policies. */
  readonly allowInsecure?: boolean
  /** Bytes a bundle; 16 MiB unless given. */
  readonly maxBytes?: number
}

/** The options with nothing left to default. */
export interface ResolvedHttp {
  readonly url: URL
  /** What errors call it: without the query, in which a signature may stand. */
  readonly place: string
  readonly pollInterval: number
  readonly timeout: number
  readonly token: string | null
  readonly tokenFile: string | null
  readonly ca: string | null
  readonly caFile: string | null
  readonly publicKeys: PublicKeys | null
  readonly publicKeyFile: string | null
  readonly maxBytes: number
  readonly limits: Limits
}

const known = [
  'pollInterval', 'timeout', 'token', 'tokenFile', 'ca', 'caFile', 'publicKey', 'publicKeyFile', 'allowInsecure', 'maxBytes',
  'maxFileBytes', 'maxFiles', 'maxDepth'
] as const satisfies readonly (keyof HttpOptions)[]

/** A day, in milliseconds. */
const longest = 86_400_000

/** The largest bundle unless a host says otherwise, in bytes. */
export const defaultMaxBytes: number = 16 * 1024 * 1024

/** Throws a TypeError that says what to write instead. */
export function resolveHttp (url: string | URL, options: HttpOptions): ResolvedHttp {
  for (const name of Object.keys(options)) refuseUnknown(name)
  const { token = null, tokenFile = null, ca = null, caFile = null, publicKey, publicKeyFile = null, allowInsecure = false } = options
  if (token !== null && tokenFile !== null) throw new TypeError('httpSource takes `token` or `tokenFile`, not both')
  if (token !== null && !isToken(token)) throw new TypeError(`\`token\` is ${tokenForm}`)
  if (ca !== null && caFile !== null) throw new TypeError('httpSource takes `ca` or `caFile`, not both')
  if (ca !== null && !isCertificate(ca)) throw new TypeError('`ca` holds no certificate in PEM form')
  if (publicKey !== undefined && publicKeyFile !== null) throw new TypeError('httpSource takes `publicKey` or `publicKeyFile`, not both')
  const parsed = urlOf(url, allowInsecure)
  return {
    url: parsed,
    place: placeOf(parsed),
    pollInterval: count('pollInterval', options.pollInterval, 30_000, longest),
    timeout: count('timeout', options.timeout, 10_000, longest),
    token,
    tokenFile,
    ca,
    caFile,
    publicKeys: publicKey === undefined ? null : keysOf(publicKey),
    publicKeyFile,
    maxBytes: count('maxBytes', options.maxBytes, defaultMaxBytes, 2 ** 29),
    limits: {
      maxFileBytes: count('maxFileBytes', options.maxFileBytes, defaultLimits.maxFileBytes, 2 ** 29),
      maxFiles: count('maxFiles', options.maxFiles, defaultLimits.maxFiles, 2 ** 31),
      maxDepth: count('maxDepth', options.maxDepth, defaultLimits.maxDepth, 2 ** 31)
    }
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

/** A URL for people to see: of a query only that it is there. */
export function placeOf ({ origin, pathname, search }: URL): string {
  return `${origin}${pathname}${search === '' ? '' : '?…'}`
}

export function keysOf (publicKey: string): PublicKeys {
  try {
    return publicKeysOf(publicKey)
  } catch (error) {
    throw error instanceof UnfitKey ? new TypeError(`\`publicKey\` ${error.message}`) : error
  }
}

function refuseUnknown (name: string): void {
  if ((known as readonly string[]).includes(name)) return
  const meant = suggest(name, known)
  throw new TypeError(`httpSource has no option \`${name}\`${meant === null ? '' : `; did you mean \`${meant}\`?`} (the options are ${known.join(', ')})`)
}

function count (name: string, value: number | undefined, byDefault: number, most: number): number {
  if (value === undefined) return byDefault
  if (Number.isSafeInteger(value) && value >= 1 && value <= most) return value
  throw new TypeError(`\`${name}\` is a whole number from 1 to ${most}, not ${String(value)}`)
}

function urlOf (text: string | URL, allowInsecure: boolean): URL {
  const url = URL.canParse(String(text)) ? new URL(text) : null
  if (url === null || !/^https?:$/.test(url.protocol)) throw new TypeError('httpSource needs the https URL of a bundle, such as https://policies.example.com/cors.json')
  const place = placeOf(url)
  if (url.username !== '' || url.password !== '') throw new TypeError(`${place}: the URL holds a user name or password; use \`token\` or \`tokenFile\``)
  if (url.hash !== '') throw new TypeError(`${place}: a URL of a bundle has no fragment (\`#…\`)`)
  if (url.protocol === 'http:' && !allowInsecure && !isLoopback(url.hostname)) {
    throw new TypeError(`${place}: over http anybody on the way can change the policies; use https, or say \`allowInsecure: true\``)
  }
  return url
}

/** Whether only this machine is meant by a URL's host. */
export function isLoopback (host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(host)
}
