// `npm run bench:decide`: what a decision costs and allocates over the size of the set, beside a `Map.get` of the same strings; and what building costs.
import { Bench } from 'tinybench'
import { parse } from 'yaml'
import { build } from '../../dist/build.js'
import { OriginIndex } from '../../dist/origin/lookup.js'
import { parseOriginPattern } from '../../dist/origin/parse.js'
import { diff } from '../../dist/inspect/diff.js'
import { decide } from '../../dist/snapshot/decide.js'
import { headersFor } from '../../dist/snapshot/headers.js'
import { table } from './figures.mjs'

const forms = i => [`https://app-${i}.example.com`, `https://*.team-${i}.example.com`, `https://pr-*.zone-${i}.example.com`]

/** `rules` rules; the origins of each form stand in as many of them as there are. */
function textsOf (rules) {
  const files = []
  for (let from = 0; from < rules; from += 500) {
    const texts = Array.from({ length: Math.min(500, rules - from) }, (_, i) => from + i).map(i => `  - name: rule-${i}
    routes: [/service-${i}/:id]
    allowOrigins: [${forms(i).map(form => `"${form}"`).join(', ')}]
    allowMethods: [GET, PUT]
    allowHeaders: [content-type, x-trace]
    exposeHeaders: [x-request-id]
    allowCredentials: true
    maxAge: 10m
    acceptRisks: []
`)
    files.push({ name: `rules-${from}.yaml`, text: `version: 1\nrules:\n${texts.join('')}`.replaceAll('    acceptRisks: []\n', '') })
  }
  return files
}

const facts = {
  method: 'GET', target: '', host: 'api.example.com', scheme: 'https', origin: '', requestedMethod: undefined, requestedHeaders: undefined,
  requestsPrivateNetwork: false, fetchSite: undefined, upgrade: false, carriesCredentials: false, hostIsAmbiguous: false
}
const put = { method: 'OPTIONS', requestedMethod: 'PUT' }
const hostile = Array.from({ length: 3000 }, (_, i) => `x-${i}`).join(',').slice(0, 16_000)

/** Each a request to the rule in the middle of the set. */
const requests = i => ({
  'exact origin': { ...facts, target: `/service-${i}/1`, origin: `https://app-${i}.example.com` },
  'subdomain, 3 deep': { ...facts, target: `/service-${i}/1`, origin: `https://a.b.c.team-${i}.example.com` },
  'label glob': { ...facts, target: `/service-${i}/1`, origin: `https://pr-7.zone-${i}.example.com` },
  'unknown origin': { ...facts, target: `/service-${i}/1`, origin: 'https://app.evil.example' },
  'unknown origin, 40 labels': { ...facts, target: `/service-${i}/1`, origin: `https://${'abc.'.repeat(40)}evil.example` },
  'malformed origin': { ...facts, target: `/service-${i}/1`, origin: 'https://app.example.com/' },
  'no policy': { ...facts, target: '/nothing/here', origin: 'https://app.evil.example' },
  'escaped path': { ...facts, target: `/service-${i}/a%20b`, origin: `https://app-${i}.example.com` },
  preflight: { ...facts, ...put, target: `/service-${i}/1`, origin: `https://app-${i}.example.com`, requestedHeaders: 'content-type,x-trace' },
  'preflight, 16 KB of names': { ...facts, ...put, target: `/service-${i}/1`, origin: `https://app-${i}.example.com`, requestedHeaders: hostile }
})

/** Bytes that one call allocates: the young generation is large enough to hold them all. */
function bytesOf (call) {
  for (let i = 0; i < 20_000; i++) call()
  globalThis.gc()
  const before = process.memoryUsage().heapUsed
  for (let i = 0; i < 20_000; i++) call()
  return Math.max(0, (process.memoryUsage().heapUsed - before) / 20_000)
}

/** Median nanoseconds a call, by name. */
async function timesOf (calls) {
  const bench = new Bench({ time: 150, warmupTime: 100 })
  for (const [name, call] of Object.entries(calls)) bench.add(name, call)
  await bench.run()
  return new Map(bench.tasks.map(({ name, result }) => [name, result.latency.p50 * 1e6]))
}

const sizes = [1, 100, 10_000]
const columns = []
for (const size of sizes) {
  const { snapshot, diagnostics } = build(textsOf(size), { at: 0 })
  if (snapshot === null) throw new Error(JSON.stringify(diagnostics[0]))
  const asked = requests(Math.floor(size / 2))
  const floor = new Map(Array.from({ length: size }, (_, i) => [forms(i)[0], i]))
  const calls = Object.fromEntries(Object.entries(asked).map(([name, request]) => [name, () => decide(snapshot, request)]))
  calls['exact origin, with headers'] = () => headersFor(decide(snapshot, asked['exact origin']), asked['exact origin'])
  calls['preflight, with headers'] = () => headersFor(decide(snapshot, asked.preflight), asked.preflight)
  calls['Map.get of the origin'] = () => floor.get(asked['exact origin'].origin)
  const times = await timesOf(calls)
  columns.push(new Map([...times].map(([name, ns]) => [name, [ns, bytesOf(calls[name])]])))
}
console.log(table(['a decision, ns (bytes)', ...sizes.map(size => `${size.toLocaleString('en')} rules`)], [...columns[0].keys()].map(name =>
  [name, ...columns.map(column => `${column.get(name)[0].toFixed(0)} (${column.get(name)[1].toFixed(0)})`)])))

// Of one alone the bytes are lost among all others.
const indexes = []
for (const size of [1, 1000, 1_000_000]) {
  const start = performance.now()
  const patterns = Array.from({ length: size }, (_, i) => ({ pattern: parseOriginPattern(forms(i)[i % 3]).pattern, slot: i }))
  globalThis.gc()
  const before = process.memoryUsage().heapUsed
  const index = new OriginIndex(patterns)
  globalThis.gc()
  const bytes = (process.memoryUsage().heapUsed - before) / size
  const middle = Math.floor(size / 6) * 3
  const origins = { exact: `https://app-${middle}.example.com`, subdomain: `https://a.team-${middle + 1}.example.com`, glob: `https://pr-1.zone-${middle + 2}.example.com`, none: 'https://app.evil.example' }
  const times = await timesOf(Object.fromEntries(Object.entries(origins).map(([name, origin]) => [name, () => index.find(origin)])))
  indexes.push([size.toLocaleString('en'), ...[...times.values()].map(ns => ns.toFixed(0)), size === 1 ? '' : bytes.toFixed(0), (performance.now() - start).toFixed(0)])
}
console.log(`\n${table(['origin patterns', 'exact, ns', 'subdomain', 'glob', 'none', 'bytes each', 'made in ms'], indexes)}`)

const built = []
for (const size of sizes) {
  const texts = textsOf(size)
  const parsing = performance.now()
  for (const { text } of texts) parse(text)
  const parsed = performance.now() - parsing
  globalThis.gc()
  const before = process.memoryUsage().heapUsed
  const start = performance.now()
  const { snapshot } = build(texts, { at: 0 })
  const took = performance.now() - start
  globalThis.gc()
  const bytes = (process.memoryUsage().heapUsed - before) / (snapshot.rules.length * 4)
  built.push([size.toLocaleString('en'), took.toFixed(0), parsed.toFixed(0), (took / parsed).toFixed(2), size === 1 ? '' : bytes.toFixed(0)])
}
console.log(`\n${table(['rules', 'built in ms', 'yaml alone', 'ratio', 'bytes a rule and origin'], built)}`)

const diffs = []
for (const size of [10, 100, 1000]) {
  const texts = textsOf(size)
  // One rule in ten gets another method: the others must be told to be alike.
  const others = texts.map(({ name, text }) => ({ name, text: text.replaceAll(/(name: rule-\d*0\n(?:.*\n){2} +allowMethods: \[)GET, PUT/g, '$1GET, DELETE') }))
  const [old, changed] = [texts, others].map(each => build(each, { at: 0 }).snapshot)
  const time = set => {
    const start = performance.now()
    const { equal, exact, widened } = diff(old, set)
    return { ms: performance.now() - start, equal, exact, widened: widened.length }
  }
  const [same, other] = [time(build(texts, { at: 0 }).snapshot), time(changed)]
  if (!same.equal || !other.exact || other.widened !== Math.ceil(size / 10) * 3) throw new Error(`a wrong diff of ${size} rules: ${JSON.stringify([same, other])}`)
  diffs.push([size.toLocaleString('en'), same.ms.toFixed(0), other.ms.toFixed(0)])
}
console.log(`\n${table(['rules', 'diff of equal sets, ms', 'one rule in ten changed'], diffs)}`)
