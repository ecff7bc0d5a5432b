// A line of the gateway's log for people: what `serve` shows on a terminal, in place of JSON.
import { visible } from '../diagnostic/render.ts'

const levels: Readonly<Record<number, string>> = { 10: 'trace', 20: 'debug', 30: 'info', 40: 'warn', 50: 'error', 60: 'fatal' }
const colours: Readonly<Record<string, string>> = { warn: '33', error: '31', fatal: '31' }

/** What pino writes in every line. */
interface Entry {
  readonly level: number
  readonly time: number
  readonly msg?: string | number
  readonly err?: { readonly stack?: string, readonly message?: string }
}

/** What has its place in a line, and what people know. */
const shownFirst: ReadonlySet<string> = new Set(['level', 'time', 'msg', 'err', 'pid', 'hostname'])

/** Draws one line of JSON: time, level, message and main fields. What is none stays as it is. */
export function drawLogLine (line: string, colour: boolean): string {
  const entry = entryOf(line)
  if (entry === null) return line
  const { level, time, msg, err } = entry
  const word = levels[level] ?? String(level)
  const label = colour && colours[word] !== undefined ? `\u001b[${colours[word]}m${word}\u001b[0m` : word
  const clock = new Date(time).toTimeString().slice(0, 8)
  // Frames of files are part of a message, and have lines of their own.
  const [message = '', ...frames] = String(msg ?? '').split('\n').map(visible)
  const trouble = (err?.stack ?? err?.message ?? '').split('\n').filter(text => text !== '').map(text => `  ${visible(text)}`)
  const fields = fieldsOf(Object.fromEntries(Object.entries(entry).filter(([name]) => !shownFirst.has(name))))
  return `${[[clock, label, message, ...fields].join(' '), ...frames, ...trouble].join('\n')}\n`
}

function entryOf (line: string): Entry | null {
  try {
    const entry: unknown = JSON.parse(line)
    return typeof entry === 'object' && entry !== null && 'level' in entry ? entry as Entry : null
  } catch {
    return null
  }
}

/** Each field as `name=value`: those of a map one by one, of a list of more than words its length. */
function fieldsOf (fields: object): string[] {
  return Object.entries(fields).flatMap(([name, value]: [string, unknown]) => {
    if (value === null || value === undefined) return []
    if (!Array.isArray(value)) return typeof value === 'object' ? fieldsOf(value) : [`${visible(name)}=${wordOf(value)}`]
    return [`${visible(name)}=${value.some(item => typeof item === 'object') ? value.length : wordOf(value.join())}`]
  })
}

function wordOf (value: unknown): string {
  const text = visible(String(value))
  return /^[^\s"]+$/.test(text) ? text : JSON.stringify(text)
}
