// What pages of one origin can get from one place: found out by asking the production matcher, once for each right.
import { isSafelistedResponseHeader } from '../../fetch/header.ts'
import { isSafelistedMethod } from '../../fetch/method.ts'
import type { RequestFacts } from '../../fetch/request.ts'
import { originOf } from '../../origin/origin.ts'
import type { Rule } from '../../policy/policy.ts'
import { decide } from '../../snapshot/decide.ts'
import type { Decision, Reason } from '../../snapshot/decision.ts'
import { headersFor } from '../../snapshot/headers.ts'
import type { Snapshot } from '../../snapshot/snapshot.ts'

/** The names that are asked about, and one of each kind that stands for all that no rule mentions. */
export interface Vocabulary {
  readonly methods: readonly string[]
  readonly headers: readonly string[]
  readonly exposed: readonly string[]
  readonly otherMethod: string
  readonly otherHeader: string
}

/** A host, a path and an origin; null where no `Origin` is sent. */
export interface Question {
  readonly host: string
  readonly path: string
  readonly origin: string | null
}

/** What a page can get. A name that no rule mentions stands for all such names. */
export interface Profile {
  /** The gateway leaves the answer to the upstream, which may grant anything. */
  readonly passthrough: boolean
  /** The methods whose answers a page can read. */
  readonly methods: ReadonlySet<string>
  /** The methods whose answers carry a grant, asked for in a preflight or not. */
  readonly answers: ReadonlySet<string>
  /** The methods for which a preflight passes. */
  readonly preflights: ReadonlySet<string>
  readonly credentials: boolean
  readonly headers: ReadonlySet<string>
  readonly exposed: ReadonlySet<string>
  readonly maxAge: string | null
  readonly cacheControl: string | null
  readonly privateNetwork: boolean
  readonly timing: boolean
  readonly webSocket: boolean
  readonly webSocketCredentials: boolean
  /** The methods that the gateway itself answers, with a denial. */
  readonly rejected: ReadonlySet<string>
}

/** What an answer carries without `Origin`: where one rule answers everyone alike, the same as any other. */
export interface BareAnswer {
  /** A method whose answer carries a grant, or null where none does. */
  readonly method: string | null
  readonly timing: boolean
}

/** Who decided, as far as the origin goes. */
export interface Decider {
  readonly rule: Rule | null
  readonly reason: Reason
}

const noNames = { methods: [], headers: [] }

/** The names that rules mention, some others, the ones that are special, and one more. */
export function vocabularyOf (rules: Iterable<Rule>, others: Pick<Vocabulary, 'methods' | 'headers'> = noNames): Vocabulary {
  const methods = new Set(['GET', 'HEAD', 'POST', 'OPTIONS', ...others.methods])
  const headers = new Set(['authorization', ...others.headers])
  const exposed = new Set<string>()
  for (const rule of rules) {
    for (const name of rule.allowMethods) methods.add(name)
    for (const name of rule.allowHeaders) headers.add(name)
    for (const name of rule.exposeHeaders) if (!isSafelistedResponseHeader(name)) exposed.add(name)
  }
  for (const names of [methods, headers, exposed]) names.delete('*')
  const otherMethod = unknownName('OTHER', methods)
  const otherHeader = unknownName('x-other', new Set([...headers, ...exposed]))
  return {
    methods: [...methods, otherMethod], headers: [...headers, otherHeader], exposed: [...exposed, otherHeader], otherMethod, otherHeader
  }
}

function unknownName (name: string, known: ReadonlySet<string>): string {
  let unknown = name
  for (let i = 2; known.has(unknown); i++) unknown = `${name}-${i}`
  return unknown
}

/** The authority of a host at which a page of an origin is a foreign one. */
export function authorityFor (host: string, origin: string | null): string {
  return origin === originOf('https', host) ? `${host}:8443` : host
}

/** A request of a page to a place, as the gateway sees it. */
function factsOf ({ host, path, origin }: Question, asked: Partial<RequestFacts>): RequestFacts {
  return {
    method: 'GET', target: path, host: authorityFor(host, origin), scheme: 'https', origin: origin ?? undefined, requestedMethod: undefined, requestedHeaders: undefined,
    requestsPrivateNetwork: false, fetchSite: 'cross-site', upgrade: false, carriesCredentials: false, hostIsAmbiguous: false, ...asked
  }
}

/** How a place answers an origin, before any method or header is looked at: an upgrade asks for neither. */
export function deciderOf (snapshot: Snapshot, question: Question): Decider {
  const { rule, reason } = decide(snapshot, factsOf(question, { upgrade: true }))
  return { rule: rule === null ? null : rule.source, reason }
}

interface Answer extends Pick<Decision, 'outcome' | 'status'> {
  readonly headers: ReadonlyMap<string, string>
}

function answerTo (snapshot: Snapshot, question: Question, asked: Partial<RequestFacts>): Answer {
  const facts = factsOf(question, asked)
  const decision = decide(snapshot, facts)
  return { outcome: decision.outcome, status: decision.status, headers: new Map(headersFor(decision, facts).set) }
}

/** Asks without `Origin`. */
export function bareAnswerOf (snapshot: Snapshot, { host, path }: Omit<Question, 'origin'>, { methods }: Vocabulary): BareAnswer {
  for (const method of methods) {
    const { headers } = answerTo(snapshot, { host, path, origin: null }, { method })
    if (headers.has('access-control-allow-origin')) return { method, timing: headers.has('timing-allow-origin') }
  }
  return { method: null, timing: false }
}

/** Asks for every right in turn. */
export function profileOf (snapshot: Snapshot, question: Question, names: Vocabulary): Profile {
  const ask = (asked: Partial<RequestFacts>): Answer => answerTo(snapshot, question, asked)
  const preflight = (requestedMethod: string, asked: Partial<RequestFacts> = {}): Answer => ask({ method: 'OPTIONS', requestedMethod, ...asked })
  const actual = new Map(names.methods.map(method => [method, ask({ method })]))
  const asked = new Map(names.methods.map(method => [method, preflight(method)]))
  const answers = namesWhere(names.methods, method => actual.get(method)!.headers.has('access-control-allow-origin'))
  const preflights = namesWhere(names.methods, method => asked.get(method)!.outcome === 'allowed')
  const methods = namesWhere(names.methods, method => answers.has(method) && (isSafelistedMethod(method) || preflights.has(method)))
  const [readable] = methods
  const [base] = preflights
  const answer = readable === undefined ? null : actual.get(readable)!
  const header = (from: Answer | null | undefined, name: string): string | null => from?.headers.get(name) ?? null
  const exposed = (header(answer, 'access-control-expose-headers') ?? '').split(', ')
  const credentials = header(answer, 'access-control-allow-credentials') === 'true'
  return {
    passthrough: ask({ upgrade: true }).outcome === 'passthrough',
    methods,
    answers,
    preflights,
    credentials,
    headers: namesWhere(names.headers, name => base !== undefined && preflight(base, { requestedHeaders: name }).outcome === 'allowed'),
    exposed: namesWhere(names.exposed, name => exposed.includes(name) || (exposed.includes('*') && !credentials)),
    maxAge: header(base === undefined ? null : asked.get(base), 'access-control-max-age'),
    cacheControl: header(base === undefined ? null : asked.get(base), 'cache-control'),
    privateNetwork: base !== undefined && preflight(base, { requestsPrivateNetwork: true }).headers.has('access-control-allow-private-network'),
    timing: answer?.headers.has('timing-allow-origin') ?? false,
    webSocket: ask({ upgrade: true }).status !== 403,
    webSocketCredentials: ask({ upgrade: true, carriesCredentials: true }).status !== 403,
    rejected: namesWhere(names.methods, method => actual.get(method)!.status === 403)
  }
}

function namesWhere (names: readonly string[], test: (name: string) => boolean): ReadonlySet<string> {
  return new Set(names.filter(test))
}
