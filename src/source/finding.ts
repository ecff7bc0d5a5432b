// Findings about files and directories as such: what the system says, and never what a file holds.
import type { DiagnosticCode } from '../diagnostic/catalogue.ts'
import { diagnose, type Diagnostic } from '../diagnostic/diagnostic.ts'

/** Makes a finding about a whole file; nothing of its content is told. */
export function aboutFile (code: DiagnosticCode, name: string, message: string, help?: string): Diagnostic {
  return diagnose(code, { source: { name, text: '' }, start: 0, end: 0 }, message, help === undefined ? {} : { help })
}

/** The system's words for an error, without the path that Node adds. */
export function systemReason (error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  const [reason = message] = message.split(', ', 1)
  return code === undefined || reason.startsWith(code) ? reason : `${code}: ${reason}`
}

/** Whether an error says that a path no longer leads where it led a moment ago. */
export function isGone (error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'ESTALE'
}

/** The message of whatever was thrown. */
export function messageOf (error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
