// A browser's request as the gateway sees it.
import type { RequestFacts } from '../fetch/request.ts'
import { isAuthority } from '../route/host.ts'
import type { BrowserPlan, PreflightPlan } from './browser.ts'

/** What every request of a page has in common. */
function common (plan: BrowserPlan): Pick<RequestFacts, 'target' | 'host' | 'scheme' | 'fetchSite' | 'hostIsAmbiguous' | 'requestsPrivateNetwork'> {
  const { url, isSameOrigin } = plan
  return {
    target: url.pathname + url.search,
    host: url.host,
    scheme: url.protocol === 'https:' || url.protocol === 'wss:' ? 'https' : 'http',
    fetchSite: isSameOrigin ? 'same-origin' : 'cross-site',
    hostIsAmbiguous: !isAuthority(url.host),
    // No browser asks this any more: local networks are behind a permission prompt.
    requestsPrivateNetwork: false
  }
}

/** The preflight of a page's request: it never carries credentials. */
export function preflightFacts (plan: BrowserPlan, preflight: PreflightPlan): RequestFacts {
  return {
    ...common(plan),
    method: 'OPTIONS',
    origin: plan.origin,
    requestedMethod: preflight.method,
    requestedHeaders: preflight.headers.length === 0 ? undefined : preflight.headers.join(','),
    upgrade: false,
    carriesCredentials: false
  }
}

/** The request itself. To its own origin a browser names no `Origin` with GET and HEAD (Fetch standard, "`Origin` header"). */
export function actualFacts (plan: BrowserPlan): RequestFacts {
  const isSilent = plan.isSameOrigin && !plan.isWebSocket && (plan.method === 'GET' || plan.method === 'HEAD')
  return {
    ...common(plan),
    method: plan.method,
    origin: isSilent ? undefined : plan.origin,
    requestedMethod: undefined,
    requestedHeaders: undefined,
    upgrade: plan.isWebSocket,
    carriesCredentials: plan.credentials === 'include' || plan.headers.some(([name]) => name.toLowerCase() === 'authorization')
  }
}
