// What a validated policy set is, before it is compiled: every value in its own kind, and where it was written.
import type { Span } from '../diagnostic/span.ts'
import type { OriginPattern } from '../origin/pattern.ts'
import type { HostPattern } from '../route/host.ts'
import type { RoutePattern } from '../route/pattern.ts'
import type { RuleSpans } from './rule-spans.ts'

/** One origin pattern of a rule, with origin sets expanded. */
export interface OriginEntry {
  readonly pattern: OriginPattern
  /** Where the pattern is written; for a pattern of a set, in the set. */
  readonly span: Span
  /** The set that the rule names and that brought the pattern, or null if the rule lists it itself. */
  readonly set: string | null
}

/** One route of a rule; `/x/**` has become two. */
export interface RouteEntry {
  readonly pattern: RoutePattern
  readonly span: Span
}

/** One host of a rule. */
export interface HostEntry {
  readonly pattern: HostPattern
  readonly span: Span
}

/** The host patterns of a rule, or null alone, which stands for every host. */
export function hostPatternsOf ({ hosts }: { readonly hosts: readonly HostEntry[] }): readonly (HostPattern | null)[] {
  return hosts.length === 0 ? [null] : hosts.map(({ pattern }) => pattern)
}

/** A risk that a rule takes on purpose. */
export interface RiskAcceptance {
  readonly risk: string
  /** The texts of the origin entries for which it holds, or null for all. */
  readonly origins: readonly string[] | null
  readonly reason: string
  /** The moment (epoch ms) from which it no longer holds, or null. */
  readonly until: number | null
  readonly span: Span
}

/** One rule: who may do what on which routes. Defaults are resolved; nothing is merged from any other rule. */
export interface Rule {
  readonly name: string
  /** The rule's name, where it is written. */
  readonly span: Span
  readonly description: string | null
  /** Empty: the rule holds for every host. */
  readonly hosts: readonly HostEntry[]
  readonly routes: readonly RouteEntry[]
  /** Rules that list the same texts share one array, so that what is computed from it can be shared too. */
  readonly allowOrigins: readonly OriginEntry[]
  readonly exceptOrigins: readonly OriginEntry[]
  /** As written; may hold `*`. */
  readonly allowMethods: readonly string[]
  /** Lower case; may hold `*`. */
  readonly allowHeaders: readonly string[]
  /** Lower case; may hold `*`. */
  readonly exposeHeaders: readonly string[]
  readonly allowCredentials: boolean
  /** Whole seconds, or null: the header is omitted. */
  readonly maxAge: number | null
  readonly allowPrivateNetwork: boolean
  readonly timingAllowOrigin: boolean
  readonly enforceMethods: boolean
  readonly deniedRequests: 'forward' | 'reject'
  readonly passthrough: boolean
  readonly preflightCacheControl: string | null
  /** Epoch milliseconds, or null. The rule holds while notBefore ≤ now < expires. */
  readonly notBefore: number | null
  readonly expires: number | null
  readonly acceptRisks: readonly RiskAcceptance[]
  /** Where its values are written; `ruleSpan` finds them. */
  readonly spans: RuleSpans
}

/** A named set of origins, for the checks; its patterns are already in the rules that name it. */
export interface OriginSetDefinition {
  readonly name: string
  readonly span: Span
  readonly entries: readonly OriginEntry[]
  /** Whether any rule, blocked list or other used set names it. */
  readonly used: boolean
}

/** What pages must never get, whatever the rules say. Each part holds by itself. */
export interface GuardedGrants {
  /** Any grant at all. */
  readonly read: boolean
  readonly credentials: boolean
  readonly methods: readonly string[]
  /** Lower case. */
  readonly headers: readonly string[]
  /** Whole seconds, or null: a preflight may be kept however long. */
  readonly maxAgeAbove: number | null
}

/** A statement that must be true of the whole set, for every request to some routes by pages of some origins. */
export interface Guardrail {
  readonly name: string
  /** The guardrail's name, where it is written. */
  readonly span: Span
  readonly description: string | null
  /** Empty: every host. */
  readonly hosts: readonly HostEntry[]
  /** Empty: every route. */
  readonly routes: readonly RouteEntry[]
  /** It speaks of these origins, or of all others; null: of every origin. */
  readonly origins: { readonly are: 'within' | 'outside', readonly entries: readonly OriginEntry[] } | null
  readonly never: GuardedGrants
}

/** Every file of one policy directory, validated as one unit. Rules and guardrails are in the order of their names. */
export interface PolicySet {
  readonly rules: readonly Rule[]
  readonly blockedOrigins: readonly OriginEntry[]
  readonly originSets: readonly OriginSetDefinition[]
  readonly guardrails: readonly Guardrail[]
  /** The number of files. */
  readonly files: number
}
