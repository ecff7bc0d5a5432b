// Random changes of policy files: of bytes, lines, tokens and of the YAML tree. The same seed and number give the same files.
import { parse, stringify } from 'yaml'

/** A small generator of random numbers (mulberry32), seeded by two numbers. */
function random (seed, number) {
  let state = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b)) >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  const below = limit => Math.floor(next() * limit)
  return { below, pick: list => list[below(list.length)], chance: share => next() < share }
}

const tokens = [
  'version', 'rules', 'name', 'routes', 'hosts', 'allowOrigins', 'exceptOrigins', 'allowMethods', 'allowHeaders', 'exposeHeaders', 'allowCredentials', 'maxAge',
  'allowPrivateNetwork', 'timingAllowOrigin', 'enforceMethods', 'deniedRequests', 'passthrough', 'preflightCacheControl', 'notBefore', 'expires', 'acceptRisks',
  'risk', 'origins', 'reason', 'until', 'originSets', 'blockedOrigins', 'defaults', 'guardrails', 'never', '__proto__', 'constructor', 'toString', '<<',
  'true', 'false', 'null', '~', 'yes', 'on', '0', '-1', '1', '2', '1e400', '.nan', '.inf', '0x10', '0o7', '9007199254740993', '10m', '24h', '25h', '30s', '1.5h',
  '2026-11-25', '2027-01-31T00:00:00Z', '9999-12-31T23:59:60Z', '"*"', '*', '&a', '*a', '!x', '!!str', '%YAML 1.1', '---', '...', '"null"', '$a', '$a.*',
  'https://a.example', 'https://*.a.example', 'https://p-*.a.example:*', 'https://*', 'http://localhost:*', 'https://[::1]:1', 'HTTPS://A.example:443/', 'https://a.é',
  '/a', '/a/**', '/a/:x', '/*', '/A/b', '/a//b', '/..', 'GET', 'PUT', 'put', 'TRACE', 'x-a', 'authorization', 'X A', 'reject', 'forward', 'null-origin',
  '[', ']', '{', '}', ',', ':', ': ', '- ', '? ', '|', '>', '#', '"', '\'', '\\', '\n', '\r', '\r\n', '\t', ' ', '\u00a0', '\ufeff', '\0', '\u2028', '\ud800', '😀', 'é', ''
]
const values = [
  null, true, false, 0, 1, -1, 1.5, '', '*', 'null', 'a', [], {}, ['*'], [null], [[]], { a: 1 }, 'https://a.example', ['https://a.example'], ['$a'], '/a', ['/a/**'], '10m', 86_401,
  '2026-11-25T00:00:00Z', ['GET'], ['*', 'GET'], 'x'.repeat(300), Number.MAX_SAFE_INTEGER
]

const quiet = { logLevel: 'silent' }

/** Replaces what stands between two places. */
const put = (text, start, end, by) => text.slice(0, start) + by + text.slice(end)

const ofLines = change => (text, tools) => {
  const lines = text.split(/(?<=\n)/)
  change(lines, tools)
  return lines.join('')
}

/** A place in a tree: a collection and one of its keys. */
function placesOf (tree) {
  const places = []
  const walk = node => {
    if (typeof node !== 'object' || node === null) return
    for (const key of Object.keys(node)) {
      places.push([node, key])
      walk(node[key])
    }
  }
  walk(tree)
  return places
}

function changeTree (tree, { below, pick, chance }, other) {
  const places = placesOf(tree)
  if (places.length === 0) return pick(values)
  const [node, key] = pick(places)
  const donors = placesOf(other)
  switch (below(7)) {
    case 0: if (Array.isArray(node)) node.splice(Number(key), 1); else delete node[key]; break
    case 1: node[key] = structuredClone(pick(values)); break
    case 2: if (Array.isArray(node)) node.push(structuredClone(node[key])); else node[pick(tokens)] = structuredClone(node[key]); break
    case 3: node[key] = chance(0.5) ? [node[key]] : { [pick(tokens)]: node[key] }; break
    case 4: if (donors.length > 0) { const [from, at] = pick(donors); node[key] = structuredClone(from[at]) } break
    case 5: {
      const [from, at] = pick(places)
      const moved = structuredClone(from[at])
      from[at] = structuredClone(node[key])
      node[key] = moved
      break
    }
    case 6: if (typeof node[key] === 'string') node[key] = put(node[key], below(node[key].length + 1), below(node[key].length + 1), pick(tokens)); break
  }
  return tree
}

const changes = [
  (text, { below, pick }) => { const at = below(text.length + 1); return put(text, at, at, pick(tokens)) },
  (text, { below }) => { const at = below(text.length + 1); return put(text, at, at + 1 + below(20), '') },
  (text, { below }) => { const at = below(text.length + 1); return put(text, at, at + 1, String.fromCharCode(below(128))) },
  (text, { below }) => { const at = below(text.length + 1); const from = below(text.length + 1); return put(text, at, at, text.slice(from, from + below(60))) },
  text => text.replaceAll('\n', '\r\n'),
  (text, { pick }) => {
    const found = [...text.matchAll(/[\w$*./:-]+/g)]
    if (found.length === 0) return text
    const token = pick(found)
    return put(text, token.index, token.index + token[0].length, pick(tokens))
  },
  ofLines((lines, { below }) => { lines.splice(below(lines.length), 1) }),
  ofLines((lines, { below, pick }) => { lines.splice(below(lines.length), 0, pick(lines)) }),
  ofLines((lines, { below }) => { const at = below(lines.length); lines[at] = ' '.repeat(below(5)) + lines[at] }),
  ofLines((lines, { below }) => { const at = below(lines.length); lines[at] = lines[at].replace(/^ {1,2}/, '') }),
  ofLines((lines, { below, pick }) => { const [a, b] = [below(lines.length), below(lines.length)]; lines.splice(a, 1, lines.splice(b, 1, lines[a])[0] ?? pick(lines)) }),
  (text, tools, other) => text.slice(0, tools.below(text.length + 1)) + other.slice(tools.below(other.length + 1)),
  ...Array.from({ length: 6 }, () => (text, tools, other) => {
    try {
      return stringify(changeTree(parse(text, quiet), tools, parse(other, quiet)), { aliasDuplicateObjects: tools.chance(0.2), collectionStyle: tools.chance(0.1) ? 'flow' : 'any' })
    } catch {
      return text
    }
  })
]

/** One change among many: something, thousands of times. */
function flood (text, { below, pick, chance }) {
  const lines = text.split(/(?<=\n)/)
  const unit = chance(0.5) ? pick(tokens) : pick(lines)
  const at = below(text.length + 1)
  return put(text, at, at, unit.repeat(1 + below(Math.min(20_000, Math.ceil(100_000 / (unit.length + 1))))))
}

/** The files of one case: names and bytes. */
export function caseOf (seed, number, texts) {
  const tools = random(seed, number)
  const { below, pick, chance } = tools
  const change = () => {
    let text = pick(texts)
    for (let left = below(5); left > 0; left--) text = pick(changes)(text, tools, pick(texts))
    if (chance(0.004)) text = flood(text, tools)
    const bytes = new TextEncoder().encode(text)
    if (chance(0.1) && bytes.length > 0) for (let left = 1 + below(4); left > 0; left--) bytes[below(bytes.length)] = below(256)
    return bytes
  }
  return Array.from({ length: chance(0.2) ? 2 : 1 }, (_, i) => ({ name: `${i}.yaml`, bytes: change() }))
}
