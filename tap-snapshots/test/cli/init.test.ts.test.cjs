/* IMPORTANT
 * This snapshot file is auto-generated, but designed for humans.
 * It should be checked into source control and tracked carefully.
 * Re-generate by setting TAP_SNAPSHOT=1 and running tests.
 * Make sure to inspect the output below.  Do not ignore changes!
 */
'use strict'
exports[`test/cli/init.test.ts > TAP > what it writes is valid, tested, and known to editors > .github/workflows/cors.yml 1`] = `
# Checks the CORS policies, runs their tests, and shows what a pull request decides differently from its base branch.
# That comparison stops nothing: with \`--fail-on widened\` it holds what opens access or drops a guardrail.
name: cors
on:
  push:
    branches: [main]
  pull_request:
permissions:
  contents: read
jobs:
  policies:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v5
        with:
          fetch-depth: 0               # the base branch too, for the comparison
          persist-credentials: false
      - uses: actions/setup-node@v5
        with:
          node-version: 22
      - name: Check
        run: npx --yes fastify-cors-gateway@VERSION check policies --format github --max-warnings 0
      - name: Test
        run: npx --yes fastify-cors-gateway@VERSION test policies --min-coverage 100
      - name: Compare with the base branch
        if: github.event_name == 'pull_request'
        env:
          BASE_REF: \${{ github.base_ref }}
          POLICIES: "policies"
        run: |
          if git cat-file -e "origin/$BASE_REF:$POLICIES" 2>/dev/null; then
            npx --yes fastify-cors-gateway@VERSION diff "git:origin/$BASE_REF:$POLICIES" policies --format markdown >> "$GITHUB_STEP_SUMMARY"
          fi

`

exports[`test/cli/init.test.ts > TAP > what it writes is valid, tested, and known to editors > policies/cors.test.yaml 1`] = `
# yaml-language-server: $schema=../node_modules/fastify-cors-gateway/schemas/policy-test.schema.json
# What a browser lets a page read, and what it keeps from it. Run: npx fastify-cors-gateway test
version: 1
tests:
  - name: the front end changes something with its user's session
    request:
      origin: https://app.example.com
      url: https://api.example.com/api/items/7
      method: PUT
      headers: { content-type: application/json }
      credentials: include
    expect: readable
    rule: api

  - name: a look-alike of the front end is kept out
    request:
      origin: https://app.example.com.evil.example
      url: https://api.example.com/api/items/7
    expect: blocked
    because: origin-not-allowed

  - name: any page reads what is public
    request:
      origin: https://anyone.example
      url: https://api.example.com/public/news
    expect: readable
    rule: public

  - name: and none brings its user's cookies
    request:
      origin: https://anyone.example
      url: https://api.example.com/public/news
      credentials: include
    expect: blocked
    rule: public
    because: credentials-not-allowed

`

exports[`test/cli/init.test.ts > TAP > what it writes is valid, tested, and known to editors > policies/cors.yaml 1`] = `
# yaml-language-server: $schema=../node_modules/fastify-cors-gateway/schemas/policy.schema.json
# Who may read this server's answers across origins. Everything that no rule names is denied.
version: 1
description: Our own front end

# Named lists of origins: exactly what a browser sends, without path and trailing slash.
originSets:
  frontend:
    - https://app.example.com
    # - https://*.preview.example.com    # every host below, but not preview.example.com itself

rules:
  # For each request one rule decides: that of the most specific route, then of the most specific origin.
  - name: api
    description: The front end, with its user's session
    routes: [/api/**]                    # /api and everything below it; :name stands for one segment
    allowOrigins: [$frontend]
    allowMethods: [GET, HEAD, POST, PUT, PATCH, DELETE]
    allowHeaders: [content-type]         # request headers beside those that need no permission
    exposeHeaders: []                    # response headers that pages may read
    allowCredentials: true               # cookies; leave it out where pages send none
    maxAge: 10m                          # how long browsers keep the answer to a preflight

  # What anyone may read: a star never goes along with credentials.
  - name: public
    routes: [/public/**]
    allowOrigins: ["*"]
    maxAge: 1h

`

exports[`test/cli/init.test.ts > TAP > what it writes is valid, tested, and known to editors > what it says 1`] = `
wrote policies/cors.yaml
wrote policies/cors.test.yaml
wrote .github/workflows/cors.yml

Next:
  1. Write your own origins and routes into policies/cors.yaml, and what must hold into the tests.
  2. npx fastify-cors-gateway check
  3. npx fastify-cors-gateway test --coverage
  4. npx fastify-cors-gateway serve     # or: app.register(corsGateway, { policies: 'policies' })

`
