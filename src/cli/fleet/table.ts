// A table for a terminal: columns as wide as what stands in them.
import { visible } from '../../diagnostic/render.ts'

/** Draws a table, a line a row. What stands in it comes from elsewhere and is shown harmless. */
export function tableOf (titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [titles.map(title => title.toUpperCase()), ...rows.map(row => row.map(visible))]
  const widths = titles.map((_, i) => Math.max(...lines.map(line => line[i]!.length)))
  return lines.map(line => `${line.map((cell, i) => cell.padEnd(widths[i]!)).join('  ').trimEnd()}\n`).join('')
}
