// The access review as a table, for the terminal or as Markdown.
import { counted } from '../diagnostic/counted.ts'
import { codeSpan, escapeMarkdown } from '../diagnostic/markdown.ts'
import { visible } from '../diagnostic/render.ts'
import type { Access, AccessRow } from '../inspect/access.ts'
import type { OriginReview, RuleReview } from '../inspect/review.ts'

/** A review, ready to be shown. */
export interface Review extends Access {
  readonly revision: string
  /** The moment of the review (ISO 8601). */
  readonly at: string
  readonly unmatched: 'deny' | 'passthrough'
  readonly blockedOrigins: readonly OriginReview[]
  /** The rules that stand in the rows, whole. */
  readonly rules: readonly RuleReview[]
}

const titles = ['route', 'origin', 'methods', 'headers', 'exposed', 'credentials', 'rule', 'written at', 'notes'] as const

/** Draws the review for the terminal: one line a route and origin pattern. */
export function renderTable (review: Review, colour: boolean): string {
  const paint = (style: '1' | '2' | '31', text: string): string => colour ? `\u001b[${style}m${text}\u001b[0m` : text
  const cells = cellsOf(review)
  const widths = titles.map((title, i) => Math.max(title.length, ...cells.map(row => row[i]!.length)))
  const lineOf = (row: readonly string[]): string => row.map((cell, i) => cell.padEnd(widths[i]!)).join('  ').trimEnd()
  const table = cells.length === 0
    ? []
    : ['', paint('1', lineOf(titles.map(title => title.toUpperCase()))), ...cells.map((row, i) => review.rows[i]!.outcome === 'denied' ? paint('31', lineOf(row)) : lineOf(row))]
  const sections = sectionsOf(review).flatMap(({ title, lines }) => ['', paint('1', title), ...lines.map(line => `  ${line}`)])
  return `${[...introductionOf(review), ...table, ...sections, '', paint('2', closingOf(review))].join('\n')}\n`
}

/** Draws the review as a Markdown document. */
export function renderMarkdown (review: Review): string {
  const cells = cellsOf(review).map(row => row.map((cell, i) => cell === '' || i > 7 ? escapeMarkdown(cell) : codeSpan(cell)))
  const table = cells.length === 0
    ? []
    : ['', ...[titles.map(capital), titles.map(() => '---'), ...cells].map(row => `| ${row.join(' | ')} |`)]
  const sections = sectionsOf(review).flatMap(({ title, lines }) => ['', `## ${capital(title)}`, '', ...lines.map(line => `- ${escapeMarkdown(line)}`)])
  return `${['# Access review', '', ...introductionOf(review).map(escapeMarkdown), ...table, ...sections, '', closingOf(review)].join('\n')}\n`
}

function capital (text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

function introductionOf ({ rules, rows, revision, at, origin, url, place, ambiguity, isSameOrigin, blockedBy }: Review): string[] {
  const count = rows.length === 0 ? '' : `${counted(rows.length, 'line')} of ${counted(rules.length, 'rule')}, `
  const lines = [`${count}revision ${revision}, as of ${timeText(at)}`]
  if (origin !== null) lines.push(`for pages of ${oneLine(origin)}${rows.some(({ outcome }) => outcome !== 'denied') ? '' : ': no rule grants them anything here'}`)
  if (blockedBy !== null) lines.push(`that origin is blocked for the whole set by ${blockedBy.pattern} at ${placeText(blockedBy)}; grants by \`*\` are untouched`)
  if (url !== null) lines.push(`at ${oneLine(url)}: ${ambiguity === null ? whereText(place) : `nobody, since the path is ambiguous: read otherwise (${ambiguity.reading}) it leads to ${ambiguity.rules.join(', ') || 'no rule'}`}`)
  if (isSameOrigin) lines.push('these are the URL\'s own pages, which need no grant')
  return lines
}

function whereText (place: Review['place']): string {
  return place === null ? 'no rule\'s host and route match' : `route ${place.host ?? ''}${place.route}`
}

/** What becomes of everything that no line names. */
function closingOf ({ origin, url, place, ambiguity, unmatched }: Review): string {
  const isDenied = unmatched === 'deny'
  if (ambiguity !== null || place !== null) return 'Nobody else is granted anything there.'
  if (url !== null) return `A path without a policy ${isDenied ? 'is denied (unmatched: deny)' : 'passes untouched (unmatched: passthrough)'}.`
  if (origin !== null) return `Everything else is denied to them${isDenied ? '' : '; paths without a policy pass untouched (unmatched: passthrough)'}.`
  return isDenied ? 'Every other path is denied (unmatched: deny).' : 'Paths without a policy pass untouched (unmatched: passthrough).'
}

/** What holds beside the lines. */
function sectionsOf ({ blockedOrigins, rules, origin }: Review): { title: string, lines: string[] }[] {
  const risks = rules.flatMap(({ name, acceptedRisks }) => acceptedRisks.map(({ risk, reason, until, origins }) =>
    `${name}: ${risk}${origins === null ? '' : ` for ${origins.join(', ')}`}${until === null ? '' : ` until ${timeText(until)}`}: ${oneLine(reason)}`))
  return [
    { title: 'accepted risks', lines: risks },
    { title: 'blocked everywhere, but for rules with `*`', lines: origin !== null ? [] : blockedOrigins.map(blocked => `${blocked.pattern}${setText(blocked.set)} at ${placeText(blocked)}`) }
  ].filter(({ lines }) => lines.length > 0)
}

/** The cells of each row, in the order of the titles. */
function cellsOf ({ rows, rules }: Review): string[][] {
  const byName = new Map(rules.map(rule => [rule.name, rule]))
  return rows.map(row => {
    const rule = byName.get(row.rule)!
    const isGranted = row.outcome === 'allowed'
    const granted = (list: readonly string[]): string => isGranted ? list.join(', ') : ''
    return [
      `${row.host ?? ''}${row.route}`,
      row.origin === null ? rule.passthrough ? 'as the upstream says' : 'nobody' : `${row.origin}${setText(row.set)}`,
      granted(rule.methods),
      granted(rule.headers),
      granted(rule.exposeHeaders),
      isGranted ? rule.allowCredentials ? 'yes' : 'no' : '',
      row.rule,
      placeText(row),
      notesOf(row, rule).join('; ')
    ]
  })
}

function placeText ({ file, line }: { readonly file: string, readonly line: number }): string {
  return `${visible(file)}:${line}`
}

function setText (set: string | null): string {
  return set === null ? '' : ` ($${set})`
}

const maxNamed = 3

function notesOf ({ outcome, reason }: AccessRow, { window, exceptOrigins, enforceMethods, deniedRequests }: RuleReview): string[] {
  const { notBefore, expires, inForce } = window
  if (outcome === 'passthrough') return ['the upstream decides']
  const notes: string[] = []
  if (outcome === 'denied' && reason !== 'outside-validity') notes.push(reason === 'origin-not-allowed' ? 'denied' : `denied: ${reason}`)
  if (!inForce) notes.push('not in force')
  if (notBefore !== null) notes.push(`from ${timeText(notBefore)}`)
  if (expires !== null) notes.push(`until ${timeText(expires)}`)
  if (outcome === 'allowed' && exceptOrigins.length > 0) {
    const more = exceptOrigins.length > maxNamed ? ` and ${exceptOrigins.length - maxNamed} more` : ''
    notes.push(`but not ${exceptOrigins.slice(0, maxNamed).map(({ pattern }) => pattern).join(', ')}${more}`)
  }
  if (outcome === 'allowed' && enforceMethods) notes.push('methods are enforced')
  if (deniedRequests === 'reject') notes.push('rejects what it denies')
  return notes
}

/** Whole seconds are enough where there is nothing else. */
function timeText (iso: string): string {
  return iso.replace('.000Z', 'Z')
}

/** A text of a file or of the command line, without what would move the cursor or end the line. */
function oneLine (text: string): string {
  return text.trim().replace(/\s+/g, ' ').replace(/\p{C}/gu, '\ufffd')
}
