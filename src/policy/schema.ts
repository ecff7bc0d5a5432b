// The JSON Schema of a policy file and its types, generated from schemas/policy.schema.json by `npm run generate`.
/* eslint-disable */

/**
 * An origin as a browser sends it, an origin pattern, or `$name` for an origin set.
 */
export type OriginEntry = string

/**
 * A policy file of fastify-cors-gateway: who may read which routes across origins. All files of a directory are one policy set; the order of files and rules never matters.
 */
export interface PolicyFile {
  /**
   * The JSON Schema of this file, for editors. The gateway does not read it.
   */
  $schema?: string
  /**
   * The version of the policy language.
   */
  version: 1
  /**
   * Free text for people: what the policies of this file are for.
   */
  description?: string
  /**
   * The rules of this file hold for requests to these hosts only. A rule's own `hosts` replaces it.
   *
   * @minItems 1
   *
   * Items: A host, exact or `*.suffix` for every host below it; lower case, without port or trailing dot.
   */
  hosts?: string[]
  /**
   * Named sets of origins, visible to every file of the policy set as `$name`. A name is defined once.
   */
  originSets?: {
    /**
     * The origins of the set; it may include other sets.
     */
    [k: string]: OriginEntry[]
  }
  /**
   * No rule of the whole policy set allows these origins. Any form but `*`; grants by `*` are untouched.
   */
  blockedOrigins?: OriginEntry[]
  defaults?: RuleDefaults
  /**
   * The rules of this file. For each request one rule decides alone: that of the most specific host and route, then of the most specific origin.
   */
  rules?: PolicyRule[]
  /**
   * Statements that must be true of the whole policy set, for every possible request. A set that breaks one is invalid, in `check` and at every reload.
   */
  guardrails?: Guardrail[]
}
/**
 * For the rules of this file. A rule's own key replaces the default whole.
 */
export interface RuleDefaults {
  /**
   * The rule holds for requests to these hosts only. Replaces the `hosts` of the file.
   *
   * @minItems 1
   *
   * Items: A host, exact or `*.suffix` for every host below it; lower case, without port or trailing dot.
   */
  hosts?: string[]
  /**
   * Whose pages may read answers. An empty list allows nobody: it carves a route out of a broader one.
   */
  allowOrigins?: OriginEntry[]
  /**
   * Origins that `allowOrigins` matches and that are denied all the same. Any form but `*`.
   */
  exceptOrigins?: OriginEntry[]
  /**
   * The methods that a page may use, upper case. GET, HEAD and POST cannot be withheld by CORS and count as allowed unless `enforceMethods` is set. `*` means all.
   *
   * @minItems 1
   *
   * Items: A method such as `PUT`, or `*`.
   */
  allowMethods?: string[]
  /**
   * The request headers that a page may set beside the CORS-safelisted ones. `*` means all.
   *
   * Items: A header name, or `*`.
   */
  allowHeaders?: string[]
  /**
   * The response headers that a page may read beside the CORS-safelisted ones. `*` means all, and only without credentials.
   *
   * Items: A header name, or `*`.
   */
  exposeHeaders?: string[]
  /**
   * Whether pages may send cookies and other credentials and read the answer.
   */
  allowCredentials?: boolean
  /**
   * How long a browser may keep a preflight's answer: whole seconds, or a duration such as `30s`, `10m`, `24h`; -1 or 0 switches the cache off; at most 24 hours. Left out, the header is omitted and browsers use 5 seconds.
   */
  maxAge?: number | string
  /**
   * Answers `Access-Control-Request-Private-Network` in preflights. No current browser sends it.
   */
  allowPrivateNetwork?: boolean
  /**
   * Adds `Timing-Allow-Origin` for the same origins, so that their pages may read detailed timings.
   */
  timingAllowOrigin?: boolean
  /**
   * Denies GET, HEAD and POST as well where `allowMethods` does not list them.
   */
  enforceMethods?: boolean
  /**
   * What becomes of an actual request that is denied: it reaches the handler or upstream but no page can read the answer (`forward`), or the gateway answers 403 (`reject`).
   */
  deniedRequests?: 'forward' | 'reject'
  /**
   * The upstream decides this route's CORS: nothing is answered, set or removed. Stands instead of any grant.
   */
  passthrough?: boolean
  /**
   * `Cache-Control` of successful preflights, for shared caches. Visible ASCII and spaces.
   */
  preflightCacheControl?: string
  /**
   * Risks that the rule takes on purpose, each with its reason.
   */
  acceptRisks?: AcceptedRisk[]
}
/**
 * One risk or warning that the rule takes on purpose.
 */
export interface AcceptedRisk {
  /**
   * The id of the risk or warning.
   */
  risk:
    | 'any-host-credentials'
    | 'null-origin'
    | 'insecure-origin'
    | 'public-suffix-wildcard'
    | 'any-port-credentials'
    | 'all-headers-credentials'
    | 'loopback-origin'
    | 'unreachable-rule'
    | 'covered-origin'
    | 'unused-origin-set'
    | 'rule-expired'
    | 'rule-expiring'
    | 'empty-origin-set'
    | 'split-prefix'
    | 'private-network'
    | 'long-max-age-credentials'
    | 'upstream-decides'
  /**
   * The acceptance holds for these entries of the rule only.
   *
   * @minItems 1
   */
  origins?: OriginEntry[]
  /**
   * Why the risk is taken.
   */
  reason: string
  /**
   * The acceptance holds until this moment: a date means the end of that day in UTC; else RFC 3339 with a zone.
   */
  until?: string
}
/**
 * Who may do what on some routes. Nothing is merged from any other rule.
 */
export interface PolicyRule {
  /**
   * The rule's name: unique in the whole policy set. It names the rule in logs, metrics and explanations. A letter or digit, then up to 63 letters, digits, dots, underscores and hyphens.
   */
  name: string
  /**
   * Free text for people: what the rule is for.
   */
  description?: string
  /**
   * The routes that the rule decides, in Fastify's syntax: static segments, `:name` for one whole segment, `*` as the last segment.
   *
   * @minItems 1
   *
   * Items: A route such as `/cart/:id` or `/checkout/**`.
   */
  routes: string[]
  /**
   * The rule holds for requests to these hosts only. Replaces the `hosts` of the file.
   *
   * @minItems 1
   *
   * Items: A host, exact or `*.suffix` for every host below it; lower case, without port or trailing dot.
   */
  hosts?: string[]
  /**
   * Whose pages may read answers. An empty list allows nobody: it carves a route out of a broader one.
   */
  allowOrigins?: OriginEntry[]
  /**
   * Origins that `allowOrigins` matches and that are denied all the same. Any form but `*`.
   */
  exceptOrigins?: OriginEntry[]
  /**
   * The methods that a page may use, upper case. GET, HEAD and POST cannot be withheld by CORS and count as allowed unless `enforceMethods` is set. `*` means all.
   *
   * @minItems 1
   *
   * Items: A method such as `PUT`, or `*`.
   */
  allowMethods?: string[]
  /**
   * The request headers that a page may set beside the CORS-safelisted ones. `*` means all.
   *
   * Items: A header name, or `*`.
   */
  allowHeaders?: string[]
  /**
   * The response headers that a page may read beside the CORS-safelisted ones. `*` means all, and only without credentials.
   *
   * Items: A header name, or `*`.
   */
  exposeHeaders?: string[]
  /**
   * Whether pages may send cookies and other credentials and read the answer.
   */
  allowCredentials?: boolean
  /**
   * How long a browser may keep a preflight's answer: whole seconds, or a duration such as `30s`, `10m`, `24h`; -1 or 0 switches the cache off; at most 24 hours. Left out, the header is omitted and browsers use 5 seconds.
   */
  maxAge?: number | string
  /**
   * Answers `Access-Control-Request-Private-Network` in preflights. No current browser sends it.
   */
  allowPrivateNetwork?: boolean
  /**
   * Adds `Timing-Allow-Origin` for the same origins, so that their pages may read detailed timings.
   */
  timingAllowOrigin?: boolean
  /**
   * Denies GET, HEAD and POST as well where `allowMethods` does not list them.
   */
  enforceMethods?: boolean
  /**
   * What becomes of an actual request that is denied: it reaches the handler or upstream but no page can read the answer (`forward`), or the gateway answers 403 (`reject`).
   */
  deniedRequests?: 'forward' | 'reject'
  /**
   * The upstream decides this route's CORS: nothing is answered, set or removed. Stands instead of any grant.
   */
  passthrough?: boolean
  /**
   * `Cache-Control` of successful preflights, for shared caches. Visible ASCII and spaces.
   */
  preflightCacheControl?: string
  /**
   * The rule denies before this moment (RFC 3339 with a zone).
   */
  notBefore?: string
  /**
   * The rule denies from this moment on (RFC 3339 with a zone).
   */
  expires?: string
  /**
   * Risks that the rule takes on purpose, each with its reason.
   */
  acceptRisks?: AcceptedRisk[]
}
/**
 * A statement about what pages must never get. It is decided exactly over the whole set, at every moment of every validity window.
 */
export interface Guardrail {
  /**
   * The guardrail's name: unique among the guardrails of the whole policy set.
   */
  name: string
  /**
   * Free text for people: what the guardrail protects.
   */
  description?: string
  /**
   * The guardrail speaks of requests to these hosts only; the file's `hosts` does not narrow it. Left out: every host.
   *
   * @minItems 1
   *
   * Items: A host, exact or `*.suffix` for every host below it; lower case, without port or trailing dot.
   */
  hosts?: string[]
  /**
   * The guardrail speaks of these routes only. Left out: every route.
   *
   * @minItems 1
   *
   * Items: A route such as `/cart/:id` or `/checkout/**`.
   */
  routes?: string[]
  /**
   * The guardrail speaks of pages of these origins only. Any form but `*`.
   *
   * @minItems 1
   */
  originsWithin?: OriginEntry[]
  /**
   * The guardrail speaks of pages of all other origins, the opaque `null` included. Any form but `*`.
   *
   * @minItems 1
   */
  originsOutside?: OriginEntry[]
  never: GuardedGrants
}
/**
 * What no such page may get; each key holds by itself. `passthrough` counts as granting everything.
 */
export interface GuardedGrants {
  /**
   * Any grant at all: no such page may read any answer.
   */
  read?: true
  /**
   * An answer to a request with cookies or other credentials.
   */
  credentials?: true
  /**
   * No page may read the answer to one of these methods; `*` means to any. GET, HEAD and POST count as granted unless a rule withholds them by `enforceMethods`.
   *
   * @minItems 1
   *
   * Items: A method such as `PUT`, or `*`.
   */
  methods?: string[]
  /**
   * No rule may allow one of these request headers; `*` means any name, and safelisted ones such as `accept` too, which a rule that lists them allows with any value.
   *
   * @minItems 1
   *
   * Items: A header name, or `*`.
   */
  headers?: string[]
  /**
   * A preflight's answer that browsers may keep for longer: whole seconds, or a duration such as `10m`. Without `maxAge` browsers keep it for 5 seconds.
   */
  maxAgeAbove?: number | string
}

/** The JSON Schema itself: code that reads no files needs it too. */
export const policySchema: Readonly<Record<string, unknown>> = {
  "$schema": "http://json-schema.org/draft-07/schema#",
  "$id": "https://fastify-cors-gateway.dev/policy.schema.json",
  "title": "PolicyFile",
  "description": "A policy file of fastify-cors-gateway: who may read which routes across origins. All files of a directory are one policy set; the order of files and rules never matters.",
  "type": "object",
  "additionalProperties": false,
  "required": [
    "version"
  ],
  "properties": {
    "$schema": {
      "type": "string",
      "description": "The JSON Schema of this file, for editors. The gateway does not read it.",
      "examples": [
        "../schemas/policy.schema.json"
      ]
    },
    "version": {
      "const": 1,
      "description": "The version of the policy language.",
      "examples": [
        1
      ]
    },
    "description": {
      "type": "string",
      "maxLength": 10000,
      "description": "Free text for people: what the policies of this file are for.",
      "examples": [
        "Cart and payment"
      ]
    },
    "hosts": {
      "type": "array",
      "minItems": 1,
      "description": "The rules of this file hold for requests to these hosts only. A rule's own `hosts` replaces it.",
      "items": {
        "type": "string",
        "minLength": 1,
        "maxLength": 255,
        "description": "A host, exact or `*.suffix` for every host below it; lower case, without port or trailing dot."
      },
      "examples": [
        [
          "api.example.com"
        ],
        [
          "*.example.com"
        ]
      ]
    },
    "originSets": {
      "type": "object",
      "description": "Named sets of origins, visible to every file of the policy set as `$name`. A name is defined once.",
      "propertyNames": {
        "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
      },
      "additionalProperties": {
        "type": "array",
        "description": "The origins of the set; it may include other sets.",
        "items": {
          "$ref": "#/definitions/originEntry"
        }
      },
      "examples": [
        {
          "storefront": [
            "https://shop.example.com",
            "https://*.shop.example.com"
          ]
        }
      ]
    },
    "blockedOrigins": {
      "type": "array",
      "description": "No rule of the whole policy set allows these origins. Any form but `*`; grants by `*` are untouched.",
      "items": {
        "$ref": "#/definitions/originEntry"
      },
      "examples": [
        [
          "https://old.shop.example.com"
        ]
      ]
    },
    "defaults": {
      "$ref": "#/definitions/defaults"
    },
    "rules": {
      "type": "array",
      "description": "The rules of this file. For each request one rule decides alone: that of the most specific host and route, then of the most specific origin.",
      "items": {
        "$ref": "#/definitions/rule"
      },
      "defaultSnippets": [
        {
          "label": "rule",
          "description": "A rule for one route",
          "body": [
            {
              "name": "${1:name}",
              "routes": [
                "${2:/path/**}"
              ],
              "allowOrigins": [
                "${3:https://app.example.com}"
              ],
              "allowMethods": [
                "GET"
              ]
            }
          ]
        }
      ]
    },
    "guardrails": {
      "type": "array",
      "description": "Statements that must be true of the whole policy set, for every possible request. A set that breaks one is invalid, in `check` and at every reload.",
      "items": {
        "$ref": "#/definitions/guardrail"
      },
      "defaultSnippets": [
        {
          "label": "guardrail",
          "description": "Something that no rule may ever grant",
          "body": [
            {
              "name": "${1:name}",
              "routes": [
                "${2:/admin/**}"
              ],
              "originsOutside": [
                "${3:https://*.corp.example.com}"
              ],
              "never": {
                "read": true
              }
            }
          ]
        }
      ],
      "examples": [
        [
          {
            "name": "admin-stays-inside",
            "routes": [
              "/admin/**"
            ],
            "originsOutside": [
              "https://*.corp.example.com"
            ],
            "never": {
              "read": true
            }
          }
        ]
      ]
    }
  },
  "examples": [
    {
      "version": 1,
      "rules": [
        {
          "name": "catalogue",
          "routes": [
            "/products/**"
          ],
          "allowOrigins": [
            "*"
          ],
          "allowMethods": [
            "GET"
          ]
        }
      ]
    }
  ],
  "definitions": {
    "originEntry": {
      "type": "string",
      "minLength": 1,
      "maxLength": 1024,
      "description": "An origin as a browser sends it, an origin pattern, or `$name` for an origin set.",
      "examples": [
        "https://app.example.com",
        "https://*.example.com",
        "https://pr-*.preview.example.com",
        "http://localhost:*",
        "$storefront",
        "$customers.*"
      ]
    },
    "acceptedRisk": {
      "type": "object",
      "title": "AcceptedRisk",
      "description": "One risk or warning that the rule takes on purpose.",
      "additionalProperties": false,
      "required": [
        "risk",
        "reason"
      ],
      "properties": {
        "risk": {
          "type": "string",
          "description": "The id of the risk or warning.",
          "enum": [
            "any-host-credentials",
            "null-origin",
            "insecure-origin",
            "public-suffix-wildcard",
            "any-port-credentials",
            "all-headers-credentials",
            "loopback-origin",
            "unreachable-rule",
            "covered-origin",
            "unused-origin-set",
            "rule-expired",
            "rule-expiring",
            "empty-origin-set",
            "split-prefix",
            "private-network",
            "long-max-age-credentials",
            "upstream-decides"
          ]
        },
        "origins": {
          "type": "array",
          "minItems": 1,
          "description": "The acceptance holds for these entries of the rule only.",
          "items": {
            "$ref": "#/definitions/originEntry"
          },
          "examples": [
            [
              "http://kiosk.example.com"
            ]
          ]
        },
        "reason": {
          "type": "string",
          "maxLength": 10000,
          "pattern": "\\S",
          "description": "Why the risk is taken.",
          "examples": [
            "kiosk hardware has no TLS"
          ]
        },
        "until": {
          "type": "string",
          "maxLength": 64,
          "description": "The acceptance holds until this moment: a date means the end of that day in UTC; else RFC 3339 with a zone.",
          "examples": [
            "2027-01-31",
            "2027-01-31T12:00:00Z"
          ]
        }
      }
    },
    "guardrail": {
      "type": "object",
      "title": "Guardrail",
      "description": "A statement about what pages must never get. It is decided exactly over the whole set, at every moment of every validity window.",
      "additionalProperties": false,
      "required": [
        "name",
        "never"
      ],
      "properties": {
        "name": {
          "type": "string",
          "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
          "description": "The guardrail's name: unique among the guardrails of the whole policy set.",
          "examples": [
            "admin-stays-inside"
          ],
          "patternErrorMessage": "a name is a letter or digit, then up to 63 letters, digits, `.`, `_` and `-`"
        },
        "description": {
          "type": "string",
          "maxLength": 10000,
          "description": "Free text for people: what the guardrail protects.",
          "examples": [
            "only the corporate network's pages may read admin answers"
          ]
        },
        "hosts": {
          "type": "array",
          "minItems": 1,
          "description": "The guardrail speaks of requests to these hosts only; the file's `hosts` does not narrow it. Left out: every host.",
          "items": {
            "type": "string",
            "minLength": 1,
            "maxLength": 255,
            "description": "A host, exact or `*.suffix` for every host below it; lower case, without port or trailing dot."
          },
          "examples": [
            [
              "api.example.com"
            ],
            [
              "*.example.com"
            ]
          ]
        },
        "routes": {
          "type": "array",
          "minItems": 1,
          "description": "The guardrail speaks of these routes only. Left out: every route.",
          "items": {
            "type": "string",
            "minLength": 1,
            "maxLength": 2048,
            "description": "A route such as `/cart/:id` or `/checkout/**`.",
            "examples": [
              "/cart/:id",
              "/checkout/**",
              "/*"
            ]
          },
          "examples": [
            [
              "/admin/**"
            ]
          ]
        },
        "originsWithin": {
          "type": "array",
          "minItems": 1,
          "description": "The guardrail speaks of pages of these origins only. Any form but `*`.",
          "items": {
            "$ref": "#/definitions/originEntry"
          },
          "examples": [
            [
              "https://*.preview.example.com"
            ]
          ]
        },
        "originsOutside": {
          "type": "array",
          "minItems": 1,
          "description": "The guardrail speaks of pages of all other origins, the opaque `null` included. Any form but `*`.",
          "items": {
            "$ref": "#/definitions/originEntry"
          },
          "examples": [
            [
              "https://*.corp.example.com"
            ]
          ]
        },
        "never": {
          "type": "object",
          "title": "GuardedGrants",
          "description": "What no such page may get; each key holds by itself. `passthrough` counts as granting everything.",
          "additionalProperties": false,
          "minProperties": 1,
          "properties": {
            "read": {
              "const": true,
              "description": "Any grant at all: no such page may read any answer.",
              "examples": [
                true
              ]
            },
            "credentials": {
              "const": true,
              "description": "An answer to a request with cookies or other credentials.",
              "examples": [
                true
              ]
            },
            "methods": {
              "type": "array",
              "minItems": 1,
              "description": "No page may read the answer to one of these methods; `*` means to any. GET, HEAD and POST count as granted unless a rule withholds them by `enforceMethods`.",
              "items": {
                "type": "string",
                "minLength": 1,
                "maxLength": 128,
                "description": "A method such as `PUT`, or `*`.",
                "examples": [
                  "GET",
                  "HEAD",
                  "POST",
                  "PUT",
                  "PATCH",
                  "DELETE",
                  "OPTIONS",
                  "*"
                ]
              },
              "examples": [
                [
                  "PUT",
                  "DELETE"
                ]
              ]
            },
            "headers": {
              "type": "array",
              "minItems": 1,
              "description": "No rule may allow one of these request headers; `*` means any name, and safelisted ones such as `accept` too, which a rule that lists them allows with any value.",
              "items": {
                "type": "string",
                "minLength": 1,
                "maxLength": 256,
                "description": "A header name, or `*`.",
                "examples": [
                  "content-type",
                  "authorization",
                  "x-requested-with"
                ]
              },
              "examples": [
                [
                  "authorization"
                ]
              ]
            },
            "maxAgeAbove": {
              "type": [
                "integer",
                "string"
              ],
              "description": "A preflight's answer that browsers may keep for longer: whole seconds, or a duration such as `10m`. Without `maxAge` browsers keep it for 5 seconds.",
              "minimum": 0,
              "maximum": 86400,
              "maxLength": 16,
              "examples": [
                "10m",
                600
              ]
            }
          }
        }
      }
    },
    "rule": {
      "type": "object",
      "title": "PolicyRule",
      "description": "Who may do what on some routes. Nothing is merged from any other rule.",
      "additionalProperties": false,
      "required": [
        "name",
        "routes"
      ],
      "properties": {
        "name": {
          "type": "string",
          "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
          "description": "The rule's name: unique in the whole policy set. It names the rule in logs, metrics and explanations. A letter or digit, then up to 63 letters, digits, dots, underscores and hyphens.",
          "examples": [
            "checkout",
            "partner-api"
          ]
        },
        "description": {
          "type": "string",
          "maxLength": 10000,
          "description": "Free text for people: what the rule is for.",
          "examples": [
            "Cart and payment"
          ]
        },
        "routes": {
          "type": "array",
          "minItems": 1,
          "description": "The routes that the rule decides, in Fastify's syntax: static segments, `:name` for one whole segment, `*` as the last segment.",
          "markdownDescription": "The routes that the rule decides, in Fastify's syntax: static segments, `:name` for one whole segment, and `*` as the last segment. `/x/**` is short for the two routes `/x` and `/x/*`. The most specific route that matches a path decides.",
          "items": {
            "type": "string",
            "minLength": 1,
            "maxLength": 2048,
            "description": "A route such as `/cart/:id` or `/checkout/**`.",
            "examples": [
              "/cart/:id",
              "/checkout/**",
              "/*"
            ]
          },
          "examples": [
            [
              "/cart/:id",
              "/checkout/**"
            ]
          ]
        },
        "hosts": {
          "type": "array",
          "minItems": 1,
          "description": "The rule holds for requests to these hosts only. Replaces the `hosts` of the file.",
          "items": {
            "type": "string",
            "minLength": 1,
            "maxLength": 255,
            "description": "A host, exact or `*.suffix` for every host below it; lower case, without port or trailing dot."
          },
          "examples": [
            [
              "api.example.com"
            ],
            [
              "*.example.com"
            ]
          ]
        },
        "allowOrigins": {
          "type": "array",
          "description": "Whose pages may read answers. An empty list allows nobody: it carves a route out of a broader one.",
          "markdownDescription": "Whose pages may read answers, one of:\n\n- `https://app.example.com`: exactly this origin\n- `https://pr-*.preview.example.com`: one label holds one `*`\n- `https://*.example.com`: every host below, at any depth, not the apex\n- `https://*`: any host of that scheme\n- `https://app.example.com:*`: any port\n- `\"null\"`: the opaque origin (a risk)\n- `\"*\"`: everyone, alone in its rule and never with credentials\n- `$name`, `$prefix.*`: origin sets\n\nAn empty list allows nobody: it carves a route out of a broader one.",
          "items": {
            "$ref": "#/definitions/originEntry"
          },
          "examples": [
            [
              "https://shop.example.com"
            ],
            [
              "$storefront",
              "https://pr-*.preview.example.com"
            ]
          ]
        },
        "exceptOrigins": {
          "type": "array",
          "description": "Origins that `allowOrigins` matches and that are denied all the same. Any form but `*`.",
          "items": {
            "$ref": "#/definitions/originEntry"
          },
          "default": [],
          "examples": [
            [
              "https://legacy.shop.example.com"
            ]
          ]
        },
        "allowMethods": {
          "type": "array",
          "minItems": 1,
          "description": "The methods that a page may use, upper case. GET, HEAD and POST cannot be withheld by CORS and count as allowed unless `enforceMethods` is set. `*` means all.",
          "items": {
            "type": "string",
            "minLength": 1,
            "maxLength": 128,
            "description": "A method such as `PUT`, or `*`.",
            "examples": [
              "GET",
              "HEAD",
              "POST",
              "PUT",
              "PATCH",
              "DELETE",
              "OPTIONS",
              "*"
            ]
          },
          "default": [
            "GET",
            "HEAD",
            "POST"
          ],
          "examples": [
            [
              "GET",
              "POST",
              "PUT"
            ]
          ]
        },
        "allowHeaders": {
          "type": "array",
          "description": "The request headers that a page may set beside the CORS-safelisted ones. `*` means all.",
          "markdownDescription": "The request headers that a page may set beside the CORS-safelisted ones. `*` means all; without credentials it does not cover `authorization`, which must then be listed beside it.",
          "items": {
            "type": "string",
            "minLength": 1,
            "maxLength": 256,
            "description": "A header name, or `*`.",
            "examples": [
              "content-type",
              "authorization",
              "x-requested-with"
            ]
          },
          "default": [],
          "examples": [
            [
              "content-type",
              "authorization"
            ]
          ]
        },
        "exposeHeaders": {
          "type": "array",
          "description": "The response headers that a page may read beside the CORS-safelisted ones. `*` means all, and only without credentials.",
          "items": {
            "type": "string",
            "minLength": 1,
            "maxLength": 256,
            "description": "A header name, or `*`.",
            "examples": [
              "x-request-id",
              "etag",
              "location"
            ]
          },
          "default": [],
          "examples": [
            [
              "x-request-id"
            ]
          ]
        },
        "allowCredentials": {
          "type": "boolean",
          "description": "Whether pages may send cookies and other credentials and read the answer.",
          "default": false
        },
        "maxAge": {
          "type": [
            "integer",
            "string"
          ],
          "description": "How long a browser may keep a preflight's answer: whole seconds, or a duration such as `30s`, `10m`, `24h`; -1 or 0 switches the cache off; at most 24 hours. Left out, the header is omitted and browsers use 5 seconds.",
          "minimum": -1,
          "maximum": 86400,
          "maxLength": 16,
          "examples": [
            "10m",
            600
          ]
        },
        "allowPrivateNetwork": {
          "type": "boolean",
          "description": "Answers `Access-Control-Request-Private-Network` in preflights. No current browser sends it.",
          "default": false
        },
        "timingAllowOrigin": {
          "type": "boolean",
          "description": "Adds `Timing-Allow-Origin` for the same origins, so that their pages may read detailed timings.",
          "default": false
        },
        "enforceMethods": {
          "type": "boolean",
          "description": "Denies GET, HEAD and POST as well where `allowMethods` does not list them.",
          "default": false
        },
        "deniedRequests": {
          "type": "string",
          "enum": [
            "forward",
            "reject"
          ],
          "description": "What becomes of an actual request that is denied: it reaches the handler or upstream but no page can read the answer (`forward`), or the gateway answers 403 (`reject`).",
          "default": "forward"
        },
        "passthrough": {
          "type": "boolean",
          "description": "The upstream decides this route's CORS: nothing is answered, set or removed. Stands instead of any grant.",
          "default": false
        },
        "preflightCacheControl": {
          "type": "string",
          "minLength": 1,
          "maxLength": 256,
          "pattern": "^[\\x20-\\x7e]+$",
          "description": "`Cache-Control` of successful preflights, for shared caches. Visible ASCII and spaces.",
          "examples": [
            "public, max-age=3600"
          ]
        },
        "notBefore": {
          "type": "string",
          "description": "The rule denies before this moment (RFC 3339 with a zone).",
          "maxLength": 64,
          "examples": [
            "2026-11-01T00:00:00Z"
          ]
        },
        "expires": {
          "type": "string",
          "description": "The rule denies from this moment on (RFC 3339 with a zone).",
          "maxLength": 64,
          "examples": [
            "2027-01-31T00:00:00Z"
          ]
        },
        "acceptRisks": {
          "type": "array",
          "description": "Risks that the rule takes on purpose, each with its reason.",
          "items": {
            "$ref": "#/definitions/acceptedRisk"
          },
          "default": [],
          "examples": [
            [
              {
                "risk": "insecure-origin",
                "reason": "kiosk hardware has no TLS",
                "until": "2027-01-31"
              }
            ]
          ]
        }
      }
    },
    "defaults": {
      "type": "object",
      "title": "RuleDefaults",
      "description": "For the rules of this file. A rule's own key replaces the default whole.",
      "additionalProperties": false,
      "properties": {
        "hosts": {
          "type": "array",
          "minItems": 1,
          "description": "The rule holds for requests to these hosts only. Replaces the `hosts` of the file.",
          "items": {
            "type": "string",
            "minLength": 1,
            "maxLength": 255,
            "description": "A host, exact or `*.suffix` for every host below it; lower case, without port or trailing dot."
          },
          "examples": [
            [
              "api.example.com"
            ],
            [
              "*.example.com"
            ]
          ]
        },
        "allowOrigins": {
          "type": "array",
          "description": "Whose pages may read answers. An empty list allows nobody: it carves a route out of a broader one.",
          "markdownDescription": "Whose pages may read answers, one of:\n\n- `https://app.example.com`: exactly this origin\n- `https://pr-*.preview.example.com`: one label holds one `*`\n- `https://*.example.com`: every host below, at any depth, not the apex\n- `https://*`: any host of that scheme\n- `https://app.example.com:*`: any port\n- `\"null\"`: the opaque origin (a risk)\n- `\"*\"`: everyone, alone in its rule and never with credentials\n- `$name`, `$prefix.*`: origin sets\n\nAn empty list allows nobody: it carves a route out of a broader one.",
          "items": {
            "$ref": "#/definitions/originEntry"
          },
          "examples": [
            [
              "https://shop.example.com"
            ],
            [
              "$storefront",
              "https://pr-*.preview.example.com"
            ]
          ]
        },
        "exceptOrigins": {
          "type": "array",
          "description": "Origins that `allowOrigins` matches and that are denied all the same. Any form but `*`.",
          "items": {
            "$ref": "#/definitions/originEntry"
          },
          "default": [],
          "examples": [
            [
              "https://legacy.shop.example.com"
            ]
          ]
        },
        "allowMethods": {
          "type": "array",
          "minItems": 1,
          "description": "The methods that a page may use, upper case. GET, HEAD and POST cannot be withheld by CORS and count as allowed unless `enforceMethods` is set. `*` means all.",
          "items": {
            "type": "string",
            "minLength": 1,
            "maxLength": 128,
            "description": "A method such as `PUT`, or `*`.",
            "examples": [
              "GET",
              "HEAD",
              "POST",
              "PUT",
              "PATCH",
              "DELETE",
              "OPTIONS",
              "*"
            ]
          },
          "default": [
            "GET",
            "HEAD",
            "POST"
          ],
          "examples": [
            [
              "GET",
              "POST",
              "PUT"
            ]
          ]
        },
        "allowHeaders": {
          "type": "array",
          "description": "The request headers that a page may set beside the CORS-safelisted ones. `*` means all.",
          "markdownDescription": "The request headers that a page may set beside the CORS-safelisted ones. `*` means all; without credentials it does not cover `authorization`, which must then be listed beside it.",
          "items": {
            "type": "string",
            "minLength": 1,
            "maxLength": 256,
            "description": "A header name, or `*`.",
            "examples": [
              "content-type",
              "authorization",
              "x-requested-with"
            ]
          },
          "default": [],
          "examples": [
            [
              "content-type",
              "authorization"
            ]
          ]
        },
        "exposeHeaders": {
          "type": "array",
          "description": "The response headers that a page may read beside the CORS-safelisted ones. `*` means all, and only without credentials.",
          "items": {
            "type": "string",
            "minLength": 1,
            "maxLength": 256,
            "description": "A header name, or `*`.",
            "examples": [
              "x-request-id",
              "etag",
              "location"
            ]
          },
          "default": [],
          "examples": [
            [
              "x-request-id"
            ]
          ]
        },
        "allowCredentials": {
          "type": "boolean",
          "description": "Whether pages may send cookies and other credentials and read the answer.",
          "default": false
        },
        "maxAge": {
          "type": [
            "integer",
            "string"
          ],
          "description": "How long a browser may keep a preflight's answer: whole seconds, or a duration such as `30s`, `10m`, `24h`; -1 or 0 switches the cache off; at most 24 hours. Left out, the header is omitted and browsers use 5 seconds.",
          "minimum": -1,
          "maximum": 86400,
          "maxLength": 16,
          "examples": [
            "10m",
            600
          ]
        },
        "allowPrivateNetwork": {
          "type": "boolean",
          "description": "Answers `Access-Control-Request-Private-Network` in preflights. No current browser sends it.",
          "default": false
        },
        "timingAllowOrigin": {
          "type": "boolean",
          "description": "Adds `Timing-Allow-Origin` for the same origins, so that their pages may read detailed timings.",
          "default": false
        },
        "enforceMethods": {
          "type": "boolean",
          "description": "Denies GET, HEAD and POST as well where `allowMethods` does not list them.",
          "default": false
        },
        "deniedRequests": {
          "type": "string",
          "enum": [
            "forward",
            "reject"
          ],
          "description": "What becomes of an actual request that is denied: it reaches the handler or upstream but no page can read the answer (`forward`), or the gateway answers 403 (`reject`).",
          "default": "forward"
        },
        "passthrough": {
          "type": "boolean",
          "description": "The upstream decides this route's CORS: nothing is answered, set or removed. Stands instead of any grant.",
          "default": false
        },
        "preflightCacheControl": {
          "type": "string",
          "minLength": 1,
          "maxLength": 256,
          "pattern": "^[\\x20-\\x7e]+$",
          "description": "`Cache-Control` of successful preflights, for shared caches. Visible ASCII and spaces.",
          "examples": [
            "public, max-age=3600"
          ]
        },
        "acceptRisks": {
          "type": "array",
          "description": "Risks that the rule takes on purpose, each with its reason.",
          "items": {
            "$ref": "#/definitions/acceptedRisk"
          },
          "default": [],
          "examples": [
            [
              {
                "risk": "insecure-origin",
                "reason": "kiosk hardware has no TLS",
                "until": "2027-01-31"
              }
            ]
          ]
        }
      },
      "examples": [
        {
          "maxAge": "10m"
        }
      ]
    }
  }
}
