// Whether a policy set keeps its guardrails: decided for every possible request, now and whenever a rule starts or ends.
import { diagnose, type Diagnostic } from '../diagnostic/diagnostic.ts'
import type { OriginIndex } from '../origin/lookup.ts'
import { showTime } from '../policy/notice.ts'
import type { Guardrail, PolicySet, Rule } from '../policy/policy.ts'
import { hostMatches } from '../route/host.ts'
import { settle } from '../route/path.ts'
import { parseRoutePattern, routeMatches, type RoutePattern } from '../route/pattern.ts'
import { compile, settleRoute } from '../snapshot/compile.ts'
import { indexOf } from '../snapshot/groups.ts'
import type { Settings } from '../snapshot/snapshot.ts'
import { witnessOf } from './changes.ts'
import { askOf, secondsOf, valueFor, type Ask } from './regions/difference.ts'
import type { Planting } from './regions/paths.ts'
import { deciderOf, profileOf, vocabularyOf, type Profile } from './regions/profile.ts'
import { groupOf, Numbers, Side } from './regions/side.ts'
import { OriginSurveys, Places, type Place } from './regions/survey.ts'

/** Rules that break one guardrail; more are not named. */
const maxBreaches = 10

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
    for (const watch of watches) watch.look(place, side, surveys)
  }
  return watches.flatMap(watch => [...watch.report(places.isExact)])
}

/** A request that a guardrail forbids, and what is granted to it. */
interface Breach {
  readonly rule: Rule | null
  readonly message: string
}

/** One guardrail, watching the places that it speaks of. */
class Watch {
  readonly #guardrail: Guardrail
  readonly #settings: Settings
  readonly #routes: readonly RoutePattern[]
  readonly #origins: OriginIndex | null
  /** What has been looked at: the same rules are the same wherever they hold. */
  readonly #seen = new Set<unknown>()
  /** By the rule that grants, or null for the upstream of a path without rules. */
  readonly #breaches = new Map<Rule | null, Breach>()
  #isExact = true

  constructor (guardrail: Guardrail, settings: Settings) {
    this.#guardrail = guardrail
    this.#settings = settings
    this.#routes = guardrail.routes.map(({ pattern }) => pattern)
    this.#origins = guardrail.origins && indexOf(guardrail.origins.entries)
  }

  /** Its hosts and routes, to be told apart from all others. */
  regions (): Planting[] {
    const hosts = this.#guardrail.hosts.length === 0 ? [null] : this.#guardrail.hosts.map(({ pattern }) => pattern)
    const routes = this.#routes.length === 0 ? parseRoutePattern('/*').patterns! : this.#routes
    return hosts.flatMap(host => routes.map(route => ({ host, route, sides: 0 })))
  }

  #speaksOf ({ host, path }: Place): boolean {
    const { hosts } = this.#guardrail
    const { router } = this.#settings
    if (hosts.length > 0 && !hosts.some(({ pattern }) => hostMatches(pattern, host))) return false
    return this.#routes.length === 0 || this.#routes.some(route => routeMatches(settleRoute(route, router), settle(path, router)))
  }

  #speaksOfOrigin (origin: string): boolean {
    return this.#origins === null || (this.#origins.find(origin) >= 0) === (this.#guardrail.origins!.are === 'within')
  }

  look (place: Place, side: Side, surveys: OriginSurveys): void {
    const [lookup] = place.lookups
    const group = groupOf(lookup!)
    // An ambiguous path is granted nothing.
    if (lookup!.isAmbiguous || this.#seen.has(group) || !this.#speaksOf(place)) return
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
        const { method, url } = witnessOf(place, origin, found.ask)
        const from = moment === side.snapshot.at ? '' : `, from ${showTime(moment)} on`
        const who = rule === null ? '`unmatched: passthrough`' : `rule \`${rule.name}\``
        this.#breaches.set(rule, { rule, message: `${who} ${found.say(`\`${origin}\``, `\`${method} ${url}\``)}${from}` })
      }
    }
  }

  * report (isExact: boolean): Generator<Diagnostic> {
    const { name, span } = this.#guardrail
    const more = this.#breaches.size - maxBreaches
    for (const [i, { rule, message }] of [...this.#breaches.values()].slice(0, maxBreaches).entries()) {
      const others = more > 0 && i === maxBreaches - 1 ? ` (and ${more} more ${more === 1 ? 'rule breaks' : 'rules break'} it)` : ''
      yield diagnose('guardrail-broken', span, `guardrail \`${name}\`: ${message}${others}`,
        rule === null ? {} : { related: [{ span: rule.span, message: `rule \`${rule.name}\`` }] })
    }
    if (this.#breaches.size > 0 || (isExact && this.#isExact)) return
    yield diagnose('too-complex', span, `guardrail \`${name}\` cannot be decided: the routes or origins of the set can meet in too many ways`,
      { help: 'use fewer routes with parameters before literal segments, or fewer globs beside one another' })
  }
}

interface Broken {
  readonly ask: Ask
  /** What is granted, in words, for an origin and a request. */
  readonly say: (origin: string, request: string) => string
}

/** The first thing of those that a guardrail forbids that a profile grants. */
function breachOf (profile: Profile, { never }: Guardrail): Broken | null {
  if (profile.passthrough) {
    return { ask: askOf(never.methods.find(name => name !== '*') ?? 'GET'), say: (origin, request) => `leaves ${request} of ${origin} to the upstream, which may grant anything` }
  }
  const [readable] = profile.methods
  if (readable === undefined) return null
  if (never.credentials && profile.credentials) {
    return { ask: { ...askOf(readable), credentials: 'include' }, say: (origin, request) => `lets ${origin} read ${request} with credentials` }
  }
  const method = listed(never.methods, profile.methods)
  if (never.read || method !== undefined) return { ask: askOf(method ?? readable), say: (origin, request) => `lets ${origin} read ${request}` }
  const [asked] = profile.preflights
  const header = listed(never.headers, profile.headers)
  if (header !== undefined && asked !== undefined) {
    return { ask: { ...askOf(asked), headers: { [header]: valueFor(header) } }, say: (origin, request) => `lets ${origin} set the header \`${header}\` for ${request}` }
  }
  const seconds = secondsOf(profile.maxAge)
  if (asked === undefined || never.maxAgeAbove === null || seconds <= never.maxAgeAbove) return null
  return { ask: askOf(asked), say: (origin, request) => `lets a browser keep the preflight of ${origin} for ${request} for ${seconds} s, above ${never.maxAgeAbove} s` }
}

/** The first forbidden name that is granted; `*` forbids every name. */
function listed (forbidden: readonly string[], granted: ReadonlySet<string>): string | undefined {
  return forbidden.includes('*') ? [...granted][0] : forbidden.find(name => granted.has(name))
}
