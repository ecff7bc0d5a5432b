// `npm run bench [-- ROUNDS SECONDS [--write]]`: what a request costs, side by side with other ways to send the same headers. Needs wrk and taskset.
import { execFile, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request as send } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { quantile, table } from './figures.mjs'
import { allowed } from './servers.mjs'

const run = promisify(execFile)
const words = process.argv.slice(2)
const [rounds = 5, seconds = 1] = words.filter(word => !word.startsWith('-')).map(Number)
const scratch = mkdtempSync(join(tmpdir(), 'cors-bench-'))

const hook = 'fastify with a hook of constants'
const ours = 'fastify-cors-gateway'
const everyone = ['node:http with constants', 'fastify alone', hook, '@fastify/cors', 'express with cors', ours]
const stranger = 'https://app.evil.example'
const put = { 'access-control-request-method': 'PUT' }
/** 16 KiB of names, as an attacker would send them: Node's limit for all headers is 16 KiB, so a little less. */
const hostileNames = Array.from({ length: 1500 }, (_, i) => `x-${i}`).join(',').slice(0, 15_000)
const small = { rules: 1, origins: 1, logging: false }

/** `grants`: what an answer must say before it is timed. `against` is the server that ratios are to. */
const scenarios = [
  { name: 'actual, allowed', headers: { origin: allowed }, grants: true, servers: everyone },
  { name: 'actual, denied', headers: { origin: stranger }, grants: false, servers: everyone },
  { name: 'without Origin, no policy', path: '/elsewhere', headers: {}, servers: ['fastify alone', hook, '@fastify/cors', ours], against: 'fastify alone' },
  { name: 'preflight, allowed', method: 'OPTIONS', headers: { origin: allowed, ...put }, grants: true, servers: everyone },
  { name: 'preflight, denied', method: 'OPTIONS', headers: { origin: stranger, ...put }, grants: false, servers: everyone },
  { name: 'preflight, 15 KB of header names', method: 'OPTIONS', headers: { origin: allowed, ...put, 'access-control-request-headers': hostileNames }, servers: ['fastify alone', hook, '@fastify/cors', ours] },
  { name: 'actual, 1,000 origins', headers: { origin: 'https://app-999.example.com' }, sizes: { ...small, origins: 1000 }, grants: true, servers: ['@fastify/cors', 'express with cors', ours], against: '@fastify/cors' },
  { name: 'actual, 100 rules', headers: { origin: allowed }, sizes: { ...small, rules: 100 }, grants: true, servers: [hook, ours] },
  { name: 'actual, 10,000 rules', headers: { origin: allowed }, sizes: { ...small, rules: 10_000 }, grants: true, servers: [hook, ours] },
  { name: 'actual, allowed, logging', headers: { origin: allowed }, sizes: { ...small, logging: true }, grants: true, servers: ['fastify alone', hook, '@fastify/cors', ours] },
  { name: 'actual, denied, logging', headers: { origin: stranger }, sizes: { ...small, logging: true }, grants: false, servers: ['fastify alone', hook, '@fastify/cors', ours] },
  { name: 'through a proxy', headers: { origin: allowed }, servers: ['@fastify/http-proxy alone', 'cors-gateway as a proxy'], against: '@fastify/http-proxy alone', proxied: true }
]

/** Starts a server on the first processor. */
async function start (name, sizes) {
  const child = fork(new URL('./servers.mjs', import.meta.url), [name, JSON.stringify(sizes)], { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const [{ port }] = await once(child, 'message')
  await run('taskset', ['-a', '-p', '-c', '0', String(child.pid)])
  return { name, port, child }
}

async function startAll ({ sizes = small, servers: names, proxied = false }) {
  const upstream = proxied ? await start('upstream', small) : null
  const servers = []
  for (const name of names) servers.push(await start(name, { ...sizes, ...upstream && { upstream: `http://127.0.0.1:${upstream.port}` } }))
  return { servers, end () { for (const { child } of [...servers, ...upstream ? [upstream] : []]) child.disconnect() } }
}

async function cpu (child) {
  child.send('cpu')
  const [{ microseconds }] = await once(child, 'message')
  return microseconds
}

function answerOf ({ port }, { method = 'GET', path = '/items/1', headers }) {
  return new Promise((resolve, reject) => {
    send({ host: '127.0.0.1', port, method, path, headers }, response => {
      response.resume().on('end', () => { resolve(response) })
    }).on('error', reject).end()
  })
}

/** A server whose answer is wrong is not worth timing. */
async function check (server, scenario) {
  const { statusCode, headers } = await answerOf(server, scenario)
  const fault = why => { throw new Error(`${scenario.name}, ${server.name}: ${why}, ${statusCode} ${JSON.stringify(headers)}`) }
  if (server.name === 'fastify alone') return
  if (scenario.grants === true && headers['access-control-allow-origin'] !== scenario.headers.origin) fault('no grant')
  // @fastify/cors and cors name their one origin to everybody: the browser then refuses.
  if (scenario.grants === false && headers['access-control-allow-origin'] === scenario.headers.origin) fault('a grant')
  if (scenario.grants === true && scenario.method === 'OPTIONS' && !headers['access-control-allow-methods']?.includes('PUT')) fault('no methods')
}

/** One round of load from the second processor. */
async function load (server, { method = 'GET', path = '/items/1', headers }) {
  const script = join(scratch, 'request.lua')
  const lines = Object.entries(headers).map(([name, value]) => `wrk.headers["${name}"] = "${value}"`)
  writeFileSync(script, `wrk.method = "${method}"\n${lines.join('\n')}\n`)
  const before = await cpu(server.child)
  const { stdout } = await run('taskset', ['-c', '1', 'wrk', '-t1', '-c32', `-d${seconds}s`, '-s', script, `http://127.0.0.1:${server.port}${path}`])
  const microseconds = await cpu(server.child) - before
  const requests = Number(/(\d+) requests in/.exec(stdout)[1])
  return { throughput: Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)[1]), microseconds: microseconds / requests }
}

/** Each round has processes of its own: what one of them got by chance, such as the layout of its code, would stay with it otherwise. */
async function measure (scenario) {
  const { servers: names, against = hook } = scenario
  const results = new Map(names.map(name => [name, []]))
  for (let round = 0; round < rounds; round++) {
    const { servers, end } = await startAll(scenario)
    try {
      for (const server of servers) await check(server, scenario)
      // Warms up.
      for (const server of servers) await load(server, scenario)
      for (const server of round % 2 === 0 ? servers : servers.toReversed()) results.get(server.name).push(await load(server, scenario))
    } finally {
      end()
    }
  }
  const ratios = (name, field) => quantile(results.get(name).map((result, i) => result[field] / results.get(against)[i][field]), 0.5)
  const median = (name, field) => quantile(results.get(name).map(result => result[field]), 0.5)
  return names.map(name => [
    scenario.name, name, Math.round(median(name, 'throughput')).toString(), median(name, 'microseconds').toFixed(1),
    ratios(name, 'microseconds').toFixed(2), ratios(name, 'throughput').toFixed(2)
  ])
}

const only = process.env['ONLY']
const rows = []
try {
  for (const scenario of scenarios.filter(({ name }) => only === undefined || name.includes(only))) {
    const measured = await measure(scenario)
    rows.push(...measured)
    console.log(`\n${table([scenario.name, 'requests/s', 'CPU µs', 'CPU ×', 'requests ×'], measured.map(row => row.slice(1)))}`)
  }
} finally {
  rmSync(scratch, { recursive: true })
}

if (words.includes('--write')) writeReadme()

/** Puts the ratios into the README, a row a scenario. */
function writeReadme () {
  const file = new URL('../../README.md', import.meta.url)
  const names = [...everyone, '@fastify/http-proxy alone', 'cors-gateway as a proxy']
  const cell = (scenario, name) => rows.find(row => row[0] === scenario && row[1] === name)?.[4] ?? ''
  const head = ['CPU a request, ×', 'node:http', 'Fastify alone', 'a hook of constants', '@fastify/cors', 'Express, cors', 'fastify-cors-gateway']
  const lines = scenarios.filter(({ proxied }) => !proxied).map(({ name }) => [name, ...everyone.map(each => cell(name, each))])
  const table = [head, head.map((_, i) => i === 0 ? '---' : '--:'), ...lines].map(line => `| ${line.join(' | ')} |`).join('\n')
  const proxied = `Through a proxy: ${cell('through a proxy', names.at(-1))} × the CPU time of \`@fastify/http-proxy\` alone.`
  const text = readFileSync(file, 'utf8')
  const written = text.replace(/(<!-- bench -->\n)[\s\S]*?(<!-- end of bench -->)/, (_, start, end) => `${start}${table}\n\n${proxied}\n${end}`)
  writeFileSync(file, written)
}
