// Where a gateway's configuration says that policies are: in directories, or at a URL.
import { isNatsUrl } from '../source/nats/options.ts'
import { isPolicyUrl, urlSource, type UrlOptions } from '../source/url.ts'
import type { GatewayFile, GatewayPolicies } from './config-schema.ts'
import type { Section } from './config-section.ts'
import { pathIn, readDuration, readPath } from './config-values.ts'

/** Policies at a URL, and how they are asked for. */
export interface UrlPlace {
  readonly url: string
  readonly options: UrlOptions
}

type PoliciesKeys = Extract<GatewayPolicies, { url: string }>

/** Reads `policies`; null where the file cannot tell, since it is wrong there. */
export function readPolicies (root: Section<GatewayFile>, folder: string): readonly string[] | UrlPlace | null {
  if (!root.isMap || root.isBroken('policies')) return null
  const value = root.get('policies')
  if (typeof value === 'object' && !Array.isArray(value)) return readUrl(root.section('policies') as Section<PoliciesKeys>, folder)
  const texts = root.texts('policies')
  const [first] = texts
  if (first === undefined) return [pathIn(folder, 'policies')]
  const url = texts.find(({ text }) => isPolicyUrl(text))
  if (url === undefined) return texts.map(({ text }) => pathIn(folder, text))
  if (texts.length === 1) return judged({ url: url.text, options: {} }, message => root.refuse(url.span, message, helpFor(url.text)))
  root.refuse(url.span, 'a URL holds a whole set', 'name the URL alone, or directories only')
  return null
}

function helpFor (url: string): string {
  return isNatsUrl(url)
    ? 'write the URL of a NATS server, such as `tls://nats.example.com:4222/cors-policies`, and how to connect beside it'
    : 'write the https URL of a bundle, such as `https://policies.example.com/cors.json`'
}

/** The keys that are paths, and those that only a NATS server has use for. */
const paths = ['passwordFile', 'tokenFile', 'credsFile', 'caFile', 'certFile', 'keyFile', 'publicKeyFile'] as const
const natsOnly = ['user', 'passwordFile', 'credsFile', 'certFile', 'keyFile', 'instance'] as const

function readUrl (section: Section<PoliciesKeys>, folder: string): UrlPlace | null {
  const pollInterval = readDuration(section, 'pollInterval')
  const files = paths.map(key => [key, readPath(section, key, folder)] as const).filter(([, path]) => path !== null)
  const [url, user, instance] = [section.get('url'), section.get('user'), section.get('instance')]
  if (url === undefined || isMisplaced(section, url)) return null
  const options = {
    ...Object.fromEntries(files),
    ...pollInterval !== null && { pollInterval },
    ...user !== undefined && { user },
    ...instance !== undefined && { instance },
    ...section.get('allowInsecure') === true && { allowInsecure: true }
  }
  return judged({ url, options }, message => {
    // The options have the names of the keys.
    const key = [...message.matchAll(/`(\w+)`/g)].map(([, name]) => name as keyof PoliciesKeys).find(name => section.has(name))
    section.refuse(key ?? 'url', message, key === undefined ? helpFor(url) : 'correct it')
  })
}

/** Reports keys that a bundle on a server of files has no use for. */
function isMisplaced (section: Section<PoliciesKeys>, url: string): boolean {
  if (isNatsUrl(url)) return false
  const misplaced = natsOnly.filter(key => section.has(key))
  for (const key of misplaced) section.refuse(key, `\`${key}\` is for a NATS server, not for ${/^https?:/i.exec(url)?.[0] ?? 'this URL'}`, 'remove it, or write a URL that begins with `tls://`')
  return misplaced.length > 0
}

function judged (place: UrlPlace, refuse: (message: string) => void): UrlPlace | null {
  try {
    urlSource(place.url, place.options)
    return place
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    refuse(error.message)
    return null
  }
}
