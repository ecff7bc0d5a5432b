// An explanation as a story for people: the verdict, each step, what was asked and answered, what was near.
import { visible } from '../diagnostic/render.ts'
import type { Explanation } from './explain.ts'

const styles = { readable: '1;32', blocked: '1;31', ok: '32', no: '31', bold: '1' } as const

/** Draws an explanation; with `colour` by ANSI escape sequences. */
export function renderExplanation (explanation: Explanation, colour: boolean): string {
  const paint = (style: keyof typeof styles, text: string): string => colour ? `\u001b[${styles[style]}m${text}\u001b[0m` : text
  const { outcome, reason, rule, host, route, originPattern, steps, preflight, actual, exposedHeaders, nearest, ambiguity } = explanation
  const lines = [`${paint(outcome, outcome)}: ${reason}`]
  if (rule !== null) {
    const where = [`route ${route}`, ...host === null ? [] : [`host ${host}`], ...originPattern === null ? [] : [`origin ${originPattern}`]]
    lines.push(`  decided by rule ${paint('bold', rule.name)} at ${visible(rule.file)}:${rule.line} (${where.join(', ')})`)
  }
  lines.push('')
  for (const { step, ok, detail } of steps) lines.push(`  ${ok ? paint('ok', 'ok') : paint('no', 'no')}  ${step}: ${visible(detail)}`)
  if (ambiguity !== null) {
    lines.push('', `  read otherwise (${ambiguity.reading}), the path is ${visible(ambiguity.path)} and leads to ${rulesOf(ambiguity.rules)}`)
  }
  if (preflight !== null) {
    lines.push('', `  preflight, because of ${preflight.because.join(', ')}`)
    lines.push(`    > access-control-request-method: ${preflight.request.method}`)
    if (preflight.request.headers.length > 0) lines.push(`    > access-control-request-headers: ${preflight.request.headers.join(',')}`)
    lines.push(`    < ${preflight.response.status}`, ...headerLines(preflight.response.headers))
  }
  if (actual !== null) {
    lines.push('', `  actual request, ${actual.allowed ? 'allowed' : 'not allowed'}`, ...headerLines(actual.headers))
    if (exposedHeaders.length > 0) lines.push(`    a page may read the headers ${exposedHeaders.join(', ')}`)
  }
  if (nearest.length > 0) {
    lines.push('', '  near misses')
    for (const { rule, file, line, text } of nearest) lines.push(`    ${rule} at ${visible(file)}:${line}: ${visible(text)}`)
  }
  return `${lines.join('\n')}\n`
}

function rulesOf (rules: readonly string[]): string {
  return rules.length === 0 ? 'no rule' : `${rules.length === 1 ? 'rule' : 'rules'} ${rules.join(', ')}`
}

function headerLines (headers: Readonly<Record<string, string>>): string[] {
  return Object.entries(headers).map(([name, value]) => `    < ${name}: ${value}`)
}
