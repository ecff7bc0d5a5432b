// The machines of a test: page servers, the gateway before an upstream, and a record of the requests that reach the gateway.
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { SourceText } from '../../src/diagnostic/span.ts'
import { startGateway } from '../../src/gateway/gateway.ts'
import type { CorsGateway } from '../../src/plugin/plugin.ts'
import { memorySource } from '../../src/source/memory.ts'
import { policiesFor, type PagePorts } from './policies.ts'
import { createUpstream, servePage } from './upstream.ts'

/** A request as it reached the gateway. */
export interface Arrival {
  readonly method: string
  readonly origin: string | undefined
  readonly cookie: string | undefined
  /** `Access-Control-Request-Method` and `-Headers`, as they came; undefined where there are none. */
  readonly requestedMethod: string | undefined
  readonly requestedHeaders: string | undefined
}

/** Everything that runs beside the browser. */
export interface Lab {
  readonly ports: PagePorts & { readonly gateway: number }
  readonly explain: CorsGateway['explain']
  /** What arrived for a marker (`mark` in the query), in order. */
  arrivals (mark: string): readonly Arrival[]
  /** Hot reload with another end of the rule `changing`, in force when it resolves. */
  change (rule: string): Promise<void>
  close (): Promise<void>
}

/** Starts everything on free loopback ports. */
export async function startLab (): Promise<Lab> {
  const servers = [createServer(servePage), createServer(servePage), createUpstream()]
  const [pages, morePages, upstream] = await Promise.all(servers.map(listen)) as [number, number, number]
  const ports = { pages, morePages }
  const textsWith = (changing?: string): SourceText[] => [{ name: 'browsers.yaml', text: policiesFor(ports, changing) }]
  const source = memorySource(textsWith())
  const gateway = await startGateway({
    plugin: { policies: source },
    listen: { host: '127.0.0.1', port: 0 },
    admin: null,
    // Nothing listens on the discard port.
    upstreams: [{ prefix: '/', url: `http://127.0.0.1:${upstream}` }, { prefix: '/down', url: 'http://127.0.0.1:9' }],
    logger: false
  })
  const port = Number(new URL(gateway.url).port)
  const arrived = new Map<string, Arrival[]>()
  const record = (message: unknown): void => {
    const { request } = message as { request: IncomingMessage }
    if (request.socket.localPort === port) note(arrived, request)
  }
  subscribe('http.server.request.start', record)
  return {
    ports: { ...ports, gateway: port },
    explain: question => gateway.face.explain(question),
    arrivals: mark => arrived.get(mark) ?? [],
    change: async rule => {
      source.set(textsWith(rule))
      const { ok, diagnostics } = await gateway.face.reload()
      if (!ok) throw new Error(`the policies were not taken: ${JSON.stringify(diagnostics)}`)
    },
    close: async () => {
      unsubscribe('http.server.request.start', record)
      for (const server of servers) server.closeAllConnections()
      await gateway.close()
      for (const server of servers) server.close()
    }
  }
}

function note (arrived: Map<string, Arrival[]>, { method, url, headers }: IncomingMessage): void {
  const mark = new URL(url!, 'http://gateway').searchParams.get('mark')
  if (mark === null) return
  const list = arrived.get(mark) ?? []
  arrived.set(mark, list)
  list.push({
    method: method!,
    origin: headers.origin,
    cookie: headers.cookie,
    requestedMethod: headers['access-control-request-method'],
    requestedHeaders: headers['access-control-request-headers']
  })
}

async function listen (server: Server): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  return (server.address() as AddressInfo).port
}
