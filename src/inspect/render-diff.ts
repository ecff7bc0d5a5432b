// A diff for people: what pages gain and lose, the most dangerous first, with a request to paste for each.
import { codeSpan, escapeMarkdown } from '../diagnostic/markdown.ts'
import { visible } from '../diagnostic/render.ts'
import type { AssuranceChange } from './assurance.ts'
import type { Change, DecidingRule } from './changes.ts'
import { curlFor, type ShownBy } from './curl.ts'
import { isWidened, type Diff } from './diff.ts'
import type { Direction } from './regions/difference.ts'

/** Changes that say the same of several origins and routes: what is shown as one. */
interface Group {
  readonly first: Change
  readonly routes: readonly string[]
  readonly origins: readonly string[]
  readonly what: readonly string[]
}

/** No more groups of one direction are shown; the JSON has all. */
const maxGroups = 100
const maxListed = 8

const equal = 'no decision changes: the two sets decide every request alike'
const directions: readonly Direction[] = ['widened', 'narrowed', 'changed']
const signs: Record<Direction, string> = { widened: '+', narrowed: '-', changed: '~' }
const colours: Record<Direction, string> = { widened: '31', narrowed: '32', changed: '33' }
const inexact = 'NOT EXACT: the sets can meet in too many ways, so that there may be more changes than these'

/** Draws a diff for a terminal. */
export function renderDiff (diff: Diff, colour = false): string {
  if (diff.equal) return `${equal}\n`
  const paint = (code: string, text: string): string => colour ? `\u001b[${code}m${text}\u001b[0m` : text
  const parts = [paint('1', headline(diff)), ...diff.exact ? [] : [paint('31', inexact)]]
  if (diff.assurance.length > 0) {
    parts.push([paint('1', 'assurance'), ...diff.assurance.map(change => `${paint('31', '!')} ${visible(sayAssurance(change))}`)].join('\n'))
  }
  for (const direction of directions) {
    const groups = groupsOf(diff[direction])
    if (groups.length === 0) continue
    const shown = groups.slice(0, maxGroups).map(group => drawGroup(group, paint(colours[direction], signs[direction])))
    if (groups.length > maxGroups) shown.push(`… and ${groups.length - maxGroups} more; --format json has all`)
    parts.push(`${paint('1', direction)}\n${shown.join('\n\n')}`)
  }
  return `${parts.join('\n\n')}\n`
}

function drawGroup (group: Group, sign: string): string {
  const { first, what } = group
  return [
    `${sign} ${bounded(group.routes).join(', ')}${first.host === null ? '' : ` of ${first.host}`}: ${what.join(', ')}`,
    `    for ${bounded(group.origins).join(', ')}${first.from === undefined ? '' : `, from ${first.from} on`}`,
    `    old: ${sayDecider(first.old, first.oldReason)}`,
    `    new: ${sayDecider(first.new, first.newReason)}`,
    ...first.note === undefined ? [] : [`    ${first.note}`],
    `    ${curlOf(first)}`
  ].map(visible).join('\n')
}

/** Writes a diff for a pull request. */
export function renderDiffMarkdown (diff: Diff): string {
  if (diff.equal) return `**CORS policies**: ${equal}\n`
  const parts = [`**CORS policies**: ${headline(diff)}`, ...diff.exact ? [] : [`> ${inexact}`]]
  if (diff.assurance.length > 0) parts.push(['**Assurance**', '', ...diff.assurance.map(change => `- ${escapeMarkdown(sayAssurance(change))}`)].join('\n'))
  for (const direction of directions) {
    const groups = groupsOf(diff[direction])
    if (groups.length === 0) continue
    const rows = groups.slice(0, maxGroups).map(markdownRow)
    const more = groups.length > maxGroups ? ['', `… and ${groups.length - maxGroups} more`] : []
    const curls = groups.slice(0, maxGroups).map(({ first }) => curlOf(first))
    parts.push([
      `**${direction}**`, '', '| route | origins | what | old | new |', '| --- | --- | --- | --- | --- |', ...rows, ...more, '',
      '<details><summary>Requests that show it</summary>', '', '```sh', ...curls, '```', '', '</details>'
    ].join('\n'))
  }
  return `${parts.join('\n\n')}\n`
}

function markdownRow (group: Group): string {
  const { first, what } = group
  const remarks = [...first.from === undefined ? [] : [`from ${first.from} on`], ...first.note === undefined ? [] : [first.note]].map(text => `<br>${escapeMarkdown(text)}`).join('')
  const cells = [
    codes(group.routes) + (first.host === null ? '' : ` of ${codeSpan(first.host)}`), codes(group.origins), escapeMarkdown(what.join(', ')) + remarks,
    escapeMarkdown(sayDecider(first.old, first.oldReason)), escapeMarkdown(sayDecider(first.new, first.newReason))
  ]
  return `| ${cells.join(' | ')} |`
}

function codes (names: readonly string[]): string {
  return bounded(names).map(text => text.startsWith('(') || text.startsWith('and ') ? text : codeSpan(text)).join(', ')
}

function headline (diff: Diff): string {
  const { widened, narrowed, changed, assurance } = diff
  const verdict = isWidened(diff) ? narrowed.length > 0 ? 'wider and narrower' : 'wider' : narrowed.length > 0 ? 'narrower' : 'changed'
  const counts = [
    [widened.length, 'grants gained'], [narrowed.length, 'grants lost'], [changed.length, 'other changes'], [assurance.length, 'changes of guardrails and accepted risks']
  ].filter(([count]) => count !== 0).map(([count, what]) => `${what}: ${count}`)
  return `${verdict} (${counts.join('; ')})`
}

function sayAssurance ({ what, name, old, new: now }: AssuranceChange): string {
  const [kind = '', verb = ''] = what.split('-')
  const places = [...old === null ? [] : [`old ${old.file}:${old.line}: ${old.text}`], ...now === null ? [] : [`new ${now.file}:${now.line}: ${now.text}`]]
  return `${kind} ${name} ${verb} (${places.join('; ')})`
}

function sayDecider (rule: DecidingRule | null, reason: string): string {
  const where = rule === null ? 'no rule' : `${rule.rule} (${rule.file}:${rule.line})`
  return reason === 'allowed' ? where : `${where}, ${reason}`
}

function bounded (names: readonly string[]): readonly string[] {
  const more = names.length - maxListed
  return more > 1 ? [...names.slice(0, maxListed), `and ${more} more`] : names
}

/**
 * Puts together what is said of one origin, then the origins of which the same is said, and then their routes. The
 * order is that of what comes first.
 */
function groupsOf (changes: readonly Change[]): readonly Group[] {
  const alone = changes.map(first => ({ first, what: [first.what], origins: [first.origins], routes: [first.route] }))
  const byOrigin = merge(alone, 'what', ({ first, origins, routes }) => [deciders(first), origins, routes])
  const byRoute = merge(byOrigin, 'origins', ({ first, what, routes }) => [deciders(first), what, routes])
  return merge(byRoute, 'routes', ({ first, what, origins }) => [deciders(first), what, origins])
}

/** Groups that differ in one list only become one, with the lists put together. */
function merge (groups: readonly Group[], list: 'what' | 'origins' | 'routes', keyOf: (group: Group) => unknown): readonly Group[] {
  const merged = new Map<string, Group>()
  for (const group of groups) {
    const key = JSON.stringify(keyOf(group))
    const known = merged.get(key)
    if (known === undefined) merged.set(key, { ...group, [list]: [...group[list]] })
    else (known[list] as string[]).push(...group[list])
  }
  return [...merged.values()]
}

function deciders ({ host, old, new: now, oldReason, newReason, from, note }: Change): unknown {
  return [host, old, now, oldReason, newReason, from, note !== undefined]
}

function curlOf ({ witness, what }: Change): string {
  return curlFor(witness, shownBy(what))
}

/** What is only said in answers to preflights, or only in those to requests themselves. */
function shownBy (what: string): ShownBy | null {
  if (/^(?:max age|cache-control)/.test(what)) return 'preflight'
  return /^(?:denied requests|answer to OPTIONS|access-control-allow-origin)/.test(what) ? 'answer' : null
}
