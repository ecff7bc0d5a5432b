// The order of what was published: what is older than what was seen is refused, whatever the store says.
import { SourceError } from '../source.ts'
import { compareStamps, type SourceStamp } from '../stamp.ts'

/** What a store has that is not to be taken. */
class Refusal extends SourceError {
  constructor (place: string, reason: string) {
    super(place, reason, { help: 'publish again: `cors-gateway publish` goes above all that its gateways have seen', isRefusal: true })
  }
}

/** The highest place that was seen. */
export class Order {
  highest: SourceStamp | null = null
  #revision: string | null = null

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
      throw new Refusal(place, `what is there has no stamp, though ${words(highest)} was there before`)
    }
    const order = highest === null ? 1 : compareStamps(stamp, highest)
    if (order < 0) throw new Refusal(place, `the store went back: ${words(stamp)} is there, but ${words(highest!)} was there before`)
    if (order === 0 && revision !== this.#revision) {
      throw new Refusal(place, `there are two of ${words(stamp)}: revision ${revision} is there, but ${this.#revision} was there before`)
    }
    this.highest = { epoch: stamp.epoch, generation: stamp.generation }
    this.#revision = revision
  }
}

function words ({ epoch, generation }: SourceStamp): string {
  return `generation ${generation} (epoch ${epoch})`
}
