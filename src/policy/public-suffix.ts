// Public suffixes: the names below which anyone can have a name (ICANN and private section of the list).
import { parse } from 'tldts'

/** A label that nobody lists: where it makes a public suffix, every label does. */
const anyLabel = 'zq-zq'

/** Whether names directly below a domain belong to whoever registers them. Unlisted top levels (`internal`) do not count. */
export function isRegistry (domain: string): boolean {
  return isPublicSuffix(domain) || isPublicSuffix(`${anyLabel}.${domain}`)
}

function isPublicSuffix (domain: string): boolean {
  const { publicSuffix, isIcann, isPrivate } = parse(domain, { allowPrivateDomains: true, extractHostname: false, validateHostname: false })
  return publicSuffix === domain && (isIcann === true || isPrivate === true)
}
