// What the admin listener shows: health, metrics, status, the access review, explanations.
import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import type { PageRequest } from '../inspect/browser.ts'
import { renderExplanation } from '../inspect/render-story.ts'
import { reviewOrigin, reviewRule } from '../inspect/review.ts'
import { internalsOf, type Internals } from '../plugin/internals.ts'
import type { CorsGateway } from '../plugin/plugin.ts'
import { BadQuery, oneOf, queryOf, whenLoaded, wordOf, type Query } from './admin-query.ts'

/** Registers what probes ask for: whether the process lives, and whether it serves a good set. */
export function registerHealth (api: FastifyInstance, gateway: () => CorsGateway | null): void {
  api.get('/healthz', async () => ({ ok: true }))
  api.get('/readyz', async (_request, reply) => {
    const ready = gateway() !== null
    return reply.code(ready ? 200 : 503).send({ ready })
  })
}

/** Registers everything that only tells. */
export function registerViews (api: FastifyInstance, gateway: () => CorsGateway | null): void {
  api.get('/metrics', whenLoaded(gateway, (face, _request, reply) =>
    reply.header('content-type', 'text/plain; version=0.0.4; charset=utf-8').send(face.metrics())))
  api.get('/api/status', whenLoaded(gateway, face => face.status()))
  api.get('/api/rules', whenLoaded(gateway, (face, _request, reply) =>
    reply.header('content-type', 'application/json; charset=utf-8').send(Readable.from(rulesInPieces(internalsOf(face).snapshot())))))
  api.get('/api/explain', whenLoaded(gateway, (face, request, reply) => {
    const query = queryOf(request, ['origin', 'url', 'method', 'credentials', 'header', 'format'])
    const format = wordOf(query, 'format', ['json', 'pretty'])
    const explanation = explainQuestion(face, questionOf(query))
    return format === 'json' ? explanation : reply.header('content-type', 'text/plain; charset=utf-8').send(renderExplanation(explanation, false))
  }))
}

/** Rule by rule: lists of origins that rules share are written out for each of them, which may be very much in all. */
function* rulesInPieces ({ generation, revision, at, set }: ReturnType<Internals['snapshot']>): Generator<string> {
  yield `{"generation":${generation},"revision":${JSON.stringify(revision)},"rules":[`
  for (const [i, rule] of set.rules.entries()) yield (i === 0 ? '' : ',') + JSON.stringify(reviewRule(rule, at))
  yield `],"blockedOrigins":${JSON.stringify(set.blockedOrigins.map(reviewOrigin))}}`
}

function explainQuestion (face: CorsGateway, question: PageRequest): ReturnType<CorsGateway['explain']> {
  try {
    return face.explain(question)
  } catch (error) {
    if (error instanceof TypeError) throw new BadQuery(error.message)
    throw error
  }
}

/** The question that a query asks. */
function questionOf (query: Query): PageRequest {
  const origin = oneOf(query, 'origin')
  const url = oneOf(query, 'url')
  if (origin === undefined || url === undefined) throw new BadQuery('`origin` and `url` are needed: whose page asks, and for what')
  const headers = query['header'] ?? []
  return {
    origin,
    url,
    method: oneOf(query, 'method') ?? 'GET',
    headers: (typeof headers === 'string' ? [headers] : headers).map(headerOf),
    credentials: wordOf(query, 'credentials', ['same-origin', 'include', 'omit'])
  }
}

function headerOf (text: string): [name: string, value: string] {
  const colon = text.indexOf(':')
  if (colon <= 0) throw new BadQuery(`\`header\` is a name and a value, such as \`content-type: text/plain\`, not \`${text}\``)
  return [text.slice(0, colon).trim(), text.slice(colon + 1).trim()]
}
