// The store that a command publishes to or looks into: its URL and flags, and a connection as long as it is needed.
import { openStore, type NatsOptions, type Store } from '../../source/nats/client.ts'
import { resolveNats } from '../../source/nats/options.ts'
import { SourceError } from '../../source/source.ts'
import { CannotRun, UsageError, type Arguments } from '../command.ts'
import { inFlags, loginFor, loginLines } from '../login.ts'

/** What `--help` says of a store. */
export const storeUsage: string = `The store is nats://HOST[:4222][/BUCKET], or tls:// for TLS; the bucket is cors-policies unless named. To connect:
${loginLines(false)}`

/** Where a store is, and how it is entered. */
export interface StorePlace {
  readonly url: string
  readonly options: NatsOptions
  /** For people to see, and in errors. */
  readonly name: string
  /** The bucket that holds the policies. */
  readonly bucket: string
}

/** The store of a URL, by the flags; `asked` is how the command calls the URL. What makes no sense ends the command. */
export function storeOf (args: Arguments, url: string, asked: string): StorePlace {
  try {
    // Of a URL of another kind that is to be told, and not which flags it has.
    resolveNats(url, { allowInsecure: true }, asked)
    const options = loginFor(args, url)
    const { place: name, bucket } = resolveNats(url, options, asked)
    return { url, options, name, bucket }
  } catch (error) {
    throw error instanceof TypeError ? new UsageError(inFlags(error.message)) : error
  }
}

/** A name that nobody ever published to is mistyped more often than not: it ends the command. */
export async function refuseMissing (store: Store, { url, name, bucket }: StorePlace): Promise<void> {
  if (await store.exists()) return
  throw new CannotRun(`${name}: there is no bucket ${bucket}; correct the URL, or publish the first set there: cors-gateway publish DIR --to ${url}`)
}

/** Connects for as long as `use` takes. With `create`, buckets that are missing are made. A fault of the store ends the command. */
export async function withStore<T> (
  { url, options }: StorePlace, how: { readonly create: boolean }, use: (store: Store) => Promise<T>
): Promise<T> {
  try {
    const store = await openStore(url, options, how)
    try {
      return await use(store)
    } finally {
      await store.close()
    }
  } catch (error) {
    throw error instanceof SourceError ? new CannotRun(inFlags(error.message)) : error
  }
}
