// What was decided about one request, in the terms of the policy set.
import type { RequestKind } from '../fetch/request.ts'
import type { OriginEntry, Rule } from '../policy/policy.ts'
import type { Outcome, Reason } from '../snapshot/decision.ts'

/** A decision in the terms of the policy set, with the response headers that it comes to. */
export interface Verdict {
  readonly kind: RequestKind
  readonly outcome: Outcome
  readonly reason: Reason
  /** The rule that decided, or null up to `origin-not-allowed`. */
  readonly rule: Rule | null
  /** The entry of `allowOrigins` that the origin matched, where a rule decided by one. */
  readonly entry: OriginEntry | null
  /** 0: the handler or upstream answers; 204 or 403: the gateway does. */
  readonly status: 0 | 204 | 403
  /** Whether the gateway owns the response's `Access-Control-*`. */
  readonly managed: boolean
}
