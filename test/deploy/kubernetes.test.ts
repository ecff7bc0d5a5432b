// The page about Kubernetes, kept to the letter: its manifests, its commands for CI, and the gateway that runs as the kubelet would run it.
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { request, type IncomingMessage } from 'node:http'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { parse, parseAllDocuments } from 'yaml'
import { start, type Program } from '../cli/run.ts'
import { startUpstream } from '../gateway/lab.ts'
import { freshDirectory } from '../source/lab.ts'
import { project } from './kubelet.ts'
import { faultsOf, type Manifest } from './manifests.ts'
import { blocksOf, program } from './page.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/deploy/kubernetes.md'), 'utf8')
const blocks = blocksOf('kubernetes.md')
const block = (name: string): string => blocks.get(name)!

const manifests = parseAllDocuments(block('deploy/gateway.yaml')).map(document => document.toJS() as Manifest)
/* eslint-disable @typescript-eslint/no-explicit-any */
const deployment = manifests.find(({ kind }) => kind === 'Deployment') as any
const service = manifests.find(({ kind }) => kind === 'Service') as any
const pod = deployment.spec.template.spec
const container = pod.containers[0]
const config = parse(block('config/gateway.yaml'))
const mounts = container.volumeMounts as readonly { name: string, mountPath: string, readOnly?: boolean }[]
/* eslint-enable */
const portOf = (name: string): number => container.ports.find((port: { name: string }) => port.name === name).containerPort

t.test('the manifests, by the types of Kubernetes', async t => {
  t.same(manifests.map(({ kind }) => kind), ['Deployment', 'Service'])
  const wrong = structuredClone(deployment)
  wrong.spec.template.spec.containers[0].livenessProb = {}
  const alsoWrong = structuredClone(service)
  alsoWrong.spec.ports[0].port = '80'
  const faults = faultsOf(t.testdir({}), [...manifests, wrong, alsoWrong])
  t.same(faults.slice(0, 2), [[], []])
  t.match(faults[2], [/'"livenessProb"' does not exist in type 'Container'/], 'unknown keys are refused')
  t.match(faults[3], [/Type 'string' is not assignable to type 'number'/])
})

t.test('the manifests, by one another', async t => {
  t.same(deployment.spec.selector.matchLabels, deployment.spec.template.metadata.labels)
  t.same(service.spec.selector, deployment.spec.template.metadata.labels)
  t.same(mounts.map(({ name }) => name), pod.volumes.map(({ name }: { name: string }) => name))
  t.notOk(mounts.some(mount => 'subPath' in mount))
  t.equal(`0.0.0.0:${portOf('http')}`, config.listen)
  t.equal(`0.0.0.0:${portOf('admin')}`, config.admin.listen)
  t.equal(service.spec.ports[0].targetPort, 'http')
  t.ok(pod.terminationGracePeriodSeconds > container.lifecycle.preStop.sleep.seconds + parseInt(config.timeouts.drain as string), 'it may drain')
  const [configuration, policies, secret] = pod.volumes
  t.match(page, `kubectl create configmap ${configuration.configMap.name} --from-file=config/ `)
  t.match(page, `kubectl create configmap ${policies.configMap.name} --from-file=policies/ `)
  t.match(page, `kubectl create secret generic ${secret.secret.secretName} --from-file=token=`)
  const [scraped] = parse(block('prometheus')).scrape_configs[0].relabel_configs
  t.equal(scraped.regex, `${deployment.spec.template.metadata.labels['app.kubernetes.io/name']};admin`)
  t.ok(container.securityContext.readOnlyRootFilesystem)
  const writable = mounts.find(({ readOnly }) => readOnly !== true)!
  t.equal(dirname(config.lastKnownGood as string), writable.mountPath)
  t.ok(pod.volumes.find(({ name }: { name: string }) => name === writable.name).emptyDir)
})

t.test('the commands for CI', async t => {
  const repository = freshDirectory(t)
  for (const [name, text] of blocks) {
    if (!/^(?:config|policies)\//.test(name)) continue
    mkdirSync(dirname(join(repository, name)), { recursive: true })
    writeFileSync(join(repository, name), text)
  }
  const run = promisify(execFile)
  const git = (...args: string[]): Promise<unknown> => run('git', ['-C', repository, '-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args])
  await git('init', '-q')
  await git('add', '.')
  await git('commit', '-qm', 'policies')
  await git('update-ref', 'refs/remotes/origin/main', 'HEAD')
  const lines = block('ci').trimEnd().split('\n')
  t.same(lines.map(line => line.split(' ')[1]), ['check', 'test', 'diff'])
  const outputs: string[] = []
  for (const line of lines) {
    const [, ...words] = line.split(' ')
    outputs.push((await run(process.execPath, [program, ...words], { cwd: repository, env: { ...process.env, NODE_OPTIONS: '' } })).stdout)
  }
  t.match(outputs[0], /warning \/run\/secrets\/cors-gateway\/token can't be read[\s\S]*1 file, 1 rule: valid/)
  writeFileSync(join(repository, 'policies/shop.yaml'), block('policies/shop.yaml').replace('[https://shop.example.com]', '[https://shop.example.com, https://shop.example.net]'))
  const [, ...words] = lines[2]!.split(' ')
  await t.rejects(run(process.execPath, [program, ...words], { cwd: repository, env: { ...process.env, NODE_OPTIONS: '' } }), { code: 1 }, 'what opens access fails')
})

const token = 'sesame'
const shop = 'https://shop.example.com'

/** A pod's file system: the mounts below a scratch directory, in which a container would find them at the root. */
class Pod {
  readonly #root: string
  readonly #upstream: string

  constructor (root: string, upstream: string) {
    this.#root = root
    this.#upstream = upstream
    for (const { mountPath } of mounts) mkdirSync(this.path(mountPath), { recursive: true })
    project(this.path('/run/secrets/cors-gateway'), { token: `${token}\n` })
    // The names of this machine that the gateway takes for loopback need no token; `127.1` is none of them.
    const moved = this.#moved(block('config/gateway.yaml'))
      .replace('listen: 0.0.0.0:8080', 'listen: 127.0.0.1:0').replace('listen: 0.0.0.0:9901', 'listen: 127.1:0').replace('http://shop:3000', this.#upstream)
    project(this.path('/etc/cors-gateway/config'), { 'gateway.yaml': moved })
  }

  path (path: string): string {
    return join(this.#root, path)
  }

  #moved (text: string): string {
    return mounts.reduce((text, { mountPath }) => text.replaceAll(`${mountPath}/`, `${this.path(mountPath)}/`), text)
  }

  /** A ConfigMap made of a folder with the policies and their tests. */
  putPolicies (text: string): void {
    project(this.path('/etc/cors-gateway/policies'), { 'shop.yaml': text, 'shop.test.yaml': block('policies/shop.test.yaml') })
  }

  start (t: Test): Program {
    const args = (container.args as string[]).map(word => this.#moved(word))
    const running = start(...args)
    t.teardown(() => { running.child.kill('SIGKILL') })
    return running
  }
}

async function placesOf (running: Program): Promise<{ url: string, admin: string }> {
  const [, url] = await running.find(/listens on (http:\S+),/)
  const [, port] = await running.find(/console +http:\/\/127\.1:(\d+)\//)
  return { url: url!, admin: `http://127.0.0.1:${port}` }
}

/** As the kubelet asks: the pod's address as `Host`. */
async function probe (admin: string, kind: 'readinessProbe' | 'livenessProbe'): Promise<number> {
  const { path, port } = container[kind].httpGet as { path: string, port: string }
  const asking = request(`${admin}${path}`, { headers: { host: `10.244.1.7:${portOf(port)}`, 'user-agent': 'kube-probe/1.34' } })
  const [response] = await once(asking.end(), 'response') as [IncomingMessage]
  response.resume()
  return response.statusCode!
}

interface Status { readonly state: string, readonly generation: number, readonly revision: string }

const asked = { headers: { authorization: `Bearer ${token}` } }
const statusOf = async (admin: string): Promise<Status> => await (await fetch(`${admin}/api/status`, asked)).json() as Status

async function until (holds: () => Promise<boolean>): Promise<boolean> {
  for (const end = performance.now() + 15_000; performance.now() < end;) {
    if (await holds()) return true
    await sleep(20)
  }
  return false
}

const grants = async (url: string, origin: string): Promise<boolean> =>
  (await fetch(`${url}/cart/7`, { headers: { origin } })).headers.get('access-control-allow-origin') === origin

const withOrigin = (origin: string): string => block('policies/shop.yaml').replace(shop, origin)

t.test('a pod', async t => {
  const upstream = await startUpstream(t, (request, response) => {
    setTimeout(() => response.end('the cart'), request.url === '/cart/slow' ? 1_000 : 0)
  })
  const pod = new Pod(freshDirectory(t), upstream.url)
  pod.putPolicies(block('policies/shop.yaml'))
  const running = pod.start(t)
  const { url, admin } = await placesOf(running)

  t.test('the probes, and what asks for the token', async t => {
    t.equal(await probe(admin, 'readinessProbe'), 200)
    t.equal(await probe(admin, 'livenessProbe'), 200)
    t.equal((await fetch(`${admin}/api/status`)).status, 401)
    t.equal((await fetch(`${admin}/metrics`)).status, 401)
    t.equal((await fetch(`${admin}/metrics`, asked)).status, 200)
    const checked = JSON.parse((await promisify(execFile)(process.execPath, [program, 'check', pod.path('/etc/cors-gateway/policies'), '--format', 'json'])).stdout) as Status
    t.equal((await statusOf(admin)).revision, checked.revision, 'its revision is what `check` says')
  })

  t.test('three updates in a row', async t => {
    for (const name of ['one', 'two', 'three']) {
      pod.putPolicies(withOrigin(`https://${name}.example.com`))
      t.ok(await until(() => grants(url, `https://${name}.example.com`)), name)
      t.notOk(await grants(url, shop))
    }
    t.match(await statusOf(admin), { state: 'ok', generation: 4 })
  })

  t.test('a broken one', async t => {
    pod.putPolicies(withOrigin('https://four.example.com/'))
    t.ok(await until(async () => (await statusOf(admin)).state === 'degraded'))
    t.match(await statusOf(admin), { generation: 4, rejected: { diagnostics: [{ code: 'invalid-origin' }] } })
    t.ok(await grants(url, 'https://three.example.com'), 'the last good set decides')
    t.equal(await probe(admin, 'readinessProbe'), 200)
    t.equal(await probe(admin, 'livenessProbe'), 200)
    t.match(await (await fetch(`${admin}/metrics`, asked)).text(), /^cors_gateway_policy_last_reload_successful 0$/m)
    await running.find(/shop\.yaml:5:20/)
  })

  t.test('SIGTERM lets what is in flight end', async t => {
    const slow = fetch(`${url}/cart/slow`, { headers: { origin: 'https://three.example.com' } })
    while (!upstream.heard.some(({ url }) => url === '/cart/slow')) await fetch(`${url}/cart/7`)
    running.child.kill('SIGTERM')
    t.match(await (await slow).text(), 'the cart')
    t.equal((await running.ended).exit, 0)
  })

  t.test('the container starts again while it is broken', async t => {
    t.same(readdirSync(pod.path('/var/lib/cors-gateway')), ['last-good.json'])
    const again = pod.start(t)
    const { url, admin } = await placesOf(again)
    t.ok(await grants(url, 'https://three.example.com'))
    t.equal((await statusOf(admin)).state, 'degraded')
    pod.putPolicies(`${block('policies/shop.yaml')}    expires: 2099-01-01T00:00:00Z\n`)
    t.ok(await until(() => grants(url, shop)), 'the next good one ends that')
    t.equal((await statusOf(admin)).state, 'ok')
    const metrics = await (await fetch(`${admin}/metrics`, asked)).text()
    for (const [name] of page.matchAll(/\bcors_gateway_\w+/g)) t.match(metrics, new RegExp(`^${name}[ {]`, 'm'), name)
    again.child.kill('SIGTERM')
    t.equal((await again.ended).exit, 0)
  })
})

t.test('a new pod, of a broken ConfigMap', async t => {
  const pod = new Pod(freshDirectory(t), 'http://127.0.0.1:1')
  pod.putPolicies(withOrigin('https://four.example.com/'))
  t.match(await pod.start(t).ended, { exit: 1, stderr: /shop\.yaml:5:20: error/ })
})
