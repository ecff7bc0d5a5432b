// What must hold of any files: findings at places that exist or a set, the same each time, and decisions that two evaluators share.
import { build } from '../../dist/build.js'
import { catalogue } from '../../dist/diagnostic/catalogue.js'
import { renderPretty } from '../../dist/diagnostic/render.js'
import { decodeSource } from '../../dist/document/bytes.js'
import { judgeAgreed } from '../../dist/inspect/agree.js'

const at = '2026-11-25T00:00:00Z'

/** The lengths of a text's lines, a byte order mark aside. */
function lengthsOf (text) {
  return text.replace(/^\ufeff/, '').split(/\r\n|\r|\n/).map(line => line.length)
}

function misplaced ({ line, column, endLine = line, endColumn = column }, lengths) {
  const stands = (line, column) => line >= 1 && column >= 1 && line <= lengths.length && column <= lengths[line - 1] + 2
  return !stands(line, column) || !stands(endLine, endColumn) || endLine < line || (endLine === line && endColumn < column)
}

/** Why a finding is none, or null. */
function wrongFinding (finding, lengths) {
  const { code, message, severity, file, fix, related = [] } = finding
  if (!Object.hasOwn(catalogue, code) || message === '' || !['error', 'warning', 'info'].includes(severity)) return `no such finding: ${JSON.stringify(finding)}`
  if (file === '.') return null
  for (const place of [finding, ...fix ? [{ file, ...fix }] : [], ...related]) {
    const known = lengths.get(place.file)
    if (known === undefined || misplaced(place, known)) return `${code} stands outside of the text: ${JSON.stringify(place)}`
  }
  return null
}

/** An origin that a pattern may match. */
function originOf (pattern) {
  return pattern === '*' ? 'https://any.example' : pattern.replace('://*.', '://x.y.').replace(/:\*$/, ':81').replace('*', 'z')
}

/** Requests about a set's own rules, and near misses of them. */
function requestsFor (set) {
  const facts = {
    host: 'api.example.com', scheme: 'https', requestedHeaders: 'content-type, x-a', requestsPrivateNetwork: false, fetchSite: undefined, upgrade: false,
    carriesCredentials: true, hostIsAmbiguous: false
  }
  return set.rules.slice(0, 20).flatMap(rule => {
    const path = rule.routes[0].pattern.text.replace(/:\w+/g, 'x7').replace('*', 'a/b')
    const host = rule.hosts[0]?.pattern.text.replace('*', 'x') ?? facts.host
    const origins = ['https://other.example', 'null', ...rule.allowOrigins.slice(0, 3).map(({ pattern }) => originOf(pattern.text))]
    return origins.flatMap((origin, i) => [
      { ...facts, host, origin, method: 'GET', target: path, requestedMethod: undefined },
      { ...facts, host, origin, method: 'OPTIONS', target: i % 2 === 0 ? path : `${path}/../%61`, requestedMethod: rule.allowMethods.at(-1) ?? 'PUT' },
      { ...facts, host, origin, method: 'GET', target: path.toUpperCase(), requestedMethod: undefined, upgrade: i === 0 }
    ])
  })
}

/** Why the files break a law, or null. `counts` learns what became of them. */
export function broken (files, counts) {
  const texts = []
  const found = []
  for (const { name, bytes } of files) {
    const { text, diagnostic } = decodeSource(name, bytes)
    if (diagnostic === undefined) texts.push({ name, text })
    else found.push(diagnostic)
  }
  const result = build(texts, { at, found })
  const { ok, snapshot, diagnostics, revision } = result
  if (ok !== (snapshot !== null)) return 'ok without a snapshot, or the reverse'
  if (ok === diagnostics.some(({ severity }) => severity === 'error')) return 'ok and an error, or neither'

  const lengths = new Map(files.map(({ name, bytes }) => [name, lengthsOf(new TextDecoder().decode(bytes))]))
  for (const finding of diagnostics) {
    const wrong = wrongFinding(finding, lengths)
    if (wrong !== null) return wrong
  }
  renderPretty(diagnostics, texts, { colour: true })

  const again = build(texts.map(({ name, text }) => ({ name, text })).reverse(), { at, found })
  const essence = each => JSON.stringify([each.ok, each.revision, each.diagnostics, each.snapshot?.rules.map(rule => rule.name)])
  if (essence(again) !== essence(result)) return 'equal files have another result'

  counts[ok ? 'sets' : 'refused']++
  if (!ok) return null
  if (revision === '' || snapshot.revision !== revision) return 'a set without its revision'
  for (const request of requestsFor(snapshot.set)) {
    counts.decisions++
    judgeAgreed(snapshot, request)
    if (JSON.stringify(judgeAgreed(again.snapshot, request).headers) !== JSON.stringify(judgeAgreed(snapshot, request).headers)) return 'equal sets decide otherwise'
  }
  return null
}
