// Numbered policy sets: each answer of the gateway tells the number of the set that it comes from.
import { revisionOf } from '../../dist/policy/revision.js'

/** Allowed by every set. */
export const steadyOrigin = 'https://always.example.com'

/** Allowed by the set of this number only. */
export const originOf = number => `https://r${number}.example.com`

const maxAgeOf = number => 1 + number % 600

/**
 * A set as its files. No part of a file is valid, and every rule needs the origins of another file: of a `guarded` set
 * under a name that only this number has, so that files of two sets are no valid set; else under a name that all sets
 * share, so that a mix of two would run and be seen.
 */
export function numberedSet (number, { guarded = true, files: more = 0, rules = 0 } = {}) {
  const origins = guarded ? `set-${number}` : 'stamped'
  const rule = (name, routes, extra = {}) => ({ name, routes, allowOrigins: [`$${origins}`], exposeHeaders: [`x-set-${number}`], ...extra })
  const fileOf = parts => JSON.stringify({ version: 1, ...parts }, null, 1) + '\n'
  const files = new Map([
    ['sets.yaml', fileOf({ originSets: { [origins]: [steadyOrigin, originOf(number)] } })],
    ['alpha.yaml', fileOf({
      rules: [rule('alpha', ['/alpha/**'], {
        allowMethods: ['GET', 'PUT'], allowHeaders: ['content-type', `x-set-${number}`], allowCredentials: true, maxAge: maxAgeOf(number)
      })]
    })],
    ['beta.yaml', fileOf({ rules: [rule('beta', ['/beta/**'], { deniedRequests: 'reject' })] })],
    ['only.yaml', fileOf({ rules: [rule('only', [`/only/${number}`])] })]
  ])
  for (let i = 0; i < more; i++) files.set(`more/${i}.yaml`, fileOf({ rules: [rule(`more-${i}`, [`/more/${i}`])] }))
  if (rules > 0) files.set('large.yaml', fileOf({ rules: Array.from({ length: rules }, (_, i) => rule(`large-${i}`, [`/large/${i}/**`])) }))
  return { number, files, revision: revisionOf([...files].map(([name, text]) => ({ name, text }))), isLarge: more + rules > 0 }
}

const safelisted = ['GET', 'HEAD', 'POST']
const rules = {
  alpha: { methods: ['GET', 'PUT'], credentials: 'true', rejects: false },
  beta: { methods: safelisted, credentials: '', rejects: true },
  only: { methods: safelisted, credentials: '', rejects: false }
}

function ruleOf (number, path) {
  const [, first, second] = path.split('/')
  return first === 'alpha' || first === 'beta' ? first : first === 'only' && second === String(number) ? 'only' : null
}

/** What the set of this number answers, in the form of {@link answerText}. */
export function expectedAnswer (number, { method, path, origin, asks }) {
  const name = ruleOf(number, path)
  const rule = name === null ? null : rules[name]
  const say = (status, reason, lists = {}) => {
    const outcome = reason === 'not-cors' ? 'none' : reason === 'allowed' ? 'allowed' : 'denied'
    const named = rule !== null && reason !== 'not-cors' && reason !== 'origin-not-allowed' ? `; rule=${name}` : ''
    return textOf({ status, vary: rule !== null, debug: `${outcome}; reason=${reason}${named}`, ...lists })
  }
  if (origin === undefined) return say(200, 'not-cors')
  const isPreflight = asks !== undefined
  if (rule === null) return say(isPreflight ? 403 : 200, 'no-policy')
  if (origin !== steadyOrigin && origin !== originOf(number)) return say(isPreflight || rule.rejects ? 403 : 200, 'origin-not-allowed')
  const granted = { origin, credentials: rule.credentials }
  if (!isPreflight) {
    if (!rule.methods.includes(method) && !safelisted.includes(method)) return say(rule.rejects ? 403 : 200, 'method-not-allowed')
    return say(200, 'allowed', { ...granted, exposed: `x-set-${number}` })
  }
  const isListed = rule.methods.includes(asks) || safelisted.includes(asks)
  const isAlpha = name === 'alpha'
  return say(204, isListed ? 'allowed' : 'method-not-allowed', {
    ...granted, methods: rule.methods.join(), headers: isAlpha ? `content-type,x-set-${number}` : '', maxAge: isAlpha ? `${maxAgeOf(number)}` : ''
  })
}

/** All of an answer that the policies decide. */
export function answerText ({ statusCode: status, headers }) {
  const list = name => (headers[`access-control-${name}`] ?? '').split(',').map(item => item.trim()).join()
  return textOf({
    status,
    origin: list('allow-origin'),
    credentials: list('allow-credentials'),
    methods: list('allow-methods'),
    headers: list('allow-headers'),
    maxAge: list('max-age'),
    exposed: list('expose-headers'),
    vary: (headers.vary ?? '').toLowerCase().split(/\s*,\s*/).includes('origin'),
    debug: headers['x-cors-gateway'] ?? ''
  })
}

function textOf ({ status, origin = '', credentials = '', methods = '', headers = '', maxAge = '', exposed = '', vary, debug }) {
  return `${status} origin(${origin}) credentials(${credentials}) methods(${methods}) headers(${headers}) max-age(${maxAge}) exposed(${exposed}) ` +
    `vary(${vary ? 'Origin' : ''}) ${debug}`
}
