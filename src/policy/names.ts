// Lists of methods and header names, as rules write them.
import { spanOfValue, type LocatedList } from '../document/located.ts'
import type { SourceText, Span } from '../diagnostic/span.ts'
import { isCorsHeader, isForbiddenRequestHeader, isForbiddenResponseHeader } from '../fetch/header.ts'
import { isForbiddenMethod, isToken } from '../fetch/method.ts'
import { show, type Findings } from './findings.ts'
import { quoteLike, readTexts, reportTwice, type LocatedText } from './read.ts'

/** Names in the form that they are compared in, and where each is written. */
export interface Names {
  readonly names: readonly string[]
  readonly spans: readonly Span[]
}

const standardMethods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

/** Reads `allowMethods`. */
export function readMethods (source: SourceText, list: LocatedList, findings: Findings): Names {
  return collect(source, list, findings, (text, span) => {
    const { value } = text
    if (value === '*') return value
    if (!isToken(value)) {
      reportToken(span, value, 'method', findings)
    } else if (isForbiddenMethod(value)) {
      findings.add('forbidden-method', span, `no page can send ${show(value)}`)
    } else if (standardMethods.has(value.toUpperCase()) && !standardMethods.has(value)) {
      const upper = value.toUpperCase()
      findings.add('method-case', span, `methods are case-sensitive: ${show(value)} is not ${show(upper)}`, { help: `write \`${upper}\``, fix: { text: quoteLike(span, upper) } })
    } else {
      return value
    }
    return null
  })
}

/** Reads `allowHeaders`: names of request headers. */
export function readRequestHeaders (source: SourceText, list: LocatedList, findings: Findings): Names {
  return collect(source, list, findings, ({ value }, span) => {
    if (value === '*') return value
    if (!isToken(value)) reportToken(span, value, 'header name', findings)
    else if (isCorsHeader(value)) findings.add('forbidden-header', span, `${show(value)} belongs to CORS itself`, { help: 'remove the name; the gateway answers it' })
    else if (isForbiddenRequestHeader(value)) findings.add('forbidden-header', span, `browsers let no page set ${show(value)}`, cookieHelp(value))
    else return value.toLowerCase()
    return null
  })
}

/** Reads `exposeHeaders`: names of response headers. */
export function readResponseHeaders (source: SourceText, list: LocatedList, findings: Findings): Names {
  return collect(source, list, findings, ({ value }, span) => {
    if (value === '*') return value
    if (!isToken(value)) reportToken(span, value, 'header name', findings)
    else if (isCorsHeader(value)) findings.add('forbidden-header', span, `${show(value)} belongs to CORS itself`)
    else if (isForbiddenResponseHeader(value)) findings.add('forbidden-header', span, `browsers show ${show(value)} to no page`)
    else return value.toLowerCase()
    return null
  })
}

function cookieHelp (name: string): { help?: string } {
  return name.toLowerCase() === 'cookie' ? { help: 'cookies are sent where `allowCredentials: true` allows them' } : {}
}

function collect (
  source: SourceText, list: LocatedList, findings: Findings, read: (text: LocatedText, span: Span) => string | null
): Names {
  const found = new Map<string, LocatedText>()
  const spans: Span[] = []
  let places: ReadonlyMap<unknown, number> | null = null
  for (const text of readTexts(source, list, findings)) {
    const span = spanOfValue(source, text)
    const name = read(text, span)
    if (name === null) continue
    const first = found.get(name)
    if (first !== undefined) {
      places ??= new Map(list.items.map((item, i) => [item, i]))
      reportTwice(source, list, places.get(text)!, first, findings)
      continue
    }
    found.set(name, text)
    spans.push(span)
  }
  return { names: [...found.keys()], spans }
}

function reportToken (span: Span, value: string, what: string, findings: Findings): void {
  const parts = value.split(/[\s,]+/).filter(part => part !== '')
  findings.add('invalid-token', span, `${show(value)} is not a ${what}`,
    parts.length > 1 && parts.every(isToken) ? { help: `write one entry each: ${parts.slice(0, 8).map(part => `\`${part}\``).join(', ')}` } : {})
}
