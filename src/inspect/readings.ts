// Every way in which servers may read a path, by brute force: all combinations of all steps, written out plainly.
import { routerDecode, type ReadingStep } from '../route/path.ts'

/** A path as some server may read it. */
export interface PathReading {
  readonly path: string
  /** Letter case is folded: it is to be compared with routes folded likewise. */
  readonly folded: boolean
  /** A trailing slash was dropped: the reading vetoes only where it leads to rules. */
  readonly trimmed: boolean
  /** The steps that changed something, in the order in which they were taken. */
  readonly steps: readonly string[]
}

type Change = readonly [name: string, apply: (path: string) => string]

const keep: Change = ['', path => path]
const decodeOnce: Change = ['percent-decoded', percentDecode]
const decodeTwice: Change = ['percent-decoded twice', path => percentDecode(percentDecode(path))]
const decodeAsRouter: Change = ['', path => routerDecode(path) ?? path]
const backslash: Change = ['backslash as slash', path => path.split('\\').join('/')]
const parameters: Change = [';parameters dropped', dropParameters]
const merge: Change = ['empty segments merged', mergeSlashes]
const dots: Change = ['dot segments resolved', resolveDots]
const mergeThenDots: Change = ['empty segments merged, then dot segments resolved', path => resolveDots(mergeSlashes(path))]
const dotsThenMerge: Change = ['dot segments resolved, then empty segments merged', path => mergeSlashes(resolveDots(path))]
const fold: Change = ['letter case folded', path => path.toLowerCase()]
const trim: Change = ['trailing slash dropped', path => path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path]

/** All readings of a path by the enabled steps. Readings that come to the same are given once, by the first way that leads there. */
export function readEveryWay (path: string, enabled: ReadonlySet<ReadingStep>): PathReading[] {
  const decodings = enabled.has('decode') ? [keep, decodeOnce, decodeTwice] : [decodeAsRouter]
  const backslashes = enabled.has('backslash') ? [keep, backslash] : [keep]
  const parameterings = enabled.has('parameters') ? [keep, parameters] : [keep]
  const segmentings = [keep]
  if (enabled.has('slashes')) segmentings.push(merge)
  if (enabled.has('dots')) segmentings.push(dots)
  if (enabled.has('slashes') && enabled.has('dots')) segmentings.push(mergeThenDots, dotsThenMerge)
  const casings = enabled.has('case') ? [keep, fold] : [keep]
  const endings = enabled.has('trailing-slash') ? [keep, trim] : [keep]

  let begun: PathReading[] = [{ path, folded: false, trimmed: false, steps: [] }]
  for (const changes of [decodings, backslashes, parameterings, segmentings]) {
    begun = begun.flatMap(reading => changes.map(change => take(reading, change)))
  }
  const readings = new Map<string, PathReading>()
  for (const casing of casings) {
    for (const reading of begun) {
      for (const ending of endings) {
        const taken = take(take(reading, casing), ending)
        const key = `${taken.folded} ${taken.trimmed} ${taken.path}`
        if (!readings.has(key)) readings.set(key, taken)
      }
    }
  }
  return [...readings.values()]
}

function take ({ path, folded, trimmed, steps }: PathReading, change: Change): PathReading {
  const [name, apply] = change
  const next = apply(path)
  return {
    path: next,
    folded: folded || change === fold,
    trimmed: trimmed || (change === trim && next !== path),
    // Folding counts even where it leaves the path alone, since the routes are folded too.
    steps: name !== '' && (next !== path || change === fold) ? [...steps, name] : steps
  }
}

/**
 * Decodes every escape that spells a character in UTF-8 (RFC 3629), the shortest first, and leaves all else as it is.
 * A first decoding meets no malformed escape, since such targets are ambiguous before any reading.
 */
function percentDecode (path: string): string {
  let decoded = ''
  for (let i = 0; i < path.length;) {
    let step = 1
    let character = path.charAt(i)
    for (const length of [3, 6, 9, 12]) {
      const escapes = path.slice(i, i + length)
      if (escapes.length !== length || !/^(?:%[0-9a-f]{2})+$/i.test(escapes)) break
      const spelt = tryDecode(escapes)
      if (spelt === null) continue
      character = spelt
      step = length
      break
    }
    decoded += character
    i += step
  }
  return decoded
}

function tryDecode (escapes: string): string | null {
  try {
    return decodeURIComponent(escapes)
  } catch {
    return null
  }
}

function dropParameters (path: string): string {
  return path.split('/').map(segment => segment.split(';')[0]!).join('/')
}

function mergeSlashes (path: string): string {
  return path.replaceAll(/\/+/g, '/')
}

/** RFC 3986, section 5.2.4, step by step as it is written there. */
function resolveDots (path: string): string {
  let input = path
  const output: string[] = []
  while (input !== '') {
    if (input.startsWith('/./')) {
      input = input.slice(2)
    } else if (input === '/.') {
      input = '/'
    } else if (input.startsWith('/../') || input === '/..') {
      input = input === '/..' ? '/' : input.slice(3)
      output.pop()
    } else {
      const end = input.indexOf('/', 1)
      output.push(end === -1 ? input : input.slice(0, end))
      input = end === -1 ? '' : input.slice(end)
    }
  }
  return output.join('')
}

/** Whether a path holds what no two servers need read alike: a malformed escape, or a control byte, raw or after a decoding. */
export function isUnreadable (path: string): boolean {
  if (tryDecode(path) === null) return true
  const once = percentDecode(path)
  return [path, once, percentDecode(once)].some(text => /[\x00-\x1f\x7f]/.test(text))
}
