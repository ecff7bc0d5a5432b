// The facts of a request on which a decision depends: plain data, no host's request object.

/** What the gateway knows of one request. Header values are as received; `undefined` means that the header is absent. */
export interface RequestFacts {
  /** The request method (RFC 9110, section 9), case-sensitive. */
  readonly method: string
  /** The request target as on the request line, query included (RFC 9112, section 3.2). */
  readonly target: string
  /** The host and port that the request is for, as the server trusts them; `''` when there is none. */
  readonly host: string
  /** The scheme that the request arrived by, as the server trusts it. A WebSocket's `ws` counts as `http`. */
  readonly scheme: 'http' | 'https'
  /** `Origin`; lines joined by `, `. An empty value is present, and malformed. */
  readonly origin: string | undefined
  /** `Access-Control-Request-Method`. */
  readonly requestedMethod: string | undefined
  /** `Access-Control-Request-Headers`; lines joined by `,`. */
  readonly requestedHeaders: string | undefined
  /** `Access-Control-Request-Private-Network: true` was sent. */
  readonly requestsPrivateNetwork: boolean
  /** `Sec-Fetch-Site`. */
  readonly fetchSite: string | undefined
  /** The request asks to become a WebSocket. */
  readonly upgrade: boolean
  /** `Cookie` or `Authorization` was sent. */
  readonly carriesCredentials: boolean
  /** Two `Host` lines, an authority that differs from `Host`, or a host that is none: no server behind need read the host as we do. */
  readonly hostIsAmbiguous: boolean
}

/** Preflight, actual request, WebSocket upgrade, or no CORS request at all (Fetch standard, CORS protocol, "HTTP requests"). */
export const requestKinds = ['preflight', 'actual', 'upgrade', 'none'] as const

/** One of the kinds above. */
export type RequestKind = typeof requestKinds[number]

/** Tells the kind of a request. */
export function classify (request: RequestFacts): RequestKind {
  if (request.origin === undefined) return 'none'
  if (request.method === 'OPTIONS' && request.requestedMethod !== undefined && request.requestedMethod !== '') return 'preflight'
  return request.upgrade ? 'upgrade' : 'actual'
}
