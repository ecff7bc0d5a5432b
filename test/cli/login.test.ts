// The flags that log in at a URL: where they mean something, whom their secrets reach, and how errors speak of them.
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { printBundle } from '../../src/source/bundle.ts'
import { isSameServer, isSameUrl } from '../../src/source/url.ts'
import { startBundleServer, type BundleServer } from '../source/bundle-server.ts'
import { policy, policyText } from '../source/lab.ts'
import { run, start } from './run.ts'

/** A bundle for whoever knows the token. */
async function startGuarded (t: Test, token: string): Promise<BundleServer> {
  return startBundleServer(t, ({ headers }, response) => {
    if (headers.authorization === `Bearer ${token}`) response.end(printBundle([policyText('one')]))
    else response.writeHead(401).end()
  })
}

const tokensAt = ({ heard }: BundleServer): (string | undefined)[] => heard.map(({ headers }) => headers.authorization)
const question = ['--origin', 'https://one.example.com', '--url', 'https://api.example.com/one']

t.test('where a flag means nothing', async t => {
  const folder = t.testdir({
    policies: { 'one.yaml': policy('one') }, 'gateway.yaml': 'version: 1\npolicies: { url: "https://policies.example.com/cors.json", tokenFile: token }\n', token: 'a\n'
  })
  const [directory, config, token] = [join(folder, 'policies'), join(folder, 'gateway.yaml'), join(folder, 'token')]
  const nats = 'nats://127.0.0.1:1'
  const cases: [says: RegExp, ...argv: string[]][] = [
    [/--user is for policies at a URL, and \S+policies is in this machine/, 'check', directory, '--user', 'x'],
    [/--allow-insecure is for policies at a URL/, 'rules', directory, '--allow-insecure'],
    [/--token-file is for policies at a URL/, 'explain', directory, ...question, '--token-file', token],
    [/--ca-file is for policies at a URL/, 'bundle', directory, '--ca-file', token],
    [/--creds-file is for policies at a URL/, 'serve', directory, '--creds-file', token],
    [/--user is for a set at a URL, and neither OLD nor NEW/, 'diff', directory, 'git:HEAD', '--user', 'x'],
    [/there is no option `--user`/, 'test', directory, '--user', 'x'],
    [/--user is for a NATS server, not for https:/, 'check', 'https://a.example/cors.json', '--user', 'x', '--password-file', token],
    [/--key-file is for a NATS server, not for HTTP:/, 'check', 'HTTP://127.0.0.1:1/cors.json', '--key-file', token],
    [/--user and --password-file belong together/, 'check', nats, '--user', 'x'],
    [/give one of --user, --token-file and --creds-file, not several/, 'bundle', nats, '--token-file', 'x', '--creds-file', 'x'],
    [/nats:\/\/127\.0\.0\.1:1: --cert-file is for TLS/, 'rules', nats, '--cert-file', 'x', '--key-file', 'x'],
    [/use tls:\/\/…, or say --allow-insecure/, 'diff', 'nats://a.example', directory],
    [/use https, or say --allow-insecure/, 'check', 'http://a.example/cors.json'],
    [/--token-file is for a URL that is given, and this one is from \S+gateway\.yaml: name https:\/\/policies\.example\.com\/cors\.json as well/, 'check', '--config', config, '--token-file', token],
    [/--token-file is for a URL that is given/, 'serve', '--config', config, '--token-file', token],
    [/--token-file is for one server, and http:\/\/127\.0\.0\.1:1\/a\?… and nats:\/\/127\.0\.0\.1:1 are two/, 'diff', 'http://127.0.0.1:1/a?hunter2', nats, '--token-file', token],
    [/--user is for a NATS server/, 'diff', 'http://127.0.0.1:1/a', 'http://127.0.0.1:1/b', '--user', 'x']
  ]
  for (const [says, ...argv] of cases) {
    const result = await run(...argv)
    t.match(result, { exit: 2, stdout: '', stderr: says }, argv.join(' '))
    t.notMatch(result.stderr, 'hunter2')
  }
})

t.test('every command that reads policies logs in', async t => {
  const server = await startGuarded(t, 'a')
  const folder = t.testdir({ policies: { 'one.yaml': policy('one') }, token: 'a\n', other: 'b\n' })
  const [directory, token] = [join(folder, 'policies'), join(folder, 'token')]
  const commands: [command: string, ...argv: string[]][] = [['check', server.url], ['rules', server.url], ['explain', server.url, ...question], ['bundle', server.url], ['diff', server.url, directory], ['diff', server.url, `${server.url}?b`]]
  for (const [command, ...argv] of commands) {
    t.match(await run(command, ...argv, '--token-file', token), { exit: 0 }, command)
    t.match(await run(command, ...argv), { exit: 3, stderr: /answered 401: it is not for everybody; give --token-file\n$/ }, command)
    t.match(await run(command, ...argv, '--token-file', join(folder, 'other')), { exit: 3, stderr: /the token is not accepted; check what --token-file gives\n$/ }, command)
  }
  t.match(await run('check', server.url, '--token-file', join(folder, 'none')), { exit: 3, stderr: /none can't be read: ENOENT[^;]*; correct --token-file, or let/ })
  t.match(await start('serve', server.url, '--token-file', join(folder, 'other'), '--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0').ended, { exit: 3, stderr: /the policies cannot be read: \S+ answered 401: [^;]*; check what --token-file gives/ })
})

t.test('the URL of a configuration is asked as the configuration says', async t => {
  const server = await startGuarded(t, 'a')
  const folder = t.testdir({
    policies: { 'one.yaml': policy('one') }, token: 'a\n', other: 'b\n',
    config: { 'gateway.yaml': `version: 1\npolicies: { url: "${server.url}", tokenFile: token }\n`, 'foreign.yaml': `version: 1\npolicies: { url: "${server.url}", tokenFile: ../token }\n`, token: 'a\n' }
  })
  const [directory, token] = [join(folder, 'policies'), join(folder, 'token')]
  const [config, foreign] = ['gateway', 'foreign'].map(name => ['--config', join(folder, `config/${name}.yaml`)])
  const { url } = server
  t.match(await run('check', url, ...config!), { exit: 0 })
  t.match(await run('diff', url, directory, ...config!), { exit: 0, stdout: /no decision changes/ })
  t.match(await run('diff', directory, url, ...config!), { exit: 0 })
  t.match(await run('check', `${url}?other`, ...config!), { exit: 3, stderr: /it is not for everybody; give --token-file/ }, 'another URL is none of its business')
  server.heard.length = 0
  t.match(await run('diff', url, directory, ...foreign!), { exit: 3, stderr: /names a `tokenFile` outside of its folder/ })
  t.same(tokensAt(server), [], 'a file of elsewhere is not sent')
  t.match(await run('diff', url, directory, ...foreign!, '--token-file', token), { exit: 0 }, 'flags win')
  t.match(await run('check', url, ...config!, '--token-file', join(folder, 'other')), { exit: 3, stderr: /check what --token-file gives/ })
  // Two servers: the configuration for its own, the flags for the other one.
  const second = await startGuarded(t, 'b')
  t.match(await run('diff', url, second.url, ...config!, '--token-file', join(folder, 'other')), { exit: 0 })
  t.same(tokensAt(second), ['Bearer b'])
})

t.test('what is meant for a store is sent to nobody else', async t => {
  const server = await startGuarded(t, 'a')
  const folder = t.testdir({ token: 'a\n', 'gateway.yaml': `version: 1\npolicies: ${server.url}\n` })
  const to = ['--to', 'nats://127.0.0.1:1', '--token-file', join(folder, 'token')]
  t.match(await run('publish', server.url, ...to), { exit: 3, stderr: /answered 401/ })
  t.same(tokensAt(server), [undefined])
  t.match(await run('publish', ...to, '--config', join(folder, 'gateway.yaml')), { exit: 2, stderr: /name the directories to publish/ })
})

t.test('which URLs are the same', async t => {
  const cases: [server: boolean, url: boolean, one: string, other: string][] = [
    [true, true, 'tls://nats.example.com', 'TLS://NATS.example.com:4222/cors-policies'],
    [true, true, 'nats://[::1]:4222/', 'nats://[::1]'],
    [true, false, 'tls://a.example/one', 'tls://a.example/two'],
    [false, false, 'tls://a.example', 'nats://a.example'],
    [false, false, 'tls://a.example', 'tls://a.example:4223'],
    [false, false, 'tls://a.example', 'https://a.example:4222/cors-policies'],
    [false, false, 'tls://a.example', 'tls://me@a.example'],
    [true, true, 'https://a.example/x', 'HTTPS://A.example:443/x'],
    [true, false, 'https://a.example/x', 'https://a.example/x?y'],
    [false, false, 'https://a.example/x', 'http://a.example/x'],
    [false, false, 'policies', 'policies'],
    [false, false, 'https://', 'https://']
  ]
  for (const [server, url, one, other] of cases) {
    t.same([isSameServer(one, other), isSameUrl(one, other)], [server, url], `${one} ${other}`)
    t.same([isSameServer(other, one), isSameUrl(other, one)], [server, url], `${other} ${one}`)
  }
})
