// The load: a process of its own that asks over kept connections, and holds every answer against the sets that may run.
import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { answerText, expectedAnswer, originOf, steadyOrigin } from './numbered.mjs'
import { seeded } from './random.mjs'

const [url, seed, connections, pause] = process.argv.slice(2)
const random = seeded(Number(seed))
const agent = new Agent({ keepAlive: true, maxSockets: Number(connections) })

/** The sets in the order in which they were written; those before `floor` can't run any more. */
const written = []
let floor = 0
let isEnding = false
const counts = { requests: 0, failed: 0, wrong: 0, preflights: 0, allowed: 0, denied: 0, reused: 0 }
const faults = []

function fault (kind, text) {
  counts[kind]++
  if (faults.length < 20) faults.push(`${kind}: ${text}`)
}

function inventQuestion () {
  const numbers = written.slice(Math.max(0, floor - 1)).concat(written.at(-1) + 1)
  const origin = random.pick([steadyOrigin, steadyOrigin, originOf(random.pick(numbers)), originOf(random.pick(numbers)), 'https://evil.example', undefined])
  const path = random.pick(['/alpha/x', '/alpha', '/beta/y', `/only/${random.pick(numbers)}`])
  if (origin !== undefined && random.chance(0.4)) return { method: 'OPTIONS', path, origin, asks: random.pick(['GET', 'PUT', 'DELETE']) }
  return { method: path.startsWith('/alpha') ? random.pick(['GET', 'PUT']) : 'GET', path, origin }
}

function ask ({ method, path, origin, asks }) {
  const headers = { ...origin && { origin }, ...asks && { 'access-control-request-method': asks } }
  const body = method === 'PUT' ? 'x'.repeat(2000) : ''
  if (body !== '') headers['content-length'] = body.length
  return new Promise((resolve, reject) => {
    const sent = request(new URL(path, url), { agent, method, headers, timeout: 30_000 }, response => {
      let text = ''
      response.setEncoding('utf8').on('data', chunk => { text += chunk })
      response.on('end', () => resolve({ response, text, isReused: sent.reusedSocket }))
      response.on('error', reject)
    })
    sent.on('timeout', () => sent.destroy(new Error('no answer within 30 s')))
    sent.on('error', reject)
    sent.end(body)
  })
}

/** The answer must be that of a set which could run between question and answer; a later question gets none of an earlier set. */
function check (question, answer, from) {
  const got = answerText(answer)
  for (let i = from; i < written.length; i++) {
    if (expectedAnswer(written[i], question) !== got) continue
    floor = Math.max(floor, i)
    return true
  }
  const known = written.findIndex(number => expectedAnswer(number, question) === got)
  fault('wrong', `${JSON.stringify(question)} → ${got}; may run: ${written.slice(from).join(', ')}` +
    `; ${known === -1 ? 'the answer of no set' : `the answer of set ${written[known]}`}; expected ${expectedAnswer(written.at(-1), question)}`)
  return false
}

function checkBody ({ method, path }, { statusCode }, text) {
  if (statusCode !== 200) return
  const echoed = JSON.parse(text)
  if (echoed.method !== method || echoed.url !== path) fault('wrong', `${method} ${path} was answered for ${echoed.method} ${echoed.url}`)
}

async function keepAsking () {
  while (!isEnding) {
    const question = inventQuestion()
    const from = floor
    counts.requests++
    try {
      const { response, text, isReused } = await ask(question)
      if (check(question, response, from)) checkBody(question, response, text)
      if (isReused) counts.reused++
      if (question.asks !== undefined) counts.preflights++
      counts[response.headers['access-control-allow-origin'] === undefined ? 'denied' : 'allowed']++
    } catch (error) {
      fault('failed', `${JSON.stringify(question)}: ${error.message}`)
    }
    await sleep(Number(pause) * (0.5 + random.below(100) / 100))
  }
}

let running = null

process.on('message', async ({ kind, number }) => {
  // `begin`: a set is about to be written; `settled`: the one written last runs; `end`: no more questions.
  if (kind === 'begin') written.push(number)
  if (kind === 'settled') floor = written.length - 1
  running ??= Promise.all(Array.from({ length: Number(connections) }, keepAsking))
  if (kind === 'end') {
    isEnding = true
    await running
    agent.destroy()
  }
  process.send({ counts, faults }, () => { if (kind === 'end') process.disconnect() })
})
