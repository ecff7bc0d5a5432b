// A client of server-sent events.

/** One event of a stream. */
export interface StreamEvent {
  readonly event: string
  readonly id: string | null
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly data: any
}

/** A stream that is being read. */
export interface EventClient {
  readonly status: number
  readonly headers: Headers
  /** Everything so far, comments left out. */
  readonly events: readonly StreamEvent[]
  /** The raw text so far. */
  text (): string
  /** Resolves as soon as what was received so far is enough; rejects when the stream ends before. */
  until (isEnough: (events: readonly StreamEvent[]) => boolean): Promise<void>
  /** Resolves when the other side ends the stream. */
  readonly ended: Promise<void>
  close (): void
}

/** Follows a stream. */
export async function follow (url: string, headers: Record<string, string> = {}): Promise<EventClient> {
  const controller = new AbortController()
  const response = await fetch(url, { signal: controller.signal, headers })
  const events: StreamEvent[] = []
  const waiting = new Set<() => void>()
  let received = ''
  let pending = ''
  const read = async (): Promise<void> => {
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      received += chunk
      const parts = (pending + chunk).split('\n\n')
      pending = parts.pop()!
      events.push(...parts.flatMap(parseEvent))
      for (const look of waiting) look()
    }
  }
  const ended = read().catch(() => {})
  return {
    status: response.status,
    headers: response.headers,
    events,
    text: () => received,
    until: isEnough => new Promise((resolve, reject) => {
      const look = (): void => {
        if (!isEnough(events)) return
        waiting.delete(look)
        resolve()
      }
      waiting.add(look)
      look()
      void ended.then(() => { reject(new Error(`the stream ended with ${events.length} events`)) })
    }),
    ended,
    close: () => { controller.abort() }
  }
}

function parseEvent (text: string): StreamEvent[] {
  const fields = new Map(text.split('\n').filter(line => !line.startsWith(':')).map(line => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]))
  const data = fields.get('data')
  return data === undefined ? [] : [{ event: fields.get('event') ?? 'message', id: fields.get('id') ?? null, data: JSON.parse(data) }]
}
