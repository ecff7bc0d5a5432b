// Documents to a policy set: every value becomes its own kind, names are resolved across files.
import type { Diagnostic } from '../diagnostic/diagnostic.ts'
import type { Span } from '../diagnostic/span.ts'
import type { LocatedList } from '../document/located.ts'
import type { ValidatedDocument } from '../document/read.ts'
import { show, Findings } from './findings.ts'
import { lowerGuardrail } from './guardrail.ts'
import { lowerRule, type FileContext } from './lower-rule.ts'
import { OriginLists } from './origin-lists.ts'
import type { Guardrail, OriginEntry, PolicySet, Rule } from './policy.ts'
import { readList, readMap } from './read.ts'
import type { RuleSpans } from './rule-spans.ts'
import { OriginSets } from './sets.ts'
import { UnreadSets, type UnreadFiles } from './unread.ts'
import { readHosts } from './values.ts'

/** What lowering gives: the set of all rules without fault, and every finding. */
export interface LoweredSet {
  readonly set: PolicySet
  readonly diagnostics: readonly Diagnostic[]
  /** Whether nothing was left out of the set. */
  readonly isComplete: boolean
}

/**
 * Lowers the files of one policy set, given in the order of their names. What is wrong in one rule is reported and
 * that rule left out; all others are lowered, so that one run tells everything. `unread` are the files that are no documents.
 */
export function lowerPolicies (files: readonly ValidatedDocument[], unread: UnreadFiles): LoweredSet {
  const findings = new Findings()
  const sets = new OriginSets(files.map(({ document }) => document), new UnreadSets(files, unread), findings)
  const origins = new OriginLists(sets, findings)
  const lists = new Map<LocatedList, unknown>()
  const names = new Map<string, readonly string[]>()
  const places = new Map<RuleSpans, RuleSpans>()
  const rules = new Names<Rule>(findings, 'rule')
  const guardrails = new Names<Guardrail>(findings, 'guardrail')
  const blockedOrigins: OriginEntry[] = []
  let isComplete = true
  for (const { document: { source, root }, broken } of files) {
    if (root.kind !== 'map') continue
    const blocked = readList(root, 'blockedOrigins')
    if (blocked !== undefined) for (const entry of origins.refuseAny(source, blocked, 'blockedOrigins')) blockedOrigins.push(entry)
    const defaults = readMap(root, 'defaults') ?? null
    const file: FileContext = { source, defaults, hosts: root.entries.get('hosts'), findings, origins, lists, names, places }
    checkUnused(file)
    const defaultsAreBroken = defaults !== null && broken.has(defaults)
    for (const rule of readList(root, 'rules')?.items ?? []) {
      if (rule.kind !== 'map') continue
      const errors = findings.errors
      const isFaulty = defaultsAreBroken || broken.has(rule)
      const lowered = lowerRule(file, rule, isFaulty)
      const isKept = lowered !== null && rules.add(lowered) && !isFaulty && findings.errors === errors
      if (isKept) rules.kept.push(lowered)
      else isComplete = false
    }
    for (const guardrail of readList(root, 'guardrails')?.items ?? []) {
      const errors = findings.errors
      const lowered = guardrail.kind === 'map' ? lowerGuardrail(file, guardrail) : null
      if (lowered !== null && guardrails.add(lowered) && !broken.has(guardrail) && findings.errors === errors) guardrails.kept.push(lowered)
      else isComplete = false
    }
  }
  return {
    set: {
      rules: rules.inOrder(),
      blockedOrigins: uniqueEntries(blockedOrigins),
      originSets: sets.definitions(),
      guardrails: guardrails.inOrder(),
      files: files.length
    },
    diagnostics: findings.diagnostics,
    isComplete: isComplete && findings.errors === 0
  }
}

/** Defaults and hosts are read once for themselves, so that a mistake in what no rule takes is told as well. */
function checkUnused ({ source, defaults, hosts, findings, origins }: FileContext): void {
  if (hosts?.value.kind === 'list') readHosts(source, hosts.value, findings)
  if (defaults === null) return
  for (const key of ['allowOrigins', 'exceptOrigins'] as const) {
    const list = readList(defaults, key)
    if (list !== undefined) origins.expand(source, list)
  }
}

interface Named { readonly name: string, readonly span: Span }

/** Rules or guardrails by name: a name is given once in the whole set. */
class Names<T extends Named> {
  readonly kept: T[] = []
  readonly #byName = new Map<string, T>()
  readonly #findings: Findings
  readonly #what: string

  constructor (findings: Findings, what: string) {
    this.#findings = findings
    this.#what = what
  }

  /** False, and an error, where the name is taken. */
  add (named: T): boolean {
    const first = this.#byName.get(named.name)
    if (first === undefined) {
      this.#byName.set(named.name, named)
      return true
    }
    this.#findings.add('duplicate-name', named.span, `the ${this.#what} name ${show(named.name)} is used twice`, { related: [{ span: first.span, message: 'first used here' }] })
    return false
  }

  inOrder (): T[] {
    return this.kept.sort((a, b) => a.name < b.name ? -1 : 1)
  }
}

function uniqueEntries (entries: readonly OriginEntry[]): readonly OriginEntry[] {
  const byText = new Map<string, OriginEntry>()
  for (const entry of entries) if (!byText.has(entry.pattern.text)) byText.set(entry.pattern.text, entry)
  return [...byText.values()]
}
