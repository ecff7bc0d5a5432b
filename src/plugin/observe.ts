// Observe mode: what the handler's own CORS answer says, beside what the gateway would have said.
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { headersFor } from '../snapshot/headers.ts'
import type { Exchange } from './exchange.ts'
import { flatten, isOwned, type GivenHeaders, type GivenList, type HeaderStore, type WriteHead } from './ownership.ts'

/** What is told of a response that differs: the names of headers, and `status`. */
export type DifferenceListener = (exchange: Exchange, differences: readonly string[]) => void

interface Observer {
  readonly exchange: Exchange
  readonly listener: DifferenceListener
  readonly writeHead: WriteHead<ObservedResponse>
}

const observerKey = Symbol('cors-gateway.observer')

interface ObservedResponse extends Omit<ServerResponse, 'writeHead'> {
  writeHead: WriteHead<ObservedResponse>
  [observerKey]: Observer
}

/** Watches what is written, and changes nothing. */
export function observeResponse (raw: ServerResponse, exchange: Exchange, listener: DifferenceListener): void {
  const observed = raw as unknown as ObservedResponse
  observed[observerKey] = { exchange, listener, writeHead: observed.writeHead }
  observed.writeHead = observedWriteHead
}

function observedWriteHead (this: ObservedResponse, statusCode: number, second?: unknown, third?: unknown): unknown {
  const { exchange, listener, writeHead } = this[observerKey]
  if (!this.headersSent) {
    const theirs = corsHeadersOf(this, (typeof second === 'string' ? third : third ?? second) as GivenHeaders | null | undefined)
    const differences = compare(exchange, theirs, statusCode)
    if (differences.length > 0) listener(exchange, differences)
  }
  return writeHead.call(this, statusCode, second, third)
}

/** The CORS headers that a response is about to carry, by lower-case name. */
function corsHeadersOf (raw: HeaderStore, given: GivenHeaders | null | undefined): Map<string, string> {
  const found = new Map<string, string>()
  const add = (name: string, value: unknown): void => {
    if (isOwned(name)) found.set(name.toLowerCase(), String(value))
  }
  for (const name of raw.getHeaderNames()) add(name, raw.getHeader(name))
  if (Array.isArray(given)) {
    const flat = flatten(given as GivenList)
    for (let i = 0; i + 1 < flat.length; i += 2) add(String(flat[i]), flat[i + 1])
  } else if (given) {
    for (const name of Object.keys(given)) add(name, (given as OutgoingHttpHeaders)[name])
  }
  return found
}

/** In what a browser would have been told otherwise. */
function compare ({ decision, facts }: Exchange, theirs: ReadonlyMap<string, string>, statusCode: number): string[] {
  const ours = new Map(headersFor(decision, facts).set.filter(([name]) => isOwned(name)))
  const differences: string[] = []
  for (const name of new Set([...ours.keys(), ...theirs.keys()])) {
    if (normalize(name, ours.get(name)) !== normalize(name, theirs.get(name))) differences.push(name)
  }
  // A browser asks for an ok status where the answer to a preflight grants something; other statuses of 403 stop the handler.
  const isGranting = decision.kind === 'preflight' && ours.has('access-control-allow-origin')
  const isStopping = decision.kind !== 'preflight' && decision.status === 403
  if ((isGranting && (statusCode < 200 || statusCode > 299)) || (isStopping && statusCode < 400)) differences.push('status')
  return differences.sort()
}

/** Lists are compared as sets; methods keep their case, header names do not. */
function normalize (name: string, value: string | undefined): string | undefined {
  if (value === undefined) return undefined
  switch (name) {
    case 'access-control-allow-headers':
    case 'access-control-expose-headers': return elementsOf(value.toLowerCase())
    case 'access-control-allow-methods': return elementsOf(value)
    default: return value.trim()
  }
}

function elementsOf (list: string): string {
  return [...new Set(list.split(',').map(element => element.trim()).filter(element => element !== ''))].sort().join()
}
