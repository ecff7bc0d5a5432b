// Policies from one or more watched directories.
import { defaultLimits, type Limits } from './limits.ts'
import { readDirectories } from './read.ts'
import { SourceError, type PolicySource } from './source.ts'
import { ChangedMeanwhile, walk } from './walk.ts'
import { DirectoryWatch, type Look, type WatchOptions } from './watch.ts'

/** What a host may set for directories; every setting has a default. */
export type DirectoryOptions = Partial<Limits> & Partial<WatchOptions>

const defaultWatching: WatchOptions = { poll: false, pollInterval: 2_000, quiet: 150, warn: () => {} }

/** After a change the clock of a file system may stand still for this long, in milliseconds, and hide another one. */
const coarsestClock = 2_000

/**
 * Policies from directories: every `*.yaml` and `*.yml` below them, as one set. While it is watched, a change is told
 * about 250 ms after the last write; where the system delivers no event, after `pollInterval` (2 s).
 */
export function directorySource (directories: string | readonly string[], options: DirectoryOptions = {}): PolicySource {
  const paths = typeof directories === 'string' ? [directories] : [...directories]
  if (paths.length === 0) throw new TypeError('directorySource needs a directory')
  const limits = { ...defaultLimits, ...options }
  const watching = { ...defaultWatching, ...options }
  let watch: DirectoryWatch | null = null
  return {
    get mode () { return watch?.mode ?? (watching.poll ? 'poll' : 'events') },
    read: async signal => {
      try {
        const { fingerprint, ...set } = await readDirectories(paths, limits, signal)
        watch?.wasRead(fingerprint)
        return set
      } catch (error) {
        if (error instanceof SourceError) watch?.wasRead(unreachable(error))
        throw error
      }
    },
    watch: changed => {
      const started = watch = new DirectoryWatch(paths, signal => lookAt(paths, limits, signal), changed, watching)
      return () => started.stop()
    }
  }
}

async function lookAt (directories: readonly string[], limits: Limits, signal: AbortSignal): Promise<Look> {
  try {
    const { fingerprint, directories: places, changedAt } = await walk(directories, limits, signal)
    return { fingerprint, places, isSettled: Math.abs(Date.now() - changedAt) > coarsestClock }
  } catch (error) {
    if (error instanceof SourceError) return { fingerprint: unreachable(error), places: null, isSettled: true }
    // Random, so that it equals no other look.
    if (error instanceof ChangedMeanwhile) return { fingerprint: `changing: ${Math.random()}`, places: null, isSettled: false }
    throw error
  }
}

function unreachable ({ message }: SourceError): string {
  return `unreachable: ${message}`
}
