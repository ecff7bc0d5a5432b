// The console: wires the views to the admin listener and to the address of the page.
import { ask, token } from './api.js'
import { denialsView } from './denials.js'
import { showDetails } from './details.js'
import { shown, tick } from './dom.js'
import { explainView } from './explain.js'
import { readHash } from './question.js'
import { rulesView } from './rules.js'
import { showStatus, tellDebug, tellReload } from './status.js'

const byId = id => document.getElementById(id)
const views = ['rules', 'explain', 'denials', 'details']
const pollEvery = 2_000

const rules = rulesView()
const explain = explainView()
const denials = denialsView(askForToken)
let status = null
let shownRules = 0
let isStale = false
let isRefreshing = false

async function refresh () {
  if (isRefreshing) return
  isRefreshing = true
  try {
    const next = await ask('/api/status')
    // After a failure all is shown anew.
    const previous = isStale ? null : status
    status = next
    showStatus(next, previous, acceptSet)
    showDetails(next, byId('details-body'))
    open()
    if (shownRules !== next.generation) await refreshRules()
    if (previous !== null && previous.generation !== next.generation) explain.again()
    byId('failure').hidden = true
    isStale = false
  } catch (error) {
    if (error.status === 401) askForToken()
    else fail(error)
  }
  isRefreshing = false
}

async function refreshRules () {
  const answer = await ask('/api/rules')
  rules.show(answer.rules)
  shownRules = answer.generation
}

function open () {
  byId('login').hidden = byId('login-failure').hidden = true
  if (byId('content').hidden) {
    byId('content').hidden = false
    route()
  }
  byId('reload').disabled = byId('debug').disabled = false
  byId('forget').hidden = token.get() === null
  denials.start()
}

function fail (error) {
  isStale = true
  const pill = byId('state')
  pill.dataset.state = 'unknown'
  pill.textContent = error.status === 503 ? 'not ready' : 'no answer'
  const failure = byId('failure')
  const text = `${shown(error.message)} ${status === null ? '' : 'What is shown is the last that it told. '}Trying again every 2 seconds.`
  failure.hidden = false
  // An alert is read out again whenever its text is set.
  if (failure.textContent !== text) failure.textContent = text
}

function notify (text) {
  const notice = byId('notice')
  notice.textContent = text
  notice.hidden = false
  clearTimeout(notify.timer)
  notify.timer = setTimeout(() => { notice.hidden = true }, 15_000)
}

function askForToken () {
  const hadToken = token.get() !== null
  token.forget()
  status = null
  byId('content').hidden = true
  byId('reload').disabled = byId('debug').disabled = true
  byId('forget').hidden = true
  byId('state').dataset.state = 'unknown'
  byId('state').textContent = 'token needed'
  if (hadToken) {
    byId('login-failure').hidden = false
    byId('login-failure').textContent = 'The listener does not accept this token.'
  }
  if (!byId('login').hidden) return
  byId('login').hidden = false
  byId('token').focus()
}

/** Runs what a button asks for, and shows how it ended. */
async function act (button, work) {
  button.disabled = true
  try {
    notify(await work())
  } catch (error) {
    // A set that is rejected is an answer, too.
    notify(Array.isArray(error.body?.diagnostics) ? tellReload(error.body) : shown(error.message))
  }
  button.disabled = false
  await refresh()
}

const reloadSet = query => async () => tellReload(await ask(`/api/reload${query}`, { method: 'POST' }))

function acceptSet (revision) {
  if (!confirm('Put this set in force, although it keeps less of the rules or origins than minKept asks for?')) return
  void act(byId('reload'), reloadSet(`?${new URLSearchParams({ accept: revision })}`))
}

byId('reload').addEventListener('click', ({ currentTarget }) => { void act(currentTarget, reloadSet('')) })
byId('debug').addEventListener('click', ({ currentTarget }) => {
  void act(currentTarget, async () => tellDebug((await ask('/api/debug?seconds=600', { method: 'POST' })).until))
})
byId('forget').addEventListener('click', () => {
  token.forget()
  location.reload()
})
byId('login').addEventListener('submit', event => {
  event.preventDefault()
  token.set(byId('token').value.trim())
  byId('token').value = ''
  void refresh()
})

function route () {
  const { view, params } = readHash(location.hash)
  const name = views.includes(view) ? view : views[0]
  for (const each of views) byId(`view-${each}`).hidden = each !== name
  for (const link of document.querySelectorAll('[data-view]')) {
    if (link.dataset.view === name) link.setAttribute('aria-current', 'page')
    else link.removeAttribute('aria-current')
  }
  if (name === 'explain' && status !== null) explain.open(params)
}

document.querySelector('.skip').addEventListener('click', event => {
  event.preventDefault()
  byId('main').focus()
})
document.addEventListener('keydown', event => {
  const isTyping = event.target instanceof Element && event.target.matches('input, textarea, select')
  if (event.key !== '/' || isTyping || event.ctrlKey || event.metaKey || event.altKey) return
  const search = [...document.querySelectorAll('input[type=search]')].find(each => each.checkVisibility())
  if (search === undefined) return
  event.preventDefault()
  search.focus()
  search.select()
})
addEventListener('hashchange', route)
document.addEventListener('visibilitychange', () => { if (!document.hidden) void refresh() })

setInterval(tick, 1_000)
setInterval(() => { if (!document.hidden && byId('login').hidden) void refresh() }, pollEvery)
route()
await refresh()
