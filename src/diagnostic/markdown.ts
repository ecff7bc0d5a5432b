// Texts of files in Markdown, where they can end neither a line, a cell nor a piece of code.
import { visible } from './render.ts'

/** A text that stands for nothing but itself. */
export function escapeMarkdown (text: string): string {
  return visible(text).replace(/[\\`*_[\]|<>]/g, '\\$&')
}

/** A text as code, also in the cell of a table. */
export function codeSpan (text: string): string {
  return `\`${visible(text).replaceAll('`', '\'').replaceAll('|', '\\|')}\``
}
