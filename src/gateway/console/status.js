// The line of state on top, and the panel of what was rejected and where.
import { ago, block, el, foreign, place, plural, span } from './dom.js'

const byId = id => document.getElementById(id)
const countOf = (diagnostics, severity) => diagnostics.filter(diagnostic => diagnostic.severity === severity).length
/** More findings of a rejected set than this are counted only. */
const maxFindings = 200

/** Shows a status. `accept` is called with the revision of a set that the operator wants in spite of what it lost. */
export function showStatus (status, previous, accept) {
  showState(status, previous)
  showNext(status.upcoming)
  const isSame = previous !== null && JSON.stringify(previous.rejected) === JSON.stringify(status.rejected)
  if (!isSame) showRejected(status, accept)
}

function showState (status, previous) {
  const { state, generation, revision, rules, origins, loadedAt, watch } = status
  const pill = byId('state')
  pill.dataset.state = state
  pill.textContent = state
  document.title = state === 'ok' ? 'cors-gateway' : `(${state}) cors-gateway`
  if (previous?.generation === generation && previous.state === state) return
  const isObserving = status.settings.mode === 'observe'
  byId('facts').replaceChildren(
    ...fact('generation', String(generation)),
    ...fact('revision', foreign(revision, 'code')),
    ...fact('loaded', ago(loadedAt)),
    ...fact('rules', String(rules)),
    ...fact('origins', String(origins)),
    ...fact('watch', watch === 'off' ? 'off, reload by hand' : watch),
    ...isObserving ? fact('mode', 'observe, nothing is enforced') : []
  )
  byId('announcer').textContent = state === 'ok'
    ? `Generation ${generation} is in force.`
    : `Degraded: a policy set was rejected, generation ${generation} stays in force.`
}

function fact (name, value) {
  return [el('div', {}, el('dt', {}, name), el('dd', {}, value))]
}

function showNext (upcoming) {
  const next = byId('next')
  next.hidden = upcoming.length === 0
  if (next.hidden) return
  const [{ rule, what, at }] = upcoming
  const key = JSON.stringify([rule, what, at, upcoming.length])
  if (next.dataset.key === key) return
  next.dataset.key = key
  const more = upcoming.length > 1 ? [' ', el('a', { href: '#details' }, `and ${upcoming.length - 1} more`)] : []
  next.replaceChildren('Next: ', foreign(rule, 'name'), ` ${what} `, ago(at), ...more)
}

function showRejected ({ rejected, generation }, accept) {
  const panel = byId('rejected')
  panel.hidden = rejected === null
  panel.replaceChildren()
  if (rejected === null) return
  const { since, revision, diagnostics } = rejected
  panel.append(
    el('h2', { id: 'rejected-title' }, 'Rejected: what is on the disk is not in force'),
    el('p', {}, `${tellCounts(countOf(diagnostics, 'error'), countOf(diagnostics, 'warning'))}, since `, ago(since), revision === null ? '' : [', revision ', foreign(revision, 'code')],
      `. Generation ${generation} stays in force until the findings below are corrected.`),
    ...acceptance(rejected, accept),
    findings(diagnostics)
  )
}

/** Such as `2 errors, 1 warning`. */
export function tellCounts (errors, warnings) {
  return [[errors, 'error'], [warnings, 'warning']].filter(([count]) => count > 0).map(([count, noun]) => plural(count, noun)).join(', ') || 'no findings'
}

/** A set that was held back for what it lost can be taken all the same. */
function acceptance ({ revision, diagnostics }, accept) {
  if (revision === null || !diagnostics.some(({ code }) => code === 'set-shrunk')) return []
  const button = el('button', { type: 'button' }, 'Put this set in force all the same')
  button.addEventListener('click', () => accept(revision))
  return [el('p', {}, button)]
}

/** Findings with their places, frames and cures; errors come first. */
export function findings (diagnostics) {
  const rank = { error: 0, warning: 1, info: 2 }
  const sorted = [...diagnostics].sort((a, b) => rank[a.severity] - rank[b.severity])
  const items = sorted.slice(0, maxFindings).map(diagnostic => {
    const { severity, code, message, help, frame } = diagnostic
    return el('li', { class: `finding ${severity === 'error' ? 'bad' : severity === 'warning' ? 'warn' : ''}` },
      el('p', {}, place(diagnostic), ' ', el('span', { class: 'severity' }, severity), ' ', foreign(message), ' ', el('span', { class: 'muted' }, `[${code}]`)),
      frame === undefined ? null : block(frame, 'frame'),
      help === undefined ? null : el('p', { class: 'help' }, 'help: ', foreign(help)))
  })
  const others = sorted.length - items.length
  if (others > 0) items.push(el('li', { class: 'muted' }, `and ${plural(others, 'more finding')}: cors-gateway check shows them all`))
  return el('ol', { class: 'findings', tabindex: '0', 'aria-label': 'Findings' }, items)
}

/** What became of a reload that was asked for, in one sentence. */
export function tellReload ({ ok, generation, diagnostics }) {
  return ok
    ? `The policies were read: generation ${generation} is in force.`
    : `The set was rejected with ${plural(countOf(diagnostics, 'error'), 'error')}: generation ${generation} stays in force.`
}

/** Until when debug headers are sent. */
export function tellDebug (until) {
  return `Responses carry x-cors-gateway for ${span(Date.parse(until) - Date.now())}, until ${new Date(until).toLocaleTimeString()}.`
}
