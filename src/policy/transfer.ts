// A policy set in pieces of plain data, so that it can be made on one thread and put together on another without a pause.
import type { SourceText, Span } from '../diagnostic/span.ts'
import type { OriginPattern } from '../origin/pattern.ts'
import type { HostPattern } from '../route/host.ts'
import type { RoutePattern } from '../route/pattern.ts'
import type { Guardrail, OriginEntry, OriginSetDefinition, PolicySet, RiskAcceptance, Rule } from './policy.ts'
import { shareSpans, type RuleSpans } from './rule-spans.ts'

/** A span as numbers: the source by its place among the texts, so that no text travels. */
type PackedSpan = readonly [source: number, start: number, end: number]
type PackedEntry = readonly [pattern: OriginPattern, span: PackedSpan, set: string | null]

interface PackedRule extends Omit<Rule, 'span' | 'hosts' | 'routes' | 'allowOrigins' | 'exceptOrigins' | 'acceptRisks'> {
  readonly span: PackedSpan
  readonly hosts: readonly (readonly [HostPattern, PackedSpan])[]
  readonly routes: readonly (readonly [RoutePattern, PackedSpan])[]
  /** The numbers of lists that came before. */
  readonly allowOrigins: number
  readonly exceptOrigins: number
  readonly acceptRisks: readonly (Omit<RiskAcceptance, 'span'> & { readonly span: PackedSpan })[]
}

interface PackedSetDefinition extends Omit<OriginSetDefinition, 'span' | 'entries'> {
  readonly span: PackedSpan
  readonly entries: number
}

/** There are few of them, so that they travel whole; only spans are made small. */
interface PackedGuardrail extends Omit<Guardrail, 'span' | 'hosts' | 'routes' | 'origins'> {
  readonly span: PackedSpan
  readonly hosts: readonly (readonly [HostPattern, PackedSpan])[]
  readonly routes: readonly (readonly [RoutePattern, PackedSpan])[]
  readonly origins: { readonly are: 'within' | 'outside', readonly entries: number } | null
}

type ListPart = readonly [list: number, entries: readonly PackedEntry[]]

/** One piece of a set. */
export type SetPiece =
  /** More entries of lists of origins. */
  | { readonly kind: 'origins', readonly parts: readonly ListPart[] }
  | { readonly kind: 'rules', readonly rules: readonly PackedRule[] }
  | {
    readonly kind: 'end'
    readonly blockedOrigins: number
    readonly originSets: readonly PackedSetDefinition[]
    readonly guardrails: readonly PackedGuardrail[]
    readonly files: number
  }

const entriesAPiece = 500
const rulesAPiece = 50

/**
 * Takes a set to pieces, each small enough to be put together in about a millisecond, and none much smaller: each costs
 * both threads a turn. Equal lists stay one.
 */
export function* packSet (set: PolicySet, texts: readonly SourceText[]): Generator<SetPiece> {
  const packer = new Packer(texts)
  let rules: PackedRule[] = []
  for (const rule of set.rules) {
    yield* packer.list(rule.allowOrigins)
    yield* packer.list(rule.exceptOrigins)
    rules.push(packer.rule(rule))
    if (rules.length < rulesAPiece) continue
    yield* packer.rest()
    yield { kind: 'rules', rules }
    rules = []
  }
  yield* packer.list(set.blockedOrigins)
  for (const { entries } of set.originSets) yield* packer.list(entries)
  for (const { origins } of set.guardrails) if (origins !== null) yield* packer.list(origins.entries)
  yield* packer.rest()
  yield { kind: 'rules', rules }
  yield {
    kind: 'end',
    blockedOrigins: packer.numberOf(set.blockedOrigins),
    originSets: set.originSets.map(definition => packer.definition(definition)),
    guardrails: set.guardrails.map(guardrail => packer.guardrail(guardrail)),
    files: set.files
  }
}

class Packer {
  readonly #sources: ReadonlyMap<string, number>
  readonly #lists = new Map<readonly OriginEntry[], number>()
  #parts: ListPart[] = []
  /** Of the parts; a list counts as one more. */
  #entries = 0

  constructor (texts: readonly SourceText[]) {
    this.#sources = new Map(texts.map(({ name }, i) => [name, i]))
  }

  span ({ source, start, end }: Span): PackedSpan {
    return [this.#sources.get(source.name)!, start, end]
  }

  numberOf (list: readonly OriginEntry[]): number {
    return this.#lists.get(list)!
  }

  * list (list: readonly OriginEntry[]): Generator<SetPiece> {
    if (this.#lists.has(list)) return
    const number = this.#lists.size
    this.#lists.set(list, number)
    for (let i = 0; i === 0 || i < list.length;) {
      const end = i + entriesAPiece - this.#entries
      const entries = list.slice(i, end).map(({ pattern, span, set }) => [pattern, this.span(span), set] as const)
      this.#parts.push([number, entries])
      this.#entries += entries.length + 1
      if (this.#entries >= entriesAPiece) yield* this.rest()
      i = end
    }
  }

  /** What was kept back to fill a piece. */
  * rest (): Generator<SetPiece> {
    if (this.#parts.length === 0) return
    yield { kind: 'origins', parts: this.#parts }
    this.#parts = []
    this.#entries = 0
  }

  definition (definition: OriginSetDefinition): PackedSetDefinition {
    return { ...definition, span: this.span(definition.span), entries: this.numberOf(definition.entries) }
  }

  guardrail (guardrail: Guardrail): PackedGuardrail {
    const { origins } = guardrail
    return {
      ...guardrail,
      span: this.span(guardrail.span),
      hosts: this.#placed(guardrail.hosts),
      routes: this.#placed(guardrail.routes),
      origins: origins && { are: origins.are, entries: this.numberOf(origins.entries) }
    }
  }

  #placed<Pattern> (entries: readonly { readonly pattern: Pattern, readonly span: Span }[]): (readonly [Pattern, PackedSpan])[] {
    return entries.map(({ pattern, span }) => [pattern, this.span(span)])
  }

  rule (rule: Rule): PackedRule {
    return {
      ...rule,
      span: this.span(rule.span),
      hosts: this.#placed(rule.hosts),
      routes: this.#placed(rule.routes),
      allowOrigins: this.numberOf(rule.allowOrigins),
      exceptOrigins: this.numberOf(rule.exceptOrigins),
      acceptRisks: rule.acceptRisks.map(acceptance => ({ ...acceptance, span: this.span(acceptance.span) }))
    }
  }
}

/** Puts a set together again, piece by piece in their order. */
export class SetAssembly {
  readonly #texts: readonly SourceText[]
  readonly #lists: OriginEntry[][] = []
  readonly #rules: Rule[] = []
  /** Texts that came in several pieces are one again. */
  readonly #places = new Map<RuleSpans, RuleSpans>()

  constructor (texts: readonly SourceText[]) {
    this.#texts = texts
  }

  /** Takes one piece; the last one gives the set. */
  add (piece: SetPiece): PolicySet | null {
    switch (piece.kind) {
      case 'origins': {
        for (const [number, entries] of piece.parts) {
          const list = this.#lists[number] ??= []
          for (const [pattern, span, set] of entries) list.push({ pattern, span: this.#span(span), set })
        }
        return null
      }
      case 'rules':
        for (const rule of piece.rules) this.#rules.push(this.#rule(rule))
        return null
      case 'end': return {
        rules: this.#rules,
        blockedOrigins: this.#lists[piece.blockedOrigins]!,
        originSets: piece.originSets.map(definition => this.#definition(definition)),
        guardrails: piece.guardrails.map(guardrail => this.#guardrail(guardrail)),
        files: piece.files
      }
    }
  }

  #span ([source, start, end]: PackedSpan): Span {
    return { source: this.#texts[source]!, start, end }
  }

  #definition (definition: PackedSetDefinition): OriginSetDefinition {
    return { ...definition, span: this.#span(definition.span), entries: this.#lists[definition.entries]! }
  }

  #guardrail (guardrail: PackedGuardrail): Guardrail {
    const { origins } = guardrail
    return {
      ...guardrail,
      span: this.#span(guardrail.span),
      hosts: this.#placed(guardrail.hosts),
      routes: this.#placed(guardrail.routes),
      origins: origins && { are: origins.are, entries: this.#lists[origins.entries]! }
    }
  }

  #placed<Pattern> (entries: readonly (readonly [Pattern, PackedSpan])[]): { pattern: Pattern, span: Span }[] {
    return entries.map(([pattern, span]) => ({ pattern, span: this.#span(span) }))
  }

  #rule (rule: PackedRule): Rule {
    return {
      ...rule,
      span: this.#span(rule.span),
      hosts: this.#placed(rule.hosts),
      routes: this.#placed(rule.routes),
      spans: shareSpans(this.#places, rule.spans),
      allowOrigins: this.#lists[rule.allowOrigins]!,
      exceptOrigins: this.#lists[rule.exceptOrigins]!,
      acceptRisks: rule.acceptRisks.map(acceptance => ({ ...acceptance, span: this.#span(acceptance.span) }))
    }
  }
}
