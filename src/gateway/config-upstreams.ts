// Reads the upstreams of a gateway's configuration.
import type { Span } from '../diagnostic/span.ts'
import { show } from '../policy/findings.ts'
import { parseHostPattern } from '../route/host.ts'
import { settle, type RouterOptions } from '../route/path.ts'
import type { GatewayFile, GatewayUpstream } from './config-schema.ts'
import type { Section } from './config-section.ts'
import { parseUpstreamUrl } from './config-values.ts'
import type { Upstream } from './routing.ts'

/** Reads `upstreams`; of two for the same requests the second is reported. */
export function readUpstreams (root: Section<GatewayFile>, router: RouterOptions): Upstream[] {
  const taken = new Map<string, Span>()
  return root.sections<GatewayUpstream>('upstreams').flatMap(section => {
    const url = readUrl(section)
    const hosts = readHosts(section)
    const prefix = (section.get('prefix') ?? '/').replace(/(?<=.)\/$/, '')
    if (url === null || section.isBroken('hosts') || section.isBroken('prefix')) return []
    // As the gateway compares paths, so that `/Cart` and `/cart` are one where letter case means nothing.
    const settled = settle(prefix, { ...router, ignoreTrailingSlash: true, useSemicolonDelimiter: false })
    const place = section.spanOf(section.get('prefix') === undefined ? 'url' : 'prefix')
    for (const { host, span } of hosts ?? [{ host: '', span: place }]) {
      const first = taken.get(`${host} ${settled}`)
      if (first === undefined) taken.set(`${host} ${settled}`, span)
      else reportSecond(section, span, `${host}${prefix}`, first)
    }
    return [{ prefix, url, ...hosts !== null && { hosts: hosts.map(({ host }) => host) } }]
  })
}

function reportSecond (section: Section<GatewayUpstream>, span: Span, where: string, first: Span): void {
  section.refuse(span, `a second upstream for \`${where}\``, 'remove one of the two, or give it another `prefix` or other `hosts`',
    { related: [{ span: first, message: 'the first one' }] })
}

function readUrl (section: Section<GatewayUpstream>): string | null {
  const text = section.get('url')
  if (text === undefined) return null
  const parsed = parseUpstreamUrl(text)
  if ('url' in parsed) return parsed.url
  section.refuse('url', `\`url\` takes ${parsed.takes}`, 'write it as in `http://127.0.0.1:3000`; the prefix stays in the path that the upstream gets')
  return null
}

function readHosts (section: Section<GatewayUpstream>): { host: string, span: Span }[] | null {
  if (section.get('hosts') === undefined) return null
  return section.texts('hosts').flatMap(({ text, span }) => {
    const parsed = parseHostPattern(text)
    if ('pattern' in parsed) return [{ host: text, span }]
    const { message, corrected } = parsed.error
    section.report('invalid-host', span, `${show(text)}: ${message}`, corrected === null ? {} : { help: `did you mean \`${corrected}\`?` })
    return []
  })
}
