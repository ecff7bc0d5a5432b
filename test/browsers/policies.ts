// The policy set that the browsers meet. Ports are known only when the servers run.

/** Where pages are served from: two ports of the same machine. */
export interface PagePorts {
  readonly pages: number
  readonly morePages: number
}

/** The set as one file. `changing` is the rest of the rule that tests of the preflight cache change as they go. */
export function policiesFor ({ pages, morePages }: PagePorts, changing = ''): string {
  const app = `"http://app.localhost:${pages}"`
  return `
version: 1
blockedOrigins: ["http://blocked.preview.localhost:${pages}"]
rules:
  - {name: any, routes: [/any/**], allowOrigins: ["*"]}
  - {name: any-star, routes: [/any-star/**], allowOrigins: ["*"], allowMethods: ["*"], allowHeaders: ["*"], exposeHeaders: ["*"]}
  - {name: any-authorization, routes: [/any-authorization/**], allowOrigins: ["*"], allowHeaders: ["*", authorization], exposeHeaders: [x-total]}
  - {name: any-get, routes: [/any-get/**], allowOrigins: ["*"], allowMethods: [GET], enforceMethods: true}
  - name: shop
    routes: [/shop/**]
    allowOrigins: [${app}, "http://a.site.localhost:${pages}"]
    allowMethods: [GET, POST, PUT, DELETE, PATCH]
    allowHeaders: [content-type, authorization, x-a]
    exposeHeaders: [x-request-id, etag]
    allowCredentials: true
  - {name: secret, routes: [/shop/secret/**], allowOrigins: []}
  - {name: plain, routes: [/plain/**], allowOrigins: [${app}, "http://a.site.localhost:${pages}"], allowMethods: [GET, PUT], allowHeaders: [x-a], exposeHeaders: [x-request-id]}
  - name: star
    routes: [/star/**]
    allowOrigins: [${app}]
    allowMethods: ["*"]
    allowHeaders: ["*"]
    allowCredentials: true
    exposeHeaders: [x-total]
    acceptRisks: [{risk: all-headers-credentials, reason: the browsers are asked about it}]
  - {name: star-plain, routes: [/star-plain/**], allowOrigins: [${app}], allowMethods: ["*"], allowHeaders: ["*"], exposeHeaders: ["*"]}
  - {name: authorization-only, routes: [/authorization/**], allowOrigins: [${app}], allowHeaders: [authorization]}
  - name: preview
    routes: [/preview/**]
    allowOrigins: ["http://*.preview.localhost:${pages}"]
    exceptOrigins: ["http://old.preview.localhost:${pages}"]
    allowMethods: [GET, PUT]
  - {name: pull-requests, routes: [/pull/**], allowOrigins: ["http://pr-*.preview.localhost:${pages}"]}
  - {name: one-port, routes: [/one-port/**], allowOrigins: ["http://app.localhost:${morePages}"]}
  - {name: any-port, routes: [/any-port/**], allowOrigins: ["http://app.localhost:*"]}
  - {name: any-host, routes: [/any-host/**], allowOrigins: ["http://*:*"]}
  - {name: odd-hosts, routes: [/odd/**], allowOrigins: ["http://127.0.0.1:${pages}", "http://xn--bcher-kva.localhost:${pages}", "http://a_b.localhost:${pages}"]}
  - name: opaque
    routes: [/opaque/**]
    allowOrigins: ["null"]
    allowMethods: [GET, PUT]
    allowCredentials: true
    acceptRisks: [{risk: null-origin, reason: the browsers are asked about it}]
  - {name: two-rules, routes: [/two/**], allowOrigins: [${app}], allowMethods: [GET, PUT], exposeHeaders: [etag]}
  - {name: two-rules-anyone, routes: [/two/**], allowOrigins: ["*"], exposeHeaders: [link]}
  - {name: strict, routes: [/strict/**], allowOrigins: [${app}], allowMethods: [GET], enforceMethods: true, allowHeaders: [x-a]}
  - {name: strict-put, routes: [/strict-put/**], allowOrigins: [${app}], allowMethods: [PUT], enforceMethods: true}
  - {name: rejecting, routes: [/rejecting/**], allowOrigins: [${app}], allowMethods: [GET], enforceMethods: true, deniedRequests: reject}
  - {name: over, routes: [/over/**], allowOrigins: [${app}], expires: 2020-01-01T00:00:00Z}
  - {name: to-come, routes: [/to-come/**], allowOrigins: [${app}], notBefore: 2999-01-01T00:00:00Z}
  - {name: second-host, hosts: [api2.localhost], routes: [/shop/**, /opaque/**], allowOrigins: ["http://evil.localhost:${pages}"], allowCredentials: true}
  - {name: second-host-any, hosts: [api2.localhost], routes: [/any/**], allowOrigins: ["*"], allowMethods: [GET, PUT], allowHeaders: [x-a]}
  - {name: down, routes: [/down/**], allowOrigins: [${app}], allowMethods: [GET, PUT], exposeHeaders: [x-request-id]}
  - {name: changing, routes: [/changing/**], allowOrigins: [${app}]${changing}}
  - {name: item, routes: [/items/:id/parts], allowOrigins: [${app}], allowMethods: [GET, DELETE]}
`
}
