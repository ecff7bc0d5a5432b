// Every way in which files really change: the last state of the disk runs in the end, and no mixed or partial set ever did.
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { directorySource, type DirectoryOptions } from '../../src/source/directory.ts'
import { createKeeper } from '../../src/source/keeper.ts'
import { freshDirectory, rulesOf, shell, until } from './lab.ts'

interface Scenario {
  /** Begins with its name in the list of ways that are known to lose changes. */
  readonly name: string
  /** Shell, run before the start; the policies are in `policies`. */
  readonly setup?: string
  /** Shell, run by another process. */
  readonly change: string
  /** The rules in the end. */
  readonly expect: string
  /** Complete sets on the way that may run for a while. */
  readonly via?: readonly string[]
}

const one = 'mkdir policies; policy one > policies/one.yaml'
const release = (name: string, ...rules: readonly string[]): string =>
  `mkdir -p ${name}; ${rules.map(rule => `policy ${rule} > ${name}/${rule}.yaml`).join('; ')}`
/** What a kubelet does: a new directory, a link renamed over `..data`, links for new keys, none for old ones. */
const swapConfigMap = (stamp: string, previous: string, rule: string, rest = ''): string =>
  `mkdir ..${stamp}; policy ${rule} > ..${stamp}/main.yaml; ln -s ..${stamp} ..data_tmp; mv -T ..data_tmp ..data; ${rest} rm -rf ..${previous}`

/** A file of a tree of fifty, which names the tree's own set: a mix of two trees names sets that nobody defines. */
const tree = (name: string): string => `for i in $(seq 1 50); do
  [ $i = 25 ] && printf 'version: 1\\noriginSets:\\n  ${name}: ["https://${name}.example.com"]\\n' > policies/sets.yaml
  printf 'version: 1\\nrules:\\n  - name: ${name}%s\\n    routes: [/%s]\\n    allowOrigins: [$${name}]\\n' $i $i > policies/$i.yaml
done`
const treeRules = (name: string): string => Array.from({ length: 50 }, (_, i) => `${name}${i + 1}`).sort().join(' ')

const scenarios: readonly Scenario[] = [
  { name: 'a: written in place', change: 'policy two > policies/one.yaml', expect: 'two' },
  {
    name: 'a2: written in place twice, 20 ms apart', change: 'policy two > policies/one.yaml; sleep 0.02; policy three > policies/one.yaml',
    expect: 'three', via: ['two']
  },
  {
    name: 'a3: written in three chunks', expect: 'two',
    change: 'start two > policies/one.yaml; sleep 0.015; rest two | head -c 20 >> policies/one.yaml; sleep 0.015; rest two | tail -c +21 >> policies/one.yaml'
  },
  { name: 'b: written aside and renamed', change: 'policy two > policies/.tmp; mv policies/.tmp policies/one.yaml', expect: 'two' },
  {
    name: 'b2: as vim saves', expect: 'two',
    change: 'cd policies; touch 4913; rm 4913; mv one.yaml one.yaml~; policy two > one.yaml; rm one.yaml~'
  },
  {
    name: 'b3: renamed twice, 30 ms apart', expect: 'three', via: ['two'],
    change: 'cd policies; policy two > .a; policy three > .b; mv .a one.yaml; sleep 0.03; mv .b one.yaml'
  },
  {
    name: 'c: three swaps of a ConfigMap in a row', expect: 'extra four', via: ['two', 'three', 'four'],
    setup: 'mkdir -p policies/..1; cd policies; policy one > ..1/main.yaml; ln -s ..1 ..data; ln -s ..data/main.yaml main.yaml',
    change: ['cd policies', swapConfigMap('2', '1', 'two'), swapConfigMap('3', '2', 'three'),
      swapConfigMap('4', '3', 'four', 'policy extra > ..4/extra.yaml; ln -s ..data/extra.yaml extra.yaml;')].join('; ')
  },
  {
    name: 'c2: a key leaves a ConfigMap', expect: 'two',
    setup: 'mkdir -p policies/..1; cd policies; policy one > ..1/main.yaml; policy old > ..1/old.yaml; ln -s ..1 ..data; ln -s ..data/main.yaml main.yaml; ln -s ..data/old.yaml old.yaml',
    change: `cd policies; ${swapConfigMap('2', '1', 'two', 'rm old.yaml;')}`
  },
  { name: 'd: removed and made again at once', change: `rm -r policies; ${release('policies', 'two', 'three')}`, expect: 'three two' },
  { name: 'd1: removed, and made again a second later', change: `rm -r policies; sleep 1; ${release('policies', 'two')}`, expect: 'two' },
  {
    name: 'd2: renamed away, another renamed in', change: 'mv policies old; mv next policies', expect: 'three two',
    setup: `${one}; ${release('next', 'two', 'three')}`
  },
  {
    name: 'd2: renamed away, edited and renamed in again', expect: 'two',
    change: 'mv policies away; policy two > away/one.yaml; sleep 0.5; mv away policies'
  },
  {
    name: 'd3: a linked root swapped', change: 'ln -s release-2 tmp; mv -T tmp policies; rm -r release-1', expect: 'three two',
    setup: `${release('release-1', 'one')}; ${release('release-2', 'two', 'three')}; ln -s release-1 policies`
  },
  {
    name: 'd4: removed and made again, then edited', change: `rm -r policies; ${release('policies', 'two')}; sleep 1.5; policy three > policies/two.yaml`,
    expect: 'three', via: ['two']
  },
  { name: 'e: truncated, the rest 200 ms later', change: 'start two > policies/one.yaml; sleep 0.2; rest two >> policies/one.yaml', expect: 'two' },
  { name: 'e2: truncated, the rest 30 ms later', change: 'start two > policies/one.yaml; sleep 0.03; rest two >> policies/one.yaml', expect: 'two' },
  { name: 'e3: truncated, the rest a second later', change: 'start two > policies/one.yaml; sleep 1; rest two >> policies/one.yaml', expect: 'two' },
  { name: 'f: fifty files of a checkout', setup: `mkdir policies; ${tree('a')}`, change: tree('b'), expect: treeRules('b') },
  {
    name: 'h: the target of a link edited', setup: 'mkdir -p policies/.store; cd policies; policy one > .store/one.yaml; ln -s .store/one.yaml one.yaml',
    change: 'policy two > policies/.store/one.yaml', expect: 'two'
  },
  {
    name: 'h2: the target of a link replaced', setup: 'mkdir -p policies/.store; cd policies; policy one > .store/one.yaml; ln -s .store/one.yaml one.yaml',
    change: 'cd policies/.store; policy two > new; mv new one.yaml', expect: 'two'
  },
  {
    name: 'h3: a link led elsewhere', change: 'cd policies; ln -s .store/two.yaml tmp; mv -T tmp one.yaml', expect: 'two',
    setup: 'mkdir -p policies/.store; cd policies; policy one > .store/one.yaml; policy two > .store/two.yaml; ln -s .store/one.yaml one.yaml'
  },
  { name: 'j: deleted, and made again 50 ms later', change: 'rm policies/one.yaml; sleep 0.05; policy two > policies/one.yaml', expect: 'two' },
  {
    name: 'l: same size, and the time of the last change put back', expect: 'two',
    change: 'cd policies; touch -r one.yaml ../stamp; policy two > one.yaml; touch -r ../stamp one.yaml'
  },
  { name: 'a file is added in a new directory', change: 'mkdir -p policies/x/y; policy two > policies/x/y/two.yaml', expect: 'one two' },
  {
    name: 'a file is removed', setup: `${one}; policy two > policies/two.yaml`, change: 'rm policies/one.yaml', expect: 'two'
  },
  {
    name: 'a directory below is renamed and edited', setup: `${one}; mkdir policies/a; policy two > policies/a/two.yaml`, via: ['one', 'one two'],
    change: 'mv policies/a policies/b; sleep 0.5; policy three > policies/b/two.yaml', expect: 'one three'
  },
  {
    name: 'a burst of saves', change: 'for i in $(seq 1 60); do policy p$i > policies/.tmp; mv policies/.tmp policies/one.yaml; sleep 0.005; done',
    expect: 'p60', via: Array.from({ length: 59 }, (_, i) => `p${i + 1}`)
  },
  { name: 'broken, then mended', change: 'echo "rules: [" > policies/one.yaml; sleep 0.6; policy two > policies/one.yaml', expect: 'two' },
  { name: 'a link that leads out comes and goes', change: 'cd policies; ln -s /etc/passwd x.yaml; sleep 0.6; rm x.yaml; policy two > two.yaml', expect: 'one two' },
  { name: 'a FIFO comes and goes', change: 'cd policies; mkfifo x.yaml; sleep 0.6; rm x.yaml; policy two > two.yaml', expect: 'one two' }
]

/** Nothing changes in these, so that what runs must be the very same snapshot. */
const unchanged: readonly Scenario[] = [
  { name: 'k: only touched', change: 'touch policies/one.yaml', expect: 'one' },
  { name: 'only its mode changes', change: 'chmod 600 policies/one.yaml', expect: 'one' },
  { name: 'replaced by the same', change: 'policy one > policies/.tmp; mv policies/.tmp policies/one.yaml', expect: 'one' },
  { name: 'away for a while', change: 'mv policies away; sleep 1; mv away policies', expect: 'one' },
  { name: 'empty for a while', change: 'mv policies/one.yaml .; sleep 1; mv one.yaml policies', expect: 'one' },
  { name: 'broken for a while', change: 'echo "rules: [" > policies/one.yaml; sleep 0.6; policy one > policies/one.yaml', expect: 'one' },
  { name: 'policy tests and other files change', change: 'cd policies; echo x > a.test.yaml; echo x > README.md; policy x > .x.yaml; policy x > x.yaml~', expect: 'one' }
]

async function run (t: Test, { setup = one, change, expect, via = [] }: Scenario, options: DirectoryOptions): Promise<number> {
  const root = freshDirectory(t)
  await shell(root, setup)
  const keeper = await createKeeper({ source: directorySource(join(root, 'policies'), options), retryAfter: 1_000 })
  t.teardown(() => keeper.close())
  const first = rulesOf(keeper)
  const seen: string[] = []
  keeper.on('reload', ({ snapshot }) => { seen.push(rulesOf({ current: snapshot })) })
  await shell(root, change)
  await until(() => rulesOf(keeper) === expect && keeper.status().state === 'ok')
  // Whatever was still under way must not undo it.
  const { ok, diagnostics } = await keeper.reload()
  t.same({ ok, rules: rulesOf(keeper), state: keeper.status().state }, { ok: true, rules: expect, state: 'ok' }, JSON.stringify(diagnostics))
  t.same(seen.filter(rules => ![first, ...via, expect].includes(rules)), [], 'no mixed or partial set ever ran')
  await keeper.close()
  return keeper.current.generation
}

const modes: Readonly<Record<string, DirectoryOptions>> = { events: {}, poll: { poll: true, pollInterval: 200 } }
const repetitions = Number(process.env['REPEAT'] ?? 1)

t.jobs = 8
for (const [mode, options] of Object.entries(modes)) {
  for (let repetition = 0; repetition < repetitions; repetition++) {
    for (const scenario of scenarios) t.test(`by ${mode}: ${scenario.name}`, { buffered: true }, async t => { await run(t, scenario, options) })
    for (const scenario of unchanged) {
      t.test(`by ${mode}: ${scenario.name}`, { buffered: true }, async t => { t.equal(await run(t, scenario, options), 1, 'nothing was reloaded') })
    }
  }
}
