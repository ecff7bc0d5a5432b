// How figures are shown.

/** The value below which this share of all lies. */
export function quantile (values, share) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN
}

/** A table with its first column to the left and the others to the right. */
export function table (head, rows) {
  const lines = [head, ...rows].map(row => row.map(cell => typeof cell === 'number' ? cell.toFixed(cell < 100 ? 1 : 0) : cell))
  const widths = head.map((_, i) => Math.max(...lines.map(line => line[i].length)))
  return lines.map(line => line.map((cell, i) => i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])).join('  ')).join('\n')
}
