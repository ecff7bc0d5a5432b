/* IMPORTANT
 * This snapshot file is auto-generated, but designed for humans.
 * It should be checked into source control and tracked carefully.
 * Re-generate by setting TAP_SNAPSHOT=1 and running tests.
 * Make sure to inspect the output below.  Do not ignore changes!
 */
'use strict'
exports[`test/cli/rules.test.ts > TAP > golden > a blocked origin 1`] = `
2 lines of 1 rule, revision 89c91b496387, as of 2026-11-25T00:00:00Z
for pages of https://old-console.corp.example.com
that origin is blocked for the whole set by https://old-console.corp.example.com at admin.yaml:6; grants by \`*\` are untouched

ROUTE         ORIGIN  METHODS          HEADERS        EXPOSED              CREDENTIALS  RULE       WRITTEN AT        NOTES
/catalogue    *       GET, HEAD, POST  if-none-match  etag, x-total-count  no           catalogue  catalogue.yaml:8
/catalogue/*  *       GET, HEAD, POST  if-none-match  etag, x-total-count  no           catalogue  catalogue.yaml:8

Everything else is denied to them.

`

exports[`test/cli/rules.test.ts > TAP > golden > a partner before the pilot 1`] = `
6 lines of 3 rules, revision 89c91b496387, as of 2026-10-01T00:00:00Z
for pages of https://portal.acme.example

ROUTE                ORIGIN                                        METHODS               HEADERS                      EXPOSED              CREDENTIALS  RULE                WRITTEN AT        NOTES
/catalogue           *                                             GET, HEAD, POST       if-none-match                etag, x-total-count  no           catalogue           catalogue.yaml:8
/catalogue/*         *                                             GET, HEAD, POST       if-none-match                etag, x-total-count  no           catalogue           catalogue.yaml:8
/partners/orders     https://portal.acme.example ($partners.acme)  GET, HEAD, POST, PUT  authorization, content-type  retry-after          no           partner-orders      partners.yaml:6
/partners/orders/*   https://portal.acme.example ($partners.acme)  GET, HEAD, POST, PUT  authorization, content-type  retry-after          no           partner-orders      partners.yaml:6
/partners/returns    https://portal.acme.example ($partners.acme)                                                                                       acme-returns-pilot  partners.yaml:6   not in force; from 2026-11-01T00:00:00Z; until 2028-11-01T00:00:00Z
/partners/returns/*  https://portal.acme.example ($partners.acme)                                                                                       acme-returns-pilot  partners.yaml:6   not in force; from 2026-11-01T00:00:00Z; until 2028-11-01T00:00:00Z

Everything else is denied to them.

`

exports[`test/cli/rules.test.ts > TAP > golden > a path without a policy 1`] = `
revision 89c91b496387, as of 2026-11-25T00:00:00Z
at https://api.example.com/nowhere: no rule's host and route match

blocked everywhere, but for rules with \`*\`
  https://old-console.corp.example.com at admin.yaml:6

A path without a policy is denied (unmatched: deny).

`

exports[`test/cli/rules.test.ts > TAP > golden > a stranger 1`] = `
2 lines of 1 rule, revision 89c91b496387, as of 2026-11-25T00:00:00Z
for pages of https://evil.example

ROUTE         ORIGIN  METHODS          HEADERS        EXPOSED              CREDENTIALS  RULE       WRITTEN AT        NOTES
/catalogue    *       GET, HEAD, POST  if-none-match  etag, x-total-count  no           catalogue  catalogue.yaml:8
/catalogue/*  *       GET, HEAD, POST  if-none-match  etag, x-total-count  no           catalogue  catalogue.yaml:8

Everything else is denied to them.

`

exports[`test/cli/rules.test.ts > TAP > golden > a URL 1`] = `
3 lines of 2 rules, revision 89c91b496387, as of 2026-11-25T00:00:00Z
at https://api.example.com/cart/7: route /cart/*

ROUTE    ORIGIN                                    METHODS                       HEADERS                     EXPOSED       CREDENTIALS  RULE      WRITTEN AT          NOTES
/cart/*  https://m.shop.example.com ($storefront)  GET, HEAD, POST, PUT, DELETE  content-type, x-csrf-token  x-request-id  yes          checkout  storefront.yaml:8
/cart/*  https://shop.example.com ($storefront)    GET, HEAD, POST, PUT, DELETE  content-type, x-csrf-token  x-request-id  yes          checkout  storefront.yaml:7
/cart/*  https://pr-*.preview.example.com          GET, HEAD, POST, PUT, DELETE  content-type, x-csrf-token                no           previews  storefront.yaml:26

blocked everywhere, but for rules with \`*\`
  https://old-console.corp.example.com at admin.yaml:6

Nobody else is granted anything there.

`

exports[`test/cli/rules.test.ts > TAP > golden > a URL and an origin 1`] = `
1 line of 1 rule, revision 89c91b496387, as of 2026-11-25T00:00:00Z
for pages of https://pr-7.preview.example.com
at https://api.example.com/cart/7: route /cart/*

ROUTE    ORIGIN                            METHODS                       HEADERS                     EXPOSED  CREDENTIALS  RULE      WRITTEN AT          NOTES
/cart/*  https://pr-*.preview.example.com  GET, HEAD, POST, PUT, DELETE  content-type, x-csrf-token           no           previews  storefront.yaml:26

Nobody else is granted anything there.

`

exports[`test/cli/rules.test.ts > TAP > golden > an ambiguous path 1`] = `
revision 89c91b496387, as of 2026-11-25T00:00:00Z
at https://api.example.com/cart/..%2fadmin: nobody, since the path is ambiguous: read otherwise (percent-decoded, dot segments resolved) it leads to back-office

blocked everywhere, but for rules with \`*\`
  https://old-console.corp.example.com at admin.yaml:6

Nobody else is granted anything there.

`

exports[`test/cli/rules.test.ts > TAP > golden > an excepted origin 1`] = `
4 lines of 2 rules, revision 89c91b496387, as of 2026-11-25T00:00:00Z
for pages of https://wiki.corp.example.com

ROUTE         ORIGIN                      METHODS          HEADERS        EXPOSED              CREDENTIALS  RULE         WRITTEN AT        NOTES
/admin        https://*.corp.example.com                                                                    back-office  admin.yaml:11     denied: origin-excepted
/admin/*      https://*.corp.example.com                                                                    back-office  admin.yaml:11     denied: origin-excepted
/catalogue    *                           GET, HEAD, POST  if-none-match  etag, x-total-count  no           catalogue    catalogue.yaml:8
/catalogue/*  *                           GET, HEAD, POST  if-none-match  etag, x-total-count  no           catalogue    catalogue.yaml:8

Everything else is denied to them.

`

exports[`test/cli/rules.test.ts > TAP > golden > an origin of a wildcard 1`] = `
4 lines of 2 rules, revision 89c91b496387, as of 2026-11-25T00:00:00Z
for pages of https://ops.corp.example.com

ROUTE         ORIGIN                      METHODS                              HEADERS                     EXPOSED              CREDENTIALS  RULE         WRITTEN AT        NOTES
/admin        https://*.corp.example.com  GET, HEAD, POST, PUT, PATCH, DELETE  content-type, x-csrf-token                       yes          back-office  admin.yaml:11     but not https://wiki.corp.example.com; methods are enforced
/admin/*      https://*.corp.example.com  GET, HEAD, POST, PUT, PATCH, DELETE  content-type, x-csrf-token                       yes          back-office  admin.yaml:11     but not https://wiki.corp.example.com; methods are enforced
/catalogue    *                           GET, HEAD, POST                      if-none-match               etag, x-total-count  no           catalogue    catalogue.yaml:8
/catalogue/*  *                           GET, HEAD, POST                      if-none-match               etag, x-total-count  no           catalogue    catalogue.yaml:8

Everything else is denied to them.

`

exports[`test/cli/rules.test.ts > TAP > golden > an origin that two rules know 1`] = `
6 lines of 2 rules, revision 89c91b496387, as of 2026-11-25T00:00:00Z
for pages of https://shop.example.com

ROUTE         ORIGIN                                  METHODS                       HEADERS                     EXPOSED              CREDENTIALS  RULE       WRITTEN AT         NOTES
/cart         https://shop.example.com ($storefront)  GET, HEAD, POST, PUT, DELETE  content-type, x-csrf-token  x-request-id         yes          checkout   storefront.yaml:7
/cart/*       https://shop.example.com ($storefront)  GET, HEAD, POST, PUT, DELETE  content-type, x-csrf-token  x-request-id         yes          checkout   storefront.yaml:7
/catalogue    *                                       GET, HEAD, POST               if-none-match               etag, x-total-count  no           catalogue  catalogue.yaml:8
/catalogue/*  *                                       GET, HEAD, POST               if-none-match               etag, x-total-count  no           catalogue  catalogue.yaml:8
/checkout     https://shop.example.com ($storefront)  GET, HEAD, POST, PUT, DELETE  content-type, x-csrf-token  x-request-id         yes          checkout   storefront.yaml:7
/checkout/*   https://shop.example.com ($storefront)  GET, HEAD, POST, PUT, DELETE  content-type, x-csrf-token  x-request-id         yes          checkout   storefront.yaml:7

Everything else is denied to them.

`

exports[`test/cli/rules.test.ts > TAP > golden > as JSON 1`] = `
{
  "revision": "89c91b496387",
  "at": "2026-11-25T00:00:00.000Z",
  "unmatched": "deny",
  "origin": null,
  "url": "https://api.example.com/cart/7",
  "place": {
    "host": null,
    "route": "/cart/*"
  },
  "ambiguity": null,
  "isSameOrigin": false,
  "blockedBy": null,
  "rows": [
    {
      "host": null,
      "route": "/cart/*",
      "origin": "https://m.shop.example.com",
      "set": "storefront",
      "rule": "checkout",
      "file": "storefront.yaml",
      "line": 8,
      "outcome": "allowed",
      "reason": "allowed"
    },
    {
      "host": null,
      "route": "/cart/*",
      "origin": "https://shop.example.com",
      "set": "storefront",
      "rule": "checkout",
      "file": "storefront.yaml",
      "line": 7,
      "outcome": "allowed",
      "reason": "allowed"
    },
    {
      "host": null,
      "route": "/cart/*",
      "origin": "https://pr-*.preview.example.com",
      "set": null,
      "rule": "previews",
      "file": "storefront.yaml",
      "line": 26,
      "outcome": "allowed",
      "reason": "allowed"
    }
  ],
  "blockedOrigins": [
    {
      "pattern": "https://old-console.corp.example.com",
      "file": "admin.yaml",
      "line": 6,
      "set": null
    }
  ],
  "rules": [
    {
      "name": "checkout",
      "description": "Cart and checkout; the shopper's session goes along",
      "file": "storefront.yaml",
      "line": 15,
      "hosts": [],
      "routes": [
        "/cart",
        "/cart/*",
        "/checkout",
        "/checkout/*"
      ],
      "origins": [
        {
          "pattern": "https://shop.example.com",
          "file": "storefront.yaml",
          "line": 7,
          "set": "storefront"
        },
        {
          "pattern": "https://m.shop.example.com",
          "file": "storefront.yaml",
          "line": 8,
          "set": "storefront"
        }
      ],
      "exceptOrigins": [],
      "methods": [
        "GET",
        "HEAD",
        "POST",
        "PUT",
        "DELETE"
      ],
      "headers": [
        "content-type",
        "x-csrf-token"
      ],
      "exposeHeaders": [
        "x-request-id"
      ],
      "allowCredentials": true,
      "maxAge": 600,
      "allowPrivateNetwork": false,
      "timingAllowOrigin": false,
      "enforceMethods": false,
      "deniedRequests": "forward",
      "passthrough": false,
      "window": {
        "notBefore": null,
        "expires": null,
        "inForce": true
      },
      "acceptedRisks": []
    },
    {
      "name": "previews",
      "description": "Preview deployments of the shop may use a cart, but never a shopper's session",
      "file": "storefront.yaml",
      "line": 23,
      "hosts": [],
      "routes": [
        "/cart",
        "/cart/*"
      ],
      "origins": [
        {
          "pattern": "https://pr-*.preview.example.com",
          "file": "storefront.yaml",
          "line": 26,
          "set": null
        }
      ],
      "exceptOrigins": [],
      "methods": [
        "GET",
        "HEAD",
        "POST",
        "PUT",
        "DELETE"
      ],
      "headers": [
        "content-type",
        "x-csrf-token"
      ],
      "exposeHeaders": [],
      "allowCredentials": false,
      "maxAge": 600,
      "allowPrivateNetwork": false,
      "timingAllowOrigin": false,
      "enforceMethods": false,
      "deniedRequests": "forward",
      "passthrough": false,
      "window": {
        "notBefore": null,
        "expires": null,
        "inForce": true
      },
      "acceptedRisks": []
    }
  ]
}

`

exports[`test/cli/rules.test.ts > TAP > golden > as Markdown 1`] = `
# Access review

47 lines of 5 rules, revision 240769e10441, as of 2026-11-25T00:00:00Z

| Route | Origin | Methods | Headers | Exposed | Credentials | Rule | Written at | Notes |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
| \`*.api.example.com/cart/:id\` | \`https://shop.example.com ($again)\` | \`GET, HEAD, POST, PUT\` | \`content-type, authorization\` | \`x-request-id\` | \`yes\` | \`checkout\` | \`everything.yaml:7\` | from 2026-11-01T00:00:00Z; until 2027-01-30T23:00:00Z; but not https://legacy.shop.example.com |
| \`*.api.example.com/cart/:id\` | \`https://pr-*.preview.example.com\` | \`GET, HEAD, POST, PUT\` | \`content-type, authorization\` | \`x-request-id\` | \`yes\` | \`checkout\` | \`everything.yaml:22\` | from 2026-11-01T00:00:00Z; until 2027-01-30T23:00:00Z; but not https://legacy.shop.example.com |
| \`*.api.example.com/cart/:id\` | \`https://*.shop.example.com ($again)\` | \`GET, HEAD, POST, PUT\` | \`content-type, authorization\` | \`x-request-id\` | \`yes\` | \`checkout\` | \`everything.yaml:8\` | from 2026-11-01T00:00:00Z; until 2027-01-30T23:00:00Z; but not https://legacy.shop.example.com |
| \`*.api.example.com/checkout\` | \`https://shop.example.com ($again)\` | \`GET, HEAD, POST, PUT\` | \`content-type, authorization\` | \`x-request-id\` | \`yes\` | \`checkout\` | \`everything.yaml:7\` | from 2026-11-01T00:00:00Z; until 2027-01-30T23:00:00Z; but not https://legacy.shop.example.com |
| \`*.api.example.com/checkout\` | \`https://pr-*.preview.example.com\` | \`GET, HEAD, POST, PUT\` | \`content-type, authorization\` | \`x-request-id\` | \`yes\` | \`checkout\` | \`everything.yaml:22\` | from 2026-11-01T00:00:00Z; until 2027-01-30T23:00:00Z; but not https://legacy.shop.example.com |
| \`*.api.example.com/checkout\` | \`https://*.shop.example.com ($again)\` | \`GET, HEAD, POST, PUT\` | \`content-type, authorization\` | \`x-request-id\` | \`yes\` | \`checkout\` | \`everything.yaml:8\` | from 2026-11-01T00:00:00Z; until 2027-01-30T23:00:00Z; but not https://legacy.shop.example.com |
| \`*.api.example.com/checkout/*\` | \`https://shop.example.com ($again)\` | \`GET, HEAD, POST, PUT\` | \`content-type, authorization\` | \`x-request-id\` | \`yes\` | \`checkout\` | \`everything.yaml:7\` | from 2026-11-01T00:00:00Z; until 2027-01-30T23:00:00Z; but not https://legacy.shop.example.com |
| \`*.api.example.com/checkout/*\` | \`https://pr-*.preview.example.com\` | \`GET, HEAD, POST, PUT\` | \`content-type, authorization\` | \`x-request-id\` | \`yes\` | \`checkout\` | \`everything.yaml:22\` | from 2026-11-01T00:00:00Z; until 2027-01-30T23:00:00Z; but not https://legacy.shop.example.com |
| \`*.api.example.com/checkout/*\` | \`https://*.shop.example.com ($again)\` | \`GET, HEAD, POST, PUT\` | \`content-type, authorization\` | \`x-request-id\` | \`yes\` | \`checkout\` | \`everything.yaml:8\` | from 2026-11-01T00:00:00Z; until 2027-01-30T23:00:00Z; but not https://legacy.shop.example.com |
| \`*.api.example.com/legacy\` | \`as the upstream says\` |  |  |  |  | \`legacy\` | \`everything.yaml:50\` | the upstream decides |
| \`*.api.example.com/legacy/*\` | \`as the upstream says\` |  |  |  |  | \`legacy\` | \`everything.yaml:50\` | the upstream decides |
| \`*.api.example.com/partners\` | \`capacitor://localhost ($partners.one)\` | \`GET, HEAD, POST\` |  | \`x-request-id\` | \`no\` | \`partners\` | \`everything.yaml:9\` |  |
| \`*.api.example.com/partners\` | \`http://[::1]:3000 ($partners.two)\` | \`GET, HEAD, POST\` |  | \`x-request-id\` | \`no\` | \`partners\` | \`everything.yaml:10\` |  |
| \`*.api.example.com/partners\` | \`https://one.example ($partners.one)\` | \`GET, HEAD, POST\` |  | \`x-request-id\` | \`no\` | \`partners\` | \`everything.yaml:9\` |  |
| \`*.api.example.com/partners\` | \`https://two.example:8443 ($partners.two)\` | \`GET, HEAD, POST\` |  | \`x-request-id\` | \`no\` | \`partners\` | \`everything.yaml:10\` |  |
| \`*.api.example.com/partners\` | \`https://x-*.example.net:*\` | \`GET, HEAD, POST\` |  | \`x-request-id\` | \`no\` | \`partners\` | \`everything.yaml:46\` |  |
| \`*.api.example.com/partners/*\` | \`capacitor://localhost ($partners.one)\` | \`GET, HEAD, POST\` |  | \`x-request-id\` | \`no\` | \`partners\` | \`everything.yaml:9\` |  |
| \`*.api.example.com/partners/*\` | \`http://[::1]:3000 ($partners.two)\` | \`GET, HEAD, POST\` |  | \`x-request-id\` | \`no\` | \`partners\` | \`everything.yaml:10\` |  |
| \`*.api.example.com/partners/*\` | \`https://one.example ($partners.one)\` | \`GET, HEAD, POST\` |  | \`x-request-id\` | \`no\` | \`partners\` | \`everything.yaml:9\` |  |
| \`*.api.example.com/partners/*\` | \`https://two.example:8443 ($partners.two)\` | \`GET, HEAD, POST\` |  | \`x-request-id\` | \`no\` | \`partners\` | \`everything.yaml:10\` |  |
| \`*.api.example.com/partners/*\` | \`https://x-*.example.net:*\` | \`GET, HEAD, POST\` |  | \`x-request-id\` | \`no\` | \`partners\` | \`everything.yaml:46\` |  |
| \`*.api.example.com/products\` | \`*\` | \`GET, HEAD, POST\` |  | \`*\` | \`no\` | \`catalogue\` | \`everything.yaml:47\` |  |
| \`*.api.example.com/products/*\` | \`*\` | \`GET, HEAD, POST\` |  | \`*\` | \`no\` | \`catalogue\` | \`everything.yaml:47\` |  |
| \`api.example.com/cart/:id\` | \`https://shop.example.com ($again)\` | \`GET, HEAD, POST, PUT\` | \`content-type, authorization\` | \`x-request-id\` | \`yes\` | \`checkout\` | \`everything.yaml:7\` | from 2026-11-01T00:00:00Z; until 2027-01-30T23:00:00Z; but not https://legacy.shop.example.com |
| \`api.example.com/cart/:id\` | \`https://pr-*.preview.example.com\` | \`GET, HEAD, POST, PUT\` | \`content-type, authorization\` | \`x-request-id\` | \`yes\` | \`checkout\` | \`everything.yaml:22\` | from 2026-11-01T00:00:00Z; until 2027-01-30T23:00:00Z; but not https://legacy.shop.example.com |
| \`api.example.com/cart/:id\` | \`https://*.shop.example.com ($again)\` | \`GET, HEAD, POST, PUT\` | \`content-type, authorization\` | \`x-request-id\` | \`yes\` | \`checkout\` | \`everything.yaml:8\` | from 2026-11-01T00:00:00Z; until 2027-01-30T23:00:00Z; but not https://legacy.shop.example.com |
| \`api.example.com/checkout\` | \`https://shop.example.com ($again)\` | \`GET, HEAD, POST, PUT\` | \`content-type, authorization\` | \`x-request-id\` | \`yes\` | \`checkout\` | \`everything.yaml:7\` | from 2026-11-01T00:00:00Z; until 2027-01-30T23:00:00Z; but not https://legacy.shop.example.com |
| \`api.example.com/checkout\` | \`https://pr-*.preview.example.com\` | \`GET, HEAD, POST, PUT\` | \`content-type, authorization\` | \`x-request-id\` | \`yes\` | \`checkout\` | \`everything.yaml:22\` | from 2026-11-01T00:00:00Z; until 2027-01-30T23:00:00Z; but not https://legacy.shop.example.com |
| \`api.example.com/checkout\` | \`https://*.shop.example.com ($again)\` | \`GET, HEAD, POST, PUT\` | \`content-type, authorization\` | \`x-request-id\` | \`yes\` | \`checkout\` | \`everything.yaml:8\` | from 2026-11-01T00:00:00Z; until 2027-01-30T23:00:00Z; but not https://legacy.shop.example.com |
| \`api.example.com/checkout/*\` | \`https://shop.example.com ($again)\` | \`GET, HEAD, POST, PUT\` | \`content-type, authorization\` | \`x-request-id\` | \`yes\` | \`checkout\` | \`everything.yaml:7\` | from 2026-11-01T00:00:00Z; until 2027-01-30T23:00:00Z; but not https://legacy.shop.example.com |
| \`api.example.com/checkout/*\` | \`https://pr-*.preview.example.com\` | \`GET, HEAD, POST, PUT\` | \`content-type, authorization\` | \`x-request-id\` | \`yes\` | \`checkout\` | \`everything.yaml:22\` | from 2026-11-01T00:00:00Z; until 2027-01-30T23:00:00Z; but not https://legacy.shop.example.com |
| \`api.example.com/checkout/*\` | \`https://*.shop.example.com ($again)\` | \`GET, HEAD, POST, PUT\` | \`content-type, authorization\` | \`x-request-id\` | \`yes\` | \`checkout\` | \`everything.yaml:8\` | from 2026-11-01T00:00:00Z; until 2027-01-30T23:00:00Z; but not https://legacy.shop.example.com |
| \`api.example.com/legacy\` | \`as the upstream says\` |  |  |  |  | \`legacy\` | \`everything.yaml:50\` | the upstream decides |
| \`api.example.com/legacy/*\` | \`as the upstream says\` |  |  |  |  | \`legacy\` | \`everything.yaml:50\` | the upstream decides |
| \`api.example.com/partners\` | \`capacitor://localhost ($partners.one)\` | \`GET, HEAD, POST\` |  | \`x-request-id\` | \`no\` | \`partners\` | \`everything.yaml:9\` |  |
| \`api.example.com/partners\` | \`http://[::1]:3000 ($partners.two)\` | \`GET, HEAD, POST\` |  | \`x-request-id\` | \`no\` | \`partners\` | \`everything.yaml:10\` |  |
| \`api.example.com/partners\` | \`https://one.example ($partners.one)\` | \`GET, HEAD, POST\` |  | \`x-request-id\` | \`no\` | \`partners\` | \`everything.yaml:9\` |  |
| \`api.example.com/partners\` | \`https://two.example:8443 ($partners.two)\` | \`GET, HEAD, POST\` |  | \`x-request-id\` | \`no\` | \`partners\` | \`everything.yaml:10\` |  |
| \`api.example.com/partners\` | \`https://x-*.example.net:*\` | \`GET, HEAD, POST\` |  | \`x-request-id\` | \`no\` | \`partners\` | \`everything.yaml:46\` |  |
| \`api.example.com/partners/*\` | \`capacitor://localhost ($partners.one)\` | \`GET, HEAD, POST\` |  | \`x-request-id\` | \`no\` | \`partners\` | \`everything.yaml:9\` |  |
| \`api.example.com/partners/*\` | \`http://[::1]:3000 ($partners.two)\` | \`GET, HEAD, POST\` |  | \`x-request-id\` | \`no\` | \`partners\` | \`everything.yaml:10\` |  |
| \`api.example.com/partners/*\` | \`https://one.example ($partners.one)\` | \`GET, HEAD, POST\` |  | \`x-request-id\` | \`no\` | \`partners\` | \`everything.yaml:9\` |  |
| \`api.example.com/partners/*\` | \`https://two.example:8443 ($partners.two)\` | \`GET, HEAD, POST\` |  | \`x-request-id\` | \`no\` | \`partners\` | \`everything.yaml:10\` |  |
| \`api.example.com/partners/*\` | \`https://x-*.example.net:*\` | \`GET, HEAD, POST\` |  | \`x-request-id\` | \`no\` | \`partners\` | \`everything.yaml:46\` |  |
| \`api.example.com/products\` | \`*\` | \`GET, HEAD, POST\` |  | \`*\` | \`no\` | \`catalogue\` | \`everything.yaml:47\` |  |
| \`api.example.com/products/*\` | \`*\` | \`GET, HEAD, POST\` |  | \`*\` | \`no\` | \`catalogue\` | \`everything.yaml:47\` |  |
| \`kiosk.example.com/kiosk\` | \`http://kiosk.example.com\` | \`GET, HEAD, POST\` |  | \`x-request-id\` | \`yes\` | \`kiosk\` | \`everything.yaml:39\` |  |

## Accepted risks

- kiosk: insecure-origin for http://kiosk.example.com until 2027-02-01T00:00:00Z: kiosk hardware has no TLS
- legacy: upstream-decides: the legacy shop answers itself

## Blocked everywhere, but for rules with \`*\`

- https://old.shop.example.com at everything.yaml:12

Every other path is denied (unmatched: deny).

`

exports[`test/cli/rules.test.ts > TAP > golden > every key of the language 1`] = `
47 lines of 5 rules, revision 240769e10441, as of 2026-11-25T00:00:00Z

ROUTE                         ORIGIN                                    METHODS               HEADERS                      EXPOSED       CREDENTIALS  RULE       WRITTEN AT          NOTES
*.api.example.com/cart/:id    https://shop.example.com ($again)         GET, HEAD, POST, PUT  content-type, authorization  x-request-id  yes          checkout   everything.yaml:7   from 2026-11-01T00:00:00Z; until 2027-01-30T23:00:00Z; but not https://legacy.shop.example.com
*.api.example.com/cart/:id    https://pr-*.preview.example.com          GET, HEAD, POST, PUT  content-type, authorization  x-request-id  yes          checkout   everything.yaml:22  from 2026-11-01T00:00:00Z; until 2027-01-30T23:00:00Z; but not https://legacy.shop.example.com
*.api.example.com/cart/:id    https://*.shop.example.com ($again)       GET, HEAD, POST, PUT  content-type, authorization  x-request-id  yes          checkout   everything.yaml:8   from 2026-11-01T00:00:00Z; until 2027-01-30T23:00:00Z; but not https://legacy.shop.example.com
*.api.example.com/checkout    https://shop.example.com ($again)         GET, HEAD, POST, PUT  content-type, authorization  x-request-id  yes          checkout   everything.yaml:7   from 2026-11-01T00:00:00Z; until 2027-01-30T23:00:00Z; but not https://legacy.shop.example.com
*.api.example.com/checkout    https://pr-*.preview.example.com          GET, HEAD, POST, PUT  content-type, authorization  x-request-id  yes          checkout   everything.yaml:22  from 2026-11-01T00:00:00Z; until 2027-01-30T23:00:00Z; but not https://legacy.shop.example.com
*.api.example.com/checkout    https://*.shop.example.com ($again)       GET, HEAD, POST, PUT  content-type, authorization  x-request-id  yes          checkout   everything.yaml:8   from 2026-11-01T00:00:00Z; until 2027-01-30T23:00:00Z; but not https://legacy.shop.example.com
*.api.example.com/checkout/*  https://shop.example.com ($again)         GET, HEAD, POST, PUT  content-type, authorization  x-request-id  yes          checkout   everything.yaml:7   from 2026-11-01T00:00:00Z; until 2027-01-30T23:00:00Z; but not https://legacy.shop.example.com
*.api.example.com/checkout/*  https://pr-*.preview.example.com          GET, HEAD, POST, PUT  content-type, authorization  x-request-id  yes          checkout   everything.yaml:22  from 2026-11-01T00:00:00Z; until 2027-01-30T23:00:00Z; but not https://legacy.shop.example.com
*.api.example.com/checkout/*  https://*.shop.example.com ($again)       GET, HEAD, POST, PUT  content-type, authorization  x-request-id  yes          checkout   everything.yaml:8   from 2026-11-01T00:00:00Z; until 2027-01-30T23:00:00Z; but not https://legacy.shop.example.com
*.api.example.com/legacy      as the upstream says                                                                                                    legacy     everything.yaml:50  the upstream decides
*.api.example.com/legacy/*    as the upstream says                                                                                                    legacy     everything.yaml:50  the upstream decides
*.api.example.com/partners    capacitor://localhost ($partners.one)     GET, HEAD, POST                                    x-request-id  no           partners   everything.yaml:9
*.api.example.com/partners    http://[::1]:3000 ($partners.two)         GET, HEAD, POST                                    x-request-id  no           partners   everything.yaml:10
*.api.example.com/partners    https://one.example ($partners.one)       GET, HEAD, POST                                    x-request-id  no           partners   everything.yaml:9
*.api.example.com/partners    https://two.example:8443 ($partners.two)  GET, HEAD, POST                                    x-request-id  no           partners   everything.yaml:10
*.api.example.com/partners    https://x-*.example.net:*                 GET, HEAD, POST                                    x-request-id  no           partners   everything.yaml:46
*.api.example.com/partners/*  capacitor://localhost ($partners.one)     GET, HEAD, POST                                    x-request-id  no           partners   everything.yaml:9
*.api.example.com/partners/*  http://[::1]:3000 ($partners.two)         GET, HEAD, POST                                    x-request-id  no           partners   everything.yaml:10
*.api.example.com/partners/*  https://one.example ($partners.one)       GET, HEAD, POST                                    x-request-id  no           partners   everything.yaml:9
*.api.example.com/partners/*  https://two.example:8443 ($partners.two)  GET, HEAD, POST                                    x-request-id  no           partners   everything.yaml:10
*.api.example.com/partners/*  https://x-*.example.net:*                 GET, HEAD, POST                                    x-request-id  no           partners   everything.yaml:46
*.api.example.com/products    *                                         GET, HEAD, POST                                    *             no           catalogue  everything.yaml:47
*.api.example.com/products/*  *                                         GET, HEAD, POST                                    *             no           catalogue  everything.yaml:47
api.example.com/cart/:id      https://shop.example.com ($again)         GET, HEAD, POST, PUT  content-type, authorization  x-request-id  yes          checkout   everything.yaml:7   from 2026-11-01T00:00:00Z; until 2027-01-30T23:00:00Z; but not https://legacy.shop.example.com
api.example.com/cart/:id      https://pr-*.preview.example.com          GET, HEAD, POST, PUT  content-type, authorization  x-request-id  yes          checkout   everything.yaml:22  from 2026-11-01T00:00:00Z; until 2027-01-30T23:00:00Z; but not https://legacy.shop.example.com
api.example.com/cart/:id      https://*.shop.example.com ($again)       GET, HEAD, POST, PUT  content-type, authorization  x-request-id  yes          checkout   everything.yaml:8   from 2026-11-01T00:00:00Z; until 2027-01-30T23:00:00Z; but not https://legacy.shop.example.com
api.example.com/checkout      https://shop.example.com ($again)         GET, HEAD, POST, PUT  content-type, authorization  x-request-id  yes          checkout   everything.yaml:7   from 2026-11-01T00:00:00Z; until 2027-01-30T23:00:00Z; but not https://legacy.shop.example.com
api.example.com/checkout      https://pr-*.preview.example.com          GET, HEAD, POST, PUT  content-type, authorization  x-request-id  yes          checkout   everything.yaml:22  from 2026-11-01T00:00:00Z; until 2027-01-30T23:00:00Z; but not https://legacy.shop.example.com
api.example.com/checkout      https://*.shop.example.com ($again)       GET, HEAD, POST, PUT  content-type, authorization  x-request-id  yes          checkout   everything.yaml:8   from 2026-11-01T00:00:00Z; until 2027-01-30T23:00:00Z; but not https://legacy.shop.example.com
api.example.com/checkout/*    https://shop.example.com ($again)         GET, HEAD, POST, PUT  content-type, authorization  x-request-id  yes          checkout   everything.yaml:7   from 2026-11-01T00:00:00Z; until 2027-01-30T23:00:00Z; but not https://legacy.shop.example.com
api.example.com/checkout/*    https://pr-*.preview.example.com          GET, HEAD, POST, PUT  content-type, authorization  x-request-id  yes          checkout   everything.yaml:22  from 2026-11-01T00:00:00Z; until 2027-01-30T23:00:00Z; but not https://legacy.shop.example.com
api.example.com/checkout/*    https://*.shop.example.com ($again)       GET, HEAD, POST, PUT  content-type, authorization  x-request-id  yes          checkout   everything.yaml:8   from 2026-11-01T00:00:00Z; until 2027-01-30T23:00:00Z; but not https://legacy.shop.example.com
api.example.com/legacy        as the upstream says                                                                                                    legacy     everything.yaml:50  the upstream decides
api.example.com/legacy/*      as the upstream says                                                                                                    legacy     everything.yaml:50  the upstream decides
api.example.com/partners      capacitor://localhost ($partners.one)     GET, HEAD, POST                                    x-request-id  no           partners   everything.yaml:9
api.example.com/partners      http://[::1]:3000 ($partners.two)         GET, HEAD, POST                                    x-request-id  no           partners   everything.yaml:10
api.example.com/partners      https://one.example ($partners.one)       GET, HEAD, POST                                    x-request-id  no           partners   everything.yaml:9
api.example.com/partners      https://two.example:8443 ($partners.two)  GET, HEAD, POST                                    x-request-id  no           partners   everything.yaml:10
api.example.com/partners      https://x-*.example.net:*                 GET, HEAD, POST                                    x-request-id  no           partners   everything.yaml:46
api.example.com/partners/*    capacitor://localhost ($partners.one)     GET, HEAD, POST                                    x-request-id  no           partners   everything.yaml:9
api.example.com/partners/*    http://[::1]:3000 ($partners.two)         GET, HEAD, POST                                    x-request-id  no           partners   everything.yaml:10
api.example.com/partners/*    https://one.example ($partners.one)       GET, HEAD, POST                                    x-request-id  no           partners   everything.yaml:9
api.example.com/partners/*    https://two.example:8443 ($partners.two)  GET, HEAD, POST                                    x-request-id  no           partners   everything.yaml:10
api.example.com/partners/*    https://x-*.example.net:*                 GET, HEAD, POST                                    x-request-id  no           partners   everything.yaml:46
api.example.com/products      *                                         GET, HEAD, POST                                    *             no           catalogue  everything.yaml:47
api.example.com/products/*    *                                         GET, HEAD, POST                                    *             no           catalogue  everything.yaml:47
kiosk.example.com/kiosk       http://kiosk.example.com                  GET, HEAD, POST                                    x-request-id  yes          kiosk      everything.yaml:39

accepted risks
  kiosk: insecure-origin for http://kiosk.example.com until 2027-02-01T00:00:00Z: kiosk hardware has no TLS
  legacy: upstream-decides: the legacy shop answers itself

blocked everywhere, but for rules with \`*\`
  https://old.shop.example.com at everything.yaml:12

Every other path is denied (unmatched: deny).

`

exports[`test/cli/rules.test.ts > TAP > golden > our own policies 1`] = `
22 lines of 6 rules, revision 89c91b496387, as of 2026-11-25T00:00:00Z

ROUTE                ORIGIN                                              METHODS                              HEADERS                      EXPOSED              CREDENTIALS  RULE                WRITTEN AT          NOTES
/admin               https://*.corp.example.com                          GET, HEAD, POST, PUT, PATCH, DELETE  content-type, x-csrf-token                        yes          back-office         admin.yaml:11       but not https://wiki.corp.example.com; methods are enforced
/admin/*             https://*.corp.example.com                          GET, HEAD, POST, PUT, PATCH, DELETE  content-type, x-csrf-token                        yes          back-office         admin.yaml:11       but not https://wiki.corp.example.com; methods are enforced
/cart                https://m.shop.example.com ($storefront)            GET, HEAD, POST, PUT, DELETE         content-type, x-csrf-token   x-request-id         yes          checkout            storefront.yaml:8
/cart                https://shop.example.com ($storefront)              GET, HEAD, POST, PUT, DELETE         content-type, x-csrf-token   x-request-id         yes          checkout            storefront.yaml:7
/cart                https://pr-*.preview.example.com                    GET, HEAD, POST, PUT, DELETE         content-type, x-csrf-token                        no           previews            storefront.yaml:26
/cart/*              https://m.shop.example.com ($storefront)            GET, HEAD, POST, PUT, DELETE         content-type, x-csrf-token   x-request-id         yes          checkout            storefront.yaml:8
/cart/*              https://shop.example.com ($storefront)              GET, HEAD, POST, PUT, DELETE         content-type, x-csrf-token   x-request-id         yes          checkout            storefront.yaml:7
/cart/*              https://pr-*.preview.example.com                    GET, HEAD, POST, PUT, DELETE         content-type, x-csrf-token                        no           previews            storefront.yaml:26
/catalogue           *                                                   GET, HEAD, POST                      if-none-match                etag, x-total-count  no           catalogue           catalogue.yaml:8
/catalogue/*         *                                                   GET, HEAD, POST                      if-none-match                etag, x-total-count  no           catalogue           catalogue.yaml:8
/checkout            https://m.shop.example.com ($storefront)            GET, HEAD, POST, PUT, DELETE         content-type, x-csrf-token   x-request-id         yes          checkout            storefront.yaml:8
/checkout            https://shop.example.com ($storefront)              GET, HEAD, POST, PUT, DELETE         content-type, x-csrf-token   x-request-id         yes          checkout            storefront.yaml:7
/checkout/*          https://m.shop.example.com ($storefront)            GET, HEAD, POST, PUT, DELETE         content-type, x-csrf-token   x-request-id         yes          checkout            storefront.yaml:8
/checkout/*          https://shop.example.com ($storefront)              GET, HEAD, POST, PUT, DELETE         content-type, x-csrf-token   x-request-id         yes          checkout            storefront.yaml:7
/partners/orders     https://orders.globex.example ($partners.globex)    GET, HEAD, POST, PUT                 authorization, content-type  retry-after          no           partner-orders      partners.yaml:7
/partners/orders     https://portal.acme.example ($partners.acme)        GET, HEAD, POST, PUT                 authorization, content-type  retry-after          no           partner-orders      partners.yaml:6
/partners/orders     https://*.stores.globex.example ($partners.globex)  GET, HEAD, POST, PUT                 authorization, content-type  retry-after          no           partner-orders      partners.yaml:7
/partners/orders/*   https://orders.globex.example ($partners.globex)    GET, HEAD, POST, PUT                 authorization, content-type  retry-after          no           partner-orders      partners.yaml:7
/partners/orders/*   https://portal.acme.example ($partners.acme)        GET, HEAD, POST, PUT                 authorization, content-type  retry-after          no           partner-orders      partners.yaml:6
/partners/orders/*   https://*.stores.globex.example ($partners.globex)  GET, HEAD, POST, PUT                 authorization, content-type  retry-after          no           partner-orders      partners.yaml:7
/partners/returns    https://portal.acme.example ($partners.acme)        GET, HEAD, POST, PUT                 authorization, content-type  retry-after          no           acme-returns-pilot  partners.yaml:6     from 2026-11-01T00:00:00Z; until 2028-11-01T00:00:00Z
/partners/returns/*  https://portal.acme.example ($partners.acme)        GET, HEAD, POST, PUT                 authorization, content-type  retry-after          no           acme-returns-pilot  partners.yaml:6     from 2026-11-01T00:00:00Z; until 2028-11-01T00:00:00Z

blocked everywhere, but for rules with \`*\`
  https://old-console.corp.example.com at admin.yaml:6

Every other path is denied (unmatched: deny).

`

exports[`test/cli/rules.test.ts > TAP > golden > the page's own URL 1`] = `
1 line of 1 rule, revision 89c91b496387, as of 2026-11-25T00:00:00Z
for pages of https://shop.example.com
at https://shop.example.com/cart/7: route /cart/*
these are the URL's own pages, which need no grant

ROUTE    ORIGIN                                  METHODS                       HEADERS                     EXPOSED       CREDENTIALS  RULE      WRITTEN AT         NOTES
/cart/*  https://shop.example.com ($storefront)  GET, HEAD, POST, PUT, DELETE  content-type, x-csrf-token  x-request-id  yes          checkout  storefront.yaml:7

Nobody else is granted anything there.

`
