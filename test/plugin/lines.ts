// A logger that keeps its lines, for tests of what is said.
import type { FastifyServerOptions } from 'fastify'

export interface LogLine {
  readonly level: number
  readonly msg: string
  readonly cors?: Record<string, unknown>
  readonly [key: string]: unknown
}

export const levels = { debug: 20, info: 30, warn: 40, error: 50 } as const

/** Options for a logger at a level, and the lines that it has written. */
export function linesOf (level: 'debug' | 'info' = 'info'): { logger: FastifyServerOptions['logger'], lines: LogLine[] } {
  const lines: LogLine[] = []
  return { logger: { level, stream: { write: (line: string) => { lines.push(JSON.parse(line) as LogLine) } } }, lines }
}
