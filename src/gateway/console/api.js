// Speaks with the admin listener: requests with the token, and the stream of decisions.

const storedUnder = 'cors-gateway-admin-token'
/** A stream that sends this many characters without the end of an event is not one of ours. */
const maxPending = 1_000_000

/** A stream that is silent for this many milliseconds is dead: the listener says every 15 seconds that it is there. */
const longestSilence = 45_000
/** An answer takes no longer than this many milliseconds. */
const patience = 15_000

/** An answer that is not the one hoped for. */
export class ApiError extends Error {
  constructor (status, message, body) {
    super(message)
    this.status = status
    this.body = body
  }
}

export const token = {
  get: () => sessionStorage.getItem(storedUnder),
  set: value => sessionStorage.setItem(storedUnder, value),
  forget: () => sessionStorage.removeItem(storedUnder)
}

function send (path, options) {
  const headers = new Headers(options.headers)
  const secret = token.get()
  if (secret !== null) headers.set('authorization', `Bearer ${secret}`)
  return fetch(path, { ...options, headers, cache: 'no-store', credentials: 'omit', redirect: 'error' })
}

/** Asks the listener and gives what it answers: an object for JSON, else a text. Rejects with {@link ApiError} unless it is a success. */
export async function ask (path, options = {}) {
  let response
  try {
    response = await send(path, { ...options, signal: options.signal ?? AbortSignal.timeout(patience) })
  } catch (error) {
    if (options.signal?.aborted) throw error
    throw new ApiError(0, 'The gateway does not answer.')
  }
  const isJson = /\bjson\b/.test(response.headers.get('content-type') ?? '')
  const body = await (isJson ? response.json() : response.text())
  if (response.ok) return body
  throw new ApiError(response.status, messageOf(response.status, body), body)
}

function messageOf (status, body) {
  const message = typeof body === 'object' && body !== null ? body.error ?? body.detail ?? body.message : body
  return typeof message === 'string' && message !== '' ? message : `The gateway answered with the status ${status}.`
}

/**
 * Reads server-sent events until the stream ends; with `lastId` only those after that one. `onOpen` is called when it
 * begins, `onEvent` with the name, data and id of each. By fetch, since an EventSource can send no token.
 */
export async function follow (path, { lastId, onOpen, onEvent }) {
  const end = new AbortController()
  let timer = setTimeout(() => end.abort(), longestSilence)
  const response = await send(path, { signal: end.signal, headers: { accept: 'text/event-stream', ...lastId !== null && { 'last-event-id': lastId } } })
  if (!response.ok) throw new ApiError(response.status, messageOf(response.status, await response.text()))
  onOpen()
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  let pending = ''
  for (;;) {
    const { done, value } = await reader.read()
    clearTimeout(timer)
    if (done) return
    timer = setTimeout(() => end.abort(), longestSilence)
    const events = (pending + value).split(/\r?\n\r?\n/)
    pending = events.pop()
    if (pending.length > maxPending) throw new ApiError(0, 'The stream of decisions cannot be read.')
    for (const event of events) tellEvent(event, onEvent)
  }
}

function tellEvent (text, onEvent) {
  let [name, id] = ['message', null]
  const data = []
  for (const line of text.split(/\r?\n/)) {
    const [, field, value] = /^(event|data|id): ?(.*)$/.exec(line) ?? []
    if (field === 'event') name = value
    if (field === 'id') id = value
    if (field === 'data') data.push(value)
  }
  if (data.length > 0) onEvent(name, JSON.parse(data.join('\n')), id)
}
