// One rule in the form that requests are decided with: sets for look-ups, header values joined.
import type { Rule } from '../policy/policy.ts'
import { indexOf } from './groups.ts'
import type { CompiledRule } from './snapshot.ts'

/** Sets of names, so that rules that list the same names share one. */
export type NameSets = Map<string, ReadonlySet<string>>

function setOf (names: readonly string[], sets: NameSets): ReadonlySet<string> {
  const key = names.join()
  let set = sets.get(key)
  if (set === undefined) sets.set(key, set = new Set(names))
  return set
}

/** Compiles a rule for a moment, in epoch milliseconds. */
export function compileRule (rule: Rule, at: number, sets: NameSets): CompiledRule {
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
    methods: setOf(rule.enforceMethods && rule.allowMethods.includes('GET') ? [...rule.allowMethods, 'HEAD'] : rule.allowMethods, sets),
    enforcesMethods: rule.enforceMethods,
    anyHeader,
    headers: setOf(rule.allowHeaders, sets),
    credentials,
    privateNetwork: rule.allowPrivateNetwork,
    rejects: rule.deniedRequests === 'reject',
    isPassthrough: rule.passthrough,
    anyOrigin: rule.allowOrigins[0]?.pattern.kind === 'any',
    timing: rule.timingAllowOrigin,
    allowMethods: !anyMethod ? rule.allowMethods.join(', ') : credentials ? null : '*',
    allowHeaders: !anyHeader ? rule.allowHeaders.join(', ') : !credentials && listsAuthorization ? '*, authorization' : null,
    exposeHeaders: rule.exposeHeaders.join(', '),
    maxAge: rule.maxAge === null ? null : String(rule.maxAge),
    preflightCacheControl: rule.preflightCacheControl,
    preflightVary
  }
}

/** Whether a moment lies inside a rule's validity window: `notBefore` ≤ now < `expires`. */
export function isInForce (rule: Pick<Rule, 'notBefore' | 'expires'>, at: number): boolean {
  return (rule.notBefore === null || rule.notBefore <= at) && (rule.expires === null || at < rule.expires)
}
