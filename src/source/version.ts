// The version of this package, as its manifest has it.
import { readFileSync } from 'node:fs'

/** Such as `1.2.3`. */
export const version: string = readVersion()

function readVersion (): string {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }
  return manifest.version
}
