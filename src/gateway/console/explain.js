// The explain form and its answer: the story that `cors-gateway explain` tells.
import { ask } from './api.js'
import { block, el, empty, foreign, place, shown } from './dom.js'
import { paramsOf, questionOf } from './question.js'

const byId = id => document.getElementById(id)
const headersOf = text => text.split('\n').map(line => line.trim()).filter(line => line !== '')

/** The form. `open` shows and asks what the parameters of the address hold; `again` repeats the last question. */
export function explainView () {
  const form = byId('question')
  let current = null
  form.addEventListener('submit', event => {
    event.preventDefault()
    const { origin, url, method, credentials, headers } = form.elements
    const params = paramsOf({
      origin: origin.value.trim(), url: url.value.trim(), method: method.value.trim() || 'GET', credentials: credentials.value, headers: headersOf(headers.value)
    })
    const hash = `#explain?${params}`
    if (location.hash === hash) void run(params)
    else location.hash = hash
  })
  showNone()

  async function run (params) {
    const question = questionOf(params)
    current?.abort.abort()
    current = { params, abort: new AbortController() }
    const { signal } = current.abort
    const asked = paramsOf(question)
    byId('answer').setAttribute('aria-busy', 'true')
    try {
      const explanation = await ask(`/api/explain?${asked}`, { signal })
      byId('answer').replaceChildren(...draw(explanation, params.get('denied'), asked))
    } catch (error) {
      if (signal.aborted) return
      byId('answer').replaceChildren(el('p', { class: 'notice bad' }, foreign(error.message)))
    }
    byId('answer').setAttribute('aria-busy', 'false')
  }

  return {
    open (params) {
      const question = questionOf(params)
      if (question === null) return
      const { origin, url, method, credentials, headers } = form.elements
      origin.value = question.origin
      url.value = question.url
      method.value = question.method
      credentials.value = question.credentials
      headers.value = question.headers.join('\n')
      if (current?.params.toString() !== params.toString()) void run(params)
    },
    again () {
      if (current !== null) void run(current.params)
    }
  }
}

function showNone () {
  byId('answer').replaceChildren(empty('Ask what a browser would do.',
    'Give the origin of the page and the URL that it asks for. The answer tells step by step what is sent, what the gateway answers, and which line of the policies decides.',
    'A denial under Denials asks for its own explanation.'))
}

function draw (explanation, denied, asked) {
  const { reason, steps, preflight, actual, exposedHeaders, nearest, ambiguity } = explanation
  return [
    verdict(explanation),
    denied === null || denied === reason ? null : differs(denied),
    section('What happens', el('ol', { class: 'steps' }, steps.map(step))),
    ambiguity === null ? null : section('Read otherwise', el('p', {}, 'Read with ', foreign(ambiguity.reading, 'code'), ' the path is ', foreign(ambiguity.path, 'code'),
      ' and leads to ', ambiguity.rules.length === 0 ? 'no rule' : foreign(ambiguity.rules.join(', '), 'name'), '.')),
    nearest.length === 0 ? null : section('What nearly would have let it through', el('ul', { class: 'nearest' }, nearest.map(miss))),
    preflight === null ? null : section('Preflight', preflightOf(preflight)),
    actual === null ? null : section('Actual request', actualOf(actual, exposedHeaders)),
    settingsOf(explanation),
    asText(asked)
  ].filter(part => part !== null)
}

function verdict ({ outcome, reason, rule, route, host, originPattern }) {
  const lines = [el('p', {}, el('strong', { class: 'outcome' }, outcome), ': ', foreign(reason, 'reason'))]
  if (rule !== null) {
    const where = [['route', route], ['host', host], ['origin', originPattern]].filter(([, value]) => value !== null)
      .flatMap(([name, value], i) => [i === 0 ? '' : ', ', `${name} `, foreign(value, 'code')])
    lines.push(el('p', {}, 'decided by rule ', foreign(rule.name, 'name'), ' at ', place(rule), ' (', where, ')'))
  } else if (route !== null) {
    lines.push(el('p', {}, 'on route ', foreign(route, 'code'), host === null ? '' : [' of host ', foreign(host, 'code')]))
  }
  return el('div', { class: `verdict ${outcome === 'readable' ? 'good' : 'bad'}` }, lines)
}

function differs (denied) {
  return el('p', { class: 'notice' }, 'The request was denied for ', foreign(denied, 'reason'), '. The stream tells neither the headers that it named nor its credentials, ',
    'so this story can end otherwise: add them to the question. The rules may have changed since, too.')
}

function section (title, ...children) {
  return el('section', {}, el('h3', {}, title), ...children)
}

function step ({ step, ok, detail }) {
  return el('li', { class: ok ? 'ok' : 'no' },
    el('span', { class: 'mark', 'aria-hidden': 'true' }, ok ? '✓' : '✗'), el('span', { class: 'unseen' }, ok ? 'ok: ' : 'not ok: '),
    el('span', { class: 'step' }, shown(step)), ' ', foreign(detail))
}

function miss ({ rule, differs, text, ...where }) {
  return el('li', {}, foreign(rule, 'name'), ' at ', place(where), ' ', el('span', { class: 'tag warn' }, `${shown(differs)} differs`), ' ', foreign(text))
}

function preflightOf ({ because, request, response, passed }) {
  const sent = [`access-control-request-method: ${request.method}`]
  if (request.headers.length > 0) sent.push(`access-control-request-headers: ${request.headers.join(',')}`)
  return el('div', {},
    el('p', {}, passed ? 'Passed' : 'Not passed', '; needed because of ', foreign(because.join(', ')), '.'),
    wire(sent.map(line => `> ${line}`), [`< ${response.status === 0 ? 'the upstream answers' : response.status}`, ...linesOf(response.headers)]))
}

function actualOf ({ allowed, headers }, exposed) {
  const lines = linesOf(headers)
  return el('div', {},
    el('p', {}, allowed ? 'The page may read the answer.' : 'The page may not read the answer.', lines.length === 0 ? ' The gateway sets no CORS header on it.' : ''),
    lines.length === 0 ? null : wire([], lines),
    exposed.length === 0 ? null : el('p', {}, 'Beside the safelisted headers it may read: ', foreign(exposed.join(', '), 'code'), '.'))
}

function linesOf (headers) {
  return Object.entries(headers).map(([name, value]) => `< ${name}: ${value}`)
}

function wire (sent, received) {
  return block([...sent, ...received].join('\n'), 'wire')
}

function settingsOf ({ settings, revision }) {
  return el('p', { class: 'muted' }, 'Answered by revision ', foreign(revision, 'code'), ` as it took effect at ${new Date(settings.at).toLocaleString()}; paths without a policy: `,
    shown(settings.unmatched), '; path readings: ', shown(settings.pathReadings.join(', ') || 'none'), '.')
}

/** The same as the command line prints it, for a ticket. */
function asText (asked) {
  const details = el('details', {}, el('summary', {}, 'As text'))
  details.addEventListener('toggle', async () => {
    const text = await ask(`/api/explain?${asked}&format=pretty`).catch(error => error.message)
    details.append(block(text, 'wire'))
  }, { once: true })
  return details
}
