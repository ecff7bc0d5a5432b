// The stream of decisions: server-sent events, bounded in number, in clients and in what waits for a slow one.
import type { ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'
import type { DecisionEvent, Watcher } from '../plugin/feed.ts'
import { internalsOf } from '../plugin/internals.ts'
import type { CorsGateway } from '../plugin/plugin.ts'
import { queryOf, whenLoaded, wordOf } from './admin-query.ts'

const maxClients = 16

/** What one client may get. */
export interface StreamLimits {
  /** Events in one second. */
  readonly events: number
  /** Of these, decisions that are no denials: many of them never hide a denial. */
  readonly others: number
  /** Bytes that wait for a client that doesn't read; beyond them it is dropped. */
  readonly waiting: number
  /** Seconds of silence after which a comment is sent, so that nothing between takes the stream for dead. */
  readonly silence: number
}

const limits: StreamLimits = { events: 50, others: 25, waiting: 1024 * 1024, silence: 15 }

/** Registers the stream. It replays the last denials, then tells of each new one; with `?all=1` of other decisions too. */
export function registerDecisions (api: FastifyInstance, gateway: () => CorsGateway | null): void {
  const clients = new Set<EventStream>()
  api.addHook('preClose', async () => { for (const client of clients) client.end() })
  api.get('/api/decisions', whenLoaded(gateway, (face, request, reply) => {
    const hearsAll = wordOf(queryOf(request, ['all']), 'all', ['0', '1']) === '1'
    if (request.raw.method === 'HEAD') return reply.header('content-type', 'text/event-stream').send()
    if (clients.size >= maxClients) return reply.code(503).send({ error: `${maxClients} clients follow the decisions already` })
    const { feed } = internalsOf(face)
    const { raw } = reply.hijack()
    raw.writeHead(200, { ...reply.getHeaders() as Record<string, string>, 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' })
    const client = new EventStream(raw, hearsAll)
    clients.add(client)
    client.replay(feed.recent(), Number(request.headers['last-event-id'] ?? -1))
    const stop = feed.watch(client)
    raw.on('close', () => {
      stop()
      client.end()
      clients.delete(client)
    })
  }))
}

/** One client that follows the decisions. */
export class EventStream implements Watcher {
  readonly hearsAll: boolean
  readonly #raw: ServerResponse
  readonly #limits: StreamLimits
  readonly #timer: NodeJS.Timeout
  /** Within the present second. */
  #events = 0
  #others = 0
  #missed = 0
  #silence = 0

  constructor (raw: ServerResponse, hearsAll: boolean, bounds: StreamLimits = limits) {
    this.#raw = raw
    this.hearsAll = hearsAll
    this.#limits = bounds
    this.#timer = setInterval(() => { this.#nextSecond() }, 1000).unref()
    // A client that goes while something is written to it is no fault of anybody.
    raw.on('error', () => {})
    this.#write(': decisions\n\n')
  }

  /** Sends what came before; to a client that was here, only what it has not seen. */
  replay (events: readonly DecisionEvent[], lastSeen: number): void {
    for (const event of events) if (!(event.id! <= lastSeen)) this.#write(textOf(event))
  }

  wants (isDenial: boolean): boolean {
    if (this.#events < this.#limits.events && (isDenial || this.#others < this.#limits.others)) return true
    this.#missed++
    return false
  }

  take (event: DecisionEvent): void {
    this.#events++
    if (event.id === null) this.#others++
    this.#write(textOf(event))
  }

  #nextSecond (): void {
    if (this.#missed > 0) this.#write(`event: dropped\ndata: {"count":${this.#missed}}\n\n`)
    else if (++this.#silence >= this.#limits.silence) this.#write(': still here\n\n')
    this.#events = this.#others = this.#missed = 0
  }

  #write (text: string): void {
    this.#silence = 0
    if (this.#raw.writableEnded) return
    if (this.#raw.writableLength > this.#limits.waiting) this.#raw.destroy()
    else this.#raw.write(text)
  }

  /** Ends the stream and its timer. */
  end (): void {
    clearInterval(this.#timer)
    this.#raw.end()
  }
}

/** One event on the wire. The values are printable ASCII, and JSON leaves no line break in them. */
function textOf ({ id, at, ...said }: DecisionEvent): string {
  const data = { at: new Date(at).toISOString(), ...said }
  return `${id === null ? '' : `id: ${id}\n`}event: decision\ndata: ${JSON.stringify(data)}\n\n`
}
