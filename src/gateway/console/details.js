// What happened to the policies, what is to come, and the settings in force.
import { ago, el, empty, foreign, row, shown, table } from './dom.js'
import { findings, tellCounts } from './status.js'

const titles = ['When', 'What', 'Generation', 'Revision', 'Findings']
const words = {
  start: 'started with this set', 'last-known-good': 'started with the last known good set', reload: 'came into force',
  rejected: 'rejected', restored: 'the disk is back at the set in force', window: 'rules started or ended'
}

/** Shows the details of a status, unless they are the ones that stand there. */
export function showDetails (status, body) {
  const { history, upcoming, lastAttempt, settings, state, version } = status
  const key = JSON.stringify([history, upcoming, lastAttempt.diagnostics, settings])
  if (body.dataset.key === key) return
  body.dataset.key = key
  const warnings = state === 'ok' ? lastAttempt.diagnostics : []
  body.replaceChildren(
    ...warnings.length === 0 ? [] : [el('h2', {}, 'Findings in the set in force'), findings(warnings)],
    el('h2', {}, 'History'), historyOf(history),
    el('h2', {}, 'Windows to come'), upcomingOf(upcoming),
    el('h2', {}, 'Settings'), settingsOf({ version, ...settings })
  )
}

function historyOf (history) {
  const { element, body } = table(titles, 'What happened to the policies, newest first')
  for (const { at, what, generation, revision, errors, warnings } of [...history].reverse()) {
    body.append(row(titles, [
      ago(at), el('span', { class: what === 'rejected' ? 'bad-text' : '' }, words[what] ?? shown(what)), String(generation),
      revision === null ? el('span', { class: 'muted' }, 'not read') : foreign(revision, 'code'),
      tellCounts(errors, warnings)
    ]))
  }
  return element
}

function upcomingOf (upcoming) {
  if (upcoming.length === 0) return empty('No rule starts or ends later.', 'A rule with notBefore or expires is listed here until its time has come.')
  return el('ul', { class: 'plain' }, upcoming.slice(0, 100).map(({ at, rule, what }) => el('li', {}, foreign(rule, 'name'), ` ${what} `, ago(at), ` (${new Date(at).toLocaleString()})`)))
}

function settingsOf (settings) {
  return el('dl', { class: 'settings' }, Object.entries(settings).map(([name, value]) =>
    el('div', {}, el('dt', {}, shown(name)), el('dd', {}, foreign(textOf(value), 'code')))))
}

function textOf (value) {
  if (Array.isArray(value)) return value.map(textOf).join(', ') || 'none'
  if (typeof value !== 'object' || value === null) return String(value)
  return Object.entries(value).map(([name, each]) => `${name}: ${textOf(each)}`).join(', ')
}
