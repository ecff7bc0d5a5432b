// The JSON Schema of a gateway configuration and its types, generated from schemas/gateway.schema.json by `npm run generate`.
/* eslint-disable */

/**
 * The policy directory, or several that make one set, relative to the folder of this file; or the https URL of a bundle, or the URL of a NATS server, alone or with how it is asked for. `policies` beside this file unless given.
 *
 * @minItems 1
 */
export type GatewayPolicies =
  | string
  | string[]
  | {
      /**
       * The https URL of a bundle, as `cors-gateway bundle` prints it; or `tls://HOST[:PORT][/BUCKET]`, a NATS server to which `cors-gateway publish` publishes (port 4222, bucket `cors-policies`).
       */
      url: string
      /**
       * The user of a NATS server, with `passwordFile`.
       */
      user?: string
      /**
       * A file that holds the user's password, and nothing else. It is read for each connection.
       */
      passwordFile?: string
      /**
       * A file that holds the token that the server asks for, and nothing else. It is read for each request, or each connection.
       */
      tokenFile?: string
      /**
       * A `.creds` file of a NATS server: the JWT and the seed of a user. It is read for each connection.
       */
      credsFile?: string
      /**
       * A file with the certificates of the authorities to trust for this URL instead of the system's, in PEM form. It is read for each request, or each connection.
       */
      caFile?: string
      /**
       * A certificate to show a NATS server, in PEM form, with `keyFile`. It is read for each connection.
       */
      certFile?: string
      /**
       * The private key of that certificate, in PEM form.
       */
      keyFile?: string
      /**
       * A file with public keys in PEM form (Ed25519), one or several one after the other. Only bundles that one of them has signed are taken (`--sign-key`). It is read for each request.
       */
      publicKeyFile?: string
      /**
       * The time between two looks: whole seconds, or a duration such as `30s` and `10m`. With a NATS server, changes are told at once, and this is for those that were not. A tenth more or less, so that many gateways do not look in step.
       */
      pollInterval?: string | number
      /**
       * `http:` and `nats:` are allowed for hosts other than this one. Whoever is on the way can then change the policies.
       */
      allowInsecure?: boolean
      /**
       * What this gateway is called among those of a NATS server. The name of the host and a random part unless given.
       */
      instance?: string
    }
/**
 * The listener with health, metrics, status, console and reload; `false` switches it off. An address that other machines reach needs a token.
 */
export type GatewayAdmin =
  | {
      /**
       * Where the admin listener answers: `host:port`.
       */
      listen?: string
      /**
       * What a request must bring as `Authorization: Bearer …`. Prefer `tokenFile`: this file may be seen by many.
       */
      token?: string
      /**
       * A file that holds the token, and nothing else.
       */
      tokenFile?: string
    }
  | boolean

/**
 * The configuration of a gateway of fastify-cors-gateway: where it listens, what it stands in front of, and how it decides. It is read once, at the start. Relative paths begin at the folder of this file.
 */
export interface GatewayFile {
  /**
   * The JSON Schema of this file, for editors. The gateway does not read it.
   */
  $schema?: string
  /**
   * The version of this format.
   */
  version: 1
  policies?: GatewayPolicies
  /**
   * Where the gateway answers: `host:port`. A port alone means loopback; port 0 is any free one.
   */
  listen?: string
  admin?: GatewayAdmin
  /**
   * Where requests go: to the upstream of the most specific host that has a matching prefix, and of these to the one with the longest. Left out, a built-in upstream answers that echoes what it receives.
   *
   * @minItems 1
   */
  upstreams?: GatewayUpstream[]
  /**
   * `observe` decides, logs and counts, and answers, sets and removes nothing.
   */
  mode?: 'enforce' | 'observe'
  /**
   * Whether policies are read again when their files change. SIGHUP reloads in any case.
   */
  watch?: boolean
  /**
   * `manual`: the policies are read again only when somebody asks for it, by SIGHUP or the admin listener.
   */
  reload?: 'auto' | 'manual'
  /**
   * The share of the running rules, and of the origins, that one reload must keep; a set that keeps less is rejected.
   */
  minKept?: number
  /**
   * What becomes of a path without a policy: nothing is granted there, or it passes untouched.
   */
  unmatched?: 'deny' | 'passthrough'
  /**
   * How the upstreams may read a path otherwise than the gateway's router: in all ways, in none (`router`), or by the steps listed. A path that a reading leads to other rules is denied.
   */
  pathReadings?: string | ('decode' | 'backslash' | 'parameters' | 'slashes' | 'dots' | 'case' | 'trailing-slash')[]
  /**
   * Whether every managed answer says in `x-cors-gateway` what was decided and why. Never for production: it names rules.
   */
  debug?: boolean
  /**
   * Whether a policy set without any rule is meant, and no fault.
   */
  allowEmpty?: boolean
  /**
   * A file in which the last good set is kept, for a start with a broken one.
   */
  lastKnownGood?: string
  /**
   * A second policy directory, or several that make one set: decided beside the first and compared with it, never enforced.
   *
   * @minItems 1
   */
  shadow?: string | string[]
  router?: GatewayRouter
  tls?: GatewayTls
  /**
   * Whether clients may speak HTTP/2. Only with `tls`, and `true` with it unless given.
   */
  http2?: boolean
  /**
   * Whose `X-Forwarded-For`, `-Host` and `-Proto` are believed: nobody's (`false`), everybody's (`true`), those of so many proxies in front, or those of the addresses listed. Whoever is believed can pass for another client, host and scheme.
   *
   * @minItems 1
   */
  trustProxy?: boolean | number | string[]
  timeouts?: GatewayTimeouts
  limits?: GatewayLimits
  metrics?: GatewayMetrics
}
/**
 * A server behind the gateway, and which requests it gets.
 */
export interface GatewayUpstream {
  /**
   * Scheme, host and port of the upstream, without a path: the path that was judged is the path that it gets.
   */
  url: string
  /**
   * It gets the requests whose path is this one or lies below it. Every path unless given. The prefix stays in the path.
   */
  prefix?: string
  /**
   * It gets the requests to these hosts only. Every host unless given.
   *
   * @minItems 1
   *
   * Items: A host, exact or `*.suffix` for every host below it; lower case, without port or trailing dot.
   */
  hosts?: string[]
}
/**
 * How the gateway's router reads a path, by Fastify's options of these names. Policies are matched likewise.
 */
export interface GatewayRouter {
  /**
   * Whether `/Cart` and `/cart` are two paths.
   */
  caseSensitive?: boolean
  /**
   * Whether `/cart/` is the same path as `/cart`.
   */
  ignoreTrailingSlash?: boolean
  /**
   * Whether `//cart` is the same path as `/cart`.
   */
  ignoreDuplicateSlashes?: boolean
  /**
   * Whether a `;` ends the path, as a `?` does.
   */
  useSemicolonDelimiter?: boolean
}
/**
 * Serves https. Both files are PEM, and are read again when they change.
 */
export interface GatewayTls {
  /**
   * The certificate, followed by those between it and the authority.
   */
  cert: string
  /**
   * The certificate's private key.
   */
  key: string
}
/**
 * How long the gateway waits: whole seconds, or durations such as `30s` and `10m`.
 */
export interface GatewayTimeouts {
  /**
   * For an upstream to accept a connection, and then for the head of its answer. A body may take its time.
   */
  upstream?: string | number
  /**
   * For a client to send its whole request, body included. As long as it takes unless given.
   */
  request?: string | number
  /**
   * For the next request on an open connection.
   */
  keepAlive?: string | number
  /**
   * For requests in flight to end when the gateway is told to; then their connections are cut.
   */
  drain?: string | number
}
/**
 * How much a request may bring, in bytes or sizes such as `64KiB` and `10MiB`, and how many may be under way.
 */
export interface GatewayLimits {
  /**
   * The largest body of a request; a larger one is answered with 413. No limit unless given.
   */
  body?: string | number
  /**
   * The most that the header lines of a request may hold, from `1KiB` to `1MiB`; more is answered with 431.
   */
  header?: string | number
  /**
   * The largest message of a WebSocket, either way, up to `1GiB`; a larger one closes it with 1009. The gateway keeps a message until it is whole.
   */
  message?: string | number
  /**
   * How many requests to one upstream may be under way at a time, WebSockets included; more are answered with 503.
   */
  connections?: number
}
/**
 * How much the metrics tell.
 */
export interface GatewayMetrics {
  /**
   * With more rules than this the `rule` label is `_`, so that there is no time series a rule.
   */
  maxRules?: number
}

/** The JSON Schema itself: code that reads no files needs it too. */
export const gatewaySchema: Readonly<Record<string, unknown>> = {
  "$schema": "http://json-schema.org/draft-07/schema#",
  "$id": "https://fastify-cors-gateway.dev/gateway.schema.json",
  "title": "GatewayFile",
  "description": "The configuration of a gateway of fastify-cors-gateway: where it listens, what it stands in front of, and how it decides. It is read once, at the start. Relative paths begin at the folder of this file.",
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
        "../schemas/gateway.schema.json"
      ]
    },
    "version": {
      "const": 1,
      "description": "The version of this format.",
      "examples": [
        1
      ]
    },
    "policies": {
      "type": [
        "string",
        "array",
        "object"
      ],
      "title": "GatewayPolicies",
      "additionalProperties": false,
      "minLength": 1,
      "maxLength": 4096,
      "minItems": 1,
      "description": "The policy directory, or several that make one set, relative to the folder of this file; or the https URL of a bundle, or the URL of a NATS server, alone or with how it is asked for. `policies` beside this file unless given.",
      "items": {
        "type": "string",
        "minLength": 1,
        "maxLength": 4096,
        "description": "A policy directory."
      },
      "required": [
        "url"
      ],
      "properties": {
        "url": {
          "type": "string",
          "minLength": 1,
          "maxLength": 4096,
          "description": "The https URL of a bundle, as `cors-gateway bundle` prints it; or `tls://HOST[:PORT][/BUCKET]`, a NATS server to which `cors-gateway publish` publishes (port 4222, bucket `cors-policies`).",
          "examples": [
            "https://policies.example.com/cors.json",
            "tls://nats.example.com/cors-policies"
          ]
        },
        "user": {
          "type": "string",
          "minLength": 1,
          "maxLength": 1024,
          "description": "The user of a NATS server, with `passwordFile`.",
          "examples": [
            "gateway"
          ]
        },
        "passwordFile": {
          "type": "string",
          "minLength": 1,
          "maxLength": 4096,
          "description": "A file that holds the user's password, and nothing else. It is read for each connection.",
          "examples": [
            "/run/secrets/nats-password"
          ]
        },
        "tokenFile": {
          "type": "string",
          "minLength": 1,
          "maxLength": 4096,
          "description": "A file that holds the token that the server asks for, and nothing else. It is read for each request, or each connection.",
          "examples": [
            "/run/secrets/policies-token"
          ]
        },
        "credsFile": {
          "type": "string",
          "minLength": 1,
          "maxLength": 4096,
          "description": "A `.creds` file of a NATS server: the JWT and the seed of a user. It is read for each connection.",
          "examples": [
            "/run/secrets/gateway.creds"
          ]
        },
        "caFile": {
          "type": "string",
          "minLength": 1,
          "maxLength": 4096,
          "description": "A file with the certificates of the authorities to trust for this URL instead of the system's, in PEM form. It is read for each request, or each connection.",
          "examples": [
            "/etc/ssl/internal-ca.pem"
          ]
        },
        "certFile": {
          "type": "string",
          "minLength": 1,
          "maxLength": 4096,
          "description": "A certificate to show a NATS server, in PEM form, with `keyFile`. It is read for each connection.",
          "examples": [
            "/etc/cors-gateway/client.crt"
          ]
        },
        "keyFile": {
          "type": "string",
          "minLength": 1,
          "maxLength": 4096,
          "description": "The private key of that certificate, in PEM form.",
          "examples": [
            "/run/secrets/client.key"
          ]
        },
        "publicKeyFile": {
          "type": "string",
          "minLength": 1,
          "maxLength": 4096,
          "description": "A file with public keys in PEM form (Ed25519), one or several one after the other. Only bundles that one of them has signed are taken (`--sign-key`). It is read for each request.",
          "examples": [
            "/etc/cors-gateway/publisher.pub.pem"
          ]
        },
        "pollInterval": {
          "type": [
            "string",
            "integer"
          ],
          "description": "The time between two looks: whole seconds, or a duration such as `30s` and `10m`. With a NATS server, changes are told at once, and this is for those that were not. A tenth more or less, so that many gateways do not look in step.",
          "minimum": 1,
          "maximum": 86400,
          "pattern": "^[1-9]\\d{0,4}[smh]$",
          "patternErrorMessage": "write whole seconds, or a duration such as `30s`, `10m` or `2h`",
          "default": "30s",
          "examples": [
            "10s"
          ]
        },
        "allowInsecure": {
          "type": "boolean",
          "description": "`http:` and `nats:` are allowed for hosts other than this one. Whoever is on the way can then change the policies.",
          "default": false,
          "examples": [
            true
          ]
        },
        "instance": {
          "type": "string",
          "maxLength": 64,
          "pattern": "^[A-Za-z0-9_-]{1,64}$",
          "patternErrorMessage": "write up to 64 letters, digits, `-` and `_`",
          "description": "What this gateway is called among those of a NATS server. The name of the host and a random part unless given.",
          "examples": [
            "gateway-1"
          ]
        }
      },
      "default": "policies",
      "examples": [
        "policies",
        [
          "policies/base",
          "policies/production"
        ],
        {
          "url": "https://policies.example.com/cors.json",
          "tokenFile": "/run/secrets/policies-token"
        },
        {
          "url": "tls://nats.example.com/cors-policies",
          "user": "gateway",
          "passwordFile": "/run/secrets/nats-password"
        }
      ]
    },
    "listen": {
      "type": "string",
      "maxLength": 300,
      "pattern": "^(?:(?:\\[[0-9A-Fa-f:.]+\\]|[^:\\[\\]\\s]+):)?\\d{1,5}$",
      "patternErrorMessage": "write `host:port`, such as `127.0.0.1:8080` or `\"[::1]:8080\"`",
      "description": "Where the gateway answers: `host:port`. A port alone means loopback; port 0 is any free one.",
      "default": "127.0.0.1:8080",
      "examples": [
        "0.0.0.0:8080",
        "[::]:8443"
      ]
    },
    "admin": {
      "type": [
        "object",
        "boolean"
      ],
      "title": "GatewayAdmin",
      "additionalProperties": false,
      "description": "The listener with health, metrics, status, console and reload; `false` switches it off. An address that other machines reach needs a token.",
      "properties": {
        "listen": {
          "type": "string",
          "maxLength": 300,
          "pattern": "^(?:(?:\\[[0-9A-Fa-f:.]+\\]|[^:\\[\\]\\s]+):)?\\d{1,5}$",
          "patternErrorMessage": "write `host:port`, such as `127.0.0.1:8080` or `\"[::1]:8080\"`",
          "description": "Where the admin listener answers: `host:port`.",
          "default": "127.0.0.1:9901",
          "examples": [
            "127.0.0.1:9901"
          ]
        },
        "token": {
          "type": "string",
          "minLength": 1,
          "maxLength": 1024,
          "pattern": "^(?:[!-~](?:[ -~]*[!-~])?)?$",
          "description": "What a request must bring as `Authorization: Bearer …`. Prefer `tokenFile`: this file may be seen by many.",
          "examples": [
            "a long random text"
          ]
        },
        "tokenFile": {
          "type": "string",
          "minLength": 1,
          "maxLength": 4096,
          "description": "A file that holds the token, and nothing else.",
          "examples": [
            "/run/secrets/admin-token"
          ]
        }
      },
      "examples": [
        {
          "listen": "0.0.0.0:9901",
          "tokenFile": "/run/secrets/admin-token"
        },
        false
      ]
    },
    "upstreams": {
      "type": "array",
      "minItems": 1,
      "description": "Where requests go: to the upstream of the most specific host that has a matching prefix, and of these to the one with the longest. Left out, a built-in upstream answers that echoes what it receives.",
      "items": {
        "$ref": "#/definitions/upstream"
      },
      "examples": [
        [
          {
            "url": "http://127.0.0.1:3000"
          },
          {
            "url": "http://127.0.0.1:3001",
            "prefix": "/search",
            "hosts": [
              "api.example.com"
            ]
          }
        ]
      ]
    },
    "mode": {
      "type": "string",
      "enum": [
        "enforce",
        "observe"
      ],
      "description": "`observe` decides, logs and counts, and answers, sets and removes nothing.",
      "default": "enforce",
      "examples": [
        "observe"
      ]
    },
    "watch": {
      "type": "boolean",
      "description": "Whether policies are read again when their files change. SIGHUP reloads in any case.",
      "default": true,
      "examples": [
        false
      ]
    },
    "reload": {
      "type": "string",
      "enum": [
        "auto",
        "manual"
      ],
      "description": "`manual`: the policies are read again only when somebody asks for it, by SIGHUP or the admin listener.",
      "default": "auto",
      "examples": [
        "manual"
      ]
    },
    "minKept": {
      "type": "number",
      "minimum": 0,
      "maximum": 1,
      "description": "The share of the running rules, and of the origins, that one reload must keep; a set that keeps less is rejected.",
      "default": 0,
      "examples": [
        0.5
      ]
    },
    "unmatched": {
      "type": "string",
      "enum": [
        "deny",
        "passthrough"
      ],
      "description": "What becomes of a path without a policy: nothing is granted there, or it passes untouched.",
      "default": "deny",
      "examples": [
        "passthrough"
      ]
    },
    "pathReadings": {
      "type": [
        "string",
        "array"
      ],
      "pattern": "^(?:all|router)$",
      "patternErrorMessage": "it takes `all`, `router`, or a list of steps such as `[decode, slashes, dots]`",
      "description": "How the upstreams may read a path otherwise than the gateway's router: in all ways, in none (`router`), or by the steps listed. A path that a reading leads to other rules is denied.",
      "items": {
        "type": "string",
        "enum": [
          "decode",
          "backslash",
          "parameters",
          "slashes",
          "dots",
          "case",
          "trailing-slash"
        ],
        "description": "A step by which a server may read a path otherwise."
      },
      "default": "all",
      "examples": [
        "router",
        [
          "decode",
          "slashes",
          "dots"
        ]
      ]
    },
    "debug": {
      "type": "boolean",
      "description": "Whether every managed answer says in `x-cors-gateway` what was decided and why. Never for production: it names rules.",
      "default": false,
      "examples": [
        true
      ]
    },
    "allowEmpty": {
      "type": "boolean",
      "description": "Whether a policy set without any rule is meant, and no fault.",
      "default": false,
      "examples": [
        true
      ]
    },
    "lastKnownGood": {
      "type": "string",
      "minLength": 1,
      "maxLength": 4096,
      "description": "A file in which the last good set is kept, for a start with a broken one.",
      "examples": [
        "/var/lib/cors-gateway/last-good.json"
      ]
    },
    "shadow": {
      "type": [
        "string",
        "array"
      ],
      "minLength": 1,
      "maxLength": 4096,
      "minItems": 1,
      "description": "A second policy directory, or several that make one set: decided beside the first and compared with it, never enforced.",
      "items": {
        "type": "string",
        "minLength": 1,
        "maxLength": 4096,
        "description": "A policy directory."
      },
      "examples": [
        "policies-next"
      ]
    },
    "router": {
      "type": "object",
      "title": "GatewayRouter",
      "additionalProperties": false,
      "description": "How the gateway's router reads a path, by Fastify's options of these names. Policies are matched likewise.",
      "properties": {
        "caseSensitive": {
          "type": "boolean",
          "description": "Whether `/Cart` and `/cart` are two paths.",
          "default": true,
          "examples": [
            false
          ]
        },
        "ignoreTrailingSlash": {
          "type": "boolean",
          "description": "Whether `/cart/` is the same path as `/cart`.",
          "default": false,
          "examples": [
            true
          ]
        },
        "ignoreDuplicateSlashes": {
          "type": "boolean",
          "description": "Whether `//cart` is the same path as `/cart`.",
          "default": false,
          "examples": [
            true
          ]
        },
        "useSemicolonDelimiter": {
          "type": "boolean",
          "description": "Whether a `;` ends the path, as a `?` does.",
          "default": false,
          "examples": [
            true
          ]
        }
      },
      "examples": [
        {
          "caseSensitive": false
        }
      ]
    },
    "tls": {
      "type": "object",
      "title": "GatewayTls",
      "additionalProperties": false,
      "required": [
        "cert",
        "key"
      ],
      "description": "Serves https. Both files are PEM, and are read again when they change.",
      "properties": {
        "cert": {
          "type": "string",
          "minLength": 1,
          "maxLength": 4096,
          "description": "The certificate, followed by those between it and the authority.",
          "examples": [
            "/etc/tls/tls.crt"
          ]
        },
        "key": {
          "type": "string",
          "minLength": 1,
          "maxLength": 4096,
          "description": "The certificate's private key.",
          "examples": [
            "/etc/tls/tls.key"
          ]
        }
      },
      "examples": [
        {
          "cert": "/etc/tls/tls.crt",
          "key": "/etc/tls/tls.key"
        }
      ]
    },
    "http2": {
      "type": "boolean",
      "description": "Whether clients may speak HTTP/2. Only with `tls`, and `true` with it unless given.",
      "examples": [
        false
      ]
    },
    "trustProxy": {
      "type": [
        "boolean",
        "integer",
        "array"
      ],
      "minimum": 1,
      "maximum": 32,
      "minItems": 1,
      "description": "Whose `X-Forwarded-For`, `-Host` and `-Proto` are believed: nobody's (`false`), everybody's (`true`), those of so many proxies in front, or those of the addresses listed. Whoever is believed can pass for another client, host and scheme.",
      "items": {
        "type": "string",
        "minLength": 1,
        "maxLength": 64,
        "description": "An IP address, a network such as `10.0.0.0/8`, or `loopback`, `linklocal` or `uniquelocal`."
      },
      "default": false,
      "examples": [
        1,
        [
          "10.0.0.0/8",
          "loopback"
        ]
      ]
    },
    "timeouts": {
      "type": "object",
      "title": "GatewayTimeouts",
      "additionalProperties": false,
      "description": "How long the gateway waits: whole seconds, or durations such as `30s` and `10m`.",
      "properties": {
        "upstream": {
          "type": [
            "string",
            "integer"
          ],
          "description": "For an upstream to accept a connection, and then for the head of its answer. A body may take its time.",
          "minimum": 1,
          "maximum": 86400,
          "pattern": "^[1-9]\\d{0,4}[smh]$",
          "patternErrorMessage": "write whole seconds, or a duration such as `30s`, `10m` or `2h`",
          "default": "60s",
          "examples": [
            "30s"
          ]
        },
        "request": {
          "type": [
            "string",
            "integer"
          ],
          "description": "For a client to send its whole request, body included. As long as it takes unless given.",
          "minimum": 1,
          "maximum": 86400,
          "pattern": "^[1-9]\\d{0,4}[smh]$",
          "patternErrorMessage": "write whole seconds, or a duration such as `30s`, `10m` or `2h`",
          "examples": [
            "5m"
          ]
        },
        "keepAlive": {
          "type": [
            "string",
            "integer"
          ],
          "description": "For the next request on an open connection.",
          "minimum": 1,
          "maximum": 86400,
          "pattern": "^[1-9]\\d{0,4}[smh]$",
          "patternErrorMessage": "write whole seconds, or a duration such as `30s`, `10m` or `2h`",
          "default": "72s",
          "examples": [
            "2m"
          ]
        },
        "drain": {
          "type": [
            "string",
            "integer"
          ],
          "description": "For requests in flight to end when the gateway is told to; then their connections are cut.",
          "minimum": 1,
          "maximum": 86400,
          "pattern": "^[1-9]\\d{0,4}[smh]$",
          "patternErrorMessage": "write whole seconds, or a duration such as `30s`, `10m` or `2h`",
          "default": "9s",
          "examples": [
            "25s"
          ]
        }
      },
      "examples": [
        {
          "upstream": "30s",
          "drain": "25s"
        }
      ]
    },
    "limits": {
      "type": "object",
      "title": "GatewayLimits",
      "additionalProperties": false,
      "description": "How much a request may bring, in bytes or sizes such as `64KiB` and `10MiB`, and how many may be under way.",
      "properties": {
        "body": {
          "type": [
            "string",
            "integer"
          ],
          "description": "The largest body of a request; a larger one is answered with 413. No limit unless given.",
          "minimum": 1,
          "maximum": 1099511627776,
          "pattern": "^[1-9]\\d{0,6}(?:KiB|MiB|GiB)$",
          "patternErrorMessage": "write bytes as a whole number, or a size such as `64KiB`, `10MiB` or `1GiB`",
          "examples": [
            "10MiB"
          ]
        },
        "header": {
          "type": [
            "string",
            "integer"
          ],
          "description": "The most that the header lines of a request may hold, from `1KiB` to `1MiB`; more is answered with 431.",
          "minimum": 1,
          "maximum": 1099511627776,
          "pattern": "^[1-9]\\d{0,6}(?:KiB|MiB|GiB)$",
          "patternErrorMessage": "write bytes as a whole number, or a size such as `64KiB`, `10MiB` or `1GiB`",
          "default": "16KiB",
          "examples": [
            "32KiB",
            32768
          ]
        },
        "message": {
          "type": [
            "string",
            "integer"
          ],
          "description": "The largest message of a WebSocket, either way, up to `1GiB`; a larger one closes it with 1009. The gateway keeps a message until it is whole.",
          "minimum": 1,
          "maximum": 1073741824,
          "pattern": "^[1-9]\\d{0,6}(?:KiB|MiB|GiB)$",
          "patternErrorMessage": "write bytes as a whole number, or a size such as `64KiB`, `10MiB` or `1GiB`",
          "default": "1MiB",
          "examples": [
            "64KiB"
          ]
        },
        "connections": {
          "type": "integer",
          "description": "How many requests to one upstream may be under way at a time, WebSockets included; more are answered with 503.",
          "minimum": 1,
          "maximum": 65536,
          "default": 1024,
          "examples": [
            256
          ]
        }
      },
      "examples": [
        {
          "body": "10MiB"
        }
      ]
    },
    "metrics": {
      "type": "object",
      "title": "GatewayMetrics",
      "additionalProperties": false,
      "description": "How much the metrics tell.",
      "properties": {
        "maxRules": {
          "type": "integer",
          "minimum": 0,
          "maximum": 1000000,
          "description": "With more rules than this the `rule` label is `_`, so that there is no time series a rule.",
          "default": 1000,
          "examples": [
            200
          ]
        }
      },
      "examples": [
        {
          "maxRules": 200
        }
      ]
    }
  },
  "examples": [
    {
      "version": 1,
      "policies": "policies",
      "listen": "0.0.0.0:8080",
      "upstreams": [
        {
          "url": "http://127.0.0.1:3000"
        }
      ]
    }
  ],
  "definitions": {
    "upstream": {
      "type": "object",
      "title": "GatewayUpstream",
      "additionalProperties": false,
      "required": [
        "url"
      ],
      "description": "A server behind the gateway, and which requests it gets.",
      "properties": {
        "url": {
          "type": "string",
          "minLength": 1,
          "maxLength": 2048,
          "description": "Scheme, host and port of the upstream, without a path: the path that was judged is the path that it gets.",
          "examples": [
            "http://127.0.0.1:3000",
            "https://shop.internal"
          ]
        },
        "prefix": {
          "type": "string",
          "maxLength": 1024,
          "pattern": "^(?:/|(?:/(?!\\.{1,2}(?:/|$))[A-Za-z0-9._~-]+)+/?)$",
          "patternErrorMessage": "write whole path segments of letters, digits and `-._~`, such as `/search`",
          "description": "It gets the requests whose path is this one or lies below it. Every path unless given. The prefix stays in the path.",
          "default": "/",
          "examples": [
            "/search"
          ]
        },
        "hosts": {
          "type": "array",
          "minItems": 1,
          "description": "It gets the requests to these hosts only. Every host unless given.",
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
        }
      }
    }
  }
}
