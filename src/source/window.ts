// Makes a snapshot's validity windows open and close on time, without a clock in any request.
import type { Snapshot } from '../snapshot/snapshot.ts'

type PolicySet = Snapshot['set']
type Rule = PolicySet['rules'][number]

/** A moment at which a rule comes into force or ends. */
export interface Boundary {
  /** ISO 8601, UTC. */
  readonly at: string
  readonly rule: string
  readonly what: 'starts' | 'ends'
}

/** Status shows no more boundaries than this. */
const maxUpcoming = 1_000

/** What is still to come of a set's windows, soonest first. */
export function upcomingOf (set: PolicySet, now: number): readonly Boundary[] {
  return set.rules
    .flatMap(({ name, notBefore, expires }) => [{ time: notBefore, name, what: 'starts' as const }, { time: expires, name, what: 'ends' as const }])
    .filter((boundary): boundary is typeof boundary & { time: number } => boundary.time !== null && boundary.time > now)
    .sort((a, b) => a.time - b.time)
    .slice(0, maxUpcoming)
    .map(({ time, name, what }) => ({ at: new Date(time).toISOString(), rule: name, what }))
}

/** Whether any boundary lies between a snapshot's moment and now, on whichever side: clocks are set back, too. */
export function hasPassedBoundary (snapshot: Snapshot, now: number): boolean {
  if (now >= snapshot.at) return snapshot.nextBoundary !== null && now >= snapshot.nextBoundary
  return snapshot.set.rules.some(({ notBefore, expires }) =>
    [notBefore, expires].some(time => time !== null && time > now && time <= snapshot.at))
}

const hasWindow = ({ notBefore, expires }: Rule): boolean => notBefore !== null || expires !== null

/** A timer that looks at the clock at each boundary, and in between. */
export class WindowTimer {
  readonly #now: () => number
  readonly #check: () => void
  readonly #longest: number
  #timer: NodeJS.Timeout | undefined

  /**
   * `check` is called at the latest after `longest` milliseconds: a timer doesn't notice that a clock was set or that
   * the machine slept, and can't wait longer than 24 days.
   */
  constructor (now: () => number, check: () => void, longest: number) {
    this.#now = now
    this.#check = check
    this.#longest = longest
  }

  /** Waits for the boundaries of this snapshot, and of no other. */
  arm (snapshot: Snapshot): void {
    this.stop()
    if (!snapshot.set.rules.some(hasWindow)) return
    const wait = (snapshot.nextBoundary ?? Infinity) - this.#now()
    this.#timer = setTimeout(() => {
      this.arm(snapshot)
      this.#check()
    }, Math.min(Math.max(wait, 1), this.#longest)).unref()
  }

  stop (): void {
    clearTimeout(this.#timer)
  }
}
