// One rule in the form that requests are decided with: sets for look-ups, header values joined.
import type { Rule } from '../policy/policy.ts'
import { indexOf } from './groups.ts'
import type { CompiledRule } from './snapshot.ts'

/** Names in the forms in which requests meet them; rules that list the same names share all of it. */
export class NameLists {
  readonly #known = new Map<string, { list: readonly string[], set: ReadonlySet<string>, joined: string }>()

  of (names: readonly string[]): { readonly list: readonly string[], readonly set: ReadonlySet<string>, readonly joined: string } {
    const joined = names.join(', ')
    let known = this.#known.get(joined)
    if (known === undefined) this.#known.set(joined, known = { list: names, set: new Set(names), joined })
    return known
  }
}

/** Compiles a rule for a moment, in epoch milliseconds. */
export function compileRule (rule: Rule, at: number, lists: NameLists): CompiledRule {
  const anyMethod = rule.allowMethods.includes('*')
  const anyHeader = rule.allowHeaders.includes('*')
  const listsAuthorization = rule.allowHeaders.includes('authorization')
  const credentials = rule.allowCredentials
  const preflightVary: string[] = []
  if (rule.enforceMethods || (anyMethod && credentials)) preflightVary.push('access-control-request-method')
  if (anyHeader && (credentials || !listsAuthorization)) preflightVary.push('access-control-request-headers')
  if (rule.allowPrivateNetwork) preflightVary.push('access-control-request-private-network')
  return {
    name: rule.name,
    source: rule,
    isInForce: isInForce(rule, at),
    exceptions: rule.exceptOrigins.length === 0 ? null : indexOf(rule.exceptOrigins),
    anyMethod,
    methods: lists.of(rule.enforceMethods && rule.allowMethods.includes('GET') ? [...rule.allowMethods, 'HEAD'] : rule.allowMethods).set,
    enforcesMethods: rule.enforceMethods,
    anyHeader,
    headers: lists.of(rule.allowHeaders).set,
    credentials,
    privateNetwork: rule.allowPrivateNetwork,
    rejects: rule.deniedRequests === 'reject',
    isPassthrough: rule.passthrough,
    anyOrigin: rule.allowOrigins[0]?.pattern.kind === 'any',
    timing: rule.timingAllowOrigin,
    allowMethods: !anyMethod ? lists.of(rule.allowMethods).joined : credentials ? null : '*',
    allowHeaders: !anyHeader ? lists.of(rule.allowHeaders).joined : !credentials && listsAuthorization ? '*, authorization' : null,
    exposeHeaders: lists.of(rule.exposeHeaders).joined,
    maxAge: rule.maxAge === null ? null : String(rule.maxAge),
    preflightCacheControl: rule.preflightCacheControl,
    preflightVary: lists.of(preflightVary).list
  }
}

/** Whether a moment lies inside a rule's validity window: `notBefore` ≤ now < `expires`. */
export function isInForce (rule: Pick<Rule, 'notBefore' | 'expires'>, at: number): boolean {
  return (rule.notBefore === null || rule.notBefore <= at) && (rule.expires === null || at < rule.expires)
}
