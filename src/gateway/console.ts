// Serves the console: one page of plain files, read once, under a policy that lets nothing else run.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import type { FastifyInstance, FastifyReply } from 'fastify'

// Plain files are not built: from `src/` and from `dist/` the way to them is the same.
const folder = new URL('../../src/gateway/console/', import.meta.url)

const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8', css: 'text/css; charset=utf-8', js: 'text/javascript; charset=utf-8'
}

const headers: Readonly<Record<string, string>> = {
  'content-security-policy': "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  // Asked for again each time, so that page and gateway are always of one version; unchanged files are not sent again.
  'cache-control': 'no-cache'
}

/** Registers the page on `/` and its files beside it. They hold no secret: only what they ask for may need a token. */
export function registerConsole (app: FastifyInstance): void {
  for (const name of readdirSync(folder)) {
    const type = types[name.slice(name.lastIndexOf('.') + 1)]
    if (type === undefined) continue
    const body = readFileSync(new URL(name, folder))
    const etag = `"${createHash('sha256').update(body).digest('base64url')}"`
    app.get(name === 'console.html' ? '/' : `/${name}`, (request, reply) => {
      reply.headers(headers).header('etag', etag).header('content-type', type)
      answer(reply, holds(request.headers['if-none-match'], etag) ? null : body)
    })
  }
}

/** The body, or 304 without one. */
function answer (reply: FastifyReply, body: Buffer | null): void {
  if (body === null) reply.code(304).send()
  else reply.send(body)
}

/** Whether a client has the file already (RFC 9110, section 13.1.2). */
function holds (ifNoneMatch: string | undefined, etag: string): boolean {
  return ifNoneMatch !== undefined && ifNoneMatch.split(',').some(each => ['*', etag].includes(each.trim().replace(/^W\//, '')))
}
