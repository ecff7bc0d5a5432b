// What the gateway's log said: every line must be one that belongs to a healthy life with changing files.

/** Reads the log line by line and remembers what is wrong with it. */
export class Journal {
  faults = []
  counts = { reloads: 0, rejections: 0, restorations: 0, other: 0 }
  #revision = null
  #generation = null
  /** Revisions of all sets that ever were on the disk. */
  #written

  constructor (written) {
    this.#written = written
  }

  read (line) {
    let entry
    try {
      entry = JSON.parse(line)
    } catch {
      this.#fault('no log line', line)
      return
    }
    const { msg = '', level } = entry
    if (msg.startsWith('policies reloaded')) this.#reloaded(entry, line)
    else if (msg.startsWith('policies rejected') && this.#isSame(entry)) this.counts.rejections++
    else if (msg.startsWith('policies are again') && this.#isSame(entry)) this.counts.restorations++
    else if (level > 30) this.#fault('a warning or worse', line)
    else this.counts.other++
    this.#generation ??= entry.generation ?? null
    this.#revision ??= entry.revision ?? null
  }

  #reloaded ({ generation, revision }, line) {
    this.counts.reloads++
    if (generation !== this.#generation + 1) this.#fault(`generation ${this.#generation} before`, line)
    if (revision === this.#revision) this.#fault('equal content was reloaded', line)
    if (!this.#written.has(revision)) this.#fault('a set that was never on the disk', line)
    this.#generation = generation
    this.#revision = revision
  }

  #isSame ({ generation }) {
    return generation === this.#generation
  }

  #fault (what, line) {
    this.faults.push(`the log, ${what}: ${line.slice(0, 600)}`)
  }
}
