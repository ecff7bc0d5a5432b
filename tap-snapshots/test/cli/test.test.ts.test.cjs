/* IMPORTANT
 * This snapshot file is auto-generated, but designed for humans.
 * It should be checked into source control and tracked carefully.
 * Re-generate by setting TAP_SNAPSHOT=1 and running tests.
 * Make sure to inspect the output below.  Do not ignore changes!
 */
'use strict'
exports[`test/cli/test.test.ts > TAP > suggestions > a suggestion 1`] = `
version: 1
tests:
  - name: "checkout: https://pr-1.preview.example.com (https://pr-*.preview.example.com)"
    request:
      origin: https://pr-1.preview.example.com
      url: https://api.example.com/cart
    expect: readable
    rule: checkout

`

exports[`test/cli/test.test.ts > TAP > tests that fail > json 1`] = `
{
  "ok": false,
  "passed": 1,
  "failed": 3,
  "tests": [
    {
      "name": "the shop changes a cart",
      "file": "a.test.yaml",
      "line": 3,
      "ok": true,
      "expected": "readable",
      "got": "readable",
      "reason": "allowed",
      "rule": {
        "name": "checkout",
        "file": "shop.yaml",
        "line": 3
      },
      "differs": []
    },
    {
      "name": "a slip of the path",
      "file": "b.test.yaml",
      "line": 3,
      "ok": false,
      "expected": "blocked",
      "got": "blocked",
      "reason": "no-policy",
      "rule": null,
      "differs": [
        {
          "what": "reason",
          "expected": "origin-not-allowed",
          "got": "no-policy"
        }
      ]
    },
    {
      "name": "# SKIP <b>&\\"quoted\\"</b> ]]> \\\\ \\u001b[31m \\n new line",
      "file": "b.test.yaml",
      "line": 7,
      "ok": false,
      "expected": "readable",
      "got": "blocked",
      "reason": "method-not-allowed",
      "rule": {
        "name": "checkout",
        "file": "shop.yaml",
        "line": 3
      },
      "differs": [
        {
          "what": "outcome",
          "expected": "readable",
          "got": "blocked"
        }
      ]
    },
    {
      "name": "a preview reads a cart",
      "file": "b.test.yaml",
      "line": 10,
      "ok": false,
      "expected": "blocked",
      "got": "readable",
      "reason": "allowed",
      "rule": {
        "name": "checkout",
        "file": "shop.yaml",
        "line": 3
      },
      "differs": [
        {
          "what": "outcome",
          "expected": "blocked",
          "got": "readable"
        }
      ]
    }
  ],
  "coverage": {
    "percent": 100,
    "covered": 2,
    "total": 2,
    "uncovered": []
  },
  "revision": "8c03c27b619b"
}

`

exports[`test/cli/test.test.ts > TAP > tests that fail > junit 1`] = `
<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="cors-gateway" tests="4" failures="3" errors="0">
  <testsuite name="a.test.yaml" tests="1" failures="0" errors="0" skipped="0">
    <properties><property name="coverage" value="100"/></properties>
    <testcase name="the shop changes a cart" classname="a.test.yaml" file="a.test.yaml" line="3"/>
  </testsuite>
  <testsuite name="b.test.yaml" tests="3" failures="3" errors="0" skipped="0">
    <properties><property name="coverage" value="100"/></properties>
    <testcase name="a slip of the path" classname="b.test.yaml" file="b.test.yaml" line="3">
      <failure type="reason" message="expected the reason origin-not-allowed, got no-policy">at b.test.yaml:3: expected the reason origin-not-allowed, got no-policy
path: no rule&apos;s host and route match (unmatched: every such path is denied)
near: checkout at shop.yaml:4: /cart/* has \`cart\` where the path has \`crt\`</failure>
    </testcase>
    <testcase name="# SKIP &lt;b&gt;&amp;&quot;quoted&quot;&lt;/b&gt; ]]&gt; \\ ␛[31m ␊ new line" classname="b.test.yaml" file="b.test.yaml" line="7">
      <failure type="outcome" message="expected readable, got blocked (method-not-allowed)">at b.test.yaml:7: expected readable, got blocked (method-not-allowed)
decided by rule checkout at shop.yaml:3 (route /cart/*, origin https://shop.example.com)
method: DELETE: allowMethods at shop.yaml:6: GET, HEAD, POST, PUT
near: checkout at shop.yaml:6: DELETE is not in allowMethods: GET, HEAD, POST, PUT</failure>
    </testcase>
    <testcase name="a preview reads a cart" classname="b.test.yaml" file="b.test.yaml" line="10">
      <failure type="outcome" message="expected blocked, got readable (allowed)">at b.test.yaml:10: expected blocked, got readable (allowed)
decided by rule checkout at shop.yaml:3 (route /cart/*, origin https://pr-*.preview.example.com)
origin: \`https://pr-*.preview.example.com\` at shop.yaml:5 of checkout is the most specific match</failure>
    </testcase>
  </testsuite>
</testsuites>

`

exports[`test/cli/test.test.ts > TAP > tests that fail > pretty 1`] = `
a.test.yaml
  ok  the shop changes a cart

b.test.yaml
  no  a slip of the path
      at b.test.yaml:3: expected the reason origin-not-allowed, got no-policy
      path: no rule's host and route match (unmatched: every such path is denied)
      near: checkout at shop.yaml:4: /cart/* has \`cart\` where the path has \`crt\`
  no  # SKIP <b>&"quoted"</b> ]]> \\ ␛[31m ␊ new line
      at b.test.yaml:7: expected readable, got blocked (method-not-allowed)
      decided by rule checkout at shop.yaml:3 (route /cart/*, origin https://shop.example.com)
      method: DELETE: allowMethods at shop.yaml:6: GET, HEAD, POST, PUT
      near: checkout at shop.yaml:6: DELETE is not in allowMethods: GET, HEAD, POST, PUT
  no  a preview reads a cart
      at b.test.yaml:10: expected blocked, got readable (allowed)
      decided by rule checkout at shop.yaml:3 (route /cart/*, origin https://pr-*.preview.example.com)
      origin: \`https://pr-*.preview.example.com\` at shop.yaml:5 of checkout is the most specific match

4 tests: 1 passed, 3 failed
coverage 100 %: 2 of 2 rules and origin patterns

`

exports[`test/cli/test.test.ts > TAP > tests that fail > tap 1`] = `
TAP version 14
1..4
ok 1 - the shop changes a cart
not ok 2 - a slip of the path
  ---
  message: "expected the reason origin-not-allowed, got no-policy"
  at:
    fileName: "b.test.yaml"
    lineNumber: 3
  expected: "blocked"
  got: "blocked"
  reason: "no-policy"
  look at:
    - "path: no rule's host and route match (unmatched: every such path is denied)"
    - "near: checkout at shop.yaml:4: /cart/* has \`cart\` where the path has \`crt\`"
  ...
not ok 3 - \\# SKIP <b>&"quoted"</b> ]]> \\\\ ␛[31m ␊ new line
  ---
  message: "expected readable, got blocked (method-not-allowed)"
  at:
    fileName: "b.test.yaml"
    lineNumber: 7
  expected: "readable"
  got: "blocked"
  reason: "method-not-allowed"
  look at:
    - "decided by rule checkout at shop.yaml:3 (route /cart/*, origin https://shop.example.com)"
    - "method: DELETE: allowMethods at shop.yaml:6: GET, HEAD, POST, PUT"
    - "near: checkout at shop.yaml:6: DELETE is not in allowMethods: GET, HEAD, POST, PUT"
  ...
not ok 4 - a preview reads a cart
  ---
  message: "expected blocked, got readable (allowed)"
  at:
    fileName: "b.test.yaml"
    lineNumber: 10
  expected: "blocked"
  got: "readable"
  reason: "allowed"
  look at:
    - "decided by rule checkout at shop.yaml:3 (route /cart/*, origin https://pr-*.preview.example.com)"
    - "origin: \`https://pr-*.preview.example.com\` at shop.yaml:5 of checkout is the most specific match"
  ...
# coverage 100 %

`

exports[`test/cli/test.test.ts > TAP > tests that pass > json 1`] = `
{
  "ok": true,
  "passed": 2,
  "failed": 0,
  "tests": [
    {
      "name": "the shop changes a cart",
      "file": "deep/shop.test.yml",
      "line": 3,
      "ok": true,
      "expected": "readable",
      "got": "readable",
      "reason": "allowed",
      "rule": {
        "name": "checkout",
        "file": "shop.yaml",
        "line": 3
      },
      "differs": []
    },
    {
      "name": "the shop changes a cart",
      "file": "shop.test.yaml",
      "line": 3,
      "ok": true,
      "expected": "readable",
      "got": "readable",
      "reason": "allowed",
      "rule": {
        "name": "checkout",
        "file": "shop.yaml",
        "line": 3
      },
      "differs": []
    }
  ],
  "revision": "8c03c27b619b"
}

`

exports[`test/cli/test.test.ts > TAP > tests that pass > junit 1`] = `
<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="cors-gateway" tests="2" failures="0" errors="0">
  <testsuite name="deep/shop.test.yml" tests="1" failures="0" errors="0" skipped="0">
    <testcase name="the shop changes a cart" classname="deep/shop.test.yml" file="deep/shop.test.yml" line="3"/>
  </testsuite>
  <testsuite name="shop.test.yaml" tests="1" failures="0" errors="0" skipped="0">
    <testcase name="the shop changes a cart" classname="shop.test.yaml" file="shop.test.yaml" line="3"/>
  </testsuite>
</testsuites>

`

exports[`test/cli/test.test.ts > TAP > tests that pass > pretty 1`] = `
deep/shop.test.yml
  ok  the shop changes a cart

shop.test.yaml
  ok  the shop changes a cart

2 tests: 2 passed

`

exports[`test/cli/test.test.ts > TAP > tests that pass > tap 1`] = `
TAP version 14
1..2
ok 1 - the shop changes a cart
ok 2 - the shop changes a cart

`
