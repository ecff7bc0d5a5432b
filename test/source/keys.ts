// Keys for tests of signatures, made anew by each.
import { generateKeyPairSync, type KeyObject } from 'node:crypto'

/** A pair of Ed25519 keys, as texts and as a key to sign with. */
export interface Keys {
  readonly key: KeyObject
  readonly privatePem: string
  readonly publicPem: string
}

export function makeKeys (): Keys {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  return {
    key: privateKey,
    privatePem: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    publicPem: publicKey.export({ format: 'pem', type: 'spki' }).toString()
  }
}
