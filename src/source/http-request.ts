// One question to a server of policies: bounded in time and size, and never carried on to another server.
import { get as getHttp, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http'
import { get as getHttps } from 'node:https'
import { systemReason } from './finding.ts'
import { failureOf, refusalOf } from './http-faults.ts'
import { placeOf, type ResolvedHttp } from './http-options.ts'
import { isCertificate, isToken, tokenForm } from './option-values.ts'
import { readSmallFile } from './small-file.ts'
import { SourceError } from './source.ts'

/** What a server calls the state of a bundle. */
export interface Validators {
  readonly 'if-none-match'?: string
  readonly 'if-modified-since'?: string
}

/** The whole bundle, and what to ask by for another one; null where it is as it was. */
export type Answer = { readonly bytes: Buffer, readonly validators: Validators | null } | null

const maxRedirects = 3

/** Asks once. Rejects with {@link SourceError}, or with the signal's reason. */
export async function ask (server: ResolvedHttp, validators: Validators | null, signal: AbortSignal): Promise<Answer> {
  signal.throwIfAborted()
  const { place, timeout } = server
  const controller = new AbortController()
  const stop = (): void => controller.abort(signal.reason)
  const timer = setTimeout(() => {
    controller.abort(new SourceError(place, `no whole answer within ${timeout} ms`, { help: 'look at the server, and at the network between here and there' }))
  }, timeout)
  signal.addEventListener('abort', stop)
  try {
    return await answerOf(server, validators, controller.signal)
  } catch (error) {
    throw controller.signal.aborted ? controller.signal.reason : failureOf(place, error)
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
  }
}

async function answerOf (server: ResolvedHttp, validators: Validators | null, signal: AbortSignal): Promise<Answer> {
  const { place, maxBytes } = server
  const token = await tokenOf(server)
  const headers = {
    accept: 'application/json', 'accept-encoding': 'identity', 'user-agent': 'fastify-cors-gateway',
    ...validators ?? { 'cache-control': 'no-cache' },
    ...token !== null && { authorization: `Bearer ${token}` }
  }
  const response = await follow(server, await authoritiesOf(server), headers, signal)
  try {
    const { statusCode = 0, headers: { 'content-encoding': encoding = 'identity' } } = response
    if (statusCode === 304 && validators !== null) return null
    if (statusCode !== 200) throw refusalOf(place, statusCode, token !== null)
    if (encoding !== 'identity') throw new SourceError(place, `the answer is compressed (${encoding.slice(0, 40)}), though that was not asked for`, { help: 'store and serve the bundle as it is' })
    return { bytes: await bodyOf(response, place, maxBytes), validators: validatorsOf(response) }
  } finally {
    response.destroy()
  }
}

/** Goes where the server sends us, a few times, and only to itself: nobody else gets the token, and nobody else's word is taken. */
async function follow (
  { url: first, place }: ResolvedHttp, ca: string | null, headers: OutgoingHttpHeaders, signal: AbortSignal
): Promise<IncomingMessage> {
  let url = first
  for (let redirects = 0; redirects <= maxRedirects; redirects++) {
    const response = await request(url, ca, headers, signal)
    const { statusCode = 0, headers: { location } } = response
    if (![301, 302, 303, 307, 308].includes(statusCode)) return response
    response.destroy()
    if (location === undefined || !URL.canParse(location, url.href)) throw new SourceError(place, `answered ${statusCode} without a place to go to`, { help: 'look at the server' })
    const next = new URL(location, url)
    if (next.origin !== url.origin) {
      throw new SourceError(place, `is redirected to another server, ${next.origin}, and not followed there`, { help: `if that is right, name it: ${placeOf(next)}` })
    }
    url = next
  }
  throw new SourceError(place, `is redirected more than ${maxRedirects} times`, { help: 'name the URL at which the bundle is' })
}

/** A connection of its own: one that is kept would be closed by the other side just when it is used again. */
function request (url: URL, ca: string | null, headers: OutgoingHttpHeaders, signal: AbortSignal): Promise<IncomingMessage> {
  const options = { agent: false, headers, signal } as const
  return new Promise((resolve, reject) => {
    const request = url.protocol === 'https:' ? getHttps(url, { ...options, ...ca !== null && { ca } }, resolve) : getHttp(url, options, resolve)
    request.on('error', reject)
  })
}

async function bodyOf (response: IncomingMessage, place: string, maxBytes: number): Promise<Buffer> {
  const tooMuch = (): SourceError => new SourceError(place, `the answer has more than ${maxBytes.toLocaleString('en')} bytes`, { help: 'is that a bundle? If so, set a larger `maxBytes`' })
  if (Number(response.headers['content-length']) > maxBytes) throw tooMuch()
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > maxBytes) throw tooMuch()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/**
 * What was changed within the second before it was sent may be changed again in that second and look the same, also
 * to an entity tag that a server makes of time and size (RFC 9110, section 8.8.2.2): then nothing is to be asked by.
 */
function validatorsOf ({ headers: { etag, date, 'last-modified': modified } }: IncomingMessage): Validators | null {
  const age = Date.parse(date ?? '') - Date.parse(modified ?? '')
  if (age < 2_000 || (etag === undefined && modified === undefined)) return null
  return { ...etag !== undefined && { 'if-none-match': etag }, ...modified !== undefined && { 'if-modified-since': modified } }
}

async function tokenOf (server: ResolvedHttp): Promise<string | null> {
  const { place, token, tokenFile } = server
  if (tokenFile === null) return token
  const text = await readSmall(server, 'tokenFile', tokenFile)
  if (!isToken(text)) throw new SourceError(place, `the file ${tokenFile} holds no token`, { help: `a token is ${tokenForm}` })
  return text
}

async function authoritiesOf (server: ResolvedHttp): Promise<string | null> {
  const { place, ca, caFile } = server
  if (caFile === null) return ca
  const text = await readSmall(server, 'caFile', caFile)
  if (!isCertificate(text)) throw new SourceError(place, `the file ${caFile} holds no certificate in PEM form`, { help: 'correct `caFile`' })
  return text
}

async function readSmall ({ place }: ResolvedHttp, option: 'tokenFile' | 'caFile', path: string): Promise<string> {
  try {
    return (await readSmallFile(path)).toString().trim()
  } catch (error) {
    const help = `correct \`${option}\`, or let the gateway's user read the file`
    throw new SourceError(place, `the file ${path} can't be read: ${systemReason(error)}`, { help, cause: error })
  }
}
