// A cluster of three NATS servers that loses the one by which policies are written: nothing that was acknowledged is lost with it.
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { natsSource } from '../../src/index.ts'
import { createKeeper, type Keeper } from '../../src/source/keeper.ts'
import { openStore } from '../../src/source/nats/client.ts'
import { run, type Run } from '../cli/run.ts'
import { freshDirectory, policy, rulesOf, until, writeFiles } from '../source/lab.ts'
import { startCluster, type Cluster, type Member } from './nats-cluster.ts'

const patience = 90_000

async function publish (t: Test, { url }: Member, name: string, ...more: readonly string[]): Promise<Run> {
  const directory = freshDirectory(t)
  writeFiles(directory, { [`${name}.yaml`]: policy(name) })
  return run('publish', directory, '--to', url, ...more)
}

/** Publishes as soon as there are new leaders for all that it takes. */
async function publishWhenPossible (t: Test, member: Member, name: string): Promise<Run> {
  for (const end = performance.now() + patience; ;) {
    const run = await publish(t, member, name)
    if (run.exit !== 3 || performance.now() > end) return run
  }
}

async function startGateway (t: Test, { url }: Member, instance: string): Promise<Keeper> {
  const keeper = await createKeeper({ source: natsSource(url, { instance }) })
  t.teardown(() => keeper.close())
  return keeper
}

/** The one that leads a bucket and is another than before. */
async function nextLeader ({ leaderOf }: Cluster, bucket: string, seenBy: Member, before: Member | null): Promise<Member> {
  for (const end = performance.now() + patience; ; await sleep(200)) {
    const leader = await leaderOf(bucket, seenBy)
    if (leader !== null && leader !== before) return leader
    if (performance.now() > end) throw new Error(`${bucket} has no other leader`)
  }
}

async function headAt (t: Test, { url }: Member): Promise<string> {
  const store = await openStore(url, {}, { create: false })
  t.teardown(() => store.close())
  return Buffer.from((await store.head())!.bytes).toString()
}

t.test('the leader is killed as soon as it has acknowledged', async t => {
  const cluster = await startCluster(t)
  const leader = await nextLeader(cluster, 'cors-policies', cluster.members[0]!, null)
  const [near, other] = cluster.members.filter(member => member !== leader) as [Member, Member]
  t.match(await publish(t, other, 'one'), { exit: 0, stdout: /generation 1/ })
  const [steady, struck] = [await startGateway(t, near, 'steady'), await startGateway(t, leader, 'struck')]
  t.match(await publish(t, other, 'one', '--wait'), { exit: 0, stdout: /all 2 live gateways run/ })

  t.match(await publish(t, other, 'two'), { exit: 0, stdout: /published at \S+ generation 2/ })
  await leader.kill()
  await nextLeader(cluster, 'cors-policies', other, leader)
  t.match(await headAt(t, other), /"generation": 2[\s\S]*two\.yaml/, 'what was acknowledged is there')
  t.ok(await until(() => rulesOf(steady) === 'two', patience))
  t.ok(await until(() => struck.status().state === 'degraded', patience))
  t.match(rulesOf(struck), /^(?:one|two)$/, 'it goes on with what it had')

  t.match(await publishWhenPossible(t, other, 'three'), { exit: 0, stdout: /generation 3/ })
  t.ok(await until(() => rulesOf(steady) === 'three', patience), 'the fleet goes on with two servers')
  t.ok(await until(() => steady.status().state === 'ok', patience))
  t.notMatch(rulesOf(struck), /three/)

  await leader.start()
  t.ok(await until(() => rulesOf(struck) === 'three' && struck.status().state === 'ok', patience), 'and the gateway of the third comes back with it')
  t.match(await publish(t, leader, 'four', '--wait'), { exit: 0, stdout: /generation 4[\s\S]*all 2 live gateways run/ })
  t.same([rulesOf(steady), rulesOf(struck)], ['four', 'four'])
})
