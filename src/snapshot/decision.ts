// What was decided, and the reason, in fixed words.
import type { RequestKind } from '../fetch/request.ts'
import type { Bucket, CompiledRule } from './snapshot.ts'

/** What a request gets: a grant, a denial, the upstream's own answer, or nothing since no CORS is involved. */
export type Outcome = 'allowed' | 'denied' | 'passthrough' | 'none'

/** Why, in the order in which the reasons are tried: the first that applies is given. */
export const reasons = [
  'not-cors', 'same-origin', 'path-ambiguous', 'no-policy', 'origin-malformed', 'origin-blocked', 'origin-not-allowed',
  'outside-validity', 'origin-excepted', 'credentials-not-allowed', 'method-not-allowed', 'header-not-allowed',
  'private-network-not-allowed', 'allowed'
] as const

/** One of the reasons above. */
export type Reason = typeof reasons[number]

/** The answer to one request: decided by one snapshot, complete, and never changed afterwards. */
export interface Decision {
  readonly kind: RequestKind
  readonly outcome: Outcome
  readonly reason: Reason
  /** The rule that decided, or null up to `origin-not-allowed`. */
  readonly rule: CompiledRule | null
  /** The host and route that the path leads to by Fastify's own reading, or null where no rule is. */
  readonly bucket: Bucket | null
  /** Whether servers could read the path otherwise, so that no rule of the bucket was asked. */
  readonly isAmbiguous: boolean
  /** 0: the handler or upstream answers. 204 or 403: the gateway does, and nothing behind it runs. */
  readonly status: 0 | 204 | 403
  /** Whether the gateway owns the response's `Access-Control-*`: foreign ones are removed. */
  readonly managed: boolean
}
