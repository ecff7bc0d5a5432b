// A small upstream that answers with what it received, so that one command shows the whole gateway.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A running echo server. */
export interface EchoUpstream {
  readonly url: string
  close (): Promise<void>
}

/** Starts the echo upstream on a free loopback port. It answers every request with its own method, target and headers, as JSON. */
export async function startEchoUpstream (): Promise<EchoUpstream> {
  const server = createServer((request, response) => {
    request.resume()
    request.on('end', () => {
      response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' })
      response.end(JSON.stringify({ method: request.method, url: request.url, headers: request.headers }, null, 2) + '\n')
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, close: () => closeServer(server) }
}

async function closeServer (server: Server): Promise<void> {
  await new Promise<void>(resolve => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
