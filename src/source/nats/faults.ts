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

/** By the names of the client's errors. */
const failures: Readonly<Record<string, Words>> = {
  UserAuthenticationExpiredError: ['the credentials have expired', 'renew them'],
  JetStreamNotEnabled: noJetStream,
  NoResponders: noJetStream,
  ClosedConnectionError: ['the connection was lost', 'look at the server']
}

/** By the messages of errors whose names tell too little. */
const messages: readonly (readonly [message: RegExp, words: Words])[] = [
  [/^connection (?:closed|disconnected)/, ['the connection was lost', 'look at the server']],
  [/does not support 'tls'|'tls' is not available/, ['the server offers no TLS', 'switch TLS on in the configuration of the server']],
  [/undefined error/, ['the connection was closed before the server said anything', 'look at the server, and at what stands between']],
  [/^unexpected response/, ['it speaks no NATS', 'correct the port of the URL']],
  // What becomes of a client that is told to use no TLS, where the server insists on it.
  [/'certFile' of .* null/, ['the server wants TLS', 'write tls://… instead of nats://…']]
]

/** The error for whatever a NATS client threw. */
export function natsFault (server: ResolvedNats, error: unknown): SourceError {
  if (error instanceof SourceError) return error
  // The client wraps errors in its own, some of which have numbers for codes.
  const chain = [error, (error as Error).cause].filter(each => each instanceof Error)
  const ofSystem = chain.find(each => typeof (each as NodeJS.ErrnoException).code === 'string')
  if (ofSystem !== undefined) return failureOf(server.place, ofSystem, 'caFile')
  const words = chain.map(each => wordsOf(server, each)).find(each => each !== null)
  return new SourceError(server.place, words?.[0] ?? messageOf(error), { cause: error, ...words && { help: words[1] } })
}

/** The same while a connection is made: a server that misses our certificate says so, but may be gone before that is heard. */
export function connectFault (server: ResolvedNats, error: unknown): SourceError {
  const fault = natsFault(server, error)
  const { code } = (fault.cause ?? {}) as NodeJS.ErrnoException
  if (code !== 'ECONNRESET' || !server.isTls || server.certFile !== null) return fault
  const help = 'look at the server\'s log: it may want a certificate of this side (`certFile` and `keyFile`)'
  return new SourceError(server.place, fault.reason, { help, cause: fault.cause })
}

function wordsOf (server: ResolvedNats, error: Error): Words | null {
  switch (error.name) {
    case 'AuthorizationError': return wordsOfRefusal(server)
    case 'TimeoutError': return [`no answer within ${server.timeout} ms`, 'look at the server, or set a longer `timeout`']
    case 'StreamNotFoundError': return [`there is no bucket ${server.bucket}`, 'publish a policy set there, or correct the URL']
    case 'PermissionViolationError': {
      const { operation, subject } = error as Error & { operation: string, subject: string }
      const what = operation === 'publish' ? 'publish to' : 'subscribe to'
      return [`the user may not ${what} ${subject}`, 'allow that in the configuration of the server, or use another user']
    }
    default: return failures[error.name] ?? messages.find(([message]) => message.test(error.message))?.[1] ?? null
  }
}

function wordsOfRefusal ({ user, tokenFile, credsFile }: ResolvedNats): Words {
  const given = user !== null ? '`user` and `passwordFile`' : tokenFile !== null ? '`tokenFile`' : credsFile !== null ? '`credsFile`' : null
  return given === null
    ? ['the server lets only known users in', 'give `user` and `passwordFile`, `tokenFile` or `credsFile`']
    : ['the server does not accept the credentials', `check ${given}`]
}
