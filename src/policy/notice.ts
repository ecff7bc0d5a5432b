// How early a coming end is announced, and moments in messages.

/** Warnings of a coming end begin this long before it, in milliseconds: 14 days. */
export const noticePeriod: number = 14 * 24 * 60 * 60 * 1000

/** A moment as RFC 3339 text, without needless fractions; the bare number where it lies beyond what dates can show. */
export function showTime (at: number): string {
  return Math.abs(at) <= 8.64e15 ? new Date(at).toISOString().replace(/\.000Z$/, 'Z') : String(at)
}
