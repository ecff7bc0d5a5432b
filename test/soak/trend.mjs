// A figure over time, and whether it stays where it was.

/** Samples of one figure. It is flat if the median of the last third lies no more than `slack` above that of the second quarter. */
export class Trend {
  samples = []
  #name
  #unit
  #slack

  constructor (name, unit, slack) {
    this.#name = name
    this.#unit = unit
    this.#slack = slack
  }

  add (value) {
    this.samples.push(value)
  }

  get isFlat () {
    return this.samples.length > 0 && this.#late - this.#early <= this.#slack
  }

  /** The start is left out: code is compiled, pools fill. */
  get #early () {
    return medianOf(this.samples.slice(Math.floor(this.samples.length / 4), Math.max(1, Math.floor(this.samples.length / 2))))
  }

  get #late () {
    return medianOf(this.samples.slice(-Math.max(1, Math.floor(this.samples.length / 3))))
  }

  get text () {
    const show = value => Number.isInteger(value) ? String(value) : value.toFixed(1)
    if (this.samples.length === 0) return `${this.#name}: never measured`
    return `${this.#name}: first ${show(this.samples[0])}, early ${show(this.#early)}, late ${show(this.#late)}, ` +
      `highest ${show(Math.max(...this.samples))} ${this.#unit} (${this.samples.length} samples)`
  }
}

function medianOf (values) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted.length === 0 ? NaN : sorted[Math.floor(sorted.length / 2)]
}
