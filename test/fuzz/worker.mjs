// Tries one case after another, and lets the main thread see which one it is at.
import { parentPort, workerData } from 'node:worker_threads'
import { caseOf } from './change.mjs'
import { corpus } from './corpus.mjs'
import { broken } from './laws.mjs'

const { seed, first, step, until, shared } = workerData
const texts = corpus()
const counts = { cases: 0, sets: 0, refused: 0, decisions: 0 }
const at = new Int32Array(shared)

for (let number = first; Date.now() < until; number += step) {
  Atomics.store(at, 0, number)
  Atomics.add(at, 1, 1)
  let why
  try {
    why = broken(caseOf(seed, number, texts), counts)
  } catch (error) {
    why = error instanceof Error ? error.stack : String(error)
  }
  counts.cases++
  if (why !== null) parentPort.postMessage({ number, why })
}
parentPort.postMessage({ counts })
