// A number and what it counts, for people.

/** `1 rule`, `2 rules`. */
export function counted (count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
