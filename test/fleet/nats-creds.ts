// Credentials as a NATS operator hands them out: a chain of JWTs, and a server that trusts its beginning.
import { randomUUID } from 'node:crypto'
import { nkeys } from '@nats-io/transport-node'

type Pair = ReturnType<typeof nkeys.createUser>

/** What the configuration of a server says of whom it trusts, and the text of a `.creds` file for it. */
export interface Trust {
  readonly configuration: string
  readonly creds: string
}

export function makeTrust (): Trust {
  const [operator, system, account, user] = [nkeys.createOperator(), nkeys.createAccount(), nkeys.createAccount(), nkeys.createUser()]
  const text = new TextDecoder()
  const limits = { subs: -1, data: -1, payload: -1, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 }
  const storage = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 }
  const preloaded = [[system, limits], [account, { ...limits, ...storage }]] as const
  const seed = text.decode(user.getSeed())
  return {
    configuration: `
      operator: "${token(operator, operator, { type: 'operator', system_account: system.getPublicKey() })}"
      system_account: ${system.getPublicKey()}
      resolver: MEMORY
      resolver_preload: {
        ${preloaded.map(([of, its]) => `${of.getPublicKey()}: "${token(operator, of, { type: 'account', limits: its })}"`).join('\n')}
      }
    `,
    creds: `-----BEGIN NATS USER JWT-----
${token(account, user, { type: 'user', subs: -1, data: -1, payload: -1 })}
------END NATS USER JWT------

-----BEGIN USER NKEY SEED-----
${seed}
------END USER NKEY SEED------
`
  }
}

function token (issuer: Pair, subject: Pair, claims: object): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const signed = `${part({ typ: 'JWT', alg: 'ed25519-nkey' })}.${part({
    jti: randomUUID(), iat: Math.floor(Date.now() / 1000), iss: issuer.getPublicKey(), name: 'test', sub: subject.getPublicKey(), nats: { version: 2, ...claims }
  })}`
  return `${signed}.${Buffer.from(issuer.sign(Buffer.from(signed))).toString('base64url')}`
}
