// What `--wait` makes of a fleet, look after look, by rows that no server has to grow old for.
import t from 'tap'
import type { Io } from '../../src/cli/command.ts'
import { awaitGateways, type Target } from '../../src/cli/fleet/wait.ts'
import type { Store, StoredStatus } from '../../src/source/nats/client.ts'
import type { InstanceStatus } from '../../src/source/nats/status.ts'

const now = 1_795_000_000_000
const target: Target = { revision: 'r2', place: { epoch: 1, generation: 2 }, sequence: 2 }

/** What a gateway told so many seconds ago. */
function told (instance: string, seconds: number, other: Partial<InstanceStatus> = {}): StoredStatus {
  const status = { instance, version: '1.0.0', state: 'ok', revision: 'r2', epoch: 1, generation: 2, sequence: 2, rejected: null, startedAt: '2026-11-25T12:00:00Z', ...other }
  return { instance, bytes: Buffer.from(JSON.stringify(status)), at: now - 1000 * seconds }
}

const old = { revision: 'r1', generation: 1, sequence: 1 } as const
const behind = (instance: string, seconds: number = 1): StoredStatus => told(instance, seconds, old)

type Look = readonly StoredStatus[]

interface End {
  readonly exit: number | null
  readonly refusal: string
  readonly stdout: string
  readonly stderr: string
}

/** Waits where each look finds what comes next, and the last one stays. Without patience there is one look. */
async function wait (looks: readonly Look[], patience: number): Promise<End> {
  let look = 0
  let [stdout, stderr] = ['', '']
  let ended = false
  const store: Pick<Store, 'statuses' | 'watchStatuses' | 'now'> = {
    statuses: async () => looks[Math.min(look++, looks.length - 1)]!,
    watchStatuses: async changed => {
      const timer = setInterval(changed, 5)
      return async () => {
        clearInterval(timer)
        ended = true
      }
    },
    now: async () => now
  }
  const io: Io = {
    stdout: text => { stdout += text },
    stderr: text => { stderr += text },
    colour: false,
    onSignal: () => {}
  }
  const waiting = awaitGateways(store as Store, target, patience, io)
  const end = await waiting.then(exit => ({ exit, refusal: '' }), (error: Error) => ({ exit: null, refusal: error.message }))
  t.ok(ended, 'the watch is ended')
  return { ...end, stdout, stderr }
}

/** Longer than any test takes. */
const forever = 600_000

t.test('how it ends', async t => {
  const rejecting = { ...old, state: 'degraded', generation: 2, sequence: 2, rejected: { revision: 'r2', reason: 'a.yaml:3: no such key' } } as const
  const vast = Number.MAX_SAFE_INTEGER
  const cases: Readonly<Record<string, [looks: readonly Look[], patience: number, expected: Record<keyof End, unknown>]>> = {
    'nobody ever told of itself': [[[]], forever, { exit: 0, refusal: '', stdout: 'no gateway is live: none has told of itself in the last 45 s\n', stderr: '' }],
    'all run it at once': [[[told('a', 1), told('b', 1)]], forever, { exit: 0, refusal: '', stdout: 'all 2 live gateways run revision r2\n', stderr: '' }],
    'they come to run it': [[[behind('a'), behind('b')], [told('a', 0), told('b', 0)]], forever, {
      exit: 0, refusal: '', stdout: 'all 2 live gateways run revision r2\n', stderr: 'waiting: it runs on 0 of 2 live gateways\n'
    }],
    'who was silent all the time is named': [[[told('a', 1), behind('b', 200)]], forever, {
      exit: 0, refusal: '', stdout: 'the one live gateway runs revision r2\n', stderr: 'not waited for: b has not told of itself for 3 min\n'
    }],
    'a fleet that is gone': [[[behind('eu-1', 180), behind('eu-2', 45)]], 1, {
      exit: null, stdout: '', stderr: /^(?:waiting: no gateway is live, though there were some in the last day\n)?$/,
      refusal: /^no gateway is live after 0 s, though there were some in the last day:\n {2}eu-1 has not told of itself for 3 min\n {2}eu-2 has not told of itself for 45 s\nit stays published: they take it when they are back$/
    }],
    'a fleet that comes back': [[[behind('a', 180)], [told('a', 0)]], forever, {
      exit: 0, refusal: '', stdout: 'the one live gateway runs revision r2\n', stderr: 'waiting: no gateway is live, though there were some in the last day\n'
    }],
    'one that falls silent before it runs it': [[[behind('a', 44), told('b', 1)], [behind('a', 50), told('b', 1)]], 1_000, {
      exit: null, stdout: '', stderr: /^waiting: it runs on 1 of 2 live gateways\n/, refusal: /^1 of 2 live gateways do not run it after 1 s:\n {2}a: ok, revision r1, silent for 50 s$/
    }],
    'one that falls silent, and it was the only one': [[[behind('a', 44)], [behind('a', 50)]], 1_000, {
      exit: null, stdout: '', stderr: 'waiting: it runs on 0 of 1 live gateway\n', refusal: /^1 of 1 live gateways do not run it after 1 s:\n {2}a: ok, revision r1, silent for 50 s$/
    }],
    'one that stops': [[[behind('a'), told('b', 1)], [told('b', 1)]], forever, { exit: 0, refusal: '', stdout: 'the one live gateway runs revision r2\n', stderr: 'waiting: it runs on 1 of 2 live gateways\n' }],
    'one rejects it': [[[told('a', 1), told('b', 1, rejecting)]], forever, { exit: null, refusal: 'b rejects it: a.yaml:3: no such key', stdout: '', stderr: '' }],
    'something later': [[[told('a', 1, { generation: 3, sequence: 3, revision: 'r3' })]], forever, { exit: null, refusal: /^something later was published meanwhile \(a has seen generation 3\)/, stdout: '', stderr: '' }],
    'one that has seen what can never have been': [[[told('liar', 1, { epoch: vast, generation: vast }), told('b', 1)]], 1, {
      exit: null, stdout: '', stderr: /^(?:waiting: it runs on 1 of 2 live gateways\n)?$/,
      refusal: `1 of 2 live gateways do not run it after 0 s:\n  liar: ok, revision r2, has seen generation ${vast}, and takes nothing below`
    }]
  }
  for (const [name, [looks, patience, expected]] of Object.entries(cases)) t.match(await wait(looks, patience), expected, name)
})

t.test('of many that are silent, some are named', async t => {
  const { refusal } = await wait([Array.from({ length: 12 }, (_, i) => behind(`n${i + 10}`, 100))], 1)
  t.match(refusal, /\n {2}n19 has not told of itself for 100 s\n {2}and 2 more\n/)
  t.notMatch(refusal, /n20/)
})

t.test('what a line of progress says is news', async t => {
  const names = ['a', 'b', 'c']
  const fleet = (running: number): StoredStatus[] => names.map((name, i) => i < running ? told(name, 0) : behind(name))
  const looks = (running: number): StoredStatus[][] => Array.from({ length: 25 }, () => fleet(running))
  const { stderr } = await wait([fleet(0), ...looks(1), ...looks(2), fleet(3)], forever)
  t.equal(stderr, [0, 1, 2].map(running => `waiting: it runs on ${running} of 3 live gateways\n`).join(''), 'each once')
})
