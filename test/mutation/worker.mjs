// Runs the core's tests against one mutant after another, and for survivors the plain evaluator of the unchanged source.
import { fileURLToPath } from 'node:url'
import { parentPort, workerData } from 'node:worker_threads'
import { loader } from './modules.mjs'
import { tinyTap } from './tiny-tap.mjs'

const root = fileURLToPath(new URL('../../', import.meta.url))
// What stands above the core takes part in no test here.
const skip = new Set(['injected requests', 'a real socket'])
const beyond = { '../../src/index.ts': {}, './wire.ts': {}, fastify: {} }

const unchanged = loader(null)
const { judge } = unchanged(`${root}src/inspect/judge.ts`)
const { plainDecision } = unchanged(`${root}src/inspect/agree.ts`)
const arbitrary = unchanged(`${root}test/inspect/arbitrary.ts`)
const { default: fc } = await import('fast-check')
// That a property fails is all there is to know.
fc.configureGlobal({ endOnFailure: true })

/** Random sets and requests, and what the unchanged source says of them. */
let frozen = null
function frozenCases () {
  const { ruleTexts, blocked, settings, facts, setOf, now } = arbitrary
  const cases = fc.tuple(ruleTexts, blocked, settings, fc.array(facts, { minLength: 12, maxLength: 12 }))
  return frozen ??= fc.sample(cases, { numRuns: workerData.frozen, seed: 42 }).map(([rules, blockedOrigins, settings, requests]) => {
    const set = setOf(rules, blockedOrigins)
    return { set, settings, requests, wanted: requests.map(each => JSON.stringify(plainDecision(judge(set, settings, now, each)))) }
  })
}

/** The first that notices the mutant, or null. */
async function killer (changed, runs) {
  process.env.RUNS = String(runs)
  process.env.SEED = '7'
  for (const file of inOrder(changed?.file)) {
    const { module, run } = tinyTap(skip)
    try {
      loader(changed, { ...beyond, tap: module })(root + file)
      await run()
    } catch (error) {
      if (process.env.WHY !== undefined) console.error(error)
      return file
    }
  }
  return null
}

function differsFromFrozen (changed) {
  try {
    const load = loader(changed)
    const { compile } = load(`${root}src/snapshot/compile.ts`)
    const { fastDecision } = load(`${root}src/inspect/agree.ts`)
    for (const { set, settings, requests, wanted } of frozenCases()) {
      const snapshot = compile(set, { settings, at: arbitrary.now, generation: 1, revision: 'r' })
      for (const [i, request] of requests.entries()) if (JSON.stringify(fastDecision(snapshot, request)) !== wanted[i]) return true
    }
    return false
  } catch {
    return true
  }
}

/** Tests of the file's own room come first: they notice most. */
function inOrder (file = '') {
  const room = file.split('/').at(-2)
  const isNear = test => test.startsWith(`test/${room}/`)
  return [...workerData.tests.filter(isNear), ...workerData.tests.filter(test => !isNear(test))]
}

// Whatever is slow only once happens before the clock runs.
frozenCases()
const warmUp = await killer(null, 1)
parentPort.postMessage({ by: warmUp })

parentPort.on('message', async ({ changed, stage }) => {
  switch (stage) {
    case 'few': return parentPort.postMessage({ by: await killer(changed, workerData.few) })
    case 'frozen': return parentPort.postMessage({ by: differsFromFrozen(changed) ? 'unchanged source' : null })
    case 'many': return parentPort.postMessage({ by: await killer(changed, workerData.many) })
  }
})
