// A language server in a process of its own, and as much of an editor as it takes to ask it.
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'

/** A place in a document; lines and characters count from 0, as the protocol has them. */
export interface Position {
  readonly line: number
  readonly character: number
}

export interface EditorDiagnostic {
  readonly range: { readonly start: Position, readonly end: Position }
  readonly message: string
}

export interface CompletionItem {
  readonly label: string
  readonly insertText?: string
  readonly documentation?: string | { readonly value: string }
}

/** An editor with one language server. */
export interface Editor {
  /** Opens a file with a text, and waits for what the server finds in it. */
  open (path: string, text: string): Promise<readonly EditorDiagnostic[]>
  complete (path: string, position: Position): Promise<readonly CompletionItem[]>
  /** The text that shows up over a place, or null. */
  hover (path: string, position: Position): Promise<string | null>
  close (): Promise<void>
}

interface Message {
  readonly id?: number
  readonly method?: string
  readonly params?: unknown
  readonly result?: unknown
  readonly error?: { readonly message: string }
}

/** No schema of other people's servers is asked for: the only ones are those that files name. */
const settings = { yaml: { validate: true, hover: true, completion: true, schemaStore: { enable: false } } }

/** Starts yaml-language-server as editors do. */
export async function startEditor (root: string): Promise<Editor> {
  const program = join(dirname(createRequire(import.meta.url).resolve('yaml-language-server/package.json')), 'bin/yaml-language-server')
  const child = spawn(process.execPath, [program, '--stdio'], { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, NODE_OPTIONS: '' } })
  const ended = new Promise<void>(resolve => child.on('close', () => resolve()))
  const answers = new Map<number, (message: Message) => void>()
  const findings = new Map<string, (diagnostics: readonly EditorDiagnostic[]) => void>()
  let ids = 0

  const send = (message: Message): void => {
    const body = JSON.stringify({ jsonrpc: '2.0', ...message })
    child.stdin.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
  }
  const ask = async (method: string, params: unknown): Promise<unknown> => {
    const id = ++ids
    const answered = new Promise<Message>(resolve => answers.set(id, resolve))
    send({ id, method, params })
    const { result, error } = await Promise.race([answered, ended.then((): Message => ({ error: { message: 'the server ended' } }))])
    if (error) throw new Error(`${method}: ${error.message}`)
    return result
  }
  child.stdout.on('data', readFrames(message => {
    const { id, method, params } = message
    if (method === undefined) {
      answers.get(id!)?.(message)
      answers.delete(id!)
    } else if (id !== undefined) {
      send({ id, result: method === 'workspace/configuration' ? configure(params as { items: { section: string }[] }) : null })
    } else if (method === 'textDocument/publishDiagnostics') {
      const { uri, diagnostics } = params as { uri: string, diagnostics: readonly EditorDiagnostic[] }
      findings.get(uri)?.(diagnostics)
    }
  }))

  const uriOf = (path: string): string => pathToFileURL(path).href
  const place = (path: string, position: Position): object => ({ textDocument: { uri: uriOf(path) }, position })
  await ask('initialize', {
    processId: process.pid, rootUri: uriOf(root), capabilities: {
      workspace: { configuration: true, didChangeConfiguration: { dynamicRegistration: true } },
      textDocument: { completion: { completionItem: { snippetSupport: true, documentationFormat: ['markdown'] } }, hover: { contentFormat: ['markdown'] } }
    }
  })
  send({ method: 'initialized', params: {} })
  send({ method: 'workspace/didChangeConfiguration', params: { settings } })
  return {
    open (path, text) {
      const found = new Promise<readonly EditorDiagnostic[]>(resolve => findings.set(uriOf(path), resolve))
      send({ method: 'textDocument/didOpen', params: { textDocument: { uri: uriOf(path), languageId: 'yaml', version: 1, text } } })
      return found
    },
    async complete (path, position) {
      return (await ask('textDocument/completion', place(path, position)) as { items: CompletionItem[] }).items
    },
    async hover (path, position) {
      const shown = await ask('textDocument/hover', place(path, position)) as { contents: string | { value: string } } | null
      return shown === null ? null : typeof shown.contents === 'string' ? shown.contents : shown.contents.value
    },
    async close () {
      await ask('shutdown', null)
      send({ method: 'exit' })
      await ended
    }
  }
}

function configure ({ items }: { readonly items: readonly { readonly section: string }[] }): unknown[] {
  return items.map(({ section }) => (settings as Record<string, unknown>)[section] ?? null)
}

/** Puts the messages of a stream together. */
function readFrames (read: (message: Message) => void): (chunk: Buffer) => void {
  let received = Buffer.alloc(0)
  return chunk => {
    received = Buffer.concat([received, chunk])
    for (;;) {
      const end = received.indexOf('\r\n\r\n')
      if (end === -1) return
      const length = Number(/Content-Length: (\d+)/i.exec(received.toString('ascii', 0, end))![1])
      if (received.length < end + 4 + length) return
      const body = received.toString('utf8', end + 4, end + 4 + length)
      received = received.subarray(end + 4 + length)
      read(JSON.parse(body) as Message)
    }
  }
}
