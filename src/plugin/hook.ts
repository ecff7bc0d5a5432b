// The hook on every request: decides once, then answers, guards the response, or only watches.
import type { FastifyRequest, onRequestHookHandler } from 'fastify'
import { decide } from '../snapshot/decide.ts'
import type { Decision } from '../snapshot/decision.ts'
import { headersFor, type ResponseHeaders } from '../snapshot/headers.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import type { DebugSwitch } from './debug-switch.ts'
import { attachExchange, exchangeOf, type Exchange } from './exchange.ts'
import { observeResponse, type DifferenceListener } from './observe.ts'
import { guardResponse } from './ownership.ts'
import type { Recorder } from './recorder.ts'
import { answerDecided, answerTruncated } from './respond.ts'
import { factsOf, isTruncated } from './translate.ts'

/** Where the snapshot in force is to be found. */
export interface CurrentSnapshot {
  readonly current: Snapshot
}

/** Makes the hook that enforces. */
export function enforcingHook (keeper: CurrentSnapshot, recorder: Recorder, debug: DebugSwitch): onRequestHookHandler {
  return function enforceCors (request, reply, done) {
    // A gateway of a context inside this one has decided already.
    if (exchangeOf(request) !== undefined) {
      done()
      return
    }
    if (isTruncated(request.raw)) {
      answerTruncated(reply)
      return
    }
    const { decision, facts } = decideRequest(keeper.current, recorder, request)
    if (decision.managed) {
      const granted = headersFor(decision, facts)
      const headers = debug.isOn ? withDebug(granted, decision) : granted
      if (decision.status !== 0) {
        answerDecided(reply, decision, headers, debug.isOn)
        return
      }
      guardResponse(reply.raw, headers)
    }
    done()
  }
}

/** Makes the hook that only decides and compares: nothing is answered, set or removed. */
export function observingHook (keeper: CurrentSnapshot, recorder: Recorder): onRequestHookHandler {
  const onDifference: DifferenceListener = (exchange, differences) => {
    recorder.differed(exchange, differences, keeper.current.rules.length)
  }
  return function observeCors (request, reply, done) {
    if (exchangeOf(request) === undefined && !isTruncated(request.raw)) {
      const exchange = decideRequest(keeper.current, recorder, request)
      if (exchange.decision.managed) observeResponse(reply.raw, exchange, onDifference)
    }
    done()
  }
}

/** Decides a request, keeps the decision with it, and takes it down. */
function decideRequest (snapshot: Snapshot, recorder: Recorder, request: FastifyRequest): Exchange {
  const facts = factsOf(request)
  const exchange: Exchange = { facts, decision: decide(snapshot, facts), generation: snapshot.generation, view: null }
  attachExchange(request, exchange)
  recorder.decided(request, exchange, snapshot)
  return exchange
}

function withDebug ({ set, vary }: ResponseHeaders, { outcome, reason, rule }: Decision): ResponseHeaders {
  return { set: [...set, ['x-cors-gateway', `${outcome}; reason=${reason}${rule === null ? '' : `; rule=${rule.name}`}`]], vary }
}
