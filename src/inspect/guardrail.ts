// Whether a policy set keeps its guardrails: decided for every possible request, now and whenever a rule starts or ends.
import { catalogue } from '../diagnostic/catalogue.ts'
import { diagnose, type Diagnostic } from '../diagnostic/diagnostic.ts'
import type { Span } from '../diagnostic/span.ts'
import { OriginIndex } from '../origin/lookup.ts'
import { showTime } from '../policy/notice.ts'
import { hostPatternsOf, type Guardrail, type OriginEntry, type PolicySet, type Rule } from '../policy/policy.ts'
import { hostMatches } from '../route/host.ts'
import { settle } from '../route/path.ts'
import { parseRoutePattern } from '../route/pattern.ts'
import { RouteTree } from '../route/tree.ts'
import { compile, settleRoute } from '../snapshot/compile.ts'
import { indexOf } from '../snapshot/groups.ts'
import type { Settings } from '../snapshot/snapshot.ts'
import { witnessOf } from './changes.ts'
import { curlFor, type ShownBy } from './curl.ts'
import { askOf, secondsOf, valueFor, type Ask } from './regions/difference.ts'
import type { Planting } from './regions/paths.ts'
import { deciderOf, profileOf, vocabularyOf, type Profile } from './regions/profile.ts'
import { groupOf, Numbers, Side } from './regions/side.ts'
import { OriginSurveys, Places, type Place } from './regions/survey.ts'

/** Rules that break one guardrail; more are not named. */
const maxBreaches = 10
const maxDescription = 200

/** The findings about guardrails: none where every one of them holds. The set is valid otherwise. */
export function checkGuardrails (set: PolicySet, settings: Settings, at: number): Diagnostic[] {
  if (set.guardrails.length === 0) return []
  const snapshot = compile(set, { settings, at, generation: 1, revision: '' })
  const watches = set.guardrails.map(guardrail => new Watch(guardrail, settings))
  const places = new Places([snapshot], watches.flatMap(watch => watch.regions()))
  const numbers = new Numbers()
  const side = new Side(snapshot, numbers)
  const surveys = new OriginSurveys(numbers)
  for (const place of places) {
    const path = settle(place.path, settings.router)
    for (const watch of watches) if (watch.speaksOf(place.host, path)) watch.look(place, side, surveys)
  }
  return watches.flatMap(watch => [...watch.report(places.isExact)])
}

/** What is said of a request that a guardrail forbids. */
interface Breach {
  readonly message: string
  /** A command that sends the request. */
  readonly command: string
  /** The entry by which the rule allows the origin; null where every origin gets this, so that it is no fault of one. */
  readonly entry: OriginEntry | null
}

/** One guardrail, watching the places that it speaks of. */
class Watch {
  readonly #guardrail: Guardrail
  /** Its routes as the router holds them; null for every route. */
  readonly #routes: RouteTree<true> | null
  readonly #origins: OriginIndex | null
  /** What has been looked at: the same rules are the same wherever they hold. */
  readonly #seen = new Set<unknown>()
  /** By the rule that grants, or null for the upstream of a path without rules. */
  readonly #breaches = new Map<Rule | null, Breach>()
  #isExact = true

  constructor (guardrail: Guardrail, settings: Settings) {
    this.#guardrail = guardrail
    this.#routes = guardrail.routes.length === 0 ? null : new RouteTree()
    for (const { pattern } of guardrail.routes) this.#routes!.at(settleRoute(pattern, settings.router), () => true)
    this.#origins = guardrail.origins && indexOf(guardrail.origins.entries)
  }

  /** Its hosts and routes, to be told apart from all others. */
  regions (): Planting[] {
    const { routes: entries } = this.#guardrail
    const routes = entries.length === 0 ? parseRoutePattern('/*').patterns! : entries.map(({ pattern }) => pattern)
    return hostPatternsOf(this.#guardrail).flatMap(host => routes.map(route => ({ host, route, sides: 0 })))
  }

  /** Whether it holds at a host and a path, as the router settles it. */
  speaksOf (host: string, path: string): boolean {
    const { hosts } = this.#guardrail
    if (hosts.length > 0 && !hosts.some(({ pattern }) => hostMatches(pattern, host))) return false
    return this.#routes === null || this.#routes.find(path) === true
  }

  #speaksOfOrigin (origin: string): boolean {
    return this.#origins === null || (this.#origins.find(origin) >= 0) === (this.#guardrail.origins!.are === 'within')
  }

  /** Looks at a place that it speaks of. */
  look (place: Place, side: Side, surveys: OriginSurveys): void {
    const [lookup] = place.lookups
    const group = groupOf(lookup!)
    // An ambiguous path is granted nothing.
    if (lookup!.isAmbiguous || this.#seen.has(group)) return
    this.#seen.add(group)
    const { origins, never } = this.#guardrail
    const survey = surveys.of([...side.listsOf(group), ...origins === null ? [] : [origins.entries]])
    const names = vocabularyOf((group?.rules ?? []).map(({ source }) => source), never)
    if (!survey.isExact) this.#isExact = false
    for (const moment of new Set([side.snapshot.at, ...side.momentsOf(group).sort((a, b) => a - b)])) {
      const snapshot = side.at(group, moment)
      const known = new Set<string>()
      for (const { origin } of survey.origins) {
        if (!this.#speaksOfOrigin(origin)) continue
        const question = { ...place, origin }
        const { rule, reason } = deciderOf(snapshot, question)
        const key = `${reason} ${rule?.name ?? ''}`
        if (known.has(key) || this.#breaches.has(rule)) continue
        known.add(key)
        const found = breachOf(profileOf(snapshot, question, names), this.#guardrail)
        if (found === null) continue
        const witness = witnessOf(place, origin, found.ask)
        const from = moment === side.snapshot.at ? '' : `, from ${showTime(moment)} on`
        const who = rule === null ? '`unmatched: passthrough`' : `rule \`${rule.name}\``
        this.#breaches.set(rule, {
          message: `${who} ${found.say(`\`${origin}\``, `\`${witness.method} ${witness.url}\``)}${from}`,
          command: curlFor(witness, found.shownBy),
          entry: rule === null || (origins === null && !never.read) ? null : entryFor(rule, origin)
        })
      }
    }
  }

  * report (isExact: boolean): Generator<Diagnostic> {
    const { name, span, description } = this.#guardrail
    const purpose = description === null ? '' : ` (${shorten(description)})`
    const more = this.#breaches.size - maxBreaches
    for (const [i, [rule, { message, command, entry }]] of [...this.#breaches].slice(0, maxBreaches).entries()) {
      const others = more > 0 && i === maxBreaches - 1 ? ` (and ${more} more ${more === 1 ? 'rule breaks' : 'rules break'} it)` : ''
      yield diagnose('guardrail-broken', span, `guardrail \`${name}\`${purpose}: ${message}${others}`, {
        help: `${catalogue['guardrail-broken'].help}; to see it: \`${command}\``,
        related: [
          ...rule === null ? [] : [{ span: rule.span, message: `rule \`${rule.name}\`` }],
          ...entry === null ? [] : [tellEntry(entry)]
        ]
      })
    }
    if (this.#breaches.size > 0 || (isExact && this.#isExact)) return
    yield diagnose('too-complex', span, `guardrail \`${name}\` cannot be decided: the routes or origins of the set can meet in too many ways`,
      { help: 'use fewer routes with parameters before literal segments, or fewer globs beside one another' })
  }
}

/** The most specific entry of a rule that allows an origin; a rule that leaves all to the upstream has none. */
function entryFor ({ allowOrigins }: Rule, origin: string): OriginEntry | null {
  return allowOrigins[new OriginIndex(allowOrigins.map(({ pattern }, slot) => ({ pattern, slot }))).find(origin)] ?? null
}

function tellEntry ({ pattern, span, set }: OriginEntry): { readonly span: Span, readonly message: string } {
  return { span, message: `\`${pattern.text}\` is allowed here${set === null ? '' : `, in the set \`${set}\``}` }
}

/** A description in a line. */
function shorten (description: string): string {
  const line = description.trim().replace(/\s+/g, ' ')
  return line.length <= maxDescription ? line : `${line.slice(0, maxDescription - 1)}…`
}

interface Broken {
  readonly ask: Ask
  /** Null: the first answer that a browser gets. */
  readonly shownBy: ShownBy | null
  /** What is granted, in words, for an origin and a request. */
  readonly say: (origin: string, request: string) => string
}

/** The first thing of those that a guardrail forbids that a profile grants. */
function breachOf (profile: Profile, { never }: Guardrail): Broken | null {
  if (profile.passthrough) {
    const ask = askOf(never.methods.find(name => name !== '*') ?? 'GET')
    return { ask, shownBy: 'answer', say: (origin, request) => `leaves ${request} of ${origin} to the upstream, which may grant anything` }
  }
  const [readable] = profile.methods
  if (readable === undefined) return null
  if (never.credentials && profile.credentials) {
    const ask: Ask = { ...askOf(readable), credentials: 'include' }
    return { ask, shownBy: null, say: (origin, request) => `lets ${origin} read ${request} with credentials` }
  }
  const method = listed(never.methods, profile.methods)
  if (never.read || method !== undefined) {
    return { ask: askOf(method ?? readable), shownBy: null, say: (origin, request) => `lets ${origin} read ${request}` }
  }
  const [asked] = profile.preflights
  if (asked === undefined) return null
  const header = listed(never.headers, profile.headers)
  if (header !== undefined) {
    const ask = { ...askOf(asked), headers: { [header]: valueFor(header) } }
    return { ask, shownBy: 'preflight', say: (origin, request) => `lets ${origin} set the header \`${header}\` for ${request}` }
  }
  const seconds = secondsOf(profile.maxAge)
  if (never.maxAgeAbove === null || seconds <= never.maxAgeAbove) return null
  const say = (origin: string, request: string): string => `lets a browser keep the preflight of ${origin} for ${request} for ${seconds} s, above ${never.maxAgeAbove} s`
  return { ask: askOf(asked), shownBy: 'preflight', say }
}

/** The first forbidden name that is granted; `*` forbids every name. */
function listed (forbidden: readonly string[], granted: ReadonlySet<string>): string | undefined {
  return forbidden.includes('*') ? [...granted][0] : forbidden.find(name => granted.has(name))
}
