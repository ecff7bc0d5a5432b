// What a host may set for a store on NATS: looked through once, before anything is connected.
import { count, isLoopback, refuseUnknown } from '../option-values.ts'

/** How to connect to a NATS server; nothing secret stands in the URL. Times are milliseconds. */
export interface NatsOptions {
  /** A user of the server, with `passwordFile`. */
  readonly user?: string
  /** A file that holds the user's password and nothing else. Like all files here, it is read for each connection. */
  readonly passwordFile?: string
  /** A file that holds a token and nothing else. */
  readonly tokenFile?: string
  /** A `.creds` file: the JWT and the seed of a user. */
  readonly credsFile?: string
  /** The certificates of the authorities to trust instead of the system's, in PEM form. */
  readonly caFile?: string
  /** This side's certificate, in PEM form, with `keyFile`. */
  readonly certFile?: string
  /** The private key of that certificate, in PEM form. */
  readonly keyFile?: string
  /**
   * `nats:` is allowed for hosts other than this one: whoever is on the way can then read the password and change the policies.
   * `false` unless given.
   */
  readonly allowInsecure?: boolean
  /** How long a connection, and one answer, may take; 10 s unless given. */
  readonly timeout?: number
}

/** The options with nothing left to default. */
export interface ResolvedNats {
  /** The server as a name or an address, without the brackets of IPv6. */
  readonly host: string
  readonly port: number
  readonly isTls: boolean
  readonly bucket: string
  /** What errors call it. */
  readonly place: string
  readonly user: string | null
  readonly passwordFile: string | null
  readonly tokenFile: string | null
  readonly credsFile: string | null
  readonly caFile: string | null
  readonly certFile: string | null
  readonly keyFile: string | null
  readonly timeout: number
}

/** The names of the options. */
export const natsOptionNames: readonly (keyof NatsOptions)[] = [
  'user', 'passwordFile', 'tokenFile', 'credsFile', 'caFile', 'certFile', 'keyFile', 'allowInsecure', 'timeout'
]

/** Whether a text is meant as the URL of a store. */
export function isNatsUrl (text: string): boolean {
  return /^(?:nats|tls):/i.test(text)
}

/** Throws a TypeError that says what to write instead. `known` are the names that the caller takes, for its `options`. */
export function resolveNats (
  url: string | URL, options: NatsOptions, caller: string, known: readonly string[] = natsOptionNames
): ResolvedNats {
  refuseUnknown(caller, options, known)
  const { user = null, passwordFile = null, tokenFile = null, credsFile = null, caFile = null, certFile = null, keyFile = null } = options
  if ((user === null) !== (passwordFile === null)) throw new TypeError('`user` and `passwordFile` belong together')
  if ([user, tokenFile, credsFile].filter(each => each !== null).length > 1) throw new TypeError('give one of `user`, `tokenFile` and `credsFile`, not several')
  if ((certFile === null) !== (keyFile === null)) throw new TypeError('`certFile` and `keyFile` belong together')
  const server = serverOf(url, options.allowInsecure ?? false, caller)
  const tlsOnly = ([['caFile', caFile], ['certFile', certFile]] as const).find(([, value]) => value !== null)
  if (!server.isTls && tlsOnly !== undefined) throw new TypeError(`${server.place}: \`${tlsOnly[0]}\` is for TLS; write tls://… instead of nats://…`)
  return { ...server, user, passwordFile, tokenFile, credsFile, caFile, certFile, keyFile, timeout: count('timeout', options.timeout, 10_000) }
}

/** The URL for people to see; a user name or password in it is left out. */
export function natsPlaceOf (url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname === '/' ? '' : url.pathname}`
}

function serverOf (text: string | URL, allowInsecure: boolean, caller: string): Pick<ResolvedNats, 'host' | 'port' | 'isTls' | 'bucket' | 'place'> {
  const url = URL.canParse(String(text)) ? new URL(text) : null
  if (url === null || !isNatsUrl(url.protocol) || !/^(?:[\w.-]+|\[[\da-f:.]+\])$/i.test(url.hostname)) {
    throw new TypeError(`${caller} needs the URL of a NATS server, such as tls://nats.example.com:4222/cors-policies`)
  }
  const place = natsPlaceOf(url)
  if (url.username !== '' || url.password !== '') throw new TypeError(`${place}: the URL holds a user name or password; use \`user\` and \`passwordFile\``)
  if (url.search !== '' || url.hash !== '') throw new TypeError(`${place}: nothing follows the name of the bucket`)
  const [, bucket = 'cors-policies'] = /^\/?([\w-]{1,64})?$/.exec(url.pathname) ?? []
  if (!/^\/?(?:[\w-]{1,64})?$/.test(url.pathname)) throw new TypeError(`${place}: the path names a bucket: up to 64 letters, digits, - and _`)
  const isTls = url.protocol === 'tls:'
  if (!isTls && !allowInsecure && !isLoopback(url.hostname)) {
    throw new TypeError(`${place}: without TLS anybody on the way can read the password and change the policies; use tls://…, or say \`allowInsecure: true\``)
  }
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port: url.port === '' ? 4222 : Number(url.port), isTls, bucket, place }
}
