// The store that a command publishes to or looks into: its URL and flags, and a connection as long as it is needed.
import { openStore, type NatsOptions, type Store } from '../../source/nats/client.ts'
import { resolveNats } from '../../source/nats/options.ts'
import { SourceError } from '../../source/source.ts'
import { CannotRun, textOption, UsageError, type Arguments, type Command } from '../command.ts'

/** The options of every command that connects to a store. */
export const storeOptions: Command['options'] = {
  user: { type: 'string' },
  'password-file': { type: 'string' },
  'token-file': { type: 'string' },
  'creds-file': { type: 'string' },
  'ca-file': { type: 'string' },
  'cert-file': { type: 'string' },
  'key-file': { type: 'string' },
  'allow-insecure': { type: 'boolean' }
}

/** What `--help` says of them. */
export const storeUsage: string = `The store is nats://HOST[:4222][/BUCKET], or tls:// for TLS; the bucket is cors-policies unless named. To connect:
  --user NAME            a user, with --password-file
  --password-file FILE   the file that holds the password and nothing else
  --token-file FILE      a file that holds a token
  --creds-file FILE      a .creds file
  --ca-file FILE         the authorities to trust instead of the system's, in PEM form
  --cert-file FILE       this side's certificate, with --key-file
  --key-file FILE        its key
  --allow-insecure       nats: to other machines: whoever is on the way can then read the password and change the policies
`

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
  const texts = [...flags].map(([option, flag]) => [option, textOption(args, flag)] as const).filter(([, value]) => value !== undefined)
  const options = { ...Object.fromEntries(texts), ...args.values['allow-insecure'] === true && { allowInsecure: true } }
  try {
    const { place: name, bucket } = resolveNats(url, options, asked)
    return { url, options, name, bucket }
  } catch (error) {
    throw error instanceof TypeError ? new UsageError(inFlags(error.message)) : error
  }
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

/** The names of the options in code, and those of the flags. */
const flags: ReadonlyMap<string, string> = new Map(Object.keys(storeOptions).filter(flag => flag !== 'allow-insecure')
  .map(flag => [flag.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase()), flag]))

function inFlags (message: string): string {
  return message.replace('`allowInsecure: true`', '--allow-insecure').replace(/`(\w+)`/g, (whole, name: string) => flags.has(name) ? `--${flags.get(name)!}` : whole)
}
