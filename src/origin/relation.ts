// How two origin patterns compare: which is more specific, which covers the other, whether they meet.
import { maxLabelLength } from './origin.ts'
import { globMatches, matchesOrigin, type LabelGlob, type OriginPattern } from './pattern.ts'

const kindRank: Record<OriginPattern['kind'], number> = {
  exact: 0, opaque: 0, 'label-glob': 1, subdomains: 2, 'any-host': 3, any: 4
}

/** The number of literal characters of a pattern's host: the more there are, the more specific it is. */
export function literalLength (pattern: OriginPattern): number {
  switch (pattern.kind) {
    case 'exact': return pattern.host.length
    case 'label-glob':
      return pattern.before.join('').length + pattern.after.join('').length + pattern.prefix.length + pattern.suffix.length +
        pattern.before.length + pattern.after.length
    case 'subdomains': return pattern.suffix.length
    case 'opaque': case 'any-host': case 'any': return 0
  }
}

/**
 * Orders patterns that match one origin: below zero where `a` is more specific. The kind decides first, then the
 * number of literal characters of the host, then an exact port before `:*`. Zero: the two tie.
 */
export function compareSpecificity (a: OriginPattern, b: OriginPattern): number {
  return kindRank[a.kind] - kindRank[b.kind] || literalLength(b) - literalLength(a) || portRank(a) - portRank(b)
}

function portRank (pattern: OriginPattern): number {
  return 'port' in pattern && pattern.port === '*' ? 1 : 0
}

/** Whether every origin that `b` matches is matched by `a`: a proof, never a guess. */
export function coversPattern (a: OriginPattern, b: OriginPattern): boolean {
  if (a.kind === 'any') return true
  if (b.kind === 'any' || a.kind === 'opaque' || b.kind === 'opaque') return a.kind === b.kind
  if (a.scheme !== b.scheme || (a.port !== '*' && a.port !== b.port)) return false
  if (a.kind === 'any-host') return true
  if (b.kind === 'any-host') return false
  if (a.kind === 'exact') return b.kind === 'exact' && a.host === b.host
  if (b.kind === 'exact') return matchesOrigin({ ...a, port: '*' }, b.text, { scheme: b.scheme, host: b.host, port: '' })
  if (a.kind === 'subdomains') {
    return b.kind === 'subdomains' ? b.suffix.endsWith(a.suffix) : coversGlob(a.suffix, b)
  }
  return b.kind === 'label-glob' && a.before.length === b.before.length && a.after.length === b.after.length &&
    a.before.every((label, i) => label === b.before[i]) && a.after.every((label, i) => label === b.after[i]) &&
    b.prefix.startsWith(a.prefix) && b.suffix.endsWith(a.suffix) &&
    !(b.prefix.slice(a.prefix.length) + b.suffix.slice(0, b.suffix.length - a.suffix.length)).includes('_')
}

/** Whether all hosts of a glob lie below a suffix: the suffix must end inside what the glob fixes. */
function coversGlob (suffix: string, glob: LabelGlob): boolean {
  // A suffix starts at a dot, so it covers the glob only where that dot is one of the glob's own.
  const fixed = [glob.before.join('.'), ...glob.after].slice(1).map(label => `.${label}`).join('')
  return fixed.endsWith(suffix)
}

/** Whether one origin can match both patterns. */
export function patternsOverlap (a: OriginPattern, b: OriginPattern): boolean {
  if (a.kind === 'any' || b.kind === 'any') return true
  if (a.kind === 'opaque' || b.kind === 'opaque') return a.kind === b.kind
  if (a.scheme !== b.scheme || (a.port !== b.port && a.port !== '*' && b.port !== '*')) return false
  if (a.kind === 'any-host' || b.kind === 'any-host') return true
  if (a.kind === 'exact' || b.kind === 'exact') return a.kind === 'exact' ? coversHost(b, a.host) : coversHost(a, (b as typeof a & { host: string }).host)
  if (a.kind === 'subdomains' && b.kind === 'subdomains') return a.suffix.endsWith(b.suffix) || b.suffix.endsWith(a.suffix)
  if (a.kind === 'subdomains') return globOverlapsSuffix(b as LabelGlob, a.suffix)
  if (b.kind === 'subdomains') return globOverlapsSuffix(a, b.suffix)
  return globsOverlap(a, b)
}

function coversHost (pattern: OriginPattern, host: string): boolean {
  if (!('scheme' in pattern)) return false
  return matchesOrigin({ ...pattern, port: '*' }, '', { scheme: pattern.scheme, host, port: '' })
}

type LabelPattern = readonly [prefix: string, suffix: string] | string

function labelsOf (glob: LabelGlob): readonly LabelPattern[] {
  return [...glob.before, [glob.prefix, glob.suffix] as const, ...glob.after]
}

function globsOverlap (a: LabelGlob, b: LabelGlob): boolean {
  const [left, right] = [labelsOf(a), labelsOf(b)]
  return left.length === right.length && left.every((label, i) => labelPatternsOverlap(label, right[i]!))
}

function globOverlapsSuffix (glob: LabelGlob, suffix: string): boolean {
  const wanted = suffix.slice(1).split('.')
  const labels = labelsOf(glob)
  return labels.length > wanted.length && labels.slice(-wanted.length).every((label, i) => labelPatternsOverlap(label, wanted[i]!))
}

function labelPatternsOverlap (a: LabelPattern, b: LabelPattern): boolean {
  if (typeof a === 'string') return typeof b === 'string' ? a === b : globMatches(b[0], b[1], a)
  if (typeof b === 'string') return globMatches(a[0], a[1], b)
  return globsMeet(a, b)
}

/**
 * Whether one label matches both globs. For each length it could have, the longer beginning and the longer end are
 * fixed, even where they lie over each other, and all between is free; so one try a length decides.
 */
function globsMeet (a: readonly [string, string], b: readonly [string, string]): boolean {
  const prefix = a[0].length >= b[0].length ? a[0] : b[0]
  const suffix = a[1].length >= b[1].length ? a[1] : b[1]
  for (let length = Math.max(prefix.length, suffix.length); length <= maxLabelLength; length++) {
    const shared = Math.max(0, prefix.length + suffix.length - length)
    const free = Math.max(0, length - prefix.length - suffix.length)
    const label = prefix.slice(0, prefix.length - shared) + 'a'.repeat(free) + suffix
    if (label.startsWith(prefix) && globMatches(a[0], a[1], label) && globMatches(b[0], b[1], label)) return true
  }
  return false
}
