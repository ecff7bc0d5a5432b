// The order of what was published: what is older than what was seen is refused, whatever is served.
import { SourceError } from './source.ts'
import { compareStamps, type SourceStamp } from './stamp.ts'

/** The highest place that was seen. */
export class Order {
  highest: SourceStamp | null = null
  #revision: string | null = null
  readonly #keeper: string
  readonly #help: string

  /** `keeper` keeps what was published; `help` says how whoever publishes gets above what was seen. */
  constructor (keeper: string, help: string) {
    this.#keeper = keeper
    this.#help = help
  }

  /** What an earlier process has seen. */
  resume (stamp: SourceStamp, revision: string): void {
    if (this.highest !== null && compareStamps(stamp, this.highest) <= 0) return
    this.highest = { epoch: stamp.epoch, generation: stamp.generation }
    this.#revision = revision
  }

  /** Takes a bundle's place. Throws {@link SourceError} for one that is no longer to be taken. */
  take (place: string, stamp: SourceStamp | null, revision: string | null): void {
    const { highest } = this
    if (stamp === null) {
      if (highest === null) return
      throw this.#refusal(place, `what is there has no generation, though ${words(highest)} was there before`)
    }
    const order = highest === null ? 1 : compareStamps(stamp, highest)
    if (order < 0) throw this.#refusal(place, `${this.#keeper} went back: ${words(stamp)} is there, but ${words(highest!)} was there before`)
    if (order === 0 && revision !== this.#revision) {
      throw this.#refusal(place, `there are two of ${words(stamp)}: revision ${revision} is there, but ${this.#revision} was there before`)
    }
    this.highest = { epoch: stamp.epoch, generation: stamp.generation }
    this.#revision = revision
  }

  #refusal (place: string, reason: string): SourceError {
    return new SourceError(place, reason, { help: this.#help, isRefusal: true })
  }
}

function words ({ epoch, generation }: SourceStamp): string {
  return `generation ${generation} (epoch ${epoch})`
}
