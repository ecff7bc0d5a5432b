// The rules as a searchable table.
import { ago, clipped, el, empty, foreign, place, plural, row, span, table, words } from './dom.js'

const byId = id => document.getElementById(id)
const titles = ['Rule', 'Hosts and routes', 'Origins', 'Grants']
/** So many rows at once: the search finds the others. */
const maxRows = 200

/** The table of rules; `show` takes what `/api/rules` gives. */
export function rulesView () {
  let rules = []
  const search = byId('rules-search')
  const render = () => {
    const sought = search.value.toLowerCase().split(/\s+/).filter(word => word !== '')
    const found = rules.filter(({ text }) => sought.every(word => text.includes(word)))
    byId('rules-shown').textContent = sought.length === 0 ? '' : `${found.length} of ${plural(rules.length, 'rule')}`
    byId('rules-body').replaceChildren(...rules.length === 0 ? [none()] : found.length === 0 ? [noMatch(search.value)] : draw(found))
  }
  search.addEventListener('input', render)
  return {
    show (given) {
      rules = given.map(rule => ({ rule, text: textOf(rule) }))
      byId('rules-count').textContent = rules.length.toLocaleString('en')
      render()
    }
  }
}

function none () {
  return empty('The set in force has no rule.', 'Every path is without a policy. Write a rule into the policy directory: it appears here as soon as it is in force.')
}

function noMatch (words) {
  return empty('No rule matches the search.', el('span', {}, 'Searched for ', foreign(words), ' in names, descriptions, files, hosts, routes, origins, methods and headers.'))
}

function draw (found) {
  const { element, body } = table(titles, 'The rules in force')
  let drawn = 0
  const more = el('button', { type: 'button' })
  const drawMore = () => {
    const next = found.slice(drawn, drawn + maxRows)
    body.append(...next.map(({ rule }) => row(titles, cellsOf(rule))))
    drawn += next.length
    more.hidden = drawn >= found.length
    more.textContent = `Show ${Math.min(maxRows, found.length - drawn)} more of ${found.length}`
  }
  more.addEventListener('click', drawMore)
  drawMore()
  return [element, more]
}

function textOf ({ name, description, file, line, hosts, routes, origins, exceptOrigins, methods, headers, exposeHeaders, acceptedRisks }) {
  const parts = [name, description ?? '', `${file}:${line}`, ...hosts, ...routes, ...methods, ...headers, ...exposeHeaders]
  for (const { pattern, set } of [...origins, ...exceptOrigins]) parts.push(pattern, set === null ? '' : `$${set}`)
  for (const { risk, reason } of acceptedRisks) parts.push(risk, reason)
  return parts.join(' ').toLowerCase()
}

function cellsOf (rule) {
  const { name, description, hosts, routes, origins, exceptOrigins, passthrough } = rule
  return [
    [
      el('div', {}, foreign(name, 'name')), el('div', {}, place(rule)),
      description === null ? null : el('p', { class: 'muted' }, foreign(description)), tagsOf(rule)
    ],
    [hosts.length === 0 ? null : clipped(hosts, host => foreign(host, 'code host')), clipped(routes, route => foreign(route, 'code'))],
    [
      origins.length === 0 ? el('p', { class: 'muted' }, passthrough ? 'whoever the upstream allows' : 'nobody') : clipped(origins, originOf),
      exceptOrigins.length === 0 ? null : el('div', { class: 'except' }, 'except', clipped(exceptOrigins, originOf))
    ],
    passthrough ? el('p', { class: 'muted' }, 'what the upstream grants') : grantsOf(rule)
  ]
}

function originOf ({ pattern, set }) {
  return [foreign(pattern, 'code'), set === null ? null : [' ', el('span', { class: 'muted' }, foreign(`$${set}`))]]
}

function tagsOf ({ window, enforceMethods, deniedRequests, passthrough, acceptedRisks }) {
  const tags = []
  const tag = (kind, ...children) => tags.push(el('li', { class: `tag ${kind}` }, children))
  if (window.notBefore !== null || window.expires !== null) tag(window.inForce ? '' : 'warn', windowText(window))
  if (passthrough) tag('', 'passthrough')
  if (enforceMethods) tag('', 'enforces methods')
  if (deniedRequests === 'reject') tag('', 'rejects denied requests')
  for (const { risk, reason, until } of acceptedRisks) {
    tag('warn', 'accepts ', foreign(risk), until === null ? '' : [' until ', until.slice(0, 10)], ': ', foreign(reason))
  }
  return tags.length === 0 ? null : el('ul', { class: 'tags' }, tags)
}

function windowText ({ notBefore, expires, inForce }) {
  if (!inForce) return notBefore !== null && Date.parse(notBefore) > Date.now() ? ['starts ', ago(notBefore)] : ['ended ', ago(expires)]
  return expires === null ? ['in force since ', ago(notBefore)] : ['ends ', ago(expires)]
}

function grantsOf ({ methods, headers, exposeHeaders, allowCredentials, maxAge, allowPrivateNetwork, timingAllowOrigin }) {
  const grants = el('dl', { class: 'grants' })
  const grant = (name, value) => grants.append(el('div', {}, el('dt', {}, name), el('dd', {}, value)))
  grant('methods', words(methods))
  if (headers.length > 0) grant('headers', words(headers))
  if (exposeHeaders.length > 0) grant('exposes', words(exposeHeaders))
  grant('credentials', allowCredentials ? el('strong', {}, 'yes') : 'no')
  if (maxAge !== null) grant('max age', span(maxAge * 1000))
  if (allowPrivateNetwork) grant('private net', 'yes')
  if (timingAllowOrigin) grant('timing', 'yes')
  return grants
}
