// A snapshot: one policy set, compiled for one moment and one router, immutable and numbered.
import type { OriginIndex } from '../origin/lookup.ts'
import type { PolicySet, Rule } from '../policy/policy.ts'
import type { ReadingStep, RouterOptions } from '../route/path.ts'
import type { RouteTree } from '../route/tree.ts'

/** What a snapshot is compiled for, beside the policies. */
export interface Settings {
  /** What becomes of a path without a policy. */
  readonly unmatched: 'deny' | 'passthrough'
  /** How the Fastify instance's router reads a path. */
  readonly router: RouterOptions
  /** The steps by which servers behind the gateway may read a path otherwise. */
  readonly pathReadings: ReadonlySet<ReadingStep>
}

/** A rule in the form that requests are decided with: sets for look-ups, header values joined. */
export interface CompiledRule {
  readonly name: string
  /** The rule as written, for whoever explains or reports; no decision reads it. */
  readonly source: Rule
  /** Whether the snapshot's moment lies inside the rule's validity window. */
  readonly isInForce: boolean
  readonly exceptions: OriginIndex | null
  readonly anyMethod: boolean
  readonly methods: ReadonlySet<string>
  readonly enforcesMethods: boolean
  readonly anyHeader: boolean
  readonly headers: ReadonlySet<string>
  readonly credentials: boolean
  readonly privateNetwork: boolean
  readonly rejects: boolean
  readonly isPassthrough: boolean
  /** The rule allows `*`: every answer is the literal `*`, never a request's value. */
  readonly anyOrigin: boolean
  readonly timing: boolean
  /** `Access-Control-Allow-Methods`, or null where the method asked for must be echoed. */
  readonly allowMethods: string | null
  /** `Access-Control-Allow-Headers`, `''` for none, or null where it depends on the names asked for. */
  readonly allowHeaders: string | null
  readonly exposeHeaders: string
  readonly maxAge: string | null
  readonly preflightCacheControl: string | null
  /** What a preflight's answer depends on beside the origin: lower-case header names. */
  readonly preflightVary: readonly string[]
}

/** The rules of one or more host-and-route pairs. Pairs with the same rules share one group, so groups compare by identity. */
export interface RuleGroup {
  readonly rules: readonly CompiledRule[]
  /** Finds the slot in `rules` of the rule whose origin pattern matches most specifically. */
  readonly origins: OriginIndex
  /** The rule that decides for every origin, since it allows `*`, is in force and is the only one here; or null. */
  readonly alone: CompiledRule | null
  /** The rule that leaves everything to the upstream, in force or not; one in force decides before all others, any other after them. */
  readonly passthrough: CompiledRule | null
  /** Whether any rule here rejects what it denies. */
  readonly rejects: boolean
}

/** One host and route that some rules name. */
export interface Bucket {
  /** The host pattern, or null for every host. */
  readonly host: string | null
  /** The route, as the first rule by name writes it. */
  readonly route: string
  readonly group: RuleGroup
}

/** The routes of one host pattern. */
export interface HostRoutes {
  readonly routes: RouteTree<Bucket>
  /** The same routes with letter case folded; the same tree where nothing is to fold. */
  readonly folded: RouteTree<Bucket>
}

/** An immutable compiled policy set. Requests are decided by exactly one. */
export interface Snapshot {
  /** 1, 2, 3… in this process. */
  readonly generation: number
  /** A hash of the files' names and contents: equal sets have equal revisions on every machine. */
  readonly revision: string
  /** The moment that validity windows were judged at, in epoch milliseconds. */
  readonly at: number
  /** The next moment at which a rule starts or ends, or null. */
  readonly nextBoundary: number | null
  readonly settings: Settings
  /** The set as written, for whoever explains or reports; no decision reads it. */
  readonly set: PolicySet
  readonly rules: readonly CompiledRule[]
  /** The number of distinct routes that rules name. */
  readonly routes: number
  /** The number of distinct origin patterns that rules allow. */
  readonly origins: number
  readonly exactHosts: ReadonlyMap<string, HostRoutes>
  /** Keyed by suffix, with its leading dot. */
  readonly hostSuffixes: ReadonlyMap<string, HostRoutes>
  /** The routes that hold for every host, or none. */
  readonly anyHost: readonly [] | readonly [HostRoutes]
  readonly blocked: OriginIndex | null
  /** Whether some literal segment holds an upper-case letter, so that folding matters for every path. */
  readonly routesHaveUpperCase: boolean
  /** Whether any rule rejects, so that an ambiguous path must be followed in every reading. */
  readonly anyRejects: boolean
}
