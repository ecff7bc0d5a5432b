// Requests and responses as bytes, so that odd targets, repeated lines and empty values survive.
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Lines } from './cases.ts'

export interface WireResponse {
  readonly status: number
  /** Lower-case names; every line by itself. */
  readonly lines: Lines
  /** The values of each name, joined as received. */
  readonly headers: Readonly<Record<string, string>>
  /** As on the wire after the head; chunked bodies undecoded. */
  readonly body: string
}

export async function listen (app: FastifyInstance): Promise<number> {
  await app.listen({ host: '127.0.0.1', port: 0 })
  return (app.server.address() as AddressInfo).port
}

/** Sends bytes and reads until the server closes. */
export function exchangeBytes (port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes, 'latin1'))
    let received = ''
    socket.setEncoding('latin1')
    socket.on('data', chunk => { received += String(chunk) })
    socket.on('error', reject)
    socket.on('close', () => resolve(received))
  })
}

export async function request (port: number, method: string, target: string, lines: Lines, host: string = 'api.example.com'): Promise<WireResponse> {
  const closes = lines.some(([name]) => name.toLowerCase() === 'connection') ? [] : [['Connection', 'close'] as const]
  const head = [['Host', host], ...lines, ...closes].map(([name, value]) => `${name}: ${value}\r\n`).join('')
  return parseResponse(await exchangeBytes(port, `${method} ${target} HTTP/1.1\r\n${head}\r\n`))
}

export function parseResponse (bytes: string): WireResponse {
  const end = bytes.indexOf('\r\n\r\n')
  const [first = '', ...rest] = bytes.slice(0, end).split('\r\n')
  const lines = rest.map(line => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()] as const)
  const headers: Record<string, string> = {}
  for (const [name, value] of lines) headers[name] = name in headers ? `${headers[name]!}, ${value}` : value
  return { status: Number(first.split(' ')[1]), lines, headers, body: bytes.slice(end + 4) }
}

/** The headers of a response on which the gateway has a word. */
export function corsHeaders (headers: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) =>
    name.startsWith('access-control-') || name === 'timing-allow-origin' || name === 'cache-control' || name === 'x-cors-gateway'))
}

/** A request by Node's own client, which knows where a response ends on a connection that a proxy keeps alive. */
export function fetchFrom (
  port: number, method: string, path: string, headers: Record<string, string>
): Promise<{ status: number, headers: IncomingHttpHeaders, body: string }> {
  return new Promise((resolve, reject) => {
    const client = httpRequest({ host: '127.0.0.1', port, path, method, headers, agent: false }, response => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', chunk => { body += String(chunk) })
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, body }))
    })
    client.on('error', reject)
    client.end()
  })
}
