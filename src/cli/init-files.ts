// What `init` writes: a first policy to change, its tests, and a workflow that checks every change to both.
import { shellWord } from '../inspect/curl.ts'
import { version } from '../source/version.ts'

/** A first policy file. `schema` is the path of the JSON Schema, relative to the file. */
export function firstPolicy (schema: string): string {
  return `# yaml-language-server: $schema=${schema}
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
}

/** The tests of the first policy, which cover all of it. */
export function firstTests (schema: string): string {
  return `# yaml-language-server: $schema=${schema}
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
}

/** Where a workflow finds things; all paths with `/`. */
export interface WorkflowPaths {
  /** The policy directory, from the root of the repository. */
  readonly policies: string
  /** The same, from the directory in which commands are run. */
  readonly directory: string
  /** The directory in which commands are run, from the root; `''` for the root itself. */
  readonly workingDirectory: string
  /** Whether the package is installed there by npm: then that version runs, else the one that wrote the workflow. */
  readonly isInstalled: boolean
}

/** A GitHub Actions workflow: check and test, and for a pull request what it decides differently from its base branch. */
export function workflow ({ policies, directory, workingDirectory, isInstalled }: WorkflowPaths): string {
  const command = isInstalled ? 'npx fastify-cors-gateway' : `npx --yes fastify-cors-gateway@${version}`
  const here = shellWord(directory)
  return `# Checks the CORS policies, runs their tests, and shows what a pull request decides differently from its base branch.
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
${workingDirectory === '' ? '' : `    defaults:
      run:
        working-directory: ${JSON.stringify(workingDirectory)}
`}    steps:
      - uses: actions/checkout@v5
        with:
          fetch-depth: 0               # the base branch too, for the comparison
          persist-credentials: false
      - uses: actions/setup-node@v5
        with:
          node-version: 22
${isInstalled ? '      - run: npm ci\n' : ''}      - name: Check
        run: ${command} check ${here} --format github --max-warnings 0
      - name: Test
        run: ${command} test ${here} --min-coverage 100
      - name: Compare with the base branch
        if: github.event_name == 'pull_request'
        env:
          BASE_REF: \${{ github.base_ref }}
          POLICIES: ${JSON.stringify(policies)}
        run: |
          if git cat-file -e "origin/$BASE_REF:$POLICIES" 2>/dev/null; then
            ${command} diff "git:origin/$BASE_REF:$POLICIES" ${here} --format markdown >> "$GITHUB_STEP_SUMMARY"
          fi
`
}
