// Policies from a URL, whichever its scheme: a bundle on a server of files, or a bucket of NATS.
import { httpSource, placeOf, type HttpOptions } from './http.ts'
import { isNatsUrl } from './nats/options.ts'
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
