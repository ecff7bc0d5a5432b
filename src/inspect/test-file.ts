// Files of policy tests to the requests that they make; whatever is wrong with one is told at its place.
import type { Diagnostic } from '../diagnostic/diagnostic.ts'
import type { SourceText, Span } from '../diagnostic/span.ts'
import { spanOfKey, spanOfValue, toPlain, type LocatedMap } from '../document/located.ts'
import { readDocument } from '../document/read.ts'
import { isForbiddenRequestHeader } from '../fetch/header.ts'
import { isForbiddenMethod, isToken } from '../fetch/method.ts'
import { opaqueOrigin, parseOrigin } from '../origin/origin.ts'
import { parseOriginPattern } from '../origin/parse.ts'
import { Findings, show } from '../policy/findings.ts'
import type { PolicySet } from '../policy/policy.ts'
import { readList, readMap, readText } from '../policy/read.ts'
import { readMoment } from '../policy/values.ts'
import { reasons, type Reason } from '../snapshot/decision.ts'
import type { PageRequest } from './browser.ts'
import { policyTestSchema, type PolicyTest as WrittenTest } from './policy-test-schema.ts'

/** One test: a request of a page, and what must become of it. */
export interface PolicyTest {
  readonly name: string
  /** Where its name is written. */
  readonly span: Span
  readonly request: PageRequest
  readonly expect: 'readable' | 'blocked'
  /** The rule that must have decided, or null where the test says none. */
  readonly rule: string | null
  readonly because: Reason | null
  /** Epoch milliseconds, or null: whenever the tests are run. */
  readonly at: number | null
}

/** The tests of all files, in the order of the files' names, and everything that is wrong with them. */
export interface ReadTests {
  readonly tests: readonly PolicyTest[]
  readonly diagnostics: readonly Diagnostic[]
}

/** Reads files of policy tests for a set. A test in which something is wrong is left out. Never throws. */
export function readPolicyTests (texts: readonly SourceText[], { rules }: PolicySet): ReadTests {
  const findings = new Findings()
  const ruleNames = new Set(rules.map(({ name }) => name))
  const diagnostics: Diagnostic[] = []
  const tests: PolicyTest[] = []
  for (const text of [...texts].sort((a, b) => a.name < b.name ? -1 : 1)) {
    const source = { ...text, kind: 'a test file' }
    const { document, broken, diagnostics: found } = readDocument(source, policyTestSchema)
    diagnostics.push(...found)
    const names = new Map<string, Span>()
    for (const item of document?.root.kind === 'map' ? readList(document.root, 'tests')?.items ?? [] : []) {
      if (item.kind !== 'map' || broken.has(item)) continue
      const test = new TestReader(source, item, ruleNames, findings).read(names)
      if (test !== null) tests.push(test)
    }
  }
  return { tests, diagnostics: [...diagnostics, ...findings.diagnostics] }
}

/** Reads one test that has passed the schema. */
class TestReader {
  readonly #source: SourceText
  readonly #item: LocatedMap
  readonly #request: LocatedMap
  readonly #rules: ReadonlySet<string>
  readonly #findings: Findings
  readonly #written: WrittenTest

  constructor (source: SourceText, item: LocatedMap, rules: ReadonlySet<string>, findings: Findings) {
    this.#source = source
    this.#item = item
    this.#request = readMap(item, 'request')!
    this.#rules = rules
    this.#findings = findings
    this.#written = toPlain(item) as WrittenTest
  }

  read (names: Map<string, Span>): PolicyTest | null {
    const { name, request, expect, rule = null, because = null } = this.#written
    const before = this.#findings.errors
    const span = this.#spanOf(this.#item, 'name')
    this.#checkName(name, span, names)
    if (rule !== null) this.#checkRule(rule, because)
    this.#checkOrigin(request.origin, because)
    const isWebSocket = this.#checkUrl(request.url)
    this.#checkMethod(request.method ?? 'GET', isWebSocket)
    this.#checkHeaders(isWebSocket)
    const moment = readText(this.#item, 'at')
    const at = moment === undefined ? null : readMoment(this.#source, moment, this.#findings)
    return this.#findings.errors > before ? null : { name, span, request, expect, rule, because, at }
  }

  #spanOf (map: LocatedMap, key: string): Span {
    return spanOfValue(this.#source, map.entries.get(key)!.value)
  }

  #checkName (name: string, span: Span, names: Map<string, Span>): void {
    const first = names.get(name)
    if (first === undefined) names.set(name, span)
    else this.#findings.add('duplicate-name', span, `a test of this file is already called ${show(name)}`, { related: [{ span: first, message: 'first given here' }] })
  }

  #checkRule (rule: string, because: Reason | null): void {
    const span = this.#spanOf(this.#item, 'rule')
    if (!this.#rules.has(rule)) {
      this.#findings.add('unknown-rule', span, `no rule of the set is called ${show(rule)}`, this.#findings.didYouMean(rule, this.#rules))
    } else if (because !== null && reasons.indexOf(because) <= reasons.indexOf('origin-not-allowed')) {
      this.#findings.add('wrong-value', span, `where the reason is \`${because}\`, no rule has decided`, { help: 'remove `rule`, or correct `because`' })
    }
  }

  /** A test that asks about a slip of the pen is blocked for no reason of the policy's. */
  #checkOrigin (origin: string, because: Reason | null): void {
    if (origin === opaqueOrigin || parseOrigin(origin) !== null || because === 'origin-malformed') return
    const { pattern, error } = parseOriginPattern(origin)
    const message = pattern === undefined ? error.message : 'a page has one origin, not a pattern of origins'
    const meant = error?.corrected ?? null
    this.#findings.add('invalid-origin', this.#spanOf(this.#request, 'origin'), `${show(origin)}: ${message}`, {
      help: meant !== null && parseOrigin(meant) !== null
        ? `write \`${meant}\`, or \`because: origin-malformed\` if no browser sends it and that is the point`
        : 'write the origin of one page, or `because: origin-malformed` if no browser sends it and that is the point'
    })
  }

  /** Whether the URL asks for a WebSocket. */
  #checkUrl (text: string): boolean {
    const url = URL.canParse(text) ? new URL(text) : null
    const message = url === null || !/^(?:https?|wss?):\/\/[^/?#]/i.test(text)
      ? 'this is no absolute http, https, ws or wss URL'
      : url.username !== '' || url.password !== '' ? 'browsers fetch no URL with a user name or password' : null
    if (message !== null) this.#findings.add('invalid-url', this.#spanOf(this.#request, 'url'), `${show(text)}: ${message}`)
    return /^wss?:/i.test(text)
  }

  #checkMethod (method: string, isWebSocket: boolean): void {
    const span = (): Span => this.#spanOf(this.#request, 'method')
    if (!isToken(method)) this.#findings.add('invalid-token', span(), `${show(method)} is not a method`, { help: 'write one method, such as `PUT`' })
    else if (isForbiddenMethod(method)) this.#findings.add('forbidden-method', span(), `no page can send ${show(method)}`)
    else if (isWebSocket && method !== 'GET') this.#findings.add('wrong-value', span(), 'a WebSocket is opened by GET', { help: 'remove `method`' })
  }

  #checkHeaders (isWebSocket: boolean): void {
    const headers = readMap(this.#request, 'headers')
    for (const [name, entry] of headers?.entries ?? []) {
      const span = spanOfKey(this.#source, entry)
      if (!isToken(name)) {
        this.#findings.add('invalid-token', span, `${show(name)} is not a header name`, { help: 'write one header name' })
      } else if (isForbiddenRequestHeader(name)) {
        const help = /^cookie$/i.test(name) ? { help: 'write `credentials: include` for a request with cookies' } : {}
        this.#findings.add('forbidden-header', span, `browsers let no page set ${show(name)}`, help)
      } else if (isWebSocket) {
        this.#findings.add('wrong-value', span, 'a page sets no headers of a WebSocket', { help: 'remove `headers`' })
      } else if (/[\0\r\n]/.test(readText(headers!, name)!.value.trim())) {
        this.#findings.add('wrong-value', spanOfValue(this.#source, entry.value), `the value of ${show(name)} cannot be sent`, { help: 'write it on one line' })
      }
    }
  }
}
