// A browser's remote control over a WebSocket: commands with answers, and events. CDP and BiDi both speak like this.
import { WebSocket } from 'ws'

type Params = Record<string, unknown>

interface Message {
  id?: number
  method?: string
  params?: Params
  result?: Params
  error?: unknown
  message?: string
  sessionId?: string
}

/** Told each event: its method and parameters, and in CDP the session that it belongs to. */
export type Listener = (method: string, params: Params, sessionId: string | undefined) => void

/** A connection to a browser. */
export class RemoteControl {
  readonly #socket: WebSocket
  readonly #waiting = new Map<number, { resolve: (result: Params) => void, reject: (error: Error) => void }>()
  readonly #listeners = new Set<Listener>()
  #last = 0

  private constructor (socket: WebSocket) {
    this.#socket = socket
    socket.on('message', data => { this.#receive(JSON.parse((data as Buffer).toString()) as Message) })
    socket.on('close', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('the browser closed the connection'))
      this.#waiting.clear()
    })
  }

  static async connect (url: string): Promise<RemoteControl> {
    const socket = new WebSocket(url, { perMessageDeflate: false, maxPayload: 256 * 1024 * 1024 })
    await new Promise<void>((resolve, reject) => {
      socket.once('open', () => { resolve() })
      socket.once('error', reject)
    })
    socket.on('error', () => {})
    return new RemoteControl(socket)
  }

  /** Sends a command and waits for its result. */
  async send (method: string, params: Params = {}, sessionId?: string): Promise<Params> {
    const id = ++this.#last
    const answer = new Promise<Params>((resolve, reject) => { this.#waiting.set(id, { resolve, reject }) })
    this.#socket.send(JSON.stringify({ id, method, params, ...sessionId !== undefined && { sessionId } }))
    return answer
  }

  /** Hears every event until the function that it returns is called. */
  listen (listener: Listener): () => void {
    this.#listeners.add(listener)
    return () => { this.#listeners.delete(listener) }
  }

  close (): void {
    this.#socket.terminate()
  }

  #receive (message: Message): void {
    const { id, method, params = {}, result, error, sessionId } = message
    if (id === undefined || id === null) {
      if (method !== undefined) for (const listener of this.#listeners) listener(method, params, sessionId)
      return
    }
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    // CDP has an object as its error, BiDi a word beside a message.
    if (error === undefined) waiting?.resolve(result ?? {})
    else waiting?.reject(new Error(`${typeof error === 'string' ? `${error}: ${message.message ?? ''}` : JSON.stringify(error)}`))
  }
}
