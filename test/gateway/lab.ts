// What the tests of the gateway stand on: upstreams that write down what they are asked, gateways, certificates, HTTP/2.
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { connect as connectHttp2, type ClientHttp2Session, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import { startGateway, type Gateway, type GatewayOptions } from '../../src/gateway/gateway.ts'
import { memorySource } from '../../src/index.ts'

export const shop = 'https://shop.example.com'
export const evil = 'https://evil.example'

export const everyPath = `
version: 1
rules:
  - name: app
    routes: [/**]
    allowOrigins: [${shop}]
    allowCredentials: true
    allowMethods: [GET, HEAD, POST, PUT]
`

/** The headers of that policy on an answer that the shop may read. */
export const granted = { 'access-control-allow-credentials': 'true', 'access-control-allow-origin': shop }

/** An upstream, and the requests that it was asked. */
export interface TestUpstream {
  readonly server: Server
  readonly url: string
  readonly heard: IncomingMessage[]
}

/** Starts an upstream that answers with its name unless told otherwise. */
export async function startUpstream (t: Test, answer: RequestListener | string): Promise<TestUpstream> {
  const heard: IncomingMessage[] = []
  const server = createServer({ requestTimeout: 0 }, (request, response) => {
    heard.push(request)
    if (typeof answer === 'string') response.end(answer)
    else answer(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, heard }
}

/** A gateway of a test, closed at its end. */
export async function startTestGateway (
  t: Test, options: Partial<GatewayOptions> & Pick<GatewayOptions, 'upstreams'>, text: string = everyPath
): Promise<Gateway & { readonly port: number }> {
  const gateway = await startGateway({
    plugin: { policies: memorySource([{ name: 'a.yaml', text }]), watch: false },
    listen: { host: '127.0.0.1', port: 0 },
    admin: null,
    logger: false,
    ...options
  })
  t.teardown(() => gateway.close())
  return { ...gateway, port: Number(new URL(gateway.url).port) }
}

/** Makes a certificate for `localhost`, signed by itself, and gives the paths of its files. */
export async function makeCertificate (folder: string, name: string = 'tls'): Promise<{ cert: string, key: string }> {
  const files = { cert: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) }
  await promisify(execFile)('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
    '-subj', `/CN=${name}`, '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', files.key, '-out', files.cert])
  return files
}

/** Opens a session of HTTP/2 with a gateway, whoever signed its certificate. */
export async function openSession (t: Test, port: number): Promise<ClientHttp2Session> {
  const session = connectHttp2(`https://127.0.0.1:${port}`, { rejectUnauthorized: false })
  session.on('error', () => {})
  t.teardown(() => { session.destroy() })
  await once(session, 'connect')
  return session
}

/** One frame of HTTP/2 (RFC 9113, section 4.1). */
export function frame (type: number, flags: number, stream: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** The frames that open a stream, byte for byte as no client of Node's would send them. */
export function headersFrame (stream: number, lines: readonly (readonly [name: string, value: string])[], endStream: boolean): Buffer {
  const literal = (text: string): Buffer => Buffer.concat([Buffer.from([text.length]), Buffer.from(text, 'latin1')])
  const block = lines.flatMap(([name, value]) => [Buffer.from([0]), literal(name), literal(value)])
  return frame(1, endStream ? 5 : 4, stream, Buffer.concat(block))
}

/** What a client of HTTP/2 sends first. */
export const preface: Buffer = Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(4, 0, 0)])

export interface Http2Response { readonly status: number, readonly headers: IncomingHttpHeaders, readonly body: string }

/** One request of HTTP/2 and its whole answer. Pseudo-headers may be given like any other. */
export async function askHttp2 (session: ClientHttp2Session, headers: OutgoingHttpHeaders, body?: string): Promise<Http2Response> {
  const stream = session.request(headers, { endStream: body === undefined })
  if (body !== undefined) stream.end(body)
  const [answer] = await once(stream, 'response') as [IncomingHttpHeaders & { ':status': number }]
  let text = ''
  stream.setEncoding('utf8')
  for await (const data of stream) text += String(data)
  return { status: answer[':status'], headers: answer, body: text }
}
