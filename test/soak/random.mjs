// Random numbers that a seed repeats.

/** A generator of the mulberry32 kind, with the few questions that a test asks. */
export function seeded (seed) {
  let state = seed >>> 0
  const next = () => {
    state = state + 0x6d2b79f5 >>> 0
    let mixed = Math.imul(state ^ state >>> 15, state | 1)
    mixed ^= mixed + Math.imul(mixed ^ mixed >>> 7, mixed | 61)
    return ((mixed ^ mixed >>> 14) >>> 0) / 2 ** 32
  }
  const below = count => Math.floor(next() * count)
  return {
    below,
    between: (least, most) => least + below(most - least + 1),
    pick: items => items[below(items.length)],
    chance: share => next() < share,
    shuffle: items => items.map(item => [next(), item]).sort(([a], [b]) => a - b).map(([, item]) => item)
  }
}
