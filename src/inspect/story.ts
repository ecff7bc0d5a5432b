// The steps of an explanation, in the words of the policies, each with the line that it rests on.
import { placeOf, type Span } from '../diagnostic/span.ts'
import { parseHeaderNames } from '../fetch/header.ts'
import { isSafelistedMethod } from '../fetch/method.ts'
import { opaqueOrigin, parseOrigin } from '../origin/origin.ts'
import { matchesOrigin } from '../origin/pattern.ts'
import type { OriginEntry, Rule } from '../policy/policy.ts'
import { isWritten, ruleSpan } from '../policy/rule-spans.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import type { Course } from './course.ts'
import { answersMethod, grantsHeader, grantsRequestedMethod, isInForce } from './grants.ts'
import type { Judgement } from './judge.ts'

/** One step of the way of a request: what was asked, whether it went well, and why. */
export interface Step {
  readonly step: string
  readonly ok: boolean
  readonly detail: string
}

/** Where something is written, as `file:line`. */
export function cite (span: Span): string {
  const { file, line } = placeOf(span)
  return `${file}:${line}`
}

/** Tells the whole course of a page's request. */
export function tell (snapshot: Snapshot, course: Course): Step[] {
  const { plan, preflight, preflightCheck, actual, actualCheck } = course
  const steps = tellBrowser(course)
  if (plan.refused !== null) return steps
  const first = preflight ?? actual
  if (first !== null) steps.push(...tellPath(first), ...first.outcome === 'none' ? [] : tellOrigin(snapshot, first, plan.origin))
  if (preflight !== null && preflightCheck !== null && plan.preflight !== null) {
    if (preflight.outcome !== 'passthrough') steps.push(...tellPreflight(preflight, plan.preflight.method, plan.preflight.headers))
    steps.push({ step: 'preflight', ok: preflightCheck.refusal === null, detail: tellAnswer(preflight, preflightCheck.detail) })
  }
  if (actual !== null && actualCheck !== null) {
    if (actual.reason === 'same-origin' && !plan.isSameOrigin) {
      const detail = 'the gateway takes the page for its own, since TLS may have ended in front of it, and grants nothing; to the browser it is another origin'
      steps.push({ step: 'same-origin', ok: false, detail })
    }
    steps.push(...tellActual(actual, plan.method, plan.credentials === 'include'))
    steps.push({ step: plan.isWebSocket ? 'handshake' : 'cors-check', ok: actualCheck.refusal === null, detail: tellAnswer(actual, actualCheck.detail) })
    if (actualCheck.refusal === null && !plan.isSameOrigin && !plan.isWebSocket) steps.push(tellExposed(actual))
  }
  return steps
}

function tellBrowser ({ plan }: Course): Step[] {
  const { origin, url, method, isWebSocket, isSameOrigin, dropped, preflight, refused } = plan
  const what = isWebSocket ? 'opens a WebSocket to' : `sends ${method} to`
  if (refused !== null) return [{ step: 'browser', ok: false, detail: `the browser throws before anything is sent: ${refused.detail}` }]
  const steps: Step[] = [{ step: 'browser', ok: true, detail: `a page of ${origin || '(empty)'} ${what} ${url.href}, credentials: ${plan.credentials}` }]
  if (origin !== opaqueOrigin && parseOrigin(origin) === null) {
    steps.push({ step: 'browser', ok: false, detail: `no browser sends \`${origin}\` as an Origin; the gateway is asked about it all the same` })
  }
  if (dropped.length > 0) steps.push({ step: 'browser', ok: true, detail: `only the browser itself sets ${dropped.join(', ')}: dropped` })
  if (isSameOrigin) return [...steps, { step: 'same-origin', ok: true, detail: `${origin} is the URL's own origin: CORS takes no part` }]
  if (isWebSocket) {
    return [...steps, { step: 'needs-preflight', ok: true, detail: 'a WebSocket has no preflight; cookies travel with it whatever the page says' }]
  }
  const detail = preflight === null
    ? 'no: the method and all headers are safelisted'
    : `yes, because of ${preflight.because.join(', ')}`
  return [...steps, { step: 'needs-preflight', ok: true, detail }]
}

function tellPath ({ place, ambiguity, reason, outcome }: Judgement): Step[] {
  if (ambiguity !== null) {
    const own = place === null ? 'no rule' : `route ${place.route}`
    const other = ambiguity.rules.length === 0 ? 'no rule' : ambiguity.rules.join(', ')
    const detail = `Fastify reads the path to ${own}; read otherwise (${ambiguity.reading}) it is ${ambiguity.path}, which leads to ${other}`
    return [{ step: 'path', ok: false, detail }]
  }
  if (place === null) {
    const then = outcome === 'denied' ? 'every such path is denied' : reason === 'no-policy' ? 'such paths pass untouched' : 'nothing is granted'
    return [{ step: 'path', ok: false, detail: `no rule's host and route match (unmatched: ${then})` }]
  }
  const where = place.rules.map(rule => `${rule.name} (${cite(routeSpan(rule, place.route))})`).join(', ')
  return [{ step: 'path', ok: true, detail: `route ${place.route}${place.host === null ? '' : ` of host ${place.host}`}: ${where}` }]
}

function routeSpan (rule: Rule, route: string): Span {
  return (rule.routes.find(({ pattern }) => pattern.text === route) ?? rule.routes[0]!).span
}

function tellOrigin (snapshot: Snapshot, judgement: Judgement, origin: string): Step[] {
  const { reason, rule, entry, place } = judgement
  if (judgement.ambiguity !== null || place === null) return []
  const no = (detail: string): Step[] => [{ step: 'origin', ok: false, detail }]
  if (reason === 'origin-malformed') return no(`\`${origin}\` is not one well-formed serialized origin`)
  if (reason === 'origin-blocked') return no(`blocked for the whole set by ${said(findEntry(snapshot.set.blockedOrigins, origin))}`)
  if (rule === null) return no(`no pattern of ${place.rules.map(({ name }) => name).join(', ')} matches ${origin}`)
  if (entry === null) return [{ step: 'origin', ok: isInForce(rule, snapshot.at), detail: `${rule.name} leaves this route to the upstream (${cite(ruleSpan(rule, 'passthrough'))})` }]
  const steps: Step[] = [{ step: 'origin', ok: true, detail: `${said(entry)} of ${rule.name} is the most specific match` }]
  if (rule.notBefore !== null || rule.expires !== null) {
    steps.push({ step: 'validity', ok: isInForce(rule, snapshot.at), detail: tellWindow(rule, snapshot.at) })
  }
  const exception = findEntry(rule.exceptOrigins, origin)
  if (exception !== null && reason === 'origin-excepted') steps.push({ step: 'exceptions', ok: false, detail: `excepted by ${said(exception)}` })
  return steps
}

function findEntry (entries: readonly OriginEntry[], origin: string): OriginEntry | null {
  return entries.find(({ pattern }) => matchesOrigin(pattern, origin, parseOrigin(origin))) ?? null
}

function said (entry: OriginEntry | null): string {
  return entry === null ? 'nothing' : `\`${entry.pattern.text}\`${entry.set === null ? '' : ` (by $${entry.set})`} at ${cite(entry.span)}`
}

/** Since when or until when a rule holds, seen from a moment. */
export function tellWindow (rule: Rule, at: number): string {
  const [from, until] = [rule.notBefore, rule.expires].map(moment => moment === null ? null : new Date(moment).toISOString())
  if (rule.notBefore !== null && at < rule.notBefore) return `${rule.name} holds only from ${from} on (${cite(ruleSpan(rule, 'notBefore'))})`
  if (rule.expires !== null && at >= rule.expires) return `${rule.name} held only until ${until} (${cite(ruleSpan(rule, 'expires'))})`
  return `${rule.name} holds ${from === null ? '' : `from ${from} `}${until === null ? 'without end' : `until ${until}`}`
}

function tellPreflight ({ rule, reason, entry }: Judgement, method: string, headers: readonly string[]): Step[] {
  if (rule === null || entry === null || reason === 'outside-validity' || reason === 'origin-excepted') return []
  const allows = grantsRequestedMethod(rule, method)
  const free = allows && isSafelistedMethod(method) && !rule.allowMethods.includes(method)
  const why = free ? 'cannot be withheld' : `${tellKey(rule, 'allowMethods')}: ${rule.allowMethods.join(', ')}`
  const steps: Step[] = [{ step: 'method', ok: allows, detail: `${method}: ${why}` }]
  if (!allows || headers.length === 0) return steps
  const names = parseHeaderNames(headers.join(','))
  const missing = names === null ? headers : headers.filter(name => !grantsHeader(rule, name))
  const listed = `${tellKey(rule, 'allowHeaders')}: ${rule.allowHeaders.join(', ') || 'nothing'}`
  const detail = names === null
    ? 'more names than a preflight may ask for'
    : missing.length === 0 ? `${headers.join(', ')}: ${listed}` : `not allowed: ${missing.join(', ')}; ${listed}`
  return [...steps, { step: 'headers', ok: missing.length === 0, detail }]
}

/** A key and where it is written; what no file says is the language's default. */
function tellKey (rule: Rule, key: 'allowMethods' | 'allowHeaders'): string {
  return isWritten(rule, key) ? `${key} at ${cite(ruleSpan(rule, key))}` : `${key} by default (${cite(rule.span)} says none)`
}

function tellActual ({ rule, kind, reason, outcome, entry }: Judgement, method: string, includes: boolean): Step[] {
  if (rule === null || entry === null || reason === 'outside-validity' || reason === 'origin-excepted') return []
  const steps: Step[] = []
  if (kind === 'actual' && !answersMethod(rule, method)) {
    const enforced = rule.enforceMethods ? ' (enforceMethods)' : ''
    steps.push({ step: 'method', ok: false, detail: `${method} is not in ${tellKey(rule, 'allowMethods')}${enforced}` })
  }
  if (includes && (outcome === 'allowed' || reason === 'credentials-not-allowed')) {
    const detail = rule.allowCredentials
      ? `${rule.name} allows credentials (${cite(ruleSpan(rule, 'allowCredentials'))})`
      : `${rule.name} does not allow credentials, and the page asks with credentials: include`
    steps.push({ step: 'credentials', ok: rule.allowCredentials, detail })
  }
  return steps
}

function tellAnswer ({ outcome, status, reason }: Judgement, detail: string): string {
  if (outcome === 'passthrough') return `the gateway sets nothing here, so the upstream's own answer decides; as far as the gateway goes, ${detail}`
  if (status === 403) return `the gateway answers 403 (${reason}): ${detail}`
  return status === 204 ? `the gateway answers 204: ${detail}` : detail
}

function tellExposed ({ rule, headers }: Judgement): Step {
  const names = headers['access-control-expose-headers']
  const where = rule === null ? '' : ` (${cite(ruleSpan(rule, 'exposeHeaders'))})`
  const detail = names === undefined ? 'the page may read the body and the safelisted response headers' : `beside the safelisted ones: ${names}${where}`
  return { step: 'exposed', ok: true, detail }
}
