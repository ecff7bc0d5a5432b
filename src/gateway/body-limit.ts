// Refuses request bodies beyond a number of bytes, without keeping any of them.
import { Transform, type Readable } from 'node:stream'

/** The body had more bytes than it may have. */
class BodyTooLargeError extends Error {
  readonly code = 'BODY_TOO_LARGE'
}

/** Whether a request says by itself that its body is too large. */
export function declaresMoreThan (limit: number, contentLength: string | undefined): boolean {
  return contentLength !== undefined && Number(contentLength) > limit
}

/** The same body, failing where it goes beyond the limit. */
export function limitBody (body: Readable, limit: number): Readable {
  let received = 0
  const limited = new Transform({
    transform (chunk: Buffer, _encoding, done) {
      received += chunk.length
      if (received > limit) done(new BodyTooLargeError(`the body has more than ${limit} bytes`))
      else done(null, chunk)
    }
  })
  body.once('error', error => { limited.destroy(error) })
  // A client that leaves in the midst: the end of its body is not the body's end.
  body.once('close', () => { if (!body.readableEnded) limited.destroy(new Error('the client has left')) })
  return body.pipe(limited)
}
