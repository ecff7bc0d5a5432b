// `publish` and `fleet` where they are used wrongly, and what they make of statuses and places; with a server they are in test/fleet.
import t from 'tap'
import { instancesOf, isBeyond, isRunning } from '../../src/cli/fleet/instances.ts'
import { highestSeen, nextPlace } from '../../src/cli/fleet/published.ts'
import type { SourceStamp } from '../../src/source/stamp.ts'
import type { StoredStatus } from '../../src/source/nats/client.ts'
import type { InstanceStatus } from '../../src/source/nats/status.ts'
import { makeKeys } from '../source/keys.ts'
import { freshDirectory, policy, writeFiles } from '../source/lab.ts'
import { run } from './run.ts'

const to = ['--to', 'nats://127.0.0.1:1']

t.test('wrong usage, and what keeps a set from being published before a store is asked', async t => {
  const directory = freshDirectory(t)
  writeFiles(directory, { 'one.yaml': policy('one') })
  const files = t.testdir({
    'gateway.yaml': 'version: 1\npolicies: https://policies.example.com/cors.json\n', key: makeKeys().publicPem, broken: { 'a.yaml': 'rules: {' }, password: 'x'
  })
  const cases: [says: RegExp, exit: number, argv: readonly string[]][] = [
    [/publish needs --to URL/, 2, ['publish', directory]],
    [/--to needs the URL of a NATS server, such as tls:/, 2, ['publish', directory, '--to', 'https://nats.example.com']],
    [/use tls:\/\/…, or say --allow-insecure/, 2, ['publish', directory, '--to', 'nats://nats.example.com']],
    [/holds a user name or password; use --user and --password-file/, 2, ['publish', directory, '--to', 'nats://a:hunter2@127.0.0.1']],
    [/--user and --password-file belong together/, 2, ['publish', directory, ...to, '--user', 'x']],
    [/give one of --user, --token-file and --creds-file/, 2, ['publish', directory, ...to, '--token-file', 'x', '--creds-file', 'y']],
    [/--ca-file is for TLS/, 2, ['publish', directory, ...to, '--ca-file', 'x']],
    [/--fail-on takes any or widened, not `some`/, 2, ['publish', directory, ...to, '--fail-on', 'some']],
    [/--timeout takes a duration such as 60s or 5m, up to 24h, not `soon`/, 2, ['publish', directory, ...to, '--wait', '--timeout', 'soon']],
    [/--timeout takes a duration/, 2, ['publish', directory, ...to, '--wait', '--timeout', '0s']],
    [/--timeout is for --wait/, 2, ['publish', directory, ...to, '--timeout', '5s']],
    [/--dry-run publishes nothing that --wait could wait for/, 2, ['publish', directory, ...to, '--wait', '--dry-run']],
    [/the gateway of --config has its policies from https:\S+cors\.json: name the directories to publish/, 2, ['publish', ...to, '--config', `${files}/gateway.yaml`]],
    [/there is no directory nowhere/, 3, ['publish', 'nowhere', ...to]],
    [/the file \S+key holds a public key, no private key/, 3, ['publish', directory, ...to, '--sign-key', `${files}/key`]],
    [/nothing was published: the policies are invalid/, 1, ['publish', `${files}/broken`, ...to]],
    [/^cors-gateway: nats:\/\/127\.0\.0\.1:1: nothing listens there \(ECONNREFUSED\)/, 3, ['publish', directory, ...to]],
    [/the file \S+gone can't be read: ENOENT[^;]*; correct --password-file/, 3, ['publish', directory, ...to, '--user', 'x', '--password-file', `${files}/gone`]],
    [/fleet takes status, history or rollback\n/, 2, ['fleet']],
    [/fleet takes status, history or rollback, not `states`/, 2, ['fleet', 'states']],
    [/fleet status takes one URL/, 2, ['fleet', 'status']],
    [/fleet history takes one URL/, 2, ['fleet', 'history', to[1]!, to[1]!]],
    [/fleet status needs the URL of a NATS server/, 2, ['fleet', 'status', 'nats']],
    [/fleet status takes no --generation/, 2, ['fleet', 'status', to[1]!, '--generation', '1']],
    [/fleet history takes no --wait/, 2, ['fleet', 'history', to[1]!, '--wait']],
    [/fleet rollback takes no --format/, 2, ['fleet', 'rollback', to[1]!, '--format', 'json']],
    [/--format takes pretty or json, not `xml`/, 2, ['fleet', 'status', to[1]!, '--format', 'xml']],
    [/--generation takes a whole number from 1, not `0`/, 2, ['fleet', 'rollback', to[1]!, '--generation', '0']],
    [/nothing listens there/, 3, ['fleet', 'history', to[1]!]]
  ]
  for (const [says, exit, argv] of cases) {
    const result = await run(...argv)
    t.match(result, { exit, stdout: '', stderr: says }, argv.join(' '))
    t.notMatch(result.stderr, 'hunter2')
  }
})

function statusOf (instance: string, at: number, told: Partial<InstanceStatus> | string): StoredStatus {
  const whole = { instance, version: '0.1.0', state: 'ok', revision: 'r', epoch: 1, generation: 1, sequence: 1, rejected: null, startedAt: '2026-11-25T12:00:00Z' }
  return { instance, at, bytes: Buffer.from(typeof told === 'string' ? told : JSON.stringify({ ...whole, ...told })) }
}

const now = 1_795_000_000_000

t.test('who is live, by the clock of the store', async t => {
  const ages = instancesOf([statusOf('c', now - 44_999, {}), statusOf('b', now - 45_000, {}), statusOf('a', now + 5, {})], now)
  t.same(ages.map(({ name, isLive, age }) => [name, isLive, age]), [['a', true, 0], ['b', false, 45_000], ['c', true, 44_999]])
})

t.test('who runs what was published', async t => {
  const place = { epoch: 1, generation: 2 }
  const cases: [runs: boolean, beyond: boolean, told: Partial<InstanceStatus> | string][] = [
    [true, false, { generation: 2 }],
    [false, false, { generation: 1 }],
    [false, false, { generation: 2, revision: 'q' }],
    [false, false, { generation: 2, state: 'degraded' }],
    [false, true, { generation: 3 }],
    [false, true, { epoch: 2, generation: 1 }],
    [false, false, { epoch: null, generation: null }],
    [false, false, { generation: 2.5 }],
    [false, false, 'null'],
    [false, false, '{']
  ]
  for (const [runs, beyond, told] of cases) {
    const [instance] = instancesOf([statusOf('a', now, told)], now)
    t.same([isRunning(instance!, 'r', place), isBeyond(instance!, place)], [runs, beyond], JSON.stringify(told))
  }
})

t.test('what comes next lies above all that is there or was seen', async t => {
  const place = (epoch: number, generation: number): SourceStamp => ({ epoch, generation })
  const cases: [next: SourceStamp, head: SourceStamp | null, seen: readonly SourceStamp[]][] = [
    [place(now, 1), null, []],
    [place(5, 3), place(5, 2), []],
    [place(5, 3), place(5, 2), [place(5, 1), place(4, 9)]],
    [place(5, 8), place(5, 2), [place(5, 7)]],
    [place(6, 2), place(5, 9), [place(6, 1)]],
    [place(6, 2), null, [place(6, 1), place(5, 4)]],
    // What no honest gateway can have seen.
    [place(5, 3), place(5, 2), [place(now + 90_000_000, 1), place(5, 2 ** 32)]]
  ]
  for (const [next, head, seen] of cases) {
    const statuses = seen.map((each, i) => statusOf(`n${i}`, now, each))
    t.same(nextPlace(head, highestSeen([...statuses, statusOf('x', now, 'x'), statusOf('y', now, { epoch: null, generation: null })], now), now), next)
  }
})
