// Plays the sequences of the preflight cache and of hot reloads in one browser.
import t from 'tap'
import { sequences, type Step } from './cache-cases.ts'
import type { Engine, EnginePage } from './engine.ts'
import type { Lab } from './lab.ts'

/** Adds the tests; returns how many requests they make. */
export function judgeCache (engine: Engine, lab: Lab): number {
  t.test('the preflight cache and hot reload', async t => {
    const page = await engine.newPage(`http://app.localhost:${lab.ports.pages}/page`)
    for (const [i, { name, steps }] of sequences.entries()) {
      const mark = `cache-${i}`
      for (const [n, step] of steps.entries()) {
        const what = `${name}, step ${n + 1} (${step.method})`
        if (step.rule !== undefined) await lab.change(step.rule.replace('{pages}', String(lab.ports.pages)))
        const before = lab.arrivals(mark).length
        const { said, seen } = await take(page, lab, mark, step)
        const methods = lab.arrivals(mark).slice(before).map(({ method }) => method)
        t.equal(said.reason, step.is === 'readable' ? 'allowed' : step.is, `${what}: explain's reason`)
        t.equal(said.outcome, step.is === 'readable' ? 'readable' : 'blocked', `${what}: explain's outcome`)
        if (step.stale === undefined) t.equal(seen, said.outcome, `${what}: the browser's outcome`)
        else t.equal(seen, 'readable', `${what}: the browser remembers: ${step.stale}`)
        t.equal(methods.includes('OPTIONS'), step.asks, `${what}: ${step.asks ? 'a' : 'no'} preflight`)
      }
    }
  })
  return sequences.flatMap(({ steps }) => steps).length
}

async function take (page: EnginePage, lab: Lab, mark: string, { method, headers = {}, credentials = 'same-origin', query }: Step): Promise<{
  said: { outcome: string, reason: string }
  seen: string
}> {
  const url = `http://api.localhost:${lab.ports.gateway}/changing/x?mark=${mark}${query === undefined ? '' : `&${query}`}`
  const said = lab.explain({ origin: `http://app.localhost:${lab.ports.pages}`, url, method, headers, credentials })
  const order = { kind: 'fetch', url, method, headers: Object.entries(headers), credentials }
  const [seen] = await page.evaluate(`lab.run([${JSON.stringify(order)}])`) as [{ outcome: string }]
  return { said, seen: seen.outcome }
}
