// The page for those who come from cors and @fastify/cors, kept to the letter: its policies, its commands, and "the same".
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join, resolve } from 'node:path'
import fastifyCors from '@fastify/cors'
import cors from 'cors'
import express from 'express'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import corsGateway, { memorySource } from '../src/index.ts'
import { run } from './cli/run.ts'
import { listen, request } from './plugin/wire.ts'

const page = readFileSync(resolve(import.meta.dirname, '../docs/migrate.md'), 'utf8')
const blockOf = (info: string): string =>
  [...page.matchAll(/^( *)```(.*)\n([\s\S]*?)^ *```$/gm)].filter(([, , found]) => found === info)
    .map(([, indent, , text]) => text!.replaceAll(new RegExp(`^${indent!}`, 'gm'), ''))[0]!
const policy = blockOf('yaml policies/app.yaml')

t.test('the commands print what is shown', async t => {
  const directory = t.testdir({ policies: { 'app.yaml': policy }, 'gateway.yaml': blockOf('yaml gateway.yaml') })
  const parts = blockOf('console').split(/^\$ cors-gateway /m).slice(1)
  t.equal(parts.length, 2)
  for (const part of parts) {
    const [line, ...shown] = part.trimEnd().split('\n')
    const [command] = line!.split(' | head')
    const args = [...command!.matchAll(/'([^']*)'|(\S+)/g)].map(match => match[1] ?? match[2]!)
    const { stdout } = await run(...args.map(word => word === 'policies' ? join(directory, word) : word))
    t.strictSame(stdout.trimEnd().split('\n').slice(0, command === line ? undefined : 2), shown, command!)
  }
  t.match(await run('check', '--config', join(directory, 'gateway.yaml'), '--max-warnings', '0'), { exit: 0 })
})

t.test('what the table tells to write is valid', async t => {
  const cells = [...page.matchAll(/^\| [^\n]* \| ([^\n]*) \|$/gm)].map(([, cell]) => cell!)
  const keys = [...cells.join('\n').matchAll(/`(\w+: [^`]+)`/g)].map(([, text]) => text!).filter(text => !text.startsWith('origin: '))
  t.ok(keys.length >= 20)
  for (const key of new Set(keys)) {
    const rule = key.startsWith('passthrough') ? ['routes: [/x]'] : ['routes: [/x]', 'allowOrigins: [https://abc.com]']
    const name = key.slice(0, key.indexOf(':'))
    const lines = ['name: x', ...rule.filter(line => !line.startsWith(`${name}:`)), key]
    const directory = t.testdir({ 'a.yaml': `version: 1\nrules:\n  - ${lines.join('\n    ')}\n` })
    t.match(await run('check', directory, '--max-warnings', key.startsWith('passthrough') ? '1' : '0'), { exit: 0 }, key)
  }
})

/** A server that answers as the page says of its middleware. */
async function serving (t: Test, listener: RequestListener): Promise<number> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  t.teardown(() => { server.close() })
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** Whether a browser would send the request for a page, and show it the answer. */
async function isGranted (port: number, origin: string, method: string, names: readonly string[]): Promise<boolean> {
  const lines: [string, string][] = [['Origin', origin], ['Access-Control-Request-Method', method]]
  if (names.length > 0) lines.push(['Access-Control-Request-Headers', names.join()])
  const { status, headers } = await request(port, 'OPTIONS', '/users/7', lines)
  const listed = (name: string): string[] => (headers[`access-control-allow-${name}`] ?? '').toLowerCase().split(/, ?/)
  return status >= 200 && status < 300 && [origin, '*'].includes(headers['access-control-allow-origin']!) &&
    (['GET', 'HEAD', 'POST'].includes(method) || listed('methods').some(found => found === '*' || found === method.toLowerCase())) &&
    names.every(name => listed('headers').some(found => found === name || (found === '*' && name !== 'authorization')))
}

t.test('the policy grants what the one line granted', async t => {
  const options = { origin: 'https://abc.com' }
  const gateway = async (text: string): Promise<number> => {
    const app = Fastify()
    t.teardown(() => app.close())
    await app.register(corsGateway, { policies: memorySource([{ name: 'app.yaml', text }]) })
    return listen(app)
  }
  const peer = Fastify()
  t.teardown(() => peer.close())
  await peer.register(fastifyCors, options)
  const withoutMethods = policy.replace(/^ *allowMethods.*\n/m, '')
  t.not(withoutMethods, policy)
  for (const [name, theirs, ours, deletes] of [
    ['cors', await serving(t, express().use(cors(options)) as RequestListener), await gateway(policy), true],
    ['@fastify/cors 11', await listen(peer), await gateway(withoutMethods), false]
  ] as const) {
    for (const origin of ['https://abc.com', 'https://evil.com', 'http://abc.com', 'null']) {
      for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'QUERY']) {
        for (const names of [[], ['content-type'], ['authorization', 'x-any']]) {
          const granted = await isGranted(ours, origin, method, names)
          t.equal(granted, await isGranted(theirs, origin, method, names), `${name}: ${origin} ${method} ${names.join()}`)
          if (origin === 'https://abc.com' && method === 'DELETE') t.equal(granted, deletes, `${name} and DELETE`)
        }
      }
    }
  }
})
