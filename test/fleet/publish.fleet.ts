// Publishing to a fleet through a real NATS server: compared, refused, raced for, waited for, told of, and taken back.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { publishSet, type Publication } from '../../src/cli/fleet/publication.ts'
import { storeOf } from '../../src/cli/fleet/store.ts'
import { build } from '../../src/build.ts'
import { Refused } from '../../src/cli/command.ts'
import { natsSource, type NatsSourceOptions } from '../../src/index.ts'
import { parseBundle, printBundle } from '../../src/source/bundle.ts'
import { createKeeper, type Keeper } from '../../src/source/keeper.ts'
import { defaultLimits } from '../../src/source/limits.ts'
import { openStore, type Store } from '../../src/source/nats/client.ts'
import type { InstanceStatus } from '../../src/source/nats/status.ts'
import type { Stamp } from '../../src/source/stamp.ts'
import { run, start, type Run } from '../cli/run.ts'
import { startUpstream } from '../gateway/lab.ts'
import { makeKeys } from '../source/keys.ts'
import { freshDirectory, policy, policyText, rulesOf, until, writeFiles } from '../source/lab.ts'
import { startNats, type Nats } from './nats.ts'

function directoryOf (t: Test, ...names: readonly string[]): string {
  const directory = freshDirectory(t)
  writeFiles(directory, Object.fromEntries(names.map(name => [`${name}.yaml`, policy(name)])))
  return directory
}

const publish = (nats: Nats, directory: string, ...more: readonly string[]): Promise<Run> => run('publish', directory, '--to', nats.url, ...nats.publisherFlags, ...more)
const fleet = (nats: Nats, what: string, ...more: readonly string[]): Promise<Run> => run('fleet', what, nats.url, ...nats.publisherFlags, ...more)

async function storeOfPublisher (t: Test, nats: Nats): Promise<Store> {
  const store = await openStore(nats.url, nats.publisher, { create: true })
  t.teardown(() => store.close())
  return store
}

async function startGateway (t: Test, nats: Nats, options: NatsSourceOptions = {}): Promise<Keeper> {
  const keeper = await createKeeper({ source: natsSource(nats.url, { ...nats.gateway, pollInterval: 500, ...options }) })
  t.teardown(() => keeper.close())
  return keeper
}

async function stampIn (store: Store): Promise<Stamp> {
  return parseBundle('here', (await store.head())!.bytes, defaultLimits, null).stamp!
}

/** Writes what a gateway would that does nothing else. */
async function tell (t: Test, nats: Nats, status: Partial<InstanceStatus> & { readonly instance: string }): Promise<void> {
  const store = await openStore(nats.url, nats.gateway, { create: false })
  t.teardown(() => store.close())
  const whole = { version: '0.1.0', state: 'ok', revision: '0123456789ab', epoch: null, generation: null, sequence: null, rejected: null, startedAt: '2026-11-25T12:00:00.000Z', ...status }
  await store.putStatus(status.instance, Buffer.from(JSON.stringify(whole)))
}

t.test('what is published is compared with what was', async t => {
  const nats = await startNats(t)
  const [one, both] = [directoryOf(t, 'one'), directoryOf(t, 'one', 'two')]
  t.match(await publish(nats, one, '--dry-run'), { exit: 0, stdout: /\+ \/one[\s\S]*\nnothing was published \(--dry-run\): it would be generation 1, revision \w{12}, 1 file, 1 rule, \d+ bytes\n$/ })
  const missing = { exit: 3, stdout: '', stderr: /^cors-gateway: nats:\S+: there is no bucket cors-policies; correct the URL, or publish the first set there: cors-gateway publish DIR --to nats:\S+\n$/ }
  for (const what of ['history', 'status', 'rollback']) t.match(await fleet(nats, what), missing, what)
  t.match(await publish(nats, one, '--fail-on', 'widened'), { exit: 1, stderr: /nothing was published: pages may do more.*nothing is published yet, so that everything is new/ })
  t.match(await fleet(nats, 'history'), { exit: 0, stdout: 'nothing is published\n', stderr: '' }, 'the bucket is there now')
  t.match(await publish(nats, one), { exit: 0, stdout: /\+ \/one[\s\S]*\npublished at nats:\S+: generation 1, revision \w{12}, 1 file, 1 rule, \d+ bytes\n$/, stderr: '' })
  t.match(await publish(nats, one), { exit: 0, stdout: /^revision \w{12} is published already, as generation 1: nothing was published\n$/ })
  t.match(await publish(nats, both, '--fail-on', 'widened'), { exit: 1, stdout: /\+ \/two/, stderr: 'nothing was published: pages may do more, or the set is held to less (--fail-on widened)\n' })
  t.match(await publish(nats, both, '--dry-run', '--fail-on', 'any'), { exit: 1, stderr: /something changes \(--fail-on any\)/ })
  t.match(await publish(nats, both), { exit: 0, stdout: /^(?![\s\S]*\/one)[\s\S]*\+ \/two[\s\S]*generation 2/ }, 'only what changes is shown')
  t.match(await publish(nats, one, '--fail-on', 'widened'), { exit: 0, stdout: /- \/two[\s\S]*generation 3/ }, 'less may be published')
  t.match(await run('check', nats.url), { exit: 3, stderr: /the server lets only known users in; give --user and --password-file, --token-file or --creds-file\n$/ })

  const login = nats.gatewayFlags
  const question = ['--origin', 'https://one.example.com', '--url', 'https://api.example.com/one']
  for (const [command, ...argv] of [['check', nats.url], ['rules', nats.url], ['explain', nats.url, ...question], ['bundle', nats.url], ['diff', nats.url, one], ['diff', nats.url, `${nats.url}/cors-policies`]]) {
    t.match(await run(command!, ...argv, ...login), { exit: 0 }, `${command} with the rights of a gateway`)
  }
  const { user, passwordFile } = nats.gateway
  const folder = t.testdir({ 'gateway.yaml': `version: 1\npolicies: { url: "${nats.url}", user: ${user}, passwordFile: password }\n`, password: readFileSync(passwordFile!, 'utf8'), operator: 'operator-secret' })
  t.match(await run('diff', `${nats.url}/cors-policies`, both, '--config', join(folder, 'gateway.yaml')), { exit: 0, stdout: /\+ \/two/ }, 'or as a configuration says')
  const operator = ['--user', 'operator', '--password-file', join(folder, 'operator')]
  t.match(await run('publish', nats.url, '--to', `${nats.url}/copy`, ...operator), { exit: 0, stdout: /\+ \/one[\s\S]*published at \S+copy: generation 1/ }, 'from one bucket of a server into another, with one login')
  t.match(await run('fleet', 'history', `${nats.url}/copy`, ...operator), { exit: 0, stdout: /\n\* +1 / })
})

t.test('what is wrong is not published', async t => {
  const nats = await startNats(t)
  const broken = freshDirectory(t)
  writeFiles(broken, { 'a.yaml': policy('a').replace('routes', 'rotes') })
  t.match(await publish(nats, broken), { exit: 1, stdout: '', stderr: /a\.yaml:4:5[\s\S]*nothing was published: the policies are invalid\n$/ })
  const guarded = freshDirectory(t)
  writeFiles(guarded, { 'a.yaml': `${policy('a')}guardrails:\n  - name: nobody\n    paths: [/**]\n    denyOrigins: ["*"]\n` })
  t.match(await publish(nats, guarded), { exit: 1, stderr: /nothing was published: the policies are invalid/ })
  const tested = directoryOf(t, 'one')
  const testOf = (outcome: string): string => `version: 1\ntests:\n  - name: one\n    request: { origin: https://one.example.com, url: https://api.example.com/one }\n    expect: ${outcome}\n`
  writeFiles(tested, { 'one.test.yaml': testOf('blocked') })
  t.match(await publish(nats, tested), { exit: 1, stdout: '', stderr: /no {2}one[\s\S]*1 failed[\s\S]*nothing was published: a policy test failed\n$/ })
  writeFiles(tested, { 'one.test.yaml': 'version: 1\ntest: []\n' })
  t.match(await publish(nats, tested), { exit: 1, stderr: /one\.test\.yaml:2:1[\s\S]*nothing was published: the policy tests can't be read/ })
  t.match(await fleet(nats, 'history'), { exit: 3, stderr: /there is no bucket/ }, 'not even a bucket is made')
  writeFiles(tested, { 'one.test.yaml': testOf('readable') })
  t.match(await publish(nats, tested), { exit: 0 })
  const named = freshDirectory(t)
  writeFiles(named, { 'a\nb.yaml': policy('a') })
  t.match(await publish(nats, named), { exit: 3, stderr: /a character that a name can't have/ }, 'a file whose name no gateway would take')
})

t.test('what the server does not take is told in bytes', async t => {
  const nats = await startNats(t, { maxPayload: 65_536 })
  const directory = directoryOf(t, 'one')
  const pad = (bytes: number): void => { writeFileSync(join(directory, 'one.yaml'), `${policy('one')}#${'x'.repeat(bytes)}\n`) }
  pad(65_000)
  t.match(await publish(nats, directory), { exit: 1, stderr: /nothing was published: the bundle has 65,\d{3} bytes, and the server takes 65,024: raise `max_payload`/ })
  const { length } = printBundle([policyText('one')], { stamp: { epoch: Date.now(), generation: 1, publishedAt: new Date().toISOString() } })
  pad(65_024 - length - '#\\n'.length)
  t.match(await publish(nats, directory, '--sign-key', join(t.testdir({ key: makeKeys().privatePem }), 'key')), { exit: 1 })
  t.match(await publish(nats, directory), { exit: 0, stdout: /65,024 bytes/ }, 'the largest')
  t.equal(rulesOf(await startGateway(t, nats)), 'one')
})

t.test('of those who publish at once, one does', async t => {
  const nats = await startNats(t)
  t.match(await publish(nats, directoryOf(t, 'zero')), { exit: 0 })
  // Each has seen what is there, and has shown its diff, before any of them publishes.
  const names = ['one', 'two', 'three']
  let arrived = 0
  let open = (): void => {}
  const opened = new Promise<void>(resolve => { open = resolve })
  const place = storeOf({ values: {}, positionals: [] }, nats.url, 'test')
  const ends = await Promise.all(names.map(async name => {
    const store = await storeOfPublisher(t, nats)
    const put = store.put.bind(store)
    store.put = async (bytes, previous) => {
      if (++arrived === names.length) open()
      await opened
      return put(bytes, previous)
    }
    const { snapshot } = build([policyText(name)])
    const set: Publication = { texts: [policyText(name)], snapshot: snapshot!, files: 1, rules: 1, build: {} }
    const io = { stdout: () => {}, stderr: () => {}, colour: false, onSignal: () => {} }
    return publishSet(store, place, set, { failOn: null, isDryRun: false, key: undefined, patience: null }, io).then(() => 'won', (error: unknown) => error)
  }))
  const lost = ends.filter(end => end !== 'won')
  t.equal(lost.length, 2)
  for (const error of lost) {
    t.type(error, Refused)
    t.match(error, { message: /^nothing was published: somebody else was first, with generation 2, revision \w{12}, at \S+Z\. Run this again, and look at the diff/ })
  }
  t.equal(JSON.parse((await fleet(nats, 'history', '--format', 'json')).stdout).length, 2)

  const storm = await Promise.all(Array.from({ length: 8 }, (_, i) => publish(nats, directoryOf(t, `n${i}`))))
  const won = storm.flatMap(({ stdout }) => /generation (\d+)/.exec(stdout)?.[1] ?? []).map(Number).sort((a, b) => a - b)
  t.ok(storm.every(({ exit, stderr }) => exit === 0 || (exit === 1 && stderr.includes('somebody else was first'))))
  t.same(won, Array.from(won, (_, i) => i + 3), 'one after the other, none twice')
  const kept = JSON.parse((await fleet(nats, 'history', '--format', 'json')).stdout) as { generation: number }[]
  t.same(kept.map(({ generation }) => generation), [1, 2, ...won].reverse(), 'and none is lost')
})

t.test('whoever may only read publishes nothing', async t => {
  const nats = await startNats(t)
  const [one, two] = [directoryOf(t, 'one'), directoryOf(t, 'two')]
  const asGateway = (directory: string): Promise<Run> => run('publish', directory, '--to', nats.url, ...nats.gatewayFlags)
  t.match(await asGateway(one), { exit: 3, stderr: /the user may not publish to \$JS\.API/ })
  await publish(nats, one)
  t.match(await asGateway(two), { exit: 3, stderr: /^cors-gateway: nats:\S+: the user may not publish to \S+; allow that in the configuration of the server, or use another user\n$/ })
  const store = await openStore(nats.url, nats.gateway, { create: false })
  t.teardown(() => store.close())
  await t.rejects(store.put(Buffer.from('x'), (await store.head())!.sequence), { name: 'SourceError', message: /may not publish to \$KV\.cors-policies\.bundle/ })
  t.match(await run('publish', two, '--to', nats.url), { exit: 3, stderr: /the server lets only known users in; give --user and --password-file, --token-file or --creds-file/ })
  t.match(await fleet(nats, 'history'), { stdout: /^.*\n\* +1 .*\n$/ })
  await nats.kill()
  t.match(await publish(nats, two), { exit: 3, stderr: /nothing listens there \(ECONNREFUSED\)/ })
})

t.test('gateways are waited for', async t => {
  const nats = await startNats(t)
  t.match(await publish(nats, directoryOf(t, 'one'), '--wait'), { exit: 0, stdout: /no gateway is live: none has told of itself in the last 45 s\n$/ })
  const gateways = [await startGateway(t, nats, { instance: 'a' }), await startGateway(t, nats, { instance: 'b' })]
  const upstream = await startUpstream(t, 'hello')
  const folder = t.testdir({
    'gateway.yaml': [
      'version: 1', 'listen: "0"', 'admin: false', `upstreams: [{ prefix: /, url: "${upstream.url}" }]`,
      `policies: { url: "${nats.url}", user: gateway, passwordFile: "${nats.gateway.passwordFile}", instance: process }`, ''
    ].join('\n')
  })
  const program = start('serve', '--config', join(folder, 'gateway.yaml'))
  t.teardown(() => { program.child.kill('SIGKILL') })
  await program.find(/listens on/)
  t.match(await publish(nats, directoryOf(t, 'one', 'two'), '--wait'), { exit: 0, stdout: /\nall 3 live gateways run revision \w{12}\n$/ })
  t.same(gateways.map(rulesOf), ['one two', 'one two'])
  t.match(await publish(nats, directoryOf(t, 'one', 'two'), '--wait'), { exit: 0, stdout: /published already, as generation 2: nothing was published\nall 3 live gateways run/ })
  t.match(await fleet(nats, 'status'), { exit: 0, stdout: /^published: generation 2, revision (\w{12}), \S+Z\n\nINSTANCE .*\na +ok +2 .*\nb .*\nprocess .*\n$/ })

  const empty = await publish(nats, freshDirectory(t), '--allow-empty', '--wait')
  t.match(empty, { exit: 1, stdout: /generation 3/, stderr: /^(?:waiting: .*\n)*(?:a|b|process) rejects it: there is no policy file\n$/ })
  t.ok(await until(() => gateways.every(gateway => gateway.status().state === 'degraded')))
  t.match(await publish(nats, freshDirectory(t), '--allow-empty', '--wait'), { exit: 1, stderr: /rejects it/ }, 'also when asked again')
  t.match(await fleet(nats, 'status'), { exit: 1, stdout: /\na +degraded +3 +\w{12} +\d+ s ago +rejects: / })

  // After a rejection, by what all of them take: what was rejected before is not taken for the new one.
  t.match(await publish(nats, directoryOf(t, 'three'), '--wait'), { exit: 0, stdout: /generation 4[\s\S]*all 3 live gateways run/ })
  program.child.kill('SIGSTOP')
  const late = await publish(nats, directoryOf(t, 'four'), '--wait', '--timeout', '4s')
  t.match(late, { exit: 1, stderr: /^waiting: it runs on \d of 3 live gateways\n(?:waiting: .*\n)*1 of 3 live gateways do not run it after 4 s:\n {2}process: ok, revision \w{12}\n$/ })
  t.match(await fleet(nats, 'status'), { exit: 1, stdout: /\nprocess +ok +4 +\w{12} +\d+ s ago +behind\n/ })
  program.child.kill('SIGCONT')
  t.match(await publish(nats, directoryOf(t, 'four'), '--wait'), { exit: 0, stdout: /all 3 live gateways run/ })
  await gateways[0]!.close()
  program.child.kill('SIGTERM')
  await program.ended
  t.match(await publish(nats, directoryOf(t, 'five'), '--wait'), { exit: 0, stdout: /the one live gateway runs/ }, 'whoever has stopped is not waited for')
})

t.test('gateways that ask for signatures', async t => {
  const nats = await startNats(t)
  const [mine, next] = [makeKeys(), makeKeys()]
  const folder = t.testdir({ mine: mine.privatePem, next: next.privatePem, public: mine.publicPem })
  const [one, two] = [directoryOf(t, 'one'), directoryOf(t, 'two')]
  const signed = (directory: string, name: string): Promise<Run> => publish(nats, directory, '--sign-key', join(folder, name), '--wait')
  t.match(await signed(one, 'mine'), { exit: 0, stdout: /generation 1, .* bytes, signed\n/ })
  const gateway = await startGateway(t, nats, { instance: 'a', publicKeyFile: join(folder, 'public') })
  const unsigned = await publish(nats, two, '--wait')
  t.match(unsigned, { exit: 1, stdout: /generation 2/, stderr: /^warning: what is published is signed, and this is not: .*\n(?:waiting: .*\n)*a rejects it: nats:\S+: the bundle is not signed/ })
  const again = await publish(nats, directoryOf(t, 'one', 'two'), '--wait', '--timeout', '20s')
  t.match(again, { exit: 1, stdout: /generation 3/, stderr: /^(?:waiting: .*\n)*a rejects it: nats:\S+: the bundle is not signed/ }, 'for the same reason as the one before')
  t.match(await signed(two, 'next'), { exit: 1, stdout: /generation 4/, stderr: /^nothing in the store is signed by this key: .*\n(?:waiting: .*\n)*a rejects it: nats:\S+: the signature of the bundle is not by/ }, 'the same set, signed by another')
  t.equal(rulesOf(gateway), 'one')
  t.match(await signed(two, 'mine'), { exit: 0, stdout: /generation 5/ }, 'the same set once more, signed as it should be')
  t.equal(rulesOf(gateway), 'two')
  t.match(await signed(two, 'mine'), { exit: 0, stdout: /published already, as generation 5/ })
  writeFileSync(join(folder, 'public'), mine.publicPem + next.publicPem)
  t.match(await signed(one, 'next'), { exit: 0, stdout: /generation 6/ })
  const history = JSON.parse((await fleet(nats, 'history', '--format', 'json')).stdout)
  const back = (generation: string): Promise<Run> => fleet(nats, 'rollback', '--generation', generation, '--sign-key', join(folder, 'mine'), '--wait')
  for (const other of ['2', '4']) t.match(await back(other), { exit: 1, stdout: '', stderr: /^generation \d is not signed for this bucket by the key of --sign-key, and anybody may/ })
  t.match(await back('5'), { exit: 0, stdout: /generation 7, .* signed\n/ })
  t.match(history[0], { generation: 6, current: true, signed: true, rules: 1 })
  t.match(history.slice(1), [{ current: false }, {}, {}, { generation: 2, signed: false }, { generation: 1 }])
})

t.test('over TLS, by a private authority', async t => {
  const nats = await startNats(t, { tls: true })
  const one = directoryOf(t, 'one')
  t.match(await publish(nats, one), { exit: 0, stdout: /published at tls:/ })
  const withoutAuthority = nats.publisherFlags.slice(0, 4)
  t.match(await run('publish', one, '--to', nats.url, ...withoutAuthority), { exit: 3, stderr: /its certificate is signed by no authority that is trusted here/ })
})

t.test('the status of a fleet', async t => {
  const nats = await startNats(t)
  const store = await storeOfPublisher(t, nats)
  t.match(await fleet(nats, 'status'), { exit: 0, stdout: 'nothing is published\nno gateway has told of itself in the last day\n' })
  const one = directoryOf(t, 'one')
  await publish(nats, one)
  await startGateway(t, nats, { instance: 'a' })
  t.match(await publish(nats, one, '--wait'), { exit: 0, stdout: /the one live gateway runs/ })
  await tell(t, nats, { instance: 'old', ...await stampIn(store), revision: 'x\u001b[31m' })
  const gateway = await openStore(nats.url, nats.gateway, { create: false })
  t.teardown(() => gateway.close())
  await gateway.putStatus('other', Buffer.from('{"what":"is this"}'))
  await tell(t, nats, { instance: 'shouter', revision: 'x'.repeat(10_000) })
  await t.rejects(gateway.putStatus('vast', Buffer.alloc(20_000)), { message: /the bucket takes nothing of that size; raise `max_msg_size` of its stream/ })
  const { exit, stdout } = await fleet(nats, 'status')
  t.equal(exit, 1)
  t.match(stdout, /\na +ok +1 +\w{12} +\d+ s ago\nold +ok +1 +x␛\[31m +\d+ s ago +behind\nother +\? +- +- +\d+ s ago +what it tells of itself can't be read\nshouter +\? +- +- +\d+ s ago +what it tells of itself can't be read\n$/)
  const report = JSON.parse((await fleet(nats, 'status', '--format', 'json')).stdout)
  t.match(report, {
    ok: false,
    published: { generation: 1, signed: false },
    instances: [{ instance: 'a', live: true, inStep: true, state: 'ok', generation: 1, rejected: null }, { instance: 'old', inStep: false }, { instance: 'other', live: true, inStep: false }, { instance: 'shouter' }]
  })
})

t.test('what is there can be anything', async t => {
  const nats = await startNats(t)
  const store = await storeOfPublisher(t, nats)
  const one = directoryOf(t, 'one')
  for (const text of ['garbage', printBundle([policyText('old')]), printBundle([{ name: 'a.yaml', text: 'rules: {' }], { stamp: { epoch: 1, generation: 7, publishedAt: '2026-11-25T12:00:00Z' } })]) {
    await store.put(Buffer.from(text), (await store.head())?.sequence ?? 0)
    t.match(await publish(nats, one, '--fail-on', 'widened'), { exit: 1, stderr: /nothing can be compared with it[\s\S]*nothing was published: --fail-on widened needs something to compare with/ })
    t.match(await fleet(nats, 'status'), { exit: 0 })
  }
  t.match(await publish(nats, one), { exit: 0, stdout: /generation 8/ })
  const { stdout } = await fleet(nats, 'history')
  t.match(stdout, /^ +GENERATION .*\n\* +8 .*\n +7 .*\n +- .*can't be read: it has no generation\n +- .*can't be read: what is there is no policy bundle: it is not JSON/)
  t.match(await fleet(nats, 'rollback'), { exit: 1, stderr: /a\.yaml:1[\s\S]*nothing was published: the policies are invalid/ })
})

t.test('the way back', async t => {
  const nats = await startNats(t)
  await storeOfPublisher(t, nats)
  t.match(await fleet(nats, 'rollback'), { exit: 1, stderr: 'nothing is published, so there is nothing to go back to\n' })
  await publish(nats, directoryOf(t, 'one'))
  t.match(await fleet(nats, 'rollback'), { exit: 1, stderr: /the store remembers no other set: publish it from your repository/ })
  const gateway = await startGateway(t, nats)
  await publish(nats, directoryOf(t, 'two'))
  await publish(nats, directoryOf(t, 'three'))
  t.match(await fleet(nats, 'rollback', '--dry-run'), { exit: 0, stdout: /\+ \/two[\s\S]*would be generation 4/ })
  t.match(await fleet(nats, 'rollback', '--fail-on', 'widened'), { exit: 1 })
  t.match(await fleet(nats, 'rollback', '--wait'), { exit: 0, stderr: /^back to generation 2, published \S+Z\n(?:waiting: .*\n)*$/, stdout: /\+ \/two[\s\S]*- \/three[\s\S]*generation 4[\s\S]*the one live gateway runs/ })
  t.equal(rulesOf(gateway), 'two')
  t.match(await fleet(nats, 'rollback', '--generation', '1', '--wait'), { exit: 0, stdout: /generation 5/ })
  t.equal(rulesOf(gateway), 'one')
  t.match(await fleet(nats, 'rollback', '--generation', '5'), { exit: 1, stderr: /generation 5 is what is published now/ })
  t.match(await fleet(nats, 'rollback', '--generation', '9'), { exit: 1, stderr: /the store remembers no generation 9; there are 4, 3, 2, 1: publish it from your repository/ })
  t.match((await fleet(nats, 'history')).stdout, /^ +GENERATION +REVISION +PUBLISHED +RULES +SIGNED +NOTE\n\* +5 .* 1 +no\n +4 [\s\S]*\n +1 .*\n$/)
})

t.test('a store that went back, or lost everything, heals with what is published next', async t => {
  const nats = await startNats(t)
  const store = await storeOfPublisher(t, nats)
  const [one, two] = [directoryOf(t, 'one'), directoryOf(t, 'two')]
  await publish(nats, one)
  const backup = (await store.head())!.bytes
  const gateway = await startGateway(t, nats, { instance: 'a' })
  t.match(await publish(nats, two, '--wait'), { exit: 0 })
  await store.put(backup, (await store.head())!.sequence)
  t.ok(await until(() => gateway.status().state === 'degraded'))
  t.equal(rulesOf(gateway), 'two')
  t.match(await publish(nats, one, '--wait'), { exit: 0, stdout: /generation 3[\s\S]*the one live gateway runs/ }, 'also with the set that is there: it goes above what was seen')
  t.equal(rulesOf(gateway), 'one')

  await nats.kill()
  nats.wipe()
  await nats.start()
  t.match(await publish(nats, two), { exit: 0, stdout: /generation 1/ }, 'in a new line, which is later than the old one')
  t.ok(await until(() => rulesOf(gateway) === 'two', 40_000))
  await tell(t, nats, { instance: 'liar', epoch: Number.MAX_SAFE_INTEGER, generation: Number.MAX_SAFE_INTEGER })
  t.match(await publish(nats, one), { exit: 0, stdout: /generation 2/ }, 'a gateway that lies ends no line')
})

t.test('the page', async t => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/fleet.md'), 'utf8')
  const blocks = [...page.matchAll(/^```console\n\$ cors-gateway (.*)\n([\s\S]*?)^```$/gm)].map(([, command, output]) => ({ command: command!, output: output! }))
  t.equal(blocks.length, 3)
  const nats = await startNats(t)
  const directory = freshDirectory(t)
  const set = (origins: string): void => {
    writeFiles(directory, { 'shop.yaml': `version: 1\nrules:\n  - name: shop\n    routes: [/cart/**]\n    allowOrigins: [${origins}]\n` })
  }
  set('https://shop.example.com')
  t.match(await publish(nats, directory), { exit: 0 })
  await startGateway(t, nats, { instance: 'eu-1' })
  await startGateway(t, nats, { instance: 'eu-2' })
  t.match(await publish(nats, directory, '--wait'), { exit: 0, stdout: /all 2 live/ })
  set('https://shop.example.com, https://www.shop.example.com')
  const here = (text: string): string => text.replaceAll('tls://nats.example.com', nats.url).replaceAll('publisher.password', nats.publisher.passwordFile!)
  const same = (text: string): string => text.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME').replaceAll(/\d+ s ago/g, 'AGO')
  for (const { command, output } of blocks) {
    const { exit, stdout, stderr } = await run(...here(command).replace(' policies ', ` ${directory} `).split(' '))
    t.match({ exit, stderr }, { exit: 0, stderr: /^(?:waiting: it runs on \d of 2 live gateways\n)*$/ }, command)
    t.equal(same(stdout), same(here(output)), command)
  }
})
