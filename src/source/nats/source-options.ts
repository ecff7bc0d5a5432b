// What a host may set for policies from NATS: looked through once, before anything is connected.
import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import type { Limits } from '../limits.ts'
import { count, keysOf, limitsOf, type KeyOptions, type ResolvedKeys } from '../option-values.ts'
import { natsOptionNames, resolveNats, type NatsOptions } from './options.ts'

/** What a host may set for policies from NATS; every setting has a default. Times are milliseconds. */
export interface NatsSourceOptions extends NatsOptions, Partial<Limits>, KeyOptions {
  /** The time between two looks at the head beside the changes that are told; a tenth more or less. 30 s unless given. */
  readonly pollInterval?: number
  /** What this instance is called in the fleet: up to 64 letters, digits, `-` and `_`. The host's name and a random part unless given. */
  readonly instance?: string
}

/** The options with nothing left to default. */
export interface ResolvedNatsSource extends ResolvedKeys {
  readonly url: URL
  readonly place: string
  readonly bucket: string
  /** Those of the store. */
  readonly options: NatsOptions
  readonly pollInterval: number
  readonly instance: string
  readonly limits: Limits
}

const known: readonly (keyof NatsSourceOptions)[] = [
  ...natsOptionNames, 'pollInterval', 'publicKey', 'publicKeyFile', 'instance', 'maxFileBytes', 'maxFiles', 'maxDepth'
]

/** Throws a TypeError that says what to write instead. */
export function resolveNatsSource (url: string | URL, options: NatsSourceOptions): ResolvedNatsSource {
  const { place, bucket } = resolveNats(url, options, 'natsSource', known)
  const { instance = ownName() } = options
  if (!/^[\w-]{1,64}$/.test(instance)) throw new TypeError(`\`instance\` is up to 64 letters, digits, - and _, not ${JSON.stringify(instance)}`)
  return {
    url: new URL(url),
    place,
    bucket,
    options: Object.fromEntries(natsOptionNames.flatMap(name => options[name] === undefined ? [] : [[name, options[name]]])),
    pollInterval: count('pollInterval', options.pollInterval, 30_000),
    ...keysOf('natsSource', options),
    instance,
    limits: limitsOf(options)
  }
}

function ownName (): string {
  return `${hostname().replace(/[^\w-]/g, '-').slice(0, 57)}-${randomBytes(3).toString('hex')}`
}
