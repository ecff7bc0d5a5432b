// Host and path to the rules that decide: Fastify's reading first, every other reading as a veto.
import { hostOf, maxHostPatternLength } from '../route/host.ts'
import {
  hasUpperCase, isMalformed, isPlain, pathOfTarget, readingsOf, routerDecode, settle, type Reading
} from '../route/path.ts'
import type { Bucket, HostRoutes, Snapshot } from './snapshot.ts'

/** Where a target leads. */
export interface PathLookup {
  /** By Fastify's reading, or null where no rule is. */
  readonly bucket: Bucket | null
  /** No reading may be trusted: the path says different things to different servers, or nothing at all. */
  readonly isAmbiguous: boolean
  /** Whether a rule that the path, or any reading of it, leads to rejects what it denies. */
  readonly rejects: boolean
}

/** The routes of the hosts that match, the most specific first: exact, then the longest suffix, then every host. */
function routesOf ({ exactHosts, hostSuffixes, anyHost }: Snapshot, authority: string): readonly HostRoutes[] {
  if (exactHosts.size === 0 && hostSuffixes.size === 0) return anyHost
  const host = hostOf(authority)
  const found: HostRoutes[] = []
  const exact = exactHosts.size === 0 ? undefined : exactHosts.get(host)
  if (exact !== undefined) found.push(exact)
  if (hostSuffixes.size > 0) {
    // A label stands before the suffix. No pattern is longer, so a longer `Host` is not taken apart at each of its dots.
    const start = Math.max(1, host.length - maxHostPatternLength)
    for (let dot = host.indexOf('.', start); dot !== -1; dot = host.indexOf('.', dot + 1)) {
      const routes = hostSuffixes.get(host.slice(dot))
      if (routes !== undefined) found.push(routes)
    }
  }
  return found.concat(anyHost)
}

/** The rules of the most specific host that has a matching route. */
function findBucket (hosts: readonly HostRoutes[], path: string, folded: boolean): Bucket | null {
  for (const { folded: foldedRoutes, routes } of hosts) {
    const found = (folded ? foldedRoutes : routes).find(path)
    if (found !== undefined) return found
  }
  return null
}

/** Looks a request target up. */
export function lookUpPath (snapshot: Snapshot, authority: string, target: string, hostIsAmbiguous: boolean): PathLookup {
  const path = pathOfTarget(target, authority)
  if (path === '*') return { bucket: null, isAmbiguous: hostIsAmbiguous, rejects: false }
  const hosts = routesOf(snapshot, authority)
  if (path === null || hostIsAmbiguous || target.includes('#')) return untrusted(snapshot, hosts, path)
  const { router, pathReadings } = snapshot.settings
  if (isPlain(path)) {
    const bucket = findBucket(hosts, settle(path, router), false)
    if (router.caseSensitive && pathReadings.has('case') && (snapshot.routesHaveUpperCase || hasUpperCase(path))) {
      const other = findBucket(hosts, path.toLowerCase(), true)
      if (other?.group !== bucket?.group) return { bucket, isAmbiguous: true, rejects: rejects(bucket) || rejects(other) }
    }
    return { bucket, isAmbiguous: false, rejects: rejects(bucket) }
  }
  const decoded = isMalformed(path) ? null : routerDecode(path)
  if (decoded === null) return untrusted(snapshot, hosts, path)
  return lookUpReadings(snapshot, hosts, path, findBucket(hosts, settle(decoded, router), false))
}

/** A malformed target: only Fastify's own reading tells which rules were meant, and it grants nothing. */
function untrusted (snapshot: Snapshot, hosts: readonly HostRoutes[], path: string | null): PathLookup {
  const { router } = snapshot.settings
  // The router cuts the path before it decodes it, so what is malformed beyond the cut does not matter to it.
  const decoded = path === null ? null : routerDecode(path.split(router.useSemicolonDelimiter ? /[#;]/ : '#', 1)[0]!)
  const bucket = decoded === null ? null : findBucket(hosts, settle(decoded, router), false)
  return { bucket, isAmbiguous: true, rejects: rejects(bucket) }
}

function lookUpReadings (snapshot: Snapshot, hosts: readonly HostRoutes[], path: string, bucket: Bucket | null): PathLookup {
  let isAmbiguous = false
  let rejected = rejects(bucket)
  for (const reading of readingsOf(path, snapshot.settings.pathReadings)) {
    const other = readingIn(snapshot, hosts, reading)
    if (!vetoes(reading, bucket, other)) continue
    isAmbiguous = true
    rejected ||= rejects(other)
    // Nothing that is still to be read could change the answer.
    if (rejected || !snapshot.anyRejects) break
  }
  return { bucket, isAmbiguous, rejects: rejected }
}

/** Where a reading leads, by the same matcher under the instance's options. */
export function findReading (snapshot: Snapshot, authority: string, reading: Reading): Bucket | null {
  return readingIn(snapshot, routesOf(snapshot, authority), reading)
}

function readingIn (snapshot: Snapshot, hosts: readonly HostRoutes[], reading: Reading): Bucket | null {
  return findBucket(hosts, settle(reading.path, snapshot.settings.router), reading.folded)
}

/** Whether a reading leads to another set of rules; one without its trailing slash counts only where it leads to rules at all. */
export function vetoes (reading: Reading, bucket: Bucket | null, other: Bucket | null): boolean {
  return other?.group !== bucket?.group && !(reading.trimmed && other === null)
}

function rejects (bucket: Bucket | null): boolean {
  return bucket !== null && bucket.group.rejects
}
