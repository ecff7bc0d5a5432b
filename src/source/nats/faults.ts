// What goes wrong between here and a NATS server, in words that say what to do.
import { messageOf } from '../finding.ts'
import { failureOf } from '../http-faults.ts'
import { SourceError } from '../source.ts'
import type { ResolvedNats } from './options.ts'

/** A reason, and what to do about it. */
type Words = readonly [reason: string, help: string]

const noJetStream: Words = [
  'nobody answers: the server has no JetStream, or not for this user', 'switch JetStream on in the configuration of the server, for the account of the user'
]

const lost: Words = ['the connection was lost', 'look at the server']

/** By the names of the client's errors. */
const failures: Readonly<Record<string, Words>> = {
  UserAuthenticationExpiredError: ['the credentials have expired', 'renew them'],
  JetStreamNotEnabled: noJetStream,
  NoResponders: noJetStream,
  ClosedConnectionError: lost
}

/** By the messages of errors whose names tell too little. */
const messages: readonly (readonly [message: RegExp, words: Words])[] = [
  [/^connection (?:closed|disconnected)/, lost],
  [/does not support 'tls'|'tls' is not available/, ['the server offers no TLS', 'switch TLS on in the configuration of the server']],
  [/undefined error/, ['the connection was closed before the server said anything', 'look at the server, and at what stands between']],
  [/^unexpected response/, ['it speaks no NATS', 'correct the port of the URL']],
  [/^maximum (?:bytes|messages) exceeded/, ['the bucket is full', 'raise the limits of its stream (`max_bytes`, `max_msgs`), or delete it: the next publish makes it anew']],
  [/message size exceeds maximum/, ['the bucket takes nothing of that size', 'raise `max_msg_size` of its stream']],
  [/sealed stream/, ['the bucket is sealed: nothing is written into it any more', 'name another bucket in the URL, or delete its stream: the next publish makes it anew']],
  [/maximum number of streams reached/, ['the account may have no more streams', 'raise `max_streams` of the account, or remove one that nobody needs']],
  [/insufficient (?:storage |memory )?resources|resource limits exceeded/, [
    'JetStream has no room left there', 'raise what the server or the account may store (`max_file_store`, `max_file`), or make room'
  ]],
  // What becomes of a client that is told to use no TLS, where the server insists on it.
  [/'certFile' of .* null/, ['the server wants TLS', 'write tls://… instead of nats://…']]
]

/** The error for whatever a NATS client threw. */
export function natsFault (server: ResolvedNats, error: unknown): SourceError {
  if (error instanceof SourceError) return error
  // The client wraps errors in its own, some of which have numbers for codes.
  const chain = [error, (error as Error).cause].filter(each => each instanceof Error)
  const ofSystem = chain.find(each => typeof (each as NodeJS.ErrnoException).code === 'string')
  if (ofSystem !== undefined) return certificateFault(server, ofSystem) ?? failureOf(server.place, ofSystem, 'caFile')
  const words = chain.map(each => wordsOf(server, each)).find(each => each !== null)
  return new SourceError(server.place, words?.[0] ?? messageOf(error), { cause: error, ...words && { help: words[1] } })
}

/** Whether a fault is no more than the end of the connection that something was asked over. */
export function isLost (fault: unknown): boolean {
  return fault instanceof SourceError && fault.reason === lost[0]
}

/** The same while a connection is made: a server that misses our certificate says so, but may be gone before that is heard. */
export function connectFault (server: ResolvedNats, error: unknown): SourceError {
  const fault = natsFault(server, error)
  const { code } = (fault.cause ?? {}) as NodeJS.ErrnoException
  if (code !== 'ECONNRESET' || !server.isTls) return fault
  const why = server.certFile === null ? 'want a certificate of this side (`certFile` and `keyFile`)' : 'not take the certificate of this side (`certFile`)'
  return new SourceError(server.place, fault.reason, { help: `look at the server's log: it may ${why}`, cause: fault.cause })
}

/** What a server says by TLS of the certificate of this side; null where it speaks of something else. */
function certificateFault ({ place, certFile }: ResolvedNats, error: Error): SourceError | null {
  const { code = '' } = error as NodeJS.ErrnoException
  if (!/_ALERT_(?:CERTIFICATE_\w+|BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|UNKNOWN_CA)$/.test(code)) return null
  const [reason, help] = certFile === null
    ? ['the server wants a certificate of this side', 'give `certFile` and `keyFile`']
    : ['the server does not take the certificate of this side', `is ${certFile} in force, for clients, and signed by an authority that the server trusts? Check \`certFile\``]
  return new SourceError(place, `${reason} (${code})`, { help, cause: error })
}

function wordsOf (server: ResolvedNats, error: Error): Words | null {
  switch (error.name) {
    case 'AuthorizationError': return wordsOfRefusal(server)
    case 'TimeoutError': return [`no answer within ${server.timeout} ms`, 'look at the server, and at the network between here and there']
    case 'StreamNotFoundError': return [`there is no bucket ${server.bucket}`, 'publish a policy set there, or correct the URL']
    case 'PermissionViolationError': {
      const { operation, subject } = error as Error & { operation: string, subject: string }
      const what = operation === 'publish' ? 'publish to' : 'subscribe to'
      return [`the user may not ${what} ${withoutName(subject)}`, 'allow that in the configuration of the server, or use another user']
    }
    default: return failures[error.name] ?? messages.find(([message]) => message.test(error.message))?.[1] ?? null
  }
}

/** A right is for whatever name a client makes up for its consumer; so each refusal reads the same. */
function withoutName (subject: string): string {
  return subject.replace(/^(\$JS\.API\.CONSUMER\.\w+\.[^.]+\.)[^.]+/, '$1*')
}

function wordsOfRefusal ({ user, tokenFile, credsFile }: ResolvedNats): Words {
  const given = user !== null ? '`user` and `passwordFile`' : tokenFile !== null ? '`tokenFile`' : credsFile !== null ? '`credsFile`' : null
  return given === null
    ? ['the server lets only known users in', 'give `user` and `passwordFile`, `tokenFile` or `credsFile`']
    : ['the server does not accept the credentials', `check ${given}`]
}
