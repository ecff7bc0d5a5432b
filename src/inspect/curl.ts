// The command line of a page's request, to be pasted into a shell.
import { isSafelistedMethod } from '../fetch/method.ts'
import type { RequestWitness } from './changes.ts'

/** The answer in which something can be seen. */
export type ShownBy = 'preflight' | 'answer'

/**
 * A command that sends what a browser would send first: the preflight where one is needed, or where what matters is in
 * its answer; null: in either.
 */
export function curlFor ({ origin, method, url, headers, credentials }: RequestWitness, shownBy: ShownBy | null): string {
  const { 'access-control-request-private-network': network, ...set } = headers
  const isSocket = url.startsWith('wss:')
  const names = Object.keys(set)
  const needsPreflight = !isSafelistedMethod(method) || names.length > 0 || network !== undefined
  const isPreflight = !isSocket && origin !== null && (shownBy === null ? needsPreflight : shownBy === 'preflight')
  const lines = origin === null ? [] : [`Origin: ${origin}`]
  if (isSocket) lines.push('Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==')
  if (isPreflight) lines.push(`Access-Control-Request-Method: ${method}`)
  if (isPreflight && names.length > 0) lines.push(`Access-Control-Request-Headers: ${names.join(',')}`)
  if (network !== undefined) lines.push('Access-Control-Request-Private-Network: true')
  if (credentials === 'include' && !isPreflight) lines.push('Cookie: session=1')
  const verb = isPreflight ? ' -X OPTIONS' : method === 'GET' ? '' : method === 'HEAD' ? ' --head' : ` -X ${shellWord(method)}`
  return `curl -i${verb} ${shellWord(url.replace(/^wss:/, 'https:'))}${lines.map(line => ` -H ${shellWord(line)}`).join('')}`
}

/** A text as one word of a shell: in single quotes where it needs them. */
export function shellWord (text: string): string {
  return /^[\w./-]+$/.test(text) && !text.startsWith('-') ? text : `'${text.replaceAll('\'', '\'\\\'\'')}'`
}
