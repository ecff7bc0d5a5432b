// What a host may set: validated once at registration, in one closed form afterwards.
import type { FastifyInstance } from 'fastify'
import type { PathReadings } from '../build.ts'
import { suggest } from '../diagnostic/suggest.ts'
import { readingSteps, type ReadingStep, type RouterOptions } from '../route/path.ts'
import type { PolicySource } from '../source/source.ts'
import { InvalidOptionError, UnknownOptionError } from './errors.ts'
import { maxRuleLabels } from './metrics.ts'

/** The options of the plugin. */
export interface CorsGatewayOptions {
  /** A policy directory, several that make one set, or a source. */
  readonly policies: string | readonly string[] | PolicySource
  /** Hot reload: the policies are watched, and a valid change takes effect at once. `true` unless given. */
  readonly watch?: boolean
  /** `'manual'`: the policies are read again only when `app.corsGateway.reload()` is called. `'auto'` unless given. */
  readonly reload?: 'auto' | 'manual'
  /**
   * The share of the running rules, and of the origins, that one reload must keep, 0 to 1; a set that keeps less is rejected like an
   * invalid one until `app.corsGateway.reload({ accept: revision })`. 0 unless given.
   */
  readonly minKept?: number
  /**
   * `'observe'`: decides, logs and counts, also where the handler's own CORS answer differs; answers, sets and removes nothing.
   * `'enforce'` unless given.
   */
  readonly mode?: 'enforce' | 'observe'
  /** What becomes of a path without a policy: nothing is granted there, or it passes untouched. `'deny'` unless given. */
  readonly unmatched?: 'deny' | 'passthrough'
  /** How servers behind the gateway may read a path otherwise than Fastify. `'all'` unless given. */
  readonly pathReadings?: PathReadings
  /** Every managed answer says in `x-cors-gateway` what was decided and why. Never for production: it names rules. `false` unless given. */
  readonly debug?: boolean
  /** With more rules than this the metrics' `rule` label is `_`, so that there is no time series a rule. 1000 unless given. */
  readonly maxRuleLabels?: number
  /** A set without any rule is meant; otherwise it is taken for a fault. `false` unless given. */
  readonly allowEmpty?: boolean
  /** A file in which the last good set is kept, for a start with a broken one. Only this process's user can read it. None unless given. */
  readonly lastKnownGood?: string
  /**
   * A second directory, several, or a source: a candidate set, decided beside the first on the same requests and never enforced.
   * None unless given.
   */
  readonly shadow?: string | readonly string[] | PolicySource
}

/** The options with nothing left to default, and what the Fastify instance adds to them. */
export interface ResolvedOptions {
  readonly policies: readonly string[] | PolicySource
  readonly watch: boolean
  readonly reload: 'auto' | 'manual'
  readonly minKept: number
  readonly mode: 'enforce' | 'observe'
  readonly unmatched: 'deny' | 'passthrough'
  readonly pathReadings: PathReadings
  readonly debug: boolean
  readonly maxRuleLabels: number
  readonly allowEmpty: boolean
  readonly lastKnownGood: string | null
  readonly shadow: readonly string[] | PolicySource | null
  readonly router: RouterOptions
}

const known = [
  'policies', 'watch', 'reload', 'minKept', 'mode', 'unmatched', 'pathReadings', 'debug', 'maxRuleLabels', 'allowEmpty', 'lastKnownGood',
  'shadow'
] as const

/** Validates what a host has set, or throws an error that says what to write instead. */
export function resolveOptions (options: CorsGatewayOptions, instance: FastifyInstance): ResolvedOptions {
  for (const name of Object.keys(options)) refuseUnknown(name)
  return {
    policies: policiesOf('policies', options.policies),
    watch: flag('watch', options.watch, true),
    reload: oneOf('reload', options.reload, ['auto', 'manual']),
    minKept: share('minKept', options.minKept),
    mode: oneOf('mode', options.mode, ['enforce', 'observe']),
    unmatched: oneOf('unmatched', options.unmatched, ['deny', 'passthrough']),
    pathReadings: readingsOf(options.pathReadings),
    debug: flag('debug', options.debug, false),
    maxRuleLabels: count('maxRuleLabels', options.maxRuleLabels, maxRuleLabels),
    allowEmpty: flag('allowEmpty', options.allowEmpty, false),
    lastKnownGood: fileOf('lastKnownGood', options.lastKnownGood),
    shadow: options.shadow === undefined ? null : policiesOf('shadow', options.shadow),
    router: routerOptionsOf(instance)
  }
}

function refuseUnknown (name: string): void {
  if ((known as readonly string[]).includes(name)) return
  if (name === 'prefix' || name === 'logLevel' || name === 'logSerializers') {
    throw new UnknownOptionError(`the option \`${name}\` has no effect on this plugin; ` +
      `register it inside a context that has its own: app.register(async child => { await child.register(corsGateway, …) }, { ${name}: … })`)
  }
  const meant = suggest(name, known)
  throw new UnknownOptionError(`unknown option \`${name}\`${meant === null ? '' : `; did you mean \`${meant}\`?`} (the options are ${known.join(', ')})`)
}

function policiesOf (name: 'policies' | 'shadow', value: unknown): readonly string[] | PolicySource {
  const [, scheme] = [value].flat().map(each => typeof each === 'string' ? /^(https?|nats|tls):\/\//i.exec(each) : null).find(found => found !== null) ?? []
  if (scheme !== undefined) {
    throw new InvalidOptionError(`\`${name}\` takes a URL as a source: ${/^http/i.test(scheme) ? 'httpSource(\'https://…\')' : 'natsSource(\'tls://…\')'}`)
  }
  if (typeof value === 'string' && value !== '') return [value]
  if (Array.isArray(value) && value.length > 0 && value.every(entry => typeof entry === 'string' && entry !== '')) return value as string[]
  if (typeof value === 'object' && value !== null && typeof (value as Partial<PolicySource>).read === 'function') return value as PolicySource
  throw new InvalidOptionError(value === undefined
    ? 'the option `policies` is missing: a directory, such as \'./policies\', a list of directories, or a source'
    : `\`${name}\` is a directory, a list of directories, or a source with a \`read\` function, not ${show(value)}`)
}

function flag (name: string, value: unknown, byDefault: boolean): boolean {
  if (value === undefined) return byDefault
  if (typeof value === 'boolean') return value
  throw new InvalidOptionError(`\`${name}\` is true or false, not ${show(value)}`)
}

/** A part of a whole; none of it unless given. */
function share (name: string, value: unknown): number {
  if (value === undefined) return 0
  if (typeof value === 'number' && value >= 0 && value <= 1) return value
  throw new InvalidOptionError(`\`${name}\` is a share from 0 to 1, such as 0.5, not ${show(value)}`)
}

/** A whole number that isn't negative. */
function count (name: string, value: unknown, byDefault: number): number {
  if (value === undefined) return byDefault
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  throw new InvalidOptionError(`\`${name}\` is a whole number such as ${byDefault}, or 0, not ${show(value)}`)
}

function fileOf (name: string, value: unknown): string | null {
  if (value === undefined) return null
  if (typeof value === 'string' && value !== '') return value
  throw new InvalidOptionError(`\`${name}\` is the path of a file, not ${show(value)}`)
}

/** One of some words, the first of which is the default. */
function oneOf<T extends string> (name: string, value: unknown, words: readonly [T, ...T[]]): T {
  if (value === undefined) return words[0]
  const word = words.find(candidate => candidate === value)
  if (word !== undefined) return word
  const meant = typeof value === 'string' ? suggest(value, words) : null
  const choice = words.map(candidate => `'${candidate}'`).join(' or ')
  throw new InvalidOptionError(`\`${name}\` is ${choice}, not ${show(value)}${meant === null ? '' : `; did you mean '${meant}'?`}`)
}

function readingsOf (value: unknown): PathReadings {
  if (value === undefined || value === 'all') return 'all'
  if (value === 'router') return 'router'
  if (!Array.isArray(value)) {
    throw new InvalidOptionError(`\`pathReadings\` is 'all', 'router', or a list of ${readingSteps.join(', ')}, not ${show(value)}`)
  }
  for (const step of value as unknown[]) {
    if ((readingSteps as readonly unknown[]).includes(step)) continue
    const meant = typeof step === 'string' ? suggest(step, readingSteps) : null
    throw new InvalidOptionError(`\`pathReadings\` lists ${show(step)}, which is none of ${readingSteps.join(', ')}` +
      (meant === null ? '' : `; did you mean '${meant}'?`))
  }
  return [...value as ReadingStep[]]
}

function show (value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : Array.isArray(value) ? 'a list' : typeof value === 'object' && value !== null ? 'an object' : String(value)
}

/** How this instance's router reads a path. Fastify knows the options in two places, of which the newer one need not be there. */
function routerOptionsOf ({ initialConfig }: FastifyInstance): RouterOptions {
  const routerOptions = initialConfig.routerOptions as Partial<RouterOptions> | undefined
  return {
    caseSensitive: routerOptions?.caseSensitive ?? initialConfig.caseSensitive ?? true,
    ignoreTrailingSlash: routerOptions?.ignoreTrailingSlash ?? initialConfig.ignoreTrailingSlash ?? false,
    ignoreDuplicateSlashes: routerOptions?.ignoreDuplicateSlashes ?? initialConfig.ignoreDuplicateSlashes ?? false,
    useSemicolonDelimiter: routerOptions?.useSemicolonDelimiter ?? initialConfig.useSemicolonDelimiter ?? false
  }
}
