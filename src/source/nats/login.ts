// What a connection shows a NATS server, read from files at each connection, and what it trusts in turn.
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { checkServerIdentity, createSecureContext, type PeerCertificate } from 'node:tls'
import { messageOf, systemReason } from '../finding.ts'
import { isCertificate, isToken, tokenForm } from '../option-values.ts'
import { readSmallFile } from '../small-file.ts'
import { SourceError } from '../source.ts'
import type { ResolvedNats } from './options.ts'

/** Who connects. */
export interface Login {
  readonly user?: string
  readonly pass?: string
  readonly token?: string
  /** The text of a `.creds` file. */
  readonly creds?: string
}

/** What Node's TLS takes beside the defaults. */
export interface Tls {
  readonly checkServerIdentity: (name: string, certificate: PeerCertificate) => Error | undefined
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
}

/** Rejects with {@link SourceError} where a file is no use; nothing of it is told. */
export async function loginOf (server: ResolvedNats): Promise<Login> {
  const { user, passwordFile, tokenFile, credsFile } = server
  if (user !== null && passwordFile !== null) return { user, pass: await read(server, 'passwordFile', passwordFile, isPassword, 'holds no password', 'write the password into it, on one line') }
  if (tokenFile !== null) return { token: await read(server, 'tokenFile', tokenFile, isToken, 'holds no token', `a token is ${tokenForm}`) }
  if (credsFile === null) return {}
  const creds = await read(server, 'credsFile', credsFile, isCreds, 'holds no credentials of NATS', 'it has a JWT and a seed, as `nsc generate creds` prints them')
  // The client takes no other ends of lines, the last one included.
  return { creds: `${creds.replaceAll('\r\n', '\n')}\n` }
}

/** An address is in no SNI, and has to be compared with the certificate all the same. */
export async function tlsOf (server: ResolvedNats): Promise<Tls> {
  const { host, caFile } = server
  return {
    checkServerIdentity: (_name, certificate) => checkServerIdentity(host, certificate),
    ...caFile !== null && { ca: await read(server, 'caFile', caFile, isCertificate, noCertificate) },
    ...await ownCertificateOf(server)
  }
}

/** The certificate of this side and its key, which fit each other. */
async function ownCertificateOf (server: ResolvedNats): Promise<Pick<Tls, 'cert' | 'key'>> {
  const { place, certFile, keyFile } = server
  if (certFile === null || keyFile === null) return {}
  const cert = await read(server, 'certFile', certFile, isCertificate, noCertificate)
  const key = await read(server, 'keyFile', keyFile, isKey, 'holds no private key in PEM form, or an encrypted one')
  if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) {
    throw new SourceError(place, `the key in ${keyFile} is not that of the certificate in ${certFile}`, {
      help: 'correct `certFile` or `keyFile`; of a chain, the certificate of this side comes first'
    })
  }
  try {
    createSecureContext({ cert, key })
  } catch (error) {
    throw new SourceError(place, `the certificate in ${certFile} can't be used for TLS: ${messageOf(error)}`, { help: 'correct `certFile`: some of a chain may be broken, or its key too short', cause: error })
  }
  return { cert, key }
}

const noCertificate = 'holds no certificate in PEM form'

async function read (
  { place }: ResolvedNats, option: string, path: string, isFit: (text: string) => boolean, fault: string, help: string = `correct \`${option}\``
): Promise<string> {
  let text: string
  try {
    text = (await readSmallFile(path)).toString().trim()
  } catch (error) {
    throw new SourceError(place, `the file ${path} can't be read: ${systemReason(error)}`, {
      help: `correct \`${option}\`, or let the user of this process read the file`, cause: error
    })
  }
  if (!isFit(text)) throw new SourceError(place, `the file ${path} ${fault}`, { help })
  return text
}

function isPassword (text: string): boolean {
  return text !== '' && !/[\0-\x1f\x7f]/.test(text)
}

function isCreds (text: string): boolean {
  return /BEGIN NATS USER JWT-+\r?\n\S+\r?\n[\s\S]*BEGIN USER NKEY SEED-+\r?\n\S+\r?\n/.test(text)
}

function isKey (text: string): boolean {
  try {
    return createPrivateKey(text).type === 'private'
  } catch {
    return false
  }
}
