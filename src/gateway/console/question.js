// A question to explain, and how it stands in the address of the page.

/** The credentials modes of fetch. */
const modes = ['same-origin', 'include', 'omit']

/** The view and the parameters that a hash names. */
export function readHash (hash) {
  const text = hash.replace(/^#/, '')
  const mark = text.indexOf('?')
  const view = mark === -1 ? text : text.slice(0, mark)
  return { view, params: new URLSearchParams(mark === -1 ? '' : text.slice(mark + 1)) }
}

/** The question that parameters hold; null without origin and URL. */
export function questionOf (params) {
  const [origin, url] = [params.get('origin'), params.get('url')]
  if (origin === null || url === null) return null
  const credentials = params.get('credentials')
  return {
    origin, url, method: params.get('method') || 'GET', credentials: modes.includes(credentials) ? credentials : modes[0], headers: params.getAll('header')
  }
}

/** A question as parameters, of the page's own address as of `/api/explain`. */
export function paramsOf ({ origin, url, method, credentials, headers }) {
  const params = new URLSearchParams({ origin, url, method, credentials })
  for (const header of headers) params.append('header', header)
  return params
}

const maxNames = 64

/** A header by whose value a page must ask for it. */
function headerOf (name) {
  return `${name}: ${name.toLowerCase() === 'content-type' ? 'application/json' : '1'}`
}

/** What to ask so that a denial explains itself, as far as the stream tells of it. */
export function questionOfDenial ({ kind, origin, method, scheme: asked, host, path, reason, requestedHeaders }) {
  const scheme = kind === 'upgrade' ? (asked === 'https' ? 'wss' : 'ws') : asked
  const names = (requestedHeaders ?? '').split(',').map(name => name.trim()).filter(name => name !== '').slice(0, maxNames)
  const credentials = kind === 'upgrade' ? 'include' : 'same-origin'
  const params = paramsOf({ origin: origin ?? 'null', url: `${scheme}://${host}${path}`, method, credentials, headers: names.map(headerOf) })
  params.set('denied', reason)
  return params
}
