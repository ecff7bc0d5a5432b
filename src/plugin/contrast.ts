// Two decisions of one request compared by what the browser gets, and whether the second is wider, narrower or neither.
import type { Decision } from '../snapshot/decision.ts'
import type { Header } from '../snapshot/headers.ts'

/** Whether a browser gets more than before, less, or partly each. */
export type Direction = 'widened' | 'narrowed' | 'changed'

/** A decision and the headers that it puts on the response. */
export interface Answer {
  readonly decision: Decision
  readonly headers: readonly Header[]
}

/** In what two answers differ: names of headers, `outcome` and `status`. */
export interface Contrast {
  readonly direction: Direction
  readonly differences: readonly string[]
}

/** Above zero where the second is wider, below where it is narrower, zero where neither. */
type Sign = -1 | 0 | 1

/** Compares answers to one request; null where a browser could not tell them apart. */
export function contrast (before: Answer, after: Answer): Contrast | null {
  const [old, next] = [before.decision, after.decision]
  if (old.outcome === 'passthrough' || next.outcome === 'passthrough') return contrastUpstream(old, next)
  const found: [name: string, sign: Sign][] = []
  if (old.outcome !== next.outcome) found.push(['outcome', next.outcome === 'allowed' ? 1 : -1])
  // Whatever else it is, 403 is the narrowest: nothing behind the gateway runs, and no preflight passes.
  if (old.status !== next.status) found.push(['status', old.status === 403 ? 1 : -1])
  const [theirs, ours] = [new Map(before.headers), new Map(after.headers)]
  for (const name of new Set([...theirs.keys(), ...ours.keys()])) {
    const sign = compareHeader(name, theirs.get(name), ours.get(name))
    if (sign !== null) found.push([name, sign])
  }
  if (found.length === 0) return null
  const isAll = (wanted: Sign): boolean => found.every(([, sign]) => sign === wanted)
  return { direction: isAll(1) ? 'widened' : isAll(-1) ? 'narrowed' : 'changed', differences: found.map(([name]) => name).sort() }
}

/** What an upstream answers nobody here knows; only a denial is narrower in any case. */
function contrastUpstream (old: Decision, next: Decision): Contrast | null {
  if (old.outcome === next.outcome) return null
  return { direction: old.outcome === 'denied' ? 'widened' : next.outcome === 'denied' ? 'narrowed' : 'changed', differences: ['outcome'] }
}

/** Null where the header says the same. */
function compareHeader (name: string, old: string | undefined, next: string | undefined): Sign | null {
  if (old === next) return null
  switch (name) {
    case 'access-control-allow-methods': case 'access-control-allow-headers': case 'access-control-expose-headers':
      return compareLists(elementsOf(old), elementsOf(next))
    case 'access-control-max-age': {
      const [before, after] = [secondsOf(old), secondsOf(next)]
      return before === after ? null : after > before ? 1 : -1
    }
    case 'cache-control': return 0
    default:
      // A permission that is there or not; and among origins everyone is more than one.
      return old === undefined || next === '*' ? 1 : next === undefined || old === '*' ? -1 : 0
  }
}

function compareLists (old: ReadonlySet<string>, next: ReadonlySet<string>): Sign | null {
  const isWithin = (part: ReadonlySet<string>, whole: ReadonlySet<string>): boolean => whole.has('*') || [...part].every(name => whole.has(name))
  const [isKept, isOld] = [isWithin(old, next), isWithin(next, old)]
  return isKept ? isOld ? null : 1 : isOld ? -1 : 0
}

function elementsOf (list: string | undefined): ReadonlySet<string> {
  return new Set(list === undefined || list === '' ? [] : list.split(', '))
}

/** Without the header browsers keep a preflight for five seconds. */
function secondsOf (text: string | undefined): number {
  return text === undefined ? 5 : Math.max(0, Number(text))
}
