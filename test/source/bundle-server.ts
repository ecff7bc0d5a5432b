// A server of bundles for tests: it answers as it is told, and writes down what it was asked.
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import type { SourceText } from '../../src/diagnostic/span.ts'

/** The server, which answers by whatever `answer` is at the time. */
export interface BundleServer {
  readonly url: string
  readonly port: number
  readonly heard: IncomingMessage[]
  answer: RequestListener
  /** Ends every connection and listens no more. */
  close (): Promise<void>
}

export async function startBundleServer (
  t: Test, answer: RequestListener, { tls, port = 0 }: { tls?: { cert: string, key: string }, port?: number } = {}
): Promise<BundleServer> {
  const heard: IncomingMessage[] = []
  const listener: RequestListener = (request, response) => {
    heard.push(request)
    started.answer(request, response)
  }
  const server: Server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener)
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const close = async (): Promise<void> => {
    server.closeAllConnections()
    if (!server.listening) return
    server.close()
    await once(server, 'close')
  }
  t.teardown(close)
  const { port: taken } = server.address() as AddressInfo
  const started: BundleServer = { url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${taken}/cors.json`, port: taken, heard, answer, close }
  return started
}

/** A bundle, written out here as its documentation describes it. */
export function bundleOf (...files: readonly SourceText[]): string {
  return JSON.stringify({ format: 'cors-policies/1', files })
}

/** Serves a body as a server of files does: with a strong tag made of the content. */
export function serving (body: string): RequestListener {
  const etag = `"${createHash('sha256').update(body).digest('hex').slice(0, 16)}"`
  return ({ headers }, response) => {
    response.setHeader('etag', etag)
    if (headers['if-none-match'] === etag) response.writeHead(304).end()
    else response.end(body)
  }
}
