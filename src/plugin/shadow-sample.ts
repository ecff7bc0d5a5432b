// The request that shows one kind of difference: bounded, without secrets, and explained when somebody asks.
import type { FastifyRequest } from 'fastify'
import { isForbiddenRequestHeader, isSafelistedRequestHeader } from '../fetch/header.ts'
import type { PageRequest } from '../inspect/browser.ts'
import { explain, type Explanation } from '../inspect/explain.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import type { Exchange } from './exchange.ts'
import { pathOf, showValue } from './log.ts'
import { questionOf } from './question.ts'

/** The first request of its kind, told in full by the two sets. */
export interface ShadowSample {
  /** The page's request, without its query and without the values of its headers. */
  readonly request: { readonly origin: string, readonly method: string, readonly url: string }
  /**
   * Null for requests that are too long to be kept or that no page makes, and where more kinds are new than one status
   * explains: the next one does.
   */
  readonly active: Explanation | null
  readonly candidate: Explanation | null
}

/** A request with a longer path is not kept for an explanation. */
const maxPath = 256
/** Nor is one that is longer altogether. */
const maxKept = 2048

/** What is kept of a request: nothing of the sets that decided it. */
export class Sample {
  readonly #request: ShadowSample['request']
  /** Null where there is nothing more to explain. */
  #question: PageRequest | null
  #told: Pick<ShadowSample, 'active' | 'candidate'> = { active: null, candidate: null }

  constructor (request: FastifyRequest, { facts }: Exchange) {
    const { origin = '', hostIsAmbiguous, host, scheme, target, method, requestedMethod } = facts
    const path = pathOf(target)
    this.#request = { origin: showValue(origin), method: showValue(requestedMethod ?? method), url: showValue(`${scheme}://${host}${path}`) }
    this.#question = hostIsAmbiguous || host === '' || path.length > maxPath ? null : keptQuestion(request)
  }

  /** Whether it can be explained and is not yet. */
  get isDue (): boolean {
    return this.#question !== null
  }

  /** Explains the request by both sets, which takes its time. */
  explain (active: Snapshot, candidate: Snapshot): void {
    if (this.#question === null) return
    this.#told = { active: tryExplain(active, this.#question), candidate: tryExplain(candidate, this.#question) }
    this.#question = null
  }

  show (): ShadowSample {
    return { request: this.#request, ...this.#told }
  }
}

/** What a page would have asked, without the values that decide nothing; null where it is too long to be kept. */
function keptQuestion (request: FastifyRequest): PageRequest | null {
  const { url, headers, ...rest } = questionOf(request)
  const question = {
    ...rest,
    url: pathOf(url),
    headers: headers.filter(([name]) => !isForbiddenRequestHeader(name)).map(([name, value]) => [name, isSafelistedRequestHeader(name) ? value : ''] as const)
  }
  const length = [question.origin, question.url, question.method, ...question.headers.flat()].reduce((sum, text = '') => sum + text.length, 0)
  return length > maxKept ? null : question
}

/** No browser sends such a request if this is null, so there is nothing to play. */
function tryExplain (snapshot: Snapshot, question: PageRequest): Explanation | null {
  try {
    return explain(snapshot, question)
  } catch {
    return null
  }
}
