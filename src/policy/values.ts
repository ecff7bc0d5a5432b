// The values of a rule's keys that are neither origins nor names: hosts, routes, times, durations, accepted risks.
import type { SourceText } from '../diagnostic/span.ts'
import { spanOfValue, type LocatedList, type LocatedValue } from '../document/located.ts'
import { parseHostPattern } from '../route/host.ts'
import { parseRoutePattern } from '../route/pattern.ts'
import { show, type Findings } from './findings.ts'
import type { OriginLists } from './origin-lists.ts'
import type { HostEntry, RiskAcceptance, RouteEntry } from './policy.ts'
import { quoteLike, readList, readText, readTexts, type LocatedText } from './read.ts'
import { longestMaxAge, parseDuration, parseEnd, parseTime } from './time.ts'

/** Reads `hosts`. */
export function readHosts (source: SourceText, list: LocatedList, findings: Findings): readonly HostEntry[] {
  const hosts: HostEntry[] = []
  for (const text of readTexts(source, list, findings)) {
    const span = spanOfValue(source, text)
    const parsed = parseHostPattern(text.value)
    if ('pattern' in parsed) {
      hosts.push({ pattern: parsed.pattern, span })
      continue
    }
    const { message, corrected } = parsed.error
    // Only letter case and a trailing dot mean nothing; whoever writes a port or a scheme may mean something by it.
    const isCertain = corrected !== null && text.value.toLowerCase().replace(/\.$/, '') === corrected
    findings.add('invalid-host', span, `${show(text.value)}: ${message}`, {
      ...corrected !== null && { help: isCertain ? `write \`${corrected}\`` : `did you mean \`${corrected}\`?` },
      ...isCertain && { fix: { text: quoteLike(span, corrected) } }
    })
  }
  return hosts
}

/** Reads `routes`; `/x/**` becomes two. */
export function readRoutes (source: SourceText, list: LocatedList, findings: Findings): readonly RouteEntry[] {
  const routes: RouteEntry[] = []
  for (const text of readTexts(source, list, findings)) {
    const span = spanOfValue(source, text)
    const parsed = parseRoutePattern(text.value)
    if (parsed.patterns !== undefined) {
      for (const pattern of parsed.patterns) routes.push({ pattern, span })
    } else {
      const { message, help } = parsed.error
      findings.add('invalid-route', span, `${show(text.value)}: ${message}`, help === null ? {} : { help })
    }
  }
  // A list that has grown keeps room for more; there may be very many.
  return routes.slice()
}

/** Reads `maxAge`: whole seconds, or null where it says none that a header could carry. `least` is the lowest number that its key takes. */
export function readMaxAge (source: SourceText, value: LocatedValue, findings: Findings, least = -1): number | null {
  if (value.kind !== 'scalar') return null
  const span = spanOfValue(source, value)
  if (typeof value.value === 'number') return value.value
  if (typeof value.value !== 'string') return null
  const text = value.value
  const seconds = parseDuration(text)
  if (seconds === null) {
    findings.add('wrong-value', span, `${show(text)} is not a duration`, { help: durationHelp(text, least), ...durationFix(text, least) })
  } else if (seconds > longestMaxAge) {
    findings.add('wrong-value', span, `${show(text)} is longer than 24 hours`, { help: 'write `24h` at most; browsers keep a preflight for 2 to 24 hours' })
  } else {
    return seconds
  }
  return null
}

function durationHelp (text: string, least: number): string {
  if (/^-?\d+$/.test(text) && isTaken(Number(text), least)) return `write \`${Number(text)}\`, without quotes, for whole seconds`
  if (/^\d+\s*d/.test(text)) return 'write hours: one day is `24h`'
  if (/^\d+(?:\.\d+)?\s*(?:ms|sec|min|hour|hr)/i.test(text) || /^\d+\s+[smh]$/.test(text)) return 'the units are `s`, `m` and `h`, right behind a whole number'
  return 'write whole seconds, or a duration such as `30s`, `10m` or `24h`'
}

/** Quoted seconds, and a space before the unit, can mean one thing only. */
function durationFix (text: string, least: number): { fix?: { text: string } } {
  const plain = /^-?\d+$/.test(text) ? String(Number(text)) : /^\d+\s+[smh]$/.test(text) ? text.replace(/\s+/, '') : null
  return plain === null || !isTaken(parseDuration(plain) ?? Number(plain), least) ? {} : { fix: { text: plain } }
}

function isTaken (seconds: number, least: number): boolean {
  return seconds >= least && seconds <= longestMaxAge
}

/** Reads `notBefore` or `expires`: epoch milliseconds. */
export function readMoment (source: SourceText, text: LocatedText, findings: Findings): number | null {
  const time = parseTime(text.value)
  if (time === null) findings.add('wrong-value', spanOfValue(source, text), `${show(text.value)} is not a time with a zone`, { help: timeHelp(text.value) })
  return time
}

function timeHelp (text: string): string {
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return `write the time of day and the zone too, such as \`${text}T00:00:00Z\``
  if (/^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(?::\d{2})?(?:\.\d+)?$/.test(text)) return 'say the zone: `Z` for UTC, or an offset such as `+02:00`'
  return 'write it as RFC 3339 does, such as `2026-11-01T00:00:00Z`'
}

/** Reads `acceptRisks`. */
export function readAcceptances (
  source: SourceText, list: LocatedList, origins: OriginLists, findings: Findings
): readonly RiskAcceptance[] {
  const accepted: RiskAcceptance[] = []
  for (const item of list.items) {
    if (item.kind !== 'map') continue
    const risk = readText(item, 'risk')
    const reason = readText(item, 'reason')
    const until = readText(item, 'until')
    const entries = readList(item, 'origins')
    const end = until === undefined ? null : parseEnd(until.value)
    if (until !== undefined && end === null) {
      findings.add('wrong-value', spanOfValue(source, until), `${show(until.value)} is neither a date nor a time with a zone`,
        { help: 'write a date such as `2027-01-31`, or a time such as `2027-01-31T12:00:00Z`' })
    }
    if (risk === undefined || reason === undefined) continue
    accepted.push({
      risk: risk.value, reason: reason.value, until: end, span: spanOfValue(source, risk),
      origins: entries === undefined ? null : origins.texts(source, entries)
    })
  }
  return accepted
}
