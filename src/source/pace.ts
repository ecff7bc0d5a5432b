// How long to wait between two looks at what may be far away: longer after each failure, and never in step with others.

/** The shortest and the longest wait after failures, in milliseconds. */
const firstRetry = 1_000
const lastRetry = 30_000

/** The wait after so many failures in a row, in milliseconds. */
export function retryAfter (failures: number): number {
  return Math.min(firstRetry * 2 ** Math.max(failures - 1, 0), lastRetry)
}

/** A time, more or less by up to a share of it. */
export function spread (milliseconds: number, share: number): number {
  return milliseconds * (1 + share * (2 * Math.random() - 1))
}
