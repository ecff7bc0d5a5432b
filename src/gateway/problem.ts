// The failures that the gateway itself tells of, as problems of RFC 9457.
import { STATUS_CODES, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { frameworkErrors } from '../plugin/framework-errors.ts'

/** A reply of HTTP/1 or HTTP/2. */
interface Answerable {
  code (status: number): { header (name: string, value: string): { send (payload: string): unknown } }
}

/** Answers with a problem. */
export function sendProblem (reply: Answerable, status: number, detail: string): void {
  reply.code(status).header('content-type', 'application/problem+json; charset=utf-8').send(problem(status, detail))
}

function problem (status: number, detail: string): string {
  return JSON.stringify({ type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail })
}

/** Answers a request that Fastify's router refuses before any hook. The plugin decides it first, like any other. */
export function answerUnroutable (error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const send = reply.send.bind(reply)
  // No error handler that is set here is ever asked about such an error.
  reply.send = () => {
    reply.send = send
    sendProblem(reply, error.statusCode ?? 400, 'The request target is not valid.')
    return reply
  }
  frameworkErrors(error, request, reply)
}

/** Answers a request that no route takes. */
export function answerNotFound (_request: FastifyRequest, reply: FastifyReply): void {
  sendProblem(reply, 404, 'No upstream serves this method, host and path.')
}

/** Answers a method that nobody knows, of which Fastify is not told. No policy grants it anything. */
export function answerUnknownMethod (response: Pick<ServerResponse, 'writeHead' | 'end'>): void {
  response.writeHead(501, { 'content-type': 'application/problem+json; charset=utf-8', vary: 'Origin' })
  response.end(problem(501, 'This gateway knows no such method.'))
}

/** Answers an error of a hook or of the proxy; what failed inside is the log's to tell. */
export function answerError (error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const status = error.statusCode !== undefined && error.statusCode >= 400 ? error.statusCode : 500
  if (status >= 500) request.log.error({ err: error }, 'a request failed')
  sendProblem(reply, status, status < 500 ? 'The request cannot be passed on.' : status === 502 ? 'The answer of the upstream cannot be read.' : 'The gateway failed.')
}

/** Answers bytes in which Node finds no request that it would hand on, and closes the connection. */
export function answerClientError (error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable || hasBegun(socket)) {
    socket.destroy()
    return
  }
  const status = error.code === 'HPE_HEADER_OVERFLOW' ? 431 : error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400
  const body = problem(status, 'The request cannot be read.')
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]!}\r\ncontent-type: application/problem+json; charset=utf-8\r\n` +
    `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`, () => { socket.destroy() })
}

/** Whether an earlier request's response is under way: bytes of another in its midst would be taken for its body. */
function hasBegun (socket: Socket): boolean {
  return (socket as { _httpMessage?: { headersSent: boolean } | null })._httpMessage?.headersSent === true
}
