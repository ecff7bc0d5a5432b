/* IMPORTANT
 * This snapshot file is auto-generated, but designed for humans.
 * It should be checked into source control and tracked carefully.
 * Re-generate by setting TAP_SNAPSHOT=1 and running tests.
 * Make sure to inspect the output below.  Do not ignore changes!
 */
'use strict'
exports[`test/cli/commands.test.ts > TAP > check > a valid set 1`] = `
1 file, 1 rule: valid, revision 7188f526d56c

`

exports[`test/cli/commands.test.ts > TAP > check > an invalid set 1`] = `
shop.yaml:5:5: error a rule has no key \`allowOrgins\` [unknown-key]
5 |     allowOrgins: [https://shop.example.com]
  |     ^^^^^^^^^^^
  = help: did you mean \`allowOrigins\`?

shop.yaml:7:24: error \`admin\`: a route starts with \`/\` [invalid-route]
7 |     routes: [/admin/*, admin]
  |                        ^^^^^
  = help: write \`/admin\`

shop.yaml:8:20: error \`https://Admin.example.com/\`: an origin has no trailing \`/\` [invalid-origin]
8 |     allowOrigins: [https://Admin.example.com/]
  |                    ^^^^^^^^^^^^^^^^^^^^^^^^^^
  = help: write \`https://admin.example.com\`

3 errors
1 file, 0 rules: invalid

`

exports[`test/cli/commands.test.ts > TAP > check > an invalid set as json 1`] = `
{
  "ok": false,
  "revision": "abbfacfb8c14",
  "files": 1,
  "rules": 0,
  "diagnostics": [
    {
      "severity": "error",
      "code": "unknown-key",
      "message": "a rule has no key \`allowOrgins\`",
      "file": "shop.yaml",
      "line": 5,
      "column": 5,
      "endLine": 5,
      "endColumn": 16,
      "help": "did you mean \`allowOrigins\`?"
    },
    {
      "severity": "error",
      "code": "invalid-route",
      "message": "\`admin\`: a route starts with \`/\`",
      "file": "shop.yaml",
      "line": 7,
      "column": 24,
      "endLine": 7,
      "endColumn": 29,
      "help": "write \`/admin\`"
    },
    {
      "severity": "error",
      "code": "invalid-origin",
      "message": "\`https://Admin.example.com/\`: an origin has no trailing \`/\`",
      "file": "shop.yaml",
      "line": 8,
      "column": 20,
      "endLine": 8,
      "endColumn": 46,
      "help": "write \`https://admin.example.com\`",
      "fix": {
        "line": 8,
        "column": 20,
        "endLine": 8,
        "endColumn": 46,
        "text": "https://admin.example.com"
      }
    }
  ]
}

`

exports[`test/cli/commands.test.ts > TAP > explain > a look-alike 1`] = `
blocked: origin-not-allowed

  ok  browser: a page of https://shop.example.com.evil.example sends GET to https://api.example.com/cart/7, credentials: same-origin
  ok  needs-preflight: no: the method and all headers are safelisted
  ok  path: route /cart/*: checkout (storefront.yaml:17), previews (storefront.yaml:25)
  no  origin: no pattern of checkout, previews matches https://shop.example.com.evil.example
  no  cors-check: the answer has no Access-Control-Allow-Origin

  actual request, not allowed

`

exports[`test/cli/commands.test.ts > TAP > explain > a method that is not listed 1`] = `
blocked: method-not-allowed
  decided by rule checkout at storefront.yaml:15 (route /cart/*, origin https://shop.example.com)

  ok  browser: a page of https://shop.example.com sends PATCH to https://api.example.com/cart/7, credentials: same-origin
  ok  needs-preflight: yes, because of method PATCH
  ok  path: route /cart/*: checkout (storefront.yaml:17), previews (storefront.yaml:25)
  ok  origin: \`https://shop.example.com\` (by $storefront) at storefront.yaml:7 of checkout is the most specific match
  no  method: PATCH: allowMethods at storefront.yaml:19: GET, HEAD, POST, PUT, DELETE
  no  preflight: the gateway answers 204: PATCH is not in Access-Control-Allow-Methods: GET, HEAD, POST, PUT, DELETE

  preflight, because of method PATCH
    > access-control-request-method: PATCH
    < 204
    < access-control-allow-origin: https://shop.example.com
    < access-control-allow-credentials: true
    < access-control-allow-methods: GET, HEAD, POST, PUT, DELETE
    < access-control-allow-headers: content-type, x-csrf-token
    < access-control-max-age: 600
    < vary: origin

  near misses
    checkout at storefront.yaml:19: PATCH is not in allowMethods: GET, HEAD, POST, PUT, DELETE

`

exports[`test/cli/commands.test.ts > TAP > explain > a preview may not send cookies 1`] = `
blocked: credentials-not-allowed
  decided by rule previews at storefront.yaml:23 (route /cart/*, origin https://pr-*.preview.example.com)

  ok  browser: a page of https://pr-7.preview.example.com sends GET to https://api.example.com/cart/7, credentials: include
  ok  needs-preflight: no: the method and all headers are safelisted
  ok  path: route /cart/*: checkout (storefront.yaml:17), previews (storefront.yaml:25)
  ok  origin: \`https://pr-*.preview.example.com\` at storefront.yaml:26 of previews is the most specific match
  no  credentials: previews does not allow credentials, and the page asks with credentials: include
  no  cors-check: the request has credentials, and Access-Control-Allow-Credentials is not \`true\`

  actual request, not allowed
    < access-control-allow-origin: https://pr-7.preview.example.com

`

exports[`test/cli/commands.test.ts > TAP > explain > a session 1`] = `
readable: allowed
  decided by rule checkout at storefront.yaml:15 (route /cart/*, origin https://shop.example.com)

  ok  browser: a page of https://shop.example.com sends PUT to https://api.example.com/cart/7, credentials: include
  ok  needs-preflight: yes, because of method PUT, header content-type
  ok  path: route /cart/*: checkout (storefront.yaml:17), previews (storefront.yaml:25)
  ok  origin: \`https://shop.example.com\` (by $storefront) at storefront.yaml:7 of checkout is the most specific match
  ok  method: PUT: allowMethods at storefront.yaml:19: GET, HEAD, POST, PUT, DELETE
  ok  headers: content-type: allowHeaders at storefront.yaml:11: content-type, x-csrf-token
  ok  preflight: the gateway answers 204: Access-Control-Allow-Origin is \`https://shop.example.com\` and Access-Control-Allow-Credentials is \`true\`; the method and every header asked for are allowed
  ok  credentials: checkout allows credentials (storefront.yaml:21)
  ok  cors-check: Access-Control-Allow-Origin is \`https://shop.example.com\` and Access-Control-Allow-Credentials is \`true\`
  ok  exposed: beside the safelisted ones: x-request-id (storefront.yaml:20)

  preflight, because of method PUT, header content-type
    > access-control-request-method: PUT
    > access-control-request-headers: content-type
    < 204
    < access-control-allow-origin: https://shop.example.com
    < access-control-allow-credentials: true
    < access-control-allow-methods: GET, HEAD, POST, PUT, DELETE
    < access-control-allow-headers: content-type, x-csrf-token
    < access-control-max-age: 600
    < vary: origin

  actual request, allowed
    < access-control-allow-origin: https://shop.example.com
    < access-control-allow-credentials: true
    < access-control-expose-headers: x-request-id
    a page may read the headers x-request-id

`

exports[`test/cli/commands.test.ts > TAP > explain > all but the port 1`] = `
blocked: origin-not-allowed

  ok  browser: a page of https://shop.example.com:8443 sends GET to https://api.example.com/cart/7, credentials: same-origin
  ok  needs-preflight: no: the method and all headers are safelisted
  ok  path: route /cart/*: checkout (storefront.yaml:17), previews (storefront.yaml:25)
  no  origin: no pattern of checkout, previews matches https://shop.example.com:8443
  no  cors-check: the answer has no Access-Control-Allow-Origin

  actual request, not allowed

  near misses
    checkout at storefront.yaml:7: https://shop.example.com differs in the port only: the default one, not 8443

`

exports[`test/cli/commands.test.ts > TAP > explain > an ambiguous path 1`] = `
blocked: path-ambiguous

  ok  browser: a page of https://shop.example.com sends GET to https://api.example.com/cart/..%2fadmin/users, credentials: same-origin
  ok  needs-preflight: no: the method and all headers are safelisted
  no  path: Fastify reads the path to route /cart/*; read otherwise (percent-decoded, dot segments resolved) it is /admin/users, which leads to back-office
  no  cors-check: the answer has no Access-Control-Allow-Origin

  read otherwise (percent-decoded, dot segments resolved), the path is /admin/users and leads to rule back-office

  actual request, not allowed

`

exports[`test/cli/commands.test.ts > TAP > explain > before the pilot 1`] = `
blocked: outside-validity
  decided by rule acme-returns-pilot at partners.yaml:19 (route /partners/returns/*, origin https://portal.acme.example)

  ok  browser: a page of https://portal.acme.example sends GET to https://api.example.com/partners/returns/1, credentials: same-origin
  ok  needs-preflight: no: the method and all headers are safelisted
  ok  path: route /partners/returns/*: acme-returns-pilot (partners.yaml:21)
  ok  origin: \`https://portal.acme.example\` (by $partners.acme) at partners.yaml:6 of acme-returns-pilot is the most specific match
  no  validity: acme-returns-pilot holds only from 2026-11-01T00:00:00.000Z on (partners.yaml:23)
  no  cors-check: the answer has no Access-Control-Allow-Origin

  actual request, not allowed

  near misses
    acme-returns-pilot at partners.yaml:23: acme-returns-pilot holds only from 2026-11-01T00:00:00.000Z on (partners.yaml:23)

`

exports[`test/cli/commands.test.ts > TAP > explain > the public catalogue 1`] = `
readable: allowed
  decided by rule catalogue at catalogue.yaml:6 (route /catalogue/*, origin *)

  ok  browser: a page of null sends GET to https://api.example.com/catalogue/books, credentials: same-origin
  ok  needs-preflight: no: the method and all headers are safelisted
  ok  path: route /catalogue/*: catalogue (catalogue.yaml:7)
  ok  origin: \`*\` at catalogue.yaml:8 of catalogue is the most specific match
  ok  cors-check: Access-Control-Allow-Origin is \`*\`
  ok  exposed: beside the safelisted ones: etag, x-total-count (catalogue.yaml:10)

  actual request, allowed
    < access-control-allow-origin: *
    < access-control-expose-headers: etag, x-total-count
    < timing-allow-origin: *
    a page may read the headers etag, x-total-count

`
