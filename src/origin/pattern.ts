// An origin pattern: what an entry of `allowOrigins` means.
import { opaqueOrigin, type Origin } from './origin.ts'

/** `''` is the scheme's default port, `*` any port, the default one included. */
export type PortPattern = string

/** A pattern with its star inside one label of the host. */
export interface LabelGlob {
  readonly kind: 'label-glob'
  readonly text: string
  readonly scheme: string
  readonly port: PortPattern
  /** The host's labels before and after the one that holds the star. */
  readonly before: readonly string[]
  readonly after: readonly string[]
  /** What stands before and after the star inside its label. */
  readonly prefix: string
  readonly suffix: string
}

/** What an entry of `allowOrigins` means. */
export type OriginPattern =
  | { readonly kind: 'exact', readonly text: string, readonly scheme: string, readonly host: string, readonly port: PortPattern }
  | { readonly kind: 'opaque', readonly text: 'null' }
  | LabelGlob
  /** `suffix` begins with a dot: every host that is longer and ends with it. */
  | { readonly kind: 'subdomains', readonly text: string, readonly scheme: string, readonly suffix: string, readonly port: PortPattern }
  | { readonly kind: 'any-host', readonly text: string, readonly scheme: string, readonly port: PortPattern }
  | { readonly kind: 'any', readonly text: '*' }

/**
 * Whether a pattern matches an `Origin` header's value. `origin` is that value taken apart, or null where it is not
 * a tuple origin. The plain definition of a pattern's meaning, against which the compiled index is tested.
 */
export function matchesOrigin (pattern: OriginPattern, value: string, origin: Origin | null): boolean {
  if (pattern.kind === 'any') return true
  if (pattern.kind === 'opaque') return value === opaqueOrigin
  if (origin === null || origin.scheme !== pattern.scheme) return false
  if (pattern.port !== '*' && pattern.port !== origin.port) return false
  switch (pattern.kind) {
    case 'exact': return pattern.host === origin.host
    case 'any-host': return true
    case 'subdomains': return origin.host.length > pattern.suffix.length && origin.host.endsWith(pattern.suffix)
    case 'label-glob': {
      const labels = origin.host.split('.')
      const at = pattern.before.length
      return labels.length === at + 1 + pattern.after.length &&
        pattern.before.every((label, i) => label === labels[i]) &&
        pattern.after.every((label, i) => label === labels[at + 1 + i]) &&
        globMatches(pattern.prefix, pattern.suffix, labels[at]!)
    }
  }
}

/** Whether a label matches a glob: the star stands for one or more of a-z 0-9 and the hyphen. */
export function globMatches (prefix: string, suffix: string, label: string): boolean {
  if (label.length <= prefix.length + suffix.length || !label.startsWith(prefix) || !label.endsWith(suffix)) return false
  for (let i = prefix.length; i < label.length - suffix.length; i++) if (label.charCodeAt(i) === 95) return false
  return true
}
