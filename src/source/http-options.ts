// What a host may set for policies from a URL: looked through once, before anything is asked.
import type { Limits } from './limits.ts'
import {
  count, isCertificate, isLoopback, isToken, keysOf, limitsOf, refuseUnknown, tokenForm, type KeyOptions, type ResolvedKeys
} from './option-values.ts'

/** What a host may set for a URL; every setting has a default. Times are milliseconds. */
export interface HttpOptions extends Partial<Limits>, KeyOptions {
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
  /** `http:` is allowed for hosts other than this one: whoever is on the way can then change the policies. */
  readonly allowInsecure?: boolean
  /** Bytes a bundle; 16 MiB unless given. */
  readonly maxBytes?: number
}

/** The options with nothing left to default. */
export interface ResolvedHttp extends ResolvedKeys {
  readonly url: URL
  /** What errors call it: without the query, in which a signature may stand. */
  readonly place: string
  readonly pollInterval: number
  readonly timeout: number
  readonly token: string | null
  readonly tokenFile: string | null
  readonly ca: string | null
  readonly caFile: string | null
  readonly maxBytes: number
  readonly limits: Limits
}

const known = [
  'pollInterval', 'timeout', 'token', 'tokenFile', 'ca', 'caFile', 'publicKey', 'publicKeyFile', 'allowInsecure', 'maxBytes',
  'maxFileBytes', 'maxFiles', 'maxDepth'
] as const satisfies readonly (keyof HttpOptions)[]

/** The largest bundle unless a host says otherwise, in bytes. */
const defaultMaxBytes: number = 16 * 1024 * 1024

/** Throws a TypeError that says what to write instead. */
export function resolveHttp (url: string | URL, options: HttpOptions): ResolvedHttp {
  refuseUnknown('httpSource', options, known)
  const { token = null, tokenFile = null, ca = null, caFile = null, allowInsecure = false } = options
  if (token !== null && tokenFile !== null) throw new TypeError('httpSource takes `token` or `tokenFile`, not both')
  if (token !== null && !isToken(token)) throw new TypeError(`\`token\` is ${tokenForm}`)
  if (ca !== null && caFile !== null) throw new TypeError('httpSource takes `ca` or `caFile`, not both')
  if (ca !== null && !isCertificate(ca)) throw new TypeError('`ca` holds no certificate in PEM form')
  const parsed = urlOf(url, allowInsecure)
  return {
    url: parsed,
    place: placeOf(parsed),
    pollInterval: count('pollInterval', options.pollInterval, 30_000),
    timeout: count('timeout', options.timeout, 10_000),
    token,
    tokenFile,
    ca,
    caFile,
    ...keysOf('httpSource', options),
    maxBytes: count('maxBytes', options.maxBytes, defaultMaxBytes, 2 ** 29),
    limits: limitsOf(options)
  }
}

/** A URL for people to see: of a query only that it is there. */
export function placeOf ({ origin, pathname, search }: URL): string {
  return `${origin}${pathname}${search === '' ? '' : '?…'}`
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
