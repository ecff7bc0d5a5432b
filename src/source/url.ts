// Policies from a URL, whichever its scheme: a bundle on a server of files, or a bucket of NATS.
import { httpSource, placeOf, type HttpOptions } from './http.ts'
import { isNatsUrl, resolveNats } from './nats/options.ts'
import { natsPlaceOf, natsSource, type NatsSourceOptions } from './nats/source.ts'
import type { PolicySource } from './source.ts'

/** What either kind of source may be told. */
export type UrlOptions = HttpOptions | NatsSourceOptions

/** Whether a text is meant as a URL of policies, and not as the name of a directory. */
export function isPolicyUrl (text: string): boolean {
  return /^https?:/i.test(text) || isNatsUrl(text)
}

/** The source at a URL. Throws a TypeError that says what to write instead. */
export function urlSource (url: string, options: UrlOptions): PolicySource {
  return isNatsUrl(url) ? natsSource(url, options) : httpSource(url, options)
}

/** Such a URL for people to see. */
export function urlPlaceOf (text: string): string {
  const url = new URL(text)
  return isNatsUrl(text) ? natsPlaceOf(url) : placeOf(url)
}

/** Whether two such URLs name one server, so that what is a secret to others is none to it. */
export function isSameServer (one: string, other: string): boolean {
  const [a, b] = [partsOf(one), partsOf(other)]
  return a !== null && b !== null && a.server === b.server
}

/** Whether two such URLs mean the same policies, however they are written. */
export function isSameUrl (one: string, other: string): boolean {
  const [a, b] = [partsOf(one), partsOf(other)]
  return a !== null && b !== null && a.server === b.server && a.rest === b.rest
}

/** The server of a URL, and what of it; null for one that can't be used. */
function partsOf (text: string): { readonly server: string, readonly rest: string } | null {
  if (!isPolicyUrl(text) || !URL.canParse(text)) return null
  if (!isNatsUrl(text)) {
    const { origin, pathname, search } = new URL(text)
    return { server: origin, rest: `${pathname}${search}` }
  }
  try {
    const { host, port, isTls, bucket } = resolveNats(text, { allowInsecure: true }, 'policies')
    return { server: `${isTls ? 'tls' : 'nats'}://${host.toLowerCase()}:${port}`, rest: bucket }
  } catch (error) {
    if (error instanceof TypeError) return null
    throw error
  }
}
