// The stream of denials, grouped by route, origin and reason.
import { ApiError, follow } from './api.js'
import { ago, el, empty, foreign, plural, row, shown, table } from './dom.js'
import { Groups } from './groups.js'
import { questionOfDenial } from './question.js'

const byId = id => document.getElementById(id)
const titles = ['Count', 'Last', 'Route', 'Origin', 'Reason', 'Last request', 'Why']
const maxRows = 200
const redrawAfter = 400
const longestPause = 15_000

/** The view; `start` follows the stream from then on, and again whenever it breaks, until the token is refused. */
export function denialsView (onUnauthorized) {
  const groups = new Groups()
  const { element, body } = table(titles, 'Denials, grouped by route, origin and reason')
  let [total, dropped, timer, lastId, state, isFollowing] = [0, 0, null, null, 'connecting', false]

  const redraw = () => {
    timer = null
    byId('denials-count').textContent = groups.size === 0 ? '' : groups.size.toLocaleString('en')
    byId('stream').textContent = tellStream(state, total, dropped, groups.forgotten)
    if (groups.size === 0) {
      byId('denials-body').replaceChildren(nothing())
      return
    }
    if (element.parentNode === null) byId('denials-body').replaceChildren(element)
    draw(groups, body, element.matches(':hover, :focus-within'))
  }
  const redrawSoon = () => { timer ??= setTimeout(redraw, redrawAfter) }

  const take = (name, data, id) => {
    lastId = id ?? lastId
    if (name === 'dropped') dropped += data.count
    if (name === 'decision' && data.outcome === 'denied') {
      total++
      groups.add(data)
    }
    redrawSoon()
  }

  byId('denials-search').addEventListener('input', redraw)
  byId('denials-order').addEventListener('change', redraw)
  byId('denials-clear').addEventListener('click', () => {
    groups.clear()
    total = dropped = 0
    redraw()
  })
  return {
    start () {
      if (!isFollowing) void keepFollowing()
    }
  }

  async function keepFollowing () {
    isFollowing = true
    for (let pause = 1_000; ; pause = Math.min(longestPause, pause * 2)) {
      try {
        await follow('/api/decisions', {
          lastId,
          onOpen: () => {
            pause = 1_000
            state = 'live'
            redraw()
          },
          onEvent: take
        })
      } catch (error) {
        if (error instanceof ApiError && error.status === 401) {
          isFollowing = false
          onUnauthorized()
          return
        }
      }
      state = 'broken'
      redraw()
      await new Promise(resolve => { setTimeout(resolve, pause) })
    }
  }
}

function tellStream (state, total, dropped, forgotten) {
  const parts = [state === 'live' ? 'live' : state === 'broken' ? 'the stream broke off, connecting again' : 'connecting']
  if (total > 0) parts.push(plural(total, 'denial'))
  if (dropped > 0) parts.push(`${dropped.toLocaleString('en')} more were only counted`)
  if (forgotten > 0) parts.push(`${plural(forgotten, 'older group')} forgotten`)
  return parts.join(', ')
}

function nothing () {
  return empty('No denial yet.', 'Denials appear here as they happen, with the last hundred from before. Requests that are allowed are not shown: see /metrics for their number.')
}

/** Rows keep their elements; while someone points at the table, or is in it by keyboard, they keep their order too. */
function draw (groups, body, isHeld) {
  const words = byId('denials-search').value.toLowerCase().split(/\s+/).filter(word => word !== '')
  const found = groups.sorted(byId('denials-order').value).filter(({ text }) => words.every(word => text.includes(word))).slice(0, maxRows)
  for (const group of found) update(group)
  const rows = found.map(group => group.row)
  const isSame = rows.length === body.rows.length && rows.every((each, i) => each === body.rows[i])
  if (isSame || (isHeld && body.rows.length > 0)) return
  body.replaceChildren(...rows)
}

function update (group) {
  group.row ??= makeRow(group.last)
  const [count, last, , , , request, link] = [...group.row.cells].map(cell => cell.firstChild)
  if (group.drawn === group.last) return
  group.drawn = group.last
  count.textContent = group.count.toLocaleString('en')
  last.replaceChildren(ago(group.last.at))
  request.replaceChildren(requestOf(group.last))
  link.firstChild.href = `#explain?${questionOfDenial(group.last)}`
}

function makeRow ({ route, origin, reason, rule }) {
  return row(titles, [
    '', '',
    route === null ? el('span', { class: 'muted' }, 'no policy') : foreign(route, 'code'),
    origin === null ? el('span', { class: 'muted' }, 'none') : foreign(origin, 'code'),
    [foreign(reason, 'reason whole'), rule === null ? null : [el('br'), el('span', { class: 'muted' }, 'by ', foreign(rule))]],
    '',
    el('a', { href: '#explain' }, 'Explain', el('span', { class: 'unseen' }, ' this denial'))
  ])
}

function requestOf ({ kind, method, host, path }) {
  const what = kind === 'preflight' ? 'preflight for ' : kind === 'upgrade' ? 'WebSocket ' : ''
  return el('span', {}, what, foreign(`${shown(method, 40)} ${host}${path}`, 'code'))
}
