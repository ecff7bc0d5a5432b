// The JSON Schema of a file of policy tests and its types, generated from schemas/policy-test.schema.json by `npm run generate`.
/* eslint-disable */

/**
 * A file of policy tests (`*.test.yaml`), beside the policies that it tests: what a browser lets a page read, and what it keeps from it. It is no part of the policy set.
 */
export interface PolicyTestFile {
  /**
   * The JSON Schema of this file, for editors. The test runner does not read it.
   */
  $schema?: string
  /**
   * The version of the test language.
   */
  version: 1
  /**
   * Free text for people: what the tests of this file are about.
   */
  description?: string
  /**
   * The tests. Each is one request of a page, and what must become of it.
   *
   * @minItems 1
   */
  tests: PolicyTest[]
}
/**
 * One request of a page, and what must become of it.
 */
export interface PolicyTest {
  /**
   * What the test shows, as a sentence; unique in its file.
   */
  name: string
  request: PolicyTestRequest
  /**
   * `readable`: the browser lets the page read the answer (of a WebSocket: it opens). `blocked`: it does not.
   */
  expect: 'readable' | 'blocked'
  /**
   * The rule that must have decided. Leave it out where none does, as for `because: origin-not-allowed`.
   */
  rule?: string
  /**
   * The reason that must be given, so that a test is not met by accident: a misspelt path is blocked too.
   */
  because?:
    | 'allowed'
    | 'same-origin'
    | 'path-ambiguous'
    | 'no-policy'
    | 'origin-malformed'
    | 'origin-blocked'
    | 'origin-not-allowed'
    | 'outside-validity'
    | 'origin-excepted'
    | 'credentials-not-allowed'
    | 'method-not-allowed'
    | 'header-not-allowed'
  /**
   * The moment at which the request is made (RFC 3339, with zone), for rules with a validity window. The moment of the test run unless given.
   */
  at?: string
}
/**
 * A request as a page makes it. The browser's part is played too: a preflight is sent where one is needed.
 */
export interface PolicyTestRequest {
  /**
   * The page's origin as a browser serializes it, or `"null"` for the opaque one. With `because: origin-malformed` it may be any text.
   */
  origin: string
  /**
   * What the page asks for: an absolute http or https URL; ws or wss asks about a WebSocket.
   */
  url: string
  /**
   * The method as the page gives it to `fetch`; `GET` unless given. Methods are case-sensitive.
   */
  method?: string
  /**
   * The headers that the page sets. What only the browser may set, such as `cookie`, is an error.
   */
  headers?: {
    /**
     * The header's value.
     */
    [k: string]: string
  }
  /**
   * What the page says about cookies, as in `fetch`; `same-origin` unless given.
   */
  credentials?: 'omit' | 'same-origin' | 'include'
}

/** The JSON Schema itself: code that reads no files needs it too. */
export const policyTestSchema: Readonly<Record<string, unknown>> = {
  "$schema": "http://json-schema.org/draft-07/schema#",
  "$id": "https://fastify-cors-gateway.dev/policy-test.schema.json",
  "title": "PolicyTestFile",
  "description": "A file of policy tests (`*.test.yaml`), beside the policies that it tests: what a browser lets a page read, and what it keeps from it. It is no part of the policy set.",
  "type": "object",
  "additionalProperties": false,
  "required": [
    "version",
    "tests"
  ],
  "properties": {
    "$schema": {
      "type": "string",
      "description": "The JSON Schema of this file, for editors. The test runner does not read it.",
      "examples": [
        "../schemas/policy-test.schema.json"
      ]
    },
    "version": {
      "const": 1,
      "description": "The version of the test language.",
      "examples": [
        1
      ]
    },
    "description": {
      "type": "string",
      "maxLength": 10000,
      "description": "Free text for people: what the tests of this file are about.",
      "examples": [
        "The shop's own pages, and whom they must not be mistaken for"
      ]
    },
    "tests": {
      "type": "array",
      "minItems": 1,
      "description": "The tests. Each is one request of a page, and what must become of it.",
      "items": {
        "$ref": "#/definitions/test"
      },
      "examples": [
        [
          {
            "name": "a look-alike is kept out",
            "request": {
              "origin": "https://shop.example.com.evil.example",
              "url": "https://api.example.com/cart/7"
            },
            "expect": "blocked",
            "because": "origin-not-allowed"
          }
        ]
      ]
    }
  },
  "definitions": {
    "test": {
      "title": "PolicyTest",
      "type": "object",
      "description": "One request of a page, and what must become of it.",
      "additionalProperties": false,
      "required": [
        "name",
        "request",
        "expect"
      ],
      "properties": {
        "name": {
          "type": "string",
          "minLength": 1,
          "maxLength": 1000,
          "description": "What the test shows, as a sentence; unique in its file.",
          "examples": [
            "the shop pays with its session",
            "a look-alike is kept out"
          ]
        },
        "request": {
          "$ref": "#/definitions/request"
        },
        "expect": {
          "enum": [
            "readable",
            "blocked"
          ],
          "description": "`readable`: the browser lets the page read the answer (of a WebSocket: it opens). `blocked`: it does not.",
          "examples": [
            "readable",
            "blocked"
          ]
        },
        "rule": {
          "type": "string",
          "minLength": 1,
          "maxLength": 64,
          "description": "The rule that must have decided. Leave it out where none does, as for `because: origin-not-allowed`.",
          "examples": [
            "checkout"
          ]
        },
        "because": {
          "enum": [
            "allowed",
            "same-origin",
            "path-ambiguous",
            "no-policy",
            "origin-malformed",
            "origin-blocked",
            "origin-not-allowed",
            "outside-validity",
            "origin-excepted",
            "credentials-not-allowed",
            "method-not-allowed",
            "header-not-allowed"
          ],
          "description": "The reason that must be given, so that a test is not met by accident: a misspelt path is blocked too.",
          "examples": [
            "origin-not-allowed",
            "no-policy"
          ]
        },
        "at": {
          "type": "string",
          "description": "The moment at which the request is made (RFC 3339, with zone), for rules with a validity window. The moment of the test run unless given.",
          "examples": [
            "2026-11-25T12:00:00Z"
          ]
        }
      }
    },
    "request": {
      "title": "PolicyTestRequest",
      "type": "object",
      "description": "A request as a page makes it. The browser's part is played too: a preflight is sent where one is needed.",
      "additionalProperties": false,
      "required": [
        "origin",
        "url"
      ],
      "properties": {
        "origin": {
          "type": "string",
          "description": "The page's origin as a browser serializes it, or `\"null\"` for the opaque one. With `because: origin-malformed` it may be any text.",
          "examples": [
            "https://shop.example.com",
            "null"
          ]
        },
        "url": {
          "type": "string",
          "minLength": 1,
          "description": "What the page asks for: an absolute http or https URL; ws or wss asks about a WebSocket.",
          "examples": [
            "https://api.example.com/cart/7",
            "wss://api.example.com/live"
          ]
        },
        "method": {
          "type": "string",
          "minLength": 1,
          "description": "The method as the page gives it to `fetch`; `GET` unless given. Methods are case-sensitive.",
          "examples": [
            "PUT"
          ]
        },
        "headers": {
          "type": "object",
          "description": "The headers that the page sets. What only the browser may set, such as `cookie`, is an error.",
          "additionalProperties": {
            "type": "string",
            "description": "The header's value."
          },
          "examples": [
            {
              "content-type": "application/json"
            }
          ]
        },
        "credentials": {
          "enum": [
            "omit",
            "same-origin",
            "include"
          ],
          "description": "What the page says about cookies, as in `fetch`; `same-origin` unless given.",
          "examples": [
            "include"
          ]
        }
      }
    }
  }
}
