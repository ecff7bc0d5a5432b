// How long something is ago, in the unit in which people say it.

/** Milliseconds in words: `90 s`, `5 min`, `3 h`, `4 days`. */
export function durationText (milliseconds: number): string {
  const seconds = Math.max(Math.round(milliseconds / 1000), 0)
  if (seconds < 120) return `${seconds} s`
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`
}
