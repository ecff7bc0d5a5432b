// What goes wrong between here and a server of policies, in words that say what to do.
import { messageOf, systemReason } from './finding.ts'
import { SourceError } from './source.ts'

/** A reason, and what to do about it. */
type Words = readonly [reason: string, help: string]

const untrusted: Words = ['its certificate is signed by no authority that is trusted here',
  'give the certificate of that authority as `ca`, or by NODE_EXTRA_CA_CERTS']
const unreachable: Words = ['no way leads there', 'look at the network between here and there']
const noTls: Words = ['it speaks no TLS', 'correct the port, or the scheme of the URL']

/** By the codes of Node's errors. */
const failures: Readonly<Record<string, Words>> = {
  ECONNREFUSED: ['nothing listens there', 'is the server running, and is that its port?'],
  ECONNRESET: ['the connection was closed before the answer was whole', 'look at the server\'s log, and at what stands between'],
  ETIMEDOUT: unreachable,
  EHOSTUNREACH: unreachable,
  ENETUNREACH: unreachable,
  ENOTFOUND: ['there is no such host', 'correct the host, or look at the name servers of this machine'],
  EAI_AGAIN: ['the name of the host can\'t be resolved now', 'look at the name servers of this machine'],
  CERT_HAS_EXPIRED: ['its certificate has expired', 'renew it, or correct the clock of this machine'],
  CERT_NOT_YET_VALID: ['its certificate is not valid yet', 'correct the clock of this machine'],
  ERR_TLS_CERT_ALTNAME_INVALID: ['its certificate is for another host', 'name the host that the certificate names'],
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_GET_ISSUER_CERT: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  EPROTO: noTls,
  ERR_SSL_WRONG_VERSION_NUMBER: noTls
}

/** The error for whatever went wrong on the way; `ca` is the option that authorities are given by. */
export function failureOf (place: string, error: unknown, ca: 'ca' | 'caFile' = 'ca'): SourceError {
  if (error instanceof SourceError) return error
  const { code = '' } = error as NodeJS.ErrnoException
  const words = failures[code]
  if (words !== undefined) return new SourceError(place, `${words[0]} (${code})`, { help: words[1].replace('`ca`', `\`${ca}\``), cause: error })
  const reason = code.startsWith('HPE_') ? `the answer is not HTTP (${code})` : code === '' ? messageOf(error) : systemReason(error)
  return new SourceError(place, reason, { cause: error })
}

/** The error for an answer that brings no bundle. */
export function refusalOf (place: string, status: number, hasToken: boolean): SourceError {
  const [what, help] = refusalWords(status, hasToken)
  return new SourceError(place, `answered ${status}${what === '' ? '' : `: ${what}`}`, { help })
}

function refusalWords (status: number, hasToken: boolean): Words {
  if (status === 401 || status === 403) {
    return hasToken
      ? [status === 401 ? 'the token is not accepted' : 'the token may not read this', 'check what `token` or `tokenFile` gives']
      : ['it is not for everybody', 'give `token` or `tokenFile`']
  }
  if (status === 404 || status === 410) return ['there is no bundle', 'publish what `cors-gateway bundle` prints there, or correct the URL']
  if (status === 304) return ['it was asked for the whole bundle', 'look at the cache between here and there']
  if (status === 429 || status >= 500) return ['', 'look at the server; it is asked again']
  return ['', 'serve the bundle with the status 200']
}
