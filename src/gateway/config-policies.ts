// Where a gateway's configuration says that policies are: in directories, or at a URL.
import { httpSource, type HttpOptions } from '../source/http.ts'
import type { GatewayFile, GatewayPolicies } from './config-schema.ts'
import type { Section } from './config-section.ts'
import { pathIn, readDuration, readPath } from './config-values.ts'

/** A bundle at a URL, and how it is asked for. */
export interface HttpPlace {
  readonly url: string
  readonly options: HttpOptions
}

type PoliciesKeys = Extract<GatewayPolicies, { url: string }>

/** Reads `policies`; null where the file cannot tell, since it is wrong there. */
export function readPolicies (root: Section<GatewayFile>, folder: string): readonly string[] | HttpPlace | null {
  if (!root.isMap || root.isBroken('policies')) return null
  const value = root.get('policies')
  if (typeof value === 'object' && !Array.isArray(value)) return readHttp(root.section('policies') as Section<PoliciesKeys>, folder)
  const texts = root.texts('policies')
  const [first] = texts
  if (first === undefined) return [pathIn(folder, 'policies')]
  const url = texts.find(({ text }) => /^https?:/i.test(text))
  if (url === undefined) return texts.map(({ text }) => pathIn(folder, text))
  if (texts.length === 1) return judged({ url: url.text, options: {} }, message => root.refuse(url.span, message, help))
  root.refuse(url.span, 'a URL holds a whole set', 'name the URL alone, or directories only')
  return null
}

const help = 'write the https URL of a bundle, such as `https://policies.example.com/cors.json`'

function readHttp (section: Section<PoliciesKeys>, folder: string): HttpPlace | null {
  const [pollInterval, tokenFile, caFile] = [
    readDuration(section, 'pollInterval'), readPath(section, 'tokenFile', folder), readPath(section, 'caFile', folder)
  ]
  const options = {
    ...pollInterval !== null && { pollInterval },
    ...tokenFile !== null && { tokenFile },
    ...caFile !== null && { caFile },
    ...section.get('allowInsecure') === true && { allowInsecure: true }
  }
  return judged({ url: section.get('url')!, options }, message => section.refuse('url', message, help))
}

function judged (place: HttpPlace, refuse: (message: string) => void): HttpPlace | null {
  try {
    httpSource(place.url, place.options)
    return place
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    refuse(error.message)
    return null
  }
}
