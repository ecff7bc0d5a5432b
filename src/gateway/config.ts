// The configuration of a gateway, gateway.yaml: its text to settings, and everything that is wrong with it.
import { dirname } from 'node:path'
import { compareDiagnostics, type Diagnostic } from '../diagnostic/diagnostic.ts'
import type { SourceText, Span } from '../diagnostic/span.ts'
import { readDocument } from '../document/read.ts'
import type { CorsGatewayOptions } from '../plugin/options.ts'
import { Findings, show } from '../policy/findings.ts'
import { defaultRouterOptions, type ReadingStep, type RouterOptions } from '../route/path.ts'
import { isLoopback, printAddress, type ListenAddress } from './address.ts'
import { gatewaySchema, type GatewayAdmin, type GatewayFile } from './config-schema.ts'
import { readPolicies, type UrlPlace } from './config-policies.ts'
import { Section } from './config-section.ts'
import { readUpstreams } from './config-upstreams.ts'
import { pathIn, readAddress, readDuration, readPath, readSize, readTrust, type KeysOf } from './config-values.ts'
import type { GatewayOptions } from './gateway.ts'

/** Where a gateway answers unless it is told otherwise. */
export const defaultListen: ListenAddress = { host: '127.0.0.1', port: 8080 }

/** Where its admin listener answers unless it is told otherwise. */
export const defaultAdmin: ListenAddress = { host: '127.0.0.1', port: 9901 }

/** What a configuration says. Paths lead where the file meant; nothing else is filled in. */
export interface GatewayConfig {
  /** Null: the file cannot tell, since it is wrong there. */
  readonly policies: readonly string[] | UrlPlace | null
  readonly listen: ListenAddress | null
  /** `'off'`: no admin listener. */
  readonly admin: AdminConfig | 'off'
  readonly plugin: Omit<CorsGatewayOptions, 'policies'>
  readonly gateway: Pick<GatewayOptions, 'upstreams' | 'tls' | 'http2' | 'trustProxy' | 'router' | 'timeouts' | 'limits' | 'metrics'>
  /** The files that it names, and where. */
  readonly files: NamedFiles
}

type AdminKeys = Extract<GatewayAdmin, object>

/** The admin listener. */
export interface AdminConfig {
  readonly listen: ListenAddress | null
  readonly token: string | null
}

/** A file that a configuration names. */
export interface NamedFile {
  readonly path: string
  readonly span: Span
}

/** Files that have to be there when the gateway starts. */
export interface NamedFiles {
  readonly tokenFile: NamedFile | null
  readonly tls: { readonly cert: NamedFile, readonly key: NamedFile } | null
}

/** A configuration as it was read. */
export interface ReadConfig {
  readonly ok: boolean
  /** As far as it could be read: what is wrong is left out. */
  readonly config: GatewayConfig
  readonly diagnostics: readonly Diagnostic[]
  readonly source: SourceText
}

/** Reads a configuration. `path` is where its file lies; findings call it by `name`. Never throws for anything that it says. */
export function readConfig (name: string, text: string, path: string = name): ReadConfig {
  const source = { name, text, kind: 'a gateway configuration' }
  const { document, broken, diagnostics } = readDocument(source, gatewaySchema)
  const findings = new Findings()
  const root = new Section<GatewayFile>({ source, broken, findings }, document?.root)
  const config = new ConfigReader(root, dirname(path)).read()
  const found = [...diagnostics, ...findings.diagnostics].sort(compareDiagnostics)
  return { ok: !found.some(({ severity }) => severity === 'error'), config, diagnostics: found, source }
}

/** Reads one file, key by key. */
class ConfigReader {
  readonly #root: Section<GatewayFile>
  readonly #folder: string

  constructor (root: Section<GatewayFile>, folder: string) {
    this.#root = root
    this.#folder = folder
  }

  read (): GatewayConfig {
    const root = this.#root
    const router = this.#router()
    const listen = readAddress(root, 'listen')
    const tls = this.#tls()
    return {
      policies: readPolicies(root, this.#folder),
      listen,
      admin: root.get('admin') === false ? 'off' : this.#admin(listen),
      plugin: this.#plugin(),
      gateway: {
        upstreams: readUpstreams(root, { ...defaultRouterOptions, ...router }),
        router,
        ...tls !== null && { tls: { cert: tls.cert.path, key: tls.key.path } },
        ...this.#server()
      },
      files: { tokenFile: namedFile(root.section('admin'), 'tokenFile', this.#folder), tls }
    }
  }

  #shadow (): string[] | null {
    const named = this.#root.texts('shadow').map(({ text }) => pathIn(this.#folder, text))
    return named.length === 0 ? null : named
  }

  #admin (listen: ListenAddress | null): AdminConfig {
    const admin = this.#root.section('admin')
    const address = readAddress(admin, 'listen')
    if (admin.has('token') && admin.has('tokenFile')) {
      admin.refuse('tokenFile', '`token` is given too', 'keep one of the two', { related: [{ span: admin.spanOf('token'), message: '`token` is given here' }] })
    }
    if (address !== null && !isLoopback(address.host) && !admin.has('token') && !admin.has('tokenFile')) {
      admin.refuse('listen', `${show(printAddress(address))} can be reached from other machines, and no token is asked for`, 'add `tokenFile`, or listen on 127.0.0.1')
    }
    this.#refuseSame(listen, admin, address)
    return { listen: address, token: admin.get('token') ?? null }
  }

  #refuseSame (listen: ListenAddress | null, admin: Section<AdminKeys>, address: ListenAddress | null): void {
    const [one, other] = [printAddress(listen ?? defaultListen), printAddress(address ?? defaultAdmin)]
    if (one !== other || one.endsWith(':0')) return
    const message = `${show(one)} is the address of the gateway and of its admin listener`
    if (address !== null) admin.refuse('listen', message, 'give the admin listener a port of its own')
    else this.#root.refuse('listen', message, 'choose another port, or give `admin` another `listen`')
  }

  #plugin (): GatewayConfig['plugin'] {
    const root = this.#root
    const readings = root.get('pathReadings')
    return given({
      mode: root.get('mode'),
      watch: root.get('watch'),
      reload: root.get('reload'),
      minKept: root.get('minKept'),
      unmatched: root.get('unmatched'),
      pathReadings: typeof readings === 'object' ? root.texts('pathReadings').map(({ text }) => text as ReadingStep) : readings as 'all' | 'router' | undefined,
      debug: root.get('debug'),
      allowEmpty: root.get('allowEmpty'),
      lastKnownGood: readPath(root, 'lastKnownGood', this.#folder),
      shadow: this.#shadow()
    })
  }

  #router (): Partial<RouterOptions> {
    const router = this.#root.section('router')
    return given({
      caseSensitive: router.get('caseSensitive'),
      ignoreTrailingSlash: router.get('ignoreTrailingSlash'),
      ignoreDuplicateSlashes: router.get('ignoreDuplicateSlashes'),
      useSemicolonDelimiter: router.get('useSemicolonDelimiter')
    })
  }

  #tls (): NamedFiles['tls'] {
    const tls = this.#root.section('tls')
    const [cert, key] = [namedFile(tls, 'cert', this.#folder), namedFile(tls, 'key', this.#folder)]
    if (this.#root.get('http2') === true && !this.#root.has('tls')) {
      this.#root.refuse('http2', '`http2` needs `tls`: browsers speak HTTP/2 over TLS only', 'add `tls`, or remove the line')
    }
    return cert === null || key === null ? null : { cert, key }
  }

  #server (): Partial<GatewayConfig['gateway']> {
    const timeouts = this.#root.section('timeouts')
    const limits = this.#root.section('limits')
    const metrics = this.#root.section('metrics')
    return given({
      http2: this.#root.get('http2'),
      trustProxy: readTrust(this.#root),
      timeouts: given({
        upstream: readDuration(timeouts, 'upstream'),
        request: readDuration(timeouts, 'request'),
        keepAlive: readDuration(timeouts, 'keepAlive'),
        drain: readDuration(timeouts, 'drain')
      }),
      limits: given({
        body: readSize(limits, 'body', '1', '1024GiB'),
        header: readSize(limits, 'header', '1KiB', '1MiB'),
        message: readSize(limits, 'message', '1', '1GiB'),
        connections: limits.get('connections')
      }),
      metrics: given({ maxRules: metrics.get('maxRules') })
    })
  }
}

/** What is given of some values. */
function given<Values extends object> (values: { readonly [Key in keyof Values]: Values[Key] | null | undefined }): Partial<Values> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined && value !== null)) as Partial<Values>
}

function namedFile<Keys extends object> (section: Section<Keys>, key: KeysOf<Keys, string>, folder: string): NamedFile | null {
  const path = readPath(section, key, folder)
  return path === null ? null : { path, span: section.spanOf(key) }
}
