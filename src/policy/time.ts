// Moments and durations as policy files write them.

const form = /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.\d{1,9})?(?:[Zz]|[+-](\d{2}):(\d{2}))$/
const dateForm = /^(\d{4})-(\d{2})-(\d{2})$/

const second = 1000
const day = 24 * 60 * 60 * second

/** A moment in epoch milliseconds, or null where the text is no RFC 3339 time with a zone. */
export function parseTime (text: string): number | null {
  const parts = form.exec(text)
  if (parts === null) return null
  const [hour = 0, minute = 0, seconds = 0, zoneHour = 0, zoneMinute = 0] = parts.slice(4).map(part => Number(part ?? 0))
  if (!isDate(parts) || hour > 23 || minute > 59 || seconds > 60 || zoneHour > 23 || zoneMinute > 59) return null
  // A leap second is the last one of its minute to everything that counts in epoch milliseconds.
  const time = Date.parse(seconds === 60 ? text.replace(/:60/, ':59') : text)
  return Number.isNaN(time) ? null : time
}

/** The moment at which something ends: a date means the end of that day in UTC. */
export function parseEnd (text: string): number | null {
  const parts = dateForm.exec(text)
  if (parts === null) return parseTime(text)
  return isDate(parts) ? Date.parse(`${text}T00:00:00Z`) + day : null
}

function isDate (parts: readonly string[]): boolean {
  const [year, month, date] = parts.slice(1, 4).map(Number) as [number, number, number]
  return month >= 1 && month <= 12 && date >= 1 && date <= new Date(Date.UTC(year, month, 0)).getUTCDate()
}

/** The longest `maxAge`, in seconds. */
export const longestMaxAge = 86_400

const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 }

/** Whole seconds of a duration such as `30s`, `10m` or `24h`, or null where the text is none. */
export function parseDuration (text: string): number | null {
  const [, count, unit] = /^(\d{1,9})([smh])$/.exec(text) ?? []
  return count === undefined ? null : Number(count) * units[unit!]!
}
