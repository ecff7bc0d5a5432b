// What the log says about the policies: the start, reloads, rejections, windows.
import type { FastifyInstance } from 'fastify'
import { counted } from '../diagnostic/counted.ts'
import { renderPretty } from '../diagnostic/render.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import type { Keeper } from '../source/keeper.ts'

/** The line of the start: what is in force, and what becomes of every other path. */
export function describe (snapshot: Snapshot, mode: 'enforce' | 'observe'): string {
  const { rules, routes, settings: { unmatched } } = snapshot
  const rest = unmatched === 'deny' ? 'every other path is denied (unmatched: deny)' : 'every other path passes untouched (unmatched: passthrough)'
  const observed = mode === 'observe' ? '; only observed, nothing is enforced (mode: observe)' : ''
  return `${counted(rules.length, 'rule')} on ${counted(routes, 'route')}; ${rest}${observed}`
}

/** Logs what becomes of the policies from now on, one line each. */
export function reportPolicies (instance: FastifyInstance, keeper: Keeper): void {
  const { log } = instance
  keeper.on('reload', ({ snapshot: { generation, revision, rules, routes }, diagnostics, milliseconds }) => {
    log.info({ generation, revision, milliseconds: Math.round(milliseconds), ...diagnostics.length > 0 && { diagnostics } },
      `policies reloaded: ${counted(rules.length, 'rule')} on ${counted(routes, 'route')}, generation ${generation}`)
  })
  keeper.on('rejected', ({ snapshot, revision, diagnostics, texts }) => {
    log.error({ generation: snapshot.generation, revision, diagnostics },
      `policies rejected, generation ${snapshot.generation} stays in force:\n${renderPretty(diagnostics, texts)}`)
  })
  keeper.on('restored', ({ snapshot: { generation, revision } }) => {
    log.info({ generation, revision }, `policies are again those in force, generation ${generation}`)
  })
  keeper.on('window', ({ previous, snapshot }) => {
    const { generation, revision } = snapshot
    log.info({ generation, revision }, `rules in force changed with the time, generation ${generation}: ${changedRules(previous, snapshot).join(', ')}`)
  })
}

function changedRules (previous: Snapshot, snapshot: Snapshot): string[] {
  const before = new Map(previous.rules.map(rule => [rule.name, rule.isInForce]))
  return snapshot.rules.filter(rule => before.get(rule.name) !== rule.isInForce).map(rule => `${rule.name} ${rule.isInForce ? 'starts' : 'ends'}`)
}
