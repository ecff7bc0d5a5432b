// Fuzzing of the policy path: `npm run fuzz [-- --minutes 3 --seed N --case N]`. What breaks a law is saved and printed, with its seed.
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { caseOf } from './change.mjs'
import { corpus } from './corpus.mjs'
import { broken } from './laws.mjs'

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '3' }, seed: { type: 'string' }, case: { type: 'string' } } })
const seed = values.seed === undefined ? Date.now() % 1_000_000_000 : Number(values.seed)
const until = Date.now() + Number(values.minutes) * 60_000
/** A case that takes longer is a failure, in milliseconds. */
const limit = 10_000
const enough = 20
const texts = corpus()
const failures = []
const total = { cases: 0, sets: 0, refused: 0, decisions: 0 }

function fail (number, why) {
  failures.push(number)
  const folder = mkdtempSync(join(tmpdir(), `fuzz-${seed}-${number}-`))
  for (const { name, bytes } of caseOf(seed, number, texts)) writeFileSync(join(folder, name), bytes)
  console.log(`FAILED  seed ${seed}, case ${number}, files in ${folder}\n${why}\n`)
}

/** Runs a worker to the end, and a new one from the next case on where a case takes too long. */
function work (first, step) {
  return new Promise((resolve, reject) => {
    const shared = new SharedArrayBuffer(8)
    const at = new Int32Array(shared)
    const worker = new Worker(new URL('./worker.mjs', import.meta.url), { workerData: { seed, first, step, until, shared } })
    let [seen, since] = [0, Date.now()]
    const watch = setInterval(() => {
      const turn = Atomics.load(at, 1)
      if (turn !== seen) [seen, since] = [turn, Date.now()]
      if (failures.length >= enough) end(null)
      else if (seen > 0 && Date.now() - since > limit) {
        const number = Atomics.load(at, 0)
        fail(number, `it takes more than ${limit / 1000} s`)
        end(number + step)
      }
    }, 500)
    const end = next => {
      clearInterval(watch)
      void worker.terminate().then(() => next === null ? undefined : work(next, step)).then(resolve, reject)
    }
    worker.on('error', reject)
    worker.on('message', ({ number, why, counts }) => {
      if (why !== undefined) return fail(number, why)
      for (const key of Object.keys(total)) total[key] += counts[key]
      end(null)
    })
  })
}

if (values.case !== undefined) {
  const why = broken(caseOf(seed, Number(values.case), texts), total)
  console.log(why ?? 'it holds')
  process.exit(why === null ? 0 : 1)
}
console.log(`seed ${seed}, ${texts.length} files to start from, ${values.minutes} minutes`)
await Promise.all([work(0, 2), work(1, 2)])
console.log(`${total.cases} cases: ${total.sets} valid sets, ${total.refused} refused; ${total.decisions} decisions compared`)
console.log(`${failures.length} failed`)
process.exit(failures.length === 0 ? 0 : 1)
