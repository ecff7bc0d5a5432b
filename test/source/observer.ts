// Started as a process of its own, inside a namespace: keeps directories, runs scripts, and tells what came of each.
import { createKeeper } from '../../src/source/keeper.ts'
import { directorySource } from '../../src/source/directory.ts'
import { rulesOf, shell, until } from './lab.ts'

/** One directory's story. Scripts run in its parent. */
export interface Experiment {
  readonly parent: string
  /** Before the start. */
  readonly prepare: string
  readonly change: string
  /** What is waited for before the observation is made. */
  readonly awaited: 'changed' | 'warned' | 'degraded'
}

export interface Observation {
  readonly rules: string
  readonly state: string
  readonly watch: string
  readonly warnings: readonly string[]
  /** Codes of the last attempt. */
  readonly codes: readonly string[]
  readonly rejected: string
}

async function observe ({ parent, prepare, change, awaited }: Experiment): Promise<Observation> {
  await shell(parent, prepare)
  const warnings: string[] = []
  const warn = (message: string): void => { warnings.push(message) }
  const keeper = await createKeeper({ source: directorySource(`${parent}/policies`, { warn }), warn })
  const first = rulesOf(keeper)
  await shell(parent, change)
  const conditions = {
    changed: () => rulesOf(keeper) !== first,
    warned: () => warnings.length > 0,
    degraded: () => keeper.status().state === 'degraded'
  }
  await until(conditions[awaited])
  const { state, watch, rejected, lastAttempt } = keeper.status()
  await keeper.close()
  const [codes, messages] = [lastAttempt.diagnostics.map(({ code }) => code), rejected?.diagnostics.map(({ message }) => message) ?? []]
  return { rules: rulesOf(keeper), state, watch, warnings, codes, rejected: messages.join() }
}

const observations: Observation[] = []
for (const experiment of JSON.parse(process.argv[2]!) as readonly Experiment[]) observations.push(await observe(experiment))
process.stdout.write(JSON.stringify(observations))
