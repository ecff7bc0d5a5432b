// Policies from memory: for tests, and for hosts that get their texts from elsewhere.
import type { SourceText } from '../diagnostic/span.ts'
import type { PolicySource } from './source.ts'

/** A source whose texts are set by the host. */
export interface MemorySource extends PolicySource {
  /** Replaces the whole set, and tells whoever watches. */
  set (texts: readonly SourceText[]): void
}

/** Makes a source of texts in memory. */
export function memorySource (texts: readonly SourceText[]): MemorySource {
  let current = copy(texts)
  const watchers = new Set<() => void>()
  return {
    read: async signal => {
      signal.throwIfAborted()
      return { texts: current }
    },
    watch: changed => {
      // Each call has its own entry, so that one function given twice is told twice and stopped singly.
      const watcher = (): void => changed()
      watchers.add(watcher)
      return () => { watchers.delete(watcher) }
    },
    set: next => {
      current = copy(next)
      for (const watcher of [...watchers]) watcher()
    }
  }
}

/** What the caller does to its own array later must not change a set that was given away. */
function copy (texts: readonly SourceText[]): readonly SourceText[] {
  return texts.map(({ name, text }) => ({ name, text }))
}
