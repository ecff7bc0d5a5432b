// An nginx of a test: a real server of files, that holds bundles and can be killed and started again.
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import { findProgram, removeScratch, scratch, start, type Running } from '../browsers/process.ts'

/** The server. What lies in `root` is served below `url` and, with a certificate of a private authority, below `tlsUrl`. */
export interface Nginx {
  readonly url: string
  readonly tlsUrl: string
  readonly root: string
  /** The certificate of the private authority. */
  readonly caFile: string
  /** Lines of `status method path`, one a request. */
  log (): readonly string[]
  kill (): Promise<void>
  start (): Promise<void>
}

/** What is below `/private/` needs this token. */
export const token = 'open-sesame'

export async function startNginx (t: Test): Promise<Nginx> {
  const program = findProgram(['nginx', '/usr/sbin/nginx'], 'nginx-light')
  const folder = scratch('nginx')
  const root = join(folder, 'root')
  mkdirSync(join(root, 'private'), { recursive: true })
  const caFile = await makeAuthority(folder)
  const [port, tlsPort] = [await freePort(), await freePort()]
  writeFileSync(join(folder, 'nginx.conf'), configuration(folder, port, tlsPort))
  let running: Running | null = null
  const nginx: Nginx = {
    url: `http://127.0.0.1:${port}`,
    tlsUrl: `https://127.0.0.1:${tlsPort}`,
    root,
    caFile,
    log: () => readFileSync(join(folder, 'access.log'), 'utf8').split('\n').filter(line => line !== ''),
    start: async () => {
      running = await start({ program, args: ['-p', folder, '-c', join(folder, 'nginx.conf')], ready: /start worker process (\d+)/ })
      while (!await fetch(`${nginx.url}/`).then(() => true, () => false)) await sleep(20)
    },
    kill: async () => {
      await running?.end()
      running = null
    }
  }
  t.teardown(async () => {
    await nginx.kill()
    removeScratch(folder)
  })
  await nginx.start()
  return nginx
}

function configuration (folder: string, port: number, tlsPort: number): string {
  return httpServer(folder, `
      log_format short '$status $request_method $uri';
      access_log ${folder}/access.log short;
      types { application/json json; }
      gzip on;
      gzip_types application/json;
      gzip_min_length 1;
      server {
        listen 127.0.0.1:${port};
        listen 127.0.0.1:${tlsPort} ssl;
        ssl_certificate ${folder}/server.crt;
        ssl_certificate_key ${folder}/server.key;
        root ${folder}/root;
        location /private/ { if ($http_authorization != "Bearer ${token}") { return 401; } }
        location = /moved.json { return 301 /cors.json; }
        location = /elsewhere.json { return 302 https://elsewhere.example/cors.json; }
      }`)
}

/** A whole configuration, which touches nothing outside of a folder, around that of its `http` block. */
export function httpServer (folder: string, http: string): string {
  return `
    daemon off;
    ${process.getuid?.() === 0 ? 'user root;' : ''}
    worker_processes 1;
    pid ${folder}/nginx.pid;
    error_log stderr notice;
    events {}
    http {
      ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(name => `${name}_temp_path ${folder}/${name};`).join('\n')}
      ${http}
    }
  `
}

/** Makes an authority and a certificate for 127.0.0.1 that it has signed. */
export async function makeAuthority (folder: string): Promise<string> {
  const openssl = promisify(execFile)
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  const [ca, caKey] = [join(folder, 'ca.crt'), join(folder, 'ca.key')]
  await openssl('openssl', [...request, '-subj', '/CN=private authority', '-keyout', caKey, '-out', ca])
  await openssl('openssl', [...request, '-CA', ca, '-CAkey', caKey, '-subj', '/CN=policies', '-addext', 'subjectAltName=IP:127.0.0.1',
    '-addext', 'basicConstraints=critical,CA:FALSE', '-keyout', join(folder, 'server.key'), '-out', join(folder, 'server.crt')])
  return ca
}

export async function freePort (): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
