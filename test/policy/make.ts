// Policy sets by hand: for properties and sizes, where the way by YAML would only be slower.
import type { SourceText, Span } from '../../src/diagnostic/span.ts'
import { parseOriginPattern } from '../../src/origin/parse.ts'
import type { OriginEntry, PolicySet, Rule } from '../../src/policy/policy.ts'
import { parseHostPattern } from '../../src/route/host.ts'
import { parseRoutePattern } from '../../src/route/pattern.ts'
import type { RuleSpans } from '../../src/policy/rule-spans.ts'

/** A rule as a test says it; whatever it leaves out has the language's default. */
export interface RuleDraft extends Partial<Omit<Rule, 'routes' | 'hosts' | 'allowOrigins'>> {
  readonly name: string
  readonly routes: readonly string[]
  readonly hosts?: readonly string[]
  readonly origins: readonly string[] | readonly OriginEntry[]
}

/** For rules that no file holds. */
export const noSpans: RuleSpans = ''

const source: SourceText = { name: 'made.yaml', text: '' }
let offset = 0

/** Every span is a place of its own. */
function nextSpan (): Span {
  return { source, start: offset, end: ++offset }
}

export function entriesOf (texts: readonly string[]): readonly OriginEntry[] {
  return texts.map(text => {
    const { pattern, error } = parseOriginPattern(text)
    if (pattern === undefined) throw new Error(`${text}: ${error.message}`)
    return { pattern, span: nextSpan(), set: null }
  })
}

function isTexts (origins: RuleDraft['origins']): origins is readonly string[] {
  return typeof origins[0] === 'string'
}

export function makeRule ({ routes, hosts = [], origins, ...rest }: RuleDraft): Rule {
  const span = nextSpan()
  return {
    span,
    description: null,
    hosts: hosts.map(text => {
      const parsed = parseHostPattern(text)
      if (!('pattern' in parsed)) throw new Error(text)
      return { pattern: parsed.pattern, span: nextSpan() }
    }),
    routes: routes.flatMap(text => {
      const span = nextSpan()
      return parseRoutePattern(text).patterns!.map(pattern => ({ pattern, span }))
    }),
    allowOrigins: isTexts(origins) ? entriesOf(origins) : origins,
    exceptOrigins: [],
    allowMethods: ['GET', 'HEAD', 'POST'],
    allowHeaders: [],
    exposeHeaders: [],
    allowCredentials: false,
    maxAge: null,
    allowPrivateNetwork: false,
    timingAllowOrigin: false,
    enforceMethods: false,
    deniedRequests: 'forward',
    passthrough: false,
    preflightCacheControl: null,
    notBefore: null,
    expires: null,
    acceptRisks: [],
    spans: noSpans,
    ...rest
  }
}

export function makeSet (rules: readonly Rule[], blocked: readonly string[] = []): PolicySet {
  return {
    rules: [...rules].sort((a, b) => a.name < b.name ? -1 : 1),
    blockedOrigins: entriesOf(blocked),
    originSets: [],
    guardrails: [],
    files: 1
  }
}
