// The browser played against the gateway: what is sent, what is answered, and what the browser makes of it.
import type { Snapshot } from '../snapshot/snapshot.ts'
import { judgeAgreed } from './agree.ts'
import { planRequest, type BrowserPlan, type PageRequest } from './browser.ts'
import { corsCheck, preflightCheck, type BrowserCheck } from './cors-check.ts'
import { actualFacts, preflightFacts } from './facts.ts'
import type { Judgement } from './judge.ts'

/** Everything that happened, before it is told. */
export interface Course {
  readonly plan: BrowserPlan
  readonly preflight: Judgement | null
  readonly preflightCheck: BrowserCheck | null
  readonly actual: Judgement | null
  readonly actualCheck: BrowserCheck | null
}

/** Plays one request of a page. Null stands for what was never sent. */
export function playCourse (snapshot: Snapshot, question: PageRequest): Course {
  const plan = planRequest(question)
  const asks = plan.refused === null ? plan.preflight : null
  const preflight = asks === null ? null : judgeAgreed(snapshot, preflightFacts(plan, asks))
  const check = asks === null || preflight === null ? null : preflightCheck(plan, asks, preflight)
  // What the upstream answers to a preflight that passes through is not known; the request is then followed all the same.
  const isSent = check === null || check.refusal === null || preflight?.outcome === 'passthrough'
  const actual = isSent ? judgeAgreed(snapshot, actualFacts(plan)) : null
  return { plan, preflight, preflightCheck: check, actual, actualCheck: actual === null ? null : checkActual(plan, actual) }
}

function checkActual (plan: BrowserPlan, actual: Judgement): BrowserCheck {
  if (plan.isWebSocket) {
    return actual.status === 403
      ? { refusal: 'origin-missing', detail: 'the handshake is answered 403: the socket never opens' }
      : { refusal: null, detail: 'the handshake goes through; CORS takes no part in it' }
  }
  if (plan.isSameOrigin) return { refusal: null, detail: 'a page may read whatever its own origin answers' }
  return corsCheck(plan, { status: actual.status || 200, headers: actual.headers })
}
