// Runs in the browser, in a page, a frame or a worker: makes requests and tells what became of them. A classic script.

const patience = 8000
const scope = typeof window === 'undefined' ? self : window

/** Makes one request: what the page could read of the answer, or an exception or null where it could read nothing. */
const kinds = {
  async fetch ({ url, method, headers, credentials, body }) {
    const response = await fetch(url, { method, headers, credentials, body })
    await response.text()
    return { status: response.status, headers: [...response.headers.keys()] }
  },

  xhr ({ url, method, headers, credentials, body, upload }) {
    return new Promise(resolve => {
      const request = new XMLHttpRequest()
      request.open(method, url)
      for (const [name, value] of headers) request.setRequestHeader(name, value)
      request.withCredentials = credentials === 'include'
      if (upload) request.upload.onprogress = () => {}
      request.onload = () => {
        const lines = request.getAllResponseHeaders().split('\r\n').filter(line => line !== '')
        resolve({ status: request.status, headers: lines.map(line => line.split(':')[0].toLowerCase()) })
      }
      request.onerror = () => { resolve(null) }
      request.send(body)
    })
  },

  async font ({ url }) {
    const font = new FontFace('dot', `url("${url}")`)
    await font.load()
    return {}
  },

  image ({ url, credentials }) {
    return new Promise(resolve => {
      const image = new Image()
      image.crossOrigin = credentials === 'include' ? 'use-credentials' : 'anonymous'
      image.onload = () => {
        const context = document.createElement('canvas').getContext('2d')
        context.drawImage(image, 0, 0)
        // Throws where the canvas is tainted.
        const [red] = context.getImageData(0, 0, 1, 1).data
        resolve(red === 255 ? {} : null)
      }
      image.onerror = () => { resolve(null) }
      image.src = url
    })
  },

  async module (request) {
    if (request.credentials === 'include') return element('script', 'src', request, { type: 'module' })
    const module = await import(request.url)
    return module.word === 'read' ? {} : null
  },

  script (request) {
    return element('script', 'src', request, {})
  },

  async style (request) {
    const link = await element('link', 'href', request, { rel: 'stylesheet' })
    // Throws where the sheet may be used but not read.
    return link === null || link.sheet.cssRules.length !== 1 ? null : {}
  },

  eventsource ({ url, credentials }) {
    return new Promise(resolve => {
      const source = new EventSource(url, { withCredentials: credentials === 'include' })
      const end = outcome => {
        source.close()
        resolve(outcome)
      }
      source.onmessage = ({ data }) => { end(data === 'read' ? {} : null) }
      source.onerror = () => { end(null) }
    })
  },

  websocket ({ url }) {
    return new Promise(resolve => {
      const socket = new WebSocket(url)
      socket.onmessage = ({ data }) => {
        socket.close()
        resolve(data === 'read' ? {} : null)
      }
      socket.onerror = () => { resolve(null) }
    })
  }
}

function element (name, address, { url, credentials }, properties) {
  return new Promise(resolve => {
    const made = Object.assign(document.createElement(name), properties)
    made.crossOrigin = credentials === 'include' ? 'use-credentials' : 'anonymous'
    made.onload = () => { resolve(made) }
    made.onerror = () => { resolve(null) }
    made[address] = url
    document.head.append(made)
  })
}

async function attempt (request) {
  const late = new Promise(resolve => setTimeout(() => { resolve('late') }, patience))
  const read = await Promise.race([late, new Promise(resolve => { resolve(kinds[request.kind](request)) }).catch(() => null)])
  if (read === 'late') return { outcome: 'no end' }
  return read === null ? { outcome: 'blocked' } : { outcome: 'readable', status: read.status, headers: read.headers }
}

/** Makes requests one after the other here. */
async function run (requests) {
  const results = []
  for (const request of requests) results.push(await attempt(request))
  return results
}

/** Makes them in a frame or worker of this page. */
function runIn (place, requests) {
  return new Promise(resolve => {
    const talk = (ready, source) => {
      if (ready === 'ready') source.postMessage(requests, '*')
      else resolve(ready)
    }
    if (place === 'worker') {
      const worker = new Worker('/page.js')
      worker.onmessage = ({ data }) => {
        if (data === 'ready') worker.postMessage(requests)
        else resolve(data)
      }
      return
    }
    addEventListener('message', ({ data, source }) => { talk(data, source) })
    const frame = document.createElement('iframe')
    const document_ = `<!doctype html><meta charset="utf-8"><body><script src="${location.origin}/page.js"></script>`
    if (place === 'sandbox' || place === 'sandbox-srcdoc') frame.sandbox = 'allow-scripts'
    if (place === 'sandbox-same-origin') frame.sandbox = 'allow-scripts allow-same-origin'
    if (place === 'sandbox' || place === 'sandbox-same-origin') frame.src = '/page'
    else if (place === 'data') frame.src = `data:text/html,${encodeURIComponent(document_)}`
    else frame.srcdoc = document_
    document.body.append(frame)
  })
}

const above = typeof window === 'undefined' ? self : window.parent !== window ? window.parent : null
if (above !== null) {
  scope.addEventListener('message', async ({ data }) => {
    const results = await run(data)
    if (above === self) above.postMessage(results)
    else above.postMessage(results, '*')
  })
  if (above === self) above.postMessage('ready')
  else above.postMessage('ready', '*')
}

scope.lab = { run, runIn }
