// A small typed emitter, whose listeners can't harm whoever emits.

/** Calls listeners by the name of an event. `Events` gives each event's payload. */
export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<(payload: never) => void>>()
  readonly #failed: (error: unknown) => void

  /** `failed` is told what a listener throws, and why the promise rejects that one gives back. */
  constructor (failed: (error: unknown) => void) {
    this.#failed = failed
  }

  /** Adds a listener; the function that it gives back removes it. */
  on<Name extends keyof Events> (event: Name, listener: (payload: Events[Name]) => void): () => void {
    const listeners = this.#listeners.get(event) ?? new Set()
    this.#listeners.set(event, listeners)
    const entry = (payload: Events[Name]): void => listener(payload)
    listeners.add(entry)
    return () => { listeners.delete(entry) }
  }

  /** Whether anybody listens: an event that nobody hears need not be made. */
  hears (event: keyof Events): boolean {
    return (this.#listeners.get(event)?.size ?? 0) > 0
  }

  emit<Name extends keyof Events> (event: Name, payload: Events[Name]): void {
    for (const listener of [...this.#listeners.get(event) ?? []]) {
      try {
        const given: unknown = (listener as (payload: Events[Name]) => unknown)(payload)
        if (given instanceof Promise) given.catch(this.#failed)
      } catch (error) {
        this.#failed(error)
      }
    }
  }
}
