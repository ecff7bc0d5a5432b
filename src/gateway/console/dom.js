// Builds what the page shows: whatever comes from outside goes in as text nodes only, with nothing in it that acts.

/** Longer texts are cut. */
const maxShown = 400

/** What has no shape of its own, or reorders what stands beside it: controls, formats, separators, lone surrogates. */
const unseen = /\p{C}|\p{DI}|(?! )\p{Z}/gu

/** An element with attributes; a string among the children becomes a text node, null and false nothing. */
export function el (tag, attributes = {}, ...children) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  element.append(...children.flat(Infinity).filter(child => child !== null && child !== undefined && child !== false))
  return element
}

/** A text from outside with each unseen character spelled out, cut where it is long. */
export function shown (text, max = maxShown) {
  const whole = String(text)
  const spelled = whole.slice(0, max).replace(unseen, character => `\\u{${character.codePointAt(0).toString(16)}}`)
  return whole.length > max ? `${spelled}… (${whole.length - max} more characters)` : spelled
}

/** A text from outside, set apart from its surroundings in every direction. */
export function foreign (text, className = '') {
  return el('bdi', { class: `foreign ${className}`.trim() }, shown(text))
}

/** Lines from outside as they stand. */
export function block (text, className = '') {
  const lines = String(text).split('\n').map(line => shown(line, 2_000))
  return el('pre', { class: className, tabindex: '0' }, lines.join('\n'))
}

/** Words from outside, none of which is broken at a hyphen. */
export function words (list) {
  return list.map((word, i) => [i === 0 ? null : ', ', foreign(word, 'code whole')])
}

/** Where something is written. */
export function place ({ file, line, column }) {
  return foreign(column === undefined ? `${file}:${line}` : `${file}:${line}:${column}`, 'place')
}

/** A list of which the first few are shown and the others on demand. */
export function clipped (items, make, max = 6) {
  const list = el('ul', { class: 'plain' }, items.slice(0, max).map(item => el('li', {}, make(item))))
  if (items.length <= max) return list
  const rest = el('details', {}, el('summary', {}, `and ${items.length - max} more`))
  rest.addEventListener('toggle', () => {
    rest.append(el('ul', { class: 'plain' }, items.slice(max).map(item => el('li', {}, make(item)))))
  }, { once: true })
  return el('div', {}, list, rest)
}

/** A table whose rows become cards on a narrow screen: each cell knows the title of its column. */
export function table (titles, caption) {
  const body = el('tbody')
  const head = el('thead', {}, el('tr', {}, titles.map(title => el('th', { scope: 'col' }, title))))
  return { body, element: el('table', { class: 'cards' }, el('caption', { class: 'unseen' }, caption), head, body) }
}

/** A row of such a table. */
export function row (titles, cells) {
  return el('tr', {}, cells.map((cell, i) => el('td', { 'data-title': titles[i] }, el('div', {}, cell))))
}

/** What stands where there is nothing yet: what it means, and what to do. */
export function empty (title, ...advice) {
  return el('div', { class: 'empty' }, el('p', {}, el('strong', {}, title)), ...advice.map(each => el('p', { class: 'muted' }, each)))
}

/** Such as `3 rules`. */
export function plural (count, noun) {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`
}

/** A stretch of time in its two largest units at most. */
export function span (milliseconds) {
  const seconds = Math.max(0, Math.round(milliseconds / 1000))
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return minutes < 10 && seconds % 60 !== 0 ? `${minutes} min ${seconds % 60} s` : `${minutes} min`
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`
  return `${Math.floor(hours / 24)} days`
}

/** A moment whose distance from now is kept up to date by {@link tick}. */
export function ago (iso) {
  const time = el('time', { datetime: iso, title: new Date(iso).toLocaleString(), 'data-ago': '' })
  setDistance(time)
  return time
}

/** Brings every moment on the page up to date. */
export function tick () {
  for (const time of document.querySelectorAll('time[data-ago]')) setDistance(time)
}

function setDistance (time) {
  const distance = Date.now() - Date.parse(time.dateTime)
  const text = distance < 0 ? `in ${span(-distance)}` : `${span(distance)} ago`
  if (time.textContent !== text) time.textContent = text
}
