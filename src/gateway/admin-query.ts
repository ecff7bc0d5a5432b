// Reads query parameters of the admin API, or says what is wrong with them.
import type { FastifyReply, FastifyRequest, RouteHandlerMethod } from 'fastify'
import type { CorsGateway } from '../plugin/plugin.ts'

/** A query that means nothing: 400 with this message. */
export class BadQuery extends Error {
  readonly statusCode = 400
}

/** Query parameters by name; a repeated one has a list. */
export type Query = Readonly<Record<string, string | readonly string[] | undefined>>

/** The parameters of a request, of which there may be those named only. */
export function queryOf (request: FastifyRequest, names: readonly string[]): Query {
  const query = request.query as Query
  for (const name of Object.keys(query)) {
    if (!names.includes(name)) throw new BadQuery(names.length === 0 ? `no parameter is known here, nor \`${name}\`` : `there is no parameter \`${name}\`; known are ${names.join(', ')}`)
  }
  return query
}

/** A parameter that is given once or not at all. */
export function oneOf (query: Query, name: string): string | undefined {
  const value = query[name]
  if (value === undefined || typeof value === 'string') return value
  throw new BadQuery(`\`${name}\` is given more than once`)
}

/** A parameter that takes one of some words, the first of which is the default. */
export function wordOf<const Word extends string> (query: Query, name: string, words: readonly [Word, ...Word[]]): Word {
  const value = oneOf(query, name)
  if (value === undefined) return words[0]
  const word = words.find(each => each === value)
  if (word === undefined) throw new BadQuery(`\`${name}\` is ${words.slice(0, -1).join(', ')} or ${words.at(-1)}, not \`${value}\``)
  return word
}

/** A route that needs a running gateway: 503 until there is one. */
export function whenLoaded (
  gateway: () => CorsGateway | null, handle: (face: CorsGateway, request: FastifyRequest, reply: FastifyReply) => unknown
): RouteHandlerMethod {
  return async (request, reply) => {
    const face = gateway()
    return face === null ? reply.code(503).send({ error: 'no policy set is loaded yet' }) : handle(face, request, reply)
  }
}
