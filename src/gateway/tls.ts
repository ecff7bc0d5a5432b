// The certificate of the gateway: read from files, and again whenever they change.
import { X509Certificate } from 'node:crypto'
import { createSecureContext, type Server } from 'node:tls'
import { messageOf } from '../source/finding.ts'
import { readSmallFile } from '../source/small-file.ts'

/** The files of a certificate with its chain, and of its private key; PEM. */
export interface CertificateFiles {
  readonly cert: string
  readonly key: string
}

/** A certificate and its key. */
export interface KeyPair {
  readonly cert: Buffer
  readonly key: Buffer
}

/** What is told of a change. */
export interface CertificateLog {
  info (fields: object, message: string): void
  error (fields: object, message: string): void
}

/** How often the files are read, in milliseconds. Whatever swaps them, by rename, link or write, is seen by what they hold. */
const interval = 1000

/** Reads a pair that a server can use. The error of another one names the file and what to do. */
export async function readKeyPair (files: CertificateFiles): Promise<KeyPair> {
  const pair = await readFiles(files)
  checkKeyPair(pair, files)
  return pair
}

/**
 * Has a server use the pair in the files as soon as it is good. Until then the one before stays, which is logged once:
 * when a second look finds the same, for one file may be written a moment before the other. Gives the function that ends it.
 */
export function followKeyPair (server: Server, files: CertificateFiles, first: KeyPair, log: CertificateLog): () => void {
  let used = first
  let suspected: string | null = null
  let told: string | null = null
  let isLooking = false
  const take = async (): Promise<void> => {
    const pair = await readFiles(files)
    if (isSame(pair, used)) return
    checkKeyPair(pair, files)
    server.setSecureContext(pair)
    used = pair
    log.info({ certificate: describe(pair) }, `the certificate ${files.cert} has changed and is used`)
  }
  const look = async (): Promise<void> => {
    const problem = await take().then(() => null, messageOf)
    if (problem !== null && problem === suspected && problem !== told) {
      log.error({}, `the certificate is not used, the one before stays: ${problem}`)
      told = problem
    }
    if (problem === null) told = null
    suspected = problem
    isLooking = false
  }
  const timer = setInterval(() => {
    if (isLooking) return
    isLooking = true
    void look()
  }, interval)
  timer.unref()
  return () => { clearInterval(timer) }
}

async function readFiles ({ cert, key }: CertificateFiles): Promise<KeyPair> {
  const [certBytes, keyBytes] = await Promise.all([readPem(cert, 'the certificate'), readPem(key, 'the private key')])
  return { cert: certBytes, key: keyBytes }
}

async function readPem (file: string, what: string): Promise<Buffer> {
  try {
    return await readSmallFile(file)
  } catch (error) {
    throw new Error(`${what} cannot be read from ${file}: ${messageOf(error)}`, { cause: error })
  }
}

function checkKeyPair ({ cert, key }: KeyPair, files: CertificateFiles): void {
  try {
    createSecureContext({ cert })
  } catch (error) {
    throw new Error(`${files.cert} holds no certificate in PEM form: ${messageOf(error)}`, { cause: error })
  }
  try {
    createSecureContext({ key })
  } catch (error) {
    throw new Error(`${files.key} holds no private key in PEM form that needs no passphrase: ${messageOf(error)}`, { cause: error })
  }
  try {
    createSecureContext({ cert, key })
  } catch (error) {
    throw new Error(`the private key in ${files.key} is not that of the certificate in ${files.cert}: ${messageOf(error)}`, { cause: error })
  }
}

function describe ({ cert }: KeyPair): object {
  const { subject, validTo, fingerprint256 } = new X509Certificate(cert)
  return { subject, validTo, fingerprint256 }
}

function isSame (one: KeyPair, other: KeyPair): boolean {
  return one.cert.equals(other.cert) && one.key.equals(other.key)
}
