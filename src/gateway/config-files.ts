// The file of a gateway's configuration, and the files that it names: whether they can be used, and the admin token.
import type { Severity } from '../diagnostic/catalogue.ts'
import { diagnose, type Diagnostic } from '../diagnostic/diagnostic.ts'
import { decodeSource, tooLarge, type DecodedSource } from '../document/bytes.ts'
import { systemReason } from '../source/finding.ts'
import { readSmallFile, UnfitFile } from '../source/small-file.ts'
import { readConfig, type NamedFile, type NamedFiles, type ReadConfig } from './config.ts'
import { readKeyPair } from './tls.ts'

/** Reads a configuration from its file, which findings call by the name. Rejects where the file cannot be read. */
export async function readConfigFile (path: string, name: string): Promise<ReadConfig> {
  const { text, diagnostic } = await decodeFile(path, name)
  return text !== undefined ? readConfig(name, text, path) : { ...readConfig(name, '', path), ok: false, diagnostics: [diagnostic] }
}

async function decodeFile (path: string, name: string): Promise<DecodedSource> {
  try {
    return decodeSource(name, await readSmallFile(path))
  } catch (error) {
    if (error instanceof UnfitFile && error.size !== null) return { diagnostic: tooLarge(name, error.size) }
    throw error
  }
}

/** Whether a text can be the admin listener's token. */
export function isAdminToken (text: string): boolean {
  return /^[!-~](?:[ -~]{0,1022}[!-~])?$/.test(text)
}

/** What a file of a token is to hold, in words. */
export const tokenFileForm = 'a token is 1 to 1,024 visible ASCII characters and spaces, and stands in its file alone'

/** Reads the token of a file, or gives null where it holds none. Rejects where the file cannot be read. */
export async function readTokenFile (path: string): Promise<string | null> {
  const token = (await readSmallFile(path)).toString().trim()
  return isAdminToken(token) ? token : null
}

/** What the files hold, and what is wrong with them. */
export interface FilesRead {
  readonly token: string | null
  readonly diagnostics: readonly Diagnostic[]
}

/**
 * Looks at the files. One that cannot be read is a finding of the severity that is given: it stops a gateway, but where
 * a configuration is only checked the secrets may lie on another machine.
 */
export async function readNamedFiles ({ tokenFile, tls }: NamedFiles, unreadable: Severity): Promise<FilesRead> {
  const diagnostics: Diagnostic[] = []
  const read = async ({ path, span }: NamedFile): Promise<string | null> => {
    try {
      return (await readSmallFile(path)).toString()
    } catch (error) {
      diagnostics.push(diagnose('unreadable-file', span, `${path} can't be read: ${systemReason(error)}`, {
        severity: unreadable,
        help: unreadable === 'error' ? 'correct the path, or let the gateway\'s user read the file' : 'the gateway does not start without it; where it runs, the file may be there'
      }))
      return null
    }
  }
  const token = tokenFile === null ? null : (await read(tokenFile))?.trim() ?? null
  if (tokenFile !== null && token !== null && !isAdminToken(token)) {
    diagnostics.push(diagnose('wrong-value', tokenFile.span, `${tokenFile.path} holds no token`, { help: tokenFileForm }))
  }
  if (tls !== null) {
    const [cert, key] = [await read(tls.cert), await read(tls.key)]
    if (cert !== null && key !== null) diagnostics.push(...await judgePair(tls))
  }
  return { token, diagnostics }
}

async function judgePair ({ cert, key }: NonNullable<NamedFiles['tls']>): Promise<Diagnostic[]> {
  try {
    await readKeyPair({ cert: cert.path, key: key.path })
    return []
  } catch (error) {
    return [diagnose('wrong-value', cert.span, (error as Error).message, { help: 'name a certificate and its private key, both in PEM form' })]
  }
}
