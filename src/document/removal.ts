// What has to be cut out of a text so that an item of a list is gone, and nothing else.
import type { Span } from '../diagnostic/span.ts'

/** Where an item stands in the text of its list. */
export interface ItemPlace {
  readonly start: number
  readonly end: number
}

/** More space than this around an item is no usual way to write a list, and not worth the time. */
const maxSpace = 1000

/**
 * The stretch to cut out, or null where it isn't plain to see: where a comment, an anchor or anything else stands by the
 * item, or where the item is an alias. Another item of the list must stay: an empty block list is no list.
 */
export function removalOf (item: Span, before: ItemPlace | undefined, after: ItemPlace | undefined): ItemPlace | null {
  const { source: { text }, start, end } = item
  const line = lineOf(text, start, end)
  if (line !== null) return line
  if (before !== undefined && isComma(text, before.end, start)) return { start: before.end, end }
  if (before === undefined && after !== undefined && isComma(text, end, after.start)) return { start, end: after.start }
  return null
}

/** The whole line of an item of a block list. */
function lineOf (text: string, start: number, end: number): ItemPlace | null {
  const dash = spaceBefore(text, start) - 1
  const from = spaceBefore(text, dash)
  if (dash === start - 1 || text[dash] !== '-' || (from > 0 && text[from - 1] !== '\n')) return null
  const [rest] = /^[ \t]*(?:\r?\n|$)/.exec(text.slice(end, end + maxSpace)) ?? []
  return rest === undefined || text.slice(start, end).includes('\n') ? null : { start: from, end: end + rest.length }
}

/** Where the spaces in front of a place begin. */
function spaceBefore (text: string, place: number): number {
  let from = place
  while (text[from - 1] === ' ' && place - from < maxSpace) from--
  return from
}

function isComma (text: string, from: number, to: number): boolean {
  return from < to && to - from < maxSpace && /^[ \t\r\n]*,[ \t\r\n]*$/.test(text.slice(from, to))
}
