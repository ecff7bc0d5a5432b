// Settles at the last moment, on every way out of Node, whose `Access-Control-*` and what `Vary` a response carries.
import type { OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { ServerHttp2Stream } from 'node:http2'
import type { ResponseHeaders } from '../snapshot/headers.ts'

/** A flat list of names and values, or a list of pairs. */
export type GivenList = readonly OutgoingHttpHeader[] | readonly (readonly [string, OutgoingHttpHeader])[]

/** Headers as `writeHead` takes them. */
export type GivenHeaders = OutgoingHttpHeaders | GivenList

/** `writeHead(statusCode[, statusMessage][, headers])` without its overloads. */
export type WriteHead<Response> = (this: Response, statusCode: number, second?: unknown, third?: unknown) => unknown

/** The headers that were set one by one. */
export type HeaderStore = Pick<ServerResponse, 'getHeaderNames' | 'getHeader' | 'removeHeader'>

/** The ways by which header lines leave Node. */
interface WaysOut {
  writeHead: WriteHead<GuardedResponse>
  addTrailers: (this: GuardedResponse, trailers: unknown) => void
  writeEarlyHints: (this: GuardedResponse, hints: unknown, callback?: () => void) => void
}

/** Those of an HTTP/2 stream, by which a handler can go round its response. */
interface StreamWaysOut {
  respond: (this: GuardedStream, headers?: GivenHeaders, options?: unknown) => void
  respondWithFD: (this: GuardedStream, fd: unknown, headers?: GivenHeaders, options?: FileOptions) => void
  respondWithFile: (this: GuardedStream, path: unknown, headers?: GivenHeaders, options?: FileOptions) => void
  additionalHeaders: (this: GuardedStream, headers: GivenHeaders) => void
  sendTrailers: (this: GuardedStream, trailers: GivenHeaders) => void
}

/** A check may change the headers once the file is known. */
interface FileOptions { statCheck?: (stat: unknown, headers: OutgoingHttpHeaders, options: unknown) => unknown }

interface Guard extends ResponseHeaders, Readonly<WaysOut> {}

interface StreamGuard extends ResponseHeaders, Readonly<StreamWaysOut> {}

const guardKey = Symbol('cors-gateway.guard')

interface GuardedResponse extends Omit<ServerResponse, keyof WaysOut>, WaysOut { [guardKey]: Guard }

interface GuardedStream extends Omit<ServerHttp2Stream, keyof StreamWaysOut>, StreamWaysOut { [guardKey]: StreamGuard }

/**
 * Makes the gateway the owner of a response's CORS headers. Whatever is written later and by whom, `Access-Control-*`,
 * `Timing-Allow-Origin` and `X-CORS-Gateway` are exactly those given here, and `Vary` is the union of theirs and ours. The functions
 * are shared by all responses; what belongs to one lies in its guard.
 */
export function guardResponse (raw: ServerResponse, headers: ResponseHeaders): void {
  const { stream } = raw as { stream?: unknown }
  if (stream !== undefined) guardStream(stream as GuardedStream, headers)
  const guarded = raw as unknown as GuardedResponse
  guarded[guardKey] = {
    set: headers.set,
    vary: headers.vary,
    writeHead: guarded.writeHead,
    addTrailers: guarded.addTrailers,
    writeEarlyHints: guarded.writeEarlyHints
  }
  guarded.writeHead = writeOwnHead
  guarded.addTrailers = addOtherTrailers
  guarded.writeEarlyHints = writeOtherHints
}

/** Stands for `writeHead`; implicit headers come through it as well. */
function writeOwnHead (this: GuardedResponse, statusCode: number, second?: unknown, third?: unknown): unknown {
  const { writeHead } = this[guardKey]
  // A second call is Node's to refuse.
  if (this.headersSent) return writeHead.call(this, statusCode, second, third)
  const given = (typeof second === 'string' ? third : third ?? second) as GivenHeaders | null | undefined
  const headers = settle(this, given ?? {})
  return typeof second === 'string' ? writeHead.call(this, statusCode, second, headers) : writeHead.call(this, statusCode, headers)
}

/** The headers to write: those given without foreign ones, and ours. What is given stays as it is: it may be a shared constant. */
function settle (raw: GuardedResponse, given: GivenHeaders): GivenHeaders {
  const theirVary: unknown[] = []
  takeStored(raw, raw[guardKey].vary.length > 0 ? theirVary : null)
  return settleGiven(given, raw[guardKey], theirVary)
}

function settleGiven (given: GivenHeaders, headers: ResponseHeaders, theirVary: unknown[]): GivenHeaders {
  if (isList(given)) return settleList(given, headers, theirVary)
  const { set, vary } = headers
  const names = Object.keys(given)
  // Without a policy there is usually nothing to add or to remove.
  if (set.length === 0 && vary.length === 0 && !names.some(isOwned)) return given
  const settled: OutgoingHttpHeaders = {}
  for (const name of names) {
    if (isOwned(name)) continue
    if (vary.length > 0 && isVary(name)) theirVary.push(given[name])
    else settled[name] = given[name]
  }
  for (const [name, value] of set) settled[name] = value
  if (vary.length > 0) settled['vary'] = mergeVary(theirVary, vary)
  return settled
}

function settleList (given: GivenList, { set, vary }: ResponseHeaders, theirVary: unknown[]): GivenList {
  const flat = flatten(given)
  // An odd list is Node's to refuse.
  if (flat.length % 2 === 1) return flat
  const settled: OutgoingHttpHeader[] = []
  for (let i = 0; i < flat.length; i += 2) {
    const name = String(flat[i])
    if (isOwned(name)) continue
    if (vary.length > 0 && isVary(name)) theirVary.push(flat[i + 1])
    else settled.push(flat[i]!, flat[i + 1]!)
  }
  for (const [name, value] of set) settled.push(name, value)
  if (vary.length > 0) settled.push('vary', mergeVary(theirVary, vary))
  return settled
}

/** Names and values one after the other, as Node reads what was given: where the first entry is a list, it takes two of each entry. */
export function flatten (given: GivenList): readonly OutgoingHttpHeader[] {
  return Array.isArray(given[0])
    ? (given as readonly (readonly [string, OutgoingHttpHeader])[]).flatMap(entry => [entry[0], entry[1]])
    : given as readonly OutgoingHttpHeader[]
}

function isList (given: GivenHeaders): given is GivenList {
  return Array.isArray(given)
}

/** Removes foreign headers that were set one by one, and takes their `Vary` over where a list is given for it. */
function takeStored (raw: HeaderStore, theirVary: unknown[] | null): void {
  for (const name of raw.getHeaderNames()) {
    if (isOwned(name)) {
      raw.removeHeader(name)
    } else if (theirVary !== null && name === 'vary') {
      theirVary.push(raw.getHeader(name))
      raw.removeHeader(name)
    }
  }
}

function addOtherTrailers (this: GuardedResponse, trailers: unknown): void {
  const others: unknown = Array.isArray(trailers)
    ? (trailers as [string, string][]).filter(([name]) => !isOwned(name))
    : withoutOwned(trailers as object)
  this[guardKey].addTrailers.call(this, others)
}

function writeOtherHints (this: GuardedResponse, hints: unknown, callback?: () => void): void {
  this[guardKey].writeEarlyHints.call(this, withoutOwned(hints as object), callback)
}

function withoutOwned (headers: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !isOwned(name)))
}

function guardStream (stream: GuardedStream, headers: ResponseHeaders): void {
  const { respond, respondWithFD, respondWithFile, additionalHeaders, sendTrailers } = stream
  stream[guardKey] = { set: headers.set, vary: headers.vary, respond, respondWithFD, respondWithFile, additionalHeaders, sendTrailers }
  Object.assign(stream, ownStream)
}

const nothing: ResponseHeaders = { set: [], vary: [] }

const ownStream: StreamWaysOut = {
  respond (headers, options) {
    this[guardKey].respond.call(this, settleStream(headers, this[guardKey]), options)
  },
  respondWithFD (fd, headers, options) {
    this[guardKey].respondWithFD.call(this, fd, settleStream(headers, this[guardKey]), settleCheck(options, this[guardKey]))
  },
  respondWithFile (path, headers, options) {
    this[guardKey].respondWithFile.call(this, path, settleStream(headers, this[guardKey]), settleCheck(options, this[guardKey]))
  },
  additionalHeaders (headers) {
    this[guardKey].additionalHeaders.call(this, settleStream(headers, nothing))
  },
  sendTrailers (trailers) {
    this[guardKey].sendTrailers.call(this, settleStream(trailers, nothing))
  }
}

function settleStream (given: GivenHeaders | undefined, headers: ResponseHeaders): GivenHeaders {
  const settled = settleGiven(given ?? {}, headers, [])
  // A list of names that are not to be compressed is kept under a symbol.
  for (const symbol of Object.getOwnPropertySymbols(given ?? {})) Reflect.set(settled, symbol, Reflect.get(given!, symbol))
  return settled
}

function settleCheck (options: FileOptions | undefined, headers: ResponseHeaders): FileOptions | undefined {
  const check = options?.statCheck
  if (check === undefined) return options
  return {
    ...options,
    statCheck (...given) {
      const answer: unknown = check.apply(this, given)
      const settled = settleGiven({ ...given[1] }, headers, [])
      for (const name of Object.keys(given[1])) delete given[1][name]
      Object.assign(given[1], settled)
      return answer
    }
  }
}

/** Whether a response header is the gateway's alone, in any case of letters. */
export function isOwned (name: string): boolean {
  // Most names are told apart at once.
  const initial = name.charCodeAt(0) | 32
  if (name.length < 14 || (initial !== 97 && initial !== 116 && initial !== 120)) return false
  const lower = name.toLowerCase()
  return lower.startsWith('access-control-') || lower === 'timing-allow-origin' || lower === 'x-cors-gateway'
}

/** Whether a header is `Vary`, in any case of letters. */
export function isVary (name: string): boolean {
  return name.length === 4 && name.toLowerCase() === 'vary'
}

/** An absent value is an empty list, and a number is written as it is. */
function splitList (value: unknown): string[] {
  return typeof value === 'string' || typeof value === 'number' ? String(value).split(',') : []
}

/** How the names are spelled that the gateway adds. */
const spellings = new Map(['Origin', 'Access-Control-Request-Method', 'Access-Control-Request-Headers',
  'Access-Control-Request-Private-Network'].map(name => [name.toLowerCase(), name]))

/** The union of `Vary` values, each name once in any case of letters; `*` says it all (RFC 9110, section 12.5.5). */
export function mergeVary (theirs: readonly unknown[], ours: readonly string[]): string {
  if (theirs.length === 0 && ours.length === 1) return spellings.get(ours[0]!) ?? ours[0]!
  const names: string[] = []
  const known = new Set<string>()
  for (const name of theirs.length === 0 ? ours : [...theirs.flat().flatMap(splitList), ...ours]) {
    const trimmed = name.trim()
    const lower = trimmed.toLowerCase()
    if (lower === '*') return '*'
    if (lower === '' || known.has(lower)) continue
    known.add(lower)
    names.push(spellings.get(lower) ?? trimmed)
  }
  return names.join(', ')
}
