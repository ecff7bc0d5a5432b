// The thread that prepares large sets: texts in, a checked set out in pieces, each sent when it is asked for.
import { parentPort } from 'node:worker_threads'
import { prepare, type BuildOptions, type ParsedFiles, type PreparedSet } from '../build.ts'
import type { SourceText } from '../diagnostic/span.ts'
import { packSet, type SetPiece } from '../policy/transfer.ts'

/** What the thread is asked. */
export type WorkerRequest =
  | { readonly kind: 'prepare', readonly texts: readonly SourceText[], readonly options: BuildOptions }
  | { readonly kind: 'next' }

/** What it answers: first what became of the set, then a piece for each `next`. */
export type WorkerAnswer =
  | { readonly kind: 'prepared', readonly prepared: Omit<PreparedSet, 'set'> }
  | { readonly kind: 'piece', readonly piece: SetPiece }
  | { readonly kind: 'failed', readonly message: string }

const port = parentPort!
const known: ParsedFiles = new Map()
let pieces: Iterator<SetPiece> | null = null

port.on('message', (request: WorkerRequest) => {
  try {
    port.postMessage(answer(request))
  } catch (error) {
    port.postMessage({ kind: 'failed', message: error instanceof Error ? error.stack ?? error.message : String(error) } satisfies WorkerAnswer)
  }
})

function answer (request: WorkerRequest): WorkerAnswer {
  if (request.kind === 'prepare') {
    const { set, ...prepared } = prepare(request.texts, request.options, known)
    pieces = set && packSet(set, request.texts)
    return { kind: 'prepared', prepared }
  }
  const piece = pieces!.next()
  if (piece.done) throw new Error('there is no further piece')
  return { kind: 'piece', piece: piece.value }
}
