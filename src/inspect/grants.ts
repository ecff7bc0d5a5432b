// What a rule grants, read off the rule as it is written.
import { maxRequestedLength } from '../fetch/header.ts'
import { isForbiddenMethod, isSafelistedMethod, isToken } from '../fetch/method.ts'
import type { Rule } from '../policy/policy.ts'

/** Whether a moment lies inside a rule's validity window. */
export function isInForce ({ notBefore, expires }: Rule, at: number): boolean {
  return (notBefore === null || at >= notBefore) && (expires === null || at < expires)
}

/** Whether an actual request's method gets an answer that a page can read. A plain `OPTIONS` is exempt like the safelisted ones. */
export function answersMethod (rule: Rule, method: string): boolean {
  return grantsMethod(rule, method) || (method === 'OPTIONS' && !rule.enforceMethods)
}

function grantsMethod (rule: Rule, method: string): boolean {
  if (rule.allowMethods.includes(method)) return true
  if (rule.allowMethods.includes('*')) return !isForbiddenMethod(method)
  return rule.enforceMethods ? method === 'HEAD' && rule.allowMethods.includes('GET') : isSafelistedMethod(method)
}

/** A preflight asks for one method: a token that could be echoed. */
export function grantsRequestedMethod (rule: Rule, method: string): boolean {
  return canBeEchoed(method) && grantsMethod(rule, method)
}

/** Whether a value is one well-formed method within the bounds of what is ever echoed. */
export function canBeEchoed (method: string): boolean {
  return isToken(method) && method.length <= maxRequestedLength
}

/** Whether a rule lets a page send a header that a browser asks for. */
export function grantsHeader (rule: Rule, name: string): boolean {
  return rule.allowHeaders.includes(name) || (rule.allowHeaders.includes('*') && (rule.allowCredentials || name !== 'authorization'))
}
