// One rule of a file to its own kind: each key from the rule itself, or else from its file's defaults.
import type { SourceText } from '../diagnostic/span.ts'
import { spanOfKey, spanOfValue, type LocatedEntry, type LocatedList, type LocatedMap } from '../document/located.ts'
import { show, type Findings } from './findings.ts'
import { readMethods, readRequestHeaders, readResponseHeaders, type Names } from './names.ts'
import type { OriginLists } from './origin-lists.ts'
import type { HostEntry, OriginEntry, RiskAcceptance, Rule } from './policy.ts'
import { readBoolean, readText, type LocatedText } from './read.ts'
import { packSpans, shareSpans, type KeySpans, type RuleSpans } from './rule-spans.ts'
import { readAcceptances, readHosts, readMaxAge, readMoment, readRoutes } from './values.ts'

/** What the rules of one file share. */
export interface FileContext {
  readonly source: SourceText
  readonly defaults: LocatedMap | null
  /** The hosts of the file as a whole. */
  readonly hosts: LocatedEntry | undefined
  readonly findings: Findings
  readonly origins: OriginLists
  /** What lists were read to, so that rules share what defaults and aliases give them. */
  readonly lists: Map<LocatedList, unknown>
  /** Lists of names by what they hold, so that rules share those that are alike. */
  readonly names: Map<string, readonly string[]>
  /** Places as packed: rules that are laid out alike share them. */
  readonly places: Map<RuleSpans, RuleSpans>
}

interface Draft extends FileContext {
  readonly rule: LocatedMap
  readonly name: LocatedText
  readonly passthrough: boolean
}

const grantKeys = new Set([
  'allowOrigins', 'exceptOrigins', 'allowMethods', 'allowHeaders', 'exposeHeaders', 'allowCredentials', 'maxAge', 'allowPrivateNetwork',
  'timingAllowOrigin', 'enforceMethods', 'deniedRequests', 'preflightCacheControl'
])
const nothing: Names = { names: [], spans: [] }
const methodsByDefault: Names = { names: ['GET', 'HEAD', 'POST'], spans: [] }
const noOrigins: readonly OriginEntry[] = []
const noHosts: readonly HostEntry[] = []
const noRisks: readonly RiskAcceptance[] = []

/**
 * Lowers one rule; null where it has no name. `isBroken` says that the schema has found fault with the rule or its
 * defaults: what is missing is then not reported again.
 */
export function lowerRule (file: FileContext, rule: LocatedMap, isBroken: boolean): Rule | null {
  const name = readText(rule, 'name')
  if (name === undefined) return null
  const passthrough = readBoolean(rule, 'passthrough') ?? (file.defaults && readBoolean(file.defaults, 'passthrough')) ?? false
  const draft: Draft = { ...file, rule, name, passthrough }
  if (passthrough) refuseGrants(draft)
  else if (!isBroken && entryOf(draft, 'allowOrigins') === undefined) reportNoOrigins(draft)
  const allowOrigins = listOf(draft, 'allowOrigins', list => file.origins.expand(file.source, list)) ?? noOrigins
  const exceptOrigins = listOf(draft, 'exceptOrigins', list => file.origins.refuseAny(file.source, list, 'exceptOrigins')) ?? noOrigins
  const methods = listOf(draft, 'allowMethods', list => shared(draft, list, () => readMethods(file.source, list, file.findings))) ?? methodsByDefault
  const headers = listOf(draft, 'allowHeaders', list => shared(draft, list, () => readRequestHeaders(file.source, list, file.findings))) ?? nothing
  const exposed = listOf(draft, 'exposeHeaders', list => shared(draft, list, () => readResponseHeaders(file.source, list, file.findings))) ?? nothing
  const allowCredentials = booleanOf(draft, 'allowCredentials')
  checkAnyOrigin(draft, allowOrigins, exceptOrigins)
  checkExposed(draft, exposed, allowCredentials)
  const span = spanOfValue(file.source, name)
  const { notBefore, expires } = windowOf(draft)
  return {
    name: name.value,
    span,
    description: readText(rule, 'description')?.value ?? null,
    hosts: hostsOf(draft),
    routes: listOf(draft, 'routes', list => shared(draft, list, () => readRoutes(file.source, list, file.findings))) ?? [],
    allowOrigins,
    exceptOrigins,
    allowMethods: sharedNames(file, methods),
    allowHeaders: sharedNames(file, headers),
    exposeHeaders: sharedNames(file, exposed),
    allowCredentials,
    maxAge: maxAgeOf(draft),
    allowPrivateNetwork: booleanOf(draft, 'allowPrivateNetwork'),
    timingAllowOrigin: booleanOf(draft, 'timingAllowOrigin'),
    enforceMethods: booleanOf(draft, 'enforceMethods'),
    deniedRequests: textOf(draft, 'deniedRequests') === 'reject' ? 'reject' : 'forward',
    passthrough,
    preflightCacheControl: textOf(draft, 'preflightCacheControl') ?? null,
    notBefore,
    expires,
    acceptRisks: listOf(draft, 'acceptRisks', list => shared(draft, list, () => readAcceptances(file.source, list, file.origins, file.findings))) ?? noRisks,
    spans: shareSpans(file.places, spansOf(draft, span.start, methods, headers, exposed))
  }
}

/** The entry that applies to a rule. A passthrough rule takes no grant from the defaults. */
function entryOf ({ rule, defaults, passthrough }: Draft, key: string): LocatedEntry | undefined {
  const own = rule.entries.get(key)
  return own !== undefined || (passthrough && grantKeys.has(key)) ? own : defaults?.entries.get(key)
}

function listOf<T> (draft: Draft, key: string, read: (list: LocatedList) => T): T | undefined {
  const value = entryOf(draft, key)?.value
  return value?.kind === 'list' ? read(value) : undefined
}

function shared<T> ({ lists, findings }: Draft, list: LocatedList, read: () => T): T {
  const known = lists.get(list)
  if (known !== undefined) return known as T
  const errors = findings.errors
  const value = read()
  if (findings.errors === errors) lists.set(list, value)
  return value
}

function sharedNames ({ names: known }: FileContext, { names }: Names): readonly string[] {
  const key = names.join()
  const shared = known.get(key)
  if (shared === undefined) known.set(key, names)
  return shared ?? names
}

function booleanOf (draft: Draft, key: string): boolean {
  const value = entryOf(draft, key)?.value
  return value?.kind === 'scalar' && value.value === true
}

function textOf (draft: Draft, key: string): string | undefined {
  const value = entryOf(draft, key)?.value
  return value?.kind === 'scalar' && typeof value.value === 'string' ? value.value : undefined
}

function hostsOf (draft: Draft): readonly HostEntry[] {
  const value = (entryOf(draft, 'hosts') ?? draft.hosts)?.value
  return value?.kind === 'list' ? shared(draft, value, () => readHosts(draft.source, value, draft.findings)) : noHosts
}

function maxAgeOf (draft: Draft): number | null {
  const entry = entryOf(draft, 'maxAge')
  return entry === undefined ? null : readMaxAge(draft.source, entry.value, draft.findings)
}

/** A window is the rule's own: no default gives one. */
function windowOf ({ source, rule, findings }: Draft): { notBefore: number | null, expires: number | null } {
  const [from, to] = [readText(rule, 'notBefore'), readText(rule, 'expires')]
  const notBefore = from === undefined ? null : readMoment(source, from, findings)
  const expires = to === undefined ? null : readMoment(source, to, findings)
  if (notBefore !== null && expires !== null && expires <= notBefore) {
    findings.add('empty-window', spanOfValue(source, to!), '`expires` is not after `notBefore`', { related: [{ span: spanOfValue(source, from!), message: '`notBefore` stands here' }] })
  }
  return { notBefore, expires }
}

function reportNoOrigins ({ source, name, findings }: Draft): void {
  findings.add('missing-key', spanOfValue(source, name), `the rule ${show(name.value)} has no \`allowOrigins\`, its own or from \`defaults\``,
    { help: 'add `allowOrigins:`; an empty list allows nobody' })
}

function refuseGrants ({ source, rule, findings, defaults }: Draft): void {
  const reason = rule.entries.get('passthrough') ?? defaults?.entries.get('passthrough')
  for (const [key, entry] of rule.entries) {
    if (!grantKeys.has(key)) continue
    findings.add('passthrough-grant', spanOfKey(source, entry), `\`${key}\` means nothing where the upstream decides`,
      { related: reason === undefined ? [] : [{ span: spanOfKey(source, reason), message: '`passthrough: true` stands here' }] })
  }
}

/** `*` is answered whoever asks, so nothing beside it could take effect. */
function checkAnyOrigin (draft: Draft, allowed: readonly OriginEntry[], excepted: readonly OriginEntry[]): void {
  const { source, findings } = draft
  const any = draft.origins.anyIn(allowed)
  if (any === null) return
  const list = entryOf(draft, 'allowOrigins')!
  const span = any.set === null ? any.span : spanOfValue(source, list.value)
  if (allowed.length > 1) {
    findings.add('any-origin-alone', span, any.set === null ? '`*` stands beside other origins' : `the set ${show(any.set)} brings \`*\` beside other origins`)
  }
  const except = entryOf(draft, 'exceptOrigins')
  if (excepted.length > 0 && except !== undefined) {
    findings.add('any-origin-alone', spanOfKey(source, except), '`exceptOrigins` cannot take anything from `*`',
      { related: [{ span, message: '`*` stands here' }], help: draft.rule.entries.has('exceptOrigins') ? 'remove it' : 'write `exceptOrigins: []` in the rule' })
  }
}

function checkExposed (draft: Draft, exposed: Names, allowCredentials: boolean): void {
  const star = exposed.names.indexOf('*')
  const reason = entryOf(draft, 'allowCredentials')
  if (star === -1 || !allowCredentials || reason === undefined) return
  draft.findings.add('expose-all-credentials', exposed.spans[star]!, '`*` exposes nothing where credentials are allowed',
    { related: [{ span: spanOfKey(draft.source, reason), message: 'credentials are allowed here' }] })
}

function spansOf (draft: Draft, from: number, methods: Names, headers: Names, exposed: Names): RuleSpans {
  const lists = new Map([['allowMethods', methods], ['allowHeaders', headers], ['exposeHeaders', exposed]])
  const keys = new Set([...draft.rule.entries.keys(), ...draft.defaults?.entries.keys() ?? [], 'hosts'])
  const values: KeySpans[] = []
  for (const key of keys) {
    const value = (entryOf(draft, key) ?? (key === 'hosts' ? draft.hosts : undefined))?.value
    if (value !== undefined) values.push({ key, start: value.start, end: value.end, entries: lists.get(key)?.spans ?? [] })
  }
  return packSpans(values, from)
}
