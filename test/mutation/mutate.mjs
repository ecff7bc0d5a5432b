// Mutation testing of matcher and decision: `npm run mutate [-- FILE…]` changes one small thing at a time and tells what no test notices.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { mutantsOf } from './mutants.mjs'

const root = fileURLToPath(new URL('../../', import.meta.url))
const files = process.argv.length > 2 ? process.argv.slice(2) : [
  'src/snapshot/decide.ts', 'src/snapshot/lookup.ts', 'src/snapshot/headers.ts', 'src/snapshot/compile-rule.ts', 'src/snapshot/groups.ts',
  'src/route/tree.ts', 'src/route/path.ts', 'src/origin/lookup.ts', 'src/origin/origin.ts'
]
const tests = [
  'test/plugin/table.test.ts', 'test/origin/origin.test.ts', 'test/route/readings.test.ts', 'test/snapshot/windows.test.ts', 'test/snapshot/defaults.test.ts', 'test/origin/pattern.test.ts', 'test/origin/hostile.test.ts', 'test/origin/lookup.test.ts',
  'test/route/find-my-way.test.ts', 'test/inspect/agree.test.ts'
]
/** How many runs the random tests have, at first and where more are needed, and how many random sets the unchanged source is asked about. */
const sizes = { few: 400, many: 10_000, frozen: 2000 }
/** In milliseconds: loops that never end are found by their turns, so this is for what no one thought of. */
const limit = 180_000

/** A worker that has said it is ready. */
async function newWorker () {
  const worker = new Worker(new URL('./worker.mjs', import.meta.url), { workerData: { tests, ...sizes } })
  const { by } = await answerOf(worker)
  if (by !== null) throw new Error(`without any change, ${by} fails`)
  return worker
}

/** Waits for a worker's answer, and ends it where it gives none in time. */
function answerOf (worker) {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer)
      worker.off('message', answered)
      worker.off('error', failed)
    }
    const answered = message => { stop(); resolve(message) }
    const failed = error => { stop(); reject(error) }
    const timer = setTimeout(() => { void worker.terminate().then(() => answered({ by: 'time' })) }, limit)
    worker.on('message', answered)
    worker.on('error', failed)
  })
}

/**
 * Judges all mutants, two at a time: the tests with few random runs; then the plain evaluator of the unchanged source on
 * many requests; and where that alone notices, the tests with as many runs as `npm test` has.
 */
async function judgeAll (mutants, report) {
  const left = [...mutants]
  await Promise.all([0, 1].map(async () => {
    let worker = await newWorker()
    const ask = async ({ changed }, stage) => {
      worker.postMessage({ changed, stage })
      const { by } = await answerOf(worker)
      if (by === 'time') worker = await newWorker()
      return by
    }
    for (let mutant = left.shift(); mutant !== undefined; mutant = left.shift()) {
      let by = await ask(mutant, 'few') ?? await ask(mutant, 'frozen')
      if (by === 'unchanged source') by = await ask(mutant, 'many') ?? 'only the unchanged source'
      report(mutant, by)
    }
    await worker.terminate()
  }))
}

const mutants = files.flatMap(file => {
  const text = readFileSync(root + file, 'utf8')
  return mutantsOf(file, text).map(mutant => ({
    ...mutant, changed: { file: root + file, text: text.slice(0, mutant.start) + mutant.put + text.slice(mutant.end) }
  }))
})
const killers = new Map()
let survivors = 0
let done = 0
await judgeAll(mutants, ({ file, line, said }, by) => {
  if (by === null) {
    survivors++
    console.log(`survived  ${file}:${line}  ${said}`)
  } else {
    killers.set(by, (killers.get(by) ?? 0) + 1)
    if (by === 'only the unchanged source') console.log(`no test   ${file}:${line}  ${said}`)
  }
  if (++done % 100 === 0) console.error(`${done} of ${mutants.length}`)
})
for (const [by, count] of killers) console.log(`${count} noticed by ${by}`)
console.log(`${mutants.length} mutants, ${mutants.length - survivors} killed, ${survivors} survived`)
