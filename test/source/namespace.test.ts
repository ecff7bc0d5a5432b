// What a machine can do to a watcher: no watches left, and mounts that no longer follow what they show.
import { execFile, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { freshDirectory, shell } from './lab.ts'
import type { Experiment, Observation } from './observer.ts'

interface Story extends Omit<Experiment, 'parent'> {
  readonly name: string
  readonly want: Partial<Record<keyof Observation, unknown>>
}

// The limits of inotify belong to the process as a whole, so the first story must be the one that it starts with.
const stories: readonly Story[] = [
  {
    name: 'not one inotify instance left: changes are found by polling, and it is said once', awaited: 'changed',
    prepare: 'echo 0 > /proc/sys/user/max_inotify_instances', change: 'policy two > policies/one.yaml',
    want: { rules: 'two', state: 'ok', watch: 'poll', warnings: [/no file watches left \(EMFILE\)/] }
  },
  {
    name: 'not one inotify watch left', awaited: 'changed',
    prepare: 'echo 9 > /proc/sys/user/max_inotify_instances; echo 0 > /proc/sys/user/max_inotify_watches', change: 'policy two > policies/one.yaml',
    want: { rules: 'two', state: 'ok', watch: 'poll', warnings: [/no file watches left \(ENOSPC\)/] }
  },
  {
    name: 'a mounted file that was replaced on the host', awaited: 'warned',
    prepare: 'echo 99 > /proc/sys/user/max_inotify_watches; policy one > host.yaml; mount --bind host.yaml policies/one.yaml',
    change: 'policy two > new; mv new host.yaml',
    want: {
      rules: 'one', state: 'ok', watch: 'events', codes: ['orphaned-mount'],
      warnings: ['one.yaml: this file was replaced on the host; the mount still shows the old one']
    }
  },
  {
    name: 'a mounted directory that was made again on the host', awaited: 'degraded',
    prepare: 'mkdir host; policy one > host/one.yaml; mount --bind host policies', change: 'rm -r host; mkdir host; policy two > host/two.yaml',
    want: { rules: 'one', state: 'degraded', codes: ['unreachable-source'], rejected: /mount the parent directory/ }
  }
]

// Limits and mounts of this machine stay as they are: all this happens in namespaces.
const isPossible = spawnSync('unshare', ['-Urm', 'true']).status === 0

t.test('in a namespace of its own', { skip: isPossible ? false : 'user namespaces are not available' }, async t => {
  const experiments: Experiment[] = []
  for (const { prepare, change, awaited } of stories) {
    const parent = freshDirectory(t)
    await shell(parent, 'mkdir policies; policy one > policies/one.yaml')
    experiments.push({ parent, prepare, change, awaited })
  }
  const { stdout } = await promisify(execFile)('unshare', [
    '-Urm', process.execPath, ...process.execArgv, join(import.meta.dirname, 'observer.ts'), JSON.stringify(experiments)
  ])
  const observations = JSON.parse(stdout) as readonly Observation[]
  for (const [i, { name, want }] of stories.entries()) {
    t.match(observations[i], want, name)
    t.ok(observations[i]!.warnings.length <= 1, 'nothing is said twice')
  }
})
